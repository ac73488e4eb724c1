//! Keystrokes of forms that are not saved yet: they go here, never into a document (design 3). One save a group of
//! keystrokes; a draft survives a kill.

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// Longest draft, bytes: a form is far smaller, and a runaway caller must not fill the disk.
pub const DRAFT_MAX: usize = 256 * 1024;
/// Longest key, bytes.
pub const KEY_MAX: usize = 256;

/// Keeps `bytes` under `key`, replacing what was there.
///
/// # Errors
/// [`StoreError::Malformed`] beyond [`DRAFT_MAX`] or [`KEY_MAX`]; those of SQLite.
pub fn save(connection: &Connection, key: &str, bytes: &[u8], now_ms: i64) -> Result<(), StoreError> {
    if bytes.len() > DRAFT_MAX || key.len() > KEY_MAX {
        return Err(StoreError::Malformed { what: "draft" });
    }
    connection
        .prepare_cached(
            "INSERT INTO drafts (key, bytes, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, at = excluded.at",
        )?
        .execute(params![key, bytes, now_ms])?;
    Ok(())
}

/// The draft under `key`.
///
/// # Errors
/// Those of SQLite.
pub fn load(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT bytes FROM drafts WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

/// Forgets the draft under `key`: its form was saved or given up.
///
/// # Errors
/// Those of SQLite.
pub fn forget(connection: &Connection, key: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM drafts WHERE key = ?1")?
        .execute([key])?;
    Ok(())
}
