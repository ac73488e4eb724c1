//! What comes into an engineer's scope and leaves it.

use fieldseal_core::domain::ids::{AssetId, PersonId, TicketId};
use fieldseal_core::facts::kinds::{Seal, Set};
use fieldseal_core::facts::{DocName, Fact};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::world::*;

#[test]
fn an_assignment_grants_the_order_and_all_that_it_names() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let mut other = world.phone(user(2));
    let ticket = DocName::Ticket(TicketId(id(50)));
    let asset = DocName::Asset(AssetId(id(51)));
    let (contact, caller) = (
        DocName::Person(PersonId(id(52)), 1),
        DocName::Person(PersonId(id(53)), 1),
    );
    let notes = DocName::CustomerOffice(fieldseal_core::domain::ids::CustomerId(id(1)));
    world.write(&contact, vec![set("name", json!("李明"))]);
    world.write(&caller, vec![set("name", json!("王芳"))]);
    world.write(
        &asset,
        vec![
            set("serial", json!("F0012345678901234")),
            set("customer", json!(customer(9).to_string())),
        ],
    );
    world.write(&notes, vec![set("memo", json!("slow payer"))]);
    world.write(&customer(1), vec![set("contacts", json!([contact.to_string()]))]);
    world.write(
        &ticket,
        vec![
            set("caller", json!(caller.to_string())),
            set("customer", json!(customer(1).to_string())),
        ],
    );
    world.write(
        &order(1),
        vec![
            set("ticket", json!(ticket.to_string())),
            set("assets", json!([asset.to_string(), "no name"])),
        ],
    );
    world.assign(1, &[user(1)], &[]);
    phone.catch_up(&world);
    other.catch_up(&world);
    let held: Vec<DocName> = phone.state().into_keys().collect();
    for name in [&order(1), &ticket, &customer(1), &asset, &contact, &caller] {
        assert!(held.contains(name), "{name}");
    }
    assert!(!held.contains(&notes));
    assert_eq!(held.len(), 6);
    assert!(other.state().is_empty());
}

#[test]
fn reassigning_removes_and_what_another_order_names_stays() {
    let world = World::new();
    let (mut first, mut second) = (world.phone(user(1)), world.phone(user(2)));
    let assignment = world.dispatch(1, &[user(1)]);
    world.write(&order(2), vec![set("customer", json!(customer(1).to_string()))]);
    let other = world.assign(2, &[user(1)], &[]);
    first.catch_up(&world);

    world.assign(1, &[user(2)], &[assignment]);
    let answer = first.send(&world, &[]);
    assert_eq!(answer.removals, vec![order(1).to_string()]);
    assert!(first.scope.contains(&customer(1)), "order 2 names it still");
    assert_eq!(*answer.scope_digest.unwrap(), first.digest());
    second.catch_up(&world);
    assert!(second.state().contains_key(&order(1)));

    world.assign(2, &[user(2)], &[other]);
    let answer = first.send(&world, &[]);
    let mut removals = answer.removals.clone();
    removals.sort();
    assert_eq!(removals, vec![customer(1).to_string(), order(2).to_string()]);
}

#[test]
fn d5_example_01_who_began_a_visit_keeps_the_order_that_was_taken_from_him() {
    let world = World::new();
    let (mut first, mut second) = (world.phone(user(1)), world.phone(user(2)));
    let mut stranger = world.phone(user(3));
    let assignment = world.dispatch(1, &[user(1)]);
    first.catch_up(&world);
    let doc = visit(1, user(1));
    let change = first.write(&doc, &[progress("on my way")]);
    first.send(&world, &[(&doc, vec![change])]);

    world.assign(1, &[user(2)], &[assignment]);
    let answer = first.send(&world, &[]);
    assert_eq!(answer.removals, Vec::<String>::new());
    assert_eq!(*answer.scope_digest.unwrap(), first.digest());
    second.catch_up(&world);
    assert!(
        second.state().contains_key(&doc),
        "who has the order reads every visit"
    );
    let late = first.write(&doc, &[progress("finished")]);
    assert_eq!(first.send(&world, &[(&doc, vec![late])]).exceptions, vec![]);
    // Twice: the server notes that the order reached the second phone.
    for _ in 0..2 {
        second.catch_up(&world);
        first.catch_up(&world);
    }
    assert_eq!(
        second.state(),
        first.state(),
        "both hear of the order and of each other"
    );

    // A visit alone opens nobody's order.
    let own = visit(1, user(3));
    let change = stranger.write(&own, &[progress("let me see")]);
    assert_eq!(stranger.send(&world, &[(&own, vec![change])]).exceptions, vec![]);
    stranger.catch_up(&world);
    assert_eq!(stranger.state().into_keys().collect::<Vec<_>>(), [own]);
}

