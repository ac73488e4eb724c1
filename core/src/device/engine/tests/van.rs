//! How parts come into the van and leave it beside their use.

use super::support::*;
use crate::device::EngineError;
use crate::device::engine::{Bucket, Pieces, Saved, Scrap, ScrapPhoto, VanMove};
use crate::domain::ledger::ScrapType;
use crate::facts::kinds::{self, Move};
use crate::facts::van::StockRow;
use crate::facts::{DocName, Fact, FactId};

fn pieces(part: &str, qty: u32) -> Pieces {
    Pieces {
        part: part.to_owned(),
        qty,
        serial: None,
    }
}

fn unit(part: &str, serial: &str) -> Pieces {
    Pieces {
        serial: Some(serial.to_owned()),
        ..pieces(part, 1)
    }
}

fn office_doc() -> DocName {
    doc(&format!("van/{}/2026q4/office", user(1)))
}

/// What the storekeeper sends to engineer 1.
fn sent(lines: &[Pieces]) -> Vec<Fact> {
    lines
        .iter()
        .map(|line| {
            Fact::Move(Move {
                movement: "issue".to_owned(),
                part: line.part.clone(),
                serial: line.serial.clone(),
                qty: line.qty,
                from: format!("store:{}", uuid::Uuid::nil()),
                to: format!("in_transit:{}", user(1)),
                order: None,
                assignment: None,
                note: None,
                ..Default::default()
            })
        })
        .collect()
}

fn shelf(rows: &[StockRow]) -> Vec<(&str, i64)> {
    rows.iter().map(|row| (row.part.as_str(), row.qty)).collect()
}

fn moved(phone: &Phone, how: &VanMove, lines: &[Pieces], note: Option<&str>) -> Result<Saved, EngineError> {
    let token = phone.engine.stock().unwrap().stock.token;
    phone.engine.move_parts(&token, how, lines, note)
}

fn scrapped(
    phone: &Phone,
    kind: ScrapType,
    note: Option<&str>,
    lines: &[Pieces],
) -> Result<Saved, EngineError> {
    let scrap = Scrap {
        bucket: Bucket::Good,
        kind,
        note: note.map(str::to_owned),
        photo: ScrapPhoto::Missing,
    };
    phone
        .engine
        .scrap(&phone.engine.stock().unwrap().stock.token, &scrap, lines)
}

#[test]
fn t33_what_arrived_is_confirmed_line_by_line_and_the_rest_stays_on_its_way() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    phone.pull(&[office
        .write(&office_doc(), &sent(&[pieces("FUSE", 5), pieces("KEY", 2)]))
        .1]);
    moved(
        &phone,
        &VanMove::Confirm,
        &[pieces("FUSE", 5), pieces("KEY", 1)],
        None,
    )
    .unwrap();
    let van = phone.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), [("FUSE", 5), ("KEY", 1)]);
    assert_eq!(shelf(&van.coming), [("KEY", 1)]);
    assert!(van.stock.conflicts.is_empty());
}

#[test]
fn t33_a_part_that_is_used_has_arrived() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let lines = [pieces("FUSE", 3), unit("KEY", "K-1007"), unit("KEY", "K-1008")];
    phone.pull(&[office.write(&office_doc(), &sent(&lines)).1]);
    let take = |line: Pieces| phone.engine.use_part(order_id(), &phone.token(), line).unwrap();
    let used = take(pieces("FUSE", 2));
    take(unit("KEY", "K-1007"));
    let van = phone.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), []);
    assert_eq!(shelf(&van.coming), [("FUSE", 1), ("KEY", 1)]);
    assert_eq!(van.coming[1].serials, ["K-1008"]);
    assert!(van.stock.conflicts.is_empty(), "nothing is below zero");
    let lines = phone.engine.order(order_id()).unwrap().order.lines;
    assert_eq!(lines.len(), 2, "the report shows the uses alone");
    // Taking the use back leaves the part in the van: it did arrive.
    phone
        .engine
        .reverse_part(&phone.token(), used.facts[0], "wrong part")
        .unwrap();
    assert_eq!(shelf(&phone.engine.stock().unwrap().good), [("FUSE", 2)]);
    // More than was ever sent is a discrepancy all the same (D.5-2a).
    take(pieces("FUSE", 4));
    let van = phone.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), [("FUSE", -1)]);
    assert_eq!(shelf(&van.coming), [("KEY", 1)]);
}

