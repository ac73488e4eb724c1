//! What rings when, with no network.

use std::sync::atomic::Ordering;

use super::support::*;
use crate::device::engine::{Due, Reminder, Step};
use crate::device::store::cursor;
use crate::domain::service_level::{ClockKind, Judgement};
use crate::domain::time::LocalTime;
use crate::domain::work::{AttemptChannel, Outcome};
use crate::facts::{DocName, Fact, kinds};

const MINUTE: i64 = 60_000;

fn ms(text: &str) -> i64 {
    text.parse::<LocalTime>().unwrap().utc_ms()
}

fn reminders(phone: &Phone) -> Vec<Reminder> {
    phone.engine.reminders().unwrap()
}

fn dues(phone: &Phone) -> Vec<Due> {
    reminders(phone)
        .into_iter()
        .map(|reminder| reminder.due)
        .collect()
}

fn of(phone: &Phone, due: Due) -> Reminder {
    let all = reminders(phone);
    all.into_iter().find(|reminder| reminder.due == due).unwrap()
}

fn step(phone: &Phone, step: Step) {
    phone.engine.step(order_id(), &phone.token(), step).unwrap();
}

/// What an exchange taught about the phone's clock: how far it is behind the server's.
fn behind(phone: &Phone, offset_ms: Option<i64>) {
    let inner = &phone.engine.inner;
    let learnt = inner.write(|transaction| {
        let known = cursor::load(transaction)?;
        Ok(cursor::save(transaction, &cursor::Cursor { offset_ms, ..known })?)
    });
    learnt.unwrap();
}

#[test]
fn f18_n1_n2_n4_what_rings_until_it_is_done() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    assert_eq!(
        dues(&phone),
        [Due::Window],
        "no time of receipt, no clock of the ticket's"
    );
    phone.pull(&[office.set(
        &id("ticket", 0x11),
        &[("received_at", "2026-11-23T08:30:00+08:00".into())],
    )]);
    let (response, resolve) = (Due::Clock(ClockKind::Response), Due::Clock(ClockKind::Resolve));
    let progress = Due::Clock(ClockKind::Progress);
    assert_eq!(dues(&phone), [response, Due::Window, resolve]);
    // P2: four hours to the first contact, 48 to the end.
    let first = of(&phone, response);
    assert_eq!(first.due_ms, ms("2026-11-23T12:30:00+08:00"));
    assert_eq!(first.ring_ms, first.due_ms - 30 * MINUTE);
    assert_eq!(first.number.as_deref(), Some("SS20261123001"));
    assert_eq!(of(&phone, resolve).due_ms, ms("2026-11-25T08:30:00+08:00"));
    assert_eq!(of(&phone, Due::Window).ring_ms, ms("2026-11-23T13:00:00+08:00"));

    // A phone that is ten minutes slow rings when the server's clock says so.
    behind(&phone, Some(10 * MINUTE));
    assert_eq!(of(&phone, response).due_ms, first.due_ms - 10 * MINUTE);
    behind(&phone, None);

    step(&phone, Step::Accept { plan: None });
    step(
        &phone,
        Step::Contact {
            channel: AttemptChannel::Phone,
            reached: true,
            text: None,
        },
    );
    assert!(!dues(&phone).contains(&response), "the customer was reached (N1)");
    let accepted = of(&phone, progress).due_ms;
    step(&phone, Step::Travel);
    assert!(
        of(&phone, progress).due_ms > accepted,
        "a step is an entry (F-18)"
    );
    assert!(!dues(&phone).contains(&Due::Window), "he is on his way");
    step(
        &phone,
        Step::WaitCustomer {
            reason: "等客户开门".to_owned(),
        },
    );
    assert_eq!(dues(&phone), [resolve], "nobody can report on waiting (Q33)");
    let clocks = phone.engine.clocks(order_id()).unwrap();
    let paused = clocks
        .iter()
        .find(|clock| clock.kind == ClockKind::Progress)
        .unwrap();
    assert_eq!((paused.judgement, paused.due_ms), (Judgement::Paused, None));
    step(&phone, Step::Arrive);
    assert_eq!(dues(&phone), [progress, resolve]);
    step(
        &phone,
        Step::Done {
            outcome: Outcome::Solved,
            reason: None,
        },
    );
    assert_eq!(
        dues(&phone),
        [Due::HandIn, Due::HandIn],
        "what was met does not ring: the report is next"
    );
    let clocks = phone.engine.clocks(order_id()).unwrap();
    assert!(
        clocks
            .iter()
            .all(|clock| clock.judgement == Judgement::Met && clock.ended_ms.is_some()),
        "{clocks:?}"
    );
}

#[test]
fn only_own_orders_ring() {
    let office = Office::new();
    let phone = phone(1, user(1));
    let (changes, _) = office.order_for(user(2));
    phone.pull(&changes);
    assert!(reminders(&phone).is_empty());
    let nowhere = crate::domain::ids::OrderId(uuid::Uuid::from_u128(77));
    assert_eq!(
        phone.engine.clocks(nowhere),
        Err(crate::device::EngineError::NotFound)
    );
}

#[test]
fn i000_31_q8_the_report_rings_on_the_third_and_fifth_day_until_it_is_on_the_server() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let rings = || -> Vec<i64> {
        let due = reminders(&phone)
            .into_iter()
            .filter(|reminder| reminder.due == Due::HandIn);
        due.inspect(|reminder| assert_eq!(reminder.due_ms, ms("2026-11-29T00:00:00+08:00")))
            .map(|reminder| reminder.ring_ms)
            .collect()
    };
    let at = |text: &str| phone.clock.0.store(ms(text), Ordering::Relaxed);
    let (early, last) = (ms("2026-11-26T09:00:00+08:00"), ms("2026-11-28T09:00:00+08:00"));
    super::report::worked(&phone);
    at("2026-11-23T23:50:00+08:00");
    step(&phone, Step::Leave);
    assert_eq!(rings(), [early, last]);
    let events = phone.engine.order(order_id()).unwrap().order;
    let left = events.timeline.iter().find(|event| event.record.kind == "leave");
    assert_eq!(
        left.map(|event| event.flags.len()),
        Some(0),
        "leaving is recorded"
    );
    at("2026-11-26T09:00:00+08:00");
    assert_eq!(rings(), [last]);
    at("2026-12-24T09:00:00+08:00");
    assert_eq!(rings(), [last], "late is late until it is done");
    super::report::seal(&phone);
    assert_eq!(rings(), [last], "sealed is not handed in");
    phone.engine.submit(order_id(), &phone.token(), None).unwrap();
    assert_eq!(rings(), [last], "handed in, and on this phone alone");
    let seal = phone.engine.order(order_id()).unwrap().order.visits[0]
        .current_seal
        .unwrap();
    let received = Fact::Received(kinds::Received { seal });
    let (_, change) = office.write(&DocName::Order(order_id()), &[received]);
    phone.pull(&[change]);
    assert!(rings().is_empty(), "it reached the server");
}
