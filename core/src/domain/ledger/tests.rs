use super::*;
use crate::domain::ids::{LocationId, OrderId, UserId};
use proptest::prelude::*;
use uuid::Uuid;

fn van(n: u128) -> Location {
    Location::VanGood(UserId(Uuid::from_u128(n)))
}
fn defective(n: u128) -> Location {
    Location::VanDefective(UserId(Uuid::from_u128(n)))
}
fn store() -> Location {
    Location::Store(LocationId(Uuid::from_u128(50)))
}
fn site(n: u128) -> Location {
    Location::CustomerSite(OrderId(Uuid::from_u128(n)))
}
fn transit(n: u128) -> Location {
    Location::InTransit(Some(UserId(Uuid::from_u128(n))))
}

fn mv(kind: MovementKind, serial: Option<&str>, qty: u32, from: Location, to: Location) -> Entry<u32> {
    Entry::Move(Movement::new(kind, "KEY", serial, qty, from, to).unwrap())
}
fn reverse(of: u32) -> Entry<u32> {
    Entry::Reverse(Reversal { of })
}
fn run(entries: Vec<(u32, Entry<u32>)>) -> Ledger<u32> {
    fold(&Balances::new(), entries)
}

use MovementKind as K;

#[test]
fn d05_example_2a_the_last_parts_of_a_shared_cabinet() {
    let stocked = vec![(1, mv(K::Receive, None, 3, Location::Supplier, store()))];
    let used = vec![
        (2, mv(K::Consume, None, 2, store(), site(1))),
        (3, mv(K::Consume, None, 2, store(), site(2))),
    ];
    let ledger = run([stocked.clone(), used.clone()].concat());
    assert_eq!(ledger.balances.get(store(), "KEY"), -1);
    let expected = Discrepancy {
        location: store(),
        part: "KEY".into(),
        serial: None,
        balance: -1,
    };
    assert_eq!(ledger.discrepancies, [expected]);
    assert_eq!(ledger.standing.len(), 3, "no use was refused");
    let counted = vec![(4, mv(K::Adjust, None, 1, Location::Suspense, store()))];
    let ledger = run([stocked, used, counted].concat());
    assert_eq!(
        (ledger.balances.get(store(), "KEY"), ledger.discrepancies),
        (0, vec![])
    );
}

#[test]
fn d05_example_2b_one_serial_two_uses() {
    let k = Some("K-1007");
    let mut entries = vec![
        (1, mv(K::Receive, k, 1, Location::Supplier, store())),
        (2, mv(K::Issue, k, 1, store(), transit(1))),
        (3, mv(K::ConfirmReceipt, k, 1, transit(1), van(1))),
        // B took it from A by hand and built it in; A scraps it later by mistake.
        (4, mv(K::TransferIn, k, 1, van(1), van(2))),
        (5, mv(K::Consume, k, 1, van(2), site(2))),
        (6, mv(K::Scrap, k, 1, van(1), Location::Scrap)),
    ];
    let ledger = run(entries.clone());
    assert_eq!(
        ledger.disputes,
        [SerialDispute {
            part: "KEY".into(),
            serial: "K-1007".into(),
            ends: vec![5, 6]
        }]
    );
    assert_eq!(ledger.standing.len(), 6, "neither is removed");
    assert!(
        ledger
            .discrepancies
            .iter()
            .any(|d| d.location == van(1) && d.serial.is_some() && d.balance == -1)
    );
    entries.push((7, reverse(6)));
    let ledger = run(entries);
    assert_eq!(
        (ledger.disputes, ledger.discrepancies, ledger.flags),
        (vec![], vec![], vec![])
    );
}

#[test]
fn i04_a_unit_that_goes_round_is_not_disputed() {
    let k = Some("K-1");
    // Built in on order 1, taken out as defective on order 2, scrapped: one end.
    let ledger = run(vec![
        (1, mv(K::Receive, k, 1, Location::Supplier, store())),
        (2, mv(K::Issue, k, 1, store(), van(1))),
        (3, mv(K::Consume, k, 1, van(1), site(1))),
        (4, mv(K::CollectDefective, k, 1, site(2), defective(1))),
        (5, mv(K::Scrap, k, 1, defective(1), Location::Scrap)),
    ]);
    assert_eq!((ledger.disputes, ledger.discrepancies), (vec![], vec![]));
    // A customer's old key that never was ours.
    let ledger = run(vec![
        (1, mv(K::CollectDefective, k, 1, site(2), defective(1))),
        (2, mv(K::Scrap, k, 1, defective(1), Location::Scrap)),
    ]);
    assert_eq!((ledger.disputes, ledger.discrepancies), (vec![], vec![]));
    // Built in twice.
    let ledger = run(vec![
        (1, mv(K::Consume, k, 1, van(1), site(1))),
        (2, mv(K::Consume, k, 1, van(2), site(2))),
    ]);
    assert_eq!(ledger.disputes.len(), 1);
    // A loan that came back, then a sale.
    let ledger = run(vec![
        (1, mv(K::LoanOut, k, 1, van(1), site(1))),
        (2, mv(K::LoanBack, k, 1, site(1), van(1))),
        (3, mv(K::Consume, k, 1, van(1), site(3))),
    ]);
    assert_eq!(ledger.disputes, vec![]);
}

