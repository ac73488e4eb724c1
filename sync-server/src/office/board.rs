//! The board: every work order as one row, and the engineers' strip.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::policy::Packs;
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::service_level::{ClockView, Now};
use fieldseal_core::domain::work::{OrderState, VisibleStatus};
use fieldseal_core::facts::{OrderTimes, OrderView, RecordView, TicketTimes};

use super::{BoardRow, Office, OfficeError, Person};

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
    pub at_work: Option<Arc<BoardRow>>,
    /// Orders in his hands that are not done.
    pub orders: usize,
}

/// The whole board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Every order that is not hidden, newest first.
    pub rows: Vec<Arc<BoardRow>>,
    /// Active engineers by name.
    pub engineers: Vec<EngineerMark>,
    /// The sequence's last row as of this look: where the live stream goes on.
    pub newest: u64,
}

impl Board {
    /// When any device of these engineers was last heard of, ms since the epoch.
    pub fn heard(&self, engineers: &[UserId]) -> Option<i64> {
        self.engineers
            .iter()
            .filter(|mark| engineers.contains(&mark.person.user))
            .filter_map(|mark| mark.as_of)
            .max()
    }
}

impl Office {
    /// Every order and every engineer as of now.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn board(&self) -> Result<Board, OfficeError> {
        let followed = self.lists.follow(&self.views)?;
        let (mut rows, newest) = (followed.orders.all().cloned().collect::<Vec<_>>(), followed.upto);
        drop(followed);
        rows.sort_unstable_by_key(|row| (Reverse(row.created_ms), row.order));
        let engineers = self.engineer_marks(&rows)?;
        Ok(Board {
            rows,
            engineers,
            newest,
        })
    }

    /// Conflicts that ask for a decision, over all orders.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn to_decide(&self) -> Result<usize, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        Ok(rows.orders.all().map(|row| row.to_decide).sum())
    }

    /// The clocks of an order on the board by the policies that come with the program. `heard` is when its engineer's device last
    /// exchanged with the server, ms since the epoch.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn clocks(
        &self,
        times: &OrderTimes,
        ticket: &TicketTimes,
        now_ms: i64,
        heard: Option<i64>,
    ) -> Result<Vec<ClockView>, OfficeError> {
        Ok(times.clocks(self.packs()?, ticket, now(now_ms, heard)))
    }

    /// The same of an order that is looked at alone, the progress clock last (N4).
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn order_clocks(
        &self,
        view: &OrderView,
        ticket: &RecordView,
        now_ms: i64,
        heard: Option<i64>,
    ) -> Result<Vec<ClockView>, OfficeError> {
        let (times, ticket) = (OrderTimes::of(view), TicketTimes::of(ticket));
        let mut clocks = self.clocks(&times, &ticket, now_ms, heard)?;
        clocks.extend(times.progress_clock(self.packs()?, &ticket, now(now_ms, heard)));
        Ok(clocks)
    }

    /// The policies that come with the program.
    pub(super) fn packs(&self) -> Result<&Packs, OfficeError> {
        if let Some(packs) = self.packs.get() {
            return Ok(packs);
        }
        let read = Packs::builtin().map_err(OfficeError::unexpected)?;
        Ok(self.packs.get_or_init(|| read))
    }

    /// Active engineers with the age of what is known of them.
    fn engineer_marks(&self, rows: &[Arc<BoardRow>]) -> Result<Vec<EngineerMark>, OfficeError> {
        let tx = self.storage.read()?;
        let devices = tx.devices()?;
        drop(tx);
        // Of each engineer: the newest order that he has begun, and how many are in his hands.
        let mut hands: HashMap<UserId, (Option<&Arc<BoardRow>>, usize)> = HashMap::new();
        for row in rows.iter().filter(|row| row.status == VisibleStatus::Dispatched) {
            let begun = matches!(
                row.state,
                OrderState::Travelling | OrderState::OnSite | OrderState::Remote
            );
            for engineer in &row.engineers {
                let (at_work, orders) = hands.entry(*engineer).or_default();
                *at_work = at_work.or(begun.then_some(row));
                *orders += 1;
            }
        }
        let engineers = self.people()?.into_iter();
        Ok(engineers
            .filter(|person| person.active && person.roles.contains(&Role::Engineer))
            .map(|person| {
                let own = || devices.iter().filter(|device| device.user == person.user);
                let (at_work, orders) = hands.remove(&person.user).unwrap_or_default();
                EngineerMark {
                    as_of: own().filter_map(|device| self.contacts.last(device)).max(),
                    devices: own().filter(|device| device.revoked_at.is_none()).count(),
                    at_work: at_work.cloned(),
                    orders,
                    person,
                }
            })
            .collect())
    }
}

const fn now(utc_ms: i64, last_heard_ms: Option<i64>) -> Now {
    Now {
        utc_ms,
        last_heard_ms,
    }
}
