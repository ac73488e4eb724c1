//! Photos as the app calls them: taken, shown, hidden, fetched, let go (design 4 and 5, D.2 Attachment, I9).
//!
//! Invariants: when `add_photo` has returned, bytes, thumbnail and mention are on disk together, and before that
//! nothing of it is seen; a place is kept only under a `location` consent of the order, a copy of a sealed document only
//! under `sensitive_copy`; bytes taken here go only by I9.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;

use super::act::{Me, Saved};
use super::details::{OrderDetails, OrderPhoto};
use super::{Engine, Inner, act, details, steps};
use crate::device::EngineError;
use crate::device::store::blobs::CHUNK;
use crate::device::store::photos;
use crate::device::sync::events::FaultCode;
use crate::device::sync::{Fault, HttpSync};
use crate::domain::canonical::ContentHash;
use crate::domain::ids::OrderId;
use crate::domain::time::{LocalTime, MINUTE_MS};
use crate::domain::work::{ConsentKind, PhotoSubject, Symptom};
use crate::facts::{DocName, Fact, FactId, OrderView, ViewToken, kinds};
use crate::media::{self, MediaError, Taken};
use crate::wire::LARGE_BLOB_MAX;

/// Bytes of one ranged request of a fetch.
const FETCH_PIECE: u64 = 4 * CHUNK as u64;
/// So many cuts without a new chunk end a fetch; the next call goes on from there.
const FETCH_CUTS: u32 = 3;

/// What is said of a photo when it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoNote {
    /// What it shows.
    pub what: PhotoSubject,
    /// Which sign of damage, for [`PhotoSubject::Symptom`].
    pub symptom: Option<Symptom>,
    /// Which unit.
    pub about: Option<DocName>,
    /// In words.
    pub caption: Option<String>,
    /// A copy of a sealed document (000-15).
    pub sensitive: bool,
    /// Keep the place that the file names.
    pub with_place: bool,
}

impl PhotoNote {
    /// A photo of this, and nothing more.
    pub fn of(what: PhotoSubject) -> Self {
        Self {
            what,
            symptom: None,
            about: None,
            caption: None,
            sensitive: false,
            with_place: false,
        }
    }

    /// A photo of a sign of damage.
    pub fn of_symptom(symptom: Symptom) -> Self {
        Self {
            symptom: Some(symptom),
            ..Self::of(PhotoSubject::Symptom)
        }
    }
}

/// By which right a photo's bytes leave the phone (I9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Two backups of the server hold it.
    BackedUp,
    /// The person was asked and said yes; the server's receipt for its hash is here.
    PersonsWord,
}

/// What an order's photos are evidence for, about one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Of the unit as a whole, and of any damage to it.
    pub inspection: BTreeSet<ContentHash>,
    /// Of each sign of damage.
    pub symptoms: BTreeMap<Symptom, BTreeSet<ContentHash>>,
    /// Label, card, invoice (W-01).
    pub origin: BTreeSet<ContentHash>,
}

impl OrderDetails {
    /// The photos that speak for a decision about `asset`: those about it, and those about no unit in particular.
    pub fn evidence(&self, asset: &DocName) -> Evidence {
        let mut evidence = Evidence::default();
        let photos = self.order.photos.iter().filter(|photo| !photo.late);
        for photo in photos.filter(|photo| photo.about.as_ref().is_none_or(|about| about == asset)) {
            match (photo.what, photo.symptom) {
                (PhotoSubject::Symptom, Some(symptom)) => {
                    evidence.symptoms.entry(symptom).or_default().insert(photo.sha256);
                    evidence.inspection.insert(photo.sha256);
                }
                (PhotoSubject::Device | PhotoSubject::Damage | PhotoSubject::Symptom, _) => {
                    evidence.inspection.insert(photo.sha256);
                }
                (PhotoSubject::Label, _) => {
                    evidence.origin.insert(photo.sha256);
                }
                _ => {}
            }
        }
        evidence
    }
}

