//! Photos: taken in whole or not at all, evidence and seal, hiding, the server's receipt and what may go after it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::report::{signed, worked};
use super::support::*;
use crate::device::EngineError;
use crate::device::engine::{Engine, Examination, PhotoNote, Release, Step};
use crate::device::store::blobs::CHUNK;
use crate::device::store::{StoreError, cursor, photos};
use crate::domain::canonical::ContentHash;
use crate::domain::sealed::verify_sealed;
use crate::domain::warranty::{CustomerAnswer, SymptomEvidence, WarrantyOutcome};
use crate::domain::work::{ConsentKind, ConsentWay, PhotoSubject, Symptom};
use crate::media::jpeg;

/// A picture file; `number` makes another picture.
pub(super) fn picture(folder: &Path, number: u8) -> PathBuf {
    picture_of(folder, number, 64, 48)
}

fn picture_of(folder: &Path, number: u8, width: usize, height: usize) -> PathBuf {
    // Noise, so that it has some length.
    let mut state = u32::from(number) + 1;
    let rgb: Vec<u8> = (0..width * height * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let path = folder.join(format!("IMG_{number}.jpg"));
    std::fs::write(&path, jpeg::encode(&rgb, width, height, 90)).unwrap();
    path
}

fn add(phone: &Phone, file: &Path, note: PhotoNote) -> Result<ContentHash, EngineError> {
    let token = phone.token();
    phone
        .engine
        .add_photo(order_id(), &token, file, note)
        .map(|(hash, _)| hash)
}

fn count(engine: &Engine, sql: &str) -> i64 {
    let read = engine
        .inner
        .store
        .read(|connection| Ok::<_, StoreError>(connection.query_row(sql, [], |row| row.get(0))?));
    read.unwrap()
}

fn consent(phone: &Phone, kind: ConsentKind) {
    let token = phone.token();
    let step = Step::Consent {
        kind,
        how: ConsentWay::Spoken,
        given_by: None,
        new_due: None,
        text: None,
    };
    phone.engine.step(order_id(), &token, step).unwrap();
}

fn receipt(phone: &Phone, photo: ContentHash, row: u64) {
    phone
        .engine
        .inner
        .store
        .write(|transaction| photos::set_receipt(transaction, &photo.0, row))
        .unwrap();
}

#[test]
fn a_photo_is_kept_with_its_mention_and_survives_a_restart() {
    let office = Office::new();
    let (mut phone, assignment) = phone_with_order(1, user(1), &office);
    let folder = tempfile::tempdir().unwrap();
    let file = picture_of(folder.path(), 1, 400, 300);
    let note = PhotoNote {
        about: Some(id("asset", 0x33)),
        caption: Some("正面".to_owned()),
        ..PhotoNote::of(PhotoSubject::Device)
    };
    let photo = add(&phone, &file, note.clone()).unwrap();
    phone.restart();
    let details = phone.engine.order(order_id()).unwrap();
    let [shown] = details.photos.as_slice() else {
        panic!("{:?}", details.photos);
    };
    let view = &shown.view;
    assert_eq!((view.sha256, view.width, view.height), (photo, 400, 300));
    assert_eq!(
        (view.what, view.caption.as_deref()),
        (PhotoSubject::Device, Some("正面"))
    );
    assert_eq!(
        (view.taken_at.as_deref(), view.place, view.late),
        (None, None, false)
    );
    assert!(shown.here && shown.own && !shown.on_server);
    let bytes = phone.engine.photo(photo).unwrap();
    assert!(bytes.len() > CHUNK, "more than one chunk");
    assert_eq!((bytes.len() as u64, ContentHash::of(&bytes)), (view.size, photo));
    assert!(
        phone
            .engine
            .thumbnail(photo)
            .unwrap()
            .unwrap()
            .starts_with(&[0xff, 0xd8])
    );
    let event = details.order.timeline.last().unwrap();
    assert_eq!(event.record.payload["assignment"], assignment.to_string());
    // The same picture again: one photo, two mentions.
    assert_eq!(add(&phone, &file, note).unwrap(), photo);
    assert_eq!(phone.engine.order(order_id()).unwrap().photos.len(), 2);
    assert_eq!(count(&phone.engine, "SELECT count(*) FROM photos"), 1);
    let row = &phone.engine.orders().unwrap()[0];
    assert_eq!((row.photos, row.photos_on_server), (1, 0));
    let status = phone.engine.status().unwrap();
    assert_eq!(
        (status.photos_waiting, status.photo_bytes_waiting),
        (1, view.size)
    );
    // Not in the lane of small blobs.
    assert_eq!(count(&phone.engine, "SELECT count(*) FROM blob_refs"), 0);
    receipt(&phone, photo, 9);
    assert_eq!(phone.engine.orders().unwrap()[0].photos_on_server, 1);
}

#[test]
fn what_is_no_photo_or_has_no_consent_leaves_nothing() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let folder = tempfile::tempdir().unwrap();
    let file = picture(folder.path(), 1);
    let bytes = std::fs::read(&file).unwrap();
    let cut = folder.path().join("cut.jpg");
    std::fs::write(&cut, &bytes[..bytes.len() - 5]).unwrap();
    let device = PhotoNote::of(PhotoSubject::Device);
    assert_eq!(problems(add(&phone, &cut, device.clone())), ["media.truncated"]);
    let absent = folder.path().join("absent.jpg");
    assert_eq!(
        problems(add(&phone, &absent, device.clone())),
        ["media.unreadable"]
    );
    let symptom = PhotoNote::of(PhotoSubject::Symptom);
    assert_eq!(
        problems(add(&phone, &file, symptom)),
        ["step_problem.photo_symptom"]
    );
    for (kind, note) in [
        (
            ConsentKind::Location,
            PhotoNote {
                with_place: true,
                ..device.clone()
            },
        ),
        (
            ConsentKind::SensitiveCopy,
            PhotoNote {
                sensitive: true,
                ..device
            },
        ),
    ] {
        let refused = add(&phone, &file, note.clone());
        assert_eq!(problems(refused), ["step_problem.consent_missing"]);
        assert_eq!(
            count(
                &phone.engine,
                "SELECT (SELECT count(*) FROM photos) + (SELECT count(*) FROM blob_chunks)"
            ),
            0
        );
        consent(&phone, kind);
        add(&phone, &file, note).unwrap();
        phone
            .engine
            .inner
            .store
            .write(|transaction| {
                transaction.execute_batch("DELETE FROM photos; DELETE FROM photo_orders; DELETE FROM blob_chunks; DELETE FROM blobs")?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}

#[test]
fn an_interrupted_intake_is_swept_and_a_full_disk_is_said() {
    let office = Office::new();
    let (mut phone, _) = phone_with_order(1, user(1), &office);
    let folder = tempfile::tempdir().unwrap();
    let put = |phone: &Phone, hash: [u8; 32]| {
        phone
            .engine
            .inner
            .store
            .write(|transaction| photos::put_chunk(transaction, &hash, 0, b"half a photo"))
            .unwrap();
    };
    put(&phone, [1; 32]);
    put(&phone, [2; 32]);
    phone
        .engine
        .inner
        .store
        .write(|transaction| photos::begin_fetch(transaction, &[2; 32], 100))
        .unwrap();
    phone.restart();
    // What was being fetched goes on; what was being taken in is gone, and its file is still there.
    let left = "SELECT count(*) FROM blob_chunks WHERE sha256 = ";
    assert_eq!(count(&phone.engine, &format!("{left} x'{}'", "01".repeat(32))), 0);
    assert_eq!(count(&phone.engine, &format!("{left} x'{}'", "02".repeat(32))), 1);

    let large = picture_of(folder.path(), 3, 1_000, 800);
    phone
        .engine
        .inner
        .store
        .write(|transaction| {
            let pages: i64 = transaction.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let pages = pages + 30;
            transaction.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let full = add(&phone, &large, PhotoNote::of(PhotoSubject::Site));
    assert_eq!(full, Err(EngineError::StorageFull));
    assert!(phone.engine.order(order_id()).unwrap().photos.is_empty());
    assert_eq!(phone.engine.orders().unwrap()[0].photos, 0);
    phone.restart();
    assert_eq!(count(&phone.engine, "SELECT count(*) FROM blob_chunks"), 1);
    add(&phone, &large, PhotoNote::of(PhotoSubject::Site)).unwrap();
}

#[test]
fn evidence_by_symptom_decides_and_is_sealed_unless_hidden() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let folder = tempfile::tempdir().unwrap();
    worked(&phone);
    let crack = add(
        &phone,
        &picture(folder.path(), 1),
        PhotoNote::of_symptom(Symptom::ShellCracked),
    )
    .unwrap();
    let front = add(
        &phone,
        &picture(folder.path(), 2),
        PhotoNote::of(PhotoSubject::Device),
    )
    .unwrap();
    let label = add(
        &phone,
        &picture(folder.path(), 3),
        PhotoNote::of(PhotoSubject::Label),
    )
    .unwrap();
    let wrong = add(
        &phone,
        &picture(folder.path(), 4),
        PhotoNote::of(PhotoSubject::Site),
    )
    .unwrap();
    let asset = id("asset", 0x33);
    let details = phone.engine.order(order_id()).unwrap();
    let evidence = details.evidence(&asset);
    assert_eq!(evidence.inspection, BTreeSet::from([crack, front]));
    assert_eq!(
        evidence.symptoms,
        BTreeMap::from([(Symptom::ShellCracked, BTreeSet::from([crack]))])
    );
    assert_eq!(evidence.origin, BTreeSet::from([label]));
    let found = |inspection: BTreeSet<ContentHash>| Examination::Eseal {
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: inspection,
        symptoms: BTreeMap::from([(
            Symptom::ShellCracked,
            SymptomEvidence {
                photos: BTreeSet::from([crack]),
                note: None,
            },
        )]),
        photography_forbidden: None,
        quantity: 1,
    };
    // 000-16: a picture of something else, by its hash alone, shows nothing of this unit.
    let foreign = BTreeSet::from([front, ContentHash::of(b"a picture of another order")]);
    let refused = phone
        .engine
        .examine(order_id(), &details.token, &asset, found(foreign));
    assert_eq!(problems(refused), ["step_problem.unknown_photo"]);
    let (decision, _) = phone
        .engine
        .examine(order_id(), &details.token, &asset, found(evidence.inspection))
        .unwrap();
    assert_eq!(decision.outcome, WarrantyOutcome::UserDamage);
    let of = |photo: ContentHash| {
        let details = phone.engine.order(order_id()).unwrap();
        let found = details.photos.iter().find(|shown| shown.view.sha256 == photo);
        found.map(|shown| shown.view.id)
    };
    let (mistake, token) = (of(wrong).unwrap(), phone.token());
    let no_reason = phone.engine.hide_photo(order_id(), &token, mistake, " ");
    assert_eq!(problems(no_reason), ["step_problem.reason_missing"]);
    let no_photo = phone
        .engine
        .hide_photo(order_id(), &token, details.order.decisions[0].id, "x");
    assert_eq!(problems(no_photo), ["step_problem.unknown_photo"]);
    phone
        .engine
        .hide_photo(order_id(), &token, mistake, "拍错了")
        .unwrap();
    assert_eq!(of(wrong), None);
    let hidden = phone
        .engine
        .examine(order_id(), &phone.token(), &asset, found(BTreeSet::from([wrong])));
    assert_eq!(
        problems(hidden),
        ["step_problem.unknown_photo"],
        "a hidden one is no evidence"
    );
    // Hidden is not gone, and not forgotten by the upload.
    assert!(phone.engine.photo(wrong).is_ok());
    assert_eq!(phone.engine.status().unwrap().photos_waiting, 4);

    // The price of a damaged key is answered before anything is signed (000-18); what is declined is not charged.
    let unanswered = phone.engine.seal(order_id(), &phone.token(), signed(300));
    assert_eq!(problems(unanswered), ["missing.answer"]);
    let decisions = phone.engine.order(order_id()).unwrap().order.decisions;
    let decision = decisions.last().unwrap().id;
    let declines = CustomerAnswer::Declines;
    phone
        .engine
        .answer(order_id(), &phone.token(), decision, declines)
        .unwrap();
    let token = phone.token();
    let sealed = phone.engine.seal(order_id(), &token, signed(300)).unwrap();
    let content = verify_sealed(&sealed.bytes, None).unwrap().content;
    assert_eq!(content.photos, [crack, front, label]);
    assert_eq!(content.decisions[0].answer, Some(declines));
    assert!(content.charges.is_empty());
    let after = of(crack).unwrap();
    let signed_away = phone.engine.hide_photo(order_id(), &phone.token(), after, "x");
    assert_eq!(problems(signed_away), ["step_problem.sealed"]);
    // One that is added later follows the report, unsigned by nobody's fault.
    add(
        &phone,
        &picture(folder.path(), 5),
        PhotoNote::of(PhotoSubject::Custody),
    )
    .unwrap();
    assert!(
        phone.engine.order(order_id()).unwrap().order.visits[0]
            .unsigned
            .is_empty()
    );
}

#[test]
fn i09_bytes_go_after_two_backups_or_the_receipt_and_the_persons_word() {
    let office = Office::new();
    let (mut phone, _) = phone_with_order(1, user(1), &office);
    let folder = tempfile::tempdir().unwrap();
    let photo = add(
        &phone,
        &picture(folder.path(), 1),
        PhotoNote::of(PhotoSubject::Site),
    )
    .unwrap();
    let other = add(
        &phone,
        &picture(folder.path(), 2),
        PhotoNote::of(PhotoSubject::Site),
    )
    .unwrap();
    let release = |phone: &Phone, right| phone.engine.release_photo(photo, right);
    for right in [Release::BackedUp, Release::PersonsWord] {
        assert_eq!(
            problems(release(&phone, right)),
            ["step_problem.photo_not_on_server"]
        );
    }
    receipt(&phone, photo, 9);
    assert_eq!(
        problems(release(&phone, Release::BackedUp)),
        ["step_problem.photo_not_backed_up"]
    );
    assert_eq!(phone.engine.release_backed_up_photos().unwrap(), 0);
    let backed_up = |phone: &Phone, row| {
        let write = phone.engine.inner.store.write(|transaction| {
            let mut cursor = cursor::load(transaction)?;
            cursor.backed_up = Some(row);
            cursor::save(transaction, &cursor)
        });
        write.unwrap();
    };
    backed_up(&phone, 8);
    assert_eq!(
        problems(release(&phone, Release::BackedUp)),
        ["step_problem.photo_not_backed_up"]
    );
    release(&phone, Release::PersonsWord).unwrap();
    assert_eq!(release(&phone, Release::PersonsWord), Err(EngineError::NotFound));
    phone.restart();
    let details = phone.engine.order(order_id()).unwrap();
    let shown = details
        .photos
        .iter()
        .find(|shown| shown.view.sha256 == photo)
        .unwrap();
    assert!(!shown.here && shown.on_server);
    assert_eq!(phone.engine.photo(photo), Err(EngineError::NotFound));
    assert!(phone.engine.thumbnail(photo).unwrap().is_some());
    let row = &phone.engine.orders().unwrap()[0];
    assert_eq!((row.photos, row.photos_on_server), (2, 1));

    receipt(&phone, other, 12);
    backed_up(&phone, 12);
    let size = details
        .photos
        .iter()
        .find(|shown| shown.view.sha256 == other)
        .unwrap()
        .view
        .size;
    assert_eq!(phone.engine.release_backed_up_photos().unwrap(), size);
    assert_eq!(count(&phone.engine, "SELECT count(*) FROM blob_chunks"), 0);
    // Taken again, it is here again; the server has it already.
    add(
        &phone,
        &picture(folder.path(), 2),
        PhotoNote::of(PhotoSubject::Site),
    )
    .unwrap();
    assert!(phone.engine.photo(other).is_ok());
    assert_eq!(phone.engine.status().unwrap().photos_waiting, 0);
}

#[test]
fn y22_scrap_has_a_type_and_a_photo_or_is_not_written() {
    use crate::device::engine::{Bucket, Pieces, Scrap, ScrapPhoto};
    use crate::domain::ledger::ScrapType;
    use crate::facts::conflict::Flag;
    let (folder, office) = (tempfile::tempdir().unwrap(), Office::new());
    let (phone, _) = phone_with_order(1, user(1), &office);
    let of = |kind, note: Option<&str>, photo| Scrap {
        bucket: Bucket::Good,
        kind,
        note: note.map(str::to_owned),
        photo,
    };
    let line = [Pieces {
        part: "FUSE".to_owned(),
        qty: 1,
        serial: None,
    }];
    let scrap = |scrap: &Scrap| {
        let token = phone.engine.stock().unwrap().stock.token;
        phone.engine.scrap(&token, scrap, &line)
    };
    let before = phone.changes().len();
    let none = ScrapPhoto::Missing;
    assert_eq!(
        problems(scrap(&of(ScrapType::Water, Some("进水"), none.clone()))),
        ["step_problem.photo_missing"]
    );
    assert_eq!(
        problems(scrap(&of(ScrapType::Lost, Some(" "), none.clone()))),
        ["step_problem.reason_missing"]
    );
    let unknown = ScrapPhoto::Known {
        sha256: ContentHash([9; 32]),
    };
    assert_eq!(
        problems(scrap(&of(ScrapType::Broken, None, unknown))),
        ["step_problem.unknown_photo"]
    );
    let text = folder.path().join("no-photo.jpg");
    std::fs::write(&text, b"no photo").unwrap();
    assert!(
        problems(scrap(&of(
            ScrapType::Broken,
            None,
            ScrapPhoto::File { path: text }
        )))[0]
            .starts_with("media.")
    );
    assert_eq!(phone.changes().len(), before);

    let path = picture(folder.path(), 7);
    scrap(&of(ScrapType::Water, Some("进水"), ScrapPhoto::File { path })).unwrap();
    assert_eq!(
        phone.changes().len(),
        before + 1,
        "photo and movement are one action"
    );
    let van = phone.engine.stock().unwrap();
    let moved = &van.stock.moves[0];
    assert_eq!(
        (moved.scrap, moved.photo),
        (Some(ScrapType::Water), Some(van.stock.photos[0].sha256))
    );
    let sha256 = van.stock.photos[0].sha256;
    assert!(
        !phone.engine.photo(sha256).unwrap().is_empty(),
        "its bytes are here"
    );
    assert_eq!(
        phone.engine.status().unwrap().photos_waiting,
        1,
        "and owed to the server"
    );
    // The same picture shows the next one too; what is lost has none.
    scrap(&of(ScrapType::Broken, None, ScrapPhoto::Known { sha256 })).unwrap();
    scrap(&of(ScrapType::Lost, Some("途中丢失"), none)).unwrap();
    let flags = |van: &crate::facts::VanView| {
        let changes = van.stock.changes.iter();
        changes
            .flat_map(|change| change.flags.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(flags(&phone.engine.stock().unwrap()), []);
    // I13: what no phone writes counts, and is flagged.
    let bare = crate::facts::Fact::Move(crate::facts::kinds::Move {
        movement: "scrap".to_owned(),
        part: "FUSE".to_owned(),
        qty: 1,
        from: format!("van_good:{}", user(1)),
        to: "scrap".to_owned(),
        ..Default::default()
    });
    let doc = doc(&format!("van/{}/2026q4/field", user(1)));
    let van = crate::facts::fold_van(user(1), &[stored(&doc, &[bare])]);
    assert_eq!(flags(&van), [Flag::EvidenceMissing]);
    assert_eq!(van.available("FUSE"), -1);
}
