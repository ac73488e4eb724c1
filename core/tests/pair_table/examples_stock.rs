//! The worked examples of D.5 about stock (2a, 2b, 2c).

use std::collections::BTreeSet;

use fieldseal_core::facts::conflict::{Acts, ConflictKind as K, Flag};
use fieldseal_core::facts::{fold_stock, fold_van};

use crate::harness::asks;
use crate::story::*;

#[test]
fn d5_example_02a_two_engineers_use_the_last_parts_of_a_cabinet() {
    let mut story = Story::new(2);
    story.write(
        page(STOREKEEPER),
        store_doc(),
        vec![moved("receive", "K-10", None, 3, ("supplier", &cabinet()), false)],
    );
    for engineer in [A, B] {
        let used = moved("consume", "K-10", None, 2, (&cabinet(), &site()), true);
        story.write(phone(engineer), van_field(engineer), vec![used]);
    }
    let stock = fold_stock(&story.actions);
    let row = stock
        .rows
        .iter()
        .find(|row| row.location.to_string() == cabinet())
        .unwrap();
    assert_eq!(row.qty, -1);
    assert_eq!(stock.moves.len(), 3, "nothing was refused");
    let conflict = stock
        .conflicts
        .iter()
        .find(|conflict| conflict.kind == K::NegativeStock)
        .unwrap();
    assert!(asks(conflict, Acts::Storekeeper));
    let authors: BTreeSet<_> = conflict.sides.iter().map(|side| side.stamp.by).collect();
    assert_eq!(authors, BTreeSet::from([user(A), user(B)]));
    // K counts and posts the one that was in the box.
    story.write(
        page(STOREKEEPER),
        store_doc(),
        vec![moved("adjust", "K-10", None, 1, ("suspense", &cabinet()), false)],
    );
    let stock = fold_stock(&story.actions);
    assert!(
        stock.conflicts.is_empty() && !stock.rows.iter().any(|row| row.location.to_string() == cabinet())
    );
    let sum: i64 = stock.rows.iter().map(|row| row.qty).sum();
    assert_eq!(sum, 0, "I3");
}

#[test]
fn d5_example_02b_one_serial_two_uses() {
    let mut story = Story::new(3);
    let key =
        |kind: &str, from: &str, to: &str| moved(kind, "key-blank", Some("K-1007"), 1, (from, to), false);
    story.write(
        page(STOREKEEPER),
        store_doc(),
        vec![key("receive", "supplier", &cabinet())],
    );
    story.write(
        page(STOREKEEPER),
        van_office(A),
        vec![key("issue", &cabinet(), &van_good(A))],
    );
    // B scans a key that is not in his van: taken from A; then builds it in.
    let taken = story.write(
        phone(B),
        van_field(B),
        vec![key("transfer_in", &van_good(A), &van_good(B))],
    );
    let used = story.write(
        phone(B),
        van_field(B),
        vec![key("consume", &van_good(B), &site())],
    );
    let scrapped = story.write(phone(A), van_field(A), vec![key("scrap", &van_good(A), "scrap")]);
    // The server mirrors the hand-over into A's van; it counts once.
    story.write(
        page(STOREKEEPER),
        van_office(A),
        vec![mirror(&taken, key("transfer_in", &van_good(A), &van_good(B)))],
    );
    let stock = fold_stock(&story.actions);
    let dispute = stock
        .conflicts
        .iter()
        .find(|conflict| conflict.kind == K::SerialDisputed)
        .unwrap();
    let ends: BTreeSet<_> = dispute.sides.iter().map(|side| side.fact).collect();
    assert_eq!(ends, BTreeSet::from([used.id(), scrapped.id()]), "I4");
    let at_a = |stock: &fieldseal_core::facts::StockView| {
        stock
            .rows
            .iter()
            .filter(|row| row.location.to_string() == van_good(A))
            .map(|row| row.qty)
            .sum::<i64>()
    };
    assert_eq!(
        at_a(&stock),
        -1,
        "issued once, handed over once although mirrored, scrapped once"
    );
    // A's own van shows the hand-over too, from its own documents alone.
    assert_eq!(fold_van(user(A), &story.actions).available("key-blank"), -1);
    // K keeps the use and reverses the scrap.
    story.write(page(STOREKEEPER), van_office(A), vec![reverse(&scrapped)]);
    let stock = fold_stock(&story.actions);
    assert!(stock.conflicts.is_empty());
    assert_eq!(at_a(&stock), 0);
    assert!(
        stock
            .moves
            .iter()
            .any(|one| one.id == scrapped.id() && one.reversed_by.is_some()),
        "it stays visible"
    );
}

#[test]
fn d5_example_02c_the_same_action_three_times() {
    let mut story = Story::new(4);
    story.write(
        page(STOREKEEPER),
        van_office(A),
        vec![moved("issue", "fuse", None, 5, (&cabinet(), &van_good(A)), false)],
    );
    story.write(
        phone(A),
        van_field(A),
        vec![moved("consume", "fuse", None, 1, (&van_good(A), &site()), true)],
    );
    let once = fold_van(user(A), &story.actions);
    let again = story.actions[1].clone();
    story.actions.extend([again.clone(), again]);
    assert_eq!(once.available("fuse"), 4);
    assert_eq!(fold_van(user(A), &story.actions), once);
}

#[test]
fn d04_an_engineer_cannot_issue_parts_to_himself_nor_reverse_what_the_store_posted() {
    let mut story = Story::new(5);
    let issued = story.write(
        page(STOREKEEPER),
        van_office(A),
        vec![moved("issue", "fuse", None, 5, (&cabinet(), &van_good(A)), false)],
    );
    story.sync(phone(A));
    story.write(
        phone(A),
        van_field(A),
        vec![moved("issue", "fuse", None, 9, (&cabinet(), &van_good(A)), false)],
    );
    story.write(phone(A), van_field(A), vec![reverse(&issued)]);
    let van = fold_van(user(A), &story.actions);
    assert_eq!(van.available("fuse"), 5);
    let said: Vec<_> = van
        .stock
        .changes
        .iter()
        .flat_map(|change| change.flags.clone())
        .collect();
    assert_eq!(
        said,
        [Flag::GuardFailed, Flag::GuardFailed],
        "kept, flagged, without effect"
    );
}
