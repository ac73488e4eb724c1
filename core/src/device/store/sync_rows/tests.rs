use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::{ByteArray, ByteVec};

use super::*;
use crate::device::store::changes::Origin;
use crate::device::store::ingest::{blobs_of, ingest};
use crate::device::store::{Store, blobs, cursor};
use crate::device::sync::{Fault, Outgoing, Unsent};
use crate::documents::{Author, Document, ReadChange, read_change};
use crate::domain::ids::{ActionId, CustomerId, OrderId};
use crate::env::ClockReading;
use crate::facts::{Action, ClockEvidence, RawFact};
use crate::wire::evidence::{Mentions, scope_digest};
use crate::wire::{DocChanges, Exception, Grant, PROOF_BYTES, Position, Reason, SyncAnswer};

const ME: [u8; 8] = [1; 8];
const SERVER: [u8; 8] = [2; 8];
const OTHER: [u8; 8] = [3; 8];
/// Changes beside those of `directory`.
const CHANGES: &str = "SELECT count(*) FROM changes JOIN docs ON docs.id = doc WHERE name <> 'directory'";
/// Heads beside those of `directory`.
const HEADS: &str = "SELECT count(*) FROM heads JOIN docs ON docs.id = doc WHERE name <> 'directory'";

fn user(n: u128) -> UserId {
    UserId(uuid::Uuid::from_u128(n))
}
fn order() -> DocName {
    DocName::Order(OrderId(uuid::Uuid::from_u128(77)))
}
fn visit(engineer: u128) -> DocName {
    DocName::Visit(OrderId(uuid::Uuid::from_u128(77)), user(engineer))
}
fn customer() -> DocName {
    DocName::Customer(CustomerId(uuid::Uuid::from_u128(88)))
}

fn key(n: u8) -> ActionId {
    ActionId(
        format!("0193f2c0-0000-7000-8000-0000000000{n:02x}")
            .parse()
            .unwrap(),
    )
}

fn text(by: u128, n: u64, kind: &str, payload: serde_json::Value) -> String {
    Action {
        at: "2026-11-23T10:00:00+08:00".to_owned(),
        clk: ClockEvidence {
            off: None,
            err: None,
            boot: 1,
            mono: n,
        },
        by: user(by),
        n,
        saw: vec![],
        docs: vec![],
        min: None,
        facts: vec![RawFact {
            kind: kind.to_owned(),
            payload,
        }],
    }
    .to_text()
    .unwrap()
}

fn progress(by: u128, n: u64) -> String {
    text(
        by,
        n,
        "progress",
        serde_json::json!({ "text": format!("步骤 {n}") }),
    )
}

/// A document with one writer's changes, as its replica has it.
struct Writer {
    document: Document,
    actor: ActorId,
}

impl Writer {
    fn new(session: u8, tag: [u8; 8]) -> Self {
        Self {
            document: Document::new(),
            actor: ActorId::new([session; 8], tag),
        }
    }
    fn write(&mut self, id: u8, text: &str) -> ReadChange {
        self.document.append(&self.actor, key(id), text).unwrap()
    }
}

struct Phone {
    _dir: tempfile::TempDir,
    store: Store,
}

