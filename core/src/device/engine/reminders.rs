//! What an engineer is to be reminded of, and when (F-18, Y-30, N1 to N4, N10): the phone schedules it, with no network.
//!
//! Invariants: answers come from the facts that are here and the phone's clock, corrected by what the last exchange taught
//! about it; nothing is stored. What was met is no reminder, what is late is one until it is done.

use chrono::DateTime;

use super::Engine;
use super::details;
use crate::device::EngineError;
use crate::device::store::{Reading, cursor, projections};
use crate::domain::calendar::CompanyZone;
use crate::domain::handin::HandInDue;
use crate::domain::ids::OrderId;
use crate::domain::policy::Packs;
use crate::domain::service_level::{ClockKind, ClockView, Now};
use crate::domain::work::{OrderState, VisibleStatus};
use crate::facts::clocks::HandIn;
use crate::facts::{DocName, OrderTimes, TicketTimes};

/// A clock rings at the latest so long before it is due, ms: half an hour, and a quarter of a shorter one.
const LEAD_MS: i64 = 30 * 60_000;
/// An agreed visit rings so long before its window begins, ms: there is a way to go.
const WAY_MS: i64 = 60 * 60_000;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A service-level clock.
    Clock(ClockKind),
    /// The agreed window begins.
    Window,
    /// The report is to be handed in (000-31).
    HandIn,
}

impl Due {
    /// The key of its text in both languages.
    pub fn text_key(self) -> &'static str {
        match self {
            Self::Clock(kind) => kind.text_key(),
            Self::Window => "due.window",
            Self::HandIn => "due.hand_in",
        }
    }
}

/// One reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// The work order.
    pub order: OrderId,
    /// Its number, once it has one.
    pub number: Option<String>,
    /// What it is about.
    pub summary: Option<String>,
    /// What is due.
    pub due: Due,
    /// When it is due, ms since the epoch, by this phone's clock.
    pub due_ms: i64,
    /// When to ring, by the same clock; may be past.
    pub ring_ms: i64,
}

/// Now by the server's time, and how far the phone's clock is behind it, ms.
fn server_now(connection: &Reading<'_>, wall_ms: i64) -> Result<(Now, i64), EngineError> {
    let ahead = cursor::load(connection)?.offset_ms.unwrap_or(0);
    let utc_ms = wall_ms.saturating_add(ahead);
    let now = Now {
        utc_ms,
        last_heard_ms: Some(utc_ms),
    };
    Ok((now, ahead))
}

impl Engine {
    /// The clocks of a work order as of now, the progress clock last (N1 to N4, N12).
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn clocks(&self, order: OrderId) -> Result<Vec<ClockView>, EngineError> {
        let wall_ms = self.inner.env.clock.read().wall_ms;
        self.inner.read(|connection| {
            let (now, _) = server_now(connection, wall_ms)?;
            clocks(connection, &packs()?, order, now)
        })
    }

    /// What is due in the own work orders that are not done, the first first; a report that was handed in and did not
    /// reach the server counts as not done (Q8). The app schedules what lies ahead and
    /// asks again after every save and sync.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn reminders(&self) -> Result<Vec<Reminder>, EngineError> {
        let wall_ms = self.inner.env.clock.read().wall_ms;
        let zone = self.inner.zone;
        self.inner.read(|connection| {
            let (now, ahead) = server_now(connection, wall_ms)?;
            let packs = packs()?;
            let mut found = Vec::new();
            for row in projections::rows(connection, None)? {
                let runs = row.status == VisibleStatus::Dispatched.as_str();
                let on_its_way = row.state == OrderState::Submitted.as_str() && row.unsent > 0;
                if !row.mine || !(runs || on_its_way) {
                    continue;
                }
                let mut put = |due: Due, due_ms: i64, lead_ms: i64| {
                    found.push(Reminder {
                        order: row.id,
                        number: row.number.clone(),
                        summary: row.summary.clone(),
                        due,
                        due_ms: due_ms.saturating_sub(ahead),
                        ring_ms: due_ms.saturating_sub(lead_ms).saturating_sub(ahead),
                    });
                };
                let (running, times) = clocks_and_times(connection, &packs, row.id, now)?;
                if let Some(due) = hand_in_due(&times, row.unsent > 0, zone) {
                    for ring_ms in rings(&due, now.utc_ms) {
                        put(Due::HandIn, due.due_ms, due.due_ms.saturating_sub(ring_ms));
                    }
                }
                if !runs {
                    continue;
                }
                for clock in running {
                    if let (Some(due_ms), None) = (clock.due_ms, clock.ended_ms) {
                        let quarter = due_ms.saturating_sub(clock.started_ms) / 4;
                        put(Due::Clock(clock.kind), due_ms, LEAD_MS.min(quarter));
                    }
                }
                let window = row.window_from.as_deref().map(DateTime::parse_from_rfc3339);
                if let (Some(Ok(from)), true) = (window, not_there_yet(&row.state)) {
                    put(Due::Window, from.timestamp_millis(), WAY_MS);
                }
            }
            found.sort_by_key(|reminder| (reminder.due_ms, reminder.order, reminder.due));
            Ok(found)
        })
    }
}

/// Whether the engineer has still to set out for the visit.
fn not_there_yet(state: &str) -> bool {
    matches!(state, "dispatched" | "accepted")
}

/// When the report of a visit that ended is due; none for one that the server has. `unsent`: something of the order is on
/// this phone alone.
fn hand_in_due(times: &OrderTimes, unsent: bool, zone: CompanyZone) -> Option<HandInDue> {
    let open = |hand_in: &HandIn| !hand_in.handed_in || (unsent && !hand_in.arrived);
    let hand_in = times.hand_in.filter(open)?;
    HandInDue::of(hand_in.left.utc_ms, zone)
}

/// The rings that lie ahead; the last one where none does.
fn rings(due: &HandInDue, now_ms: i64) -> Vec<i64> {
    let [early, last] = due.ring_ms;
    if early > now_ms {
        vec![early, last]
    } else {
        vec![last]
    }
}

fn packs() -> Result<Packs, EngineError> {
    Packs::builtin().map_err(|_| EngineError::unexpected("packs"))
}

fn clocks(
    connection: &Reading<'_>,
    packs: &Packs,
    order: OrderId,
    now: Now,
) -> Result<Vec<ClockView>, EngineError> {
    Ok(clocks_and_times(connection, packs, order, now)?.0)
}

fn clocks_and_times(
    connection: &Reading<'_>,
    packs: &Packs,
    order: OrderId,
    now: Now,
) -> Result<(Vec<ClockView>, OrderTimes), EngineError> {
    let folded = details::fold(connection, order, None)?;
    let times = OrderTimes::of(&folded.view);
    let Some(ticket) = folded.view.fields.known_parsed::<DocName>("ticket") else {
        return Ok((Vec::new(), times));
    };
    let ticket = TicketTimes::of(&projections::record(connection, &ticket, &folded.actions)?);
    let mut clocks = times.clocks(packs, &ticket, now);
    clocks.extend(times.progress_clock(packs, &ticket, now));
    Ok((clocks, times))
}
