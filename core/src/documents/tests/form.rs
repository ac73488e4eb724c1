//! The structural half: golden bytes, one encoding, every rule.

use super::support::*;
use crate::documents::{Document, read_change};

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
