//! The engineer counts his van and sees what is missing in it.

use super::support::*;
use crate::device::engine::{Bucket, Counted};
use crate::facts::conflict::{ConflictKind, Flag};
use crate::facts::kinds::{Count, CountLine, Level, Move};
use crate::facts::van::CountState;
use crate::facts::{DocName, Fact, FactId};

fn office_doc() -> DocName {
    doc(&format!("van/{}/2026q4/office", user(1)))
}

fn good() -> String {
    format!("van_good:{}", user(1))
}

fn moved(movement: &str, part: &str, serial: Option<&str>, qty: u32, from: &str, to: &str) -> Fact {
    Fact::Move(Move {
        movement: movement.to_owned(),
        part: part.to_owned(),
        serial: serial.map(str::to_owned),
        qty,
        from: from.to_owned(),
        to: to.to_owned(),
        order: None,
        assignment: None,
        note: None,
        ..Default::default()
    })
}

fn issued(part: &str, serial: Option<&str>, qty: u32) -> Fact {
    let store = format!("store:{}", uuid::Uuid::nil());
    moved("issue", part, serial, qty, &store, &good())
}

fn level(place: &str, part: &str, amounts: (u32, u32, u32), over: Vec<FactId>) -> Fact {
    Fact::Level(Level {
        place: place.to_owned(),
        part: part.to_owned(),
        safety: amounts.0,
        min: amounts.1,
        max: amounts.2,
        over,
    })
}

fn counted(part: &str, serial: Option<&str>, counted: u32) -> Counted {
    Counted {
        part: part.to_owned(),
        serial: serial.map(str::to_owned),
        counted,
    }
}

#[test]
fn t36_an_engineers_count_is_a_proposal_that_changes_nothing_until_it_is_posted() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let stock = [issued("FUSE", None, 5), issued("KEY", Some("K-1"), 1)];
    phone.pull(&[office.write(&office_doc(), &stock).1]);
    let token = phone.engine.stock().unwrap().stock.token;
    let lines = [
        counted("FUSE", None, 4),
        counted("KEY", Some("K-1"), 0),
        counted("KEY", Some("K-9"), 1),
    ];
    let saved = phone
        .engine
        .count_van(&token, Bucket::Good, &lines, Some("月底盘点"))
        .unwrap();
    let van = phone.engine.stock().unwrap();
    assert_eq!((van.available("FUSE"), van.available("KEY")), (5, 1));
    let count = &van.stock.counts[0];
    assert_eq!((count.id, count.state), (saved.facts[0], CountState::Proposed));
    assert_eq!(
        count.lines.iter().map(|line| line.book).collect::<Vec<_>>(),
        [5, 1, 0]
    );

    // The storekeeper posts the differences.
    let proposal = |van: &crate::facts::VanView| {
        let own = van
            .stock
            .counts
            .iter()
            .find(|known| known.id == saved.facts[0])
            .unwrap();
        (own.state, own.answer)
    };
    let answer = Fact::Count(Count {
        place: good(),
        lines: count.lines.clone(),
        of: Some(count.id),
        reason: None,
    });
    let posted = [
        answer.clone(),
        moved("adjust", "FUSE", None, 1, &good(), "suspense"),
        moved("adjust", "KEY", Some("K-1"), 1, &good(), "suspense"),
        moved("adjust", "KEY", Some("K-9"), 1, "suspense", &good()),
    ];
    let (first, change) = office.write(&office_doc(), &posted);
    phone.pull(&[change]);
    let van = phone.engine.stock().unwrap();
    assert_eq!((van.available("FUSE"), van.available("KEY")), (4, 1));
    let keys = van.good.iter().find(|row| row.part == "KEY").unwrap();
    assert_eq!(keys.serials, ["K-9"]);
    assert_eq!(proposal(&van), (CountState::Posted, Some(first)));
    // A second answer is flagged, and so is one to nothing.
    let nothing = Fact::Count(Count {
        place: good(),
        lines: Vec::new(),
        of: Some("0193f2c0-0000-7000-8000-000000000001#0".parse().unwrap()),
        reason: None,
    });
    phone.pull(&[office.write(&office_doc(), &[answer, nothing]).1]);
    let van = phone.engine.stock().unwrap();
    assert_eq!(proposal(&van).1, Some(first));
    let flags = flags(&van);
    assert_eq!(flags, [Flag::BadReference, Flag::GuardFailed]);
}

