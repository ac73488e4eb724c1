//! Honest writers and hand-made changes.

use automerge::legacy::{Key, ObjectId, Op, OpType, SortedVec};
use automerge::{Change, ChangeHash, ExpandedChange, ScalarValue};

use crate::documents::{ActorId, Author, Document, MemoryAncestry, ReadChange, Verdict, gate, read_change};
use crate::domain::ids::ActionId;
use crate::facts::DocName;

/// The engineer of [`doc`].
pub(super) const ENGINEER: &str = "0193f2c0-0000-7000-8000-0000000000e1";

/// A visit of [`ENGINEER`].
pub(super) fn doc() -> DocName {
    format!("visit/0193f2c0-0000-7000-8000-00000000000a/{ENGINEER}")
        .parse()
        .unwrap()
}

pub(super) fn actor(number: u8) -> ActorId {
    ActorId::new([number; 8], [0xd0; 8])
}

pub(super) fn key(number: u32) -> ActionId {
    format!("0193f2c0-0000-7000-8000-{number:012x}").parse().unwrap()
}

/// An envelope with this `n`.
pub(super) fn envelope(n: u64) -> String {
    format!(
        r#"{{"at":"2026-11-23T10:00:00+08:00","clk":{{"boot":7,"mono":123456}},"by":"{ENGINEER}","n":{n},"facts":[{{"kind":"progress","payload":{{"text":"到达现场"}}}}]}}"#
    )
}

/// Gates under the honest author of [`doc`].
pub(super) fn verdict(change: &ReadChange, ancestry: &MemoryAncestry) -> Verdict {
    let author = Author {
        tag_ok: &|tag| *tag == [0xd0; 8],
        person: Some(ENGINEER.parse().unwrap()),
    };
    gate(change, &doc(), &author, ancestry).unwrap()
}

/// A document and its accepted changes, with one writer's step after another.
#[derive(Clone, Default)]
pub(super) struct Replica {
    pub(super) document: Document,
    pub(super) ancestry: MemoryAncestry,
    pub(super) changes: Vec<ReadChange>,
}

impl Replica {
    /// Writes an action and keeps it.
    pub(super) fn write(&mut self, by: u8, id: u32, n: u64) -> ReadChange {
        let change = self.document.append(&actor(by), key(id), &envelope(n)).unwrap();
        self.ancestry.keep(&change);
        self.changes.push(change.clone());
        change
    }

    /// Receives a change as a server does.
    pub(super) fn receive(&mut self, change: &ReadChange) -> Verdict {
        let read = read_change(&change.bytes).unwrap();
        let verdict = verdict(&read, &self.ancestry);
        if verdict == Verdict::Accept {
            self.document.apply(&[&change.bytes]).unwrap();
            self.ancestry.keep(&read);
            self.changes.push(read);
        }
        verdict
    }
}

/// One operation: the honest one, to be spoilt.
pub(super) fn put(id: u32, text: &str) -> Op {
    Op {
        action: OpType::Put(ScalarValue::Str(text.into())),
        obj: ObjectId::Root,
        key: Key::Map(key(id).to_string().into()),
        pred: SortedVec::new(),
        insert: false,
    }
}

/// An honest change of `actor(by)` in the hand-editable form.
pub(super) fn expanded(by: u8, seq: u64, start_op: u64, deps: &[&ReadChange], op: Op) -> ExpandedChange {
    ExpandedChange {
        operations: vec![op],
        actor_id: automerge::ActorId::from(actor(by).0),
        hash: None,
        seq,
        start_op: start_op.try_into().unwrap(),
        time: 0,
        message: None,
        deps: deps.iter().map(|dep| ChangeHash(dep.hash)).collect(),
        extra_bytes: Vec::new(),
        author: None,
    }
}

/// The bytes of a hand-made change.
pub(super) fn bytes_of(change: ExpandedChange) -> Vec<u8> {
    Change::from(change).raw_bytes().to_vec()
}

/// A chunk with this body and a right checksum.
pub(super) fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut hashed = vec![kind];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        if length == 0 {
            hashed.push(low);
            break;
        }
        hashed.push(low | 0x80);
    }
    hashed.extend(body);
    let hash = Sha256::digest(&hashed);
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83];
    bytes.extend(&hash[..4]);
    bytes.extend(hashed);
    bytes
}

/// The body of a chunk: what follows magic, checksum, type and length.
pub(super) fn body_of(bytes: &[u8]) -> Vec<u8> {
    let length = bytes[9..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    bytes[9 + length..].to_vec()
}
