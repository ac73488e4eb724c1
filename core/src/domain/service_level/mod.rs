//! The clocks of a service level (N1 to N4, N12): due times and judgements, from times that occurred.
//!
//! Pure functions: the same facts give the same judgement on phone and page. A clock is judged by when things
//! *occurred*, not by when they arrived (Q15); what a device's clock cannot prove is `provisional` until the office
//! corrects or confirms it (D.5 examples 5 and 10). Nothing here reads a clock: `now` comes in.

mod clocks;
mod progress;

pub use clocks::{OrderClock, ResolveTimes, accept, arrival, resolve, response};
pub use progress::{Pause, progress};

use serde::{Deserialize, Serialize};

use super::codes::codes;

codes! {
    /// Which clock.
    pub enum ClockKind in "clock" {
        /// Received to first contact with the customer (N1).
        Response = "response",
        /// To accept or decline (N3).
        Accept = "accept",
        /// From one progress entry to the next (N4).
        Progress = "progress",
        /// Received to arrival (N12).
        Arrival = "arrival",
        /// To the end of the work with outcome solved (N2).
        Resolve = "resolve",
    }
}

codes! {
    /// What is to be said of a clock.
    pub enum Judgement in "judgement" {
        /// Still running.
        Running = "running",
        /// Past its due time, but the device was not heard of since: not «late», «last heard …» (Q15).
        Unheard = "unheard",
        /// Standing still in a waiting state (Q33).
        Paused = "paused",
        /// Met.
        Met = "met",
        /// Not met.
        Breached = "breached",
        /// Not met, but it was an aim, no promise (003-2: 争取).
        TargetMissed = "target_missed",
        /// The times do not prove it either way.
        Provisional = "provisional",
    }
}

/// When something occurred, and how far the clock that said so can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Occurred {
    /// Milliseconds since the epoch, UTC, by the server's time as far as it is known.
    pub utc_ms: i64,
    /// How far it may be off, either way, in milliseconds.
    pub clock_error_ms: i64,
    /// The device's clock is known to be wrong and not corrected yet.
    pub suspect: bool,
}

impl Occurred {
    /// A time read by the server.
    pub const fn by_server(utc_ms: i64) -> Self {
        Self {
            utc_ms,
            clock_error_ms: 0,
            suspect: false,
        }
    }

    /// A time read by a device, with the uncertainty of its known offset.
    pub const fn by_device(utc_ms: i64, clock_error_ms: i64, suspect: bool) -> Self {
        Self {
            utc_ms,
            clock_error_ms,
            suspect,
        }
    }
}

/// The moment of looking, and what was heard of the device in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the epoch, UTC.
    pub utc_ms: i64,
    /// When the device last exchanged with the server; on the device itself: now.
    pub last_heard_ms: Option<i64>,
}

/// An agreed new due time (F-20): it takes effect from the customer's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Extension {
    /// When the customer agreed.
    pub consent: Occurred,
    /// The new due time.
    pub new_due_ms: i64,
}

/// A due time that an extension replaced, and what is to be said of it: `met` means that the customer agreed before
/// it passed, so that a breach recorded meanwhile is withdrawn (D.5 example 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierDue {
    /// The due time.
    pub due_ms: i64,
    /// `met`, `breached`, `target_missed` or `provisional`.
    pub judgement: Judgement,
}

/// One clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockView {
    /// Which.
    pub kind: ClockKind,
    /// When it began.
    pub started_ms: i64,
    /// When it is due; absent while it stands still.
    pub due_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// What is to be said of it.
    pub judgement: Judgement,
    /// Time left at the end, or now; below zero: late. Absent while it stands still.
    pub slack_ms: Option<i64>,
    /// Due times that extensions replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierDue>,
}

impl ClockView {
    /// The worst that is to be said, earlier due times included: a breach stays, whatever was agreed later.
    pub fn worst(&self) -> Judgement {
        let all = || {
            self.earlier
                .iter()
                .map(|due| due.judgement)
                .chain([self.judgement])
        };
        let order = [
            Judgement::Breached,
            Judgement::Provisional,
            Judgement::TargetMissed,
        ];
        order
            .into_iter()
            .find(|bad| all().any(|j| j == *bad))
            .unwrap_or(self.judgement)
    }
}

/// Judges an end against a due time: certain only beyond what both clocks may be off.
fn judge(start: Occurred, due_ms: i64, end: Occurred, target: bool) -> Judgement {
    if start.suspect || end.suspect {
        return Judgement::Provisional;
    }
    let margin = start
        .clock_error_ms
        .max(0)
        .saturating_add(end.clock_error_ms.max(0));
    let slack = due_ms.saturating_sub(end.utc_ms);
    if slack >= margin {
        Judgement::Met
    } else if slack < margin.saturating_neg() {
        if target {
            Judgement::TargetMissed
        } else {
            Judgement::Breached
        }
    } else {
        Judgement::Provisional
    }
}

/// What is to be said of a clock that has not ended. `hears`: only the device can end it, so silence is not lateness.
fn judge_open(start: Occurred, due_ms: i64, now: Now, target: bool, hears: bool) -> Judgement {
    if now.utc_ms <= due_ms {
        Judgement::Running
    } else if hears && now.last_heard_ms.is_none_or(|heard| heard < due_ms) {
        Judgement::Unheard
    } else {
        // By the server's own clock, only the start may be uncertain.
        judge(start, due_ms, Occurred::by_server(now.utc_ms), target)
    }
}

#[cfg(test)]
mod tests;
