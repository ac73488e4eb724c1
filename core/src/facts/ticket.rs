//! What a ticket carries beside its fields: its numbers, how it stands over its work orders, who spoke with the customer,
//! what the customer agreed to, to whom it was passed on (D.3, 000-33, 002-14).
//!
//! Invariants: the state walks the arrows of D.3 from fact to fact; a step that has no arrow is kept, flagged and without
//! effect. Both numbers of a ticket stand here for ever (Q12, I10).

use serde::Serialize;

use crate::domain::callback::Scores;
use crate::domain::ids::OrderId;
use crate::domain::transitions::ticket_may;
use crate::domain::work::{OrderState, Outcome, TicketState};
use crate::facts::conflict::Flag;
use crate::facts::family::{Family, Ix};
use crate::facts::order::lists::{Clocks, Lists};
use crate::facts::order::view::{ConsentView, ContactView, Escalation, Note, OrderView};
use crate::facts::stored::Stamp;
use crate::facts::{DocName, Fact, FactId, first_order_of};

/// A step of a ticket's state that had its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketStep {
    /// The fact.
    pub id: FactId,
    /// The state from then on.
    pub state: TicketState,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// Of a closing: how (`confirmed`, or a way of Q24).
    pub close: Option<String>,
    /// The fact of a work order that it follows from, where the server wrote it.
    pub cause: Option<FactId>,
    /// Of a reopening: the work orders whose results do not count any more.
    pub after: Vec<OrderId>,
    /// Who, when.
    pub stamp: Stamp,
}

/// The customer was called back after the work (F-24 to F-26).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallbackView {
    /// The `callback` fact.
    pub id: FactId,
    /// The channel's code.
    pub way: String,
    /// What was answered; none where nobody was reached.
    pub scores: Option<Scores>,
    /// In words.
    pub text: Option<String>,
    /// It is about what solved the ticket now: no reopening came after it.
    pub current: bool,
    /// Who, when.
    pub stamp: Stamp,
}

/// A ticket beside its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TicketLog {
    /// The number that a phone printed before the server gave one (Q12).
    pub provisional: Option<String>,
    /// Its work orders, oldest first.
    pub orders: Vec<OrderId>,
    /// The steps of its state, oldest first.
    pub steps: Vec<TicketStep>,
    /// An unresolved visit gave it back, and nobody wrote down since what it brought to light (000-33b).
    pub needs_analysis: bool,
    /// The desk's attempts to reach the customer, oldest first.
    pub contacts: Vec<ContactView>,
    /// What the customer agreed to at the desk, oldest first.
    pub consents: Vec<ConsentView>,
    /// To whom it was passed on, oldest first.
    pub escalations: Vec<Escalation>,
    /// Notes among colleagues, oldest first.
    pub notes: Vec<Note>,
    /// Callbacks, oldest first: of several, each stands.
    pub callbacks: Vec<CallbackView>,
}

impl TicketLog {
    /// How the ticket stands; none where nobody said so yet.
    pub fn state(&self) -> Option<TicketState> {
        self.steps.last().map(|step| step.state)
    }

    /// Solved, whatever followed: a customer can be asked how it went.
    pub fn ended(&self) -> bool {
        matches!(
            self.state(),
            Some(TicketState::Solved | TicketState::Confirmed | TicketState::Closed)
        )
    }

    /// The step that solved it, while the customer is still to be asked how it went (F-24): not where a supervisor closed it
    /// without his word (Q24).
    pub fn to_call(&self) -> Option<&TicketStep> {
        let without = |step: &TicketStep| step.close.as_deref().is_some_and(|way| way != "confirmed");
        let asked = |callback: &CallbackView| callback.current && callback.scores.is_some();
        if !self.ended() || self.steps.last().is_some_and(without) || self.callbacks.iter().any(asked) {
            return None;
        }
        self.steps.iter().rfind(|step| step.state == TicketState::Solved)
    }

    /// The work orders whose results count: those that a reopening did not leave behind.
    pub fn counts(&self, order: OrderId) -> bool {
        let reopened = self
            .steps
            .iter()
            .rfind(|step| step.state == TicketState::Reopened);
        reopened.is_none_or(|step| !step.after.contains(&order))
    }

    /// Folds what stands in `doc`, a ticket's document, from its visible facts; gives what is to be said about single ones.
    pub(crate) fn fold(family: &Family<'_>, doc: &DocName, visible: &[Ix]) -> (Self, Vec<(Ix, Flag)>) {
        let own: Vec<Ix> = visible
            .iter()
            .copied()
            .filter(|ix| family.doc(*ix) == doc)
            .collect();
        let lists = Lists::fold(family, &own, &Clocks::default());
        let mut said = lists.unknown_codes;
        let mut log = Self {
            provisional: provisional(family, doc),
            contacts: lists.contacts,
            consents: lists.consents,
            escalations: lists.escalations,
            notes: lists.notes,
            ..Self::default()
        };
        for &ix in &own {
            let record = family.record(ix);
            match record.fact() {
                Some(Fact::OrderAdded(added)) => match added.order {
                    DocName::Order(order) if !log.orders.contains(&order) => log.orders.push(order),
                    DocName::Order(_) => {}
                    _ => said.push((ix, Flag::BadReference)),
                },
                Some(Fact::TicketState(step)) => {
                    let Ok(state) = step.state.parse::<TicketState>() else {
                        said.push((ix, Flag::UnknownCode));
                        continue;
                    };
                    if log.state() == Some(state) {
                        continue;
                    }
                    if log.state().is_some_and(|from| !ticket_may(from, state)) {
                        said.push((ix, Flag::GuardFailed));
                        continue;
                    }
                    if state == TicketState::Reopened {
                        for callback in &mut log.callbacks {
                            callback.current = false;
                        }
                    }
                    log.needs_analysis = state == TicketState::Triaged && step.cause.is_some();
                    log.steps.push(TicketStep {
                        id: record.id,
                        state,
                        reason: step.reason.clone(),
                        close: step.close.clone(),
                        cause: step.cause,
                        after: step.after.iter().filter_map(DocName::order).collect(),
                        stamp: record.stamp.as_ref().clone(),
                    });
                }
                Some(Fact::Callback(callback)) => {
                    if callback.scores.is_some_and(|scores| !scores.valid()) {
                        said.push((ix, Flag::UnknownCode));
                        continue;
                    }
                    log.callbacks.push(CallbackView {
                        id: record.id,
                        way: callback.way.clone(),
                        scores: callback.scores,
                        text: callback.text.clone(),
                        current: true,
                        stamp: record.stamp.as_ref().clone(),
                    });
                }
                Some(Fact::Set(set)) if set.subject.is_none() => {
                    let analysed = set.fields.get("analysis").and_then(|value| value.as_str());
                    if analysed.is_some_and(|text| !text.trim().is_empty()) {
                        log.needs_analysis = false;
                    }
                }
                _ => {}
            }
        }
        (log, said)
    }
}

