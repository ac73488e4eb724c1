//! The board: every work order as one row, kept beside the facts and derived from them.
//!
//! Invariants: a row is a function of the folded order; rows are brought up to date for exactly the orders whose
//! facts changed since the last look, so listing a thousand orders folds only what is new. Nothing of it is stored:
//! a restart builds it again from the facts.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::work::{OrderState, OrderType, Priority, Severity, VisibleStatus};
use fieldseal_core::facts::conflict::Flag;
use fieldseal_core::facts::{DocName, OrderView};

use super::views::Views;
use super::{Office, OfficeError, Person};

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
    /// When it was made, by the office's clock, RFC 3339.
    pub created: String,
    /// What is to be said about it.
    pub flags: Vec<Flag>,
    /// Conflicts that ask for a decision.
    pub to_decide: usize,
    /// Conflicts at all.
    pub conflicts: usize,
}

/// What is known of one engineer and how old it is (B54).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineerMark {
    /// The engineer.
    pub person: Person,
    /// When any of his devices was last heard of, ms since the epoch; none for never.
    pub as_of: Option<i64>,
    /// Devices that may write.
    pub devices: usize,
    /// The order that he is at, if he has begun one.
    pub at_work: Option<OrderId>,
    /// Orders in his hands that are not done.
    pub orders: usize,
}

/// The whole board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Every order that is not hidden, newest first.
    pub rows: Arc<Vec<BoardRow>>,
    /// Active engineers by name.
    pub engineers: Vec<EngineerMark>,
    /// The sequence's last row as of this look: where the live stream goes on.
    pub newest: u64,
}

/// The rows. Behind one lock with the views' order of locking: rows first.
#[derive(Default)]
pub(super) struct Projection {
    rows: Mutex<HashMap<OrderId, BoardRow>>,
    /// All rows with numbers and names, newest first, as of a row of the sequence: the same until something is committed.
    listed: Mutex<(u64, Arc<Vec<BoardRow>>)>,
}

impl Projection {
    /// Brings the rows up to date; with them, up to which row of the sequence they are.
    fn follow(
        &self,
        views: &Views,
    ) -> Result<(MutexGuard<'_, HashMap<OrderId, BoardRow>>, u64), OfficeError> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let (changed, upto) = views.take_changed()?;
        for order in changed {
            match views.order(order)? {
                Some(view) if !view.hidden => {
                    rows.insert(order, row_of(&view));
                }
                _ => {
                    rows.remove(&order);
                }
            }
        }
        Ok((rows, upto))
    }

    /// The orders that have conflicts.
    pub(super) fn with_conflicts(&self, views: &Views) -> Result<Vec<OrderId>, OfficeError> {
        let (rows, _) = self.follow(views)?;
        Ok(rows
            .values()
            .filter(|row| row.conflicts > 0)
            .map(|row| row.order)
            .collect())
    }
}

fn row_of(view: &OrderView) -> BoardRow {
    let fields = &view.fields;
    let doc = |name| fields.text(name).and_then(|text| text.parse().ok());
    let moment = |name| fields.text(name).and_then(|text| text.parse().ok());
    let current = view
        .current
        .and_then(|id| view.assignments.iter().find(|assignment| assignment.id == id));
    BoardRow {
        order: view.order,
        ticket: doc("ticket"),
        number: String::new(),
        customer: doc("customer"),
        customer_name: String::new(),
        state: view.state,
        status: view.status,
        order_type: fields.text("type").and_then(|text| text.parse().ok()),
        priority: fields.text("priority").and_then(|text| text.parse().ok()),
        summary: fields.text("summary").unwrap_or_default().to_owned(),
        names: fields
            .texts("assets")
            .into_iter()
            .chain(fields.text("contact"))
            .filter_map(|text| text.parse().ok())
            .collect(),
        window_from: moment("window_from"),
        window_to: moment("window_to"),
        engineers: match (&view.done_by, current) {
            (Some(done), _) => vec![done.engineer],
            (None, Some(current)) if !current.holders.is_empty() => current.holders.clone(),
            (None, Some(current)) => current.engineers.clone(),
            (None, None) => Vec::new(),
        },
        created: view
            .timeline
            .first()
            .map(|event| event.record.stamp.at.clone())
            .unwrap_or_default(),
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
    }
}

impl Office {
    /// Every order and every engineer as of now.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn board(&self) -> Result<Board, OfficeError> {
        let rows = self.listed()?;
        let tx = self.storage.read()?;
        let (newest, _) = tx.head()?;
        drop(tx);
        let engineers = self.engineer_marks(&rows)?;
        Ok(Board {
            rows,
            engineers,
            newest,
        })
    }

    /// The rows with what they take from other records. Locks: rows, then the list, then the views.
    fn listed(&self) -> Result<Arc<Vec<BoardRow>>, OfficeError> {
        let (rows, upto) = self.board.follow(&self.views)?;
        let mut listed = self.board.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if listed.0 == upto && listed.1.len() == rows.len() {
            return Ok(listed.1.clone());
        }
        let mut all: Vec<BoardRow> = rows.values().cloned().collect();
        all.sort_by_key(|row| std::cmp::Reverse(row.order));
        let mut numbers: BTreeMap<DocName, String> = BTreeMap::new();
        let mut names: BTreeMap<DocName, String> = BTreeMap::new();
        for row in &mut all {
            if let Some(ticket) = &row.ticket {
                row.number = self.looked_up(&mut numbers, ticket, |view| view.number.clone())?;
            }
            if let Some(customer) = &row.customer {
                row.customer_name = self.looked_up(&mut names, customer, |view| {
                    view.fields.text("name").map(str::to_owned)
                })?;
            }
        }
        *listed = (upto, Arc::new(all));
        Ok(listed.1.clone())
    }

    /// Conflicts that ask for a decision, over all orders.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn to_decide(&self) -> Result<usize, OfficeError> {
        Ok(self
            .board
            .follow(&self.views)?
            .0
            .values()
            .map(|row| row.to_decide)
            .sum())
    }

    fn looked_up(
        &self,
        found: &mut BTreeMap<DocName, String>,
        doc: &DocName,
        of: impl FnOnce(&fieldseal_core::facts::RecordView) -> Option<String>,
    ) -> Result<String, OfficeError> {
        if let Some(text) = found.get(doc) {
            return Ok(text.clone());
        }
        let text = self
            .views
            .record(doc)?
            .and_then(|view| of(&view))
            .unwrap_or_default();
        found.insert(doc.clone(), text.clone());
        Ok(text)
    }

    /// Active engineers with the age of what is known of them.
    fn engineer_marks(&self, rows: &[BoardRow]) -> Result<Vec<EngineerMark>, OfficeError> {
        let tx = self.storage.read()?;
        let devices = tx.devices()?;
        drop(tx);
        let engineers = self.people()?.into_iter();
        Ok(engineers
            .filter(|person| person.active && person.roles.contains(&Role::Engineer))
            .map(|person| {
                let own = || devices.iter().filter(|device| device.user == person.user);
                let hands = || {
                    rows.iter().filter(|row| {
                        row.engineers.contains(&person.user) && row.status == VisibleStatus::Dispatched
                    })
                };
                EngineerMark {
                    as_of: own().filter_map(|device| self.contacts.last(device)).max(),
                    devices: own().filter(|device| device.revoked_at.is_none()).count(),
                    at_work: hands()
                        .find(|row| {
                            matches!(
                                row.state,
                                OrderState::Travelling | OrderState::OnSite | OrderState::Remote
                            )
                        })
                        .map(|row| row.order),
                    orders: hands().count(),
                    person,
                }
            })
            .collect())
    }
}
