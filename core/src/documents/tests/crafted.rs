//! The crafted changes that destroy documents in Automerge alone (A to J), and every rule of the gate.

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ExpandedChange};

use super::support::*;
use crate::documents::gate::{FAR, N_LEAP};
use crate::documents::{
    ActorId, Ancestry, Author, GateError, Known, MemoryAncestry, ReadChange, Verdict, gate, read_change,
};
use crate::facts::DocName;

/// A document with a fork and a merge: 1 by actor 1, then 2 (actor 1) beside 3 (actor 2), then 4 by actor 1.
struct Base {
    replica: Replica,
    first: ReadChange,
    left: ReadChange,
    right: ReadChange,
    merged: ReadChange,
}

fn base() -> Base {
    let mut replica = Replica::default();
    let first = replica.write(1, 1, 1);
    let mut other = replica.clone();
    let left = replica.write(1, 2, 2);
    let right = other.write(2, 3, 2);
    assert_eq!(replica.receive(&right), Verdict::Accept);
    let merged = replica.write(1, 4, 3);
    Base {
        replica,
        first,
        left,
        right,
        merged,
    }
}

/// Offers a hand-made change: the reason of its refusal, after checking that nothing in the document moved.
fn offer(base: &Base, change: ExpandedChange) -> GateError {
    let bytes = Change::from(change).raw_bytes().to_vec();
    let mut replica = base.replica.clone();
    let before = (replica.document.heads(), replica.document.values().unwrap());
    let error = match read_change(&bytes) {
        Err(error) => error,
        Ok(read) => match replica.receive(&read) {
            Verdict::Refuse(error) => error,
            verdict => panic!("not refused: {verdict:?}"),
        },
    };
    assert_eq!(
        before,
        (replica.document.heads(), replica.document.values().unwrap())
    );
    assert_eq!(replica.changes.len(), 4);
    error
}

/// An honest next change of a new actor, before it is spoilt.
fn next(base: &Base) -> ExpandedChange {
    expanded(3, 1, 4, &[&base.merged], put(9, &envelope(4)))
}

fn with_op(base: &Base, edit: impl FnOnce(&mut Op)) -> ExpandedChange {
    let mut change = next(base);
    edit(&mut change.operations[0]);
    change
}

fn op_id(counter: u64, by: u8) -> OpId {
    OpId(counter, automerge::ActorId::from(actor(by).0))
}

#[test]
fn the_unspoilt_change_is_accepted() {
    let mut base = base();
    let read = read_change(&bytes_of(next(&base))).unwrap();
    assert_eq!(base.replica.receive(&read), Verdict::Accept);
    assert_eq!(base.replica.receive(&read), Verdict::AlreadyKnown);
    base.replica.document.save_checked().unwrap();
}

#[test]
fn crafted_a_first_change_with_seq_7() {
    let base = base();
    let mut change = next(&base);
    change.seq = 7;
    assert_eq!(offer(&base, change), GateError::Seq);
}

#[test]
fn crafted_b_seq_2_not_after_own_seq_1() {
    let base = base();
    // Actor 2's only change is `right`; `left` does not descend from it.
    let change = expanded(2, 2, 3, &[&base.left], put(9, &envelope(4)));
    assert_eq!(offer(&base, change), GateError::PreviousNotAncestor);
    // No dependencies at all: the walk finds nothing either.
    let change = expanded(2, 2, 1, &[], put(9, &envelope(4)));
    assert_eq!(offer(&base, change), GateError::PreviousNotAncestor);
}

#[test]
fn crafted_c_operation_counter_used_again() {
    let base = base();
    let mut change = next(&base);
    change.start_op = 3.try_into().unwrap();
    assert_eq!(offer(&base, change), GateError::StartOp);
}

#[test]
fn crafted_d_start_op_below_the_dependencies() {
    let base = base();
    let mut change = next(&base);
    change.start_op = 1.try_into().unwrap();
    assert_eq!(offer(&base, change), GateError::StartOp);
}

#[test]
fn crafted_e_predecessor_that_does_not_exist() {
    let base = base();
    let own = with_op(&base, |op| op.pred = vec![op_id(99, 3)].into());
    assert_eq!(offer(&base, own), GateError::Predecessor);
    let of_another = with_op(&base, |op| op.pred = vec![op_id(99, 1)].into());
    assert_eq!(offer(&base, of_another), GateError::OtherActors);
    // One that exists would overwrite an action.
    let overwrite = with_op(&base, |op| {
        op.key = Key::Map(key(4).to_string().into());
        op.pred = vec![op_id(3, 1)].into();
    });
    assert_eq!(offer(&base, overwrite), GateError::OtherActors);
}

