//! One engineer's doing under one assignment, walked through the state table of D.3.
//!
//! Work that the table does not allow stands and changes no state; a step whose author knew better is flagged.

use crate::domain::ids::UserId;
use crate::domain::transitions::{Guard, GuardFacts, Step, target, unmet};
use crate::domain::work::{ConsentKind, OrderState, Outcome};
use crate::facts::Fact;
use crate::facts::conflict::Flag;
use crate::facts::family::{Family, Ix};
use crate::facts::order::cast::{begins, on_site};
use crate::facts::order::plan::Deeds;
use crate::facts::order::races::Race;
use crate::facts::order::seals::Chain;
use crate::facts::order::view::AcceptStatus;

/// A track, folded.
pub(super) struct TrackFold {
    /// Index of its assignment in the plan; none for work without one.
    pub(super) assigned: Option<usize>,
    pub(super) engineer: UserId,
    pub(super) answer: AcceptStatus,
    pub(super) confirmed: bool,
    pub(super) state: OrderState,
    /// Its work counts: not taken away, or begun unknowingly, and not lost in a race.
    pub(super) stands: bool,
    pub(super) work: Vec<Ix>,
    pub(super) on_site: Vec<Ix>,
    /// The `done` that counts, else the first seal or submit.
    pub(super) done: Option<Ix>,
    pub(super) outcome: Option<Outcome>,
    pub(super) chain: Chain,
    /// The highest submit that was ready.
    pub(super) submit: Option<Ix>,
    pub(super) last: Option<Ix>,
    /// Whether he gave up after learning that the office cancelled.
    pub(super) stopped_after: Vec<Ix>,
    /// What is to be said about single facts.
    pub(super) said: Vec<(Ix, Flag, Vec<Guard>)>,
}

/// What a track's fold needs beside its deeds.
pub(super) struct Around<'a> {
    pub(super) assigned: Option<usize>,
    pub(super) engineer: UserId,
    pub(super) race: Option<&'a Race>,
    pub(super) stands: bool,
    pub(super) audit: Option<Ix>,
    pub(super) picks: &'a [Ix],
    pub(super) received: &'a [Ix],
}

/// The table's step of a fact, as far as its codes are known.
pub(crate) fn step_of(fact: &Fact) -> Result<Option<Step>, Flag> {
    Ok(Some(match fact {
        Fact::Accept(_) => Step::Accept,
        Fact::Decline(_) => Step::Decline,
        Fact::Travel(_) => Step::Travel,
        Fact::Arrive(_) => Step::Arrive,
        Fact::Remote(_) => Step::StartRemote,
        Fact::Wait(wait) => match wait.state.parse() {
            Ok(OrderState::WaitingParts) => Step::WaitParts,
            Ok(OrderState::WaitingCustomer) => Step::WaitCustomer,
            Ok(OrderState::Blocked) => Step::Block,
            _ => return Err(Flag::UnknownCode),
        },
        Fact::Done(done) => match done.outcome.parse::<Outcome>() {
            Ok(_) => Step::FinishWork,
            Err(_) => return Err(Flag::UnknownCode),
        },
        Fact::Seal(_) => Step::Sign,
        Fact::Submit(_) => Step::Submit,
        _ => return Ok(None),
    }))
}

impl TrackFold {
    pub(super) fn fold(family: &Family<'_>, deeds: &Deeds, around: &Around<'_>) -> Self {
        let fact = |ix: Ix| family.record(ix).fact();
        let seals: Vec<Ix> = deeds
            .all
            .iter()
            .copied()
            .filter(|ix| matches!(fact(*ix), Some(Fact::Seal(_))))
            .collect();
        let answer = around.race.and_then(|race| race.answer(around.engineer));
        let mut track = Self {
            assigned: around.assigned,
            engineer: around.engineer,
            answer: answer.map_or(AcceptStatus::None, |answer| answer.status),
            confirmed: answer.is_some_and(|answer| answer.confirmed),
            state: OrderState::Dispatched,
            stands: around.stands,
            work: deeds
                .all
                .iter()
                .copied()
                .filter(|ix| fact(*ix).is_some_and(begins))
                .collect(),
            on_site: deeds
                .all
                .iter()
                .copied()
                .filter(|ix| fact(*ix).is_some_and(on_site))
                .collect(),
            done: None,
            outcome: None,
            chain: Chain::fold(family, &seals, around.audit, around.picks),
            submit: None,
            last: deeds.all.last().copied(),
            stopped_after: Vec::new(),
            said: Vec::new(),
        };
        track.walk(family, deeds, around);
        track.done = track.done.or_else(|| deeds.finished.first().copied());
        track.arrived_at_server(family, around.received);
        track
    }

