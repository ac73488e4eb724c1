//! Turning SQLite's values and errors into ours.

use fieldseal_core::domain::ids::{DeviceId, UserId};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row};

use crate::storage::{Hash, Result, StorageError, split_hashes};

/// Whatever gives a connection inside a transaction.
pub(super) trait Access {
    /// The connection.
    fn connection(&self) -> &Connection;
}

/// Our error for one of the engine.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn error(failure: rusqlite::Error) -> StorageError {
    match &failure {
        rusqlite::Error::SqliteFailure(code, text) => {
            let detail = text.clone().unwrap_or_else(|| code.to_string());
            match code.code {
                ErrorCode::DiskFull => StorageError::Full,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StorageError::Busy,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    StorageError::Damaged { what: "database" }
                }
                ErrorCode::ConstraintViolation => StorageError::Constraint { detail },
                _ => StorageError::Engine { detail },
            }
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => StorageError::Damaged { what: "column" },
        _ => StorageError::Engine {
            detail: failure.to_string(),
        },
    }
}

/// Whether the disk is full.
pub(super) fn is_full(failure: &StorageError) -> bool {
    *failure == StorageError::Full
}

/// At most one row.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    statement
        .query_row(params, |row| Ok(read(row)))
        .optional()
        .map_err(error)?
        .transpose()
}

/// All rows.
pub(super) fn many<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    let mut rows = statement.query(params).map_err(error)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(error)? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// Runs a statement; how many rows it changed.
pub(super) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    statement.execute(params).map_err(error)
}

/// A column.
pub(super) fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T> {
    row.get(index).map_err(error)
}

/// A column of exactly `N` bytes.
pub(super) fn bytes<const N: usize>(row: &Row<'_>, index: usize) -> Result<[u8; N]> {
    row.get_ref(index)
        .map_err(error)?
        .as_blob()
        .ok()
        .and_then(|blob| blob.try_into().ok())
        .ok_or(StorageError::Damaged { what: "bytes" })
}

/// A column of exactly `N` bytes or NULL.
pub(super) fn bytes_or_null<const N: usize>(row: &Row<'_>, index: usize) -> Result<Option<[u8; N]>> {
    let value = row.get_ref(index).map_err(error)?;
    if matches!(value, rusqlite::types::ValueRef::Null) {
        Ok(None)
    } else {
        bytes(row, index).map(Some)
    }
}

/// A column that counts something.
pub(super) fn count(row: &Row<'_>, index: usize) -> Result<u64> {
    u64::try_from(get::<i64>(row, index)?).map_err(|_| StorageError::Damaged { what: "number" })
}

/// A number as SQLite keeps it. Rows, counters and `n` stay far below 2^63.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A list of hashes in one blob.
pub(super) fn hashes(row: &Row<'_>, index: usize) -> Result<Vec<Hash>> {
    let blob = row
        .get_ref(index)
        .map_err(error)?
        .as_blob()
        .map_err(|_| StorageError::Damaged { what: "hashes" })?;
    split_hashes(blob)
}

/// An engineer's column.
pub(super) fn user(row: &Row<'_>, index: usize) -> Result<UserId> {
    bytes::<16>(row, index).map(|id| UserId(uuid::Uuid::from_bytes(id)))
}

/// A device's column.
pub(super) fn device(row: &Row<'_>, index: usize) -> Result<DeviceId> {
    bytes::<16>(row, index).map(|id| DeviceId(uuid::Uuid::from_bytes(id)))
}
