//! The photos of an order (D.2, Attachment): the mentions, never the bytes.
//!
//! One blob may be mentioned twice (the same photo added again, or on two devices): both mentions stand.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::work::{ConsentKind, PhotoSubject};
use crate::facts::Fact;
use crate::facts::conflict::Flag;
use crate::facts::family::{Family, Ix};
use crate::facts::kinds::Photo;
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
        if lacks_consent(family, ix, photo) {
            said.push((ix, Flag::ConsentMissing));
        }
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

/// Whether a place or a copy of a sealed document is kept without the customer's consent before it (000-15).
fn lacks_consent(family: &Family<'_>, photo_ix: Ix, photo: &Photo) -> bool {
    let given = |kind: ConsentKind| {
        family.live().any(|(ix, fact)| {
            ix < photo_ix && matches!(fact, Fact::Consent(consent) if consent.consent.parse() == Ok(kind))
        })
    };
    (photo.sensitive && !given(ConsentKind::SensitiveCopy))
        || (photo.place.is_some() && !given(ConsentKind::Location))
}

/// Decisions that rest on a photo that this order never had (000-16). One that was hidden later was shown then.
pub(super) fn without_evidence(family: &Family<'_>, decides: &[Ix]) -> Vec<(Ix, Flag)> {
    if decides.is_empty() {
        return Vec::new();
    }
    let had: BTreeSet<&str> = family
        .live()
        .filter_map(|(_, fact)| match fact {
            Fact::Photo(photo) => Some(photo.blob.as_str()),
            _ => None,
        })
        .collect();
    let rests_on_none = |ix: &&Ix| match family.record(**ix).fact() {
        Some(Fact::Decide(decide)) => {
            let mut named = Vec::new();
            hashes(decide.decision.get("inputs").unwrap_or(&Value::Null), &mut named);
            named.iter().any(|hash| !had.contains(hash))
        }
        _ => false,
    };
    let lacking = decides.iter().filter(rests_on_none);
    lacking.map(|ix| (*ix, Flag::EvidenceMissing)).collect()
}

/// The hashes in a decision's inputs: photos are the only ones there.
fn hashes<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            into.push(text);
        }
        Value::Array(items) => items.iter().for_each(|item| hashes(item, into)),
        Value::Object(members) => members.values().for_each(|item| hashes(item, into)),
        _ => {}
    }
}