#[test]
fn crafted_f_unknown_object() {
    let base = base();
    let own = with_op(&base, |op| op.obj = ObjectId::Id(op_id(77, 3)));
    assert_eq!(offer(&base, own), GateError::NotAtRoot);
    let of_another = with_op(&base, |op| op.obj = ObjectId::Id(op_id(77, 1)));
    assert_eq!(offer(&base, of_another), GateError::OtherActors);
}

#[test]
fn crafted_g_start_op_near_its_limit() {
    let base = base();
    let mut change = next(&base);
    change.start_op = u64::from(u32::MAX).try_into().unwrap();
    assert_eq!(offer(&base, change), GateError::StartOp);
}

#[test]
fn crafted_h_no_dependencies_but_an_existing_object() {
    let base = base();
    let mut change = expanded(3, 1, 1, &[], put(9, &envelope(4)));
    change.operations[0].obj = ObjectId::Id(op_id(1, 3));
    assert_eq!(offer(&base, change), GateError::NotAtRoot);
    // Nothing but the counter tells that an honest one knew the document.
    let change = expanded(3, 1, 4, &[], put(9, &envelope(4)));
    assert_eq!(offer(&base, change), GateError::StartOp);
}

#[test]
fn crafted_i_increment_of_what_is_no_counter() {
    let base = base();
    let change = with_op(&base, |op| {
        op.key = Key::Map(key(4).to_string().into());
        op.action = OpType::Increment(1);
    });
    assert_eq!(offer(&base, change), GateError::NotAPut);
}

#[test]
fn crafted_j_commit_time_at_the_ends_of_i64() {
    let base = base();
    for time in [i64::MIN, i64::MAX, -1, 1] {
        let mut change = next(&base);
        change.time = time;
        assert_eq!(offer(&base, change), GateError::Time);
    }
}

#[test]
fn dependencies_that_are_not_there_park_the_change() {
    let base = base();
    let mut behind = MemoryAncestry::default();
    behind.keep(&base.first);
    assert_eq!(
        verdict(&base.merged, &behind),
        Verdict::Park {
            needs: base.merged.deps.clone()
        }
    );
    behind.keep(&base.left);
    assert_eq!(
        verdict(&base.merged, &behind),
        Verdict::Park {
            needs: vec![base.right.hash]
        }
    );
    behind.keep(&base.right);
    assert_eq!(verdict(&base.merged, &behind), Verdict::Accept);
}

#[test]
fn a_fork_of_an_actor_is_refused() {
    let base = base();
    // The same actor and seq as `merged`, other content: a phone restored in memory.
    let fork = expanded(1, 3, 4, &[&base.merged], put(9, &envelope(4)));
    assert_eq!(offer(&base, fork), GateError::Seq);
    let skips = expanded(1, 5, 4, &[&base.merged], put(9, &envelope(4)));
    assert_eq!(offer(&base, skips), GateError::Seq);
    let zero = expanded(3, 0, 4, &[&base.merged], put(9, &envelope(4)));
    assert_eq!(offer(&base, zero), GateError::Seq);
}

#[test]
fn an_action_id_is_never_overwritten_but_may_be_used_concurrently() {
    let mut base = base();
    let again = expanded(3, 1, 4, &[&base.merged], put(2, &envelope(4)));
    assert_eq!(offer(&base, again), GateError::KeyUsed);
    // Not upon the heads: found by the walk.
    let again = expanded(3, 1, 3, &[&base.left], put(1, &envelope(4)));
    assert_eq!(offer(&base, again), GateError::KeyUsed);
    let again = expanded(3, 1, 3, &[&base.left], put(2, &envelope(4)));
    assert_eq!(offer(&base, again), GateError::KeyUsed);
    // Action 3 is no ancestor of `left`: the writer could not know of it.
    let unaware = expanded(3, 1, 3, &[&base.left], put(3, &envelope(4)));
    let read = read_change(&bytes_of(unaware)).unwrap();
    assert_eq!(base.replica.receive(&read), Verdict::Accept);
    base.replica.document.save_checked().unwrap();
    let values = base.replica.document.values().unwrap();
    assert_eq!(values[&key(3).to_string()].len(), 2, "both stay visible");
}

