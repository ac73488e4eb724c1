//! A part that changes vans by hand is in the colleague's books too (D.5-2b, design 3).

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::kinds::{Move, Reverse};
use fieldseal_core::facts::{Action, DocName, Fact, FactId, Shard, StoredAction, VanView, fold_van};

use super::world::*;

const QUARTER: Shard = Shard {
    year: 2026,
    quarter: 4,
};

fn taken_over(from: UserId, to: UserId, serial: &str) -> Fact {
    Fact::Move(Move {
        movement: "transfer_in".to_owned(),
        part: "KEY".to_owned(),
        serial: Some(serial.to_owned()),
        qty: 1,
        from: format!("van_good:{from}"),
        to: format!("van_good:{to}"),
        order: None,
        assignment: None,
        note: Some("借用".to_owned()),
        ..Default::default()
    })
}

/// What a phone of the engineer folds: his own documents and nothing else.
fn van(world: &World, engineer: UserId) -> VanView {
    let tx = world.service.storage().read().unwrap();
    let rows = tx.actions_of_family(&format!("van/{engineer}")).unwrap();
    let actions: Vec<StoredAction> = rows
        .into_iter()
        .map(|row| StoredAction {
            doc: row.doc,
            key: row.key,
            text: row.text.into(),
            hash: row.hash,
            deps: row.deps,
            actor: row.actor,
        })
        .collect();
    fold_van(engineer, &actions)
}

fn id_of(world: &World, engineer: UserId) -> FactId {
    let moves = van(world, engineer).stock.moves;
    moves.last().unwrap().id
}

#[test]
fn d05_2b_a_hand_over_and_its_reversal_reach_the_colleagues_book_once() {
    let world = World::new();
    let (giver, mut taker) = (world.phone(user(1)), world.phone(user(2)));
    let doc = DocName::VanField(user(2), QUARTER);
    let change = taker.write(&doc, &[taken_over(user(1), user(2), "K-1007")]);
    taker.send(&world, &[(&doc, vec![change.clone()])]);
    taker.send(&world, &[(&doc, vec![change])]);
    assert_eq!(van(&world, user(2)).available("KEY"), 1);
    let book = van(&world, user(1));
    assert_eq!(
        book.available("KEY"),
        -1,
        "it was never issued to him: he sees it"
    );
    assert_eq!(
        book.stock.moves.len(),
        1,
        "the same change twice counts once (D.5-2c)"
    );
    assert_eq!(
        book.stock.moves[0].note, None,
        "what the colleague noted stays with him"
    );
    assert_eq!(book.stock.conflicts.len(), 1);
    let mut giver = giver;
    giver.catch_up(&world);
    assert!(giver.state().contains_key(&DocName::VanOffice(user(1), QUARTER)));

    let back = Fact::Reverse(Reverse {
        of: id_of(&world, user(2)),
        reason: "没有借".to_owned(),
    });
    let change = taker.write(&doc, &[back]);
    taker.send(&world, &[(&doc, vec![change])]);
    assert_eq!(van(&world, user(1)).available("KEY"), 0);
    assert_eq!(van(&world, user(2)).available("KEY"), 0);
}

#[test]
fn d05_2b_a_reversal_that_came_before_its_movement_is_not_forgotten() {
    let world = World::new();
    let (_giver, mut taker) = (world.phone(user(1)), world.phone(user(2)));
    let (earlier, later) = (
        DocName::VanField(
            user(2),
            Shard {
                quarter: 3,
                ..QUARTER
            },
        ),
        DocName::VanField(user(2), QUARTER),
    );
    let moved = taker.write(&earlier, &[taken_over(user(1), user(2), "K-1007")]);
    let change = fieldseal_core::documents::read_change(&moved).unwrap();
    let reversal = Reverse {
        of: FactId {
            action: change.key,
            place: 0,
        },
        reason: "没有借".to_owned(),
    };
    let back = taker.write(&later, &[Fact::Reverse(reversal)]);
    taker.send(&world, &[(&later, vec![back])]);
    taker.send(&world, &[(&earlier, vec![moved])]);
    assert_eq!(van(&world, user(1)).stock.moves.len(), 1);
    assert_eq!(van(&world, user(1)).available("KEY"), 0);
}

#[test]
fn i09_nothing_is_written_about_somebody_without_a_device() {
    let world = World::new();
    let mut taker = world.phone(user(2));
    let doc = DocName::VanField(user(2), QUARTER);
    let head = world.head();
    let change = taker.write(&doc, &[taken_over(user(9), user(2), "K-1007")]);
    taker.send(&world, &[(&doc, vec![change])]);
    assert!(world.head() > head, "the engineer's own movement stands");
    let tx = world.service.storage().read().unwrap();
    assert!(tx.doc(&DocName::VanOffice(user(9), QUARTER)).unwrap().is_none());
    let rows = tx.actions_of_family(&format!("van/{}", user(2))).unwrap();
    assert_eq!(rows.len(), 1);
    assert!(Action::parse(&rows[0].text).is_ok());
}
