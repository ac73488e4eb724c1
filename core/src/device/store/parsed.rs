//! Facts parsed once and kept beside the connection that read them (design 4): a save parses what is new, and folds
//! once what it asks about, however much was written before.
//!
//! Invariants:
//! * What is kept of a document is what the file holds of it in the running transaction: each use compares the
//!   document's `epoch` (it counts removals) and reads the changes behind the last one kept. Row numbers of committed
//!   changes are never used twice (`AUTOINCREMENT`).
//! * Each connection has its own: what the writer has not committed, no reader meets.
//! * A write that was given up leaves nothing: what was kept until then is forgotten as a whole.
//! * It is a cache. Emptied at any moment, it changes no result (`a_kept_fold_is_the_fold_of_the_file`).

use std::cell::{RefCell, RefMut};
use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::StoreError;
use super::changes::split_hashes;
use crate::domain::ids::{ActionId, OrderId};
use crate::facts::{
    DocName, FoldContext, OrderView, ParsedAction, RecordView, StoredAction, fold_order_parsed,
    fold_record_parsed,
};

/// Bytes of action strings of which the parsed facts are kept: some thousand actions, a few MB in memory.
const KEPT_BYTES: usize = 1024 * 1024;
/// Views of work orders kept: the few that an engineer works in at a time.
const KEPT_VIEWS: usize = 16;

/// How far a document was read: its row, its epoch, its last change.
pub(super) type Version = (i64, i64, i64);

/// A connection inside a transaction, with the facts that it parsed before.
pub struct Reading<'c> {
    connection: &'c Connection,
    parsed: RefCell<&'c mut Parsed>,
}

impl Deref for Reading<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reading")
    }
}

/// Facts of some documents, and up to where.
#[derive(Debug, Default)]
pub struct Facts {
    /// The parsed actions.
    pub actions: Vec<Arc<ParsedAction>>,
    /// What they are the facts of.
    pub(super) versions: Vec<Version>,
}

/// What one connection keeps.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    docs: HashMap<i64, Kept>,
    views: VecDeque<KeptView>,
    bytes: usize,
    tick: u64,
    /// Whether a write began of which nobody said that it was committed.
    unsettled: bool,
}

#[derive(Debug)]
struct Kept {
    epoch: i64,
    upto: i64,
    bytes: usize,
    used: u64,
    actions: Vec<Arc<ParsedAction>>,
    /// Beside the actions of a van: what they name.
    names: Vec<Named>,
    /// The record that these actions alone fold to, once asked for.
    record: Option<Arc<RecordView>>,
}

/// What an action of a van names in its string.
#[derive(Debug)]
struct Named {
    orders: Vec<OrderId>,
    /// A reversal names only a movement.
    reverses: bool,
}

#[derive(Debug)]
struct KeptView {
    order: OrderId,
    versions: Vec<Version>,
    context: FoldContext,
    view: Arc<OrderView>,
}

impl Parsed {
    /// Begins a write.
    pub(super) fn unsettle(&mut self) {
        if self.unsettled {
            *self = Self::default();
        }
        self.unsettled = true;
    }

    /// The write was committed.
    pub(super) fn settle(&mut self) {
        self.unsettled = false;
        self.trim(KEPT_BYTES);
    }

    /// Forgets the documents that were not used for longest.
    fn trim(&mut self, bytes: usize) {
        if self.bytes <= bytes {
            return;
        }
        let mut by_use: Vec<(u64, i64)> = self.docs.iter().map(|(doc, kept)| (kept.used, *doc)).collect();
        by_use.sort_unstable();
        for (_, doc) in by_use {
            if self.bytes <= bytes / 2 {
                break;
            }
            if let Some(kept) = self.docs.remove(&doc) {
                self.bytes = self.bytes.saturating_sub(kept.bytes);
            }
        }
    }

