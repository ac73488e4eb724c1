//! The folded views that the page and the commands read, kept as long as their facts do not change.
//!
//! Invariants: a view is a pure fold of facts and is never written; the cache follows the sequence: before an
//! answer, every row committed since the last look has thrown out what its document is part of, so no command ever
//! judges by an older state than the one that is committed. A page may look once ([`Views::look`]) and then read what is
//! kept as of then: it shows hundreds of records and need not ask for news before each. The cache can be dropped at any
//! time.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::policy::PartList;
use fieldseal_core::domain::work::VisibleStatus;
use fieldseal_core::facts::directory::{DirectoryView, fold_directory};
use fieldseal_core::facts::van::{StockView, VanView, fold_stock, fold_van};
use fieldseal_core::facts::{
    DocName, FoldContext, OrderView, RecordView, ReferenceView, StoredAction, fold_order, fold_record,
    fold_reference,
};

use super::OfficeError;
use super::vans::VanIndex;
use crate::storage::{ActionRow, ReadTx, Storage};

/// Rows of the sequence that are looked at in one go.
const STEP: u32 = 2_000;
/// More whole orders than this are not kept (their rows on the board are).
const ORDERS_KEPT: usize = 2_000;

/// More records than this, some 240 MB, are not kept (what lists show of them is).
const RECORDS_KEPT: usize = 20_000;

/// The cache. Clones share it.
#[derive(Clone)]
pub struct Views {
    storage: Arc<dyn Storage>,
    folds: Arc<AtomicU64>,
    looks: Arc<AtomicU64>,
    kept: Arc<Mutex<Kept>>,
    /// What is kept may be given without asking for news.
    looked: bool,
}

#[derive(Default)]
struct Kept {
    /// Every row up to here has been looked at.
    upto: u64,
    directory: Option<Arc<DirectoryView>>,
    reference: Option<Arc<ReferenceView>>,
    /// The parts list that was asked for last, by its pack's hash: what a pack holds never changes.
    parts: Option<(String, Arc<PartList>)>,
    records: HashMap<DocName, Arc<RecordView>>,
    orders: HashMap<OrderId, Arc<OrderView>>,
    vans: HashMap<UserId, Arc<VanView>>,
    stock: Option<Arc<StockView>>,
    indexes: HashMap<UserId, Arc<VanIndex>>,
    /// What was changed since somebody asked by [`Views::take_changed`]; its `upto` is not used.
    changed: Changed,
}

