//! The structural half: golden bytes, one encoding, every rule.

use automerge::legacy::{Key, OpType};
use automerge::{ObjType, ScalarValue};

use super::support::*;
use crate::documents::read_change::CHANGE_MAX;
use crate::documents::{ActorId, Document, GateError, read_change};
use crate::facts::EnvelopeError;

/// A first change by `actor(1)` with a short envelope. These bytes can never change: they are what phones keep.
const GOLDEN: &str = "856f4a83b09f514c01ea0100100102030405060708d001020304050607010100000006152634014202560357970170027f24\
     30313933663263302d303030302d373030302d383030302d303030303030303030303031017f017ff6127b226174223a2232\
     3032362d31312d32335431303a30303a30302b30383a3030222c22636c6b223a7b22626f6f74223a372c226d6f6e6f223a31\
     7d2c226279223a2230313933663263302d303030302d373030302d383030302d303030303030303030306531222c226e223a\
     312c226661637473223a5b7b226b696e64223a2274726176656c222c227061796c6f6164223a7b7d7d5d7d7f00";
const GOLDEN_HASH: &str = "b09f514c8c02a97e9900b9b823ec0e67242cc3e8ee2d2434f69542a63ec74cbf";
const GOLDEN_TEXT: &str = r#"{"at":"2026-11-23T10:00:00+08:00","clk":{"boot":7,"mono":1},"by":"0193f2c0-0000-7000-8000-0000000000e1","n":1,"facts":[{"kind":"travel","payload":{}}]}"#;

fn refused(bytes: &[u8]) -> GateError {
    read_change(bytes).unwrap_err()
}

fn honest() -> Vec<u8> {
    bytes_of(expanded(1, 1, 1, &[], put(1, &envelope(1))))
}

