//! The clocks of an order, from its facts and its ticket's (N1, N2, N3).

use fieldseal_core::domain::policy::{Packs, PolicyRef, ServiceLevelPolicy};
use fieldseal_core::domain::service_level::{
    ClockView, Extension, Now, Occurred, OrderClock, ResolveTimes, accept, arrival, resolve, response,
};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::work::{ConsentKind, Outcome, Priority, VisibleStatus};
use fieldseal_core::facts::order::view::{Event, OrderView, Time, Trust};
use fieldseal_core::facts::{FactId, RecordView};

use super::order::priority_of;

/// The policy that a ticket names, else the first of the built-in ones.
fn policy_of<'p>(packs: &'p Packs, ticket: &RecordView) -> Option<&'p ServiceLevelPolicy> {
    ticket
        .fields
        .text("sla_policy")
        .and_then(|text| text.parse::<PolicyRef>().ok())
        .and_then(|named| packs.service_level_by_ref(&named))
        .or_else(|| packs.service_level.first())
}

fn occurred(time: &Time) -> Occurred {
    let error = time
        .err_ms
        .and_then(|ms| i64::try_from(ms).ok())
        .unwrap_or_default();
    Occurred::by_device(time.utc_ms, error, time.trust == Trust::Suspect)
}

fn moment(text: &str) -> Option<Occurred> {
    text.parse::<LocalTime>()
        .ok()
        .map(|time| Occurred::by_server(time.utc_ms()))
}

/// The clocks that a ticket and its order have; none for a cancelled order. `heard` is when the engineer's device last
/// exchanged with the server.
pub fn clocks(
    packs: &Packs,
    view: &OrderView,
    ticket: &RecordView,
    now_ms: i64,
    heard: Option<i64>,
) -> Vec<ClockView> {
    let Some(policy) = policy_of(packs, ticket) else {
        return Vec::new();
    };
    let received = ticket.fields.text("received_at").and_then(moment);
    let (Some(received), false) = (received, view.status == VisibleStatus::Cancelled) else {
        return Vec::new();
    };
    let priority = priority_of(&view.fields)
        .or_else(|| priority_of(&ticket.fields))
        .unwrap_or(Priority::P3);
    let now = Now {
        utc_ms: now_ms,
        last_heard_ms: heard,
    };
    let event = |id: FactId| view.timeline.iter().find(|event| event.record.id == id);
    let first = |kinds: &[&str]| -> Option<Occurred> {
        view.timeline
            .iter()
            .filter(|event: &&Event| kinds.contains(&event.record.kind.as_str()))
            .map(|event| occurred(&event.time))
            .min_by_key(|at| at.utc_ms)
    };
    let reached = view
        .contacts
        .iter()
        .filter(|contact| contact.reached)
        .filter_map(|contact| event(contact.id))
        .map(|event| occurred(&event.time));
    // Who stands before the customer has met them, whether or not a call was noted.
    let met = first(&["arrive", "remote"]);
    let contact = reached.chain(met).min_by_key(|at| at.utc_ms);
    let assignment = view
        .current
        .and_then(|id| view.assignments.iter().find(|assignment| assignment.id == id));
    let dispatched = assignment.and_then(|assignment| moment(&assignment.stamp.at));
    let delivered = assignment.and_then(|assignment| {
        let delivery = view
            .deliveries
            .iter()
            .find(|delivery| delivery.assignment == assignment.id)?;
        event(delivery.id).map(|event| occurred(&event.time))
    });
    let solved = view
        .done_by
        .as_ref()
        .filter(|done| done.outcome == Some(Outcome::Solved))
        .and_then(|done| event(done.fact))
        .map(|event| occurred(&event.time));
    let extensions: Vec<Extension> = view
        .consents
        .iter()
        .filter(|consent| consent.kind == ConsentKind::Extension)
        .filter_map(|consent| {
            let due = consent.new_due.as_deref()?.parse::<LocalTime>().ok()?;
            Some(Extension {
                consent: occurred(&consent.time),
                new_due_ms: due.utc_ms(),
            })
        })
        .collect();
    let times = ResolveTimes {
        received,
        dispatched,
        work_started: met,
    };
    let accepting = dispatched.and_then(|dispatched| {
        let order = OrderClock {
            dispatched,
            delivered,
        };
        let answered = first(&["accept", "decline", "travel", "arrive", "remote", "done"]);
        accept(policy, order, answered, now)
    });
    [
        response(policy, priority, received, contact, now),
        accepting,
        arrival(policy, received, first(&["arrive"]), now),
        resolve(policy, priority, times, &extensions, solved, now),
    ]
    .into_iter()
    .flatten()
    .collect()
}