impl Phone {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&dir.path().join("phone.sqlite"), None, 0).unwrap();
        Self { _dir: dir, store }
    }

    /// One that knows its server: the tag that writes `directory`.
    fn named() -> Self {
        let phone = Self::new();
        let mut office = Writer::new(200, SERVER);
        let mut answer = receipt(&phone);
        answer.answer.position = Some(position(1));
        answer.answer.changes = vec![changes(
            &DocName::Directory,
            &[&office.write(200, &progress(50, 1))],
        )];
        let _ = phone.apply(&answer);
        phone
    }

    fn save(&self, doc: &DocName, change: &ReadChange) {
        let author = Author {
            tag_ok: &|_| true,
            person: None,
        };
        self.store
            .write::<_, StoreError>(|tx| {
                let outcome = ingest(tx, doc, change, Origin::OwnUnsent, &author, 0)?;
                assert!(
                    matches!(outcome, crate::device::store::ingest::Ingested::Accepted { .. }),
                    "{outcome:?}"
                );
                Ok(())
            })
            .unwrap();
    }

    fn apply(&self, receipt: &Receipt) -> Applied {
        self.store
            .write::<_, StoreError>(|tx| apply(tx, receipt, &storing()))
            .unwrap()
    }

    fn collect(&self) -> Outgoing {
        self.store
            .read::<_, StoreError>(|tx| collect(tx, &BTreeSet::new(), &BTreeSet::new()))
            .unwrap()
    }

    fn unsent(&self) -> Vec<Hash> {
        self.collect().unsent.iter().map(|frame| *frame.hash()).collect()
    }

    fn query<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.store
            .read::<_, StoreError>(|tx| Ok(tx.query_row(sql, [], |row| row.get(0))?))
            .unwrap()
    }
}

fn storing() -> Storing {
    Storing {
        tag: ME,
        user: user(1),
        fresh: ActorId::new([99; 8], ME),
        now_ms: 5,
    }
}

fn position(seen: u64) -> Position {
    Position {
        pulled_to: seen,
        seen,
        tag: ByteArray::from([7; 16]),
        from: None,
        until: None,
    }
}

/// A receipt for what the phone would send now, with an empty answer.
fn receipt(phone: &Phone) -> Receipt {
    let outgoing = phone.collect();
    let mut receipt = Receipt {
        changes: vec![],
        frames: vec![],
        blobs: vec![],
        position: outgoing.position,
        answer: SyncAnswer {
            received: 0,
            received_digest: ByteArray::from([0; 16]),
            exceptions: vec![],
            rows: vec![],
            grants: vec![],
            removals: vec![],
            changes: vec![],
            blobs: vec![],
            position: Some(position(10)),
            more: false,
            scope_digest: None,
            proofs: ByteVec::from(vec![]),
            backed_up: None,
            server_time: 0,
            mismatch: false,
            unavailable: vec![],
        },
        offset: None,
        received: ClockReading {
            wall_ms: 1_000,
            monotonic_ms: 1,
            boot: 1,
        },
    };
    for frame in outgoing.unsent {
        match frame {
            Unsent::Change { doc, hash, bytes } => {
                receipt.changes.push((doc, hash));
                receipt.frames.push(super::sha256(&bytes));
            }
            Unsent::Blob { hash, .. } => receipt.blobs.push(hash),
        }
    }
    receipt
}

fn changes(doc: &DocName, list: &[&ReadChange]) -> DocChanges {
    DocChanges {
        doc: doc.to_string(),
        changes: list
            .iter()
            .map(|change| ByteVec::from(change.bytes.clone()))
            .collect(),
    }
}

fn device_fact(tag: [u8; 8], engineer: u128) -> String {
    text(
        50,
        1,
        "device",
        serde_json::json!({
            "device": uuid::Uuid::from_u128(5), "user": user(engineer), "tag": hex::encode(tag), "certificate": "",
        }),
    )
}

