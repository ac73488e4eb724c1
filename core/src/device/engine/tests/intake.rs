//! Tickets founded on site, and units found there: no server anywhere.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::report::signed;
use super::support::*;
use crate::device::engine::{Founding, FoundingCustomer, FoundingUnit, Step};
use crate::domain::ids::{AssetId, CustomerId};
use crate::domain::sealed::verify_sealed;
use crate::domain::work::{Category, Channel, OrderState, OrderType, Outcome};
use crate::facts::{DocName, first_order_of};

fn founding() -> Founding {
    Founding {
        category: Category::Service,
        channel: Channel::OnSite,
        description: " 印章插入电脑无反应 ".to_owned(),
        reported_on: None,
        more: map(&[
            ("environment", "Windows 11".into()),
            ("custom.floor", json!(3)),
            ("priority", "p1".into()),
        ]),
        customer: FoundingCustomer::New(map(&[
            ("name", "虹桥车站管理处".into()),
            ("address", "申虹路".into()),
        ])),
        caller: Some(map(&[
            ("name", "王小明".into()),
            ("phone", json!(["13812345678"])),
        ])),
        units: vec![FoundingUnit::New(map(&[
            ("serial", "K-9001".into()),
            ("product", "eseal-key".into()),
            ("applied_on", "2026-01-10".into()),
        ]))],
        order_type: OrderType::Repair,
        takes: true,
    }
}

#[test]
fn q12_i000_28_a_ticket_is_founded_with_no_server_and_its_visit_starts_at_once() {
    let mut phone = phone(1, user(1));
    let founded = phone
        .engine
        .found_ticket(&Default::default(), founding())
        .unwrap();
    assert_eq!(founded.order, first_order_of(founded.ticket));
    let tag = phone.engine.status().unwrap().enrolment.unwrap().tag;
    let device = tag[..2].to_uppercase();
    assert_eq!(founded.provisional, format!("SS~{device}-0001"));
    phone.restart();

    let row = phone.engine.orders().unwrap().remove(0);
    assert_eq!((row.id, row.mine), (founded.order, true));
    assert_eq!(row.state, OrderState::Accepted.as_str());
    assert_eq!(row.number.as_deref(), Some(founded.provisional.as_str()));
    assert_eq!(row.customer.as_deref(), Some("虹桥车站管理处"));
    assert_eq!(row.summary.as_deref(), Some("印章插入电脑无反应"));
    assert_eq!(
        (row.kind.as_deref(), row.priority.as_deref()),
        (Some("repair"), Some("p1"))
    );
    assert!(row.flags.is_empty() && row.conflicts == 0);

    let shown = phone.engine.order(founded.order).unwrap();
    let ticket = shown.ticket.as_ref().unwrap();
    assert_eq!(ticket.doc, DocName::Ticket(founded.ticket));
    assert_eq!(
        ticket.fields.known_text("reported_on").as_deref(),
        Some("2026-11-23")
    );
    assert_eq!(ticket.fields.known("custom.floor"), Some(json!(3)));
    assert_eq!(shown.people[0].fields.text("name"), Some("王小明"));
    assert_eq!(shown.assets[0].doc, founded.units[0]);

    // Found by every word that a person may hold in hand: number, serial, phone, customer, fault.
    for typed in [founded.provisional.as_str(), "K-9001", "5678", "虹桥", "无反应"] {
        let hits = phone.engine.search(typed).unwrap();
        assert!(
            hits.iter()
                .any(|hit| hit.name == DocName::Order(founded.order).to_string()),
            "{typed}: {hits:?}"
        );
    }

    // And the whole job follows: arrival, outcome, signature.
    phone
        .engine
        .step(founded.order, &shown.token, Step::Arrive)
        .unwrap();
    let done = Step::Done {
        outcome: Outcome::Solved,
        reason: None,
    };
    phone.engine.step(founded.order, &shown.token, done).unwrap();
    let token = phone.engine.order(founded.order).unwrap().token;
    let report = map(&[
        ("fault_found", "接口松动".into()),
        ("action_taken", "更换印章".into()),
        ("opinion_kind", "satisfied".into()),
        ("signer_name", "王小明".into()),
        ("signer_role", "站务".into()),
    ]);
    phone.engine.save_report(founded.order, &token, report).unwrap();
    let token = phone.engine.order(founded.order).unwrap().token;
    let sealed = phone.engine.seal(founded.order, &token, signed(200)).unwrap();
    let sealed = verify_sealed(&sealed.bytes, None).unwrap();
    assert_eq!(sealed.content.order.number, founded.provisional);
    assert_eq!(sealed.content.customer.name, "虹桥车站管理处");
    assert_eq!(sealed.content.assets[0].serial.as_deref(), Some("K-9001"));
    let view = phone.engine.order(founded.order).unwrap().order;
    assert_eq!(view.state, OrderState::Signed);
    assert!(
        view.flags.is_empty() && view.conflicts.is_empty(),
        "{:?} {:?}",
        view.flags,
        view.conflicts
    );
}

#[test]
fn i10_provisional_numbers_count_on_over_restarts_and_categories() {
    let mut phone = phone(2, user(1));
    let mut numbers = Vec::new();
    for category in [
        Category::Service,
        Category::Support,
        Category::Complaint,
        Category::Service,
    ] {
        let one = Founding {
            category,
            ..founding()
        };
        numbers.push(
            phone
                .engine
                .found_ticket(&Default::default(), one)
                .unwrap()
                .provisional,
        );
        phone.restart();
    }
    let ends: Vec<&str> = numbers.iter().map(|number| &number[number.len() - 4..]).collect();
    assert_eq!(ends, ["0001", "0002", "0003", "0004"]);
    assert!(
        numbers[1].starts_with("TS~") && numbers[2].starts_with("CP~"),
        "{numbers:?}"
    );
}