#[test]
fn golden_change_bytes_and_hash() {
    let actor = ActorId::new([1, 2, 3, 4, 5, 6, 7, 8], [0xd0, 1, 2, 3, 4, 5, 6, 7]);
    let change = Document::new().append(&actor, key(1), GOLDEN_TEXT).unwrap();
    assert_eq!(hex::encode(&change.bytes), GOLDEN);
    assert_eq!(hex::encode(change.hash), GOLDEN_HASH);
    let read = read_change(&hex::decode(GOLDEN).unwrap()).unwrap();
    assert_eq!(read.actor, actor);
    assert_eq!(read.actor.tag(), [0xd0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!((read.seq, read.start_op, read.deps.len()), (1, 1, 0));
    assert_eq!((read.key, read.text.as_str()), (key(1), GOLDEN_TEXT));
    assert_eq!(read.action.n, 1);
    assert_eq!(read, change);
}

#[test]
fn what_automerge_writes_is_read_back() {
    let mut document = Document::new();
    let first = document.append(&actor(1), key(1), &envelope(1)).unwrap();
    let second = document.append(&actor(2), key(2), &envelope(2)).unwrap();
    for change in [&first, &second] {
        let theirs = automerge::Change::try_from(change.bytes.as_slice()).unwrap();
        assert_eq!(theirs.hash().0, change.hash);
        assert_eq!(theirs.seq(), change.seq);
        assert_eq!(theirs.start_op().get(), change.start_op);
        assert_eq!(theirs.actor_id().to_bytes(), change.actor.0);
        assert_eq!(read_change(&change.bytes).as_ref(), Ok(change));
    }
    assert_eq!(second.deps, [first.hash]);
    let by_hand = bytes_of(expanded(2, 1, 2, &[&first], put(2, &envelope(2))));
    assert_eq!(by_hand, second.bytes);
}

#[test]
fn only_plain_change_chunks_are_read() {
    let mut long = automerge::Change::from(expanded(1, 1, 1, &[], put(1, &envelope(1))));
    assert_eq!(read_change(long.raw_bytes()).unwrap().bytes, honest());
    let deflated = long.bytes().to_vec();
    assert_eq!(deflated[8], 2, "long enough that automerge deflates it");
    assert_eq!(refused(&deflated), GateError::NotPlainChange);
    let mut document = Document::new();
    document.append(&actor(1), key(1), &envelope(1)).unwrap();
    assert_eq!(refused(&document.save()), GateError::NotPlainChange);
    for kind in [0, 2, 3, 4, 255] {
        assert_eq!(
            refused(&chunk(kind, &body_of(&honest()))),
            GateError::NotPlainChange
        );
    }
    assert_eq!(refused(b"not a chunk"), GateError::NotPlainChange);
    let mut twice = honest();
    twice.extend(honest());
    assert_eq!(refused(&twice), GateError::Length);
}

#[test]
fn a_cut_or_flipped_change_is_refused_at_every_byte() {
    let whole = honest();
    assert!(read_change(&whole).is_ok());
    for end in 0..whole.len() {
        assert!(
            matches!(refused(&whole[..end]), GateError::Length),
            "cut at {end}: {:?}",
            refused(&whole[..end])
        );
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[end] ^= 1 << bit;
            assert!(read_change(&flipped).is_err(), "bit {bit} of byte {end}");
        }
    }
    let body = body_of(&whole);
    for end in 0..body.len() {
        // The cut is hidden behind a right length and checksum.
        assert!(read_change(&chunk(1, &body[..end])).is_err(), "cut at {end}");
    }
    let mut checksum = whole;
    checksum[5] ^= 1;
    assert_eq!(refused(&checksum), GateError::Checksum);
}

#[test]
fn a_rehashed_flip_is_refused_or_means_the_same_to_automerge() {
    let body = body_of(&honest());
    let mut read = 0;
    for at in 0..body.len() {
        for bit in 0..8 {
            let mut flipped = body.clone();
            flipped[at] ^= 1 << bit;
            let bytes = chunk(1, &flipped);
            let Ok(ours) = read_change(&bytes) else { continue };
            let theirs = automerge::Change::try_from(bytes.as_slice()).unwrap();
            assert_eq!(theirs.hash().0, ours.hash);
            assert_eq!(
                (theirs.seq(), theirs.start_op().get(), theirs.len()),
                (ours.seq, ours.start_op, 1)
            );
            read += 1;
        }
    }
    assert!(
        read > 100,
        "flips in actor, key and texts still have the form: {read}"
    );
}

#[test]
fn sizes_are_bounded() {
    let text = envelope(1).replace("到达现场", &"x".repeat(CHANGE_MAX));
    let bytes = bytes_of(expanded(1, 1, 1, &[], put(1, &text)));
    assert_eq!(refused(&bytes), GateError::TooLarge);
    let fits = envelope(1).replace("到达现场", &"x".repeat(59 * 1024));
    assert!(read_change(&bytes_of(expanded(1, 1, 1, &[], put(1, &fits)))).is_ok());
    let long = envelope(1).replace("到达现场", &"x".repeat(61 * 1024));
    assert_eq!(
        refused(&bytes_of(expanded(1, 1, 1, &[], put(1, &long)))),
        GateError::Envelope(EnvelopeError::TooLong)
    );
}

#[test]
fn a_run_length_bomb_costs_nothing() {
    // The action column «2^56 times a put» in eight bytes instead of one literal: Automerge walks them all.
    let body = body_of(&honest());
    let columns = body.windows(4).position(|w| w == [6, 0x15, 38, 0x34]).unwrap();
    let action_length = columns + 6;
    assert_eq!(body[action_length - 1..=action_length], [0x42, 2]);
    let action = body.windows(4).position(|w| w == [1, 0x7f, 1, 0x7f]).unwrap() + 1;
    let mut bomb = body;
    bomb[action_length] = 10;
    bomb.splice(
        action..action + 2,
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1],
    );
    assert_eq!(refused(&chunk(1, &bomb)), GateError::Operations);
}

#[test]
fn metadata_rules() {
    let base = || expanded(1, 1, 1, &[], put(1, &envelope(1)));
    let mut change = base();
    change.time = 1;
    assert_eq!(refused(&bytes_of(change)), GateError::Time);
    let mut change = base();
    change.time = i64::MIN;
    assert_eq!(refused(&bytes_of(change)), GateError::Time);
    let mut change = base();
    change.message = Some("hello".into());
    assert_eq!(refused(&bytes_of(change)), GateError::Message);
    let mut change = base();
    change.extra_bytes = vec![1, 2, 0xaa, 0xbb];
    assert_eq!(refused(&bytes_of(change)), GateError::ExtraBytes);
    for length in [0, 8, 15, 17, 32] {
        let mut change = base();
        change.actor_id = automerge::ActorId::from(vec![7; length]);
        assert_eq!(refused(&bytes_of(change)), GateError::ActorForm, "{length}");
    }
    // A number in a longer form than needed would give one change two encodings.
    let body = body_of(&honest());
    let mut long_seq = body[..18].to_vec();
    assert_eq!(body[18..20], [1, 1], "seq and start_op");
    long_seq.extend([0x81, 0]);
    long_seq.extend(&body[19..]);
    assert_eq!(refused(&chunk(1, &long_seq)), GateError::Malformed);
}

