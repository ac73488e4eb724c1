//! One SQLite file that holds everything a phone has (design 4).
//!
//! Invariants: every write is one immediate transaction and is on disk when the call returns (WAL,
//! `synchronous=FULL`); a file of a newer version is refused untouched; a damaged file is moved aside, never
//! deleted, and what can be read of it goes into a new one; what the gate refused is kept in quarantine.

pub mod ancestry;
pub mod blobs;
pub mod changes;
pub mod cursor;
pub mod drafts;
pub mod error;
pub mod identity;
pub mod ingest;
pub mod migrations;
pub mod open;
pub mod parsed;
pub mod photos;
pub mod projections;
pub mod read;
mod salvage;
pub mod search;
pub mod sync_rows;
pub mod warm;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use crate::domain::ids::OrderId;

pub use error::StoreError;
pub use open::Recovered;
use parsed::Parsed;
pub use parsed::Reading;

/// The store: one writer connection, one reader connection.
///
/// A reader never waits for a writer. The writer's mutex orders all writes of this process; `busy_timeout` those
/// of another process (an app extension).
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    key: Option<[u8; 32]>,
    // Dropped in this order: the last connection writes the log back into the file, which a reader cannot.
    reader: Mutex<Option<Line>>,
    writer: Mutex<Option<Line>>,
    /// Orders whose rows were made again and that nobody was told of yet.
    changed: Mutex<BTreeSet<OrderId>>,
}

/// A connection with the facts that it parsed: they end with it.
#[derive(Debug)]
struct Line {
    connection: Connection,
    parsed: Parsed,
}

impl Line {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            parsed: Parsed::default(),
        }
    }
}

impl Store {
    /// Opens or makes the file at `path`; with `key`, encrypted (feature `sqlcipher`).
    ///
    /// The second value says what was salvaged, where the file was damaged and moved aside.
    ///
    /// # Errors
    /// [`StoreError::Newer`] and [`StoreError::WrongKey`] leave the file as it is; [`StoreError::NoEncryption`]
    /// where this build cannot encrypt; [`StoreError::Full`], [`StoreError::Sqlite`], [`StoreError::Io`].
    pub fn open(
        path: &Path,
        key: Option<[u8; 32]>,
        now_ms: i64,
    ) -> Result<(Self, Option<Recovered>), StoreError> {
        let (writer, recovered) = open::writer(path, key.as_ref(), now_ms)?;
        let reader = open::reader(path, key.as_ref())?;
        let store = Self {
            path: path.to_owned(),
            key,
            reader: Mutex::new(Some(Line::new(reader))),
            writer: Mutex::new(Some(Line::new(writer))),
            changed: Mutex::new(BTreeSet::new()),
        };
        Ok((store, recovered))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` in one immediate transaction and commits it. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// Those of `work`, after which nothing of it remains; [`StoreError::Closed`]; those of SQLite.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut guard = lock(&self.writer);
        let Line { connection, parsed } = guard.as_mut().ok_or(StoreError::Closed)?;
        // Where this write is given up, or panics, the next one forgets what it had parsed.
        parsed.unsettle();
        let result = (|| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(StoreError::from)?;
            let reading = Reading::new(&transaction, parsed);
            let value = work(&reading)?;
            let changed = projections::refresh(&reading)?;
            transaction.commit().map_err(StoreError::from)?;
            parsed.settle();
            if !changed.is_empty() {
                lock(&self.changed).extend(changed);
            }
            Ok(value)
        })();
        drop(guard);
        result
    }

    /// Notes that what stands beside an order's facts changed: what is unsent of it, its photos.
    pub fn note_changed(&self, orders: impl IntoIterator<Item = OrderId>) {
        lock(&self.changed).extend(orders);
    }

    /// Takes the orders whose rows changed since the last call.
    pub fn take_changed(&self) -> BTreeSet<OrderId> {
        std::mem::take(&mut *lock(&self.changed))
    }

    /// Runs `work` in one read transaction: it sees one state, whatever is written meanwhile.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Closed`]; those of SQLite.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut guard = lock(&self.reader);
        let Line { connection, parsed } = guard.as_mut().ok_or(StoreError::Closed)?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .map_err(StoreError::from)?;
        let done = work(&Reading::new(&transaction, parsed));
        drop(transaction);
        parsed.settle();
        done
    }

    /// Writes the log back into the file and closes both connections: no lock is held while the app sleeps
    /// (iOS ends an app that holds one). Idempotent.
    ///
    /// # Errors
    /// Those of the checkpoint; the connections are closed all the same.
    pub fn pause(&self) -> Result<(), StoreError> {
        drop(lock(&self.reader).take());
        let Some(Line { connection, .. }) = lock(&self.writer).take() else {
            return Ok(());
        };
        let checkpoint = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        drop(connection);
        checkpoint.map_err(StoreError::from)
    }

    /// Opens the connections again after [`Store::pause`]. Idempotent.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub fn resume(&self, now_ms: i64) -> Result<Option<Recovered>, StoreError> {
        let mut writer = lock(&self.writer);
        let mut reader = lock(&self.reader);
        if writer.is_some() && reader.is_some() {
            return Ok(None);
        }
        let (connection, recovered) = open::writer(&self.path, self.key.as_ref(), now_ms)?;
        *reader = Some(Line::new(open::reader(&self.path, self.key.as_ref())?));
        *writer = Some(Line::new(connection));
        Ok(recovered)
    }

    /// Leaves a mark beside the file after SQLite said that it is damaged, so that the next open checks the whole
    /// file and moves it aside.
    pub fn suspect(&self) {
        open::mark_suspect(&self.path);
    }
}

/// A poisoned lock is taken all the same: the transaction of the thread that panicked was rolled back when it
/// was dropped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