    /// The document, read up to its last change.
    fn bring_up(
        &mut self,
        connection: &Connection,
        doc: i64,
        epoch: i64,
        name: &DocName,
    ) -> Result<&mut Kept, StoreError> {
        // A long write (a first sync) reads more than is worth keeping.
        self.trim(4 * KEPT_BYTES);
        self.tick += 1;
        let kept = self.docs.entry(doc).or_insert_with(|| Kept::new(epoch));
        if kept.epoch != epoch {
            self.bytes = self.bytes.saturating_sub(kept.bytes);
            *kept = Kept::new(epoch);
        }
        kept.used = self.tick;
        let before = kept.bytes;
        kept.read(connection, doc, name)?;
        self.bytes += kept.bytes - before;
        Ok(kept)
    }
}

impl Kept {
    fn new(epoch: i64) -> Self {
        Self {
            epoch,
            upto: 0,
            bytes: 0,
            used: 0,
            actions: Vec::new(),
            names: Vec::new(),
            record: None,
        }
    }

    fn read(&mut self, connection: &Connection, doc: i64, name: &DocName) -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT f.change, f.key, f.text, c.hash, c.deps, c.actor
             FROM facts f JOIN changes c ON c.id = f.change
             WHERE f.doc = ?1 AND f.change > ?2 ORDER BY f.change",
        )?;
        let mut rows = statement.query(params![doc, self.upto])?;
        let is_van = matches!(name, DocName::VanField(..) | DocName::VanOffice(..));
        while let Some(row) = rows.next()? {
            let text: String = row.get(2)?;
            let deps = row.get_ref(4)?;
            let deps = deps
                .as_blob()
                .map_err(|_| StoreError::Malformed { what: "deps" })?;
            if is_van {
                self.names.push(Named::read(&text));
            }
            let stored = StoredAction {
                doc: name.clone(),
                key: ActionId(uuid::Uuid::from_bytes(row.get(1)?)),
                text: Arc::from(text),
                hash: row.get(3)?,
                deps: split_hashes(deps)?,
                actor: row.get(5)?,
            };
            self.bytes += stored.text.len();
            self.actions.push(Arc::new(ParsedAction::read(&stored)));
            self.upto = row.get(0)?;
            self.record = None;
        }
        Ok(())
    }
}

impl Named {
    fn read(text: &str) -> Self {
        let mut orders = Vec::new();
        for (at, prefix) in text.match_indices("order/") {
            let id = text
                .get(at + prefix.len()..)
                .and_then(|rest| rest.get(..36))
                .and_then(|id| id.parse::<OrderId>().ok().filter(|order| order.to_string() == id));
            orders.extend(id);
        }
        Self {
            orders,
            reverses: text.contains("\"reverse\""),
        }
    }
}

impl<'c> Reading<'c> {
    pub(super) fn new(connection: &'c Connection, parsed: &'c mut Parsed) -> Self {
        Self {
            connection,
            parsed: RefCell::new(parsed),
        }
    }

    /// Forgets what was parsed: the next fold reads the file.
    pub(super) fn forget(&self) {
        **self.parsed() = Parsed {
            unsettled: true,
            ..Parsed::default()
        };
    }

