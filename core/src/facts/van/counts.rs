//! Counts of a store or van (T-36, D.5-2a): what was counted, against what the book said, and by which count a proposal
//! of an engineer was answered. The difference itself is a movement of the storekeeper beside it.

use serde::Serialize;

use crate::domain::ledger::{Location, LocationClass};
use crate::facts::conflict::Flag;
use crate::facts::family::{Family, Ix};
use crate::facts::kinds::CountLine;
use crate::facts::stored::{Side, Stamp};
use crate::facts::{DocName, Fact, FactId};

/// How a count stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CountState {
    /// An engineer's, not answered yet.
    Proposed,
    /// In the book.
    Posted,
    /// An engineer's that the storekeeper did not post.
    Refused,
}

/// A count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountView {
    /// The `count` fact.
    pub id: FactId,
    /// Where was counted.
    pub place: Location,
    /// What was found; empty in a refusal.
    pub lines: Vec<CountLine>,
    /// Why it was counted, or refused.
    pub reason: Option<String>,
    /// How it stands.
    pub state: CountState,
    /// The count of the storekeeper that answers it.
    pub answer: Option<FactId>,
    /// The proposal that it answers.
    pub of: Option<FactId>,
    /// Who counted, when.
    pub stamp: Stamp,
}

/// Whether a document is where counts of this place stand.
fn at_home(doc: &DocName, place: Location) -> bool {
    match (doc, place) {
        (DocName::VanField(of, _) | DocName::VanOffice(of, _), place) => {
            matches!(
                place.class(),
                LocationClass::VanGood | LocationClass::VanDefective
            ) && place.engineer() == Some(*of)
        }
        (DocName::Store(id, _), Location::Store(at) | Location::StoreDefective(at)) => *id == at,
        _ => false,
    }
}

/// All counts, oldest first, and what is to be said about single ones.
pub(super) fn counts(
    family: &Family<'_>,
    rest: &[(Ix, &Fact)],
    said: &mut Vec<(Ix, Flag)>,
) -> Vec<CountView> {
    let mut counts: Vec<CountView> = Vec::new();
    let mut answers: Vec<(Ix, FactId, bool)> = Vec::new();
    for &(ix, fact) in rest {
        let Fact::Count(count) = fact else { continue };
        let record = family.record(ix);
        let Ok(place) = count.place.parse::<Location>() else {
            said.push((ix, Flag::UnknownCode));
            continue;
        };
        if !at_home(&record.doc, place) {
            said.push((ix, Flag::GuardFailed));
            continue;
        }
        if count
            .lines
            .iter()
            .any(|line| line.serial.is_some() && line.counted > 1)
        {
            said.push((ix, Flag::Malformed));
            continue;
        }
        let proposed = Side::of(&record.doc) == Side::Engineer;
        if let Some(of) = count.of.filter(|_| !proposed) {
            answers.push((ix, of, !count.lines.is_empty()));
        }
        counts.push(CountView {
            id: record.id,
            place,
            lines: count.lines.clone(),
            reason: count.reason.clone(),
            state: match (proposed, count.of, count.lines.is_empty()) {
                (true, ..) => CountState::Proposed,
                (false, Some(_), true) => CountState::Refused,
                (false, ..) => CountState::Posted,
            },
            answer: None,
            of: count.of,
            stamp: record.stamp.as_ref().clone(),
        });
    }
    for (ix, of, posted) in answers {
        let proposal = counts.iter_mut().find(|count| count.id == of);
        match proposal {
            Some(proposal) if proposal.state == CountState::Proposed => {
                proposal.answer = Some(family.id(ix));
                proposal.state = if posted {
                    CountState::Posted
                } else {
                    CountState::Refused
                };
            }
            // Answered before: its movements stand and are looked at.
            Some(_) => said.push((ix, Flag::GuardFailed)),
            None => said.push((ix, Flag::BadReference)),
        }
    }
    counts
}
