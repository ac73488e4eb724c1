//! The document as cache.

use super::support::*;
use crate::documents::{Document, Verdict, changes_of_snapshot};

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
