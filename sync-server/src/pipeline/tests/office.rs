//! Office writes and the server's own facts.

use std::collections::BTreeSet;

use fieldseal_core::facts::kinds::{Seal, Submit};
use fieldseal_core::facts::{Action, DocName, Fact, Head, ViewToken};
use serde_json::json;

use super::world::*;
use crate::pipeline::{PipelineError, SERVER_USER};
use crate::storage::ActionRow;

fn actions(world: &World, doc: &DocName) -> Vec<(ActionRow, Action)> {
    let tx = world.service.storage().read().unwrap();
    let key = tx.doc(doc).unwrap().unwrap().key;
    let rows = tx.actions_of_doc(key).unwrap();
    rows.into_iter()
        .map(|row| (row.clone(), Action::parse(&row.text).unwrap()))
        .collect()
}

fn kinds(world: &World, doc: &DocName) -> Vec<String> {
    actions(world, doc)
        .into_iter()
        .flat_map(|(_, action)| action.facts)
        .map(|fact| fact.kind)
        .collect()
}

#[test]
fn an_office_action_is_written_by_the_person_under_the_servers_actor() {
    let world = World::new();
    let token = ViewToken {
        heads: BTreeSet::from([Head([3; 8])]),
        ..ViewToken::default()
    };
    let parts = [
        (
            order(1),
            vec![set("summary", json!("换KEY")), set("priority", json!("P1"))],
        ),
        (customer(1), vec![set("name", json!("云锦新材料"))]),
    ];
    let saved = world.service.append_office(office(), &parts, &token).unwrap();
    assert_eq!(
        saved.facts.iter().map(|fact| fact.place).collect::<Vec<_>>(),
        vec![0, 1, 2]
    );
    let (row, action) = actions(&world, &order(1)).remove(0);
    assert_eq!((row.row, row.key), (saved.rows[0], saved.action));
    assert_eq!(row.actor[8..], world.service.keys().tag());
    assert_eq!((action.by, action.n), (office(), 1));
    assert_eq!(action.saw, vec![Head([3; 8])]);
    assert_eq!(action.docs, vec![(order(1), 2), (customer(1), 1)]);
    assert!(action.at.ends_with("+08:00"));
    let (_, other) = actions(&world, &customer(1)).remove(0);
    assert_eq!((&other.docs, other.n), (&action.docs, action.n));
    assert_eq!(other.first_place(&customer(1)), Ok(2));
}

#[test]
fn n_counts_over_the_family() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    world.dispatch(1, &[user(1)]);
    let doc = visit(1, user(1));
    let changes = (0..7)
        .map(|step| phone.write(&doc, &[progress(&step.to_string())]))
        .collect();
    phone.send(&world, &[(&doc, changes)]);
    world.write(&order(1), vec![set("summary", json!("x"))]);
    assert_eq!(actions(&world, &order(1)).last().unwrap().1.n, 8);
    world.write(&order(2), vec![set("summary", json!("x"))]);
    assert_eq!(actions(&world, &order(2)).last().unwrap().1.n, 1);
}

#[test]
fn the_office_cannot_write_an_engineers_document_and_a_failed_write_leaves_nothing() {
    let world = World::new();
    let head = world.head();
    let bad: [&[(DocName, Vec<Fact>)]; 4] = [
        &[
            (order(1), vec![progress("x")]),
            (visit(1, user(1)), vec![progress("x")]),
        ],
        &[(order(1), vec![])],
        &[],
        &[(order(1), vec![progress("x")]), (order(1), vec![progress("y")])],
    ];
    for parts in bad {
        let refused = world
            .service
            .append_office(office(), parts, &ViewToken::default());
        assert_eq!(refused, Err(PipelineError::NotOffice));
    }
    // The second part is too long: the first one is not kept either, and the document in memory is not ahead.
    let long = [
        (order(1), vec![set("summary", json!("x"))]),
        (order(2), vec![Fact::Instruct(instruct(&"x".repeat(61 * 1024)))]),
    ];
    assert!(matches!(
        world
            .service
            .append_office(office(), &long, &ViewToken::default()),
        Err(PipelineError::Envelope(_))
    ));
    assert_eq!(world.head(), head);
    world.write(&order(1), vec![set("summary", json!("y"))]);
    assert_eq!(actions(&world, &order(1)).len(), 1);
}

