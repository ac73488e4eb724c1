//! A ticket's life at the desk (D.3): triaged, solved without a visit, confirmed, closed, reopened, joined to another.
//!
//! What work orders bring about is written by the server itself (`pipeline`); here stand a person's decisions. Each command
//! asks the arrows of D.3 first, so that what it writes has its effect; a closing needs a result and the customer's word, or
//! a way of Q24 by a supervisor.

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::TicketId;
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::transitions::ticket_may;
use fieldseal_core::domain::work::TicketState;
use fieldseal_core::facts::kinds::{self, Set};
use fieldseal_core::facts::ticket::{Standing, TicketLog};
use fieldseal_core::facts::{DocName, Fact, RecordView, ViewToken};
use serde_json::json;

use super::fields::{Changes, check, required};
use super::records::edits;
use super::{Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// Attempts that Q24 asks for before a customer counts as out of reach, and on how many days.
const ATTEMPTS: usize = 3;
const DAYS: usize = 2;

/// How a ticket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseAs {
    /// The customer confirmed the result (001-01).
    Confirmed,
    /// The customer will not be satisfied: by a supervisor, with a reason (Q24).
    NotSatisfied,
    /// The customer was not reached in three attempts on two days: by a supervisor, with a reason (Q24).
    Unreachable,
}

impl CloseAs {
    /// The code that stands in the fact.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::NotSatisfied => "customer_not_satisfied",
            Self::Unreachable => "customer_unreachable",
        }
    }
}

impl std::str::FromStr for CloseAs {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Confirmed, Self::NotSatisfied, Self::Unreachable]
            .into_iter()
            .find(|way| way.as_str() == text)
            .ok_or(())
    }
}

/// A step with its reason.
fn step(state: TicketState, reason: Option<String>) -> kinds::TicketState {
    kinds::TicketState {
        state: state.as_str().to_owned(),
        reason,
        close: None,
        cause: None,
        after: Vec::new(),
    }
}

/// The log of a ticket's record.
pub(super) fn log_of(view: &RecordView) -> Result<&TicketLog, OfficeError> {
    view.ticket.as_deref().ok_or(OfficeError::NotFound)
}

/// Refuses a step that D.3 has no arrow for.
fn arrow(log: &TicketLog, to: TicketState) -> Result<(), OfficeError> {
    let from = log.state().unwrap_or(TicketState::Received);
    if ticket_may(from, to) {
        Ok(())
    } else {
        Err(OfficeError::whole("ticket_state"))
    }
}

impl Office {
    /// A ticket as it stands.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`].
    pub(super) fn ticket_view(&self, ticket: TicketId) -> Result<std::sync::Arc<RecordView>, OfficeError> {
        self.views
            .record(&DocName::Ticket(ticket))?
            .ok_or(OfficeError::NotFound)
    }

    fn step(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        more: Vec<Fact>,
        step: kinds::TicketState,
    ) -> Result<Saved, OfficeError> {
        let mut facts = more;
        facts.push(Fact::TicketState(step));
        self.append(by, &[(DocName::Ticket(ticket), facts)], token)
    }

    /// Confirms class and priority, and whatever else the form changed (F-09): the ticket may be worked on from now on.
    /// `None` where it was triaged before and nothing differs.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` (category, priority), and
    /// what the fields say.
    pub fn triage(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        changes: &Changes,
    ) -> Result<Option<Saved>, OfficeError> {
        require(by, Operation::Triage)?;
        let doc = DocName::Ticket(ticket);
        let changes = check(&doc, changes)?;
        let _one = self.begin();
        let view = self.ticket_view(ticket)?;
        for field in ["category", "priority"] {
            let stands = match changes.get(field) {
                Some(value) => !value.is_null(),
                None => view.fields.value(field).is_some(),
            };
            if !stands {
                return Err(OfficeError::field(field, "empty"));
            }
        }
        let mut facts = edits(&doc, &view.fields, changes, token);
        if matches!(log_of(&view)?.state(), None | Some(TicketState::Received)) {
            facts.push(Fact::TicketState(step(TicketState::Triaged, None)));
        }
        if facts.is_empty() {
            return Ok(None);
        }
        self.append(by, &[(doc, facts)], token).map(Some)
    }

    /// Solved by phone or in writing, without a visit (T-13).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` (solution), `ticket_state`.
    pub fn solve_at_desk(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        solution: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let solution = required("solution", solution)?;
        let _one = self.begin();
        let view = self.ticket_view(ticket)?;
        arrow(log_of(&view)?, TicketState::Solved)?;
        let set = Fact::Set(Set {
            subject: None,
            fields: Changes::from([("solution".to_owned(), json!(solution))]),
            over: view.fields.over(["solution"], token),
        });
        self.step(by, ticket, token, vec![set], step(TicketState::Solved, None))
    }

    /// The customer said that it is solved; how and who, in words (001-01, F-22).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty`, `ticket_state`.
    pub fn confirm_ticket(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        words: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let words = required("reason", words)?;
        let _one = self.begin();
        let view = self.ticket_view(ticket)?;
        arrow(log_of(&view)?, TicketState::Confirmed)?;
        self.step(
            by,
            ticket,
            token,
            Vec::new(),
            step(TicketState::Confirmed, Some(words)),
        )
    }

