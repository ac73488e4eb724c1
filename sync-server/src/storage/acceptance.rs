//! What every storage must do. Each implementation's tests call [`run`] with a way to open a fresh, empty storage.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use fieldseal_core::domain::ids::{ActionId, DeviceId, OrderId, UserId};
use fieldseal_core::facts::DocName;
use uuid::Uuid;

use super::*;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_0000 + number)
}

fn order(number: u128) -> DocName {
    DocName::Order(OrderId(id(number)))
}

fn visit(number: u128, engineer: u128) -> DocName {
    DocName::Visit(OrderId(id(number)), UserId(id(engineer)))
}

/// A change with made-up bytes: the storage does not read them.
struct Made {
    hash: Hash,
    deps: Vec<Hash>,
    seq: u64,
    n: u64,
    key: ActionId,
}

fn made(number: u8, seq: u64, deps: &[u8]) -> Made {
    Made {
        hash: [number; 32],
        deps: deps.iter().map(|dep| [*dep; 32]).collect(),
        seq,
        n: u64::from(number),
        key: ActionId(id(1000 + u128::from(number))),
    }
}

impl Made {
    fn insert(&self, tx: &mut dyn WriteTx, doc: &DocRow) -> Result<u64> {
        let (doc, name) = (doc.key, &doc.name.to_string());
        tx.insert_change(&NewChange {
            doc,
            name,
            hash: &self.hash,
            actor: &[7; 16],
            seq: self.seq,
            op: self.seq,
            n: self.n,
            key: self.key,
            deps: &self.deps,
            text: "{}",
            bytes: &[self.hash[0]; 40],
            received_at: 5,
        })
    }
}

/// Runs the whole suite.
pub(crate) fn run(open: &dyn Fn() -> Arc<dyn Storage>) {
    an_empty_storage_has_a_lineage(open());
    a_transaction_is_kept_whole_or_not_at_all(open());
    a_reader_sees_one_state(open());
    rows_are_numbered_without_gaps_and_tagged(open());
    changes_are_found_by_hash_key_and_actor(open());
    a_change_is_unique_in_its_document_only(open());
    families_share_their_highest_n(open());
    scope_has_a_first_and_a_last_reason(open());
    a_pull_gives_what_is_in_scope(open());
    parked_changes_wait_for_each_need(open());
    quarantine_keeps_the_first_reason(open());
    blobs_are_named_and_counted(open());
    a_blob_is_read_where_a_holder_or_the_office_names_it(open());
    uploads_are_kept_until_they_are_files(open());
    accounts_are_kept(open());
    writers_take_turns_and_share_commits(open());
}

fn an_empty_storage_has_a_lineage(storage: Arc<dyn Storage>) {
    let tx = storage.read().unwrap();
    let (head, tag) = tx.head().unwrap();
    assert_eq!(head, 0);
    assert_ne!(tag, [0; 16]);
    assert_eq!(tx.tag_at(0).unwrap(), Some(tag));
    assert_eq!(tx.tag_at(1).unwrap(), None);
    assert_eq!(tx.tag_at(u64::MAX).unwrap(), None);
}

fn a_transaction_is_kept_whole_or_not_at_all(storage: Arc<dyn Storage>) {
    let mut tx = storage.write().unwrap();
    let (doc, created) = tx.ensure_doc(&order(1)).unwrap();
    assert!(created);
    made(1, 1, &[]).insert(tx.as_mut(), &doc).unwrap();
    drop(tx);
    assert_eq!(storage.read().unwrap().doc(&order(1)).unwrap(), None);
    assert_eq!(storage.read().unwrap().head().unwrap().0, 0);
    // A refused row does not undo what the transaction did before, and it can still commit.
    let mut tx = storage.write().unwrap();
    let (doc, _) = tx.ensure_doc(&order(1)).unwrap();
    made(1, 1, &[]).insert(tx.as_mut(), &doc).unwrap();
    assert!(matches!(
        tx.put_quarantine(&QuarantineRow {
            doc: "x".into(),
            hash: [1; 32],
            reason: "gate".into(),
            detail: String::new(),
            sender: None,
            bytes: None,
            at: 1
        }),
        Ok(())
    ));
    tx.commit().unwrap();
    let tx = storage.read().unwrap();
    assert_eq!(tx.head().unwrap().0, 1);
    assert_eq!(tx.doc(&order(1)).unwrap().unwrap().name, order(1));
}