#[test]
fn t36_bad_counts_write_nothing_and_a_foreign_one_is_flagged() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let before = phone.changes().len();
    let token = phone.engine.stock().unwrap().stock.token;
    let refused = |lines: &[Counted]| problems(phone.engine.count_van(&token, Bucket::Good, lines, None));
    assert_eq!(refused(&[]), ["step_problem.lines_missing"]);
    assert_eq!(refused(&[counted(" ", None, 1)]), ["step_problem.part_missing"]);
    assert_eq!(
        refused(&[counted("KEY", Some("K-1"), 2)]),
        ["step_problem.quantity"]
    );
    let twice = [counted("FUSE", None, 1), counted(" FUSE", Some(" "), 2)];
    assert_eq!(refused(&twice), ["step_problem.line_twice"]);
    assert_eq!(phone.changes().len(), before);
    // What no phone writes: a count of a colleague's van, of two pieces of one serial, and an adjustment of his own.
    let of = |place: String, counted| {
        Fact::Count(Count {
            place,
            lines: vec![CountLine {
                part: "KEY".to_owned(),
                serial: Some("K-1".to_owned()),
                counted,
                book: 0,
            }],
            of: None,
            reason: None,
        })
    };
    let forged = [
        of(format!("van_good:{}", user(2)), 1),
        of(good(), 2),
        of("nowhere".to_owned(), 1),
        moved("adjust", "FUSE", None, 3, "suspense", &good()),
    ];
    let field = doc(&format!("van/{}/2026q4/field", user(1)));
    let actions = [stored(&field, &forged)];
    let van = crate::facts::fold_van(user(1), &actions);
    assert!(van.stock.counts.is_empty() && van.good.is_empty());
    let flags = flags(&van);
    assert_eq!(
        flags,
        [
            Flag::Malformed,
            Flag::UnknownCode,
            Flag::GuardFailed,
            Flag::GuardFailed
        ]
    );
}

#[test]
fn t34_what_is_below_its_least_stock_is_asked_for_up_to_the_greatest_once() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let token = || phone.engine.stock().unwrap().stock.token;
    assert_eq!(
        problems(phone.engine.restock(&token())),
        ["step_problem.nothing_short"]
    );
    let (first, change) = office.write(
        &office_doc(),
        &[
            level(&good(), "FUSE", (1, 3, 6), Vec::new()),
            level(&good(), "KEY", (0, 1, 2), Vec::new()),
            level(&good(), "HUB", (0, 1, 1), Vec::new()),
            issued("FUSE", None, 2),
            issued("HUB", None, 1),
        ],
    );
    phone.pull(&[change]);
    let short = phone.engine.stock().unwrap().stock.shortages;
    let parts: Vec<(&str, u32, bool)> = short
        .iter()
        .map(|short| (short.part.as_str(), short.missing.propose, short.missing.urgent))
        .collect();
    assert_eq!(parts, [("FUSE", 4, false), ("KEY", 2, false)]);
    phone.engine.restock(&token()).unwrap();
    let van = phone.engine.stock().unwrap();
    let request = &van.stock.requests[0];
    let lines: Vec<(&str, u32)> = request
        .lines
        .iter()
        .map(|line| (line.part.as_str(), line.qty))
        .collect();
    assert_eq!(lines, [("FUSE", 4), ("KEY", 2)]);
    assert!(request.order.is_none());
    assert_eq!(
        problems(phone.engine.restock(&token())),
        ["step_problem.nothing_short"],
        "it is asked for already"
    );
    assert_eq!(phone.engine.stock().unwrap().stock.shortages[0].asked, 4);
    // A newer level replaces the one that it names; another place's, or one that contradicts itself, is flagged.
    let newer = [
        level(&good(), "FUSE", (0, 0, 0), vec![first]),
        level(&format!("van_good:{}", user(2)), "FUSE", (0, 9, 9), Vec::new()),
        level(&good(), "FUSE", (5, 3, 6), Vec::new()),
    ];
    phone.pull(&[office.write(&office_doc(), &newer).1]);
    let van = phone.engine.stock().unwrap();
    let short: Vec<&str> = van
        .stock
        .shortages
        .iter()
        .map(|short| short.part.as_str())
        .collect();
    assert_eq!(short, ["KEY"]);
    let flags = flags(&van);
    assert_eq!(flags, [Flag::Malformed, Flag::GuardFailed]);
}

