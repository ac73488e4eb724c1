//! The embedded storage: one SQLite file in WAL mode with `synchronous=FULL`, one writer connection, a pool of
//! readers, and group commit (design 6).
//!
//! Group commit: every write transaction is a savepoint inside one SQLite transaction. Whoever commits while nobody
//! waits for the writer ends that transaction, with its one fsync, for all; whoever commits while somebody waits hands
//! the writer on and waits for the fsync. Nobody is answered before it. A later member reads what an earlier one
//! wrote, and both reach the disk together or neither does.

mod accounts;
mod migrations;
mod read;
mod support;
mod uploads;
mod write;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::storage::{ReadTx, Result, Storage, StorageError, Tag, WriteTx};
use support::{error, is_full};

pub use migrations::SCHEMA;

/// Reader connections kept open; more are opened under load and closed again.
const READERS_KEPT: usize = 4;
/// Most transactions that share one fsync.
const GROUP_MAX: u32 = 64;
/// Prepared statements kept for each connection: more than there are.
const STATEMENTS: usize = 160;

/// The embedded storage. Cheap to share behind an `Arc`.
pub struct SqliteStorage {
    path: PathBuf,
    writer: Mutex<Writer>,
    waiting: AtomicU32,
    groups: Arc<Groups>,
    readers: Mutex<Vec<Connection>>,
}

struct Writer {
    connection: Connection,
    /// Number of the group that runs or comes next.
    group: u64,
    /// Whether its SQLite transaction is open.
    open: bool,
    /// Transactions committed into it so far.
    members: u32,
}

/// Which groups reached the disk.
#[derive(Default)]
struct Groups {
    ended: Mutex<Ended>,
    changed: Condvar,
}

#[derive(Default)]
struct Ended {
    upto: u64,
    failed: Vec<(u64, StorageError)>,
}

impl SqliteStorage {
    /// Opens (and, where there is none, creates) the database, migrating an older schema. `lineage` becomes tag(0) of a
    /// new database: 16 random bytes.
    ///
    /// # Errors
    /// [`StorageError::Newer`] for a file of a newer version, which is left untouched; else as the engine says.
    pub fn open(path: &Path, lineage: [u8; 16]) -> Result<Self> {
        let mut connection = Connection::open(path).map_err(error)?;
        migrations::migrate(&mut connection, lineage)?;
        prepare(&connection)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(Writer {
                connection,
                group: 1,
                open: false,
                members: 0,
            }),
            waiting: AtomicU32::new(0),
            groups: Arc::default(),
            readers: Mutex::default(),
        })
    }

    fn reader(&self) -> Result<Connection> {
        if let Some(connection) = lock(&self.readers).pop() {
            return Ok(connection);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(error)?;
        prepare(&connection)?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(error)?;
        Ok(connection)
    }
}

impl std::fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteStorage")
    }
}

/// A panic while a lock is held leaves the data behind it whole here: the savepoint of the panicking transaction is
/// rolled back when it is dropped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn prepare(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans do not follow the values that are bound: SQLite would make a statement anew at nearly every use of it.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(error)?;
    connection
        .busy_timeout(std::time::Duration::from_secs(5))
        .map_err(error)?;
    for (name, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        ("temp_store", "MEMORY"),
        ("cache_size", "-65536"),
        ("journal_size_limit", "67108864"),
        // 32 MB: pages that many requests write are written back once; durability does not hang on it.
        ("wal_autocheckpoint", "8000"),
    ] {
        connection.pragma_update(None, name, value).map_err(error)?;
    }
    Ok(())
}

/// Runs a statement without parameters or rows.
fn execute(connection: &Connection, sql: &str) -> Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    statement.execute([]).map(|_| ()).map_err(error)
}

impl Storage for SqliteStorage {
    fn read(&self) -> Result<Box<dyn ReadTx + '_>> {
        let connection = self.reader()?;
        let guard = ReadGuard {
            storage: self,
            connection: Some(connection),
        };
        execute(support::Access::connection(&guard), "BEGIN")?;
        let tx = Tx { access: guard };
        // SQLite takes its snapshot at the first read, not at BEGIN.
        ReadTx::head(&tx)?;
        Ok(Box::new(tx))
    }

    fn write(&self) -> Result<Box<dyn WriteTx + '_>> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut writer = lock(&self.writer);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let begun = writer.begin();
        if let Err(failure) = begun {
            writer.settle(&self.groups, &self.waiting);
            return Err(failure);
        }
        Ok(Box::new(Tx {
            access: WriteGuard {
                storage: self,
                writer: Some(writer),
                head: Cell::new(None),
            },
        }))
    }
}