impl Engine {
    /// Takes a photo in by its file's path: checked, turned upright, made small, without metadata (design 4). The file
    /// is only read. The same picture twice is one photo with two mentions.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with a `media.…` problem for a file that is none, `step_problem.consent_missing` for a
    /// place or a copy of a sealed document without its consent, `step_problem.photo_symptom` where symptom and subject
    /// do not go together; [`EngineError::StorageFull`], with nothing of it kept. Else as [`Engine::step`].
    pub fn add_photo(
        &self,
        order: OrderId,
        token: &ViewToken,
        file: &Path,
        note: PhotoNote,
    ) -> Result<(ContentHash, Saved), EngineError> {
        let inner = &*self.inner;
        // Before the work of a second: whether it can be at all.
        inner.read(|connection| {
            let me = act::me(connection)?;
            let folded = details::fold(connection, order, Some(me.user))?;
            note.check(&folded.view)
        })?;
        let photo = inner.take_in(file)?;
        let (hash, size) = (photo.sha256.0, photo.jpeg.len());
        let taken_at = inner.taken_on(&photo);
        let (saved, ()) = self.visit_with(order, token, |transaction, me, folded| {
            // Again: a consent may have been hidden meanwhile.
            note.check(&folded.view)?;
            if !photos::link(
                transaction,
                &hash,
                size,
                &photo.thumbnail,
                photos::For::Order(order),
            )? {
                return Err(EngineError::unexpected("photo.chunks"));
            }
            let fact = Fact::Photo(kinds::Photo {
                assignment: steps::own_assignment(&folded.view, me),
                blob: photo.sha256.to_string(),
                size: photo.jpeg.len() as u64,
                width: photo.width,
                height: photo.height,
                what: note.what.as_str().to_owned(),
                symptom: note.symptom.map(|symptom| symptom.as_str().to_owned()),
                about: note.about.clone(),
                taken_at: taken_at.clone(),
                place: photo.place.filter(|_| note.with_place),
                sensitive: note.sensitive,
                caption: note.caption.clone().filter(|text| !text.trim().is_empty()),
            });
            Ok((vec![fact], ()))
        })?;
        Ok((photo.sha256, saved))
    }

    /// Hides a photo with a reason: it is no longer shown nor sealed. Bytes and mention stay.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without a reason, or for a photo that this engineer did not add;
    /// `step_problem.sealed` for one that a signed report shows. Else as [`Engine::step`].
    pub fn hide_photo(
        &self,
        order: OrderId,
        token: &ViewToken,
        photo: FactId,
        reason: &str,
    ) -> Result<Saved, EngineError> {
        if reason.trim().is_empty() {
            return Err(EngineError::invalid("step_problem.reason_missing"));
        }
        self.visit(order, token, |_, me, view| {
            let own =
                |seen: &&crate::facts::order::view::PhotoView| seen.id == photo && seen.engineer == me.user;
            if !view.photos.iter().any(|seen| own(&seen)) {
                return Err(EngineError::invalid("step_problem.unknown_photo"));
            }
            if steps::frozen(view, me) && sealed_lists(view, me, photo) {
                return Err(EngineError::invalid("step_problem.sealed"));
            }
            Ok(vec![Fact::Hide(kinds::Hide {
                target: Some(photo),
                reason: reason.to_owned(),
            })])
        })
    }

    /// The bytes of a photo that is here.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where they are not: see [`Engine::fetch_photo`]; [`EngineError::Damaged`],
    /// [`EngineError::Closed`].
    pub fn photo(&self, photo: ContentHash) -> Result<Vec<u8>, EngineError> {
        self.inner
            .read(|connection| photos::bytes(connection, &photo.0)?.ok_or(EngineError::NotFound))
    }

