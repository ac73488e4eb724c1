//! Photos: in by path, out as bytes of at most some hundred KB, because a file would lie outside the encrypted database.

use std::path::PathBuf;

use fieldseal_core::device::engine::{OrderPhoto, PhotoNote, Release, Saved};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::work::{PhotoSubject, Symptom};
use fieldseal_core::facts::{DocName, FactId, ViewToken};

use crate::engine::{Answer, FieldsealEngine};
use crate::notes::Author;

/// What a photo shows.
#[uniffi::remote(Enum)]
pub enum PhotoSubject {
    /// The unit.
    Device,
    /// Its label.
    Label,
    /// A sign of damage.
    Symptom,
    /// Any damage.
    Damage,
    /// The place.
    Site,
    /// A hand-over.
    Custody,
    /// Anything else.
    Other,
}

/// By which right a photo's bytes leave the phone.
#[uniffi::remote(Enum)]
pub enum Release {
    /// Two backups of the server hold it.
    BackedUp,
    /// The person was asked and said yes; the server's receipt is here.
    PersonsWord,
}

/// What is said of a photo when it is taken.
#[uniffi::remote(Record)]
pub struct PhotoNote {
    /// What it shows.
    pub what: PhotoSubject,
    /// Which sign of damage, for a symptom.
    pub symptom: Option<Symptom>,
    /// Which unit.
    pub about: Option<DocName>,
    /// In words.
    pub caption: Option<String>,
    /// A copy of a sealed document.
    pub sensitive: bool,
    /// Keep the place that the file names.
    pub with_place: bool,
}

/// A photo on a work order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PhotoLine {
    /// Its mention: `hidePhoto` names it.
    pub fact: FactId,
    /// Its bytes' name.
    pub sha256: ContentHash,
    /// Bytes.
    pub size: u64,
    /// What it shows.
    pub what: PhotoSubject,
    /// Which sign of damage.
    pub symptom: Option<Symptom>,
    /// Which unit.
    pub about: Option<DocName>,
    /// When it was taken, by the camera.
    pub taken_at: Option<String>,
    /// In words.
    pub caption: Option<String>,
    /// A copy of a sealed document.
    pub sensitive: bool,
    /// Its bytes are on this phone.
    pub here: bool,
    /// It was taken with this phone.
    pub own: bool,
    /// Bytes on the server's disk; none before its upload began.
    pub sent: Option<u64>,
    /// The server has it whole.
    pub on_server: bool,
    /// Who, when.
    pub author: Author,
}

/// A photo that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PhotoSaved {
    /// Its bytes' name.
    pub sha256: ContentHash,
    /// What was acknowledged.
    pub saved: Saved,
}

impl From<OrderPhoto> for PhotoLine {
    fn from(photo: OrderPhoto) -> Self {
        let view = photo.view;
        Self {
            fact: view.id,
            sha256: view.sha256,
            size: view.size,
            what: view.what,
            symptom: view.symptom,
            about: view.about,
            taken_at: view.taken_at,
            caption: view.caption,
            sensitive: view.sensitive,
            here: photo.here,
            own: photo.own,
            sent: photo.sent,
            on_server: photo.on_server,
            author: view.stamp.into(),
        }
    }
}

/// Photos.
#[uniffi::export]
impl FieldsealEngine {
    /// Takes a photo in by its file's path; the file is only read.
    pub fn add_photo(
        &self,
        order: OrderId,
        token: ViewToken,
        path: String,
        note: PhotoNote,
    ) -> Answer<PhotoSaved> {
        let (sha256, saved) = self.engine.add_photo(order, &token, &PathBuf::from(path), note)?;
        Ok(PhotoSaved { sha256, saved })
    }

    /// Hides a photo with a reason.
    pub fn hide_photo(
        &self,
        order: OrderId,
        token: ViewToken,
        photo: FactId,
        reason: String,
    ) -> Answer<Saved> {
        Ok(self.engine.hide_photo(order, &token, photo, &reason)?)
    }

    /// The small picture of a photo that was taken here or fetched once.
    pub fn thumbnail(&self, photo: ContentHash) -> Answer<Option<Vec<u8>>> {
        Ok(self.engine.thumbnail(photo)?)
    }

    /// A photo that is here, JPEG.
    pub fn photo(&self, photo: ContentHash) -> Answer<Vec<u8>> {
        Ok(self.engine.photo(photo)?)
    }

    /// Fetches a photo that is not here; goes on where an earlier call was cut.
    pub fn fetch_photo(&self, photo: ContentHash) -> Answer<Vec<u8>> {
        Ok(self.engine.fetch_photo(photo)?)
    }

    /// Lets the bytes of a photo go.
    pub fn release_photo(&self, photo: ContentHash, right: Release) -> Answer<()> {
        Ok(self.engine.release_photo(photo, right)?)
    }
}
