//! Opening the file: key, pragmas, schema, and what to do with a damaged one.
//!
//! | pragma | value | why |
//! | --- | --- | --- |
//! | `page_size` | 4096 | the flash's unit; must stand before the first table |
//! | `auto_vacuum` | INCREMENTAL | dropped photos give their space back in small steps; before the first table |
//! | `journal_mode` | WAL | readers never wait for the writer |
//! | `synchronous` | FULL | acknowledged means durable: WAL with NORMAL loses the last commits with the battery |
//! | `foreign_keys` | ON | a fact without its change is a bug that shall show at once |
//! | `busy_timeout` | 5 s | an app extension may hold the file for a moment |
//! | `temp_store` | MEMORY | Android has no temporary folder |
//! | `wal_autocheckpoint`, `journal_size_limit` | 4000 pages, 16 MB | the log stays bounded; a save in a hundred and more pays for writing it back, none for growing it again |

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{StoreError, migrations};

/// How long to wait for another process.
const BUSY: Duration = Duration::from_secs(5);

/// What was saved from a damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Where the damaged file is now.
    pub moved_to: PathBuf,
    /// Changes that could be read and passed the gate again, unsent ones included.
    pub changes: usize,
    /// Of these, own ones that no server has yet.
    pub unsent: usize,
    /// Whether some part could not be read.
    pub incomplete: bool,
}

/// The writer connection, schema brought to the newest.
pub(super) fn writer(
    path: &Path,
    key: Option<&[u8; 32]>,
    now_ms: i64,
) -> Result<(Connection, Option<Recovered>), StoreError> {
    if key.is_some() && !cfg!(feature = "sqlcipher") {
        return Err(StoreError::NoEncryption);
    }
    let mut connection = match try_writer(path, key) {
        Err(StoreError::Damaged) => {
            move_aside(path, now_ms)?;
            try_writer(path, key)?
        }
        opened => opened?,
    };
    // The note survives a kill in the middle of the salvage, which is repeatable.
    let note = beside(path, ".salvage");
    let Ok(aside) = std::fs::read_to_string(&note) else {
        bring_up(&mut connection)?;
        return Ok((connection, None));
    };
    let aside = path.with_file_name(aside.trim());
    if !aside.exists() {
        // Killed between the note and the renaming, and the file opened whole after all.
        std::fs::remove_file(&note)?;
        bring_up(&mut connection)?;
        return Ok((connection, None));
    }
    let recovered = super::salvage::salvage(&aside, key, &mut connection, now_ms)?;
    std::fs::remove_file(&note)?;
    bring_up(&mut connection)?;
    Ok((connection, Some(recovered)))
}

/// Projections of another version of the code are made again.
fn bring_up(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut parsed = super::parsed::Parsed::default();
    super::projections::bring_up(&super::Reading::new(&transaction, &mut parsed))?;
    super::photos::sweep(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Opens a moved file for reading what can be read.
pub(super) fn damaged(path: &Path, key: Option<&[u8; 32]>) -> Result<Connection, StoreError> {
    // Read-write: the log that was moved with it may have to be read, and an index made for it.
    connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

fn try_writer(path: &Path, key: Option<&[u8; 32]>) -> Result<Connection, StoreError> {
    let existed = std::fs::metadata(path).is_ok_and(|meta| meta.len() > 0);
    if existed {
        // Looked at through a read-only connection first: a newer file, or one under another key, stays as it is.
        let look = connect(path, key, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        migrations::check(&look).map_err(|error| wrong_key(error, path, key))?;
        if suspect_mark(path).exists() && !is_whole(&look)? {
            return Err(StoreError::Damaged);
        }
    }
    let mut connection = connect(
        path,
        key,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    )?;
    if !existed {
        connection.pragma_update(None, "page_size", 4096)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.query_row("PRAGMA wal_autocheckpoint = 4000", [], |_| Ok(()))?;
    connection.query_row("PRAGMA journal_size_limit = 16777216", [], |_| Ok(()))?;
    migrations::migrate(&mut connection, migrations::NEWEST)?;
    // Documents whose projections are stale inside the running transaction; see `projections`.
    connection
        .execute_batch("CREATE TEMP TABLE IF NOT EXISTS dirty (name TEXT PRIMARY KEY) WITHOUT ROWID")?;
    // Only now: a mark that led to nothing is taken away once the file opened whole.
    let _ = std::fs::remove_file(suspect_mark(path));
    Ok(connection)
}

/// The reader connection: sees committed states, writes nothing.
pub(super) fn reader(path: &Path, key: Option<&[u8; 32]>) -> Result<Connection, StoreError> {
    connect(path, key, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect(path: &Path, key: Option<&[u8; 32]>, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    if let Some(key) = key {
        // A raw key: no derivation, it comes from the platform's keystore (design 4). Must be the first statement.
        connection.execute_batch(&format!("PRAGMA key = \"x'{}'\";", hex::encode(key)))?;
    }
    connection.busy_timeout(BUSY)?;
    // Plans do not follow the values that are bound: SQLite would make a statement anew at nearly every use of it,
    // which took a quarter of the time of a save.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// SQLCipher cannot tell another key from noise; a file that is not plain is one of another key, never a damaged
/// one, because a damaged one would be moved aside.
fn wrong_key(error: StoreError, path: &Path, key: Option<&[u8; 32]>) -> StoreError {
    if !matches!(error, StoreError::Damaged) || !cfg!(feature = "sqlcipher") {
        return error;
    }
    if key.is_some() || !header_is_plain(path) {
        return StoreError::WrongKey;
    }
    error
}

/// Whether the file begins as a plain SQLite file does.
pub(super) fn header_is_plain(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0_u8; 16];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .is_ok_and(|()| &head == b"SQLite format 3\0")
}

fn is_whole(connection: &Connection) -> Result<bool, StoreError> {
    match connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0)) {
        Ok(answer) => Ok(answer == "ok"),
        Err(error) => match StoreError::from(error) {
            StoreError::Damaged => Ok(false),
            other => Err(other),
        },
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn suspect_mark(path: &Path) -> PathBuf {
    beside(path, ".suspect")
}

/// Best effort: without the mark the next open finds the damage when it meets it.
pub(super) fn mark_suspect(path: &Path) {
    if let Err(error) = std::fs::write(suspect_mark(path), b"") {
        tracing::error!(kind = ?error.kind(), "could not mark the file as suspect");
    }
}

/// Renames the file with its log; never overwrites an earlier one.
fn move_aside(path: &Path, now_ms: i64) -> Result<PathBuf, StoreError> {
    let free = (0_u32..)
        .map(|count| beside(path, &format!(".damaged-{now_ms}-{count}")))
        .find(|candidate| !candidate.exists() && !beside(candidate, "-wal").exists())
        .ok_or(StoreError::Io(std::io::ErrorKind::AlreadyExists))?;
    let name = free
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    std::fs::write(beside(path, ".salvage"), name)?;
    // The log first: were the process killed between the two, a damaged file without its log is moved at the next
    // open, while a log without its file would be read as the new file's.
    let log = beside(path, "-wal");
    if log.exists() {
        std::fs::rename(&log, beside(&free, "-wal"))?;
    }
    let index = beside(path, "-shm");
    if index.exists() {
        // The index is made again from the log.
        std::fs::remove_file(&index)?;
    }
    std::fs::rename(path, &free)?;
    let _ = std::fs::remove_file(suspect_mark(path));
    tracing::error!("a damaged file was moved aside");
    Ok(free)
}