    fn walk(&mut self, family: &Family<'_>, deeds: &Deeds, around: &Around<'_>) {
        let mut guards = GuardFacts {
            own_assignment: around.assigned.is_some(),
            ..GuardFacts::default()
        };
        let mut ended: Vec<(Ix, Option<Outcome>)> = Vec::new();
        // Who set the state that stands, for the question whether a later author knew.
        let mut setter: Option<Ix> = None;
        for &ix in &deeds.all {
            let Some(fact) = family.record(ix).fact() else {
                continue;
            };
            let step = match step_of(fact) {
                Ok(Some(step)) => step,
                Ok(None) => {
                    if matches!(fact, Fact::Leave(_)) {
                        self.stopped_after.push(ix);
                    }
                    continue;
                }
                Err(flag) => {
                    self.said.push((ix, flag, Vec::new()));
                    continue;
                }
            };
            guards.reason_given = true;
            match fact {
                Fact::Accept(_) | Fact::Decline(_) => {
                    if matches!(fact, Fact::Decline(_)) {
                        self.stopped_after.push(ix);
                    }
                    if around.race.is_some_and(|race| race.failed.contains(&ix)) {
                        self.said
                            .push((ix, Flag::GuardFailed, vec![Guard::OwnAssignment]));
                        continue;
                    }
                    if matches!(fact, Fact::Decline(_)) && self.answer != AcceptStatus::Declined {
                        continue;
                    }
                }
                Fact::Remote(remote) => {
                    guards.remote_work = true;
                    guards.remote_consent = family.find(remote.consent).is_some_and(|consent| {
                        matches!(family.record(consent).fact(), Some(Fact::Consent(consent))
                            if consent.consent.parse() == Ok(ConsentKind::Remote))
                    });
                    if !guards.remote_consent {
                        self.said
                            .push((ix, Flag::ConsentMissing, vec![Guard::RemoteConsent]));
                    }
                }
                Fact::Wait(wait) => guards.reason_given = !wait.reason.trim().is_empty(),
                Fact::Arrive(_) => guards.arrived = true,
                Fact::Done(done) => {
                    let outcome = done.outcome.parse::<Outcome>().ok();
                    guards.outcome_set = true;
                    guards.customer_absent = outcome == Some(Outcome::CustomerAbsent);
                    ended.push((ix, outcome));
                    // Two phones may both say how it ended: the higher holds, the lower stands on the timeline.
                    self.outcome = outcome;
                    self.done.get_or_insert(ix);
                }
                Fact::Seal(_) => {
                    guards.sealed = true;
                    if !guards.outcome_set {
                        self.said
                            .push((ix, Flag::OutcomeMissing, vec![Guard::OutcomeSet]));
                    }
                }
                Fact::Submit(submit) => {
                    // What its author knew last counts, too: another device may have said otherwise meanwhile, which is a
                    // conflict, not an error (I13).
                    let known = ended.iter().rev().find(|(done, _)| family.knew(ix, *done));
                    guards.customer_absent |=
                        known.is_some_and(|(_, outcome)| *outcome == Some(Outcome::CustomerAbsent));
                    guards.verbal_confirmation = submit.without.as_deref() == Some("verbal_confirmation");
                    let without_outcome = GuardFacts {
                        outcome_set: true,
                        ..guards
                    };
                    let missing = unmet(Step::Submit, &without_outcome);
                    if !missing.is_empty() {
                        self.said.push((ix, Flag::NotReady, missing));
                        continue;
                    }
                    self.submit = Some(ix);
                }
                _ => {}
            }
            let refused = step == Step::WaitParts || step == Step::WaitCustomer || step == Step::Block;
            if refused && !guards.reason_given {
                self.said.push((ix, Flag::GuardFailed, vec![Guard::ReasonGiven]));
                continue;
            }
            match target(self.state, step) {
                Some(next) => {
                    self.state = next;
                    setter = Some(ix);
                }
                // A new revision stays in the state that the one before reached.
                None if step == Step::Sign => setter = Some(ix),
                None if setter.is_some_and(|setter| family.knew(ix, setter)) => {
                    self.said.push((ix, Flag::GuardFailed, Vec::new()));
                }
                None => {}
            }
        }
    }

    /// `submitted` is also entered by the server's receipt of a seal (D.3).
    fn arrived_at_server(&mut self, family: &Family<'_>, received: &[Ix]) {
        let Some(current) = self.chain.current else { return };
        let arrived = received.iter().any(|ix| {
            matches!(family.record(*ix).fact(), Some(Fact::Received(received))
                if family.find(received.seal).is_some_and(|seal| super::seals::follows(family, current, seal)))
        });
        if arrived && self.state == OrderState::Signed {
            self.state = OrderState::Submitted;
        }
    }

    pub(super) fn started(&self) -> bool {
        !self.work.is_empty()
    }
}
