//! S9 from the phone's side: the real engine sends photos over a line that is cut at every percent, after a kill, beside
//! saved forms; another phone fetches them (B49, B50, I9).

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{Engine, PhotoNote, Release, Step};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::work::{PhotoSubject, Symptom};

use crate::company::{Phone, World, open};

fn add(engine: &Engine, order: OrderId, file: &std::path::Path, note: PhotoNote) -> ContentHash {
    let token = engine.order(order).unwrap().token;
    engine.add_photo(order, &token, file, note).unwrap().0
}

#[test]
fn s9_a_photo_cut_at_every_percent_arrives_whole_and_another_phone_gets_it() {
    let world = World::new();
    let [engineer, other] = world.company.engineers;
    let Phone { engine, line, .. } = world.phone(engineer);
    let order = world.job(&[engineer]);
    engine.sync_once().unwrap();
    let photo = add(
        &engine,
        order,
        &world.picture(1),
        PhotoNote::of_symptom(Symptom::ShellCracked),
    );
    let bytes = engine.photo(photo).unwrap();
    // About a percent on every connection, beside the heads of the question and of its answer: then it is cut.
    let percent = bytes.len() as u64 / 100;
    let before = line.traffic().connections;
    line.cut_every(percent + 1_500);
    let (mut syncs, mut seen) = (0, 0);
    while engine.status().unwrap().photos_waiting > 0 {
        syncs += 1;
        assert!(syncs < 400, "it does not arrive");
        // Whatever a cut session says, no word of the server's is taken back.
        let _cut = engine.sync_once();
        let sent = engine.order(order).unwrap().photos[0].sent.unwrap_or(0);
        assert!(sent >= seen, "{sent} after {seen}");
        seen = sent;
    }
    let cuts = line.traffic().connections - before;
    assert!(cuts > 30, "{cuts} cuts");
    line.cut_every(u64::MAX);
    let row = &engine.orders().unwrap()[0];
    assert_eq!((row.photos, row.photos_on_server), (1, 1));

    // The office gives the order to a colleague: he sees the mention, not a gap, and fetches the bytes.
    let view = world.view(order);
    assert_eq!(view.photos.len(), 1);
    world
        .office()
        .assign(
            &world.company.dispatcher,
            order,
            &view.token,
            &[other],
            Some("换人"),
        )
        .unwrap();
    let colleague = world.phone(other);
    let shown = colleague.order(order).photos;
    assert!(!shown[0].here && !shown[0].own);
    assert_eq!(colleague.engine.orders().unwrap()[0].photos, 0);
    colleague.line.cut_after(20_000);
    assert_eq!(colleague.engine.fetch_photo(photo).unwrap(), bytes);
    assert!(colleague.order(order).photos[0].here);
    // Only fetched: it may go at any time, and comes back.
    colleague.engine.release_photo(photo, Release::BackedUp).unwrap();
    assert_eq!(colleague.engine.photo(photo), Err(EngineError::NotFound));
    assert_eq!(colleague.engine.fetch_photo(photo).unwrap(), bytes);
}

#[test]
fn s9_what_was_owed_at_a_kill_goes_on_and_saved_forms_go_first() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let order = world.job(&[engineer]);
    phone.sync();
    let photos: Vec<ContentHash> = (1..=3)
        .map(|number| {
            let note = PhotoNote::of(PhotoSubject::Site);
            add(&phone.engine, order, &world.picture(2 * number), note)
        })
        .collect();
    // The line goes in the middle of the second; nobody answers any more.
    let size = phone.engine.photo(photos[0]).unwrap().len() as u64;
    phone.line.cut_after(size * 3 / 2 + 6_000);
    let first = phone.engine.sync_once().unwrap();
    if first.photos_waiting > 0 {
        assert!(first.photo_fault.is_some());
    }
    // Killed: no shutdown; the same file opens again.
    let Phone { engine, line, path } = phone;
    std::mem::forget(engine);
    let engine = open(&path, &world.env);
    let token = engine.order(order).unwrap().token;
    engine.step(order, &token, Step::Accept { plan: None }).unwrap();
    line.restore();
    for _ in 0..4 {
        engine.sync_once().unwrap();
    }
    let status = engine.status().unwrap();
    assert_eq!((status.unsent, status.photos_waiting), (0, 0));
    for photo in photos {
        engine.release_photo(photo, Release::PersonsWord).unwrap();
        assert_eq!(ContentHash::of(&engine.fetch_photo(photo).unwrap()), photo);
    }
    assert_eq!(world.view(order).photos.len(), 3);
}
