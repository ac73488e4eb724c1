//! Two-sided hand-overs in the book (D.5-2b): each engineer writes his half, and both are one movement.
//!
//! Invariant: the halves are one by the code's id and everything that the line says; a half with other content is a movement
//! of its own, so that nobody's forged half displaces what really went over.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::handover::{HandoverLine, Offer, Receipt, Unverified};
use crate::domain::ids::ActionId;
use crate::facts::conflict::NAMESPACE;
use crate::facts::family::{Family, Ix};
use crate::facts::kinds::Move;
use crate::facts::{DocName, Fact, FactId};

/// The ledger's key of one half: the same for both.
pub(super) fn key(moved: &Move) -> Option<FactId> {
    let line = moved.handover?;
    let name = format!(
        "handover\n{line}\n{}\n{}\n{}\n{}\n{}",
        moved.from,
        moved.to,
        moved.part,
        moved.serial.as_deref().unwrap_or_default(),
        moved.qty
    );
    Some(FactId {
        action: ActionId(Uuid::new_v5(&NAMESPACE, name.as_bytes())),
        place: line.place,
    })
}

/// Which key a movement stands under, by its own id and by the id that it mirrors: a reversal names one of these.
pub(super) fn keys(family: &Family<'_>, booked: &[(Ix, &Fact)]) -> BTreeMap<FactId, FactId> {
    let mut keys = BTreeMap::new();
    for &(ix, fact) in booked {
        let Fact::Move(moved) = fact else { continue };
        if let Some(key) = key(moved) {
            keys.insert(family.id(ix), key);
            keys.extend(moved.mirrors.map(|of| (of, key)));
        }
    }
    keys
}

/// The codes that engineers' actions hold, by action.
pub(super) fn codes<'f>(family: &Family<'_>, rest: &[(Ix, &'f Fact)]) -> BTreeMap<ActionId, Vec<&'f str>> {
    let mut codes: BTreeMap<ActionId, Vec<&str>> = BTreeMap::new();
    for &(ix, fact) in rest {
        if let Fact::Handover(handover) = fact {
            codes
                .entry(family.id(ix).action)
                .or_default()
                .push(&handover.code);
        }
    }
    codes
}

/// Whether an engineer's half stands without the code that it names. What is signed is checked where the keys are known: on
/// the phone, before it is written.
pub(super) fn unproven(family: &Family<'_>, codes: &BTreeMap<ActionId, Vec<&str>>, ix: Ix) -> bool {
    let record = family.record(ix);
    let (Some(Fact::Move(moved)), DocName::VanField(..)) = (record.fact(), record.doc.as_ref()) else {
        return false;
    };
    let Some(line) = moved.handover else { return false };
    let proves = |code: &str| {
        if let Ok(offer) = Unverified::<Offer>::read(code) {
            let offer = offer.claimed();
            let said = HandoverLine {
                part: moved.part.clone(),
                serial: moved.serial.clone(),
                qty: moved.qty,
            };
            return offer.id == line.action.0 && offer.lines.get(usize::from(line.place)) == Some(&said);
        }
        Unverified::<Receipt>::read(code).is_ok_and(|receipt| receipt.claimed().id == line.action.0)
    };
    let proven = codes
        .get(&record.id.action)
        .is_some_and(|codes| codes.iter().any(|code| proves(code)));
    !proven
}
