//! The document as cache.

use super::support::*;
use crate::documents::{Document, DocumentError, GateError, Verdict, changes_of_snapshot};
use crate::facts::EnvelopeError;

#[test]
fn two_writers_meet_and_nothing_is_lost() {
    let mut left = Replica::default();
    let mut right = Replica::default();
    let first = left.write(1, 1, 1);
    assert_eq!(right.receive(&first), Verdict::Accept);
    assert_eq!(right.receive(&first), Verdict::AlreadyKnown);
    let a = left.write(1, 2, 2);
    let b = right.write(2, 3, 2);
    let merged = {
        assert_eq!(left.receive(&b), Verdict::Accept);
        left.write(1, 4, 3)
    };
    assert_eq!(right.receive(&merged), Verdict::Park { needs: vec![a.hash] });
    assert_eq!(right.receive(&a), Verdict::Accept);
    assert_eq!(right.receive(&merged), Verdict::Accept);
    assert_eq!(left.document.heads(), right.document.heads());
    let saved = left.document.save_checked().unwrap();
    let changes = changes_of_snapshot(&saved, 10).unwrap();
    assert_eq!(changes.len(), 4);
    let rebuilt = Document::from_changes(&changes).unwrap();
    assert_eq!(rebuilt.values().unwrap(), left.document.values().unwrap());
    assert_eq!(rebuilt.heads(), left.document.heads());
}

#[test]
fn a_refused_write_leaves_the_document_as_it_was() {
    let mut replica = Replica::default();
    replica.write(1, 1, 1);
    let before = replica.document.heads();
    let mut append = |id, text: &str| replica.document.append(&actor(1), key(id), text).unwrap_err();
    assert_eq!(append(1, &envelope(2)), DocumentError::KeyUsed);
    assert_eq!(
        append(2, "{}"),
        DocumentError::Form(GateError::Envelope(EnvelopeError::Form))
    );
    let v4 = crate::domain::ids::ActionId("0193f2c0-0000-4000-8000-000000000002".parse().unwrap());
    assert_eq!(
        replica.document.append(&actor(1), v4, &envelope(2)).unwrap_err(),
        DocumentError::Form(GateError::Key)
    );
    assert_eq!(replica.document.heads(), before);
    assert_eq!(replica.document.changes().len(), 1);
    assert_eq!(replica.write(1, 2, 2).seq, 2);
}

#[test]
fn changes_without_their_dependencies_are_refused_and_never_queued() {
    let mut replica = Replica::default();
    let first = replica.write(1, 1, 1);
    let second = replica.write(1, 2, 2);
    let mut other = Document::new();
    assert_eq!(
        other.apply(&[&second.bytes]),
        Err(DocumentError::MissingDependencies)
    );
    assert!(other.heads().is_empty() && !other.is_broken());
    // In one call the order does not matter; twice is once.
    other.apply(&[&second.bytes, &first.bytes]).unwrap();
    other.apply(&[&first.bytes]).unwrap();
    assert_eq!(other.heads(), replica.document.heads());
    assert_eq!(
        other.apply(&[b"nonsense"]),
        Err(DocumentError::Form(GateError::NotPlainChange))
    );
    assert_eq!(other.values().unwrap().len(), 2);
}

#[test]
fn a_saved_document_loads_and_anything_else_does_not() {
    let mut replica = Replica::default();
    for id in 1..20 {
        replica.write(1, id, u64::from(id));
    }
    let saved = replica.document.save();
    let loaded = Document::load(&saved).unwrap();
    assert_eq!(loaded.heads(), replica.document.heads());
    assert_eq!(loaded.values().unwrap(), replica.document.values().unwrap());
    assert_eq!(
        Document::load(b"nonsense").unwrap_err(),
        DocumentError::NotADocument
    );
    // Written on by another actor after loading, as after an app start.
    let mut loaded = Replica {
        document: loaded,
        ..replica.clone()
    };
    assert_eq!(loaded.write(2, 20, 20).start_op, 20);
}
