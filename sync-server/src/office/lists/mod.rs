//! Rows of orders, tickets and customers, kept beside the facts and derived from them.
//!
//! Invariants: nothing of it is stored, a restart makes it again; each row is as the facts were at the last look; what
//! changed since is made again, and nothing else: an order's own facts cost one fold, a record that many orders name
//! costs no fold at all. What could not be made again is still to be made at the next look. Behind one lock, which is
//! taken before the views'.

mod customers;
mod made_from;
mod order_row;
mod orders;
mod tickets;
mod words;

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::OfficeError;
use super::views::{Changed, Views};

pub use customers::CustomerRow;
pub use order_row::BoardRow;
pub use tickets::TicketRow;
pub use words::searched;

/// The rows, shared by all looks.
#[derive(Default)]
pub(super) struct Lists(Mutex<Rows>);

/// All rows as of one look.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) orders: orders::Orders,
    pub(super) customers: customers::Customers,
    pub(super) tickets: tickets::Tickets,
    /// The row of the sequence up to which everything was looked at.
    pub(super) upto: u64,
}

impl Lists {
    /// Brings the rows up to date.
    pub(super) fn follow(&self, views: &Views) -> Result<MutexGuard<'_, Rows>, OfficeError> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = views.take_changed()?;
        if let Err(error) = rows.take_in(views, &changed) {
            views.give_back(changed);
            return Err(error);
        }
        Ok(rows)
    }
}

impl Rows {
    fn take_in(&mut self, views: &Views, changed: &Changed) -> Result<(), OfficeError> {
        self.orders.take_in(views, changed)?;
        self.customers.take_in(views, &changed.records)?;
        self.tickets.take_in(views, &changed.records)?;
        self.upto = changed.upto;
        Ok(())
    }
}
