//! A key swapped at the customer's in one action (U-05).

use std::collections::{BTreeMap, BTreeSet};

use super::support::*;
use crate::device::engine::{Examination, Saved, Step, Swap};
use crate::domain::ids::PersonId;
use crate::domain::warranty::{CustomerAnswer, PhotographyForbidden, SymptomEvidence};
use crate::domain::work::Symptom;
use crate::facts::conflict::Flag;
use crate::facts::kinds::Move;
use crate::facts::order::swaps::swaps;
use crate::facts::{DocName, Fact, kinds};

const NEW: &str = "K-2001";

fn new_key() -> Swap {
    Swap {
        asset: id("asset", 0x33),
        part: "KEY-U3".to_owned(),
        serial: NEW.to_owned(),
        from: None,
        note: None,
    }
}

fn dead_key(symptoms: BTreeMap<Symptom, SymptomEvidence>) -> Examination {
    Examination::Eseal {
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::new(),
        symptoms,
        photography_forbidden: Some(PhotographyForbidden {
            reason: "机房禁止拍照".to_owned(),
            witness: PersonId(uuid::Uuid::from_u128(5)),
        }),
        quantity: 1,
    }
}

fn in_van(office: &Office, phone: &Phone) {
    let issued = Fact::Move(Move {
        movement: "issue".to_owned(),
        part: "KEY-U3".to_owned(),
        serial: Some(NEW.to_owned()),
        qty: 1,
        from: format!("store:{}", uuid::Uuid::nil()),
        to: format!("van_good:{}", user(1)),
        order: None,
        assignment: None,
        note: None,
        ..Default::default()
    });
    let van = doc(&format!("van/{}/2026q4/office", user(1)));
    phone.pull(&[office.write(&van, &[issued]).1]);
}

fn examined(phone: &Phone, symptoms: BTreeMap<Symptom, SymptomEvidence>) -> crate::facts::FactId {
    let asset = id("asset", 0x33);
    let (_, saved) = phone
        .engine
        .examine(order_id(), &phone.token(), &asset, dead_key(symptoms))
        .unwrap();
    saved.facts[0]
}

fn swap(phone: &Phone, swap: &Swap) -> Result<Saved, crate::device::EngineError> {
    phone.engine.swap(order_id(), &phone.token(), swap)
}

#[test]
fn u05_a_key_is_swapped_in_one_action_over_visit_and_van() {
    let office = Office::new();
    let (phone, assignment) = phone_with_order(1, user(1), &office);
    in_van(&office, &phone);
    let decision = examined(&phone, BTreeMap::new());
    let before = phone.changes().len();
    let saved = swap(&phone, &new_key()).unwrap();
    assert_eq!(saved.facts.len(), 4);
    assert_eq!(phone.changes().len(), before + 2, "one action in two documents");

    let van = phone.engine.stock().unwrap();
    assert!(van.good.is_empty() && van.stock.conflicts.is_empty());
    assert_eq!(van.defective[0].serials, ["K-1007"]);
    let view = phone.engine.order(order_id()).unwrap().order;
    let found = swaps(&view);
    assert_eq!(
        (found[0].serial.as_str(), found[0].decision),
        (NEW, Some(decision))
    );
    assert_eq!(found[0].asset, id("asset", 0x33));
    let learnt = &view.learnt[&found[0].replacement];
    let told = |name: &str| learnt.0[name].proposals[0].value.clone();
    assert_eq!(
        told("applied_on"),
        "2026-01-10",
        "the key's warranty is inherited (Q20)"
    );
    assert_eq!(told("product"), "eseal-key");
    assert_eq!(told("customer"), id("customer", 0x22).to_string());
    let old = &view.learnt[&id("asset", 0x33)].0["replaced_by"];
    assert_eq!(old.proposals[0].value, found[0].replacement.to_string());
    assert!(
        view.lines
            .iter()
            .all(|line| line.movement == "consume" || line.serial.as_deref() == Some("K-1007"))
    );
    let flagged = view.timeline.iter().filter(|event| {
        event.flags.contains(&Flag::GuardFailed) || event.flags.contains(&Flag::BadReference)
    });
    assert_eq!(flagged.count(), 0);
    for (_, bytes) in &phone.changes()[before..] {
        let action = crate::documents::read_change(bytes).unwrap().action;
        assert_eq!(action.docs.len(), 2);
        for fact in action.facts.iter().filter(|fact| fact.kind == "move") {
            assert_eq!(fact.payload["assignment"], assignment.to_string());
        }
    }
    assert_eq!(
        problems(swap(
            &phone,
            &Swap {
                serial: "K-2002".to_owned(),
                ..new_key()
            }
        )),
        ["step_problem.already_replaced"]
    );
}