fn a_reader_sees_one_state(storage: Arc<dyn Storage>) {
    let before = storage.read().unwrap();
    let mut tx = storage.write().unwrap();
    tx.ensure_doc(&order(1)).unwrap();
    assert!(
        tx.doc(&order(1)).unwrap().is_some(),
        "a writer reads what it wrote"
    );
    tx.commit().unwrap();
    assert_eq!(before.doc(&order(1)).unwrap(), None);
    drop(before);
    assert!(storage.read().unwrap().doc(&order(1)).unwrap().is_some());
}

fn rows_are_numbered_without_gaps_and_tagged(storage: Arc<dyn Storage>) {
    let mut tx = storage.write().unwrap();
    let (doc, _) = tx.ensure_doc(&order(1)).unwrap();
    assert_eq!(made(1, 1, &[]).insert(tx.as_mut(), &doc).unwrap(), 1);
    let grant = NewRow {
        kind: RowKind::Grant,
        doc: Some(doc.key),
        hash: &[9; 32],
        engineer: Some(UserId(id(1))),
        device: None,
    };
    assert_eq!(tx.append_row(&grant).unwrap(), 2);
    let bare = NewRow {
        kind: RowKind::Revocation,
        doc: None,
        hash: &[8; 32],
        engineer: None,
        device: None,
    };
    assert_eq!(tx.append_row(&bare).unwrap(), 3);
    tx.commit().unwrap();
    drop({
        let mut given_up = storage.write().unwrap();
        given_up.append_row(&bare).unwrap();
        given_up
    });
    let mut tx = storage.write().unwrap();
    assert_eq!(tx.append_row(&bare).unwrap(), 4);
    tx.commit().unwrap();

    let tx = storage.read().unwrap();
    let rows = tx.rows_after(0, 10).unwrap();
    let mut previous = tx.tag_at(0).unwrap().unwrap();
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.n, index as u64 + 1);
        let expected = tag(
            &previous,
            row.n,
            row.kind,
            row.doc.as_deref().unwrap_or(""),
            &row.hash,
        );
        assert_eq!(row.tag, expected);
        assert_eq!(tx.tag_at(row.n).unwrap(), Some(expected));
        previous = expected;
    }
    assert_eq!(tx.head().unwrap(), (4, previous));
    assert_eq!(rows[1].engineer, Some(UserId(id(1))));
    assert_eq!(tx.rows_after(3, 10).unwrap().len(), 1);
    assert_eq!(tx.rows_after(0, 2).unwrap().len(), 2);
}

fn changes_are_found_by_hash_key_and_actor(storage: Arc<dyn Storage>) {
    let mut tx = storage.write().unwrap();
    let (mut doc, _) = tx.ensure_doc(&order(1)).unwrap();
    made(1, 1, &[]).insert(tx.as_mut(), &doc).unwrap();
    made(2, 2, &[1]).insert(tx.as_mut(), &doc).unwrap();
    doc.heads = vec![[2; 32]];
    (doc.op, doc.n, doc.changes) = (2, 2, 2);
    tx.update_doc(&doc).unwrap();
    tx.commit().unwrap();

    let tx = storage.read().unwrap();
    assert_eq!(tx.doc(&order(1)).unwrap().unwrap(), doc);
    let known = tx.known(doc.key, &[2; 32]).unwrap().unwrap();
    assert_eq!(
        (known.row, known.seq, known.op, known.n, known.deps),
        (2, 2, 2, 2, vec![[1; 32]])
    );
    assert_eq!(known.actor, [7; 16]);
    assert_eq!(known.key, ActionId(id(1002)));
    assert_eq!(tx.known(doc.key, &[3; 32]).unwrap(), None);
    assert!(tx.has_key(doc.key, ActionId(id(1001))).unwrap());
    assert!(!tx.has_key(doc.key, ActionId(id(1))).unwrap());
    assert_eq!(tx.last_of(doc.key, &[7; 16]).unwrap(), Some((2, [2; 32])));
    assert_eq!(tx.last_of(doc.key, &[8; 16]).unwrap(), None);
    assert_eq!(tx.chunks_after(doc.key, 1).unwrap(), vec![(2, vec![2; 40])]);
    let actions = tx.actions_of_doc(doc.key).unwrap();
    assert_eq!(actions.len(), 2);
    assert_eq!(
        (actions[1].row, actions[1].received_at, actions[1].text.as_str()),
        (2, 5, "{}")
    );
}

