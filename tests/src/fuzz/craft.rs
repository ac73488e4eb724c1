//! Crafting: an honest next change, then any field of the change, of its operation or of its bytes spoilt.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{ElementId, Key, MarkData, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{Change, ChangeHash, ExpandedChange, ObjType, ScalarValue};
use fieldseal_core::documents::{ActorId, Ancestry as _, ReadChange};

use super::base::{Base, TAG, envelope};
use super::rng::Rng;

/// How many ways [`spoil`] knows to change a change, and [`spoil_bytes`] its bytes.
pub const FIELDS: usize = 16;

/// An honest change upon the heads, upon one older change, or upon any known ones, counters right.
pub fn honest_next(rng: &mut Rng, base: &Base) -> ExpandedChange {
    let deps: Vec<&ReadChange> = match rng.below(6) {
        _ if base.changes.is_empty() => Vec::new(),
        0 => vec![rng.pick(&base.changes)],
        1 => (0..=rng.below(4)).map(|_| rng.pick(&base.changes)).collect(),
        2 if rng.one_in(4) => Vec::new(),
        _ => {
            let heads = base.ancestry.heads();
            base.changes
                .iter()
                .filter(|change| heads.contains(&change.hash))
                .collect()
        }
    };
    let actor = if base.actors.is_empty() || rng.one_in(2) {
        ActorId::new(rng.bytes(), TAG)
    } else {
        *rng.pick(&base.actors)
    };
    let seq = base
        .ancestry
        .last_of(&actor)
        .unwrap()
        .map_or(1, |last| last.0 + 1);
    let start_op = deps.iter().map(|dep| dep.start_op).max().unwrap_or(0) + 1;
    let n = deps.iter().map(|dep| dep.action.n).max().unwrap_or(0) + 1;
    let hashes: BTreeSet<[u8; 32]> = deps.iter().map(|dep| dep.hash).collect();
    ExpandedChange {
        operations: vec![Op {
            action: OpType::Put(ScalarValue::Str(envelope(n, "到达现场").into())),
            obj: ObjectId::Root,
            key: Key::Map(rng.action_id().to_string().into()),
            pred: SortedVec::new(),
            insert: false,
        }],
        actor_id: automerge::ActorId::from(actor.0),
        hash: None,
        seq,
        start_op: start_op.try_into().unwrap(),
        time: 0,
        message: None,
        deps: hashes.into_iter().map(ChangeHash).collect(),
        extra_bytes: Vec::new(),
        author: None,
    }
}

/// An operation id: of the document, of this change, or of nothing.
fn op_id(rng: &mut Rng, base: &Base, change: &ExpandedChange) -> OpId {
    match rng.below(4) {
        0 if !base.changes.is_empty() => {
            let of = rng.pick(&base.changes);
            OpId(of.start_op, automerge::ActorId::from(of.actor.0))
        }
        1 => OpId(change.start_op.get(), change.actor_id.clone()),
        2 => OpId(rng.next_u64() % 5, change.actor_id.clone()),
        _ => OpId(
            rng.next_u64() & 0xffff_ffff,
            automerge::ActorId::from(rng.bytes::<16>()),
        ),
    }
}

/// Some value of any type.
fn scalar(rng: &mut Rng) -> ScalarValue {
    match rng.below(12) {
        0 => ScalarValue::Null,
        1 => ScalarValue::Boolean(rng.one_in(2)),
        2 => ScalarValue::Int(rng.next_u64().cast_signed()),
        3 => ScalarValue::Uint(rng.next_u64()),
        4 => ScalarValue::F64(f64::from_bits(rng.next_u64())),
        5 => ScalarValue::counter(rng.next_u64().cast_signed()),
        6 => ScalarValue::Timestamp(rng.next_u64().cast_signed()),
        7 => ScalarValue::Bytes(rng.bytes::<9>().to_vec()),
        8 => ScalarValue::Unknown {
            type_code: 10 + u8::try_from(rng.below(6)).unwrap(),
            bytes: rng.bytes::<5>().to_vec(),
        },
        9 => ScalarValue::Str("".into()),
        _ => ScalarValue::Str(text(rng).into()),
    }
}

