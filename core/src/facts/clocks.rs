//! What the clocks of an order are judged by, taken from its facts and its ticket's (N1 to N4, N12).
//!
//! Invariants: what is taken here depends on facts only, so that it can be kept as long as they do not change; the moment
//! of looking comes in when it is judged.

use crate::domain::policy::{Packs, PolicyRef, ServiceLevelPolicy};
use crate::domain::service_level::{
    ClockView, Extension, Now, Occurred, OrderClock, Pause, ResolveTimes, accept, arrival, progress, resolve,
    response,
};
use crate::domain::time::LocalTime;
use crate::domain::work::{ConsentKind, OrderState, Outcome, Priority, VisibleStatus};

use super::order::view::{ConsentView, Event, OrderView, Time, Trust};
use super::{FactId, RecordView};

/// What a ticket says for its order's clocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketTimes {
    /// The policy that it names.
    pub policy: Option<PolicyRef>,
    /// When it was received.
    pub received: Option<Occurred>,
    /// Its priority, for an order without one.
    pub priority: Option<Priority>,
    /// The desk's first contact with the customer since it was received.
    pub contact: Option<Occurred>,
    /// Extensions that the customer agreed to at the desk (F-20).
    pub extensions: Vec<Extension>,
}

/// A visit that ended, with its report on the way (000-31, Q8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandIn {
    /// The engineer left; where he did not say so, the work ended.
    pub left: Occurred,
    /// He handed the report in: on the server, it has arrived.
    pub handed_in: bool,
    /// The server says that seal or submit arrived.
    pub arrived: bool,
}

impl HandIn {
    /// Of the visit that counts. None while nobody left, while the engineer waits to come again, and for what ended.
    fn of(view: &OrderView) -> Option<Self> {
        let ended = matches!(view.status, VisibleStatus::Cancelled | VisibleStatus::Audited);
        let waits = matches!(
            view.state,
            OrderState::WaitingParts | OrderState::WaitingCustomer | OrderState::Blocked
        );
        if ended || waits {
            return None;
        }
        let visit = view
            .visits
            .iter()
            .find(|visit| Some(visit.engineer) == view.visit)?;
        let own = || {
            view.timeline
                .iter()
                .filter(|event| event.record.stamp.by == visit.engineer)
        };
        let last = |kinds: &[&str]| {
            own()
                .filter(|event| kinds.contains(&event.record.kind.as_str()))
                .map(|event| occurred(&event.time))
                .max_by_key(|at| at.utc_ms)
        };
        // Who came back after leaving has not left.
        let came = last(&["arrive", "remote"]).map_or(i64::MIN, |at| at.utc_ms);
        let left = last(&["leave"]).filter(|left| left.utc_ms >= came);
        Some(Self {
            left: left.or_else(|| last(&["done"]))?,
            handed_in: visit.submit.is_some(),
            arrived: own().any(|event| event.received_at.is_some()),
        })
    }
}

/// What an order's own facts say for its clocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderTimes {
    /// Nothing runs any more.
    pub cancelled: bool,
    /// Its priority.
    pub priority: Option<Priority>,
    /// First contact with the customer: reached by phone, or met.
    pub contact: Option<Occurred>,
    /// The start of the work: who stands before the customer has met them, whether or not a call was noted.
    pub met: Option<Occurred>,
    /// The assignment that stands was dispatched.
    pub dispatched: Option<Occurred>,
    /// It reached the engineer's device.
    pub delivered: Option<Occurred>,
    /// The engineer answered: accepted, declined, or simply began.
    pub answered: Option<Occurred>,
    /// Arrival on site.
    pub arrived: Option<Occurred>,
    /// The work ended with outcome solved.
    pub solved: Option<Occurred>,
    /// Extensions that the customer agreed to (F-20).
    pub extensions: Vec<Extension>,
    /// Dispatched at this moment, ms since the epoch, and still on no device of the engineer (F-14).
    pub undelivered_since_ms: Option<i64>,
    /// The visit ended and its report is due, or was handed in (000-31).
    pub hand_in: Option<HandIn>,
    /// What the progress clock counts (N4).
    pub progress: ProgressTimes,
}

