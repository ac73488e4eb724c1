//! What may follow what: the guard table of D.3 as data, for work orders and tickets.
//!
//! The guard runs twice, on the phone (so the button is not there) and in the fold on both sides. It never refuses
//! a fact: a step that breaks it is kept and flagged (design 3, «Knowing»). Engineer's steps may be skipped
//! forward, never backward except as listed; repeating a step of work in its own state changes nothing and is allowed.

use super::codes::codes;
use super::roles::Role;
use super::work::{OrderState, TicketState};

codes! {
    /// A step of a work order.
    pub enum Step in "step" {
        /// The office assigns or reassigns.
        Dispatch = "dispatch",
        /// The engineer takes it.
        Accept = "accept",
        /// The engineer gives it back.
        Decline = "decline",
        /// Sets out.
        Travel = "travel",
        /// Arrives.
        Arrive = "arrive",
        /// Starts remote work.
        StartRemote = "start_remote",
        /// Waits for parts.
        WaitParts = "wait_parts",
        /// Waits for the customer.
        WaitCustomer = "wait_customer",
        /// Cannot go on.
        Block = "block",
        /// Ends the work with an outcome.
        FinishWork = "finish_work",
        /// The report is sealed (signature, or refusal with reason and witness).
        Sign = "sign",
        /// Hands in.
        Submit = "submit",
        /// The auditor sends it back.
        Return = "return",
        /// The auditor freezes it.
        Audit = "audit",
        /// The auditor opens it again (Q14).
        UnAudit = "un_audit",
        /// The office cancels.
        Cancel = "cancel",
        /// The office takes the cancelling back.
        UnCancel = "un_cancel",
    }
}

codes! {
    /// A condition that a step asks for beside its state (D.3, column «Guard»).
    pub enum Guard in "guard" {
        /// The engineer's account is active.
        EngineerActive = "engineer_active",
        /// The step is on the engineer's own assignment.
        OwnAssignment = "own_assignment",
        /// The customer agreed to remote work (000-14).
        RemoteConsent = "remote_consent",
        /// A reason is given.
        ReasonGiven = "reason_given",
        /// The outcome is set.
        OutcomeSet = "outcome_set",
        /// The seal is valid, or the refusal has its reason.
        SealOrRefusal = "seal_or_refusal",
        /// Sealed; or refusal with reason and witness; or remote with verbal confirmation; or the customer was absent
        /// and the arrival is recorded.
        ReadyToHandIn = "ready_to_hand_in",
        /// The auditor did not do the work (I11).
        NotOwnWork = "not_own_work",
        /// All photos arrived, or are waived with a reason.
        PhotosCompleteOrWaived = "photos_complete_or_waived",
        /// The warranty decision is confirmed, where there is one.
        DecisionConfirmed = "decision_confirmed",
    }
}

use OrderState as S;

/// States of an order that runs: assigned, work not ended.
const RUNNING: &[OrderState] = &[
    S::Dispatched,
    S::Accepted,
    S::Travelling,
    S::OnSite,
    S::Remote,
    S::WaitingParts,
    S::WaitingCustomer,
    S::Blocked,
];

/// One row of the table: the step, who takes it, from which states, to which state, under which guards.
#[derive(Debug, Clone, Copy)]
pub struct StepRule {
    /// The step.
    pub step: Step,
    /// Who may take it.
    pub by: &'static [Role],
    /// From which states.
    pub from: &'static [OrderState],
    /// To which state.
    pub to: OrderState,
    /// What else must hold.
    pub guards: &'static [Guard],
}

const OFFICE: &[Role] = &[Role::Dispatcher, Role::Auditor];
const ENGINEER: &[Role] = &[Role::Engineer];
const AUDITOR: &[Role] = &[Role::Auditor];