#[test]
fn u05_what_stands_in_the_way_is_said_and_nothing_is_written() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let count = || phone.changes().len();
    let start = count();
    assert_eq!(
        problems(swap(&phone, &new_key())),
        ["step_problem.decision_missing"]
    );
    let other = |change: fn(&mut Swap)| {
        let mut other = new_key();
        change(&mut other);
        problems(swap(&phone, &other))
    };
    assert_eq!(
        other(|swap| swap.part = " ".to_owned()),
        ["step_problem.part_missing"]
    );
    assert_eq!(
        other(|swap| swap.serial = " ".to_owned()),
        ["step_problem.serial_missing"]
    );
    assert_eq!(
        other(|swap| swap.serial = "K-1007".to_owned()),
        ["step_problem.same_serial"]
    );
    assert_eq!(
        other(|swap| swap.asset = id("asset", 0x77)),
        ["step_problem.unknown_asset"]
    );
    assert_eq!(count(), start);
    // User damage is paid for: first the customer accepts the price, here a supervisor sets it.
    let paid = examined(
        &phone,
        BTreeMap::from([(Symptom::ShellCracked, SymptomEvidence::default())]),
    );
    assert_eq!(
        problems(swap(&phone, &new_key())),
        ["swap_problem.supervisor_first"]
    );
    let confirm = Fact::Confirm(kinds::Confirm {
        target: paid,
        verdict: "confirmed".to_owned(),
        outcome: None,
        reason: None,
        over: Vec::new(),
    });
    phone.pull(&[office.write(&DocName::Order(order_id()), &[confirm]).1]);
    assert_eq!(problems(swap(&phone, &new_key())), ["swap_problem.not_accepted"]);
    phone
        .engine
        .answer(order_id(), &phone.token(), paid, CustomerAnswer::Accepts)
        .unwrap();
    let before = count();
    assert_eq!(problems(swap(&phone, &new_key())), ["step_problem.not_in_van"]);
    assert_eq!(count(), before);
    // A colleague hands it over on the spot: still one action (D.5-2b).
    let lent = Swap {
        from: Some(user(2)),
        ..new_key()
    };
    swap(&phone, &lent).unwrap();
    let van = phone.engine.stock().unwrap();
    assert!(van.good.is_empty());
    let view = phone.engine.order(order_id()).unwrap().order;
    let new = &view.learnt[&swaps(&view)[0].replacement];
    assert_eq!(
        new.0["applied_on"].proposals[0].value, "2026-11-23",
        "who pays has a new warranty"
    );
}

#[test]
fn u05_i13_the_fold_flags_a_swap_that_no_phone_would_have_written() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    in_van(&office, &phone);
    let decision = examined(&phone, BTreeMap::new());
    phone
        .engine
        .answer(order_id(), &phone.token(), decision, CustomerAnswer::Declines)
        .unwrap();
    let asset = id("asset", 0x33);
    let claim = |decision: &str, number: u8| {
        let fields = map(&[
            ("serial", NEW.into()),
            ("replaces", asset.to_string().into()),
            ("decision", decision.into()),
        ]);
        phone
            .engine
            .learn(order_id(), &phone.token(), &id("asset", number), fields)
            .unwrap()
            .facts[0]
    };
    let declined = claim(&decision.to_string(), 0x41);
    let unknown = claim("0193f2c0-0000-7000-8000-000000000001#0", 0x42);
    let view = phone.engine.order(order_id()).unwrap().order;
    let flags = |id| {
        let event = view.timeline.iter().find(|event| event.record.id == id);
        event.unwrap().flags.clone()
    };
    assert!(flags(declined).contains(&Flag::GuardFailed));
    assert!(flags(unknown).contains(&Flag::BadReference));
}

#[test]
fn u05_an_answer_after_the_swap_is_not_held_against_it() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    in_van(&office, &phone);
    let decision = examined(&phone, BTreeMap::new());
    let saved = swap(&phone, &new_key()).unwrap();
    phone
        .engine
        .answer(order_id(), &phone.token(), decision, CustomerAnswer::Disputes)
        .unwrap();
    phone
        .engine
        .step(order_id(), &phone.token(), Step::Leave)
        .unwrap();
    let view = phone.engine.order(order_id()).unwrap().order;
    let event = view
        .timeline
        .iter()
        .find(|event| event.record.id == saved.facts[0]);
    assert!(!event.unwrap().flags.contains(&Flag::GuardFailed));
}