/// The engineer's entries between accept and end (N4, F-18). A step counts as one: it stands in the ticket like a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgressTimes {
    /// The assignment that stands was accepted.
    pub accepted: Option<Occurred>,
    /// Texts and steps, in the order of their times.
    pub entries: Vec<Occurred>,
    /// States in which he waited; a policy says which of them pause the clock (Q33).
    pub waits: Vec<(OrderState, Pause)>,
    /// The work ended.
    pub ended: Option<Occurred>,
}

impl ProgressTimes {
    fn of(view: &OrderView) -> Self {
        let Some(assignment) = view
            .current
            .and_then(|id| view.assignments.iter().find(|assignment| assignment.id == id))
        else {
            return Self::default();
        };
        let mut events: Vec<&Event> = view
            .timeline
            .iter()
            .filter(|event| assignment.engineers.contains(&event.record.stamp.by))
            .collect();
        events.sort_by_key(|event| (event.time.utc_ms, event.record.id));
        let mut found = Self::default();
        for event in events {
            let (kind, at) = (event.record.kind.as_str(), occurred(&event.time));
            match kind {
                "accept" if found.accepted.is_none() => found.accepted = Some(at),
                "progress" => found.entries.push(at),
                "travel" | "arrive" | "remote" | "wait" | "done" => {
                    if let Some((_, pause)) = found.waits.last_mut()
                        && pause.to_ms.is_none()
                    {
                        pause.to_ms = Some(at.utc_ms);
                    }
                    found.entries.push(at);
                }
                _ => {}
            }
            let state = event.record.payload.get("state").and_then(|state| state.as_str());
            if kind == "wait"
                && let Some(state) = state.and_then(|code| code.parse().ok())
            {
                let pause = Pause {
                    from_ms: at.utc_ms,
                    to_ms: None,
                };
                found.waits.push((state, pause));
            }
            if kind == "done" {
                found.ended = Some(at);
            }
        }
        found
    }

    /// The span that runs, or the last one of work that ended.
    fn clock(&self, policy: &ServiceLevelPolicy, now: Now) -> Option<ClockView> {
        let paused: Vec<Pause> = self
            .waits
            .iter()
            .filter(|(state, _)| policy.progress_paused_in.contains(state))
            .map(|(_, pause)| *pause)
            .collect();
        progress(policy, self.accepted?, &self.entries, &paused, self.ended, now).pop()
    }
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

/// The new due times among consents.
fn extensions(consents: &[ConsentView]) -> Vec<Extension> {
    consents
        .iter()
        .filter(|consent| consent.kind == ConsentKind::Extension)
        .filter_map(|consent| {
            let due = consent.new_due.as_deref()?.parse::<LocalTime>().ok()?;
            Some(Extension {
                consent: occurred(&consent.time),
                new_due_ms: due.utc_ms(),
            })
        })
        .collect()
}

impl TicketTimes {
    /// As the ticket stands now.
    pub fn of(ticket: &RecordView) -> Self {
        let log = ticket.ticket.as_ref();
        Self {
            policy: ticket
                .fields
                .text("sla_policy")
                .and_then(|text| text.parse().ok()),
            received: ticket
                .fields
                .known_text("received_at")
                .and_then(|text| moment(&text)),
            priority: ticket.fields.known_parsed("priority"),
            contact: log.and_then(|log| {
                let reached = log.contacts.iter().filter(|contact| contact.reached);
                reached
                    .filter_map(|contact| moment(&contact.stamp.at))
                    .min_by_key(|at| at.utc_ms)
            }),
            extensions: log.map_or_else(Vec::new, |log| extensions(&log.consents)),
        }
    }