#[test]
fn a_visit_on_an_order_that_nobody_knows_is_accepted() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(44, user(1));
    let change = phone.write(&doc, &[progress("found it open")]);
    let answer = phone.send(&world, &[(&doc, vec![change])]);
    assert_eq!(answer.exceptions, vec![]);
    assert_eq!(*answer.scope_digest.unwrap(), phone.digest());
    assert!(
        world
            .service
            .storage()
            .read()
            .unwrap()
            .doc(&order(44))
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_pool_is_granted_to_all_and_two_assignments_that_did_not_know_each_other_both_hold() {
    let world = World::new();
    let (mut first, mut second, mut third) =
        (world.phone(user(1)), world.phone(user(2)), world.phone(user(3)));
    world.dispatch(1, &[user(1), user(2)]);
    world.assign(1, &[user(3)], &[]);
    for phone in [&mut first, &mut second, &mut third] {
        phone.catch_up(&world);
        assert!(phone.state().contains_key(&order(1)));
    }
    // A visit that begins later reaches whoever has the order.
    let doc = visit(1, user(3));
    let change = third.write(&doc, &[progress("1")]);
    third.send(&world, &[(&doc, vec![change])]);
    first.catch_up(&world);
    assert!(first.state().contains_key(&doc));
}

#[test]
fn a_link_that_changes_moves_the_scope_with_it() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let ticket = DocName::Ticket(TicketId(id(50)));
    world.write(&customer(2), vec![set("name", json!("新客户"))]);
    let first = world.write(&ticket, vec![set("customer", json!(customer(1).to_string()))]);
    world.dispatch(1, &[user(1)]);
    world.write(&order(1), vec![set("ticket", json!(ticket.to_string()))]);
    phone.catch_up(&world);
    assert!(!phone.scope.contains(&customer(2)));
    let over = Fact::Set(Set {
        subject: None,
        fields: [("customer".to_owned(), json!(customer(2).to_string()))].into(),
        over: vec![first],
    });
    world.write(&ticket, vec![over]);
    let answer = phone.send(&world, &[]);
    assert!(phone.scope.contains(&customer(2)));
    assert!(phone.scope.contains(&customer(1)), "the order itself names it");
    assert_eq!(*answer.scope_digest.unwrap(), phone.digest());
}

#[test]
fn a_second_device_starts_with_everything_in_scope() {
    let world = World::new();
    let mut first = world.phone(user(1));
    for number in 1..4 {
        world.dispatch(number, &[user(1)]);
    }
    let doc = visit(1, user(1));
    let change = first.write(&doc, &[progress("1")]);
    first.send(&world, &[(&doc, vec![change])]);
    first.catch_up(&world);
    let mut second = world.phone(user(1));
    let answer = second.send(&world, &[]);
    assert!(answer.changes.is_empty(), "a new device gets snapshots");
    assert_eq!(second.state(), first.state());
    assert!(
        first.send(&world, &[]).grants.is_empty(),
        "the other device does not"
    );
}

/// A fact that names a blob.
fn names(blob: &[u8]) -> Fact {
    Fact::Seal(Seal {
        assignment: None,
        revision: 1,
        prev: None,
        blob: hex::encode(Sha256::digest(blob)),
        lists: Vec::new(),
        kind: "signed".to_owned(),
    })
}

fn sends(phone: &mut Phone, world: &World, doc: &DocName, facts: &[Fact], blobs: &[&[u8]]) {
    let changes = if facts.is_empty() {
        Vec::new()
    } else {
        vec![(doc, vec![phone.write(doc, facts)])]
    };
    let mut request = phone.request(&changes);
    request.blobs = blobs.iter().map(|bytes| bytes.to_vec().into()).collect();
    let answer = world.service.sync(&phone.device, &request).unwrap();
    assert_eq!(answer.exceptions, vec![]);
}

fn gets(phone: &Phone, world: &World, blob: &[u8]) -> bool {
    let mut request = phone.request(&[]);
    request.want = vec![<[u8; 32]>::from(Sha256::digest(blob)).into()];
    let answer = world.service.sync(&phone.device, &request).unwrap();
    assert_eq!(answer.blobs.len() + answer.unavailable.len(), 1);
    answer.blobs.first().is_some_and(|bytes| bytes.as_slice() == blob)
}

#[test]
fn naming_a_blobs_hash_opens_nothing_that_one_could_not_read() {
    let world = World::new();
    let [mut author, mut thief, mut helper] = [1, 2, 3].map(|number| world.phone(user(number)));
    let reader = world.phone(user(4));
    let sealed = b"what the customer signed".as_slice();
    let first = world.dispatch(1, &[user(1), user(3)]);
    world.dispatch(2, &[user(2)]);
    world.dispatch(3, &[user(3), user(4)]);

    // Somebody who knows the hash names it before and after the bytes arrive.
    sends(&mut thief, &world, &visit(2, user(2)), &[names(sealed)], &[]);
    sends(
        &mut author,
        &world,
        &visit(1, user(1)),
        &[names(sealed)],
        &[sealed],
    );
    sends(&mut thief, &world, &visit(2, user(2)), &[names(sealed)], &[]);
    assert!(!gets(&thief, &world, sealed));
    assert!(gets(&author, &world, sealed) && gets(&world.phone(user(1)), &world, sealed));
    assert!(gets(&helper, &world, sealed), "he has the order");

    // Who can read it may show it to others, also once he has lost the order himself.
    assert!(!gets(&reader, &world, sealed));
    sends(&mut helper, &world, &visit(3, user(3)), &[names(sealed)], &[]);
    assert!(gets(&reader, &world, sealed));
    world.assign(1, &[user(1)], &[first]);
    assert!(gets(&helper, &world, sealed) && gets(&reader, &world, sealed));

    // Whoever sends the same bytes has them anyway.
    sends(&mut thief, &world, &visit(2, user(2)), &[], &[sealed]);
    assert!(gets(&thief, &world, sealed));
}