/// The number that the founding phone printed: the office's copy of it, else the founding's own word.
fn provisional(family: &Family<'_>, doc: &DocName) -> Option<String> {
    let DocName::Ticket(ticket) = doc else { return None };
    let mut founded = None;
    for (ix, fact) in family.live() {
        match fact {
            Fact::Set(set) if family.doc(ix) == doc && set.subject.is_none() => {
                if let Some(number) = set.fields.get("provisional_no").and_then(|value| value.as_str()) {
                    return Some(number.to_owned());
                }
            }
            Fact::Found(found) if founded.is_none() => {
                if let DocName::Intake(_, of) = family.doc(ix)
                    && of == ticket
                {
                    founded = Some(found.provisional.clone());
                }
            }
            _ => {}
        }
    }
    founded
}

/// How one work order of a ticket stands, for the ticket's own state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its fine state.
    pub state: OrderState,
    /// How the work ended.
    pub outcome: Option<Outcome>,
    /// The customer said yes to the result: signed as satisfied, or confirmed by word of mouth (F-22).
    pub confirmed: bool,
}

impl Standing {
    /// As the order stands now.
    pub fn of(view: &OrderView) -> Self {
        let visit = view
            .visit
            .and_then(|engineer| view.visits.iter().find(|visit| visit.engineer == engineer));
        let signed = visit.is_some_and(|visit| {
            let satisfied = visit.fields.text("opinion_kind") == Some("satisfied");
            let current = visit.seals.iter().find(|seal| seal.current);
            satisfied && current.is_some_and(|seal| seal.kind == "signed")
        });
        let spoken = view.timeline.iter().any(|event| {
            let submit = match event.record.fact() {
                Some(Fact::Submit(submit)) => submit,
                _ => return false,
            };
            visit.is_some_and(|visit| visit.submit == Some(event.record.id))
                && submit.without.as_deref() == Some("verbal_confirmation")
        });
        Self {
            state: view.state,
            outcome: view.done_by.as_ref().and_then(|done| done.outcome),
            confirmed: signed || spoken,
        }
    }

    /// Assigned, work not ended.
    pub const fn runs(self) -> bool {
        matches!(
            self.state,
            OrderState::Dispatched
                | OrderState::Accepted
                | OrderState::Travelling
                | OrderState::OnSite
                | OrderState::Remote
                | OrderState::WaitingParts
                | OrderState::WaitingCustomer
                | OrderState::Blocked
        )
    }

    /// The work ended, whatever its outcome.
    pub const fn ended(self) -> bool {
        matches!(
            self.state,
            OrderState::WorkDone
                | OrderState::Signed
                | OrderState::Submitted
                | OrderState::Returned
                | OrderState::Audited
        )
    }

    /// The work ended and the fault is gone.
    pub const fn solved(self) -> bool {
        self.ended() && matches!(self.outcome, Some(Outcome::Solved | Outcome::NoFaultFound))
    }
}

/// Where a ticket in state `now` goes next by what its work orders say (000-33); none where it stays. Called again with
/// the answer until it gives none: a ticket may pass several states at once.
///
/// One solved visit solves it, whatever earlier ones brought; without one, an ended visit gives it back to the
/// dispatcher. It waits for every order that runs. `received` waits for its triage.
pub fn next_ticket_state(now: TicketState, orders: &[Standing]) -> Option<TicketState> {
    use TicketState as T;
    let runs = orders.iter().any(|order| order.runs());
    let solved = orders.iter().any(|order| order.solved());
    let ended = orders.iter().any(|order| order.ended());
    let confirmed = orders.iter().any(|order| order.solved() && order.confirmed);
    let audited = orders
        .iter()
        .filter(|order| order.ended())
        .all(|order| order.state == OrderState::Audited);
    match now {
        T::Triaged | T::Reopened if runs => Some(T::InWork),
        T::Triaged | T::Reopened if solved => Some(T::Solved),
        T::InWork if runs => None,
        T::InWork if solved => Some(T::Solved),
        T::InWork => Some(T::Triaged),
        T::Solved if confirmed => Some(T::Confirmed),
        T::Confirmed if ended && audited && !runs => Some(T::Closed),
        _ => None,
    }
}

/// Whether a document is the one in which this ticket was founded on site.
pub fn founds(doc: &DocName, order: OrderId) -> bool {
    matches!(doc, DocName::Intake(_, ticket) if first_order_of(*ticket) == order)
}