fn instruct(text: &str) -> fieldseal_core::facts::kinds::Text {
    fieldseal_core::facts::kinds::Text {
        text: text.to_owned(),
    }
}

#[test]
fn delivered_is_written_once_a_device_holds_the_assignment() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    phone.catch_up(&world);
    world.dispatch(1, &[user(1)]);
    phone.page = 0;
    while phone.send(&world, &[]).more {
        assert!(!kinds(&world, &order(1)).contains(&"delivered".to_owned()));
    }
    phone.send(&world, &[]);
    assert_eq!(kinds(&world, &order(1)), vec!["set", "assign", "delivered"]);
    let (_, action) = actions(&world, &order(1)).pop().unwrap();
    assert_eq!(action.by, SERVER_USER);
    phone.catch_up(&world);
    phone.send(&world, &[]);
    assert_eq!(kinds(&world, &order(1)).len(), 3, "once");
    assert_eq!(*phone.send(&world, &[]).scope_digest.unwrap(), phone.digest());
}

#[test]
fn received_is_written_with_the_seal_that_arrived() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    world.dispatch(1, &[user(1)]);
    phone.catch_up(&world);
    phone.catch_up(&world);
    let doc = visit(1, user(1));
    let seal = Fact::Seal(Seal {
        assignment: None,
        revision: 1,
        prev: None,
        blob: "00".repeat(32),
        lists: Vec::new(),
        kind: "signed".to_owned(),
    });
    let submit = Fact::Submit(Submit {
        assignment: None,
        seal: None,
        without: None,
    });
    let changes = vec![phone.write(&doc, &[seal]), phone.write(&doc, &[submit])];
    let request = phone.request(&[(&doc, changes)]);
    let first = world.service.sync(&phone.device, &request).unwrap();
    let received = |world: &World| {
        kinds(world, &order(1))
            .iter()
            .filter(|kind| *kind == "received")
            .count()
    };
    assert_eq!(received(&world), 2);
    assert_eq!(first.changes.len(), 1, "the phone learns it in the same answer");
    world.service.sync(&phone.device, &request).unwrap();
    assert_eq!(received(&world), 2, "sending again does not say it again");
    assert!(world.device(&phone).last_seen.is_some());
}

#[test]
fn t19_a_visit_that_is_handed_in_stands_in_the_history_of_its_assets() {
    use fieldseal_core::domain::ids::AssetId;
    use fieldseal_core::facts::kinds::{Done, Step};
    let world = World::new();
    let mut phone = world.phone(user(1));
    let asset = DocName::Asset(AssetId(id(51)));
    world.write(&asset, vec![set("serial", json!("F0012345678901234"))]);
    let assignment = world.dispatch(1, &[user(1)]);
    world.write(&order(1), vec![set("assets", json!([asset.to_string()]))]);
    phone.catch_up(&world);
    let doc = visit(1, user(1));
    let under = Some(assignment);
    let accept = Fact::Accept(Step {
        assignment: under,
        text: None,
    });
    let done = Fact::Done(Done {
        assignment: under,
        outcome: "solved".to_owned(),
        reason: None,
    });
    let submit = Fact::Submit(Submit {
        assignment: under,
        seal: None,
        without: None,
    });
    let facts = [
        accept,
        set("fault_found", json!("KEY被锁死")),
        set("action_taken", json!("换KEY")),
        done,
    ];
    let mut changes: Vec<_> = facts.into_iter().map(|fact| phone.write(&doc, &[fact])).collect();
    phone.send(&world, &[(&doc, std::mem::take(&mut changes))]);
    assert_eq!(kinds(&world, &asset), vec!["set"], "not before it is handed in");
    for _ in 0..2 {
        let again = phone.write(&doc, std::slice::from_ref(&submit));
        phone.send(&world, &[(&doc, vec![again])]);
    }
    let (_, action) = actions(&world, &asset).pop().unwrap();
    assert_eq!(
        kinds(&world, &asset),
        vec!["set", "history"],
        "handing in again says nothing new"
    );
    assert_eq!(action.by, SERVER_USER);
    assert_eq!(
        action.facts[0].payload,
        json!({"order": order(1).to_string(), "on": "2026-11-23", "outcome": "solved", "summary": "KEY被锁死 / 换KEY"})
    );
    assert!(phone.state().contains_key(&asset));
}