fn a_change_is_unique_in_its_document_only(storage: Arc<dyn Storage>) {
    let mut tx = storage.write().unwrap();
    let (first, _) = tx.ensure_doc(&order(1)).unwrap();
    let (second, _) = tx.ensure_doc(&order(2)).unwrap();
    made(1, 1, &[]).insert(tx.as_mut(), &first).unwrap();
    made(1, 1, &[]).insert(tx.as_mut(), &second).unwrap();
    assert!(matches!(
        made(1, 1, &[]).insert(tx.as_mut(), &first),
        Err(StorageError::Constraint { .. })
    ));
}

fn families_share_their_highest_n(storage: Arc<dyn Storage>) {
    let mut tx = storage.write().unwrap();
    for (name, n) in [(order(1), 3), (visit(1, 5), 8), (visit(1, 6), 2), (order(2), 9)] {
        let (mut doc, _) = tx.ensure_doc(&name).unwrap();
        (doc.n, doc.changes) = (n, 1);
        tx.update_doc(&doc).unwrap();
    }
    let family = order(1).to_string();
    assert_eq!(tx.family_n(&family).unwrap(), 8);
    assert_eq!(tx.family_n("order/none").unwrap(), 0);
    assert_eq!(tx.family(&family).unwrap().len(), 3);
    assert_eq!(tx.doc_names("order/").unwrap(), vec![order(1), order(2)]);
    assert_eq!(tx.doc_names("visit/").unwrap().len(), 2);
    tx.commit().unwrap();
}

fn scope_has_a_first_and_a_last_reason(storage: Arc<dyn Storage>) {
    let (engineer, other) = (UserId(id(1)), UserId(id(2)));
    let mut tx = storage.write().unwrap();
    let (doc, _) = tx.ensure_doc(&order(1)).unwrap();
    assert!(tx.add_reason(engineer, doc.key, "a").unwrap());
    assert!(!tx.add_reason(engineer, doc.key, "a").unwrap());
    assert!(!tx.add_reason(engineer, doc.key, "b").unwrap());
    assert!(tx.in_scope(engineer, doc.key).unwrap());
    assert!(!tx.in_scope(other, doc.key).unwrap());
    assert_eq!(tx.reasons_of(doc.key).unwrap(), vec!["a", "b"]);
    assert_eq!(tx.scope_of_reason("a").unwrap(), vec![(engineer, doc.key)]);
    assert_eq!(tx.scope_docs(engineer).unwrap(), vec![doc.key]);
    assert!(
        tx.scope_heads(engineer).unwrap().is_empty(),
        "a document without changes does not count"
    );
    assert!(!tx.drop_reason(engineer, doc.key, "a").unwrap());
    assert!(tx.drop_reason(engineer, doc.key, "b").unwrap());
    assert!(!tx.drop_reason(engineer, doc.key, "b").unwrap());
    assert!(!tx.in_scope(engineer, doc.key).unwrap());
}

