//! Counts of store and vans, stock levels (T-34, T-36, D.5-2a).

use fieldseal_core::domain::ids::ActionId;
use fieldseal_core::domain::ledger::Location;
use fieldseal_core::facts::kinds::{Count, CountLine, PartLine};
use fieldseal_core::facts::van::CountState;
use fieldseal_core::facts::{DocName, Fact, Shard};

use super::world::World;
use crate::office::{CountedLine, GoodsFrom, Handover, OfficeError, Shelf};

fn code<T: std::fmt::Debug>(result: Result<T, OfficeError>) -> &'static str {
    result.unwrap_err().code()
}

fn line(part: &str, counted: u32, book: i64) -> CountedLine {
    CountedLine {
        part: part.to_owned(),
        serial: None,
        counted,
        book,
    }
}

fn once(world: &World) -> ActionId {
    ActionId(world.services.env.uuid_v7())
}

fn stocked(world: &World) {
    let lines = |qty| {
        [PartLine {
            part: "FUSE".to_owned(),
            qty,
        }]
    };
    let (office, keeper) = (world.office(), &world.storekeeper);
    office
        .receive_into_store(keeper, once(world), &lines(10), GoodsFrom::Supplier, None)
        .unwrap();
    office
        .issue_parts(
            keeper,
            once(world),
            world.a.user,
            &lines(4),
            Handover::InHand,
            None,
        )
        .unwrap();
}

fn at(world: &World, place: Location) -> i64 {
    let stock = world.office().views().stock().unwrap();
    assert_eq!(
        stock
            .rows
            .iter()
            .filter(|row| row.part == "FUSE")
            .map(|row| row.qty)
            .sum::<i64>(),
        0,
        "I3"
    );
    let here = stock
        .rows
        .iter()
        .filter(|row| row.location == place && row.part == "FUSE");
    here.map(|row| row.qty).sum()
}

#[test]
fn t36_s12_a_count_corrects_the_book_once_and_only_as_it_was_shown() {
    let world = World::new();
    stocked(&world);
    let (office, keeper) = (world.office(), &world.storekeeper);
    let count =
        |once, lines: &[CountedLine], why: &str| office.count_stock(keeper, once, Shelf::Store, lines, why);
    let form = once(&world);
    for _ in 0..2 {
        count(form, &[line("FUSE", 4, 6)], "月底盘点").unwrap();
    }
    assert_eq!(at(&world, Shelf::Store.location()), 4);
    assert_eq!(at(&world, Location::Suspense), 2);
    let stock = office.views().stock().unwrap();
    assert_eq!(stock.counts.len(), 1);
    assert_eq!(
        (stock.counts[0].state, stock.counts[0].reason.as_deref()),
        (CountState::Posted, Some("月底盘点"))
    );
    assert!(
        stock
            .moves
            .iter()
            .any(|moved| moved.note.as_deref() == Some("月底盘点"))
    );
    // A sheet that the book has left behind is refused; what was right is recorded without a movement.
    assert_eq!(
        code(count(once(&world), &[line("FUSE", 9, 6)], "x")),
        "stock_changed"
    );
    count(once(&world), &[line("FUSE", 4, 4)], "复核").unwrap();
    assert_eq!(at(&world, Shelf::Store.location()), 4);
    for (lines, why, problem) in [
        (vec![], "x", "empty"),
        (vec![line(" ", 1, 0)], "x", "bad_value"),
        (vec![line("FUSE", 100_001, 4)], "x", "bad_value"),
        (vec![line("FUSE", 1, 4), line("FUSE ", 1, 4)], "x", "twice"),
        (vec![line("FUSE", 1, 4)], " ", "empty"),
    ] {
        assert_eq!(code(count(once(&world), &lines, why)), problem);
    }
    let foreign = office.count_stock(
        &world.dispatcher,
        once(&world),
        Shelf::Store,
        &[line("FUSE", 1, 4)],
        "x",
    );
    assert_eq!(code(foreign), "not_allowed");
    let nobody = Shelf::Van(world.auditor.user);
    assert_eq!(
        code(office.count_stock(keeper, once(&world), nobody, &[line("FUSE", 1, 0)], "x")),
        "not_an_engineer"
    );
}