#[test]
fn t15_a_scanned_serial_is_the_unit_that_is_known_or_a_new_one() {
    let office = Office::new();
    let (phone, _) = phone_with_order(3, user(1), &office);
    let known = |serial: &str| FoundingUnit::New(map(&[("serial", serial.into())]));
    let engine = &phone.engine;
    let meant = engine
        .found_ticket(
            &Default::default(),
            Founding {
                units: vec![known("k-1007"), known("K-1007 ")],
                ..founding()
            },
        )
        .unwrap();
    assert_eq!(meant.units, [id("asset", 0x33)]);

    // The order has it already; another one is added to it and shown at once.
    let token = phone.token();
    assert_eq!(
        problems(engine.add_unit(order_id(), &token, known("K-1007"))),
        ["step_problem.unit_known"]
    );
    let (doc, _) = engine.add_unit(order_id(), &token, known("K-2002")).unwrap();
    let shown = engine.order(order_id()).unwrap();
    assert_eq!(
        shown.assets.iter().map(|unit| &unit.doc).collect::<Vec<_>>(),
        [&id("asset", 0x33), &doc]
    );
    assert_eq!(
        shown.assets[1].fields.known_text("serial").as_deref(),
        Some("K-2002")
    );
    // The same serial again is that unit.
    assert_eq!(
        problems(engine.add_unit(order_id(), &token, FoundingUnit::New(BTreeMap::new()))),
        ["step_problem.serial_missing"]
    );
}

#[test]
fn what_cannot_be_founded_is_named_and_leaves_nothing() {
    let phone = phone(4, user(1));
    let try_with = |change: &dyn Fn(&mut Founding)| {
        let mut one = founding();
        change(&mut one);
        problems(phone.engine.found_ticket(&Default::default(), one))
    };
    assert_eq!(
        try_with(&|one| one.description = " ".into()),
        ["step_problem.description_missing"]
    );
    assert_eq!(
        try_with(&|one| one.customer = FoundingCustomer::New(map(&[("name", " ".into())]))),
        ["step_problem.customer_missing"]
    );
    assert_eq!(
        try_with(&|one| one.customer = FoundingCustomer::Known(CustomerId(user(9).0))),
        ["step_problem.unknown_customer"]
    );
    assert_eq!(
        try_with(&|one| one.units = vec![FoundingUnit::Known(AssetId(user(9).0))]),
        ["step_problem.unknown_asset"]
    );
    assert_eq!(
        try_with(&|one| one.units = vec![FoundingUnit::New(BTreeMap::new())]),
        ["step_problem.serial_missing"]
    );
    let more = |name: &str, value: Value| map(&[(name, value)]);
    assert_eq!(
        try_with(&|one| one.more = more("state", "closed".into())),
        ["step_problem.unknown_field"]
    );
    assert_eq!(
        try_with(&|one| one.more = more("custom.", 1.into())),
        ["step_problem.unknown_field"]
    );
    assert_eq!(
        try_with(&|one| one.more = more("custom.x", json!({"a": 1}))),
        ["step_problem.bad_value"]
    );
    assert_eq!(
        try_with(&|one| one.more = more("steps", "x".repeat(4_001).into())),
        ["step_problem.bad_value"]
    );
    assert_eq!(
        try_with(&|one| one.reported_on = Some("yesterday".into())),
        ["step_problem.bad_value"]
    );
    assert_eq!(phone.engine.status().unwrap().unsent, 0);
    assert!(phone.engine.orders().unwrap().is_empty());
}

#[test]
fn i000_28_who_founds_without_taking_it_has_no_assignment() {
    let phone = phone(5, user(1));
    let founded = phone
        .engine
        .found_ticket(
            &Default::default(),
            Founding {
                takes: false,
                ..founding()
            },
        )
        .unwrap();
    let shown = phone.engine.order(founded.order).unwrap();
    assert_eq!((shown.order.state, shown.order.current), (OrderState::Open, None));
    assert!(!phone.engine.orders().unwrap()[0].mine);
    let accept = phone
        .engine
        .step(founded.order, &shown.token, Step::Accept { plan: None });
    assert_eq!(problems(accept), ["step_problem.not_assigned"]);
}

#[test]
fn i000_13_help_is_asked_for_with_target_and_reason() {
    let office = Office::new();
    let (phone, _) = phone_with_order(6, user(1), &office);
    let ask = |to: &str, reason: &str| {
        let step = Step::Escalate {
            to: to.to_owned(),
            reason: reason.to_owned(),
        };
        phone.engine.step(order_id(), &phone.token(), step)
    };
    assert_eq!(problems(ask(" ", "firmware")), ["step_problem.target_missing"]);
    assert_eq!(problems(ask("系统工程部", "")), ["step_problem.reason_missing"]);
    ask("系统工程部", "远程无法解决").unwrap();
    let view = phone.engine.order(order_id()).unwrap().order;
    assert_eq!(view.escalations[0].to, "系统工程部");
    assert_eq!(view.escalations[0].stamp.by, user(1));
}