/// The table of D.3. Exactly one row a step.
pub const STEP_RULES: &[StepRule] = &[
    StepRule {
        step: Step::Dispatch,
        by: OFFICE,
        from: &[
            S::Open,
            S::Dispatched,
            S::Accepted,
            S::Travelling,
            S::OnSite,
            S::Remote,
            S::WaitingParts,
            S::WaitingCustomer,
            S::Blocked,
        ],
        to: S::Dispatched,
        guards: &[Guard::EngineerActive],
    },
    StepRule {
        step: Step::Accept,
        by: ENGINEER,
        from: &[S::Dispatched],
        to: S::Accepted,
        guards: &[Guard::OwnAssignment],
    },
    StepRule {
        step: Step::Decline,
        by: ENGINEER,
        from: &[S::Dispatched],
        to: S::Open,
        guards: &[Guard::OwnAssignment, Guard::ReasonGiven],
    },
    StepRule {
        step: Step::Travel,
        by: ENGINEER,
        from: RUNNING,
        to: S::Travelling,
        guards: &[Guard::OwnAssignment],
    },
    StepRule {
        step: Step::Arrive,
        by: ENGINEER,
        from: RUNNING,
        to: S::OnSite,
        guards: &[Guard::OwnAssignment],
    },
    StepRule {
        step: Step::StartRemote,
        by: ENGINEER,
        from: RUNNING,
        to: S::Remote,
        guards: &[Guard::OwnAssignment, Guard::RemoteConsent],
    },
    StepRule {
        step: Step::WaitParts,
        by: ENGINEER,
        from: RUNNING,
        to: S::WaitingParts,
        guards: &[Guard::OwnAssignment, Guard::ReasonGiven],
    },
    StepRule {
        step: Step::WaitCustomer,
        by: ENGINEER,
        from: RUNNING,
        to: S::WaitingCustomer,
        guards: &[Guard::OwnAssignment, Guard::ReasonGiven],
    },
    StepRule {
        step: Step::Block,
        by: ENGINEER,
        from: RUNNING,
        to: S::Blocked,
        guards: &[Guard::OwnAssignment, Guard::ReasonGiven],
    },
    StepRule {
        step: Step::FinishWork,
        by: ENGINEER,
        from: RUNNING,
        to: S::WorkDone,
        guards: &[Guard::OwnAssignment, Guard::OutcomeSet],
    },
    StepRule {
        step: Step::Sign,
        by: ENGINEER,
        from: &[
            S::Dispatched,
            S::Accepted,
            S::Travelling,
            S::OnSite,
            S::Remote,
            S::WaitingParts,
            S::WaitingCustomer,
            S::Blocked,
            S::WorkDone,
        ],
        to: S::Signed,
        guards: &[Guard::OutcomeSet, Guard::SealOrRefusal],
    },
    StepRule {
        step: Step::Submit,
        by: ENGINEER,
        // Submitted and returned: a new revision before the audit.
        from: &[
            S::Dispatched,
            S::Accepted,
            S::Travelling,
            S::OnSite,
            S::Remote,
            S::WaitingParts,
            S::WaitingCustomer,
            S::Blocked,
            S::WorkDone,
            S::Signed,
            S::Submitted,
            S::Returned,
        ],
        to: S::Submitted,
        guards: &[Guard::OutcomeSet, Guard::ReadyToHandIn],
    },
    StepRule {
        step: Step::Return,
        by: AUDITOR,
        from: &[S::Submitted],
        to: S::Returned,
        guards: &[Guard::NotOwnWork, Guard::ReasonGiven],
    },
    StepRule {
        step: Step::Audit,
        by: AUDITOR,
        from: &[S::Submitted],
        to: S::Audited,
        guards: &[
            Guard::NotOwnWork,
            Guard::PhotosCompleteOrWaived,
            Guard::DecisionConfirmed,
        ],
    },
    StepRule {
        step: Step::UnAudit,
        by: AUDITOR,
        from: &[S::Audited],
        to: S::Submitted,
        guards: &[Guard::NotOwnWork, Guard::ReasonGiven],
    },
    StepRule {
        step: Step::Cancel,
        by: OFFICE,
        from: &[
            S::Open,
            S::Dispatched,
            S::Accepted,
            S::Travelling,
            S::OnSite,
            S::Remote,
            S::WaitingParts,
            S::WaitingCustomer,
            S::Blocked,
        ],
        to: S::Cancelled,
        guards: &[],
    },
    StepRule {
        step: Step::UnCancel,
        by: OFFICE,
        from: &[S::Cancelled],
        to: S::Open,
        guards: &[],
    },
];

/// The row of a step. Every step has one (tested).
pub fn rule_of(step: Step) -> Option<&'static StepRule> {
    STEP_RULES.iter().find(|rule| rule.step == step)
}

/// Whether the state table lets `step` follow `from` (D.3). Guards are asked by [`unmet`].
pub fn may_step(from: OrderState, step: Step) -> bool {
    target(from, step).is_some()
}