#[test]
fn n_may_not_leap_too_far_above_the_ancestors() {
    let base = base();
    let at = |n: u64, deps: &[&ReadChange], start_op| {
        let change = expanded(3, 1, start_op, deps, put(9, &envelope(n)));
        verdict(&read_change(&bytes_of(change)).unwrap(), &base.replica.ancestry)
    };
    let refused = Verdict::Refuse(GateError::NTooHigh);
    assert_eq!(at(3 + N_LEAP, &[&base.merged], 4), Verdict::Accept);
    assert_eq!(at(4 + N_LEAP, &[&base.merged], 4), refused);
    // Behind the heads only what is an ancestor counts.
    assert_eq!(at(2 + N_LEAP, &[&base.left], 3), Verdict::Accept);
    assert_eq!(at(3 + N_LEAP, &[&base.left], 3), refused);
    assert_eq!(at(N_LEAP, &[], 1), Verdict::Accept);
    assert_eq!(at(1 + N_LEAP, &[], 1), refused);
    // A lower `n` than an ancestor's is the fold's business.
    assert_eq!(at(1, &[&base.merged], 4), Verdict::Accept);
    // The highest may stand further back than the direct dependency.
    let mut ancestry = base.replica.ancestry.clone();
    let low = read_change(&bytes_of(expanded(
        3,
        1,
        4,
        &[&base.merged],
        put(9, &envelope(1)),
    )))
    .unwrap();
    ancestry.keep(&low);
    let side = read_change(&bytes_of(expanded(4, 1, 1, &[], put(10, &envelope(50))))).unwrap();
    ancestry.keep(&side);
    let upon_low = |n| {
        let change = expanded(5, 1, 5, &[&low], put(11, &envelope(n)));
        verdict(&read_change(&bytes_of(change)).unwrap(), &ancestry)
    };
    assert_eq!(upon_low(3 + N_LEAP), Verdict::Accept);
    assert_eq!(upon_low(4 + N_LEAP), refused);
}