#[test]
fn d05_2b_a_unit_too_many_and_one_too_few_are_both_to_be_seen() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    phone.pull(&[office.write(&office_doc(), &[issued("KEY", Some("K-1"), 1)]).1]);
    let used = crate::device::engine::Pieces {
        part: "KEY".to_owned(),
        qty: 1,
        serial: Some("K-2".to_owned()),
    };
    phone.engine.use_part(order_id(), &phone.token(), used).unwrap();
    let van = phone.engine.stock().unwrap();
    let row = &van.good[0];
    assert_eq!(
        (row.qty, row.serials.as_slice(), row.missing.as_slice()),
        (0, &["K-1".to_owned()][..], &["K-2".to_owned()][..])
    );
    assert_eq!(row.unnumbered(), 0);
    assert_eq!(van.stock.conflicts[0].kind, ConflictKind::NegativeStock);
}

fn flags(van: &crate::facts::VanView) -> Vec<Flag> {
    let changes = van.stock.changes.iter();
    let mut flags: Vec<Flag> = changes.flat_map(|change| change.flags.clone()).collect();
    flags.sort_unstable();
    flags
}

#[test]
fn y23_a_reversal_counts_on_its_own_day_and_both_halves_of_one_movement_once() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    phone.pull(&[office.write(&office_doc(), &[issued("FUSE", None, 5)]).1]);
    let used = crate::device::engine::Pieces {
        part: "FUSE".to_owned(),
        qty: 2,
        serial: None,
    };
    let used = phone.engine.use_part(order_id(), &phone.token(), used).unwrap();
    let taken = Move {
        handover: Some("0193f2c0-0000-7000-8000-000000000001#0".parse().unwrap()),
        mirrors: Some("0193f2c0-0000-7000-8000-000000000002#1".parse().unwrap()),
        movement: "transfer_in".to_owned(),
        part: "FUSE".to_owned(),
        qty: 1,
        from: format!("van_good:{}", user(2)),
        to: good(),
        ..Default::default()
    };
    let given = Move {
        movement: "transfer_out".to_owned(),
        mirrors: Some("0193f2c0-0000-7000-8000-000000000003#1".parse().unwrap()),
        ..taken.clone()
    };
    phone.pull(&[office
        .write(&office_doc(), &[Fact::Move(taken), Fact::Move(given)])
        .1]);
    // 60 days later, in the next quarter.
    let days = 60 * 24 * 60 * 60_000;
    phone
        .clock
        .0
        .fetch_add(days, std::sync::atomic::Ordering::Relaxed);
    let token = phone.engine.stock().unwrap().stock.token;
    phone
        .engine
        .reverse_part(&token, used.facts[0], "没有用")
        .unwrap();
    let sums = |from: &str, to: &str| {
        let report = phone
            .engine
            .stock_report(from.parse().unwrap(), to.parse().unwrap())
            .unwrap();
        assert!(report.balanced);
        report.rows[0].sums.clone()
    };
    let last = sums("2026-10-01", "2026-12-31");
    assert_eq!(
        (last.received, last.used, last.exchanged, last.closing),
        (5, 2, 1, 4)
    );
    let next = sums("2027-01-01", "2027-03-31");
    assert_eq!((next.opening, next.used, next.closing), (4, -2, 6));
    assert_eq!(phone.engine.stock().unwrap().available("FUSE"), 6);
    let backwards = phone
        .engine
        .stock_report("2027-01-01".parse().unwrap(), "2026-01-01".parse().unwrap());
    assert_eq!(problems(backwards), ["step_problem.period"]);
}