/// The state after `step` in `from`, or `None` where the table has no such arrow.
///
/// A report sealed anew in `submitted` or `returned` is handed in by the sealing: there the state after
/// [`Step::Sign`] is `submitted` (D.3, «seal of r2 ∥ return of r1»).
pub fn target(from: OrderState, step: Step) -> Option<OrderState> {
    if step == Step::Sign && matches!(from, S::Submitted | S::Returned) {
        return Some(S::Submitted);
    }
    // The outcome is corrected before the (next) signature: the state stays.
    if step == Step::FinishWork && matches!(from, S::WorkDone | S::Signed | S::Submitted | S::Returned) {
        return Some(from);
    }
    rule_of(step)
        .filter(|rule| rule.from.contains(&from))
        .map(|rule| rule.to)
}

/// What is known about a step, for its guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one answer a guard")]
pub struct GuardFacts {
    /// The engineer assigned or acting is active.
    pub engineer_active: bool,
    /// The assignment is the actor's own.
    pub own_assignment: bool,
    /// A consent to remote work stands.
    pub remote_consent: bool,
    /// A reason is given.
    pub reason_given: bool,
    /// The outcome is set.
    pub outcome_set: bool,
    /// The outcome is `customer_absent`.
    pub customer_absent: bool,
    /// The arrival is recorded.
    pub arrived: bool,
    /// A valid seal exists.
    pub sealed: bool,
    /// The customer's refusal has a reason.
    pub refusal_reason: bool,
    /// The customer's refusal has a witness.
    pub refusal_witness: bool,
    /// The work was remote.
    pub remote_work: bool,
    /// The customer confirmed by word of mouth (F-22).
    pub verbal_confirmation: bool,
    /// The auditor did this work.
    pub own_work: bool,
    /// All photos arrived, or are waived.
    pub photos_complete_or_waived: bool,
    /// No decision waits for a confirmation.
    pub decision_confirmed: bool,
}

/// The guards of `step` that `facts` do not meet, in the table's order. Empty: the step is right.
pub fn unmet(step: Step, facts: &GuardFacts) -> Vec<Guard> {
    let met = |guard: Guard| match guard {
        Guard::EngineerActive => facts.engineer_active,
        Guard::OwnAssignment => facts.own_assignment,
        Guard::RemoteConsent => facts.remote_consent,
        Guard::ReasonGiven => facts.reason_given,
        Guard::OutcomeSet => facts.outcome_set,
        Guard::SealOrRefusal => facts.sealed || facts.refusal_reason,
        Guard::ReadyToHandIn => {
            facts.sealed
                || (facts.refusal_reason && facts.refusal_witness)
                || (facts.remote_work && facts.verbal_confirmation)
                || (facts.customer_absent && facts.arrived)
        }
        Guard::NotOwnWork => !facts.own_work,
        Guard::PhotosCompleteOrWaived => facts.photos_complete_or_waived,
        Guard::DecisionConfirmed => facts.decision_confirmed,
    };
    let guards = rule_of(step).map_or(&[] as &[Guard], |rule| rule.guards);
    guards.iter().copied().filter(|guard| !met(*guard)).collect()
}

use TicketState as T;

/// The arrows of a ticket (D.3, T-13): from, to.
pub const TICKET_ARROWS: &[(TicketState, TicketState)] = &[
    (T::Received, T::Triaged),
    (T::Triaged, T::InWork),
    // Solved by phone (T-13).
    (T::Triaged, T::Solved),
    (T::InWork, T::Solved),
    // An unresolved visit gives the ticket back to the dispatcher (000-33).
    (T::InWork, T::Triaged),
    (T::Solved, T::Confirmed),
    (T::Confirmed, T::Closed),
    // Q24: closed without a satisfied customer, by a supervisor with a reason.
    (T::Solved, T::Closed),
    (T::Solved, T::Reopened),
    (T::Confirmed, T::Reopened),
    (T::Closed, T::Reopened),
    (T::Reopened, T::InWork),
    (T::Reopened, T::Solved),
    (T::Received, T::Merged),
    (T::Triaged, T::Merged),
    (T::InWork, T::Merged),
    (T::Reopened, T::Merged),
];