fn a_pull_gives_what_is_in_scope(storage: Arc<dyn Storage>) {
    let (engineer, device) = (UserId(id(1)), DeviceId(id(11)));
    let mut tx = storage.write().unwrap();
    let (mine, _) = tx.ensure_doc(&order(1)).unwrap();
    let (lost, _) = tx.ensure_doc(&order(2)).unwrap();
    made(1, 1, &[]).insert(tx.as_mut(), &mine).unwrap();
    made(2, 1, &[]).insert(tx.as_mut(), &lost).unwrap();
    tx.add_reason(engineer, mine.key, "a").unwrap();
    let row = |kind, doc: &DocRow, to| NewRow {
        kind,
        doc: Some(doc.key),
        hash: &[9; 32],
        engineer: Some(engineer),
        device: to,
    };
    tx.append_row(&row(RowKind::Grant, &mine, None)).unwrap();
    tx.append_row(&row(RowKind::Grant, &mine, Some(DeviceId(id(12)))))
        .unwrap();
    tx.append_row(&row(RowKind::Grant, &lost, None)).unwrap();
    tx.append_row(&row(RowKind::Removal, &lost, None)).unwrap();
    tx.append_row(&row(RowKind::Removal, &mine, None)).unwrap();
    let other = NewRow {
        engineer: Some(UserId(id(2))),
        ..row(RowKind::Grant, &mine, None)
    };
    tx.append_row(&other).unwrap();
    tx.commit().unwrap();

    let tx = storage.read().unwrap();
    let range = PullRange {
        engineer,
        device,
        after: 0,
        upto: 100,
    };
    let pulled = |range, limit: usize| {
        let mut out = Vec::new();
        tx.pull(range, &mut |row| {
            out.push(match row {
                PullRow::Change { n, name, bytes, .. } => format!("{n} change {name} {}", bytes.len()),
                PullRow::Grant { n, name, .. } => format!("{n} grant {name}"),
                PullRow::Removal { n, name } => format!("{n} removal {name}"),
            });
            Ok(out.len() < limit)
        })
        .unwrap();
        out
    };
    let (a, b) = (order(1), order(2));
    assert_eq!(
        pulled(range, 100),
        vec![
            format!("1 change {a} 40"),
            format!("3 grant {a}"),
            format!("6 removal {b}")
        ]
    );
    assert_eq!(pulled(range, 1).len(), 1);
    assert_eq!(
        pulled(PullRange { after: 3, ..range }, 100),
        vec![format!("6 removal {b}")]
    );
    assert_eq!(pulled(PullRange { upto: 2, ..range }, 100).len(), 1);
    assert_eq!(
        pulled(
            PullRange {
                device: DeviceId(id(12)),
                ..range
            },
            100
        )
        .len(),
        4
    );
    assert_eq!(tx.first_grant(range, mine.key).unwrap(), Some(3));
    assert_eq!(
        tx.first_grant(PullRange { after: 3, ..range }, mine.key).unwrap(),
        None
    );
    let second = PullRange {
        after: 3,
        device: DeviceId(id(12)),
        ..range
    };
    assert_eq!(tx.first_grant(second, mine.key).unwrap(), Some(4));
}

fn parked_changes_wait_for_each_need(storage: Arc<dyn Storage>) {
    let sender = Sender {
        device: DeviceId(id(11)),
        user: UserId(id(1)),
        tag: [3; 8],
    };
    let mut tx = storage.write().unwrap();
    let (doc, _) = tx.ensure_doc(&order(1)).unwrap();
    for _ in 0..2 {
        tx.park(doc.key, &[5; 32], sender, &[[1; 32], [2; 32]], b"bytes", 1)
            .unwrap();
    }
    assert_eq!(tx.parked_count().unwrap(), 1);
    assert_eq!(tx.parked_of(sender.device).unwrap(), (1, 5));
    assert_eq!(tx.parked_of(DeviceId(id(12))).unwrap(), (0, 0));
    assert!(tx.is_parked(doc.key, &[5; 32]).unwrap() && !tx.is_parked(doc.key, &[1; 32]).unwrap());
    assert!(tx.doc(&order(1)).unwrap().unwrap().parked);
    let waiting = tx.parked_for(doc.key, &[2; 32]).unwrap();
    assert_eq!(
        waiting,
        vec![ParkedRow {
            hash: [5; 32],
            sender,
            bytes: b"bytes".to_vec()
        }]
    );
    assert!(tx.parked_for(doc.key, &[5; 32]).unwrap().is_empty());
    tx.unpark(doc.key, &[5; 32]).unwrap();
    assert_eq!(tx.parked_count().unwrap(), 0);
    assert!(tx.parked_for(doc.key, &[1; 32]).unwrap().is_empty());
    assert!(!tx.doc(&order(1)).unwrap().unwrap().parked);
}

