//! The plain lists of an order's view: decisions, consents, contacts, waivers, lines, deliveries, …

use std::collections::BTreeMap;

use crate::domain::ids::OrderId;
use crate::facts::conflict::{ConflictKind as K, Flag};
use crate::facts::family::{Family, Ix};
use crate::facts::order::audits::Judged;
use crate::facts::order::cast::Cast;
use crate::facts::order::outcome::Pair;
use crate::facts::order::view::{
    ClockNote, ConsentView, ContactView, DecisionStatus, DecisionView, Delivery, Escalation, Line, Note,
    Time, Trust, Waiver,
};
use crate::facts::stored::{DeviceTag, Stamp};
use crate::facts::{DocName, Fact, FactId};

/// More than this off, and a clock is suspect (D.1, 5).
const SUSPECT_MS: u64 = 5 * 60 * 1_000;

/// What the office knows of wrong clocks: (device tag, boot) → the highest correction.
#[derive(Default)]
pub(crate) struct Clocks(BTreeMap<(DeviceTag, u32), (i64, u64)>);

impl Clocks {
    pub(super) fn fold(family: &Family<'_>, others: &[Ix]) -> Self {
        let mut clocks = Self::default();
        for ix in others {
            if let Some(Fact::ClockCorrection(correction)) = family.record(*ix).fact() {
                let mut tag = [0_u8; 8];
                if hex::decode_to_slice(&correction.device, &mut tag).is_ok() {
                    clocks.0.insert(
                        (DeviceTag(tag), correction.boot),
                        (correction.off, correction.err),
                    );
                }
            }
        }
        clocks
    }

    /// What is known of a claimed time.
    pub(super) fn time(&self, stamp: &Stamp) -> Time {
        if let Some((off, err)) = self.0.get(&(stamp.device, stamp.clk.boot)) {
            return Time {
                utc_ms: stamp.utc_ms.saturating_add(*off),
                err_ms: Some(*err),
                trust: Trust::Corrected,
            };
        }
        let trust = match stamp.clk.off {
            None => Trust::Unchecked,
            Some(off) if off.unsigned_abs() > SUSPECT_MS => Trust::Suspect,
            Some(_) => Trust::Checked,
        };
        Time {
            utc_ms: stamp.utc_ms,
            err_ms: stamp.clk.err,
            trust,
        }
    }
}

/// The lists, as far as they follow from single facts.
#[derive(Default)]
pub(crate) struct Lists {
    pub(super) instructions: Vec<Note>,
    pub(crate) consents: Vec<ConsentView>,
    pub(crate) contacts: Vec<ContactView>,
    pub(super) waivers: Vec<Waiver>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) clock_corrections: Vec<ClockNote>,
    pub(crate) escalations: Vec<Escalation>,
    pub(crate) notes: Vec<Note>,
    /// Facts whose codes this version does not know.
    pub(crate) unknown_codes: Vec<(Ix, Flag)>,
}

fn stamp(family: &Family<'_>, ix: Ix) -> Stamp {
    family.record(ix).stamp.as_ref().clone()
}

impl Lists {
    pub(crate) fn fold(family: &Family<'_>, others: &[Ix], clocks: &Clocks) -> Self {
        let mut lists = Self::default();
        for &ix in others {
            let id = family.id(ix);
            match family.record(ix).fact() {
                Some(Fact::Instruct(instruct)) => lists.instructions.push(Note {
                    id,
                    text: instruct.text.clone(),
                    stamp: stamp(family, ix),
                }),
                Some(Fact::Consent(consent)) => {
                    let (Ok(kind), Ok(how)) = (consent.consent.parse(), consent.how.parse()) else {
                        lists.unknown_codes.push((ix, Flag::UnknownCode));
                        continue;
                    };
                    lists.consents.push(ConsentView {
                        id,
                        kind,
                        how,
                        given_by: consent.given_by,
                        new_due: consent.new_due.clone(),
                        text: consent.text.clone(),
                        time: clocks.time(&family.record(ix).stamp),
                        stamp: stamp(family, ix),
                    });
                }
                Some(Fact::Contact(contact)) => lists.contacts.push(ContactView {
                    id,
                    channel: contact.channel.clone(),
                    reached: contact.reached,
                    text: contact.text.clone(),
                    stamp: stamp(family, ix),
                }),
                Some(Fact::Escalate(escalate)) => lists.escalations.push(Escalation {
                    id,
                    to: escalate.to.clone(),
                    reason: escalate.reason.clone(),
                    next_contact: escalate.next_contact.clone(),
                    promised: escalate.promised.clone(),
                    stamp: stamp(family, ix),
                }),
                Some(Fact::Note(note)) => lists.notes.push(Note {
                    id,
                    text: note.text.clone(),
                    stamp: stamp(family, ix),
                }),
                Some(Fact::Waive(waive)) => lists.waivers.push(Waiver {
                    id,
                    what: waive.what.clone(),
                    revision: waive.revision,
                    reason: waive.reason.clone(),
                    stamp: stamp(family, ix),
                }),
                Some(Fact::Delivered(delivered)) => lists.deliveries.push(Delivery {
                    id,
                    assignment: delivered.assignment,
                    device: delivered.device,
                    at: family.record(ix).stamp.at.to_string(),
                }),
                Some(Fact::ClockCorrection(correction)) => lists.clock_corrections.push(ClockNote {
                    id,
                    device: correction.device.clone(),
                    boot: correction.boot,
                    off: correction.off,
                    err: correction.err,
                }),
                _ => {}
            }
        }
        lists
    }
}