#[test]
fn the_outbox_gives_the_most_valuable_document_first_and_its_blobs_with_it() {
    let phone = Phone::new();
    let sealed = b"sealed file".to_vec();
    let blob = super::sha256(&sealed);
    let mut van = Writer::new(9, ME);
    let van_doc: DocName = format!("van/{}/2026q4/field", user(1)).parse().unwrap();
    phone.save(&van_doc, &van.write(1, &progress(1, 1)));
    let mut mine = Writer::new(9, ME);
    let first = mine.write(2, &progress(1, 1));
    phone.save(&visit(1), &first);
    let seal = text(1, 2, "seal", serde_json::json!({ "blob": hex::encode(blob) }));
    let second = mine.write(3, &seal);
    assert_eq!(blobs_of(&second.action), [blob]);
    phone
        .store
        .write::<_, StoreError>(|tx| blobs::put(tx, &sealed, Origin::OwnUnsent))
        .unwrap();
    phone.save(&visit(1), &second);
    let unsent = phone.unsent();
    assert_eq!(unsent[..3], [first.hash, second.hash, blob]);
    assert_eq!(unsent.len(), 4);
    // Its change went out, the blob did not: it stands alone at the front.
    let mut sent = receipt(&phone);
    sent.blobs.clear();
    sent.answer.rows = vec![(1, 3)];
    let applied = phone.apply(&sent);
    assert_eq!(phone.unsent(), [blob]);
    assert_eq!(applied.stored.unsent, BTreeSet::from([blob]));
    // Not again in this session once it was refused.
    let mut refused = receipt(&phone);
    refused.answer.exceptions = vec![Exception::BlobRefused {
        sha256: ByteArray::from(blob),
    }];
    assert_eq!(phone.apply(&refused).stored.held, BTreeSet::from([blob]));
    assert_eq!(phone.unsent(), [blob]);
}

#[test]
fn only_a_receipt_takes_a_change_out_of_the_outbox() {
    let phone = Phone::new();
    let mut mine = Writer::new(9, ME);
    let list: Vec<ReadChange> = (1..=3)
        .map(|n| mine.write(n, &progress(1, u64::from(n))))
        .collect();
    for change in &list {
        phone.save(&visit(1), change);
    }
    let mut sent = receipt(&phone);
    sent.answer.exceptions = vec![Exception::Parked {
        hash: ByteArray::from(list[2].hash),
        needs: vec![ByteArray::from([8; 32])],
    }];
    sent.answer.rows = vec![(41, 1), (43, 1)];
    let applied = phone.apply(&sent);
    assert_eq!(phone.unsent(), [list[2].hash], "parked there is not acknowledged");
    assert_eq!(applied.stored.held, BTreeSet::from([list[2].hash]));
    assert_eq!(
        phone.query::<i64>("SELECT server_row FROM changes WHERE seq = 2"),
        43
    );
    assert_eq!(
        phone.query::<i64>("SELECT parked_there FROM changes WHERE seq = 3"),
        1
    );
    // The server asks for what it said to have: it lost it, it gets it again.
    let mut asked = receipt(&phone);
    asked.answer.exceptions = vec![Exception::Parked {
        hash: ByteArray::from(list[2].hash),
        needs: vec![ByteArray::from(list[1].hash)],
    }];
    let _ = phone.apply(&asked);
    assert_eq!(phone.unsent(), [list[1].hash, list[2].hash]);
}

#[test]
fn an_own_change_that_comes_back_is_acknowledged() {
    // The answer to its request was lost, the app was killed, and the next batch did not hold it.
    let phone = Phone::new();
    let mut mine = Writer::new(9, ME);
    let change = mine.write(1, &progress(1, 1));
    phone.save(&visit(1), &change);
    let mut other = receipt(&phone);
    other.changes.clear();
    other.frames.clear();
    other.answer.changes = vec![changes(&visit(1), &[&change])];
    let _ = phone.apply(&other);
    assert_eq!(phone.unsent(), Vec::<Hash>::new());
}

