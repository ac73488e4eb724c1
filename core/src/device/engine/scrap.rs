//! Scrap out of the van: its type, and a photo that shows it (Y-22, T-32).
//!
//! Invariant: photo and movement are one action; a scrap that lacks what its type asks for writes nothing.

use std::path::PathBuf;

use super::act::{Plan, Saved};
use super::van::Pieces;
use super::van_moves::refused;
use super::{Bucket, Engine};
use crate::device::EngineError;
use crate::device::store::photos;
use crate::domain::canonical::ContentHash;
use crate::domain::ledger::{Location, Movement, MovementKind, ScrapType};
use crate::domain::work::PhotoSubject;
use crate::facts::{Fact, ViewToken, kinds};
use crate::media::Photo;

/// What shows the scrapped parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScrapPhoto {
    /// Nothing; for what is lost.
    Missing,
    /// A JPEG file, taken in with the scrap.
    File {
        /// Its path.
        path: PathBuf,
    },
    /// A photo that was taken before, for an order or an earlier scrap.
    Known {
        /// Its hash.
        sha256: ContentHash,
    },
}

/// Parts that are scrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrap {
    /// Out of which ones.
    pub bucket: Bucket,
    /// Why.
    pub kind: ScrapType,
    /// In words; needed for some types.
    pub note: Option<String>,
    /// What shows it.
    pub photo: ScrapPhoto,
}

impl Engine {
    /// Scraps parts of the own van (报废).
    ///
    /// # Errors
    /// [`EngineError::Invalid`]: without lines, a part or a quantity; `step_problem.photo_missing` for a type that needs a
    /// photo; `step_problem.reason_missing` for one that needs words; `step_problem.unknown_photo` for a photo that this
    /// phone does not know; a `media.…` problem for a file that is no photo. Else as [`Engine::use_part`].
    pub fn scrap(&self, token: &ViewToken, scrap: &Scrap, lines: &[Pieces]) -> Result<Saved, EngineError> {
        if lines.is_empty() {
            return Err(EngineError::invalid("step_problem.lines_missing"));
        }
        let note = scrap
            .note
            .as_deref()
            .map(str::trim)
            .filter(|note| !note.is_empty());
        if scrap.kind.needs_words() && note.is_none() {
            return Err(EngineError::invalid("step_problem.reason_missing"));
        }
        if scrap.kind.needs_photo() && scrap.photo == ScrapPhoto::Missing {
            return Err(EngineError::invalid("step_problem.photo_missing"));
        }
        let inner = &*self.inner;
        let taken = match &scrap.photo {
            ScrapPhoto::File { path } => Some(inner.take_in(path)?),
            _ => None,
        };
        let (saved, ()) = inner.act(token, |transaction, me| {
            let mut facts = Vec::with_capacity(lines.len() + 1);
            let photo = match (&scrap.photo, &taken) {
                (ScrapPhoto::Known { sha256 }, _) => {
                    let known = photos::mentioned(transaction, &sha256.to_string())?;
                    known.ok_or_else(|| EngineError::invalid("step_problem.unknown_photo"))?;
                    Some(*sha256)
                }
                (_, Some(photo)) => {
                    let size = photo.jpeg.len();
                    let kept = photos::link(
                        transaction,
                        &photo.sha256.0,
                        size,
                        &photo.thumbnail,
                        photos::For::Van,
                    )?;
                    if !kept {
                        return Err(EngineError::unexpected("photo.chunks"));
                    }
                    facts.push(Fact::Photo(mention(photo, inner.taken_on(photo), note)));
                    Some(photo.sha256)
                }
                (_, None) => None,
            };
            for line in lines {
                let serial = line
                    .serial
                    .as_deref()
                    .map(str::trim)
                    .filter(|serial| !serial.is_empty());
                let (from, to) = (scrap.bucket.of(me.user), Location::Scrap);
                let moved = Movement::new(MovementKind::Scrap, line.part.trim(), serial, line.qty, from, to)
                    .map_err(refused)?;
                facts.push(Fact::Move(kinds::Move {
                    movement: moved.kind().as_str().to_owned(),
                    part: moved.part().to_owned(),
                    serial: serial.map(str::to_owned),
                    qty: moved.qty(),
                    from: from.to_string(),
                    to: to.to_string(),
                    note: note.map(str::to_owned),
                    scrap: Some(scrap.kind.as_str().to_owned()),
                    photo: photo.map(|photo| photo.to_string()),
                    ..Default::default()
                }));
            }
            Ok((Plan::one(inner.van(me), facts), ()))
        })?;
        Ok(saved)
    }
}

fn mention(photo: &Photo, taken_at: Option<String>, caption: Option<&str>) -> kinds::Photo {
    kinds::Photo {
        assignment: None,
        blob: photo.sha256.to_string(),
        size: photo.jpeg.len() as u64,
        width: photo.width,
        height: photo.height,
        what: PhotoSubject::Damage.as_str().to_owned(),
        symptom: None,
        about: None,
        taken_at,
        place: None,
        sensitive: false,
        caption: caption.map(str::to_owned),
    }
}