    /// The small picture of a photo that was taken here or fetched once; it stays when the bytes go.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn thumbnail(&self, photo: ContentHash) -> Result<Option<Vec<u8>>, EngineError> {
        self.inner
            .read(|connection| Ok(photos::thumbnail(connection, &photo.0)?))
    }

    /// Fetches a photo that another device took, or whose bytes were let go; goes on where an earlier call was cut.
    /// Blocks; a sync may run beside it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where no order on this phone shows it, or the server does not have it (yet) or does not
    /// give it; [`EngineError::Offline`]; [`EngineError::Rejected`] with the server's reason;
    /// [`EngineError::StorageFull`], [`EngineError::NotEnrolled`], [`EngineError::Closed`].
    pub fn fetch_photo(&self, photo: ContentHash) -> Result<Vec<u8>, EngineError> {
        let inner = &*self.inner;
        let hash = photo.0;
        if inner.read(|connection| Ok(photos::is_here(connection, &hash)?))? {
            return self.photo(photo);
        }
        let size = inner.read(|connection| {
            photos::mentioned(connection, &photo.to_string())?.ok_or(EngineError::NotFound)
        })?;
        let http = inner.fresh_http()?;
        inner.write(|transaction| Ok(photos::begin_fetch(transaction, &hash, size)?))?;
        inner.fetch_chunks(&http, &hash, size)?;
        let bytes = inner.read(|connection| Ok(photos::piece(connection, &hash, 0, size)?))?;
        // A photo of another program may not be one that this one decodes: shown full size then.
        let thumbnail = media::thumbnail_of(&bytes).unwrap_or_default();
        if !inner.write(|transaction| Ok(photos::end_fetch(transaction, &hash, &thumbnail)?))? {
            return Err(EngineError::Rejected {
                code: FaultCode::BlobDiffers.text_key().to_owned(),
            });
        }
        inner.tell();
        Ok(bytes)
    }

    /// Lets the bytes of a photo go, to free space (I9). Mention and thumbnail stay; it can be fetched again.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with `step_problem.photo_not_on_server` without the server's receipt,
    /// `step_problem.photo_not_backed_up` without two backups; [`EngineError::NotFound`] where nothing is here;
    /// [`EngineError::Closed`].
    pub fn release_photo(&self, photo: ContentHash, right: Release) -> Result<(), EngineError> {
        self.inner.write(|transaction| {
            let found = photos::find(transaction, &photo.0)?.filter(|found| found.here);
            let found = found.ok_or(EngineError::NotFound)?;
            if found.own && found.server_row.is_none() {
                return Err(EngineError::invalid("step_problem.photo_not_on_server"));
            }
            if right == Release::BackedUp && !photos::is_backed_up(transaction, &found)? {
                return Err(EngineError::invalid("step_problem.photo_not_backed_up"));
            }
            Ok(photos::release(transaction, &photo.0)?)
        })?;
        self.inner.tell();
        Ok(())
    }

    /// Lets the bytes of every photo go that two backups of the server hold, and of those that were only fetched.
    /// Gives the number of bytes.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn release_backed_up_photos(&self) -> Result<u64, EngineError> {
        let freed = self.inner.write(|transaction| {
            let mut freed = 0;
            for photo in photos::releasable(transaction)? {
                photos::release(transaction, &photo.sha256)?;
                freed += photo.size;
            }
            Ok(freed)
        })?;
        self.inner.tell();
        Ok(freed)
    }
}

impl PhotoNote {
    fn check(&self, view: &OrderView) -> Result<(), EngineError> {
        if self.symptom.is_some() != (self.what == PhotoSubject::Symptom) {
            return Err(EngineError::invalid("step_problem.photo_symptom"));
        }
        let given = |kind| view.consents.iter().any(|consent| consent.kind == kind);
        if (self.with_place && !given(ConsentKind::Location))
            || (self.sensitive && !given(ConsentKind::SensitiveCopy))
        {
            return Err(EngineError::invalid("step_problem.consent_missing"));
        }
        Ok(())
    }
}

