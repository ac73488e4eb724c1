//! The clocks with one start and one end: response, accept, arrival, resolve.
//!
//! Response, arrival and resolve are promises to the customer: they are late at the due time, and a fact that arrives
//! later may withdraw that. Accept is the engineer's, made on a device that may be out of reach (F-14, Q15).

use super::{ClockKind, ClockView, EarlierDue, Extension, Now, Occurred, judge, judge_open};
use crate::domain::policy::{AcceptFrom, ResolveFrom, ServiceLevelPolicy};
use crate::domain::time::MINUTE_MS;
use crate::domain::work::Priority;

/// When an assignment was dispatched and reached the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderClock {
    /// The office dispatched it.
    pub dispatched: Occurred,
    /// It reached the engineer's device.
    pub delivered: Option<Occurred>,
}

/// The times from which a resolve clock may count (Q1). After a reopening (Q34) `received` is the reopening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolveTimes {
    /// The ticket's receipt or reopening.
    pub received: Occurred,
    /// The dispatch.
    pub dispatched: Option<Occurred>,
    /// The start of the work.
    pub work_started: Option<Occurred>,
}

fn plus(start: Occurred, minutes: u32) -> i64 {
    start.utc_ms.saturating_add(i64::from(minutes) * MINUTE_MS)
}

fn view(
    kind: ClockKind,
    start: Occurred,
    due_ms: i64,
    end: Option<Occurred>,
    now: Now,
    target: bool,
) -> ClockView {
    let judgement = match end {
        Some(end) => judge(start, due_ms, end, target),
        None => judge_open(start, due_ms, now, target, kind == ClockKind::Accept),
    };
    let until = end.map_or(now.utc_ms, |end| end.utc_ms);
    ClockView {
        kind,
        started_ms: start.utc_ms,
        due_ms: Some(due_ms),
        ended_ms: end.map(|end| end.utc_ms),
        judgement,
        slack_ms: Some(due_ms.saturating_sub(until)),
        earlier: Vec::new(),
    }
}

/// N1: from the ticket's receipt to the first contact with the customer.
pub fn response(
    policy: &ServiceLevelPolicy,
    priority: Priority,
    received: Occurred,
    first_contact: Option<Occurred>,
    now: Now,
) -> Option<ClockView> {
    let minutes = *policy.response_minutes.get(&priority)?;
    Some(view(
        ClockKind::Response,
        received,
        plus(received, minutes),
        first_contact,
        now,
        false,
    ))
}

/// N3: from the delivery (or the dispatch, by policy) to accept or decline. `None` while the order has not reached the
/// device: then the page lists «not delivered since …» (F-14).
pub fn accept(
    policy: &ServiceLevelPolicy,
    order: OrderClock,
    answered: Option<Occurred>,
    now: Now,
) -> Option<ClockView> {
    let minutes = policy.accept_minutes?;
    let start = match policy.accept_from {
        AcceptFrom::Delivered => order.delivered?,
        AcceptFrom::Dispatched => order.dispatched,
    };
    Some(view(
        ClockKind::Accept,
        start,
        plus(start, minutes),
        answered,
        now,
        false,
    ))
}

/// N12: from the ticket's receipt to the arrival, for policies that promise one.
pub fn arrival(
    policy: &ServiceLevelPolicy,
    received: Occurred,
    arrived: Option<Occurred>,
    now: Now,
) -> Option<ClockView> {
    let minutes = policy.arrival_minutes?;
    Some(view(
        ClockKind::Arrival,
        received,
        plus(received, minutes),
        arrived,
        now,
        false,
    ))
}

/// N2: to the end of the work with outcome solved. `None` while the policy's start has not occurred.
///
/// Extensions take effect in the order of their consents (F-20, I8): one agreed before the due time replaces it without
/// a breach; one agreed after it leaves the breach and sets the next due time (D.5 example 5).
pub fn resolve(
    policy: &ServiceLevelPolicy,
    priority: Priority,
    times: ResolveTimes,
    extensions: &[Extension],
    solved: Option<Occurred>,
    now: Now,
) -> Option<ClockView> {
    let minutes = *policy.resolve_minutes.get(&priority)?;
    let start = match policy.resolve_from {
        ResolveFrom::Received => times.received,
        ResolveFrom::Dispatched => times.dispatched?,
        ResolveFrom::WorkStarted => times.work_started?,
    };
    let target = policy.resolve_is_target;
    let mut due = plus(start, minutes);
    let mut earlier = Vec::new();
    let mut agreed = extensions.to_vec();
    agreed.sort();
    for extension in agreed {
        // What was agreed after the end changes nothing.
        if solved.is_some_and(|solved| solved.utc_ms <= extension.consent.utc_ms) {
            break;
        }
        earlier.push(EarlierDue {
            due_ms: due,
            judgement: judge(start, due, extension.consent, target),
        });
        due = extension.new_due_ms;
    }
    Some(ClockView {
        earlier,
        ..view(ClockKind::Resolve, start, due, solved, now, target)
    })
}