/// Whether a ticket may go from `from` to `to`.
pub fn ticket_may(from: TicketState, to: TicketState) -> bool {
    TICKET_ARROWS.contains(&(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d03_every_step_has_one_row() {
        for step in Step::ALL {
            assert_eq!(
                STEP_RULES.iter().filter(|rule| rule.step == *step).count(),
                1,
                "{step}"
            );
        }
    }

    /// The whole table, written down a second time by hand: for each state the steps that may follow.
    #[test]
    fn d03_the_whole_table() {
        let work = "travel arrive start_remote wait_parts wait_customer block finish_work sign submit";
        let rows = [
            (S::Open, "dispatch cancel".to_owned()),
            (S::Dispatched, format!("dispatch accept decline {work} cancel")),
            (S::Accepted, format!("dispatch {work} cancel")),
            (S::Travelling, format!("dispatch {work} cancel")),
            (S::OnSite, format!("dispatch {work} cancel")),
            (S::Remote, format!("dispatch {work} cancel")),
            (S::WaitingParts, format!("dispatch {work} cancel")),
            (S::WaitingCustomer, format!("dispatch {work} cancel")),
            (S::Blocked, format!("dispatch {work} cancel")),
            (S::WorkDone, "finish_work sign submit".to_owned()),
            (S::Signed, "finish_work submit".to_owned()),
            (S::Submitted, "finish_work sign submit return audit".to_owned()),
            (S::Returned, "finish_work sign submit".to_owned()),
            (S::Audited, "un_audit".to_owned()),
            (S::Cancelled, "un_cancel".to_owned()),
        ];
        assert_eq!(rows.len(), OrderState::ALL.len());
        for (state, expected) in rows {
            let steps: Vec<&str> = Step::ALL
                .iter()
                .filter(|step| may_step(state, **step))
                .map(|s| s.as_str())
                .collect();
            assert_eq!(steps.join(" "), expected, "{state}");
        }
    }

    #[test]
    fn d03_targets() {
        assert_eq!(target(S::Accepted, Step::FinishWork), Some(S::WorkDone));
        assert_eq!(target(S::Dispatched, Step::Decline), Some(S::Open));
        assert_eq!(target(S::Audited, Step::UnAudit), Some(S::Submitted));
        assert_eq!(target(S::Returned, Step::Sign), Some(S::Submitted));
        assert_eq!(target(S::WorkDone, Step::Sign), Some(S::Signed));
        assert_eq!(target(S::WorkDone, Step::Cancel), None);
        assert_eq!(target(S::WorkDone, Step::Travel), None);
        assert_eq!(target(S::Cancelled, Step::UnCancel), Some(S::Open));
    }

    #[test]
    fn d03_every_state_is_reachable_from_open() {
        let mut reached = vec![S::Open];
        let mut next = 0;
        while next < reached.len() {
            for step in Step::ALL {
                if let Some(to) = target(reached[next], *step)
                    && !reached.contains(&to)
                {
                    reached.push(to);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), OrderState::ALL.len());
    }

    #[test]
    fn d03_guards_name_what_is_missing() {
        let none = GuardFacts::default();
        assert_eq!(
            unmet(Step::StartRemote, &none),
            [Guard::OwnAssignment, Guard::RemoteConsent]
        );
        assert_eq!(
            unmet(Step::Submit, &none),
            [Guard::OutcomeSet, Guard::ReadyToHandIn]
        );
        let outcome = GuardFacts {
            outcome_set: true,
            ..none
        };
        assert_eq!(
            unmet(
                Step::Submit,
                &GuardFacts {
                    sealed: true,
                    ..outcome
                }
            ),
            []
        );
        assert_eq!(
            unmet(
                Step::Submit,
                &GuardFacts {
                    refusal_reason: true,
                    ..outcome
                }
            ),
            [Guard::ReadyToHandIn],
            "a refusal needs its witness too"
        );
        assert_eq!(
            unmet(
                Step::Submit,
                &GuardFacts {
                    refusal_reason: true,
                    refusal_witness: true,
                    ..outcome
                }
            ),
            []
        );
        assert_eq!(
            unmet(
                Step::Submit,
                &GuardFacts {
                    remote_work: true,
                    verbal_confirmation: true,
                    ..outcome
                }
            ),
            []
        );
        assert_eq!(
            unmet(
                Step::Submit,
                &GuardFacts {
                    customer_absent: true,
                    ..outcome
                }
            ),
            [Guard::ReadyToHandIn]
        );
        assert_eq!(
            unmet(
                Step::Submit,
                &GuardFacts {
                    customer_absent: true,
                    arrived: true,
                    ..outcome
                }
            ),
            []
        );
        let auditor = GuardFacts {
            own_work: true,
            photos_complete_or_waived: true,
            decision_confirmed: true,
            ..none
        };
        assert_eq!(unmet(Step::Audit, &auditor), [Guard::NotOwnWork]);
    }

    #[test]
    fn d03_ticket_arrows() {
        assert!(ticket_may(T::Triaged, T::Solved));
        assert!(ticket_may(T::Closed, T::Reopened));
        assert!(!ticket_may(T::Received, T::Closed));
        assert!(!ticket_may(T::Merged, T::Reopened));
        assert!(!ticket_may(T::Received, T::Solved));
    }
}
