//! One order on the board, in two steps: what its own facts say, then what the records say that it names.
//!
//! Invariants: the second step overwrites everything that it takes from records and says which ones it asked, also those
//! that do not exist yet; so a row is made again from its records alone when one of them changes, without folding the
//! order.

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::work::{OrderState, OrderType, Priority, Severity, VisibleStatus};
use fieldseal_core::facts::conflict::Flag;
use fieldseal_core::facts::{DocName, OrderTimes, OrderView, TicketTimes};

use super::words::Words;
use crate::office::{OfficeError, Views};

/// One order on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRow {
    /// The order.
    pub order: OrderId,
    /// Its ticket.
    pub ticket: Option<DocName>,
    /// The ticket's display number; empty until it has one.
    pub number: String,
    /// Its customer.
    pub customer: Option<DocName>,
    /// The customer's name; empty where it is not known.
    pub customer_name: String,
    /// The customer's region and group.
    pub regions: Vec<String>,
    /// Fine state.
    pub state: OrderState,
    /// Column.
    pub status: VisibleStatus,
    /// What is to be done.
    pub order_type: Option<OrderType>,
    /// Priority.
    pub priority: Option<Priority>,
    /// What it is about.
    pub summary: String,
    /// Its equipment and whom to ask for: what a search looks into.
    pub names: Vec<DocName>,
    /// Window.
    pub window_from: Option<LocalTime>,
    /// Window.
    pub window_to: Option<LocalTime>,
    /// Whom the assignment that stands names.
    pub engineers: Vec<UserId>,
    /// When it was made, by the clock of whoever made it, RFC 3339.
    pub created: String,
    /// The same, ms since the epoch.
    pub created_ms: i64,
    /// What is to be said about it.
    pub flags: Vec<Flag>,
    /// Conflicts that ask for a decision.
    pub to_decide: usize,
    /// Conflicts at all.
    pub conflicts: usize,
    /// What its clocks are judged by.
    pub times: OrderTimes,
    /// The same of its ticket; none without a ticket.
    pub ticket_times: Option<TicketTimes>,
    /// Hidden as a whole (F-29).
    pub hidden: bool,
    words: Words,
    /// The records that the row was made from.
    pub(super) records: BTreeSet<DocName>,
}

impl BoardRow {
    /// Whether the order's own words, its customer, equipment, contact, caller or customer's contacts hold every one of
    /// the words, which are [`searched`](super::searched): numbers, names, serial numbers, phones (Y-01).
    pub fn holds(&self, words: &[String]) -> bool {
        self.words.hold(words)
    }

    /// What the order's own facts say.
    pub(super) fn of(view: &OrderView) -> Self {
        let fields = &view.fields;
        let current = view
            .current
            .and_then(|id| view.assignments.iter().find(|assignment| assignment.id == id));
        let first = view.timeline.first();
        Self {
            order: view.order,
            ticket: fields.parsed("ticket"),
            number: String::new(),
            customer: fields.parsed("customer"),
            customer_name: String::new(),
            regions: Vec::new(),
            state: view.state,
            status: view.status,
            order_type: fields.parsed("type"),
            priority: fields.parsed("priority"),
            summary: fields.text("summary").unwrap_or_default().to_owned(),
            names: fields
                .texts("assets")
                .into_iter()
                .chain(fields.text("contact"))
                .filter_map(|text| text.parse().ok())
                .collect(),
            window_from: fields.parsed("window_from"),
            window_to: fields.parsed("window_to"),
            engineers: match (&view.done_by, current) {
                (Some(done), _) => vec![done.engineer],
                (None, Some(current)) if !current.holders.is_empty() => current.holders.clone(),
                (None, Some(current)) => current.engineers.clone(),
                (None, None) => Vec::new(),
            },
            created: first
                .map(|event| event.record.stamp.at.to_string())
                .unwrap_or_default(),
            created_ms: first.map(|event| event.time.utc_ms).unwrap_or_default(),
            flags: view.flags.clone(),
            to_decide: view
                .conflicts
                .iter()
                .filter(|conflict| conflict.open_action())
                .count(),
            conflicts: view
                .conflicts
                .iter()
                .filter(|conflict| conflict.resolved.is_none() || conflict.severity == Severity::Action)
                .count(),
            times: OrderTimes::of(view),
            ticket_times: None,
            hidden: view.hidden,
            words: Words::default(),
            records: BTreeSet::new(),
        }
    }

    /// What the records say that it names, as they are now.
    pub(super) fn complete(&mut self, views: &Views) -> Result<(), OfficeError> {
        let ticket = self
            .ticket
            .as_ref()
            .map(|doc| views.record(doc))
            .transpose()?
            .flatten();
        let customer = self
            .customer
            .as_ref()
            .map(|doc| views.record(doc))
            .transpose()?
            .flatten();
        self.number = ticket
            .as_ref()
            .and_then(|ticket| ticket.any_number())
            .unwrap_or_default()
            .to_owned();
        self.ticket_times = ticket.as_ref().map(|ticket| TicketTimes::of(ticket));
        let text = |name: &str| {
            let customer = customer.as_ref()?;
            customer.fields.text(name).map(str::to_owned)
        };
        self.customer_name = text("name").unwrap_or_default();
        self.regions = ["region", "group"].into_iter().filter_map(text).collect();
        let mut named: BTreeSet<DocName> = self.names.iter().cloned().collect();
        for (record, field) in [(&ticket, "caller"), (&customer, "contacts")] {
            let texts = record.as_ref().map(|record| record.fields.texts(field));
            named.extend(
                texts
                    .into_iter()
                    .flatten()
                    .filter_map(|text| text.parse::<DocName>().ok()),
            );
        }
        let mut words = Words::default();
        for own in [&self.number, &self.customer_name, &self.summary] {
            words.put(own);
        }
        // A paper from the field may carry the number that the phone printed (Q12).
        let log = ticket.as_ref().and_then(|ticket| ticket.ticket.as_deref());
        if let Some(provisional) = log.and_then(|log| log.provisional.as_deref()) {
            words.put(provisional);
        }
        for doc in &named {
            if let Some(record) = views.record(doc)? {
                words.put_record(&record);
            }
        }
        self.words = words;
        named.extend(self.ticket.iter().chain(&self.customer).cloned());
        self.records = named;
        Ok(())
    }
}