#[test]
fn a_refused_change_is_kept_aside_and_what_builds_on_it_is_written_again_byte_for_byte() {
    let phone = Phone::new();
    let mut mine = Writer::new(9, ME);
    let list: Vec<ReadChange> = (1..=4)
        .map(|n| mine.write(n, &progress(1, u64::from(n))))
        .collect();
    for change in &list {
        phone.save(&visit(1), change);
    }
    // The first was accepted, the second refused, the third with it; the fourth was not even sent.
    let mut sent = receipt(&phone);
    sent.changes.truncate(3);
    sent.frames.truncate(3);
    sent.answer.exceptions = vec![
        Exception::Quarantined {
            hash: ByteArray::from(list[1].hash),
            reason: Reason::Gate,
        },
        Exception::Quarantined {
            hash: ByteArray::from(list[2].hash),
            reason: Reason::Ancestor,
        },
    ];
    sent.answer.rows = vec![(5, 1)];
    let applied = phone.apply(&sent);
    assert_eq!(applied.quarantined, [(list[1].hash, "gate".to_owned())]);
    assert_eq!(applied.rewritten, BTreeSet::from([visit(1)]));
    assert_eq!(phone.query::<i64>("SELECT epoch FROM docs"), 1);
    let unsent = phone.collect().unsent;
    assert_eq!(unsent.len(), 2);
    let mut before = list[0].hash;
    for (frame, old) in unsent.iter().zip(&list[2..]) {
        let new = read_change(frame.bytes()).unwrap();
        assert_eq!((new.key, &new.text), (old.key, &old.text), "byte for byte");
        assert_ne!(new.hash, old.hash);
        assert_eq!(new.actor, storing().fresh);
        assert_eq!(new.deps, [before]);
        before = new.hash;
    }
    let heads: String = phone.query("SELECT lower(group_concat(hex(hash))) FROM heads");
    assert_eq!(heads, hex::encode(before));
    // The refused one is there for its author, once.
    assert_eq!(
        phone.query::<String>("SELECT reason || own FROM quarantine"),
        "gate1"
    );
    // The same answer again (a repeated message) changes nothing.
    let (rows, max): (i64, i64) = (phone.query(CHANGES), phone.query("SELECT max(id) FROM changes"));
    sent.position = phone.collect().position;
    let _ = phone.apply(&sent);
    assert_eq!(
        (rows, max),
        (phone.query(CHANGES), phone.query("SELECT max(id) FROM changes"))
    );
}

#[test]
fn a_second_faulty_action_does_not_hold_up_what_stands_behind_it() {
    let phone = Phone::new();
    let mut mine = Writer::new(9, ME);
    let list = [
        mine.write(1, &progress(9, 1)),
        mine.write(2, &progress(1, 2)),
        mine.write(3, &progress(9, 3)),
        mine.write(4, &progress(1, 4)),
    ];
    for change in &list {
        phone
            .store
            .write::<_, StoreError>(|tx| {
                // A faulty app: past its own gate, in somebody else's name.
                crate::device::store::changes::insert(
                    tx,
                    &crate::device::store::changes::NewChange {
                        doc: &visit(1),
                        hash: &change.hash,
                        actor: &change.actor.0,
                        seq: change.seq,
                        op: change.start_op,
                        n: change.action.n,
                        key: change.key,
                        deps: &change.deps,
                        bytes: &change.bytes,
                        text: &change.text,
                        origin: Origin::OwnUnsent,
                        value: crate::device::store::changes::Value::Rest,
                        blobs: &[],
                    },
                )
            })
            .unwrap();
    }
    let mut sent = receipt(&phone);
    sent.answer.exceptions = vec![Exception::Quarantined {
        hash: ByteArray::from(list[0].hash),
        reason: Reason::Gate,
    }];
    for change in &list[1..] {
        sent.answer.exceptions.push(Exception::Quarantined {
            hash: ByteArray::from(change.hash),
            reason: Reason::Ancestor,
        });
    }
    let applied = phone.apply(&sent);
    assert_eq!((applied.quarantined.len(), applied.parked), (2, 0));
    let keys: Vec<ActionId> = phone
        .collect()
        .unsent
        .iter()
        .map(|frame| read_change(frame.bytes()).unwrap().key)
        .collect();
    assert_eq!(keys, [key(2), key(4)]);
}

