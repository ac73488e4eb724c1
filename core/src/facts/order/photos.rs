//! The photos of an order (D.2, Attachment): the mentions, never the bytes.
//!
//! One blob may be mentioned twice (the same photo added again, or on two devices): both mentions stand.

use crate::domain::work::PhotoSubject;
use crate::facts::Fact;
use crate::facts::conflict::Flag;
use crate::facts::family::{Family, Ix};
use crate::facts::order::cast::engineer_of;
use crate::facts::order::view::PhotoView;

/// Photos that count, and those that came after the audit, marked; with what to say about single facts.
pub(super) fn photos(family: &Family<'_>, counted: &[Ix], late: &[Ix]) -> (Vec<PhotoView>, Vec<(Ix, Flag)>) {
    let (mut photos, mut said) = (Vec::new(), Vec::new());
    let mut all: Vec<(Ix, bool)> = counted
        .iter()
        .map(|ix| (*ix, false))
        .chain(late.iter().map(|ix| (*ix, true)))
        .collect();
    all.sort_unstable();
    for (ix, late) in all {
        let record = family.record(ix);
        let (Some(Fact::Photo(photo)), Some(engineer)) = (record.fact(), engineer_of(family, ix)) else {
            continue;
        };
        let Ok(sha256) = photo.blob.parse() else {
            said.push((ix, Flag::BadReference));
            continue;
        };
        let what: Result<PhotoSubject, _> = photo.what.parse();
        let symptom = photo.symptom.as_deref().map(str::parse).transpose();
        if what.is_err() || symptom.is_err() {
            said.push((ix, Flag::UnknownCode));
        }
        photos.push(PhotoView {
            id: family.id(ix),
            engineer,
            sha256,
            size: photo.size,
            width: photo.width,
            height: photo.height,
            what: what.unwrap_or(PhotoSubject::Other),
            symptom: symptom.unwrap_or_default(),
            about: photo.about.clone(),
            taken_at: photo.taken_at.clone(),
            place: photo.place,
            sensitive: photo.sensitive,
            caption: photo.caption.clone(),
            late,
            stamp: record.stamp.as_ref().clone(),
        });
    }
    (photos, said)
}