    /// Runs `work` over the same connection with nothing kept.
    #[cfg(test)]
    pub(crate) fn afresh<T>(&self, work: impl FnOnce(&Reading<'_>) -> T) -> T {
        work(&Reading::new(self.connection, &mut Parsed::default()))
    }

    fn parsed(&self) -> RefMut<'_, &'c mut Parsed> {
        self.parsed.borrow_mut()
    }

    /// The facts of one document.
    ///
    /// # Errors
    /// [`StoreError::Malformed`]; those of SQLite.
    pub(super) fn of_doc(&self, name: &DocName) -> Result<Facts, StoreError> {
        let mut facts = Facts::default();
        if let Some((doc, epoch)) = self.row_of(name)? {
            let mut parsed = self.parsed();
            let kept = parsed.bring_up(self.connection, doc, epoch, name)?;
            facts.versions.push((doc, epoch, kept.upto));
            facts.actions.extend_from_slice(&kept.actions);
        }
        Ok(facts)
    }

    /// The facts of the documents of a family.
    ///
    /// # Errors
    /// As [`Reading::of_doc`].
    pub(super) fn of_family(&self, family: &str) -> Result<Facts, StoreError> {
        let mut facts = Facts::default();
        let mut parsed = self.parsed();
        for (doc, epoch, name) in self.rows_of(family)? {
            let kept = parsed.bring_up(self.connection, doc, epoch, &name)?;
            facts.versions.push((doc, epoch, kept.upto));
            facts.actions.extend_from_slice(&kept.actions);
        }
        Ok(facts)
    }

    /// Of the facts of a van's documents those that have to do with an order.
    ///
    /// # Errors
    /// As [`Reading::of_doc`].
    pub(super) fn of_van_for(
        &self,
        family: &str,
        order: OrderId,
    ) -> Result<Vec<Arc<ParsedAction>>, StoreError> {
        let mut found = Vec::new();
        let mut parsed = self.parsed();
        for (doc, epoch, name) in self.rows_of(family)? {
            let kept = parsed.bring_up(self.connection, doc, epoch, &name)?;
            let named = kept.actions.iter().zip(&kept.names);
            found.extend(
                named
                    .filter(|(_, names)| names.reverses || names.orders.contains(&order))
                    .map(|(action, _)| Arc::clone(action)),
            );
        }
        Ok(found)
    }

    /// The fold of an order's facts; the same once more where neither they nor their context changed.
    pub fn order_view(&self, order: OrderId, facts: &Facts, context: FoldContext) -> Arc<OrderView> {
        let mut parsed = self.parsed();
        let place = parsed.views.iter().position(|kept| kept.order == order);
        if let Some(kept) = place.and_then(|place| parsed.views.remove(place))
            && kept.versions == facts.versions
            && kept.context == context
        {
            let view = Arc::clone(&kept.view);
            parsed.views.push_back(kept);
            return view;
        }
        let view = Arc::new(fold_order_parsed(order, &facts.actions, &context));
        if parsed.views.len() >= KEPT_VIEWS {
            parsed.views.pop_front();
        }
        parsed.views.push_back(KeptView {
            order,
            versions: facts.versions.clone(),
            context,
            view: Arc::clone(&view),
        });
        view
    }

    /// The fold of a record's own document, and its facts.
    ///
    /// # Errors
    /// As [`Reading::of_doc`].
    pub(super) fn record_alone(
        &self,
        name: &DocName,
    ) -> Result<(Arc<RecordView>, Vec<Arc<ParsedAction>>), StoreError> {
        let fold = |actions: &[Arc<ParsedAction>]| {
            Arc::new(fold_record_parsed(name, actions, &FoldContext::default()))
        };
        let Some((doc, epoch)) = self.row_of(name)? else {
            return Ok((fold(&[]), Vec::new()));
        };
        let mut parsed = self.parsed();
        let kept = parsed.bring_up(self.connection, doc, epoch, name)?;
        let view = kept.record.get_or_insert_with(|| fold(&kept.actions));
        Ok((Arc::clone(view), kept.actions.clone()))
    }

    fn row_of(&self, name: &DocName) -> Result<Option<(i64, i64)>, StoreError> {
        use rusqlite::OptionalExtension as _;
        Ok(self
            .prepare_cached("SELECT id, epoch FROM docs WHERE name = ?1")?
            .query_row([name.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    fn rows_of(&self, family: &str) -> Result<Vec<(i64, i64, DocName)>, StoreError> {
        let mut statement = self.prepare_cached("SELECT id, epoch, name FROM docs WHERE family = ?1")?;
        let mut rows = statement.query([family])?;
        let mut docs = Vec::new();
        while let Some(row) = rows.next()? {
            let name = row
                .get_ref(2)?
                .as_str()
                .ok()
                .and_then(|name| name.parse().ok())
                .ok_or(StoreError::Malformed { what: "name" })?;
            docs.push((row.get(0)?, row.get(1)?, name));
        }
        Ok(docs)
    }
}
