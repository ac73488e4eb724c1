//! The folded views that the page and the commands read, kept as long as their facts do not change.
//!
//! Invariants: a view is a pure fold of facts and is never written; the cache follows the sequence: before an
//! answer, every row committed since the last look has thrown out what its document is part of, so no command ever
//! judges by an older state than the one that is committed. The cache can be dropped at any time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fieldseal_core::facts::{DocName, RecordView, StoredAction, fold_record};

use super::OfficeError;
use super::directory::{DirectoryView, fold_directory};
use crate::storage::{ActionRow, ReadTx, Storage};

/// Rows of the sequence that are looked at in one go.
const STEP: u32 = 2_000;

/// The cache.
pub struct Views {
    storage: Arc<dyn Storage>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Every row up to here has been looked at.
    upto: u64,
    directory: Option<Arc<DirectoryView>>,
    records: HashMap<DocName, Arc<RecordView>>,
}

/// The action as the fold wants it.
pub(super) fn stored(row: ActionRow) -> StoredAction {
    StoredAction {
        doc: row.doc,
        key: row.key,
        text: row.text.into(),
        hash: row.hash,
        deps: row.deps,
        actor: row.actor,
    }
}

impl Views {
    /// Over the given storage; empty at first.
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            kept: Mutex::new(Kept::default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws out what the rows since the last look are about. With the lock held and within `tx`, so that what is
    /// folded next is of the same state.
    fn follow(tx: &dyn ReadTx, kept: &mut Kept) -> Result<(), OfficeError> {
        loop {
            let rows = tx.rows_after(kept.upto, STEP)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            let upto = last.n;
            let mut docs = BTreeSet::new();
            for name in rows.iter().filter_map(|row| row.doc.as_deref()) {
                docs.extend(name.parse::<DocName>().ok());
            }
            for doc in docs {
                kept.forget(&doc);
            }
            kept.upto = upto;
        }
    }

    fn read<T>(
        &self,
        answer: impl FnOnce(&dyn ReadTx, &mut Kept) -> Result<T, OfficeError>,
    ) -> Result<T, OfficeError> {
        let mut kept = self.lock();
        let tx = self.storage.read()?;
        Self::follow(tx.as_ref(), &mut kept)?;
        answer(tx.as_ref(), &mut kept)
    }

    /// Users and devices.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn directory(&self) -> Result<Arc<DirectoryView>, OfficeError> {
        self.read(|tx, kept| {
            if let Some(view) = &kept.directory {
                return Ok(view.clone());
            }
            let view = Arc::new(fold_directory(&actions_of(tx, &DocName::Directory)?));
            kept.directory = Some(view.clone());
            Ok(view)
        })
    }

    /// A customer, asset, ticket or person; none if no fact ever named it.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn record(&self, doc: &DocName) -> Result<Option<Arc<RecordView>>, OfficeError> {
        self.read(|tx, kept| {
            if let Some(view) = kept.records.get(doc) {
                return Ok(Some(view.clone()));
            }
            let actions = actions_of(tx, doc)?;
            if actions.is_empty() {
                return Ok(None);
            }
            let view = Arc::new(fold_record(doc, &actions));
            kept.records.insert(doc.clone(), view.clone());
            Ok(Some(view))
        })
    }

    /// Names of the documents of a kind (`customer/`), oldest first (ids are UUIDv7).
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn names(&self, prefix: &str) -> Result<Vec<DocName>, OfficeError> {
        Ok(self.storage.read()?.doc_names(prefix)?)
    }
}

impl Kept {
    fn forget(&mut self, doc: &DocName) {
        match doc {
            DocName::Directory => self.directory = None,
            other => {
                self.records.remove(other);
            }
        }
    }
}

/// A document's actions.
///
/// # Errors
/// [`OfficeError::Unexpected`].
pub(super) fn actions_of(tx: &dyn ReadTx, doc: &DocName) -> Result<Vec<StoredAction>, OfficeError> {
    let Some(row) = tx.doc(doc)? else {
        return Ok(Vec::new());
    };
    Ok(tx.actions_of_doc(row.key)?.into_iter().map(stored).collect())
}