fn quarantine_keeps_the_first_reason(storage: Arc<dyn Storage>) {
    let device = DeviceId(id(11));
    let sender = Sender {
        device,
        user: UserId(id(1)),
        tag: [3; 8],
    };
    let mut row = QuarantineRow {
        doc: order(1).to_string(),
        hash: [5; 32],
        reason: "gate".to_owned(),
        detail: "gate.seq".to_owned(),
        sender: Some(sender),
        bytes: Some(vec![0; 30]),
        at: 4,
    };
    let mut tx = storage.write().unwrap();
    tx.ensure_doc(&order(1)).unwrap();
    tx.put_quarantine(&row).unwrap();
    row.reason = "size".to_owned();
    tx.put_quarantine(&row).unwrap();
    assert_eq!(
        tx.quarantined(&row.doc, &[5; 32]).unwrap().as_deref(),
        Some("gate")
    );
    assert_eq!(tx.quarantined(&row.doc, &[6; 32]).unwrap(), None);
    assert_eq!(tx.quarantined_bytes(device).unwrap(), 30);
    assert!(tx.doc(&order(1)).unwrap().unwrap().quarantined);
    row.reason = "gate".to_owned();
    assert_eq!(tx.quarantine(10).unwrap(), vec![row.clone()]);
    tx.drop_quarantine(&row.doc, &[5; 32]).unwrap();
    assert!(tx.quarantine(10).unwrap().is_empty());
}

fn blobs_are_named_and_counted(storage: Arc<dyn Storage>) {
    let (engineer, device) = (UserId(id(1)), DeviceId(id(11)));
    let mut tx = storage.write().unwrap();
    let (doc, _) = tx.ensure_doc(&order(1)).unwrap();
    assert!(tx.put_blob(&[1; 32], b"early", Some(device), 1).unwrap());
    assert!(!tx.put_blob(&[1; 32], b"early", Some(device), 1).unwrap());
    assert_eq!(tx.unnamed_blob_bytes(device).unwrap(), 5);
    tx.name_blob(&[1; 32], doc.key, None).unwrap();
    tx.name_blob(&[1; 32], doc.key, None).unwrap();
    tx.name_blob(&[2; 32], doc.key, None).unwrap();
    assert!(tx.put_blob(&[2; 32], b"late", Some(device), 1).unwrap());
    assert_eq!(tx.unnamed_blob_bytes(device).unwrap(), 0);
    assert_eq!(tx.blob(&[2; 32]).unwrap().as_deref(), Some(&b"late"[..]));
    assert!(tx.has_blob(&[1; 32]).unwrap() && !tx.has_blob(&[3; 32]).unwrap());
    assert!(tx.blob_named(&[1; 32]).unwrap() && !tx.blob_named(&[3; 32]).unwrap());
    assert!(!tx.blob_in_scope(engineer, &[1; 32]).unwrap());
    tx.add_reason(engineer, doc.key, "a").unwrap();
    assert!(tx.blob_in_scope(engineer, &[1; 32]).unwrap());
}

