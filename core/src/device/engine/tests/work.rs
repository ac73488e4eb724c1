//! A visit's steps and forms, stale forms, two phones of one engineer, wrong clocks, lists and search.

use super::support::*;
use crate::device::EngineError;
use crate::device::engine::Step;
use crate::facts::{Action, DocName};

#[test]
fn the_list_shows_number_customer_and_summary_and_can_be_made_again() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let token = phone.token();
    phone.engine.step(order_id(), &token, Step::Travel).unwrap();
    let rows = phone.engine.orders().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].number.as_deref(), Some("SS20261123001"));
    assert_eq!(rows[0].customer.as_deref(), Some("上海浦东机场有限公司"));
    assert_eq!(rows[0].summary.as_deref(), Some("更换印章"));
    assert_eq!(rows[0].unsent, 1);
    // What the list takes from other records follows them.
    phone.pull(&[office.set(&id("customer", 0x22), &[("name", "虹桥机场".into())])]);
    let rows = phone.engine.orders().unwrap();
    let hits = phone.engine.search("虹桥").unwrap();
    assert_eq!(hits.len(), 2, "customer and order: {hits:?}");
    phone.engine.rebuild_projections().unwrap();
    assert_eq!(phone.engine.orders().unwrap(), rows);
    assert_eq!(phone.engine.search("虹桥").unwrap(), hits);
}

#[test]
fn two_character_words_serials_and_numbers_are_found() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    for text in [
        "印章",
        "机场",
        "K-1007",
        "1007",
        "SS20261123001",
        "3001",
        "浦东 更换",
    ] {
        let hits = phone.engine.search(text).unwrap();
        let order = DocName::Order(order_id()).to_string();
        assert!(hits.iter().any(|hit| hit.name == order), "{text}: {hits:?}");
    }
    assert!(phone.engine.search("键盘").unwrap().is_empty());
}

#[test]
fn an_action_carries_what_the_screen_showed() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let details = phone.engine.order(order_id()).unwrap();
    let saved = phone
        .engine
        .step(order_id(), &details.token, Step::Travel)
        .unwrap();
    assert_eq!(saved.n, 2, "one above the order's");
    let (name, bytes) = phone.changes().pop().unwrap();
    assert_eq!(name, DocName::Visit(order_id(), phone.me));
    let change = crate::documents::read_change(&bytes).unwrap();
    let action: Action = change.action;
    assert_eq!(action.saw, details.token.heads.into_iter().collect::<Vec<_>>());
    assert!(action.saw.len() >= 4, "order, ticket, customer, asset");
    assert_eq!(action.by, phone.me);
    assert_eq!(action.at, "2026-11-23T10:00:01+08:00");
    assert_eq!(action.clk.off, None, "no server was met");
}

#[test]
fn only_what_cannot_be_is_refused() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let token = phone.token();
    let other = crate::domain::ids::OrderId(uuid::Uuid::from_u128(5));
    assert_eq!(
        phone.engine.step(other, &token, Step::Travel),
        Err(EngineError::NotFound)
    );
    let step = |step| problems(phone.engine.step(order_id(), &token, step));
    assert_eq!(
        step(Step::Decline { reason: " ".into() }),
        ["step_problem.reason_missing"]
    );
    assert_eq!(
        step(Step::WaitParts {
            reason: String::new()
        }),
        ["step_problem.reason_missing"]
    );
    assert_eq!(
        step(Step::Progress { text: String::new() }),
        ["step_problem.reason_missing"]
    );
    assert_eq!(
        problems(phone.engine.save_report(order_id(), &token, map(&[]))),
        ["step_problem.no_fields"]
    );
    assert_eq!(
        problems(phone.engine.save_report(
            order_id(),
            &token,
            map(&[("fault_found", "x".repeat(70_000).into())])
        )),
        ["step_problem.too_large"]
    );
    assert_eq!(
        phone.engine.status().unwrap().unsent,
        0,
        "a refused call leaves nothing"
    );
    // An order that was given to somebody else meanwhile: work is a fact all the same.
    phone.engine.step(order_id(), &token, Step::Arrive).unwrap();
}

