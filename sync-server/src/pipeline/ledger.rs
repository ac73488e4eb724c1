//! One document's accepted changes while a transaction runs: the stored ones from SQL, the new ones from memory.
//!
//! Invariant: what it answers is what the storage would answer once the transaction is committed. No Automerge document
//! is involved.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use fieldseal_core::documents::{ActorId, Ancestry, Known, ReadChange};
use fieldseal_core::domain::ids::ActionId;
use fieldseal_core::facts::DocName;

use crate::storage::{DocRow, Hash, ReadTx, Result, StorageError};

/// A document during a transaction.
pub(super) struct Ledger {
    /// Its name.
    pub(super) name: DocName,
    /// The same as text.
    pub(super) text: String,
    /// Its row as it will be; none while nothing was kept of it.
    pub(super) row: Option<DocRow>,
    /// Whether the stored row is older.
    pub(super) dirty: bool,
    /// How many changes the storage held when the transaction began: where it is none, SQL is not asked.
    stored: u64,
    fresh: HashMap<Hash, Fresh>,
    keys: HashSet<ActionId>,
    actors: HashMap<ActorId, (u64, Hash)>,
}

struct Fresh {
    row: u64,
    known: Known,
}

impl Ledger {
    /// Reads what is stored.
    pub(super) fn open(tx: &dyn ReadTx, name: &DocName) -> Result<Self> {
        let row = tx.doc(name)?;
        Ok(Self {
            name: name.clone(),
            text: name.to_string(),
            stored: row.as_ref().map_or(0, |row| row.changes),
            row,
            dirty: false,
            fresh: HashMap::new(),
            keys: HashSet::new(),
            actors: HashMap::new(),
        })
    }

    /// The row of an accepted change.
    pub(super) fn row_of(&self, tx: &dyn ReadTx, hash: &Hash) -> Result<Option<u64>> {
        if let Some(fresh) = self.fresh.get(hash) {
            return Ok(Some(fresh.row));
        }
        match &self.row {
            Some(row) if self.stored > 0 => Ok(tx.known(row.key, hash)?.map(|known| known.row)),
            _ => Ok(None),
        }
    }

    /// Whether the storage held nothing of it when the transaction began.
    pub(super) fn is_new(&self) -> bool {
        self.stored == 0
    }

    /// Takes in a change that was just stored.
    pub(super) fn accepted(&mut self, change: &ReadChange, row: u64) {
        if let Some(doc) = &mut self.row {
            doc.heads.retain(|head| !change.deps.contains(head));
            let place = doc.heads.partition_point(|head| *head < change.hash);
            doc.heads.insert(place, change.hash);
            doc.op = doc.op.max(change.start_op);
            doc.n = doc.n.max(change.action.n);
            doc.changes += 1;
        }
        self.dirty = true;
        self.keys.insert(change.key);
        self.actors.insert(change.actor, (change.seq, change.hash));
        let known = Known {
            actor: change.actor,
            seq: change.seq,
            op: change.start_op,
            n: change.action.n,
            key: change.key,
            deps: change.deps.clone(),
        };
        self.fresh.insert(change.hash, Fresh { row, known });
    }

    /// As the gate asks, about a change that `row_of` did not find. `visits` is what searches may still look at; the
    /// office's own writes have no limit.
    pub(super) fn ancestry<'a>(
        &'a self,
        tx: &'a dyn ReadTx,
        absent: Hash,
        visits: Option<&'a Cell<u32>>,
    ) -> LedgerAncestry<'a> {
        LedgerAncestry {
            ledger: self,
            tx,
            absent,
            visits,
        }
    }
}

/// [`Ancestry`] over storage and ledger.
pub(super) struct LedgerAncestry<'a> {
    ledger: &'a Ledger,
    tx: &'a dyn ReadTx,
    absent: Hash,
    visits: Option<&'a Cell<u32>>,
}

impl LedgerAncestry<'_> {
    /// The document, where the storage holds changes of it.
    fn stored(&self) -> Option<&DocRow> {
        self.ledger.row.as_ref().filter(|_| self.ledger.stored > 0)
    }
}

impl Ancestry for LedgerAncestry<'_> {
    type Error = StorageError;

    fn known(&self, hash: &Hash) -> Result<Option<Known>> {
        if let Some(fresh) = self.ledger.fresh.get(hash) {
            return Ok(Some(fresh.known.clone()));
        }
        let Some(doc) = self.stored().filter(|_| *hash != self.absent) else {
            return Ok(None);
        };
        Ok(self.tx.known(doc.key, hash)?.map(|row| Known {
            actor: ActorId(row.actor),
            seq: row.seq,
            op: row.op,
            n: row.n,
            key: row.key,
            deps: row.deps,
        }))
    }

    fn has_key(&self, key: ActionId) -> Result<bool> {
        if self.ledger.keys.contains(&key) {
            return Ok(true);
        }
        match self.stored() {
            Some(doc) => self.tx.has_key(doc.key, key),
            None => Ok(false),
        }
    }

    fn last_of(&self, actor: &ActorId) -> Result<Option<(u64, Hash)>> {
        if let Some(last) = self.ledger.actors.get(actor) {
            return Ok(Some(*last));
        }
        match self.stored() {
            Some(doc) => self.tx.last_of(doc.key, &actor.0),
            None => Ok(None),
        }
    }

    fn visit(&self) -> bool {
        let Some(visits) = self.visits else { return true };
        match visits.get().checked_sub(1) {
            Some(left) => {
                visits.set(left);
                true
            }
            None => false,
        }
    }
}