/// Some text: envelopes that are nearly right, and nonsense.
fn text(rng: &mut Rng) -> String {
    let n = 1 + rng.next_u64() % 9;
    match rng.below(16) {
        0 => String::new(),
        1 => "null".to_owned(),
        2 => envelope(n, &"长".repeat(18_000 + rng.below(6_000))),
        3 => envelope(rng.next_u64() >> rng.below(64), "x"),
        4 => envelope(n, "x").replace("e1\"", "e2\""),
        5 => envelope(n, "x").replace("\"facts\"", "\"docs\":[[\"directory\",1]],\"facts\""),
        6 => envelope(n, "x").replace(
            "\"facts\"",
            &format!("\"more\":{}{},\"facts\"", "[".repeat(20), "]".repeat(20)),
        ),
        7 => envelope(n, "x").replace("\"facts\":[", "\"facts\":[],\"was\":["),
        8 => envelope(n, "\u{0}\u{7f}\u{10ffff}\u{202e}"),
        9 => envelope(n, "x").replace("\"facts\"", "\"later\":1.5e300,\"facts\""),
        10 => envelope(n, "x").replace("progress", "kind_of_a_newer_app"),
        11 => envelope(n, "x").replace("+08:00", ""),
        12 => format!("{} ", envelope(n, "x")),
        // About as far above an ancestor as `n` may be.
        13 | 14 => envelope((1 << 20) + rng.next_u64() % 40, "x"),
        _ => envelope(n, &"x".repeat(rng.below(2_000))),
    }
}

/// Changes one field of the change or of its operation. Some results are still right; the gate decides.
pub fn spoil(rng: &mut Rng, base: &Base, change: &mut ExpandedChange) {
    let field = rng.below(FIELDS);
    let an_op_id = op_id(rng, base, change);
    let known = |rng: &mut Rng| {
        if base.changes.is_empty() {
            rng.bytes()
        } else {
            rng.pick(&base.changes).hash
        }
    };
    match field {
        0 => {
            change.actor_id = match rng.below(4) {
                0 => automerge::ActorId::from(rng.bytes::<16>()),
                1 => automerge::ActorId::from(rng.pick(&base.actors).0),
                2 => {
                    let length = *rng.pick(&[0, 1, 8, 15, 17, 32, 200]);
                    automerge::ActorId::from(vec![7_u8; length])
                }
                _ => automerge::ActorId::from(ActorId::new(rng.bytes(), TAG).0),
            };
        }
        1 => {
            change.seq = match rng.below(6) {
                0 => 0,
                1 => change.seq.wrapping_add(1),
                2 => change.seq.wrapping_sub(1),
                3 => u64::MAX >> rng.below(64),
                4 => 1,
                _ => rng.next_u64() % 9,
            };
        }
        2 => {
            let at = change.start_op.get();
            let to = match rng.below(7) {
                0 => 1,
                1 => at.saturating_add(1),
                2 => at.saturating_sub(1),
                3 => u64::from(u32::MAX),
                4 => u64::MAX >> rng.below(64),
                5 => at.saturating_add(1 + rng.next_u64() % 300),
                _ => 1 + rng.next_u64() % 9,
            };
            change.start_op = to.max(1).try_into().unwrap();
        }
        3 => {
            change.time = *rng.pick(&[1, -1, i64::MIN, i64::MAX, i64::MIN / 2, 1_795_363_200, 64, -65]);
        }
        4 => {
            let text = *rng.pick(&["x", "写入", "\u{0}", ""]);
            change.message = Some(text.repeat(1 + rng.below(200)));
        }
        5 => match rng.below(6) {
            0 => change.deps.clear(),
            1 => {
                change.deps.pop();
            }
            2 => change.deps.push(ChangeHash(known(rng))),
            3 => change.deps.push(ChangeHash(rng.bytes())),
            4 => {
                if let Some(dep) = change.deps.first().copied() {
                    change.deps.push(dep);
                }
            }
            _ => change.deps = vec![ChangeHash(known(rng))],
        },
        6 => {
            change.extra_bytes = match rng.below(3) {
                0 => vec![1, 4, 0xaa, 0xbb, 0xcc, 0xdd],
                1 => vec![0; 1 + rng.below(300)],
                _ => rng.bytes::<7>().to_vec(),
            };
        }
        7 => {
            let action = match rng.below(9) {
                0 => OpType::Delete,
                1 => OpType::Increment(rng.next_u64().cast_signed() >> rng.below(64)),
                2 => OpType::Make(ObjType::Map),
                3 => OpType::Make(ObjType::List),
                4 => OpType::Make(ObjType::Text),
                5 => OpType::Make(ObjType::Table),
                6 => OpType::MarkEnd(rng.one_in(2)),
                7 => OpType::MarkBegin(MarkData {
                    name: "bold".into(),
                    value: scalar(rng),
                    expand: rng.one_in(2),
                }),
                _ => OpType::Put(scalar(rng)),
            };
            edit(change, |op| op.action = action);
        }
        8 => edit(change, |op| op.obj = ObjectId::Id(an_op_id)),
        9 => {
            let key = match rng.below(7) {
                0 if !base.changes.is_empty() => Key::Map(rng.pick(&base.changes).key.to_string().into()),
                1 => Key::Map("0193f2c0-0000-4000-8000-000000000001".into()),
                2 => Key::Map(rng.action_id().to_string().to_uppercase().into()),
                3 => Key::Map("".into()),
                4 => Key::head(),
                5 => Key::Seq(ElementId::Id(an_op_id)),
                _ => Key::Map("x".repeat(rng.below(300)).into()),
            };
            edit(change, |op| op.key = key);
        }
        10 => {
            let mut pred = vec![an_op_id];
            if rng.one_in(3) {
                pred.push(op_id(rng, base, change));
            }
            edit(change, |op| op.pred = pred.into());
        }
        11 => edit(change, |op| op.insert = true),
        12 => {
            let text = text(rng);
            edit(change, |op| {
                op.action = OpType::Put(ScalarValue::Str(text.into()))
            });
        }
        13 => match rng.below(4) {
            0 => change.operations.clear(),
            1 => change.operations.extend(change.operations.clone()),
            _ => {
                let mut op = change.operations.first().cloned();
                if let Some(op) = &mut op {
                    op.key = Key::Map(rng.action_id().to_string().into());
                }
                change.operations.extend(op);
            }
        },
        14 if !base.changes.is_empty() => {
            // The id of an action that the writer did not know of, counters right.
            let of = rng.pick(&base.changes);
            let (text, deps) = (of.key.to_string(), of.deps.clone());
            change.deps = deps.iter().copied().map(ChangeHash).collect();
            change.start_op = of.start_op.try_into().unwrap();
            edit(change, |op| op.key = Key::Map(text.into()));
        }
        _ => {
            // A bend of a counter together with what hangs on it.
            change.seq = change.seq.wrapping_add(1);
            change.start_op = change.start_op.saturating_add(1);
        }
    }
}