#[test]
fn what_the_servers_copy_holds_already_is_not_written_again() {
    let phone = Phone::new();
    let mut mine = Writer::new(9, ME);
    let first = mine.write(1, &progress(1, 1));
    let second = mine.write(2, &progress(1, 2));
    phone.save(&visit(1), &first);
    phone.save(&visit(1), &second);
    // The server's copy has the second action under another change of this device (an earlier replay).
    let mut theirs = Writer::new(8, ME);
    let copy = theirs.write(2, &progress(1, 2));
    let mut sent = receipt(&phone);
    sent.answer.exceptions = vec![
        Exception::Quarantined {
            hash: ByteArray::from(first.hash),
            reason: Reason::Gate,
        },
        Exception::Quarantined {
            hash: ByteArray::from(second.hash),
            reason: Reason::Ancestor,
        },
    ];
    sent.answer.changes = vec![changes(&visit(1), &[&copy])];
    let _ = phone.apply(&sent);
    assert_eq!(phone.unsent(), Vec::<Hash>::new());
    assert_eq!(
        phone.query::<i64>("SELECT count(*) FROM facts"),
        1,
        "one action, once"
    );
}

#[test]
fn a_device_that_nobody_named_yet_waits_and_the_directory_comes_first() {
    let phone = Phone::new();
    let mut theirs = Writer::new(4, OTHER);
    let foreign = theirs.write(1, &progress(3, 1));
    let mut early = receipt(&phone);
    early.answer.changes = vec![changes(&visit(3), &[&foreign])];
    let applied = phone.apply(&early);
    assert_eq!(
        (applied.parked, applied.quarantined.len()),
        (1, 0),
        "parked, not refused"
    );
    assert_eq!(phone.query::<i64>(CHANGES), 0);
    // The directory stands last in the answer and still counts for what stands before it.
    let mut office = Writer::new(4, SERVER);
    let device = office.write(9, &device_fact(OTHER, 3));
    let second = theirs.write(2, &progress(3, 2));
    let mut late = receipt(&phone);
    late.answer.changes = vec![
        changes(&visit(3), &[&second]),
        changes(&DocName::Directory, &[&device]),
    ];
    let applied = phone.apply(&late);
    assert_eq!((applied.parked, applied.quarantined.len()), (0, 0));
    assert_eq!(phone.query::<i64>(CHANGES), 2);
}

#[test]
fn a_named_device_does_not_write_into_anothers_document() {
    let phone = Phone::new();
    let mut office = Writer::new(4, SERVER);
    let device = office.write(9, &device_fact(OTHER, 3));
    let mut theirs = Writer::new(4, OTHER);
    let forged = theirs.write(1, &progress(1, 1));
    let mut answer = receipt(&phone);
    answer.answer.changes = vec![
        changes(&DocName::Directory, &[&device]),
        changes(&visit(1), &[&forged]),
        changes(&order(), &[&forged]),
    ];
    let applied = phone.apply(&answer);
    assert_eq!(applied.quarantined.len(), 2);
    assert_eq!(phone.query::<i64>(CHANGES), 0);
}

#[test]
fn a_grant_is_merged_with_what_is_here() {
    let phone = Phone::named();
    let mut office = Writer::new(4, SERVER);
    let first = office.write(1, &progress(50, 1));
    let mut answer = receipt(&phone);
    answer.answer.changes = vec![changes(&order(), &[&first])];
    let _ = phone.apply(&answer);
    office.write(2, &progress(50, 2));
    for _ in 0..2 {
        let mut grant = receipt(&phone);
        grant.answer.grants = vec![
            Grant {
                doc: order().to_string(),
                snapshot: ByteVec::from(office.document.save_checked().unwrap()),
            },
            Grant {
                doc: customer().to_string(),
                snapshot: ByteVec::from(vec![]),
            },
        ];
        let applied = phone.apply(&grant);
        assert!(applied.touched.contains(&order()) && applied.touched.contains(&customer()));
        assert_eq!(phone.query::<i64>(CHANGES), 2);
    }
    assert_eq!(phone.query::<i64>(HEADS), 1);
    // A damaged snapshot is kept aside and drops nothing.
    let mut damaged = receipt(&phone);
    damaged.answer.grants = vec![Grant {
        doc: order().to_string(),
        snapshot: ByteVec::from(vec![1, 2, 3]),
    }];
    let applied = phone.apply(&damaged);
    assert_eq!(applied.quarantined[0].1, "gate.snapshot_form");
    assert_eq!(phone.query::<i64>(CHANGES), 2);
}