#[test]
fn a_stale_form_loses_nothing() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let stale = phone.token();
    let save = |token: &crate::facts::ViewToken, text: &str| {
        phone
            .engine
            .save_report(order_id(), token, map(&[("fault_found", text.into())]))
            .unwrap()
    };
    save(&stale, "first");
    // A form that was opened before the first save does not know it: both values stay.
    let second = save(&stale, "second");
    let visit = |text: &str| -> Vec<String> {
        let details = phone.engine.order(order_id()).unwrap();
        let visit = &details.order.visits[0];
        let field = &visit.fields.0["fault_found"];
        assert_eq!(field.value, text);
        field
            .others
            .iter()
            .map(|entry| entry.value.as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(visit("second"), ["first"]);
    assert_eq!(second.n, 3);
    // A form that showed both settles it.
    let fresh = phone.token();
    save(&fresh, "third");
    assert!(visit("third").is_empty());
}

#[test]
fn two_phones_of_one_engineer_lose_nothing() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let tablet = self::phone(2, user(1));
    tablet.pull(&phone.changes());
    let text = |phone: &Phone, text: &str| {
        let token = phone.token();
        phone
            .engine
            .save_report(order_id(), &token, map(&[("action_taken", text.into())]))
            .unwrap();
    };
    text(&phone, "更换");
    text(&tablet, "重装");
    tablet.pull(&phone.changes());
    phone.pull(&tablet.changes());
    phone.pull(&tablet.changes());
    let (left, right) = (
        phone.engine.order(order_id()).unwrap(),
        tablet.engine.order(order_id()).unwrap(),
    );
    assert_eq!(left, right);
    let field = &left.order.visits[0].fields.0["action_taken"];
    let mut values: Vec<&str> = field.entries().filter_map(|entry| entry.value.as_str()).collect();
    values.sort_unstable();
    assert_eq!(values, ["更换", "重装"]);
    let devices: std::collections::BTreeSet<_> = field.entries().map(|entry| entry.stamp.device).collect();
    assert_eq!(devices.len(), 2, "each with its device");
    assert_eq!(
        phone.engine.status().unwrap().unsent,
        1,
        "the other phone's work is not ours to send"
    );
}

#[test]
fn a_wrong_clock_changes_no_order() {
    use std::sync::atomic::Ordering;
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let token = phone.token();
    phone.clock.0.store(NOW + 2 * 86_400_000, Ordering::Relaxed);
    let report = |text: &str, token: &crate::facts::ViewToken| {
        phone
            .engine
            .save_report(order_id(), token, map(&[("fault_found", text.into())]))
            .unwrap()
    };
    report("two days ahead", &token);
    phone.clock.0.store(NOW - 400 * 86_400_000, Ordering::Relaxed);
    let token = phone.token();
    let later = report("a year back", &token);
    let details = phone.engine.order(order_id()).unwrap();
    let field = &details.order.visits[0].fields.0["fault_found"];
    assert_eq!(
        field.value, "a year back",
        "what knew the other wins, whatever the clock says"
    );
    assert!(field.others.is_empty());
    assert_eq!(later.n, 3);
    // Before 1970 and beyond the calendar: a claim never stops a save.
    for wall in [i64::MIN, i64::MAX - 10_000] {
        phone.clock.0.store(wall, Ordering::Relaxed);
        let token = phone.token();
        report("extreme", &token);
    }
}

#[test]
fn each_start_writes_under_a_fresh_actor() {
    let office = Office::new();
    let (mut phone, _) = phone_with_order(1, user(1), &office);
    for _ in 0..3 {
        let token = phone.token();
        phone.engine.step(order_id(), &token, Step::Travel).unwrap();
        phone.restart();
    }
    let actors: std::collections::BTreeSet<[u8; 16]> = phone
        .changes()
        .iter()
        .filter(|(name, _)| *name == DocName::Visit(order_id(), phone.me))
        .map(|(_, bytes)| crate::documents::read_change(bytes).unwrap().actor.0)
        .collect();
    assert_eq!(actors.len(), 3);
    let tags: std::collections::BTreeSet<&[u8]> = actors.iter().map(|actor| &actor[8..]).collect();
    assert_eq!(tags.len(), 1);
}

#[test]
fn a_long_visit_is_compacted_and_reads_the_same_when_cold() {
    let office = Office::new();
    let (mut phone, _) = phone_with_order(1, user(1), &office);
    for number in 0..150 {
        let token = phone.token();
        phone
            .engine
            .step(
                order_id(),
                &token,
                Step::Progress {
                    text: format!("{number}"),
                },
            )
            .unwrap();
        if number == 100 {
            phone.restart();
        }
    }
    phone.restart();
    let snapshots: i64 = phone
        .engine
        .inner
        .store
        .read(|connection| {
            Ok::<_, crate::device::store::StoreError>(connection.query_row(
                "SELECT count(*) FROM snapshots",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap();
    assert_eq!(snapshots, 1);
    let other = self::phone(2, user(1));
    other.pull(&phone.changes());
    assert_eq!(
        other.engine.order(order_id()).unwrap(),
        phone.engine.order(order_id()).unwrap()
    );
}
