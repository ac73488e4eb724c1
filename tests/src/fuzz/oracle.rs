//! The rules about ancestors a second time, as simply as they can be said: with the whole set of ancestors of a change.
//! What the gate tells by bounds and short walks must be the same.

use std::collections::{BTreeSet, HashMap};

use fieldseal_core::documents::{ReadChange, Verdict};

use super::base::{Base, TAG, doc, engineer};

/// Whether the change may be kept, `None` where a dependency is not there.
pub fn may_keep(change: &ReadChange, base: &Base) -> Option<bool> {
    let by_hash: HashMap<[u8; 32], &ReadChange> = base.changes.iter().map(|kept| (kept.hash, kept)).collect();
    let rights = change.actor.tag() == TAG
        && change.action.by == engineer()
        && change.action.first_place(&doc()).is_ok();
    if !rights {
        return Some(false);
    }
    if !change.deps.iter().all(|dep| by_hash.contains_key(dep)) {
        return None;
    }
    let mut ancestors: BTreeSet<[u8; 32]> = BTreeSet::new();
    let mut open = change.deps.clone();
    while let Some(hash) = open.pop() {
        if ancestors.insert(hash) {
            open.extend(&by_hash[&hash].deps);
        }
    }
    let past: Vec<&ReadChange> = ancestors.iter().map(|hash| by_hash[hash]).collect();
    let own = past.iter().filter(|kept| kept.actor == change.actor).count();
    let own_anywhere = base
        .changes
        .iter()
        .filter(|kept| kept.actor == change.actor)
        .count();
    let highest_op = past.iter().map(|kept| kept.start_op).max().unwrap_or(0);
    let highest_n = past.iter().map(|kept| kept.action.n).max().unwrap_or(0);
    Some(
        own == own_anywhere
            && change.seq == u64::try_from(own).unwrap() + 1
            && change.start_op == highest_op + 1
            && past.iter().all(|kept| kept.key != change.key)
            && change.action.n <= highest_n + (1 << 20),
    )
}

/// Whether a verdict of the gate is what the rules say.
pub fn agrees(verdict: &Verdict, change: &ReadChange, base: &Base) -> bool {
    if base.changes.iter().any(|kept| kept.hash == change.hash) {
        return *verdict == Verdict::AlreadyKnown;
    }
    match verdict {
        Verdict::Accept => may_keep(change, base) == Some(true),
        Verdict::Refuse(_) => may_keep(change, base) == Some(false),
        Verdict::Park { .. } => may_keep(change, base).is_none(),
        // Nobody limits the search here.
        Verdict::AlreadyKnown | Verdict::Later => false,
    }
}
