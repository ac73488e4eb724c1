//! After the visit (F-24 to F-27): whom to call back, what was answered, and the improvements that a bad answer opens.
//!
//! Invariants: an improvement is opened in the same action as what opened it; a ticket has one open at a time; none is closed
//! without owner, cause and action.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fieldseal_core::domain::callback::{Scores, due_ms, may_call_back};
use fieldseal_core::domain::ids::{ActionId, OrderId, RecordId, TicketId, UserId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::service_level::Occurred;
use fieldseal_core::domain::work::AttemptChannel;
use fieldseal_core::facts::kinds::{Callback, Set};
use fieldseal_core::facts::ticket::TicketLog;
use fieldseal_core::facts::{DocName, Fact, RecordView, ViewToken};
use serde_json::json;

use super::fields::{Changes, check, optional};
use super::records::{edits, first};
use super::ticket_life::log_of;
use super::{Office, OfficeError, Person, TicketRow, require, workers};
use crate::pipeline::Saved;

/// What is written into an improvement's `state`.
const OPEN: &str = "in_work";
/// The same once it is closed.
pub const CLOSED: &str = "done";

/// A callback as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCallback {
    /// By phone, by message.
    pub way: AttemptChannel,
    /// What the customer answered; none where nobody was reached.
    pub scores: Option<Scores>,
    /// In words.
    pub text: String,
}

/// A ticket whose customer is still to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackDue {
    /// The ticket.
    pub ticket: Arc<TicketRow>,
    /// Until when, ms since the epoch.
    pub due_ms: i64,
}

impl Office {
    /// Everybody who worked on a ticket's orders.
    fn ticket_workers(&self, log: &TicketLog) -> Result<Vec<UserId>, OfficeError> {
        let mut all = Vec::new();
        for order in &log.orders {
            if let Some(view) = self.views.order(*order)? {
                all.extend(workers(&view));
            }
        }
        Ok(all)
    }

