//! Units that took another one's place on a visit (U-05): read from what the visit learnt about both.
//!
//! A swap is a `set` about the new unit that says which one it replaces and under which decision, with its movements in the
//! van's document of the same action. Nothing here removes anything: a swap that its decision does not allow is flagged.

use serde_json::Value;

use crate::domain::warranty::{Decision, SaidTo, may_replace};
use crate::facts::conflict::Flag;
use crate::facts::family::{Family, Ix};
use crate::facts::order::view::{DecisionStatus, DecisionView, OrderView};
use crate::facts::{DocName, Fact, FactId};

/// One unit in another one's place, as the visit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapView {
    /// The new unit's record; it may not exist at the office yet.
    pub replacement: DocName,
    /// The unit that it replaces.
    pub asset: DocName,
    /// The new unit's serial number.
    pub serial: String,
    /// The warranty decision under which it was done.
    pub decision: Option<FactId>,
}

/// The swaps of an order, by the new units' ids.
pub fn swaps(view: &OrderView) -> Vec<SwapView> {
    view.learnt
        .iter()
        .filter_map(|(replacement, fields)| {
            Some(SwapView {
                replacement: replacement.clone(),
                asset: fields.known_parsed("replaces")?,
                serial: fields.known_text("serial").unwrap_or_default(),
                decision: fields.known_parsed("decision"),
            })
        })
        .filter(|swap| {
            matches!(
                (&swap.replacement, &swap.asset),
                (DocName::Asset(_), DocName::Asset(_))
            )
        })
        .collect()
}

/// The decision about a unit that stands, the newest where several do.
pub fn standing_decision<'v>(view: &'v OrderView, asset: &DocName) -> Option<(&'v DecisionView, Decision)> {
    let of_unit = view
        .decisions
        .iter()
        .rev()
        .filter(|decision| decision.asset == *asset && decision.status != DecisionStatus::Superseded);
    of_unit.into_iter().find_map(|decided| {
        let decision = serde_json::from_value(decided.decision.clone()).ok()?;
        Some((decided, decision))
    })
}

/// What people said to a decision.
pub fn said_to(decided: &DecisionView) -> SaidTo {
    let overridden = decided.status == DecisionStatus::Overridden;
    SaidTo {
        confirmed: decided.status == DecisionStatus::Confirmed || overridden,
        overridden: decided
            .outcome
            .as_deref()
            .filter(|_| overridden)
            .and_then(|outcome| outcome.parse().ok()),
        answer: decided.answer.as_deref().and_then(|answer| answer.parse().ok()),
    }
}

/// What is to be said about swaps: under no decision of this order about that unit, or one that did not allow it. An answer
/// that the customer gave after the swap is not held against it.
pub(super) fn flags(family: &Family<'_>, registers: &[Ix], decisions: &[DecisionView]) -> Vec<(Ix, Flag)> {
    let mut said = Vec::new();
    for &ix in registers {
        let Some(Fact::Set(set)) = family.record(ix).fact() else {
            continue;
        };
        if !matches!(set.subject, Some(DocName::Asset(_))) {
            continue;
        }
        let text = |name: &str| set.fields.get(name).and_then(Value::as_str);
        let Some(asset) = text("replaces") else { continue };
        let named = text("decision").and_then(|id| id.parse::<FactId>().ok());
        let decided = decisions
            .iter()
            .find(|decided| Some(decided.id) == named && decided.asset.to_string() == asset);
        let Some(decided) = decided else {
            said.push((ix, Flag::BadReference));
            continue;
        };
        let Ok(decision) = serde_json::from_value::<Decision>(decided.decision.clone()) else {
            said.push((ix, Flag::BadReference));
            continue;
        };
        let told = SaidTo {
            answer: answer_before(family, decided.id, ix),
            ..said_to(decided)
        };
        if may_replace(&decision, told).is_err() {
            said.push((ix, Flag::GuardFailed));
        }
    }
    said
}

fn answer_before(
    family: &Family<'_>,
    decision: FactId,
    swap: Ix,
) -> Option<crate::domain::warranty::CustomerAnswer> {
    let answers = family.live().filter_map(|(ix, fact)| match fact {
        Fact::Answer(answer) if answer.decision == decision && !family.knew(ix, swap) => {
            answer.answer.parse().ok()
        }
        _ => None,
    });
    answers.last()
}
