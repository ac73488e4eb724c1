//! Positions: pages, lineage, what is echoed and what is not, and that an idle exchange costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::world::*;
use crate::pipeline::PipelineError;

#[test]
fn small_pages_end_where_one_big_page_does() {
    let world = World::new();
    let mut writer = world.phone(user(1));
    let mut big = world.phone(user(1));
    let mut small = world.phone(user(1));
    let mut tiny = world.phone(user(1));
    for number in 1..6 {
        world.dispatch(number, &[user(1)]);
        let doc = visit(number, user(1));
        let changes = (0..4)
            .map(|step| writer.write(&doc, &[progress(&step.to_string())]))
            .collect();
        writer.send(&world, &[(&doc, changes)]);
    }
    (small.page, tiny.page) = (1_000, 0);
    let pages = (
        big.catch_up(&world),
        small.catch_up(&world),
        tiny.catch_up(&world),
    );
    assert_eq!(pages.0, 1);
    assert!(pages.1 > 3 && pages.2 > pages.1, "{pages:?}");
    // Having read, they say so, and `delivered` follows.
    for phone in [&mut big, &mut small, &mut tiny] {
        phone.catch_up(&world);
    }
    for phone in [&mut big, &mut small, &mut tiny] {
        phone.catch_up(&world);
    }
    assert_eq!(big.state(), small.state());
    assert_eq!(big.state(), tiny.state());
    assert!(big.state().len() >= 15);
    let digest = *big.send(&world, &[]).scope_digest.unwrap();
    assert_eq!((digest, digest), (big.digest(), tiny.digest()));
}

#[test]
fn what_comes_between_two_pages_is_not_lost() {
    let world = World::new();
    let mut writer = world.phone(user(1));
    let mut reader = world.phone(user(1));
    reader.page = 0;
    let doc = visit(1, user(1));
    world.dispatch(1, &[user(1)]);
    let mut assignment = world.dispatch(2, &[user(1)]);
    for round in 0..12_u8 {
        let change = writer.write(&doc, &[progress(&round.to_string())]);
        writer.send(&world, &[(&doc, vec![change])]);
        if round % 4 == 1 {
            assignment = world.assign(2, &[user(2)], &[assignment]);
        } else if round % 4 == 3 {
            assignment = world.assign(2, &[user(1)], &[assignment]);
        }
        reader.send(&world, &[]);
    }
    reader.catch_up(&world);
    let answer = reader.send(&world, &[]);
    assert_eq!(*answer.scope_digest.unwrap(), reader.digest());
    writer.catch_up(&world);
    assert_eq!(reader.state(), writer.state());
}

#[test]
fn a_granted_document_travels_once_in_a_catch_up() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    phone.catch_up(&world);
    for step in 0..20 {
        world.write(
            &order(1),
            vec![set("summary", serde_json::json!(format!("step {step}")))],
        );
    }
    let mut assignment = world.assign(1, &[user(1)], &[]);
    assignment = world.assign(1, &[user(2)], &[assignment]);
    world.assign(1, &[user(1)], &[assignment]);
    phone.page = 0;
    let mut seen = (0, 0);
    loop {
        let answer = phone.send(&world, &[]);
        let name = order(1).to_string();
        seen.0 += answer.grants.iter().filter(|grant| grant.doc == name).count();
        seen.1 += answer.changes.iter().filter(|doc| doc.doc == name).count();
        if !answer.more {
            break;
        }
    }
    assert_eq!(seen, (1, 0), "one snapshot, no change of it beside");
}

#[test]
fn an_idle_exchange_and_accepting_changes_load_no_document() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    for number in 1..20 {
        world.dispatch(number, &[user(1)]);
    }
    phone.catch_up(&world);
    phone.catch_up(&world);
    let (loads, head) = (world.service.document_loads(), world.head());
    assert_eq!(phone.send(&world, &[]).position.unwrap().pulled_to, head);
    assert_eq!(world.service.document_loads(), loads);
    assert!(world.head() >= head);
    // A fresh service knows no document: it must not need one.
    let restarted = world.restarted();
    let doc = visit(1, user(1));
    let changes = (0..5)
        .map(|step| phone.write(&doc, &[progress(&step.to_string())]))
        .collect();
    let answer = restarted
        .sync(&phone.device, &phone.request(&[(&doc, changes)]))
        .unwrap();
    assert_eq!(answer.exceptions, vec![]);
    assert_eq!(restarted.document_loads(), 0);
    let idle = restarted.sync(&phone.device, &phone.request(&[])).unwrap();
    assert!(!idle.more);
    assert_eq!(restarted.document_loads(), 0);
}

