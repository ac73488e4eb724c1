//! Where this phone stands with its server, stored in the transaction of what it stands for (design 5).

use rusqlite::{Connection, params};

use super::StoreError;
use super::changes::{counter, number};

/// The one cursor row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// CBOR of `wire::Position`, as it came; none before the first sync.
    pub position: Option<Vec<u8>>,
    /// Rows up to here are in the last two restorable backups.
    pub backed_up: Option<u64>,
    /// Wall clock (ms) of the last complete sync.
    pub last_sync: Option<i64>,
    /// Server time minus wall clock at the last contact, ms.
    pub offset_ms: Option<i64>,
    /// Its uncertainty, ms.
    pub offset_err: Option<u64>,
    /// The boot in which it was measured.
    pub offset_boot: Option<u32>,
    /// Why repair is needed: `lineage` or `digest`.
    pub mismatch: Option<String>,
}

/// The cursor.
///
/// # Errors
/// Those of SQLite.
pub fn load(connection: &Connection) -> Result<Cursor, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT position, backed_up, last_sync, offset_ms, offset_err, offset_boot, mismatch
             FROM cursor WHERE one = 1",
        )?
        .query_row([], |row| {
            Ok(Cursor {
                position: row.get(0)?,
                backed_up: row.get::<_, Option<i64>>(1)?.map(counter),
                last_sync: row.get(2)?,
                offset_ms: row.get(3)?,
                offset_err: row.get::<_, Option<i64>>(4)?.map(counter),
                offset_boot: row.get(5)?,
                mismatch: row.get(6)?,
            })
        })?)
}

/// Writes the cursor.
///
/// # Errors
/// Those of SQLite.
pub fn save(connection: &Connection, cursor: &Cursor) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE cursor SET position = ?1, backed_up = ?2, last_sync = ?3, offset_ms = ?4, offset_err = ?5,
                    offset_boot = ?6, mismatch = ?7 WHERE one = 1",
        )?
        .execute(params![
            cursor.position,
            cursor.backed_up.map(number),
            cursor.last_sync,
            cursor.offset_ms,
            cursor.offset_err.map(number),
            cursor.offset_boot,
            cursor.mismatch,
        ])?;
    Ok(())
}