    /// Closes a ticket that has a result: with the customer's word, or by Q24; a customer who is not satisfied opens an
    /// improvement.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`] (the ways of Q24 are a supervisor's), [`OfficeError::NotFound`],
    /// [`OfficeError::Invalid`]: `ticket_state`, `no_result`, `empty` (reason), `attempts_missing`.
    pub fn close_ticket(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        way: CloseAs,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let reason = if way == CloseAs::Confirmed {
            super::fields::optional("reason", Some(reason))?
        } else {
            require(by, Operation::Audit)?;
            Some(required("reason", reason)?)
        };
        let _one = self.begin();
        let view = self.ticket_view(ticket)?;
        let log = log_of(&view)?;
        let confirmed = log.state() == Some(TicketState::Confirmed);
        if confirmed != (way == CloseAs::Confirmed) {
            return Err(OfficeError::whole("ticket_state"));
        }
        arrow(log, TicketState::Closed)?;
        if view.fields.text("solution").is_none() && !self.has_result(log)? {
            return Err(OfficeError::whole("no_result"));
        }
        if way == CloseAs::Unreachable && !self.tried_enough(log)? {
            return Err(OfficeError::whole("attempts_missing"));
        }
        let closed = kinds::TicketState {
            close: Some(way.as_str().to_owned()),
            ..step(TicketState::Closed, reason)
        };
        let mut parts = vec![(DocName::Ticket(ticket), vec![Fact::TicketState(closed)])];
        if way == CloseAs::NotSatisfied {
            parts.extend(self.new_improvement(ticket, &view, "not_satisfied")?);
        }
        self.append(by, &parts, token)
    }

    /// Whether a visit of the ticket ended with an outcome.
    fn has_result(&self, log: &TicketLog) -> Result<bool, OfficeError> {
        for order in &log.orders {
            let view = self.views.order(*order)?;
            if view.is_some_and(|view| Standing::of(&view).outcome.is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Three attempts to reach the customer, on two days (Q24): the desk's and those of the visits.
    fn tried_enough(&self, log: &TicketLog) -> Result<bool, OfficeError> {
        let mut attempts: Vec<String> = Vec::new();
        let missed = log.contacts.iter().filter(|contact| !contact.reached);
        attempts.extend(missed.map(|contact| contact.stamp.at.to_string()));
        for order in &log.orders {
            if let Some(view) = self.views.order(*order)? {
                let missed = view.contacts.iter().filter(|contact| !contact.reached);
                attempts.extend(missed.map(|contact| contact.stamp.at.to_string()));
            }
        }
        let days: BTreeSet<_> = attempts
            .iter()
            .filter_map(|at| at.parse::<LocalTime>().ok())
            .map(LocalTime::wall_date)
            .collect();
        Ok(attempts.len() >= ATTEMPTS && days.len() >= DAYS)
    }

    /// Takes a solved or closed ticket up again: earlier reports stay as they are, and what they solved does not count any
    /// more (001-15).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` (reason), `ticket_state`.
    pub fn reopen_ticket(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let view = self.ticket_view(ticket)?;
        let log = log_of(&view)?;
        arrow(log, TicketState::Reopened)?;
        let reopened = kinds::TicketState {
            after: self.ended(log)?.into_iter().map(DocName::Order).collect(),
            ..step(TicketState::Reopened, Some(reason))
        };
        self.step(by, ticket, token, Vec::new(), reopened)
    }

    fn ended(&self, log: &TicketLog) -> Result<Vec<fieldseal_core::domain::ids::OrderId>, OfficeError> {
        let mut ended = Vec::new();
        for order in &log.orders {
            let view = self.views.order(*order)?;
            if view.is_some_and(|view| Standing::of(&view).ended()) {
                ended.push(*order);
            }
        }
        Ok(ended)
    }

    /// Joins a ticket to the one that tells of the same fault (D.5-9): both numbers go on to be found, the other one is
    /// worked on. Only a ticket on which no visit was begun.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` (reason), `same_ticket`,
    /// `ticket_state`, `orders_begun`.
    pub fn merge_ticket(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        into: TicketId,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let (view, target) = (self.ticket_view(ticket)?, self.ticket_view(into)?);
        let log = log_of(&view)?;
        if ticket == into || log_of(&target)?.state() == Some(TicketState::Merged) {
            return Err(OfficeError::whole("same_ticket"));
        }
        arrow(log, TicketState::Merged)?;
        for order in &log.orders {
            let view = self.views.order(*order)?;
            let begun = view.is_some_and(|view| {
                let standing = Standing::of(&view);
                standing.runs() || standing.ended()
            });
            if begun {
                return Err(OfficeError::whole("orders_begun"));
            }
        }
        let set = Fact::Set(Set {
            subject: None,
            fields: Changes::from([("duplicate_of".to_owned(), json!(DocName::Ticket(into)))]),
            over: view.fields.over(["duplicate_of"], token),
        });
        self.step(
            by,
            ticket,
            token,
            vec![set],
            step(TicketState::Merged, Some(reason)),
        )
    }
}