/// An order, its customer and my visit; the order's row shows the customer.
fn order_on(phone: &Phone, steps: &[&str]) -> Writer {
    let mut office = Writer::new(4, SERVER);
    let mut data = Writer::new(5, SERVER);
    let mut answer = receipt(phone);
    answer.answer.changes = vec![
        changes(
            &order(),
            &[&office.write(
                1,
                &text(
                    50,
                    1,
                    "set",
                    serde_json::json!({"fields": {"customer": customer().to_string()}}),
                ),
            )],
        ),
        changes(&customer(), &[&data.write(2, &progress(50, 1))]),
    ];
    let _ = phone.apply(&answer);
    let mut mine = Writer::new(9, ME);
    for (place, step) in (10_u8..).zip(steps) {
        let change = mine.write(place, &text(1, u64::from(place), step, serde_json::json!({})));
        phone.save(&visit(1), &change);
    }
    mine
}

fn remove(phone: &Phone) -> Applied {
    let mut sent = receipt(phone);
    let count = u32::try_from(sent.changes.len()).unwrap();
    sent.answer.rows = vec![(100, count)];
    sent.answer.removals = vec![order().to_string(), customer().to_string()];
    phone.apply(&sent)
}

#[test]
fn i16_a_started_order_stays_with_all_that_it_shows_until_it_is_handed_in_and_backed_up() {
    let phone = Phone::named();
    let mut mine = order_on(&phone, &["accept", "travel"]);
    let applied = remove(&phone);
    assert_eq!(applied.dropped, BTreeSet::new());
    assert_eq!(phone.query::<i64>(CHANGES), 4);
    assert_eq!(
        phone.query::<i64>("SELECT count(*) FROM docs WHERE in_scope = 0"),
        2,
        "said, and kept"
    );
    // Handed in, but the server's backups do not have it yet.
    let submit = mine.write(30, &text(1, 30, "submit", serde_json::json!({})));
    phone.save(&visit(1), &submit);
    let mut sent = receipt(&phone);
    sent.answer.rows = vec![(200, 1)];
    sent.answer.backed_up = Some(199);
    assert_eq!(phone.apply(&sent).dropped, BTreeSet::new());
    let mut covered = receipt(&phone);
    covered.answer.backed_up = Some(200);
    assert_eq!(
        phone.apply(&covered).dropped,
        BTreeSet::from([order(), customer()])
    );
    // My own visit is not out of scope.
    assert_eq!(phone.query::<i64>(CHANGES), 3);
}

#[test]
fn i16_unsent_work_is_never_dropped_and_an_untouched_order_goes_at_once() {
    let phone = Phone::named();
    let _ = order_on(&phone, &[]);
    assert_eq!(remove(&phone).dropped, BTreeSet::from([order(), customer()]));
    assert_eq!(phone.query::<i64>(CHANGES), 0);
    // It comes back whole.
    let mut office = Writer::new(4, SERVER);
    office.write(1, &progress(50, 1));
    let mut grant = receipt(&phone);
    grant.answer.grants = vec![Grant {
        doc: order().to_string(),
        snapshot: ByteVec::from(office.document.save()),
    }];
    let _ = phone.apply(&grant);
    assert_eq!(phone.query::<i64>(CHANGES), 1);
    // An order that was only declined is not started.
    let phone = Phone::named();
    let _ = order_on(&phone, &["decline"]);
    assert_eq!(remove(&phone).dropped, BTreeSet::from([order(), customer()]));
    // Unsent work in a document that is taken away stays, whatever it is.
    let phone = Phone::named();
    let _ = order_on(&phone, &["decline"]);
    let mut removal = receipt(&phone);
    removal.changes.clear();
    removal.frames.clear();
    removal.answer.removals = vec![visit(1).to_string()];
    assert_eq!(phone.apply(&removal).dropped, BTreeSet::new());
    assert_eq!(phone.unsent().len(), 1);
}