fn a_blob_is_read_where_a_holder_or_the_office_names_it(storage: Arc<dyn Storage>) {
    let [a, b, c, d] = [1, 2, 3, 4].map(|number| UserId(id(number)));
    let hash = [1; 32];
    let mut tx = storage.write().unwrap();
    let [visit_a, visit_b, visit_c] =
        [1, 2, 3].map(|engineer| tx.ensure_doc(&visit(1, engineer)).unwrap().0.key);
    // Each reads the one before, by a chain of namings that nobody holds yet.
    for (doc, writer, reader) in [(visit_a, a, b), (visit_b, b, c), (visit_c, c, d)] {
        tx.name_blob(&hash, doc, Some(writer)).unwrap();
        tx.add_reason(writer, doc, "own").unwrap();
        tx.add_reason(reader, doc, "x").unwrap();
    }
    for engineer in [a, b, c, d] {
        assert!(!tx.blob_in_scope(engineer, &hash).unwrap());
    }
    tx.hold_blob(&hash, c).unwrap();
    tx.hold_blob(&hash, c).unwrap();
    assert!(tx.blob_in_scope(c, &hash).unwrap() && tx.blob_in_scope(d, &hash).unwrap());
    assert!(!tx.blob_in_scope(a, &hash).unwrap() && !tx.blob_in_scope(b, &hash).unwrap());
    tx.hold_blob(&hash, a).unwrap();
    assert!(tx.blob_in_scope(a, &hash).unwrap() && tx.blob_in_scope(b, &hash).unwrap());
    assert!(!tx.blob_in_scope(a, &[2; 32]).unwrap());
    // A naming by the office needs no holder, and lets its readers pass it on.
    let office = tx.ensure_doc(&order(1)).unwrap().0.key;
    tx.name_blob(&[3; 32], office, None).unwrap();
    tx.name_blob(&[3; 32], visit_a, Some(a)).unwrap();
    assert!(!tx.blob_in_scope(b, &[3; 32]).unwrap());
    tx.add_reason(a, office, "x").unwrap();
    assert!(tx.blob_in_scope(b, &[3; 32]).unwrap());
}

fn uploads_are_kept_until_they_are_files(storage: Arc<dyn Storage>) {
    let (device, other) = (DeviceId(id(11)), DeviceId(id(12)));
    let upload = |device, sha256, size, moved| UploadRow {
        device,
        sha256,
        size,
        begun: 1,
        moved,
    };
    let mut tx = storage.write().unwrap();
    let (doc, _) = tx.ensure_doc(&visit(1, 1)).unwrap();
    let [engineer, colleague] = [1, 2].map(|number| UserId(id(number)));
    tx.name_blob(&[1; 32], doc.key, Some(engineer)).unwrap();
    assert!(tx.named_by(&[1; 32], engineer).unwrap());
    assert!(!tx.named_by(&[1; 32], colleague).unwrap() && !tx.named_by(&[2; 32], engineer).unwrap());
    for row in [
        upload(device, [1; 32], 100, 5),
        upload(device, [2; 32], 20, 6),
        upload(other, [1; 32], 3, 7),
    ] {
        tx.put_upload(&row).unwrap();
    }
    tx.put_upload(&upload(device, [2; 32], 30, 9)).unwrap();
    assert_eq!(
        (tx.open_bytes(device).unwrap(), tx.open_bytes(other).unwrap()),
        (130, 3)
    );
    assert_eq!(
        tx.upload(other, &[1; 32]).unwrap(),
        Some(upload(other, [1; 32], 3, 7))
    );
    assert_eq!(tx.upload(other, &[2; 32]).unwrap(), None);
    let old: Vec<_> = tx.uploads_until(7, 10).unwrap();
    assert_eq!(
        old,
        [upload(device, [1; 32], 100, 5), upload(other, [1; 32], 3, 7)]
    );
    assert_eq!(tx.uploads_until(7, 1).unwrap().len(), 1);

    tx.count_begun(device, 10, 100).unwrap();
    tx.count_begun(device, 10, 30).unwrap();
    tx.count_begun(other, 10, 3).unwrap();
    assert_eq!(
        (
            tx.begun_bytes(device, 10).unwrap(),
            tx.begun_bytes(device, 11).unwrap()
        ),
        (130, 0)
    );
    tx.count_begun(device, 12, 1).unwrap();
    assert_eq!(tx.begun_bytes(device, 10).unwrap(), 0, "long ago");

    let row = tx
        .append_row(&NewRow {
            kind: RowKind::Blob,
            doc: None,
            hash: &[1; 32],
            engineer: None,
            device: None,
        })
        .unwrap();
    let file = FileRow {
        sha256: [1; 32],
        device,
        at: 8,
        size: 100,
        row,
    };
    tx.put_file(&file).unwrap();
    tx.drop_upload(device, &[1; 32]).unwrap();
    assert!(tx.uploading(&[1; 32]).unwrap(), "the other device's");
    tx.drop_upload(other, &[1; 32]).unwrap();
    assert!(!tx.uploading(&[1; 32]).unwrap());
    tx.commit().unwrap();
    let tx = storage.read().unwrap();
    assert_eq!(tx.file(&[1; 32]).unwrap(), Some(file));
    assert_eq!(tx.file(&[2; 32]).unwrap(), None);
    assert_eq!(tx.files_after(None, 9).unwrap(), [file]);
    assert!(tx.files_after(Some(&[1; 32]), 9).unwrap().is_empty());
}

