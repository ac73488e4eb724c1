//! Bytes named by their SHA-256: sealed files, packs, photos. Up to 16 KB inline, larger ones in chunks.
//!
//! Invariant: what `get` returns has the hash that it was asked for.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::StoreError;
use super::changes::{Hash, Origin};
use crate::wire::SMALL_BLOB_MAX;

/// Bytes of one chunk of a large blob.
pub const CHUNK: usize = 64 * 1024;

/// Keeps `bytes`; returns their SHA-256. Idempotent; an own unsent blob stays unsent until a receipt comes.
///
/// # Errors
/// Those of SQLite.
pub fn put(connection: &Connection, bytes: &[u8], origin: Origin) -> Result<Hash, StoreError> {
    let hash: Hash = Sha256::digest(bytes).into();
    let inline = (bytes.len() <= SMALL_BLOB_MAX).then_some(bytes);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO blobs (sha256, size, bytes, state) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, bytes = excluded.bytes, state = excluded.state
             WHERE blobs.size IS NULL",
        )?
        .execute(params![hash, size, inline, origin as i64])?;
    if inline.is_none() {
        let mut insert = connection
            .prepare_cached("INSERT OR IGNORE INTO blob_chunks (sha256, place, bytes) VALUES (?1, ?2, ?3)")?;
        for (place, chunk) in bytes.chunks(CHUNK).enumerate() {
            insert.execute(params![hash, i64::try_from(place).unwrap_or(i64::MAX), chunk])?;
        }
    }
    Ok(hash)
}

/// The bytes with this SHA-256, if they are here whole.
///
/// # Errors
/// [`StoreError::Damaged`] where the stored bytes have another hash; those of SQLite.
pub fn get(connection: &Connection, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
    let Some((Some(_), inline)) = connection
        .prepare_cached("SELECT size, bytes FROM blobs WHERE sha256 = ?1")?
        .query_row([hash], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
        })
        .optional()?
    else {
        return Ok(None);
    };
    let bytes = match inline {
        Some(bytes) => bytes,
        None => {
            let mut statement = connection
                .prepare_cached("SELECT bytes FROM blob_chunks WHERE sha256 = ?1 ORDER BY place")?;
            let chunks = statement.query_map([hash], |row| row.get::<_, Vec<u8>>(0))?;
            chunks.collect::<Result<Vec<_>, _>>()?.concat()
        }
    };
    let found: Hash = Sha256::digest(&bytes).into();
    if found == *hash {
        Ok(Some(bytes))
    } else {
        Err(StoreError::Damaged)
    }
}
