//! The Automerge documents that the server keeps in memory: caches, never the authority (design 5, «Then»).
//!
//! Invariant: a document that leaves [`DocumentCache::take`] has exactly the heads of the document's row in the
//! caller's transaction. Whatever differs (another transaction's changes, one that was given up, a panic) is built anew
//! from the raw changes. So no document needs to be touched when changes are accepted, and none is for an idle sync.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fieldseal_core::documents::{Document, DocumentError, read_change};

use super::{PipelineError, SyncService};
use crate::storage::{DocKey, DocRow, QuarantineRow, ReadTx, StorageError};

/// Documents kept.
const CAPACITY: usize = 512;

/// A document and the row up to which it holds the changes.
pub(super) struct Cached {
    pub(super) document: Document,
    upto: u64,
}

/// A document cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum CacheError {
    /// Its changes cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Accepted changes do not make a document: a bug.
    #[error("accepted changes do not apply: {0}")]
    Document(#[from] DocumentError),
}

/// The documents that were used last.
#[derive(Default)]
pub(super) struct DocumentCache {
    kept: Mutex<Kept>,
    loads: AtomicU64,
}

#[derive(Default)]
struct Kept {
    tick: u64,
    documents: HashMap<DocKey, (u64, Cached)>,
}

impl DocumentCache {
    /// How many documents were built from stored changes so far.
    pub(super) fn loads(&self) -> u64 {
        self.loads.load(Ordering::Relaxed)
    }

    /// Takes the document out, as of the caller's transaction.
    pub(super) fn take(&self, tx: &dyn ReadTx, row: &DocRow) -> Result<Cached, CacheError> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .documents
            .remove(&row.key);
        if let Some((_, mut cached)) = kept
            && cached.follow(tx, row).is_ok()
            && cached.document.heads() == row.heads
        {
            return Ok(cached);
        }
        let mut cached = Cached {
            document: Document::new(),
            upto: 0,
        };
        if row.changes > 0 {
            self.loads.fetch_add(1, Ordering::Relaxed);
            cached.follow(tx, row)?;
            if cached.document.heads() != row.heads {
                return Err(CacheError::Document(DocumentError::NotApplied));
            }
        }
        Ok(cached)
    }

    /// Puts a document back.
    pub(super) fn put(&self, key: DocKey, cached: Cached) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.tick += 1;
        let tick = kept.tick;
        kept.documents.insert(key, (tick, cached));
        if kept.documents.len() > CAPACITY {
            let oldest = kept
                .documents
                .iter()
                .min_by_key(|(_, (tick, _))| *tick)
                .map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                kept.documents.remove(&oldest);
            }
        }
    }
}

impl Cached {
    /// Notes that the change just written into it is stored under this row, above all others.
    pub(super) fn follows(&mut self, row: u64) {
        self.upto = row;
    }

    /// Applies what was stored since.
    fn follow(&mut self, tx: &dyn ReadTx, row: &DocRow) -> Result<(), CacheError> {
        if self.document.heads() == row.heads {
            return Ok(());
        }
        let chunks = tx.chunks_after(row.key, self.upto)?;
        if let Some((last, _)) = chunks.last() {
            let changes: Vec<&[u8]> = chunks.iter().map(|(_, bytes)| bytes.as_slice()).collect();
            self.document.apply(&changes)?;
            self.upto = *last;
        }
        Ok(())
    }
}

impl SyncService {
    /// Notes a document whose accepted changes make none.
    pub(super) fn note_broken(&self, doc: DocKey) {
        self.broken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(doc);
    }

    /// Puts the changes that passed the gate and yet do not apply into quarantine, where people see them. They stay
    /// accepted: the raw changes are the authority, and phones hold them.
    pub(super) fn report_broken(&self) {
        let broken = std::mem::take(&mut *self.broken.lock().unwrap_or_else(PoisonError::into_inner));
        for doc in broken {
            if let Err(error) = self.quarantine_unappliable(doc) {
                tracing::error!(%error, "changes that do not apply could not be put into quarantine");
            }
        }
    }

    fn quarantine_unappliable(&self, doc: DocKey) -> Result<(), PipelineError> {
        let mut tx = self.storage.write()?;
        let name = tx.doc_name(doc)?;
        let mut document = Document::new();
        let mut applied: Vec<Vec<u8>> = Vec::new();
        for (row, bytes) in tx.chunks_after(doc, 0)? {
            let Err(error) = document.apply(&[&bytes]) else {
                applied.push(bytes);
                continue;
            };
            if document.is_broken() {
                document = Document::from_changes(&applied)?;
            }
            let hash = read_change(&bytes).map(|change| change.hash).unwrap_or_default();
            tracing::error!(row, hash = %hex::encode(hash), %error, "bug: an accepted change does not apply");
            tx.put_quarantine(&QuarantineRow {
                doc: name.to_string(),
                hash,
                reason: "apply".to_owned(),
                detail: String::new(),
                sender: None,
                bytes: Some(bytes),
                at: self.env.clock.read().wall_ms,
            })?;
        }
        tx.commit()?;
        Ok(())
    }
}