#[test]
fn the_sender_the_person_and_the_document_must_agree() {
    let base = base();
    let empty = MemoryAncestry::default();
    let tag_ok = |tag: &[u8; 8]| *tag == [0xd0; 8];
    let someone = "0193f2c0-0000-7000-8000-0000000000ff".parse().unwrap();
    let ask = |change: &ReadChange, doc: &DocName, person| {
        let author = Author {
            tag_ok: &tag_ok,
            person,
        };
        gate(change, doc, &author, &empty).unwrap()
    };
    let engineer = Some(ENGINEER.parse().unwrap());
    assert_eq!(ask(&base.first, &doc(), engineer), Verdict::Accept);
    assert_eq!(ask(&base.first, &doc(), None), Verdict::Accept);
    assert_eq!(
        ask(&base.first, &doc(), Some(someone)),
        Verdict::Refuse(GateError::By)
    );
    let of_another: DocName = format!("visit/0193f2c0-0000-7000-8000-00000000000a/{someone}")
        .parse()
        .unwrap();
    assert_eq!(
        ask(&base.first, &of_another, engineer),
        Verdict::Refuse(GateError::By)
    );
    assert_eq!(
        ask(&base.first, &of_another, None),
        Verdict::Refuse(GateError::By)
    );
    // Whether the office document may be written by this sender is the pipeline's question (writer of the name).
    assert_eq!(ask(&base.first, &DocName::Directory, None), Verdict::Accept);
    let mut foreign = expanded(1, 1, 1, &[], put(1, &envelope(1)));
    foreign.actor_id = automerge::ActorId::from(ActorId::new([1; 8], [0xd1; 8]).0);
    let foreign = read_change(&bytes_of(foreign)).unwrap();
    assert_eq!(
        ask(&foreign, &doc(), engineer),
        Verdict::Refuse(GateError::ActorTag)
    );
    let spans = |docs: String| {
        let text = envelope(1).replace(r#","facts""#, &format!(r#","docs":{docs},"facts""#));
        read_change(&bytes_of(expanded(1, 1, 1, &[], put(1, &text)))).unwrap()
    };
    let name = doc();
    assert_eq!(
        ask(
            &spans(format!(r#"[["directory",2],["{name}",1]]"#)),
            &doc(),
            engineer
        ),
        Verdict::Accept
    );
    for docs in [
        r#"[["directory",1]]"#.to_owned(),
        format!(r#"[["{name}",2]]"#),
        format!(r#"[["{name}",1],["{name}",1]]"#),
    ] {
        assert_eq!(
            ask(&spans(docs), &doc(), engineer),
            Verdict::Refuse(GateError::Docs)
        );
    }
}

#[test]
fn a_known_change_is_known_before_anything_else_is_asked() {
    let base = base();
    let author = Author {
        tag_ok: &|_| false,
        person: None,
    };
    assert_eq!(
        gate(&base.left, &DocName::Directory, &author, &base.replica.ancestry).unwrap(),
        Verdict::AlreadyKnown
    );
}

/// A long past without documents: change number `n` of a chain by actor 2, upon the one before.
fn link(n: u64, by: u8, seq: u64, deps: &[u64]) -> ReadChange {
    let text = envelope(n);
    ReadChange {
        hash: numbered(n),
        actor: actor(by),
        seq,
        deps: deps.iter().map(|dep| numbered(*dep)).collect(),
        start_op: deps.iter().max().map_or(1, |dep| dep + 1),
        key: key(u32::try_from(n).unwrap()),
        action: crate::facts::Action::parse(&text).unwrap(),
        text,
        bytes: Vec::new(),
    }
}

fn numbered(n: u64) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

/// Counts what is looked at, and may refuse to go on.
struct Counted<'a> {
    inner: &'a MemoryAncestry,
    visits: std::cell::Cell<usize>,
    most: usize,
}

impl Ancestry for Counted<'_> {
    type Error = std::convert::Infallible;
    fn known(&self, hash: &[u8; 32]) -> Result<Option<Known>, Self::Error> {
        self.inner.known(hash)
    }
    fn has_key(&self, key: crate::domain::ids::ActionId) -> Result<bool, Self::Error> {
        self.inner.has_key(key)
    }
    fn last_of(&self, actor: &ActorId) -> Result<Option<(u64, [u8; 32])>, Self::Error> {
        self.inner.last_of(actor)
    }
    fn visit(&self) -> bool {
        self.visits.set(self.visits.get() + 1);
        self.visits.get() <= self.most
    }
}

#[test]
fn a_search_in_the_past_ends_and_what_it_says_depends_on_the_ancestors_alone() {
    let far = u64::try_from(FAR).unwrap();
    let mut ancestry = MemoryAncestry::default();
    // Actor 1 writes once, actor 2 ten thousand times and more upon it.
    ancestry.keep(&link(1, 1, 1, &[]));
    let length = far + 100;
    for n in 2..=length {
        ancestry.keep(&link(n, 2, n - 1, &[n - 1]));
    }
    let judge = |change: &ReadChange, most: usize| {
        let counted = Counted {
            inner: &ancestry,
            visits: std::cell::Cell::new(0),
            most,
        };
        let author = Author {
            tag_ok: &|_| true,
            person: None,
        };
        let verdict = gate(change, &doc(), &author, &counted).unwrap();
        (verdict, counted.visits.get())
    };
    let again = |upon: u64| ReadChange {
        hash: [0xee; 32],
        key: key(9_999_999),
        ..link(upon + 1, 1, 2, &[upon])
    };
    assert_eq!(judge(&again(far - 1), usize::MAX).0, Verdict::Accept);
    let (verdict, visits) = judge(&again(length), usize::MAX);
    assert_eq!(verdict, Verdict::Refuse(GateError::PreviousTooFar));
    assert!(visits <= FAR, "{visits}");
    // A fresh actor writes the same action without any search.
    let fresh = ReadChange {
        actor: actor(3),
        seq: 1,
        ..again(length)
    };
    assert_eq!(judge(&fresh, 0), (Verdict::Accept, 0));
    // Whoever judges many changes may stop: that is no verdict.
    assert_eq!(judge(&again(length), 50).0, Verdict::Later);

    // A used key is found near, and far away it is as if it had been used without knowing.
    let used = |n: u64| ReadChange {
        key: key(u32::try_from(n).unwrap()),
        ..fresh.clone()
    };
    assert_eq!(
        judge(&used(length - 5), usize::MAX).0,
        Verdict::Refuse(GateError::KeyUsed)
    );
    let (verdict, visits) = judge(&used(2), usize::MAX);
    assert_eq!(verdict, Verdict::Accept);
    assert!(visits <= FAR, "{visits}");
    // So is a leap.
    let mut leap = ReadChange {
        key: key(9_999_999),
        ..fresh.clone()
    };
    leap.action.n = length + N_LEAP + 1;
    let (verdict, visits) = judge(&leap, usize::MAX);
    assert_eq!(verdict, Verdict::Refuse(GateError::NTooHigh));
    assert!(visits <= FAR, "{visits}");
}