#[test]
fn reversals_count_once_and_say_what_is_odd() {
    let used = (1, mv(K::Consume, None, 2, van(1), site(1)));
    let ledger = run(vec![
        used.clone(),
        (2, reverse(1)),
        (3, reverse(1)),
        (4, reverse(2)),
        (5, reverse(99)),
    ]);
    assert_eq!(ledger.balances, Balances::new());
    assert_eq!(
        ledger.flags,
        [
            LedgerFlag::ReversesUnknown(5),
            LedgerFlag::ReversedTwice(3),
            LedgerFlag::ReversesReversal(4)
        ]
    );
    // The reversal may arrive first; it takes effect when its movement does.
    assert_eq!(run(vec![(2, reverse(1))]).flags, [LedgerFlag::ReversesUnknown(2)]);
    assert_eq!(run(vec![(2, reverse(1)), used]).balances, Balances::new());
}

#[test]
fn y23_yuntians_column_is_issued_less_consumed() {
    let ledger = run(vec![
        (1, mv(K::Issue, None, 10, store(), transit(1))),
        (2, mv(K::ConfirmReceipt, None, 9, transit(1), van(1))),
        (3, mv(K::Consume, None, 3, van(1), site(1))),
        (4, mv(K::Scrap, None, 1, van(1), Location::Scrap)),
        (5, mv(K::Consume, None, 2, store(), site(1))),
        (6, mv(K::Consume, None, 1, van(1), site(4))),
        (7, reverse(6)),
        (8, mv(K::Issue, None, 5, store(), van(2))),
    ]);
    let row = ledger.yuntian(UserId(Uuid::from_u128(1)))["KEY"];
    assert_eq!((row.issued, row.consumed, row.balance()), (10, 3, 7));
    // The stock itself knows of the scrap and of what was never confirmed.
    assert_eq!(ledger.balances.get(van(1), "KEY"), 5);
    assert_eq!(ledger.balances.get(transit(1), "KEY"), 1);
}

#[test]
fn movements_that_say_nothing_are_refused() {
    let new = |serial, qty, to| Movement::new(K::Consume, "KEY", serial, qty, van(1), to).map(|_| ());
    assert_eq!(new(None, 0, site(1)), Err(MovementError::Quantity));
    assert_eq!(new(Some("K-1"), 2, site(1)), Err(MovementError::Quantity));
    assert_eq!(new(None, 1, van(1)), Err(MovementError::SamePlace));
    assert!(Movement::new(K::Consume, " ", None, 1, van(1), site(1)).is_err());
    // A strange route counts and is flagged.
    let ledger = run(vec![(1, mv(K::Consume, None, 1, van(1), Location::Scrap))]);
    assert_eq!(ledger.flags, [LedgerFlag::Route(1)]);
    assert_eq!(ledger.balances.get(van(1), "KEY"), -1);
}

#[test]
fn golden_text_of_locations_and_balances() {
    let id = "00000000-0000-0000-0000-000000000001";
    for (location, text) in [
        (van(1), format!("van_good:{id}")),
        (defective(1), format!("van_defective:{id}")),
        (site(1), format!("customer_site:{id}")),
        (transit(1), format!("in_transit:{id}")),
        (Location::InTransit(None), "in_transit".to_owned()),
        (Location::Scrap, "scrap".to_owned()),
        (Location::Supplier, "supplier".to_owned()),
        (Location::Suspense, "suspense".to_owned()),
    ] {
        assert_eq!(location.to_string(), text);
        assert_eq!(text.parse(), Ok(location));
    }
    for refused in ["store", "scrap:1", "van_good:x", "", "van_good:", "shelf"] {
        assert_eq!(refused.parse::<Location>(), Err(LocationError), "{refused}");
    }
    let ledger = run(vec![(1, mv(K::Consume, None, 1, van(1), Location::Scrap))]);
    let json = format!(
        r#"[{{"location":"van_good:{id}","part":"KEY","qty":-1}},{{"location":"scrap","part":"KEY","qty":1}}]"#
    );
    assert_eq!(serde_json::to_string(&ledger.balances).unwrap(), json);
    assert_eq!(serde_json::from_str::<Balances>(&json).unwrap(), ledger.balances);
    let twice = json.replace("scrap", &format!("van_good:{id}"));
    assert!(serde_json::from_str::<Balances>(&twice).is_err());
}