#[test]
fn t32_t35_parts_go_back_into_their_buckets_and_scrap_says_why() {
    let office = Office::new();
    let (phone, assignment) = phone_with_order(1, user(1), &office);
    phone.pull(&[office.write(&office_doc(), &sent(&[pieces("FUSE", 5)])).1]);
    moved(&phone, &VanMove::Confirm, &[pieces("FUSE", 5)], None).unwrap();
    let collect = VanMove::Collect { order: order_id() };
    moved(&phone, &collect, &[pieces("KEY", 2)], Some("旧印章")).unwrap();
    let (_, bytes) = phone.changes().pop().unwrap();
    let fact = &crate::documents::read_change(&bytes).unwrap().action.facts[0];
    assert_eq!(fact.payload["assignment"], assignment.to_string());
    moved(
        &phone,
        &VanMove::Return { bucket: Bucket::Good },
        &[pieces("FUSE", 2)],
        None,
    )
    .unwrap();
    moved(
        &phone,
        &VanMove::Return {
            bucket: Bucket::Defective,
        },
        &[pieces("KEY", 1)],
        None,
    )
    .unwrap();
    scrapped(&phone, ScrapType::Lost, Some("途中丢失"), &[pieces("FUSE", 1)]).unwrap();
    let van = phone.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), [("FUSE", 2)]);
    assert_eq!(shelf(&van.defective), [("KEY", 1)]);
    assert!(
        van.coming.is_empty(),
        "what goes to the store does not come to him"
    );
    assert!(van.stock.conflicts.is_empty());
}

#[test]
fn d05_2b_a_part_taken_over_by_hand_and_the_colleague_who_hears_of_it() {
    let office = Office::new();
    let (taker, _) = phone_with_order(2, user(2), &office);
    let take = VanMove::TakeOver { from: user(1) };
    let saved = moved(&taker, &take, &[unit("KEY", "K-1007")], None).unwrap();
    let van = taker.engine.stock().unwrap();
    assert_eq!(van.good[0].serials, ["K-1007"]);
    assert_eq!(
        problems(moved(
            &taker,
            &VanMove::TakeOver { from: user(2) },
            &[pieces("KEY", 1)],
            None
        )),
        ["movement_error.same_place"]
    );

    // The server says it again in the colleague's document.
    let office = Office::new();
    let (giver, _) = phone_with_order(1, user(1), &office);
    giver.pull(&[office.write(&office_doc(), &sent(&[unit("KEY", "K-1007")])).1]);
    moved(&giver, &VanMove::Confirm, &[unit("KEY", "K-1007")], None).unwrap();
    assert_eq!(giver.engine.stock().unwrap().available("KEY"), 1);
    let mirrored = |of: FactId| {
        Fact::Move(Move {
            movement: "transfer_in".to_owned(),
            part: "KEY".to_owned(),
            serial: Some("K-1007".to_owned()),
            qty: 1,
            from: format!("van_good:{}", user(1)),
            to: format!("van_good:{}", user(2)),
            order: None,
            assignment: None,
            note: None,
            mirrors: Some(of),
            ..Default::default()
        })
    };
    giver.pull(&[office.write(&office_doc(), &[mirrored(saved.facts[0])]).1]);
    let van = giver.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), []);
    // He scraps it by mistake: the book shows that it cannot have been in the van.
    scrapped(&giver, ScrapType::Lost, Some("误报"), &[unit("KEY", "K-1007")]).unwrap();
    let van = giver.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), [("KEY", -1)]);
    let sides: Vec<FactId> = van.stock.conflicts[0]
        .sides
        .iter()
        .map(|side| side.fact)
        .collect();
    assert_eq!(sides.len(), 2, "the hand-over is one of them");
    let back = Fact::Reverse(kinds::Reverse {
        of: saved.facts[0],
        reason: "没有借出".to_owned(),
    });
    giver.pull(&[office.write(&office_doc(), &[back]).1]);
    assert_eq!(shelf(&giver.engine.stock().unwrap().good), []);
}

#[test]
fn bad_lines_move_nothing() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let before = phone.changes().len();
    let two = Pieces {
        qty: 2,
        ..unit("KEY", "K-1007")
    };
    for (line, problem) in [
        (pieces("FUSE", 0), "step_problem.quantity"),
        (pieces(" ", 1), "step_problem.part_missing"),
        (two, "step_problem.quantity"),
    ] {
        let lines = [pieces("FUSE", 1), line];
        assert_eq!(
            problems(moved(&phone, &VanMove::Confirm, &lines, None)),
            [problem]
        );
    }
    assert_eq!(
        problems(moved(&phone, &VanMove::Confirm, &[], None)),
        ["step_problem.lines_missing"]
    );
    let nowhere = VanMove::Collect {
        order: crate::domain::ids::OrderId(uuid::Uuid::from_u128(77)),
    };
    assert_eq!(
        moved(&phone, &nowhere, &[pieces("KEY", 1)], None),
        Err(EngineError::NotFound)
    );
    assert_eq!(phone.changes().len(), before);
}