/// What was committed since the last time somebody asked (at the first time: everything).
#[derive(Debug, Clone, Default)]
pub(super) struct Changed {
    /// Orders whose own facts changed, those of their visits, or movements that name them.
    pub orders: BTreeSet<OrderId>,
    /// Other documents.
    pub records: BTreeSet<DocName>,
    /// Everything up to this row of the sequence was looked at.
    pub upto: u64,
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
            folds: Arc::default(),
            looks: Arc::default(),
            kept: Arc::default(),
            looked: false,
        }
    }

    /// Looks for news once; the answers of what is returned are no older than that. For pages, never for commands.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn look(&self) -> Result<Self, OfficeError> {
        self.read(|_, _| Ok(()))?;
        Ok(Self {
            looked: true,
            ..self.clone()
        })
    }

    /// How often the storage was asked for news so far: a metric.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// How many orders were folded so far: a metric.
    pub fn order_folds(&self) -> u64 {
        self.folds.load(Ordering::Relaxed)
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
            let mut vans = BTreeSet::new();
            for doc in docs {
                match doc {
                    DocName::VanField(engineer, _) | DocName::VanOffice(engineer, _) => {
                        kept.stock = None;
                        vans.insert(engineer);
                    }
                    DocName::Store(..) => kept.stock = None,
                    other => kept.forget(&other),
                }
            }
            for engineer in vans {
                kept.forget_van(tx, engineer)?;
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
        self.looks.fetch_add(1, Ordering::Relaxed);
        Self::follow(tx.as_ref(), &mut kept)?;
        answer(tx.as_ref(), &mut kept)
    }

    /// What is kept, or what `make` makes of the newest facts (and keeps).
    fn kept_or<T>(
        &self,
        kept: impl Fn(&Kept) -> Option<T>,
        make: impl FnOnce(&dyn ReadTx, &mut Kept) -> Result<T, OfficeError>,
    ) -> Result<T, OfficeError> {
        if self.looked
            && let Some(found) = kept(&self.lock())
        {
            return Ok(found);
        }
        self.read(|tx, all| kept(all).map_or_else(|| make(tx, all), Ok))
    }

    /// Users and devices.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn directory(&self) -> Result<Arc<DirectoryView>, OfficeError> {
        let kept = |kept: &Kept| kept.directory.clone();
        self.kept_or(kept, |tx, kept| {
            let view = Arc::new(fold_directory(&actions_of(tx, &DocName::Directory)?));
            kept.directory = Some(view.clone());
            Ok(view)
        })
    }

    /// Which packs were ever published.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn reference(&self) -> Result<Arc<ReferenceView>, OfficeError> {
        self.read(|tx, kept| kept.reference(tx))
    }

    /// What parts are called on a day, by the list valid then. Names are a help: without a readable list there are none.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn part_list(&self, day: NaiveDate) -> Result<Arc<PartList>, OfficeError> {
        self.read(|tx, kept| {
            let index = kept.reference(tx)?;
            let Some(entry) = index.valid_on("parts", &day.to_string()) else {
                return Ok(Arc::new(PartList::empty()));
            };
            let blob = &entry.pack.blob;
            if let Some((of, list)) = &kept.parts
                && of == blob
            {
                return Ok(list.clone());
            }
            let mut hash = [0_u8; 32];
            let bytes = match hex::decode_to_slice(blob, &mut hash) {
                Ok(()) => tx.blob(&hash)?,
                Err(_) => None,
            };
            // Bytes that are not there may still come; unreadable ones stay what they are.
            let Some(bytes) = bytes else {
                return Ok(Arc::new(PartList::empty()));
            };
            let text = std::str::from_utf8(&bytes).ok();
            let list = text.and_then(|text| PartList::read(text).ok());
            let list = Arc::new(list.unwrap_or_else(PartList::empty));
            kept.parts = Some((blob.clone(), list.clone()));
            Ok(list)
        })
    }

    /// A customer, asset, ticket or person; none if no fact ever named it.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn record(&self, doc: &DocName) -> Result<Option<Arc<RecordView>>, OfficeError> {
        let kept = |kept: &Kept| kept.records.get(doc).cloned().map(Some);
        self.kept_or(kept, |tx, kept| {
            let actions = actions_of(tx, doc)?;
            if actions.is_empty() {
                return Ok(None);
            }
            let view = Arc::new(fold_record(doc, &actions));
            if kept.records.len() >= RECORDS_KEPT {
                kept.records.clear();
            }
            kept.records.insert(doc.clone(), view.clone());
            Ok(Some(view))
        })
    }

    /// A work order with its visits and the movements made for it; none if no fact ever named it.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn order(&self, order: OrderId) -> Result<Option<Arc<OrderView>>, OfficeError> {
        let kept = |kept: &Kept| kept.orders.get(&order).cloned().map(Some);
        self.kept_or(kept, |tx, kept| {
            let mut input = family_of(tx, &DocName::Order(order).family())?;
            if input.is_empty() {
                return Ok(None);
            }
            let mut context = FoldContext::default();
            let engineers: BTreeSet<UserId> = input
                .iter()
                .filter_map(|action| match action.doc {
                    DocName::Visit(_, engineer) => Some(engineer),
                    _ => None,
                })
                .collect();
            for engineer in engineers {
                let index = kept.index(tx, engineer)?;
                index.add_to(&mut context, &input);
                input.extend(index.of_order(order));
            }
            let view = Arc::new(fold_order(order, &input, &context));
            self.folds.fetch_add(1, Ordering::Relaxed);
            if kept.orders.len() >= ORDERS_KEPT {
                // Finished orders are looked at one at a time; those under way all at once, by the board.
                kept.orders
                    .retain(|_, view| matches!(view.status, VisibleStatus::ToDo | VisibleStatus::Dispatched));
            }
            if kept.orders.len() >= ORDERS_KEPT {
                kept.orders.clear();
            }
            kept.orders.insert(order, view.clone());
            Ok(Some(view))
        })
    }

    /// One engineer's stock.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn van(&self, engineer: UserId) -> Result<Arc<VanView>, OfficeError> {
        let kept = |kept: &Kept| kept.vans.get(&engineer).cloned();
        self.kept_or(kept, |tx, kept| {
            let view = Arc::new(fold_van(engineer, &family_of(tx, &format!("van/{engineer}"))?));
            kept.vans.insert(engineer, view.clone());
            Ok(view)
        })
    }

    /// All movements of stores and vans together: the store's balance needs both.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn stock(&self) -> Result<Arc<StockView>, OfficeError> {
        let kept = |kept: &Kept| kept.stock.clone();
        self.kept_or(kept, |tx, kept| {
            let mut actions = Vec::new();
            for prefix in ["store/", "van/"] {
                for doc in tx.doc_names(prefix)? {
                    actions.extend(actions_of(tx, &doc)?);
                }
            }
            let view = Arc::new(fold_stock(&actions));
            kept.stock = Some(view.clone());
            Ok(view)
        })
    }

    /// What changed since the last call.
    pub(super) fn take_changed(&self) -> Result<Changed, OfficeError> {
        let take = |kept: &mut Kept| Changed {
            upto: kept.upto,
            ..std::mem::take(&mut kept.changed)
        };
        if self.looked {
            return Ok(take(&mut self.lock()));
        }
        self.read(|_, kept| Ok(take(kept)))
    }

    /// What could not be worked off is still to be given.
    pub(super) fn give_back(&self, changed: Changed) {
        let mut kept = self.lock();
        kept.changed.orders.extend(changed.orders);
        kept.changed.records.extend(changed.records);
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
    /// The packs.
    fn reference(&mut self, tx: &dyn ReadTx) -> Result<Arc<ReferenceView>, OfficeError> {
        if let Some(view) = &self.reference {
            return Ok(view.clone());
        }
        let view = Arc::new(fold_reference(&actions_of(tx, &DocName::ReferenceIndex)?));
        self.reference = Some(view.clone());
        Ok(view)
    }

    /// The movements of one engineer.
    fn index(&mut self, tx: &dyn ReadTx, engineer: UserId) -> Result<Arc<VanIndex>, OfficeError> {
        if let Some(index) = self.indexes.get(&engineer) {
            return Ok(index.clone());
        }
        let index = Arc::new(VanIndex::of(family_of(tx, &format!("van/{engineer}"))?));
        self.indexes.insert(engineer, index.clone());
        Ok(index)
    }

    /// Reads an engineer's movements again and throws out the orders for which there are new ones.
    fn forget_van(&mut self, tx: &dyn ReadTx, engineer: UserId) -> Result<(), OfficeError> {
        self.vans.remove(&engineer);
        let before = self.indexes.remove(&engineer);
        for order in self.index(tx, engineer)?.changed_since(before.as_deref()) {
            self.orders.remove(&order);
            self.changed.orders.insert(order);
        }
        Ok(())
    }

    fn forget(&mut self, doc: &DocName) {
        match doc {
            DocName::Directory => self.directory = None,
            DocName::ReferenceIndex => self.reference = None,
            other => match other.order() {
                Some(order) => {
                    self.orders.remove(&order);
                    self.changed.orders.insert(order);
                }
                None => {
                    self.records.remove(other);
                    self.changed.records.insert(other.clone());
                }
            },
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

/// A family's actions.
///
/// # Errors
/// [`OfficeError::Unexpected`].
pub(super) fn family_of(tx: &dyn ReadTx, family: &str) -> Result<Vec<StoredAction>, OfficeError> {
    Ok(tx.actions_of_family(family)?.into_iter().map(stored).collect())
}