impl Writer {
    fn begin(&mut self) -> Result<()> {
        if !self.open {
            execute(&self.connection, "BEGIN IMMEDIATE")?;
            self.open = true;
            self.members = 0;
        }
        execute(&self.connection, "SAVEPOINT member")
    }

    /// After a member ended: ends the group where nobody waits to join it, or it is full, or SQLite gave it up.
    fn settle(&mut self, groups: &Groups, waiting: &AtomicU32) {
        if !self.open {
            return;
        }
        let given_up = self.connection.is_autocommit();
        if !given_up && waiting.load(Ordering::SeqCst) > 0 && self.members < GROUP_MAX {
            return;
        }
        let outcome = if given_up {
            Err(StorageError::NotCommitted {
                detail: "the transaction was rolled back".to_owned(),
            })
        } else if self.members == 0 {
            execute(&self.connection, "ROLLBACK")
        } else {
            execute(&self.connection, "COMMIT")
        };
        if outcome.is_err() && !self.connection.is_autocommit() {
            // What could not be committed must not linger into the next group.
            drop(execute(&self.connection, "ROLLBACK"));
        }
        let mut ended = lock(&groups.ended);
        if let Err(failure) = outcome {
            tracing::error!(error = %failure, members = self.members, "a group of transactions was not committed");
            ended.failed.push((self.group, failure));
            let surplus = ended.failed.len().saturating_sub(64);
            ended.failed.drain(..surplus);
        }
        ended.upto = self.group;
        drop(ended);
        groups.changed.notify_all();
        self.group += 1;
        self.open = false;
        self.members = 0;
    }
}

impl Groups {
    /// Waits until the group reached the disk.
    fn wait(&self, group: u64) -> Result<()> {
        let mut ended = lock(&self.ended);
        while ended.upto < group {
            ended = self.changed.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
        match ended.failed.iter().find(|(failed, _)| *failed == group) {
            None => Ok(()),
            Some((_, failure)) => Err(failure.clone()),
        }
    }
}

/// A transaction over either kind of connection.
pub(super) struct Tx<A> {
    access: A,
}

/// A reader taken from the pool; goes back when dropped.
struct ReadGuard<'a> {
    storage: &'a SqliteStorage,
    connection: Option<Connection>,
}

impl Drop for ReadGuard<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if execute(&connection, "ROLLBACK").is_ok() {
            let mut readers = lock(&self.storage.readers);
            if readers.len() < READERS_KEPT {
                readers.push(connection);
            }
        }
    }
}

/// The writer, held; its savepoint is rolled back where it is dropped uncommitted.
struct WriteGuard<'a> {
    storage: &'a SqliteStorage,
    writer: Option<MutexGuard<'a, Writer>>,
    /// The sequence's head once this transaction has asked for it.
    head: Cell<Option<(u64, Tag)>>,
}

impl WriteGuard<'_> {
    fn commit(mut self) -> Result<()> {
        let Some(mut writer) = self.writer.take() else {
            return Err(StorageError::Engine {
                detail: "the transaction ended before".to_owned(),
            });
        };
        let group = writer.group;
        let released = execute(&writer.connection, "RELEASE member");
        if released.is_ok() {
            writer.members += 1;
        } else {
            writer.undo();
        }
        writer.settle(&self.storage.groups, &self.storage.waiting);
        drop(writer);
        released?;
        self.storage.groups.wait(group)
    }
}

impl Writer {
    fn undo(&mut self) {
        if !self.connection.is_autocommit() {
            let undone = execute(&self.connection, "ROLLBACK TO member")
                .and_then(|()| execute(&self.connection, "RELEASE member"));
            if let Err(failure) = undone {
                // Give up the whole group rather than commit half of a member.
                tracing::error!(error = %failure, full = is_full(&failure), "a savepoint could not be rolled back");
                drop(execute(&self.connection, "ROLLBACK"));
            }
        }
    }
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            writer.undo();
            writer.settle(&self.storage.groups, &self.storage.waiting);
        }
    }
}

impl support::Access for ReadGuard<'_> {
    #[expect(clippy::expect_used, reason = "taken only in drop")]
    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("a reader is there until dropped")
    }
}

impl support::Access for WriteGuard<'_> {
    #[expect(
        clippy::expect_used,
        reason = "taken only in commit and drop, which consume the guard"
    )]
    fn connection(&self) -> &Connection {
        &self
            .writer
            .as_ref()
            .expect("a writer is there until committed")
            .connection
    }
}

#[cfg(test)]
mod tests;
