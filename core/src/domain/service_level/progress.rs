//! N4: an entry at least every four hours, from the accept to the end of the work; the clock stands still while
//! nobody could report anything (Q33: waiting for parts or for the customer).

use super::{ClockKind, ClockView, Judgement, Now, Occurred, judge, judge_open};
use crate::domain::policy::ServiceLevelPolicy;
use crate::domain::time::MINUTE_MS;

/// A time in a state in which the clock stands still (the policy's `progress_paused_in`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pause {
    /// From when.
    pub from_ms: i64,
    /// Until when; absent: still.
    pub to_ms: Option<i64>,
}

/// The due time of a span that starts at `start`, pauses left out; `None` if it stands still for good.
fn due_after(start: i64, length: i64, pauses: &[Pause]) -> Option<i64> {
    let (mut at, mut left) = (start, length);
    for pause in pauses {
        if pause.to_ms.is_some_and(|to| to <= at) {
            continue;
        }
        let runs = pause.from_ms.saturating_sub(at).max(0);
        if runs >= left {
            break;
        }
        left -= runs;
        at = at.max(pause.to_ms?);
    }
    Some(at.saturating_add(left))
}

/// The spans between accept, entries and end, each judged; the last one runs unless the work has ended. Empty for a
/// policy without this clock.
pub fn progress(
    policy: &ServiceLevelPolicy,
    accepted: Occurred,
    entries: &[Occurred],
    pauses: &[Pause],
    ended: Option<Occurred>,
    now: Now,
) -> Vec<ClockView> {
    let Some(minutes) = policy.progress_minutes else {
        return Vec::new();
    };
    let length = i64::from(minutes) * MINUTE_MS;
    let mut pauses = pauses.to_vec();
    pauses.sort();
    let mut points: Vec<Occurred> = entries
        .iter()
        .copied()
        .filter(|entry| entry.utc_ms > accepted.utc_ms && ended.is_none_or(|end| entry.utc_ms < end.utc_ms))
        .collect();
    points.sort();
    let starts = std::iter::once(accepted).chain(points.iter().copied());
    let ends = points.iter().copied().map(Some).chain(std::iter::once(ended));
    starts
        .zip(ends)
        .map(|(start, end)| span(start, end, length, &pauses, now))
        .collect()
}

fn span(start: Occurred, end: Option<Occurred>, length: i64, pauses: &[Pause], now: Now) -> ClockView {
    // An entry made during a pause ends the span there: the pause does not go on beyond it.
    let clipped: Vec<Pause> = match end {
        Some(end) => pauses
            .iter()
            .filter(|pause| pause.from_ms < end.utc_ms)
            .map(|pause| Pause {
                to_ms: Some(pause.to_ms.map_or(end.utc_ms, |to| to.min(end.utc_ms))),
                ..*pause
            })
            .collect(),
        None => pauses.to_vec(),
    };
    let due = due_after(start.utc_ms, length, &clipped);
    let judgement = match (due, end) {
        (Some(due), Some(end)) => judge(start, due, end, false),
        (Some(due), None) => judge_open(start, due, now, false, true),
        (None, _) => Judgement::Paused,
    };
    let until = end.map_or(now.utc_ms, |end| end.utc_ms);
    ClockView {
        kind: ClockKind::Progress,
        started_ms: start.utc_ms,
        due_ms: due,
        ended_ms: end.map(|end| end.utc_ms),
        judgement,
        slack_ms: due.map(|due| due.saturating_sub(until)),
        earlier: Vec::new(),
    }
}
