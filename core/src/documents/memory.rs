//! One document's accepted changes in memory: the smallest [`Ancestry`], for rebuilding checks, the simulation, the
//! fuzzer and the benchmark.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use super::{ActorId, Ancestry, Known, ReadChange};
use crate::domain::ids::ActionId;

/// Accepted changes with the indexes that the gate asks.
#[derive(Debug, Clone, Default)]
pub struct MemoryAncestry {
    changes: HashMap<[u8; 32], Known>,
    heads: BTreeSet<[u8; 32]>,
    keys: BTreeSet<ActionId>,
    last: HashMap<ActorId, (u64, [u8; 32])>,
    highest_n: u64,
}

impl MemoryAncestry {
    /// Keeps a change that the gate accepted.
    pub fn keep(&mut self, change: &ReadChange) {
        let known = Known {
            actor: change.actor,
            seq: change.seq,
            op: change.start_op,
            n: change.action.n,
            key: change.key,
            deps: change.deps.clone(),
        };
        if self.changes.insert(change.hash, known).is_some() {
            return;
        }
        for dep in &change.deps {
            self.heads.remove(dep);
        }
        self.heads.insert(change.hash);
        self.keys.insert(change.key);
        let last = self.last.entry(change.actor).or_default();
        if change.seq > last.0 {
            *last = (change.seq, change.hash);
        }
        self.highest_n = self.highest_n.max(change.action.n);
    }

    /// The changes that no kept one depends on, ascending.
    pub fn heads(&self) -> Vec<[u8; 32]> {
        self.heads.iter().copied().collect()
    }

    /// The highest `n`; zero for an empty document.
    pub const fn highest_n(&self) -> u64 {
        self.highest_n
    }

    /// How many changes are kept.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Ancestry for MemoryAncestry {
    type Error = Infallible;

    fn known(&self, hash: &[u8; 32]) -> Result<Option<Known>, Infallible> {
        Ok(self.changes.get(hash).cloned())
    }
    fn has_key(&self, key: ActionId) -> Result<bool, Infallible> {
        Ok(self.keys.contains(&key))
    }
    fn last_of(&self, actor: &ActorId) -> Result<Option<(u64, [u8; 32])>, Infallible> {
        Ok(self.last.get(actor).copied())
    }
}