fn accounts_are_kept(storage: Arc<dyn Storage>) {
    let engineer = UserId(id(1));
    let mut device = DeviceRow {
        id: DeviceId(id(11)),
        user: engineer,
        tag: [3; 8],
        public_key: [4; 32],
        certificate: b"certificate".to_vec(),
        token_hash: [5; 32],
        name: "phone".to_owned(),
        start: 7,
        created_at: 2,
        revoked_at: None,
        last_seen: None,
    };
    let delivery = DeliveryRow {
        engineer,
        order: order(1),
        assignment: "x#0".to_owned(),
        row: 5,
    };
    let mut tx = storage.write().unwrap();
    tx.put_device(&device).unwrap();
    device.revoked_at = Some(3);
    tx.put_device(&device).unwrap();
    device.last_seen = Some(4);
    tx.touch_device(device.id, 4).unwrap();
    tx.put_setting("k", b"v").unwrap();
    tx.put_delivery(&delivery).unwrap();
    assert_eq!(
        (tx.peek_number("t").unwrap(), tx.next_number("t").unwrap()),
        (1, 1)
    );
    assert_eq!(
        (tx.next_number("t").unwrap(), tx.next_number("u").unwrap()),
        (2, 1)
    );
    tx.commit().unwrap();

    let mut tx = storage.write().unwrap();
    assert_eq!(tx.device(device.id).unwrap().as_ref(), Some(&device));
    assert_eq!(tx.device_by_token(&[5; 32]).unwrap().as_ref(), Some(&device));
    assert_eq!(tx.device_by_token(&[6; 32]).unwrap(), None);
    assert_eq!(tx.devices().unwrap(), vec![device]);
    assert_eq!(tx.setting("k").unwrap().as_deref(), Some(&b"v"[..]));
    assert!(tx.deliveries(engineer, 4).unwrap().is_empty());
    assert_eq!(tx.deliveries(engineer, 5).unwrap(), vec![delivery.clone()]);
    tx.drop_delivery(engineer, "x#0").unwrap();
    assert!(tx.deliveries(engineer, 5).unwrap().is_empty());
}

/// Eight threads of 25 transactions, every fifth given up: no row is lost, none doubled, and each is readable as soon
/// as its commit returned.
fn writers_take_turns_and_share_commits(storage: Arc<dyn Storage>) {
    let (done, finished) = mpsc::channel();
    for thread in 0..8_u8 {
        let (storage, done) = (Arc::clone(&storage), done.clone());
        std::thread::spawn(move || {
            let mut written = Vec::new();
            for step in 0..25_u8 {
                let mut hash = [thread; 32];
                hash[0] = step;
                let mut tx = storage.write().unwrap();
                let bare = NewRow {
                    kind: RowKind::Blob,
                    doc: None,
                    hash: &hash,
                    engineer: None,
                    device: None,
                };
                let n = tx.append_row(&bare).unwrap();
                if step % 5 == 4 {
                    continue;
                }
                tx.commit().unwrap();
                let found = storage.read().unwrap().rows_after(n - 1, 1).unwrap();
                assert_eq!(found[0].hash, hash);
                written.push((n, hash));
            }
            done.send(written).unwrap();
        });
    }
    drop(done);
    let mut written = Vec::new();
    while let Ok(some) = finished.recv_timeout(Duration::from_mins(1)) {
        written.extend(some);
    }
    written.sort_unstable();
    assert_eq!(written.len(), 8 * 20);
    let rows: Vec<_> = storage
        .read()
        .unwrap()
        .rows_after(0, 1000)
        .unwrap()
        .iter()
        .map(|row| (row.n, row.hash))
        .collect();
    assert_eq!(rows, written);
}