fn edit(change: &mut ExpandedChange, with: impl FnOnce(&mut Op)) {
    if let Some(op) = change.operations.last_mut() {
        with(op);
    }
}

/// The bytes of a change; `None` where Automerge cannot even write it.
pub fn encode(change: ExpandedChange) -> Option<Vec<u8>> {
    catch_unwind(AssertUnwindSafe(|| Change::from(change).raw_bytes().to_vec())).ok()
}

/// Spoils the bytes: chunk type, deflate, cut, flips behind a right checksum, numbers in longer forms, run lengths.
pub fn spoil_bytes(rng: &mut Rng, bytes: Vec<u8>) -> Vec<u8> {
    let start = 9 + bytes[9..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    let mut body = bytes[start..].to_vec();
    let at = rng.below(body.len());
    match rng.below(12) {
        0 => return chunk(u8::try_from(rng.below(6)).unwrap(), &body),
        1 => {
            // Automerge's own reader may panic on what was crafted.
            let deflated = catch_unwind(|| {
                Change::try_from(bytes.as_slice())
                    .ok()
                    .map(|mut change| change.bytes().into_owned())
            });
            return deflated.ok().flatten().unwrap_or(bytes);
        }
        2 => return bytes[..rng.below(bytes.len())].to_vec(),
        3 => {
            let mut flipped = bytes;
            let at = rng.below(flipped.len());
            flipped[at] ^= 1 << rng.below(8);
            return flipped;
        }
        4 => body.truncate(at),
        5 => {
            body.insert(at, *rng.pick(&[0, 1, 0x7f, 0x80, 0xff]));
        }
        6 => {
            body.remove(at);
        }
        7 => {
            // A number of one byte in a longer form.
            body[at] |= 0x80;
            body.insert(at + 1, 0);
        }
        _ => {
            for _ in 0..=rng.below(3) {
                let at = if rng.one_in(2) {
                    // Where counters and columns stand: behind the dependencies, around the key, before the value.
                    let head = usize::from(body[0] & 0x0f) * 32 + 1;
                    (head + rng.below(85)).min(body.len() - 1)
                } else {
                    rng.below(body.len())
                };
                body[at] ^= 1 << rng.below(8);
            }
        }
    }
    chunk(1, &body)
}

/// A chunk with a right checksum.
fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut hashed = vec![kind];
    let mut length = body.len();
    while length >= 0x80 {
        hashed.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    hashed.push(u8::try_from(length).unwrap());
    hashed.extend(body);
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83];
    bytes.extend(&Sha256::digest(&hashed)[..4]);
    bytes.extend(hashed);
    bytes
}