/// Warranty decisions with confirmations and answers, and the pairs among them.
pub(super) fn decisions(family: &Family<'_>, cast: &Cast) -> (Vec<DecisionView>, Vec<Pair>) {
    let mut pairs: Vec<Pair> = Vec::new();
    let decide = |ix: Ix| match family.record(ix).fact() {
        Some(Fact::Decide(decide)) => Some(decide),
        _ => None,
    };
    let superseded = |ix: Ix| {
        let (id, asset) = (family.id(ix), decide(ix).map(|decide| &decide.asset));
        cast.decides.iter().any(|later| {
            *later > ix
                && decide(*later).is_some_and(|fact| {
                    fact.over.contains(&id) || (Some(&fact.asset) == asset && family.knew(*later, ix))
                })
        })
    };
    let confirmations = |id: FactId| -> Vec<Ix> {
        let of = |ix: &Ix| match family.record(*ix).fact() {
            Some(Fact::Confirm(confirm)) if confirm.target == id => Some(confirm),
            _ => None,
        };
        let replaced: Vec<FactId> = cast
            .confirms
            .iter()
            .filter_map(of)
            .flat_map(|confirm| confirm.over.iter().copied())
            .collect();
        cast.confirms
            .iter()
            .copied()
            .filter(|ix| of(ix).is_some() && !replaced.contains(&family.id(*ix)))
            .collect()
    };
    let answer = |id: FactId| {
        cast.others
            .iter()
            .filter_map(|ix| match family.record(*ix).fact() {
                Some(Fact::Answer(answer)) if answer.decision == id => Some(answer.answer.clone()),
                _ => None,
            })
            .next_back()
    };
    let mut views = Vec::with_capacity(cast.decides.len());
    for &ix in &cast.decides {
        let (Some(fact), id) = (decide(ix), family.id(ix)) else {
            continue;
        };
        let confirmed = confirmations(id);
        let confirm = confirmed.last().and_then(|ix| match family.record(*ix).fact() {
            Some(Fact::Confirm(confirm)) => Some(confirm),
            _ => None,
        });
        let gone = superseded(ix);
        let status = match confirm {
            _ if gone => DecisionStatus::Superseded,
            Some(confirm) if confirm.verdict == "overridden" => DecisionStatus::Overridden,
            Some(confirm) if confirm.verdict == "confirmed" => DecisionStatus::Confirmed,
            _ => DecisionStatus::Provisional,
        };
        if confirmed.len() > 1 {
            pairs.push((K::TwoDecisions, confirmed.clone(), None));
        }
        if status == DecisionStatus::Provisional {
            for other in cast.decides.iter().filter(|other| **other != ix) {
                let same = decide(*other).is_some_and(|other| other.asset == fact.asset);
                for confirm in confirmations(family.id(*other)) {
                    if same && family.concurrent(confirm, ix) {
                        pairs.push((K::DecidedWhileConfirming, vec![confirm, ix], None));
                    }
                }
            }
        }
        for other in cast.decides.iter().filter(|other| **other > ix) {
            let same = decide(*other).is_some_and(|other| other.asset == fact.asset);
            if same && !gone && !superseded(*other) && family.concurrent(*other, ix) {
                pairs.push((K::TwoDecisions, vec![ix, *other], None));
            }
        }
        views.push(DecisionView {
            id,
            asset: fact.asset.clone(),
            decision: fact.decision.clone(),
            status,
            confirmation: confirmed.last().map(|ix| family.id(*ix)),
            outcome: confirm.and_then(|confirm| confirm.outcome.clone()),
            answer: answer(id),
            stamp: stamp(family, ix),
        });
    }
    (views, pairs)
}

/// The movements that name this order. Late ones stand in the list and are marked: stock must be true, the audited
/// totals do not change (D.5-4).
pub(super) fn lines(family: &Family<'_>, order: OrderId, cast: &Cast, judged: &Judged) -> Vec<Line> {
    let name = DocName::Order(order);
    let reversed = |id: FactId| {
        cast.reverses
            .iter()
            .copied()
            .find(|ix| matches!(family.record(*ix).fact(), Some(Fact::Reverse(reverse)) if reverse.of == id))
    };
    cast.moves
        .iter()
        .filter_map(|ix| match family.record(*ix).fact() {
            Some(Fact::Move(moved)) if moved.order.as_ref() == Some(&name) => Some((*ix, moved)),
            _ => None,
        })
        .map(|(ix, moved)| Line {
            id: family.id(ix),
            movement: moved.movement.clone(),
            part: moved.part.clone(),
            serial: moved.serial.clone(),
            qty: moved.qty,
            note: moved.note.clone(),
            rma: moved.rma.clone(),
            reversed_by: reversed(family.id(ix)).map(|ix| family.id(ix)),
            late: judged.is_late(family, ix),
            stamp: stamp(family, ix),
        })
        .collect()
}
