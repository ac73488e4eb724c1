//! Work orders: made, assigned, reassigned, cancelled, instructed.
//!
//! A plan step names what it replaces as the person's screen showed it; what the screen did not show is left for
//! the fold's pair table (D.3), so a stale page never displaces what it has not seen.

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::{OrderId, TicketId, UserId};
use fieldseal_core::domain::roles::{Operation, Role};
use fieldseal_core::domain::work::{OrderType, Priority};
use fieldseal_core::facts::kinds::{Assign, OrderAdded, OverReason, Text};
use fieldseal_core::facts::order::view::AssignmentStatus;
use fieldseal_core::facts::{DocName, Fact, FactId, OrderView, RecordView, ViewToken, first_order_of};
use serde_json::{Value, json};

use super::fields::{Changes, check, optional, required};
use super::records::first;
use super::tickets::NewTicket;
use super::{Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// A visit as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// What is to be done.
    pub order_type: OrderType,
    /// Priority.
    pub priority: Priority,
    /// What it is about, short.
    pub summary: String,
    /// Window, local times with offset.
    pub window_from: Option<String>,
    /// Window, local times with offset.
    pub window_to: Option<String>,
    /// Parts that are likely needed.
    pub planned_parts: Vec<String>,
    /// Whom to ask for; none: the ticket's caller.
    pub contact: Option<DocName>,
}

/// Ticket, order and dispatch in one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The request.
    pub ticket: NewTicket,
    /// The visit.
    pub order: NewOrder,
    /// One engineer, a pool, or nobody yet.
    pub engineers: Vec<UserId>,
}

impl Office {
    fn order_fields(
        order: OrderId,
        ticket: TicketId,
        customer: &Value,
        assets: &Value,
        new: &NewOrder,
        caller: Option<&DocName>,
    ) -> Result<Changes, OfficeError> {
        let text = |value: &Option<String>| value.as_ref().map_or(Value::Null, |text| json!(text));
        let fields = Changes::from([
            ("ticket".to_owned(), json!(DocName::Ticket(ticket))),
            ("type".to_owned(), json!(new.order_type)),
            ("customer".to_owned(), customer.clone()),
            ("assets".to_owned(), assets.clone()),
            ("priority".to_owned(), json!(new.priority)),
            ("summary".to_owned(), json!(required("summary", &new.summary)?)),
            ("window_from".to_owned(), text(&new.window_from)),
            ("window_to".to_owned(), text(&new.window_to)),
            ("planned_parts".to_owned(), json!(new.planned_parts)),
            (
                "contact".to_owned(),
                new.contact
                    .as_ref()
                    .or(caller)
                    .map_or(Value::Null, |doc| json!(doc)),
            ),
        ]);
        check(&DocName::Order(order), &fields)
    }

    /// Makes a work order for a ticket; the same `once` again gives the same order and writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`] for an unknown ticket, [`OfficeError::Invalid`].
    pub fn create_order(
        &self,
        by: &Person,
        once: OrderId,
        ticket: TicketId,
        new: &NewOrder,
    ) -> Result<OrderId, OfficeError> {
        require(by, Operation::Assign)?;
        let _one = self.begin();
        let view = self.ticket_view(ticket)?;
        analysed(&view)?;
        let null = Value::Null;
        let customer = view.fields.value("customer").unwrap_or(&null);
        let assets = view.fields.value("assets").unwrap_or(&null);
        let caller = view.fields.text("caller").and_then(|text| text.parse().ok());
        let fields = Self::order_fields(once, ticket, customer, assets, new, caller.as_ref())?;
        let doc = DocName::Order(once);
        if !self.exists(&doc)? {
            let added = Fact::OrderAdded(OrderAdded { order: doc.clone() });
            let parts = [(doc, vec![first(fields)]), (DocName::Ticket(ticket), vec![added])];
            self.append(by, &parts, &view.token)?;
        }
        Ok(once)
    }