#[test]
fn dependencies_are_sorted_and_single() {
    let honest = body_of(&honest());
    let with = |deps: &[[u8; 32]]| {
        let mut body = vec![u8::try_from(deps.len()).unwrap()];
        for dep in deps {
            body.extend(dep);
        }
        body.extend(&honest[1..]);
        chunk(1, &body)
    };
    assert_eq!(
        read_change(&with(&[[1; 32], [2; 32]])).unwrap().deps,
        [[1; 32], [2; 32]]
    );
    assert_eq!(refused(&with(&[[2; 32], [1; 32]])), GateError::DepsOrder);
    assert_eq!(refused(&with(&[[1; 32], [1; 32]])), GateError::DepsDuplicate);
    assert_eq!(
        refused(&with(&[[1; 32], [2; 32], [1; 32]])),
        GateError::DepsDuplicate
    );
    let mut claims = with(&[[1; 32]]);
    claims = chunk(
        1,
        &[&[0xff, 0xff, 0xff, 0xff, 0x0f], &body_of(&claims)[1..]].concat(),
    );
    assert_eq!(refused(&claims), GateError::Malformed);
}

#[test]
fn operation_rules() {
    let with = |edit: &dyn Fn(&mut automerge::legacy::Op)| {
        let mut op = put(1, &envelope(1));
        edit(&mut op);
        refused(&bytes_of(expanded(1, 1, 1, &[], op)))
    };
    assert_eq!(with(&|op| op.insert = true), GateError::Insert);
    for make in [ObjType::Map, ObjType::List, ObjType::Text, ObjType::Table] {
        assert_eq!(with(&|op| op.action = OpType::Make(make)), GateError::NotAPut);
    }
    assert_eq!(with(&|op| op.action = OpType::Delete), GateError::NotAPut);
    assert_eq!(with(&|op| op.action = OpType::Increment(1)), GateError::NotAPut);
    assert_eq!(with(&|op| op.action = OpType::MarkEnd(true)), GateError::NotAPut);
    for value in [
        ScalarValue::Null,
        ScalarValue::Int(5),
        ScalarValue::Uint(5),
        ScalarValue::counter(5),
        ScalarValue::Timestamp(5),
        ScalarValue::F64(0.5),
        ScalarValue::Boolean(true),
        ScalarValue::Bytes(envelope(1).into_bytes()),
        // An empty text has no bytes at all.
        ScalarValue::Str("".into()),
    ] {
        assert_eq!(
            with(&|op| op.action = OpType::Put(value.clone())),
            GateError::NotAString,
            "{value:?}"
        );
    }
    for (text, error) in [("{}", EnvelopeError::Form), ("\u{0}", EnvelopeError::Form)] {
        assert_eq!(
            with(&|op| op.action = OpType::Put(ScalarValue::Str(text.into()))),
            GateError::Envelope(error)
        );
    }
    for name in [
        "",
        "x",
        "0193F2C0-0000-7000-8000-000000000001",
        "0193f2c0000070008000000000000001",
        "0193f2c0-0000-4000-8000-000000000001",
        "0193f2c0-0000-7000-0000-000000000001",
        "00000000-0000-0000-0000-000000000000",
    ] {
        assert_eq!(
            with(&|op| op.key = Key::Map(name.into())),
            GateError::Key,
            "{name}"
        );
    }
    let mut v5 = put(1, &envelope(1));
    v5.key = Key::Map("0193f2c0-0000-5000-8000-000000000001".into());
    assert!(read_change(&bytes_of(expanded(1, 1, 1, &[], v5))).is_ok());
    assert_eq!(with(&|op| op.key = Key::head()), GateError::NotAtRoot);
}

#[test]
fn counters_begin_at_one_and_fit_32_bits() {
    let mut change = expanded(1, 1, 1, &[], put(1, &envelope(1)));
    change.seq = 0;
    assert_eq!(refused(&bytes_of(change)), GateError::Seq);
    let change = expanded(1, 1, u64::from(u32::MAX) + 1, &[], put(1, &envelope(1)));
    assert_eq!(refused(&bytes_of(change)), GateError::StartOp);
    let mut zero = body_of(&honest());
    zero[19] = 0;
    assert_eq!(refused(&chunk(1, &zero)), GateError::StartOp);
}

#[test]
fn exactly_one_operation() {
    let mut none = expanded(1, 1, 1, &[], put(1, &envelope(1)));
    none.operations.clear();
    assert_eq!(refused(&bytes_of(none)), GateError::Operations);
    let mut two = expanded(1, 1, 1, &[], put(1, &envelope(1)));
    two.operations.push(put(2, &envelope(1)));
    assert_eq!(refused(&bytes_of(two)), GateError::Operations);
    let mut same = expanded(1, 1, 1, &[], put(1, &envelope(1)));
    same.operations.push(put(1, &envelope(1)));
    assert_eq!(refused(&bytes_of(same)), GateError::Operations);
}