#[test]
fn every_kind_has_a_route_and_a_writer() {
    let places = [
        van(1),
        van(2),
        defective(1),
        store(),
        site(1),
        transit(1),
        Location::Scrap,
        Location::Supplier,
        Location::Suspense,
    ];
    for kind in MovementKind::ALL {
        assert!(
            places
                .iter()
                .any(|from| places.iter().any(|to| kind.goes(*from, *to))),
            "{kind}"
        );
        assert!(!kind.posted_by().is_empty());
    }
    assert!(!K::Adjust.goes(van(1), van(2)));
}

fn any_place() -> impl Strategy<Value = Location> {
    prop::sample::select(vec![
        van(1),
        van(2),
        defective(1),
        store(),
        site(1),
        site(2),
        transit(1),
        Location::Scrap,
        Location::Supplier,
        Location::Suspense,
    ])
}

fn any_entries() -> impl Strategy<Value = Vec<(u32, Entry<u32>)>> {
    let movement = (
        prop::sample::select(MovementKind::ALL),
        0..2_usize,
        prop::option::of(0..3_u8),
        1..5_u32,
        any_place(),
        any_place(),
    )
        .prop_filter_map("goes somewhere", |(kind, part, serial, qty, from, to)| {
            let serial = serial.map(|n| format!("K-{n}"));
            let qty = if serial.is_some() { 1 } else { qty };
            Movement::new(kind, ["KEY", "FUSE"][part], serial.as_deref(), qty, from, to)
                .ok()
                .map(Entry::Move)
        });
    let entry = prop_oneof![4 => movement, 1 => (0..40_u32).prop_map(reverse)];
    prop::collection::vec((0..40_u32, entry), 0..40)
}

proptest! {
    #[test]
    fn i01_i03_order_and_repetition_do_not_matter_and_sums_are_zero(entries in any_entries(), seed in any::<u64>()) {
        let ledger = run(entries.clone());
        for part in ["KEY", "FUSE"] {
            prop_assert_eq!(ledger.balances.total(part), 0);
        }
        // balance(location) = in - out, over the movements that stand.
        for (location, part, qty) in ledger.balances.iter() {
            let moved = |m: &Movement| {
                let n = i64::from(m.qty());
                (if m.to() == location { n } else { 0 }) - (if m.from() == location { n } else { 0 })
            };
            let sum: i64 = ledger.movements().filter(|m| m.part() == part).map(moved).sum();
            prop_assert_eq!(qty, sum);
        }
        // A permutation with duplicates.
        let mut shuffled = entries.clone();
        shuffled.extend(entries.iter().filter(|(id, _)| id % 3 == 0).cloned());
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
        }
        prop_assert_eq!(run(shuffled), ledger);
    }

    #[test]
    fn i03_a_closing_in_between_changes_nothing(entries in any_entries(), cut in 0..40_u32) {
        // Reversals stay with their movements' side of the closing, as a closing counts both.
        let moves: Vec<_> = entries.into_iter().filter(|(_, e)| matches!(e, Entry::Move(_))).collect();
        let (before, after): (Vec<_>, Vec<_>) = moves.clone().into_iter().partition(|(id, _)| *id < cut);
        let closed = run(before).balances;
        prop_assert_eq!(fold(&closed, after).balances, run(moves).balances);
    }

    #[test]
    fn i04_a_serial_has_one_end_or_is_disputed(entries in any_entries()) {
        let ledger = run(entries);
        for serial in ["K-0", "K-1", "K-2"] {
            for part in ["KEY", "FUSE"] {
                let net = |class: fn(Location) -> bool| -> i64 {
                    let unit = ledger.movements().filter(|m| m.part() == part && m.serial() == Some(serial));
                    unit.map(|m| i64::from(class(m.to())) - i64::from(class(m.from()))).sum()
                };
                let sites = net(|l| matches!(l, Location::CustomerSite(_)));
                let scrap = net(|l| l == Location::Scrap);
                let supplier = net(|l| l == Location::Supplier);
                let ends = sites.max(0) + scrap.max(0) + supplier.max(0);
                let disputed = ledger.disputes.iter().any(|d| d.part == part && d.serial == serial);
                prop_assert_eq!(disputed, ends > 1);
            }
        }
    }
}