    /// Ticket, order and dispatch in one action; the same `once` again gives the same and writes nothing.
    ///
    /// # Errors
    /// As [`Office::create_ticket`], [`Office::create_order`] and [`Office::assign`].
    pub fn create_job(
        &self,
        by: &Person,
        once: TicketId,
        new: NewJob,
    ) -> Result<(TicketId, OrderId), OfficeError> {
        require(by, Operation::CreateTicket)?;
        require(by, Operation::Assign)?;
        let order = first_order_of(once);
        let doc = DocName::Order(order);
        let customer = DocName::Customer(new.ticket.customer);
        let (assets, category) = (json!(new.ticket.assets), new.ticket.category);
        let mut ticket = self.ticket_parts(once, new.ticket)?;
        let fields = Self::order_fields(
            order,
            once,
            &json!(customer),
            &assets,
            &new.order,
            ticket.caller.as_ref(),
        )?;
        let mut facts = vec![first(fields)];
        let _one = self.begin();
        if !self.exists(&customer)? {
            return Err(OfficeError::NotFound);
        }
        if !new.engineers.is_empty() {
            facts.push(Fact::Assign(Assign {
                engineers: self.engineers(&new.engineers)?,
                over: Vec::new(),
                reason: None,
            }));
        }
        if !self.exists(&ticket.doc)? {
            let added = Fact::OrderAdded(OrderAdded { order: doc.clone() });
            if let Some((_, of_ticket)) = ticket.parts.first_mut() {
                of_ticket.push(added);
            }
            ticket.parts.push((doc, facts));
            self.write_numbered(by, ticket.parts, category)?;
        }
        Ok((once, order))
    }

    /// The named people, each once, if all of them are active engineers.
    fn engineers(&self, named: &[UserId]) -> Result<Vec<UserId>, OfficeError> {
        let unique: BTreeSet<UserId> = named.iter().copied().collect();
        if unique.is_empty() {
            return Err(OfficeError::field("engineer", "empty"));
        }
        for user in &unique {
            let active = self
                .person(*user)?
                .is_some_and(|person| person.active && person.roles.contains(&Role::Engineer));
            if !active {
                return Err(OfficeError::field("engineer", "not_an_engineer"));
            }
        }
        Ok(unique.into_iter().collect())
    }

    /// Gives an order to an engineer (or a pool): a first assignment, or one that replaces those which the screen of
    /// `token` showed. Replacing needs a reason.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `not_an_engineer`,
    /// `empty` (reason).
    pub fn assign(
        &self,
        by: &Person,
        order: OrderId,
        token: &ViewToken,
        engineers: &[UserId],
        reason: Option<&str>,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Assign)?;
        let reason = optional("reason", reason)?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        if view.hidden {
            return Err(OfficeError::whole("hidden"));
        }
        if let Some(ticket @ DocName::Ticket(_)) = view.fields.parsed("ticket")
            && let Some(ticket) = self.views.record(&ticket)?
        {
            analysed(&ticket)?;
        }
        let engineers = self.engineers(engineers)?;
        let over = shown_assignments(&view, token);
        if !over.is_empty() && reason.is_none() {
            return Err(OfficeError::field("reason", "empty"));
        }
        let fact = Fact::Assign(Assign {
            engineers,
            over,
            reason,
        });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Cancels an order.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` (reason).
    pub fn cancel(
        &self,
        by: &Person,
        order: OrderId,
        token: &ViewToken,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Assign)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        let over = shown_assignments(&view, token);
        let fact = Fact::Cancel(OverReason { over, reason });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Takes the cancellations back that the screen of `token` showed.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `not_cancelled`, `empty`.
    pub fn uncancel(
        &self,
        by: &Person,
        order: OrderId,
        token: &ViewToken,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Assign)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        if view.hidden {
            return Err(OfficeError::whole("hidden"));
        }
        let over: Vec<FactId> = view
            .cancellations
            .iter()
            .map(|cancellation| cancellation.id)
            .filter(|id| token.facts.contains(id))
            .collect();
        if over.is_empty() {
            return Err(OfficeError::whole("not_cancelled"));
        }
        let fact = Fact::Uncancel(OverReason { over, reason });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Writes an instruction that the engineer sees.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty`.
    pub fn instruct(
        &self,
        by: &Person,
        order: OrderId,
        token: &ViewToken,
        text: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Assign)?;
        let text = required("text", text)?;
        let doc = DocName::Order(order);
        let _one = self.begin();
        if !self.exists(&doc)? {
            return Err(OfficeError::NotFound);
        }
        self.append(by, &[(doc, vec![Fact::Instruct(Text { text })])], token)
    }
}

/// What came back unresolved is not dispatched again before somebody wrote down what it brought to light (000-33b).
fn analysed(ticket: &RecordView) -> Result<(), OfficeError> {
    if ticket.ticket.as_ref().is_some_and(|log| log.needs_analysis) {
        return Err(OfficeError::field("analysis", "analysis_missing"));
    }
    Ok(())
}

/// The assignments that stood on the screen of `token`: shown there, and not yet replaced there by another.
fn shown_assignments(view: &OrderView, token: &ViewToken) -> Vec<FactId> {
    view.assignments
        .iter()
        .filter(|assignment| token.facts.contains(&assignment.id))
        .filter(|assignment| assignment.status != AssignmentStatus::WithoutEffect)
        .filter(|assignment| !assignment.revoked_by.iter().any(|by| token.facts.contains(by)))
        .map(|assignment| assignment.id)
        .collect()
}
