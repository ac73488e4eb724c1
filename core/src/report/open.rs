//! A printed report read back: its sealed bytes, and whether what can be read is what was sealed (S4).
//!
//! The page is written again from what the file carries and compared byte for byte, in both languages. So every byte
//! of the file is checked, the photos by their sealed hashes.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{layout, printable};
use crate::domain::canonical::ContentHash;
use crate::domain::sealed::{Verified, VerifyError, verify_sealed};
use crate::domain::signed::Fingerprint;
use crate::domain::texts::Lang;

/// The largest printed report that is read, bytes: some forty photos.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

const SEALED: &str = "<meta name=\"fieldseal-sealed\" content=\"";
const BEFORE: &str = "<meta name=\"fieldseal-before\" content=\"";
const LAYOUT: &str = "<meta name=\"fieldseal-layout\" content=\"";
const PHOTO: &str = "src=\"data:";

/// Whether the visible part says what was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visible {
    /// Byte for byte, in this language.
    AsSealed(Lang),
    /// The file names another layout: it was printed by another version and cannot be compared.
    OtherLayout,
    /// It does not: changed by somebody, or saved anew by some program.
    Changed,
}

/// A printed report whose sealed bytes hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What was sealed.
    pub verified: Verified,
    /// The sealed file itself.
    pub sealed: Vec<u8>,
    /// Whether what can be read in the file is that.
    pub visible: Visible,
    /// Sealed photos that the file carries.
    pub photos: usize,
}

/// Whether bytes are a printed report (or what is left of one), rather than a sealed file.
pub fn is_printed(bytes: &[u8]) -> bool {
    find(bytes, SEALED.as_bytes()).is_some()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(rest) = bytes.get(from..) {
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// What stands between `marker` and the next quote.
fn quoted<'b>(bytes: &'b [u8], marker: &str) -> Option<&'b [u8]> {
    let from = find(bytes, marker.as_bytes())? + marker.len();
    let rest = bytes.get(from..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    rest.get(..end)
}

fn decoded(bytes: &[u8], marker: &str) -> Option<Vec<u8>> {
    STANDARD.decode(quoted(bytes, marker)?).ok()
}

/// The pictures that the file carries, by their hashes.
fn pictures(bytes: &[u8]) -> HashMap<ContentHash, Vec<u8>> {
    let mut found = HashMap::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, PHOTO.as_bytes()) {
        rest = rest.get(at + PHOTO.len()..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
        let (uri, after) = rest.split_at(end);
        rest = after;
        let Some(comma) = uri.iter().position(|byte| *byte == b',') else {
            continue;
        };
        if let Ok(picture) = STANDARD.decode(uri.get(comma + 1..).unwrap_or_default()) {
            found.insert(ContentHash::of(&picture), picture);
        }
    }
    found
}

/// Opens a printed report. With `trusted_org` also that this organisation vouches.
///
/// # Errors
/// [`VerifyError`] of the sealed bytes inside: nothing in the file may be believed.
pub fn open_printed(bytes: &[u8], trusted_org: Option<Fingerprint>) -> Result<Opened, VerifyError> {
    if bytes.len() > MAX_BYTES {
        return Err(VerifyError::TooLarge);
    }
    let sealed = decoded(bytes, SEALED).ok_or(VerifyError::Form)?;
    let verified = verify_sealed(&sealed, trusted_org)?;
    let mut carried = pictures(bytes);
    let photos = verified
        .content
        .photos
        .iter()
        .filter(|hash| carried.contains_key(hash))
        .count();
    if let Some(before) = decoded(bytes, BEFORE) {
        carried.insert(ContentHash::of(&before), before);
    }
    let blobs = |hash: &ContentHash| carried.get(hash).cloned();
    let same = |lang: &&Lang| printable(&sealed, &blobs, **lang).is_ok_and(|page| page.as_bytes() == bytes);
    let visible = match Lang::ALL.iter().find(same) {
        Some(lang) => Visible::AsSealed(*lang),
        None if quoted(bytes, LAYOUT).is_some_and(|named| named != layout().as_bytes()) => {
            Visible::OtherLayout
        }
        None => Visible::Changed,
    };
    Ok(Opened {
        verified,
        sealed,
        visible,
        photos,
    })
}
