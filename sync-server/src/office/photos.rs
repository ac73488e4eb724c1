//! Which photos of an order have arrived, and whether an audit may do without the others (B49, I9, D.3).
//!
//! Invariant: arrived means that the server has the bytes whole and durable under their hash, never that a phone says so.

use std::collections::BTreeMap;

use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::facts::OrderView;
use fieldseal_core::facts::order::view::PhotoView;

use super::{Office, OfficeError, revision_of};
use crate::blobs::{Found, UploadError, Uploads};

/// The photos of one order that the server has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrived(BTreeMap<ContentHash, Option<i64>>);

impl Arrived {
    /// Whether the server has it.
    pub fn has(&self, sha256: &ContentHash) -> bool {
        self.0.contains_key(sha256)
    }

    /// When it was whole, ms since the epoch; unknown for one that came in an exchange.
    pub fn at(&self, sha256: &ContentHash) -> Option<i64> {
        self.0.get(sha256).copied().flatten()
    }

    /// The photos that facts of the order name and that have not arrived. What came after an audit is no part of it.
    pub fn missing<'v>(&self, view: &'v OrderView) -> Vec<&'v PhotoView> {
        view.photos
            .iter()
            .filter(|photo| !photo.late && !self.has(&photo.sha256))
            .collect()
    }

    /// The audit's guard: all photos arrived, or an auditor waived the rest with a reason: for the report that counts now,
    /// or for whatever report there is.
    pub fn complete_or_waived(&self, view: &OrderView) -> bool {
        let current = revision_of(view).map(|(revision, _)| revision);
        self.missing(view).is_empty()
            || view.waivers.iter().any(|waiver| {
                waiver.what == "photos" && (waiver.revision.is_none() || waiver.revision == current)
            })
    }
}

/// The bytes of a photo, whoever asks; none while it has not arrived.
///
/// # Errors
/// [`OfficeError::Unexpected`].
pub(crate) fn stored(uploads: &Uploads, sha256: &ContentHash) -> Result<Option<Found>, OfficeError> {
    match uploads.stored(&sha256.0) {
        Ok(found) => Ok(Some(found)),
        Err(UploadError::NotFound) => Ok(None),
        Err(error) => Err(OfficeError::unexpected(error)),
    }
}

impl Office {
    /// Which photos of an order have arrived.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn arrived(&self, view: &OrderView) -> Result<Arrived, OfficeError> {
        let mut arrived = BTreeMap::new();
        if view.photos.is_empty() {
            return Ok(Arrived(arrived));
        }
        let tx = self.storage.read()?;
        for photo in &view.photos {
            if let Some(file) = tx.file(&photo.sha256.0)? {
                arrived.insert(photo.sha256, Some(file.at));
            } else if tx.has_blob(&photo.sha256.0)? {
                arrived.insert(photo.sha256, None);
            }
        }
        Ok(Arrived(arrived))
    }

    /// A photo of an order, if a fact of it names one with this hash.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn photo(&self, order: OrderId, sha256: ContentHash) -> Result<Option<PhotoView>, OfficeError> {
        let view = self.views.order(order)?;
        Ok(view.and_then(|view| {
            let same = |photo: &&PhotoView| photo.sha256 == sha256;
            // Named twice and once as sensitive: it is.
            let found = view.photos.iter().filter(same);
            found.max_by_key(|photo| photo.sensitive).cloned()
        }))
    }
}