#[test]
fn t36_a_unit_is_counted_by_its_serial_number() {
    let world = World::new();
    let (office, keeper) = (world.office(), &world.storekeeper);
    let unit = |counted, book| CountedLine {
        serial: Some("K-1".to_owned()),
        ..line("KEY", counted, book)
    };
    let shelf = Shelf::Van(world.a.user);
    office
        .count_stock(keeper, once(&world), shelf, &[unit(1, 0)], "找到")
        .unwrap();
    let van = office.views().van(world.a.user).unwrap();
    assert_eq!(van.good[0].serials, ["K-1"]);
    office
        .count_stock(keeper, once(&world), shelf, &[unit(0, 1)], "又不见")
        .unwrap();
    assert!(office.views().van(world.a.user).unwrap().good.is_empty());
    assert_eq!(
        code(office.count_stock(keeper, once(&world), shelf, &[unit(2, 0)], "x")),
        "bad_value"
    );
}

#[test]
fn t36_the_storekeeper_posts_or_refuses_what_an_engineer_counted() {
    let world = World::new();
    stocked(&world);
    let (office, keeper) = (world.office(), &world.storekeeper);
    let mut phone = world.phone(&world.a);
    let field = DocName::VanField(
        world.a.user,
        Shard {
            year: 2026,
            quarter: 4,
        },
    );
    let place = Location::VanGood(world.a.user);
    let proposal = |counted| {
        Fact::Count(Count {
            place: place.to_string(),
            lines: vec![CountLine {
                part: "FUSE".to_owned(),
                serial: None,
                counted,
                book: 4,
            }],
            of: None,
            reason: None,
        })
    };
    let token = office.views().van(world.a.user).unwrap().stock.token.clone();
    let counts = phone.send(&field, &token, &[proposal(3), proposal(9)]);
    let answer = |count, post, why| office.answer_count(keeper, world.a.user, count, post, why, &token);
    assert_eq!(code(answer(counts[1], false, None)), "empty");
    answer(counts[1], false, Some("点错了")).unwrap();
    // Something went in meanwhile: the difference that he found is posted, not his number.
    let more = [PartLine {
        part: "FUSE".to_owned(),
        qty: 2,
    }];
    office
        .issue_parts(keeper, once(&world), world.a.user, &more, Handover::InHand, None)
        .unwrap();
    answer(counts[0], true, None).unwrap();
    assert_eq!(at(&world, place), 5);
    assert_eq!(code(answer(counts[0], true, None)), "count_answered");
    assert_eq!(at(&world, place), 5);
    let van = office.views().van(world.a.user).unwrap();
    let state = |id| {
        van.stock
            .counts
            .iter()
            .find(|count| count.id == id)
            .unwrap()
            .state
    };
    assert_eq!(
        (state(counts[0]), state(counts[1])),
        (CountState::Posted, CountState::Refused)
    );
    assert_eq!(
        code(office.answer_count(keeper, world.b.user, counts[0], true, None, &token)),
        "not_found"
    );
    assert_eq!(
        code(office.answer_count(&world.a, world.a.user, counts[0], true, None, &token)),
        "not_allowed"
    );
}

#[test]
fn t34_levels_of_store_and_van_list_what_is_missing() {
    let world = World::new();
    stocked(&world);
    let (office, keeper) = (world.office(), &world.storekeeper);
    let set = |shelf, level| office.set_level(keeper, shelf, "FUSE", level);
    set(Shelf::Store, (2, 8, 20)).unwrap();
    set(Shelf::Van(world.a.user), (1, 2, 6)).unwrap();
    let short = |world: &World| {
        let stock = world.office().views().stock().unwrap();
        let short = stock.shortages.iter();
        short
            .map(|short| (short.place, short.missing.propose))
            .collect::<Vec<_>>()
    };
    assert_eq!(short(&world), [(Shelf::Store.location(), 14)]);
    set(Shelf::Van(world.a.user), (5, 6, 6)).unwrap();
    assert_eq!(
        short(&world)[0],
        (Shelf::Van(world.a.user).location(), 2),
        "urgent first"
    );
    assert_eq!(
        office.views().van(world.a.user).unwrap().stock.shortages.len(),
        1,
        "his phone says so too"
    );
    set(Shelf::Store, (0, 0, 0)).unwrap();
    assert_eq!(short(&world).len(), 1);
    assert_eq!(code(set(Shelf::Store, (3, 2, 5))), "bad_value");
    assert_eq!(code(set(Shelf::StoreDefective, (0, 1, 1))), "bad_value");
    assert_eq!(
        code(office.set_level(&world.dispatcher, Shelf::Store, "FUSE", (0, 1, 1))),
        "not_allowed"
    );
    assert_eq!(
        code(office.set_level(keeper, Shelf::Store, " ", (0, 1, 1))),
        "bad_value"
    );
}
