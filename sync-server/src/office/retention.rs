//! Until when a ticket with everything of it is kept (F-29, N7, Q9, I12).

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::TicketId;
use fieldseal_core::domain::policy::WarrantyPolicy;
use fieldseal_core::domain::retention::{kept_until, last_warranty_day};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::warranty::WarrantyDates;
use fieldseal_core::domain::work::TicketState;
use fieldseal_core::facts::{DocName, Field, Fields};

use super::{Office, OfficeError, Person, TicketRow, require};

/// A closed ticket and until when it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTicket {
    /// The ticket.
    pub row: Arc<TicketRow>,
    /// The last day on which it must be kept; none where nobody knows it.
    pub until: Option<NaiveDate>,
    /// That day is over.
    pub free: bool,
}

/// The latest day that anybody wrote in a field, what a visit proposed and what lost included: keeping too long harms less.
fn latest(of: &[&Fields], field: &str) -> Option<NaiveDate> {
    of.iter()
        .filter_map(|fields| fields.0.get(field))
        .flat_map(Field::entries)
        .filter_map(|entry| entry.value.as_str()?.parse().ok())
        .max()
}

impl Office {
    /// Every warranty policy that was ever published, with those that come with the program.
    fn every_policy(&self) -> Result<Vec<WarrantyPolicy>, OfficeError> {
        let mut policies = self.packs()?.warranty.clone();
        let tx = self.storage.read()?;
        for entry in &self.views.reference()?.packs {
            let Ok(hash) = entry.pack.blob.parse::<ContentHash>() else {
                continue;
            };
            if entry.pack.pack != "policy" {
                continue;
            }
            // Service levels are packs of this kind too; they are none of ours here.
            let text = tx.blob(&hash.0)?.and_then(|bytes| String::from_utf8(bytes).ok());
            policies.extend(text.and_then(|text| WarrantyPolicy::read(&text).ok()));
        }
        Ok(policies)
    }

    /// The day until which a ticket is kept, that day included; none while it is open, or while nobody knows until when one
    /// of its units is under warranty.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Unexpected`].
    pub fn kept_until(&self, ticket: TicketId) -> Result<Option<NaiveDate>, OfficeError> {
        self.kept_by(ticket, &self.every_policy()?)
    }

    /// Every closed ticket, hidden ones too, with the day until which it is kept: those that may go first, then by that
    /// day; those of which nobody knows it come last.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`] for all but administrators; [`OfficeError::Unexpected`].
    pub fn kept_tickets(&self, by: &Person) -> Result<Vec<KeptTicket>, OfficeError> {
        require(by, Operation::Administer)?;
        let policies = self.every_policy()?;
        let today = self.now().wall_date();
        let mut kept = Vec::new();
        for row in self.tickets()?.into_iter().chain(self.hidden_tickets()?) {
            if row.state == TicketState::Closed {
                let until = self.kept_by(row.id, &policies)?;
                let free = until.is_some_and(|until| until < today);
                kept.push(KeptTicket { row, until, free });
            }
        }
        kept.sort_by_key(|ticket| (ticket.until.is_none(), ticket.until, ticket.row.id));
        Ok(kept)
    }

    /// Whether a ticket may be purged today; gives the last day on which it had to be kept. Nothing is removed here.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]; [`OfficeError::Invalid`] with `kept` up to that day (I12),
    /// while the ticket is open, and where nobody knows the day.
    pub fn check_purge(&self, by: &Person, ticket: TicketId) -> Result<NaiveDate, OfficeError> {
        require(by, Operation::Administer)?;
        match self.kept_until(ticket)? {
            Some(until) if until < self.now().wall_date() => Ok(until),
            _ => Err(OfficeError::whole("kept")),
        }
    }

    /// As [`Office::check_purge`], of the ticket with a number, hidden or not.
    ///
    /// # Errors
    /// Its own, and [`OfficeError::Invalid`] with `unknown_choice` for a number that no ticket has.
    pub fn check_purge_of(&self, by: &Person, number: &str) -> Result<NaiveDate, OfficeError> {
        require(by, Operation::Administer)?;
        let number = number.trim().to_uppercase();
        let hidden = self
            .hidden_tickets()?
            .into_iter()
            .find(|row| row.state == TicketState::Closed && row.number == number);
        let ticket = match hidden {
            Some(row) => Some(row.id),
            None => self.ticket_by_number(&number)?,
        };
        self.check_purge(by, ticket.ok_or(OfficeError::field("number", "unknown_choice"))?)
    }

    fn kept_by(
        &self,
        ticket: TicketId,
        policies: &[WarrantyPolicy],
    ) -> Result<Option<NaiveDate>, OfficeError> {
        let view = self.ticket_view(ticket)?;
        let Some(log) = view.ticket.as_deref() else {
            return Ok(None);
        };
        let last = log.steps.last().filter(|step| step.state == TicketState::Closed);
        let Some(closed) = last.and_then(|step| step.stamp.at.parse::<LocalTime>().ok()) else {
            return Ok(None);
        };
        let mut units: BTreeSet<DocName> = view.fields.named("assets").into_iter().collect();
        let mut orders = Vec::new();
        for order in &log.orders {
            let Some(order) = self.views.order(*order)? else {
                continue;
            };
            units.extend(order.fields.named("assets"));
            units.extend(order.decisions.iter().map(|decision| decision.asset.clone()));
            units.extend(order.learnt.keys().cloned());
            orders.push(order);
        }
        let mut warranties = Vec::new();
        for unit in units.iter().filter(|doc| matches!(doc, DocName::Asset(_))) {
            let record = self.views.record(unit)?;
            let learnt = orders.iter().filter_map(|order| order.learnt.get(unit));
            let of: Vec<&Fields> = record.iter().map(|record| &record.fields).chain(learnt).collect();
            let dates = WarrantyDates {
                applied_on: latest(&of, "applied_on"),
                sold_on: latest(&of, "sold_on"),
                accepted_on: latest(&of, "accepted_on"),
                maker_warranty_end: latest(&of, "maker_warranty_end"),
            };
            warranties.push(last_warranty_day(&dates, policies));
        }
        Ok(kept_until(Some(closed.wall_date()), &warranties))
    }
}