#[test]
fn a_database_set_back_shows_and_the_changes_are_kept_all_the_same() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    world.dispatch(1, &[user(1)]);
    phone.catch_up(&world);
    let (old_position, old_head) = (phone.position.clone(), world.head());
    // Yesterday's backup.
    let path = world.folder.path().join("fieldseal.db");
    let backup = world.folder.path().join("backup.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("VACUUM INTO ?1", [backup.to_str().unwrap()])
        .unwrap();
    let doc = visit(1, user(1));
    let first = phone.write(&doc, &[progress("1")]);
    phone.send(&world, &[(&doc, vec![first.clone()])]);
    assert!(world.head() > old_head);

    let restored = World::over(&backup, world.folder.path(), &world.env);
    let second = phone.write(&doc, &[progress("2")]);
    let answer = restored
        .sync(&phone.device, &phone.request(&[(&doc, vec![first, second])]))
        .unwrap();
    assert!(answer.mismatch);
    assert_eq!(answer.position, None);
    assert_eq!(
        (answer.grants, answer.changes, answer.scope_digest),
        (vec![], vec![], None)
    );
    assert_eq!(answer.rows.iter().map(|(_, count)| count).sum::<u32>(), 2);
    assert!(!answer.more && answer.backed_up.is_none());
    // Rows beyond the old position exist by now; their tags differ.
    let head = restored.storage().read().unwrap().head().unwrap().0;
    assert!(head >= phone.position.as_ref().unwrap().seen);
    assert!(
        restored
            .sync(&phone.device, &phone.request(&[]))
            .unwrap()
            .mismatch
    );
    // A phone whose `seen` lies inside the backup needs nothing.
    phone.position = old_position;
    assert!(
        !restored
            .sync(&phone.device, &phone.request(&[]))
            .unwrap()
            .mismatch
    );
}

#[test]
fn a_position_that_makes_no_sense_is_a_mismatch() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    phone.catch_up(&world);
    let sound = phone.position.clone().unwrap();
    for (seen, pulled_to) in [(u64::MAX, 1), (sound.seen + 1, 1), (sound.seen, sound.seen + 1)] {
        phone.position = Some(fieldseal_core::wire::Position {
            seen,
            pulled_to,
            ..sound.clone()
        });
        assert!(
            world
                .service
                .sync(&phone.device, &phone.request(&[]))
                .unwrap()
                .mismatch
        );
    }
}

#[test]
fn changes_of_this_request_are_not_echoed_but_those_of_another_device_are() {
    let world = World::new();
    let (mut first, mut second) = (world.phone(user(1)), world.phone(user(1)));
    first.catch_up(&world);
    second.catch_up(&world);
    let doc = visit(1, user(1));
    let change = first.write(&doc, &[progress("1")]);
    assert!(first.send(&world, &[(&doc, vec![change])]).changes.is_empty());
    assert!(first.send(&world, &[]).changes.is_empty());
    let answer = second.send(&world, &[]);
    assert_eq!(answer.changes.len(), 1);
    assert!(answer.grants.is_empty());
    assert_eq!(first.state(), second.state());
}

#[test]
fn every_commit_is_announced_and_an_idle_exchange_is_not() {
    let world = World::new();
    let told = Arc::new(AtomicU64::new(0));
    let listener = Arc::clone(&told);
    world
        .service
        .on_commit(Box::new(move |head| listener.store(head, Ordering::Relaxed)));
    let mut phone = world.phone(user(1));
    world.dispatch(1, &[user(1)]);
    assert_eq!(told.load(Ordering::Relaxed), world.head());
    phone.catch_up(&world);
    phone.send(&world, &[]);
    told.store(0, Ordering::Relaxed);
    phone.send(&world, &[]);
    assert_eq!(told.load(Ordering::Relaxed), 0);
    let failed = world.service.office::<(), _>(|_| Err(PipelineError::NotOffice));
    assert!(failed.is_err());
    assert_eq!(told.load(Ordering::Relaxed), 0);
}

#[test]
fn a_document_that_cannot_be_built_travels_as_its_changes_and_is_reported() {
    use crate::storage::NewChange;
    use fieldseal_core::documents::read_change;
    let world = World::new();
    let mut writer = world.phone(user(9));
    let doc = visit(1, user(9));
    let first = writer.write(&doc, &[progress("1")]);
    writer.write(&doc, &[progress("2")]);
    writer.send(&world, &[(&doc, vec![first])]);
    // A change that the gate would have parked, put into the tables as if it had been accepted.
    let orphan = writer.write(&doc, &[progress("3")]);
    let change = read_change(&orphan).unwrap();
    let mut tx = world.service.storage().write().unwrap();
    let mut row = tx.doc(&doc).unwrap().unwrap();
    tx.insert_change(&NewChange {
        doc: row.key,
        name: &doc.to_string(),
        hash: &change.hash,
        actor: &change.actor.0,
        seq: change.seq,
        op: change.start_op,
        n: change.action.n,
        key: change.key,
        deps: &change.deps,
        text: &change.text,
        bytes: &change.bytes,
        received_at: 0,
    })
    .unwrap();
    (row.heads, row.changes) = (vec![change.hash], 2);
    tx.update_doc(&row).unwrap();
    tx.commit().unwrap();

    world.dispatch(1, &[user(1)]);
    let phone = world.phone(user(1));
    let answer = world.service.sync(&phone.device, &phone.request(&[])).unwrap();
    let grant = answer
        .grants
        .iter()
        .find(|grant| grant.doc == doc.to_string())
        .unwrap();
    assert!(grant.snapshot.is_empty());
    let sent = answer
        .changes
        .iter()
        .find(|sent| sent.doc == doc.to_string())
        .unwrap();
    assert_eq!(sent.changes.len(), 2);
    let reported = world.service.storage().read().unwrap().quarantine(9).unwrap();
    assert_eq!(reported.len(), 1);
    assert_eq!(
        (reported[0].reason.as_str(), reported[0].hash),
        ("apply", change.hash)
    );
}