    /// Whether the person may call this ticket's customer back (Q18): it is solved, and the work was somebody else's.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn may_call_back(&self, by: &Person, view: &RecordView) -> Result<bool, OfficeError> {
        let Some(log) = view.ticket.as_deref().filter(|log| log.ended()) else {
            return Ok(false);
        };
        Ok(by.active && may_call_back(&by.roles, by.user, &self.ticket_workers(log)?))
    }

    /// What a customer said when called back, or that nobody was reached; a bad answer opens an improvement (F-27). Of two
    /// that come at once both stand.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `bad_score`, `ticket_state`,
    /// `own_visit`, `too_long`.
    pub fn record_callback(
        &self,
        by: &Person,
        once: ActionId,
        ticket: TicketId,
        token: &ViewToken,
        new: &NewCallback,
    ) -> Result<(), OfficeError> {
        require(by, Operation::Callback)?;
        if new.scores.is_some_and(|scores| !scores.valid()) {
            return Err(OfficeError::whole("bad_score"));
        }
        let callback = Callback {
            way: new.way.as_str().to_owned(),
            scores: new.scores,
            text: optional("text", Some(&new.text))?,
        };
        self.append_parts_once(by, once, token, || {
            let view = self.ticket_view(ticket)?;
            if !log_of(&view)?.ended() {
                return Err(OfficeError::whole("ticket_state"));
            }
            if !self.may_call_back(by, &view)? {
                return Err(OfficeError::whole("own_visit"));
            }
            let mut parts = vec![(DocName::Ticket(ticket), vec![Fact::Callback(callback)])];
            if new.scores.is_some_and(Scores::low) {
                parts.extend(self.new_improvement(ticket, &view, "callback")?);
            }
            Ok(parts)
        })
    }

    /// The improvement that something about a ticket opens; none while one of it is open.
    pub(super) fn new_improvement(
        &self,
        ticket: TicketId,
        view: &RecordView,
        origin: &str,
    ) -> Result<Option<(DocName, Vec<Fact>)>, OfficeError> {
        let named = DocName::Ticket(ticket);
        let open = self.improvements()?.into_iter().any(|case| {
            case.fields.parsed::<DocName>("ticket").as_ref() == Some(&named)
                && case.fields.text("state") != Some(CLOSED)
        });
        if open {
            return Ok(None);
        }
        let doc = DocName::Case(RecordId(self.env.uuid_v7()));
        let fields = Changes::from([
            ("kind".to_owned(), json!("improvement")),
            ("ticket".to_owned(), json!(named)),
            ("customer".to_owned(), json!(view.fields.text("customer"))),
            ("origin".to_owned(), json!(origin)),
            ("opened_at".to_owned(), json!(self.now().to_string())),
            ("state".to_owned(), json!(OPEN)),
        ]);
        let fields = check(&doc, &fields)?;
        Ok(Some((doc, vec![first(fields)])))
    }

    /// Tickets whose customers are to be called, the first due first (F-24, Q17).
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn callbacks_due(&self) -> Result<Vec<CallbackDue>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        let wanted: BTreeSet<OrderId> = rows
            .tickets
            .all()
            .filter_map(|ticket| ticket.to_call.as_ref())
            .flat_map(|solved| solved.orders.iter().copied())
            .collect();
        let ends: BTreeMap<OrderId, Occurred> = rows
            .orders
            .all()
            .filter(|order| wanted.contains(&order.order))
            .filter_map(|order| Some((order.order, order.times.progress.ended.or(order.times.solved)?)))
            .collect();
        let mut due: Vec<CallbackDue> = Vec::new();
        for ticket in rows.tickets.all() {
            let Some(solved) = &ticket.to_call else { continue };
            // A clock that is wrong must not put the call off: at the latest the work ended when the office knew.
            let ended = solved
                .orders
                .iter()
                .filter_map(|order| ends.get(order))
                .filter(|at| !at.suspect && at.utc_ms <= solved.known_ms)
                .map(|at| at.utc_ms)
                .max();
            due.push(CallbackDue {
                ticket: ticket.clone(),
                due_ms: due_ms(ended.unwrap_or(solved.known_ms), solved.known_ms),
            });
        }
        drop(rows);
        due.sort_by_key(|due| (due.due_ms, due.ticket.id));
        Ok(due)
    }

    /// Every improvement, oldest first.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn improvements(&self) -> Result<Vec<Arc<RecordView>>, OfficeError> {
        let mut cases = Vec::new();
        for doc in self.views.names("case/")? {
            cases.extend(self.views.record(&doc)?.filter(|case| !case.hidden));
        }
        Ok(cases)
    }

    fn open_improvement(&self, case: RecordId) -> Result<(DocName, Arc<RecordView>), OfficeError> {
        let doc = DocName::Case(case);
        let view = self.views.record(&doc)?.ok_or(OfficeError::NotFound)?;
        if view.fields.text("state") == Some(CLOSED) {
            return Err(OfficeError::whole("case_closed"));
        }
        Ok((doc, view))
    }

    /// Writes down owner, cause and action of an open improvement: what the form changed. `None` if nothing differs.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `case_closed`, `unknown_field`,
    /// `unknown_choice` (owner), `too_long`.
    pub fn edit_improvement(
        &self,
        by: &Person,
        case: RecordId,
        token: &ViewToken,
        changes: &Changes,
    ) -> Result<Option<Saved>, OfficeError> {
        require(by, Operation::HandleComplaint)?;
        if changes
            .keys()
            .any(|name| !matches!(name.as_str(), "owner" | "cause" | "action"))
        {
            return Err(OfficeError::whole("unknown_field"));
        }
        let changes = check(&DocName::Case(case), changes)?;
        if let Some(owner) = changes.get("owner").and_then(|owner| owner.as_str()) {
            let user = owner.parse().ok();
            let person = user.map(|user| self.person(user)).transpose()?.flatten();
            if person.is_none_or(|person| !person.active) {
                return Err(OfficeError::field("owner", "unknown_choice"));
            }
        }
        let _one = self.begin();
        let (doc, view) = self.open_improvement(case)?;
        let facts = edits(&doc, &view.fields, changes, token);
        if facts.is_empty() {
            return Ok(None);
        }
        self.append(by, &[(doc, facts)], token).map(Some)
    }

    /// Closes an improvement that has owner, cause and action (F-27).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `case_closed`, `case_incomplete`.
    pub fn close_improvement(
        &self,
        by: &Person,
        case: RecordId,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::HandleComplaint)?;
        let _one = self.begin();
        let (doc, view) = self.open_improvement(case)?;
        if ["owner", "cause", "action"]
            .iter()
            .any(|field| view.fields.text(field).is_none())
        {
            return Err(OfficeError::whole("case_incomplete"));
        }
        let set = Fact::Set(Set {
            subject: None,
            fields: Changes::from([("state".to_owned(), json!(CLOSED))]),
            over: view.fields.over(["state"], token),
        });
        self.append(by, &[(doc, vec![set])], token)
    }
}