    /// The policy that the ticket names, else the first of the packs.
    fn policy<'p>(&self, packs: &'p Packs) -> Option<&'p ServiceLevelPolicy> {
        self.policy
            .as_ref()
            .and_then(|named| packs.service_level_by_ref(named))
            .or_else(|| packs.service_level.first())
    }
}

impl OrderTimes {
    /// As the order stands now.
    pub fn of(view: &OrderView) -> Self {
        let event = |id: FactId| view.timeline.iter().find(|event| event.record.id == id);
        let at = |id: FactId| event(id).map(|event| occurred(&event.time));
        let first = |kinds: &[&str]| -> Option<Occurred> {
            view.timeline
                .iter()
                .filter(|event: &&Event| kinds.contains(&event.record.kind.as_str()))
                .map(|event| occurred(&event.time))
                .min_by_key(|at| at.utc_ms)
        };
        let reached = view.contacts.iter().filter(|contact| contact.reached);
        let met = first(&["arrive", "remote"]);
        let assignment = view
            .current
            .and_then(|id| view.assignments.iter().find(|assignment| assignment.id == id));
        let delivery = assignment.and_then(|assignment| {
            view.deliveries
                .iter()
                .find(|delivery| delivery.assignment == assignment.id)
        });
        let waits = view.state == OrderState::Dispatched && delivery.is_none();
        Self {
            cancelled: view.status == VisibleStatus::Cancelled,
            priority: view.fields.parsed("priority"),
            contact: reached
                .filter_map(|contact| at(contact.id))
                .chain(met)
                .min_by_key(|at| at.utc_ms),
            met,
            dispatched: assignment.and_then(|assignment| moment(&assignment.stamp.at)),
            delivered: delivery.and_then(|delivery| at(delivery.id)),
            answered: first(&["accept", "decline", "travel", "arrive", "remote", "done"]),
            arrived: first(&["arrive"]),
            solved: view
                .done_by
                .as_ref()
                .filter(|done| done.outcome == Some(Outcome::Solved))
                .and_then(|done| at(done.fact)),
            extensions: extensions(&view.consents),
            undelivered_since_ms: assignment
                .filter(|_| waits)
                .and_then(|assignment| event(assignment.id))
                .map(|event| event.time.utc_ms),
            hand_in: HandIn::of(view),
            progress: ProgressTimes::of(view),
        }
    }

    /// The progress clock of the assignment that stands (N4); none where it was not accepted or the policy has no such clock.
    pub fn progress_clock(&self, packs: &Packs, ticket: &TicketTimes, now: Now) -> Option<ClockView> {
        self.progress
            .clock(ticket.policy(packs)?, now)
            .filter(|_| !self.cancelled)
    }

    /// The clocks that the order and its ticket have, the progress clock left out; none for a cancelled order or an unknown time of receipt.
    pub fn clocks(&self, packs: &Packs, ticket: &TicketTimes, now: Now) -> Vec<ClockView> {
        let (Some(policy), Some(received), false) = (ticket.policy(packs), ticket.received, self.cancelled)
        else {
            return Vec::new();
        };
        let priority = self.priority.or(ticket.priority).unwrap_or(Priority::P3);
        let accepting = self.dispatched.and_then(|dispatched| {
            let order = OrderClock {
                dispatched,
                delivered: self.delivered,
            };
            accept(policy, order, self.answered, now)
        });
        let contact = self
            .contact
            .into_iter()
            .chain(ticket.contact)
            .min_by_key(|at| at.utc_ms);
        let mut extended = self.extensions.clone();
        extended.extend(&ticket.extensions);
        extended.sort_unstable();
        let times = ResolveTimes {
            received,
            dispatched: self.dispatched,
            work_started: self.met,
        };
        [
            response(policy, priority, received, contact, now),
            accepting,
            arrival(policy, received, self.arrived, now),
            resolve(policy, priority, times, &extended, self.solved, now),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
