//! The rows of the list of tickets: what waits for triage, what came back unresolved, what runs, what waits for the
//! customer's word (000-12, 001-01, M-02), and the serial numbers by which two tickets of one fault are found (D.5-9).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fieldseal_core::domain::ids::{OrderId, TicketId};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::work::{Category, Priority, TicketState};
use fieldseal_core::facts::{DocName, RecordView};

use super::made_from::MadeFrom;
use super::words::Words;
use crate::office::{OfficeError, Views};

/// What solved a ticket whose customer is still to be called back (F-24).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToCall {
    /// When the office knew, ms since the epoch.
    pub known_ms: i64,
    /// The work orders that count; none of a ticket solved at the desk.
    pub orders: Vec<OrderId>,
}

/// One ticket in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// The ticket.
    pub id: TicketId,
    /// The number to show: the server's, else the phone's.
    pub number: String,
    /// The number that a phone printed (Q12).
    pub provisional: Option<String>,
    /// How it stands.
    pub state: TicketState,
    /// A visit brought it back unresolved, and nobody wrote down since what it brought to light (000-33b).
    pub needs_analysis: bool,
    /// A visit ended without solving it, and it is not worked on since (000-12).
    pub came_back: bool,
    /// By when the customer was promised to hear, ms since the epoch: the newest escalation's.
    pub promised_ms: Option<i64>,
    /// Class.
    pub category: Option<Category>,
    /// Priority.
    pub priority: Option<Priority>,
    /// What was reported.
    pub description: String,
    /// The customer.
    pub customer: Option<DocName>,
    /// The customer's name.
    pub customer_name: String,
    /// The day of receipt, `YYYY-MM-DD`.
    pub received_on: String,
    /// When it was received, ms since the epoch.
    pub received_ms: i64,
    /// Its visits.
    pub orders: usize,
    /// Its customer is to be called back.
    pub to_call: Option<ToCall>,
    /// Serial numbers of its units, as typed.
    pub serials: BTreeSet<String>,
    /// Hidden as a whole (F-29).
    pub hidden: bool,
    words: Words,
    records: BTreeSet<DocName>,
}

impl TicketRow {
    /// Whether its numbers, text, customer, caller or units hold every one of the words, which are
    /// [`searched`](super::searched).
    pub fn holds(&self, words: &[String]) -> bool {
        self.words.hold(words)
    }

    fn of(views: &Views, id: TicketId, view: &RecordView) -> Result<Self, OfficeError> {
        let log = view.ticket.as_deref();
        let fields = &view.fields;
        let text = |field: &str| fields.text(field).unwrap_or_default().to_owned();
        let received: Option<LocalTime> = fields.parsed("received_at");
        let mut row = Self {
            id,
            number: view.any_number().unwrap_or_default().to_owned(),
            provisional: log.and_then(|log| log.provisional.clone()),
            state: log.and_then(|log| log.state()).unwrap_or(TicketState::Received),
            needs_analysis: log.is_some_and(|log| log.needs_analysis),
            came_back: log.is_some_and(|log| {
                let last = log.steps.last();
                last.is_some_and(|step| step.state == TicketState::Triaged && step.cause.is_some())
            }),
            promised_ms: log
                .and_then(|log| log.escalations.last())
                .and_then(|passed| passed.promised.as_deref()?.parse::<LocalTime>().ok())
                .map(LocalTime::utc_ms),
            category: fields.parsed("category"),
            priority: fields.parsed("priority"),
            description: text("description"),
            customer: fields.parsed("customer"),
            customer_name: String::new(),
            received_on: received.map_or_else(String::new, |at| at.wall_date().to_string()),
            received_ms: received.map_or(0, LocalTime::utc_ms),
            orders: log.map_or(0, |log| log.orders.len()),
            to_call: log.and_then(|log| {
                let solved = log.to_call()?;
                let orders = log.orders.iter().copied().filter(|order| log.counts(*order));
                Some(ToCall {
                    known_ms: solved.stamp.utc_ms,
                    orders: orders.collect(),
                })
            }),
            serials: BTreeSet::new(),
            hidden: view.hidden,
            words: Words::default(),
            records: fields.named("assets").into_iter().collect(),
        };
        row.records.extend(fields.parsed("caller"));
        row.records.extend(row.customer.clone());
        let provisional = log.and_then(|log| log.provisional.as_deref());
        for own in [view.number.as_deref(), provisional, fields.text("description")] {
            row.words.put(own.unwrap_or_default());
        }
        for doc in &row.records {
            let Some(record) = views.record(doc)? else {
                continue;
            };
            row.words.put_record(&record);
            match doc {
                DocName::Customer(_) => {
                    row.customer_name = record.fields.text("name").unwrap_or_default().to_owned();
                }
                DocName::Asset(_) => row.serials.extend(
                    record
                        .fields
                        .text("serial")
                        .map(|serial| serial.trim().to_uppercase()),
                ),
                _ => {}
            }
        }
        Ok(row)
    }
}

/// Every ticket.
#[derive(Default)]
pub(in crate::office) struct Tickets {
    rows: BTreeMap<TicketId, Arc<TicketRow>>,
    made_from: MadeFrom<TicketId>,
}

impl Tickets {
    /// Those that are not hidden, in no particular order.
    pub(in crate::office) fn all(&self) -> impl Iterator<Item = &Arc<TicketRow>> {
        self.rows.values().filter(|row| !row.hidden)
    }

    /// The hidden ones, in no particular order.
    pub(in crate::office) fn hidden(&self) -> impl Iterator<Item = &Arc<TicketRow>> {
        self.rows.values().filter(|row| row.hidden)
    }

    pub(in crate::office) fn row(&self, ticket: TicketId) -> Option<&Arc<TicketRow>> {
        self.rows.get(&ticket)
    }

    pub(super) fn take_in(&mut self, views: &Views, changed: &BTreeSet<DocName>) -> Result<(), OfficeError> {
        let mut stale = self.made_from.of(changed);
        stale.extend(changed.iter().filter_map(|doc| match doc {
            DocName::Ticket(ticket) => Some(*ticket),
            _ => None,
        }));
        for ticket in stale {
            let view = views.record(&DocName::Ticket(ticket))?;
            let row = view.map(|view| TicketRow::of(views, ticket, &view)).transpose()?;
            if let Some(before) = self.rows.remove(&ticket) {
                self.made_from.remove(&before.records, ticket);
            }
            if let Some(row) = row {
                self.made_from.put(&row.records, ticket);
                self.rows.insert(ticket, Arc::new(row));
            }
        }
        Ok(())
    }
}