#[test]
fn what_waited_for_a_grant_goes_with_the_removal() {
    let phone = Phone::named();
    let mut office = Writer::new(4, SERVER);
    office.write(1, &progress(50, 1));
    let second = office.write(2, &progress(50, 2));
    let mut answer = receipt(&phone);
    answer.answer.changes = vec![changes(&order(), &[&second])];
    assert_eq!(phone.apply(&answer).parked, 1);
    let mut removal = receipt(&phone);
    removal.answer.removals = vec![order().to_string()];
    assert_eq!(phone.apply(&removal).parked, 0);
}

#[test]
fn a_scope_that_differs_is_said_and_nothing_is_dropped() {
    let phone = Phone::named();
    let _ = order_on(&phone, &["accept"]);
    let office = phone.collect();
    assert_eq!(office.unsent.len(), 1);
    let heads = |doc: &DocName| -> BTreeSet<Hash> {
        let name = doc.to_string();
        phone
            .store
            .read::<_, StoreError>(|tx| {
                let mut statement =
                    tx.prepare("SELECT hash FROM heads JOIN docs ON docs.id = doc WHERE name = ?1")?;
                let rows = statement.query_map([name], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    };
    // The server has not seen the unsent accept: the visit does not count.
    let scope = BTreeMap::from([
        ("directory".to_owned(), heads(&DocName::Directory)),
        (order().to_string(), heads(&order())),
        (customer().to_string(), heads(&customer())),
    ]);
    let mut page = receipt(&phone);
    page.changes.clear();
    page.frames.clear();
    page.answer.scope_digest = Some(ByteArray::from(scope_digest(&scope)));
    let applied = phone.apply(&page);
    assert_eq!(applied.stored.fault, None);
    assert_eq!(phone.query::<i64>("SELECT last_sync FROM cursor"), 1_000);
    page.answer.scope_digest = Some(ByteArray::from([0; 16]));
    page.position = phone.collect().position;
    let applied = phone.apply(&page);
    assert!(matches!(applied.stored.fault, Some(Fault::Code(code)) if code.as_str() == "view_differs"));
    assert_eq!(phone.query::<String>("SELECT mismatch FROM cursor"), "digest");
    assert_eq!(phone.query::<i64>(CHANGES), 3);
    // It is settled once it agrees again.
    page.answer.scope_digest = Some(ByteArray::from(scope_digest(&scope)));
    page.position = phone.collect().position;
    let _ = phone.apply(&page);
    assert_eq!(phone.query::<Option<String>>("SELECT mismatch FROM cursor"), None);
}

#[test]
fn another_lineage_is_said_the_position_stays_and_what_was_sent_counts() {
    let phone = Phone::new();
    let mut first = receipt(&phone);
    first.answer.position = Some(position(10));
    let _ = phone.apply(&first);
    let mut mine = Writer::new(9, ME);
    phone.save(&visit(1), &mine.write(1, &progress(1, 1)));
    let mut other = receipt(&phone);
    other.answer.position = None;
    other.answer.mismatch = true;
    let applied = phone.apply(&other);
    assert!(matches!(applied.stored.fault, Some(Fault::Code(code)) if code.as_str() == "repair_needed"));
    assert_eq!(phone.query::<String>("SELECT mismatch FROM cursor"), "lineage");
    assert_eq!(phone.collect().position, Some(position(10)));
    assert_eq!(phone.unsent(), Vec::<Hash>::new(), "committed all the same");
}

#[test]
fn a_late_answer_does_not_move_the_position_back() {
    let phone = Phone::new();
    let old = receipt(&phone);
    let mut newer = receipt(&phone);
    newer.answer.position = Some(position(20));
    let _ = phone.apply(&newer);
    let applied = phone.apply(&old);
    assert_eq!(phone.collect().position, Some(position(20)));
    assert_eq!((applied.stored.seen, applied.stored.more), (20, false));
}

#[test]
fn proofs_are_kept_for_the_newest_known_ancestors_only() {
    let phone = Phone::named();
    let mut office = Writer::new(4, SERVER);
    let first = office.write(1, &progress(50, 1));
    let second = office.write(2, &progress(50, 2));
    for (place, change) in [&first, &second].into_iter().enumerate() {
        let mut answer = receipt(&phone);
        answer.answer.changes = vec![changes(&order(), &[change])];
        answer.answer.proofs = ByteVec::from(vec![u8::try_from(place).unwrap() + 1; PROOF_BYTES]);
        let _ = phone.apply(&answer);
    }
    assert_eq!(phone.query::<i64>("SELECT count(*) FROM proofs"), 1);
    assert_eq!(phone.query::<Vec<u8>>("SELECT mac FROM proofs"), [2; PROOF_BYTES]);
    // A concurrent head keeps its own.
    let mut branch = Writer::new(6, SERVER);
    let _ = branch.document.apply(&[&first.bytes]);
    let side = branch.write(3, &progress(50, 2));
    let mut mentions = Mentions::default();
    mentions.change(&order().to_string(), side.hash, &side.deps);
    let mut answer = receipt(&phone);
    answer.answer.changes = vec![changes(&order(), &[&side])];
    answer.answer.proofs = ByteVec::from(vec![3; PROOF_BYTES * mentions.maximal().len()]);
    let _ = phone.apply(&answer);
    assert_eq!(phone.query::<i64>("SELECT count(*) FROM proofs"), 2);
    // A number of proofs that does not fit is taken for none.
    let mut wrong = receipt(&phone);
    wrong.answer.changes = vec![changes(&order(), &[&side])];
    wrong.answer.proofs = ByteVec::from(vec![4; 3 * PROOF_BYTES]);
    let _ = phone.apply(&wrong);
    assert_eq!(
        phone.query::<i64>("SELECT count(*) FROM proofs WHERE mac = x'04040404040404040404'"),
        0
    );
}

#[test]
fn wanted_blobs_are_kept_once_and_unavailable_ones_are_not_asked_for_again() {
    let phone = Phone::named();
    let (pack, gone) = (b"a pack".to_vec(), [6_u8; 32]);
    let mut office = Writer::new(4, SERVER);
    for (id, blob) in [(1, super::sha256(&pack)), (2, gone)] {
        let fact = text(50, 1, "pack", serde_json::json!({ "blob": hex::encode(blob) }));
        let change = office.write(id, &fact);
        let mut answer = receipt(&phone);
        answer.answer.changes = vec![changes(&DocName::ReferenceIndex, &[&change])];
        let applied = phone.apply(&answer);
        assert!(applied.stored.wanted.contains(&blob));
    }
    assert_eq!(phone.collect().want.len(), 2);
    let mut answer = receipt(&phone);
    answer.answer.blobs = vec![
        ByteVec::from(pack.clone()),
        ByteVec::from(b"not asked for".to_vec()),
    ];
    answer.answer.unavailable = vec![ByteArray::from(gone)];
    assert_eq!(phone.apply(&answer).stored.wanted, BTreeSet::new());
    let kept = phone
        .store
        .read::<_, StoreError>(|tx| blobs::get(tx, &super::sha256(&pack)))
        .unwrap();
    assert_eq!(kept, Some(pack));
    assert_eq!(
        phone.query::<i64>("SELECT count(*) FROM blobs"),
        2,
        "nothing that no fact names"
    );
}

#[test]
fn an_offset_and_the_backup_row_are_kept() {
    let phone = Phone::new();
    let mut answer = receipt(&phone);
    answer.offset = Some(crate::device::sync::Offset {
        off: -40,
        err: 12,
        boot: 3,
    });
    answer.answer.backed_up = Some(8);
    let _ = phone.apply(&answer);
    let cursor = phone.store.read::<_, StoreError>(|tx| cursor::load(tx)).unwrap();
    assert_eq!(
        (
            cursor.offset_ms,
            cursor.offset_err,
            cursor.offset_boot,
            cursor.backed_up
        ),
        (Some(-40), Some(12), Some(3), Some(8))
    );
}