/// Whether the current seal shows the photo.
fn sealed_lists(view: &OrderView, me: &Me, photo: FactId) -> bool {
    let current = steps::own_visit(view, me).and_then(|visit| visit.current_seal);
    view.timeline.iter().any(|event| {
        Some(event.record.id) == current
            && matches!(event.record.fact(), Some(Fact::Seal(seal)) if seal.lists.contains(&photo))
    })
}

fn media_error(error: MediaError) -> EngineError {
    EngineError::invalid(error.text_key())
}

/// The photos of an order with what this phone has of each.
pub(super) fn of_view(connection: &Connection, view: &OrderView) -> Result<Vec<OrderPhoto>, EngineError> {
    view.photos
        .iter()
        .map(|photo| {
            let row = photos::find(connection, &photo.sha256.0)?;
            let row = row.as_ref();
            Ok(OrderPhoto {
                view: photo.clone(),
                here: row.is_some_and(|row| row.here),
                own: row.is_some_and(|row| row.own),
                sent: row.and_then(|row| row.sent),
                on_server: row.is_some_and(|row| row.server_row.is_some()),
            })
        })
        .collect()
}

impl Inner {
    /// Reads and checks a file, and keeps its bytes until something mentions them.
    pub(super) fn take_in(&self, file: &Path) -> Result<media::Photo, EngineError> {
        let photo = media::read_photo(file).map_err(media_error)?;
        if u64::try_from(photo.jpeg.len()).unwrap_or(u64::MAX) > LARGE_BLOB_MAX {
            return Err(EngineError::invalid("media.too_many_pixels"));
        }
        self.keep_chunks(&photo.sha256.0, &photo.jpeg)?;
        Ok(photo)
    }

    /// When it was taken, as a fact says it.
    pub(super) fn taken_on(&self, photo: &media::Photo) -> Option<String> {
        photo.taken.map(|taken| self.taken_at(taken).to_string())
    }

    /// Chunks by small transactions: a form saved meanwhile waits for one of them at most (design 4).
    fn keep_chunks(&self, hash: &[u8; 32], bytes: &[u8]) -> Result<(), EngineError> {
        if self.read(|connection| Ok(photos::is_here(connection, hash)?))? {
            return Ok(());
        }
        for (place, chunk) in bytes.chunks(CHUNK).enumerate() {
            self.write(|transaction| Ok(photos::put_chunk(transaction, hash, place, chunk)?))?;
        }
        Ok(())
    }

    /// A camera that does not say its zone is in the company's.
    fn taken_at(&self, taken: Taken) -> LocalTime {
        let as_utc = taken.local.and_utc().timestamp_millis();
        let minutes = taken
            .offset_minutes
            .unwrap_or_else(|| self.zone.local_time(as_utc).offset_minutes());
        LocalTime::new(as_utc.saturating_sub(i64::from(minutes) * MINUTE_MS), minutes)
    }

    fn fetch_chunks(&self, http: &HttpSync, hash: &[u8; 32], size: u64) -> Result<(), EngineError> {
        let mut cuts = 0;
        loop {
            let from = self.read(|connection| Ok(photos::fetched(connection, hash)?))?;
            if from >= size {
                return Ok(());
            }
            let length = if cuts == 0 { FETCH_PIECE } else { CHUNK as u64 }.min(size - from);
            match http.piece(hash, from, length) {
                Ok(bytes) => {
                    cuts = 0;
                    let first = usize::try_from(from / CHUNK as u64).unwrap_or(usize::MAX);
                    for (place, chunk) in (first..).zip(bytes.chunks(CHUNK)) {
                        self.write(|transaction| Ok(photos::put_chunk(transaction, hash, place, chunk)?))?;
                    }
                }
                Err(Fault::Code(FaultCode::Cut | FaultCode::TimedOut)) if cuts < FETCH_CUTS => cuts += 1,
                Err(Fault::Problem { status: 404, .. }) => return Err(EngineError::NotFound),
                Err(fault) => return Err(super::sync::fault_error(fault)),
            }
        }
    }
}
