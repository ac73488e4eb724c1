//! Photos: taken here and owed to the server, or fetched from it (design 4 and 5, I9).
//!
//! Invariants: a photo is mentioned only in the transaction that links it whole, its chunks having gone in before by
//! small transactions of their own; bytes taken here go only when two backups of the server hold them, or after its
//! receipt with the person's word; row and thumbnail stay.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::blobs::{self, CHUNK};
use super::changes::{Hash, counter, number};
use super::{StoreError, cursor};
use crate::domain::ids::OrderId;
use crate::facts::{Action, Fact};
use crate::wire::LARGE_BLOB_MAX;

/// Free pages that one release gives back to the disk.
const VACUUM_PAGES: u32 = 4_096;

/// A photo that this phone knows beside its mention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoRow {
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// How many there are.
    pub size: u64,
    /// Taken here.
    pub own: bool,
    /// Bytes on the server's disk; none before the upload was begun.
    pub sent: Option<u64>,
    /// The receipt's row.
    pub server_row: Option<u64>,
    /// Whether the bytes are here, whole.
    pub here: bool,
}

const COLUMNS: &str = "p.sha256, p.size, p.own, p.sent, p.server_row,
    EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = p.sha256 AND b.size IS NOT NULL)";

fn read(row: &Row<'_>) -> rusqlite::Result<PhotoRow> {
    Ok(PhotoRow {
        sha256: row.get(0)?,
        size: counter(row.get(1)?),
        own: row.get(2)?,
        sent: row.get::<_, Option<i64>>(3)?.map(counter),
        server_row: row.get::<_, Option<i64>>(4)?.map(counter),
        here: row.get(5)?,
    })
}

/// Keeps one chunk of a photo that is not linked yet.
///
/// # Errors
/// Those of SQLite.
pub fn put_chunk(connection: &Connection, hash: &Hash, place: usize, bytes: &[u8]) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO blob_chunks (sha256, place, bytes) VALUES (?1, ?2, ?3)")?
        .execute(params![hash, i64::try_from(place).unwrap_or(i64::MAX), bytes])?;
    Ok(())
}

/// Whether the bytes are here, whole.
///
/// # Errors
/// Those of SQLite.
pub fn is_here(connection: &Connection, hash: &Hash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM blobs WHERE sha256 = ?1 AND size IS NOT NULL)")?
        .query_row([hash], |row| row.get(0))?)
}

/// What a photo that is linked is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Taken here, for an order.
    Order(OrderId),
    /// Taken here, for a movement of the van.
    Van,
    /// Fetched from the server.
    Fetched,
}

/// Makes a photo whose chunks are all here one of this phone's: what was taken here is owed to the server. `false`, and
/// nothing done, where a chunk is missing.
///
/// # Errors
/// Those of SQLite.
pub fn link(
    connection: &Connection,
    hash: &Hash,
    size: usize,
    thumbnail: &[u8],
    taken: For,
) -> Result<bool, StoreError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let chunks: Option<i64> = connection
        .prepare_cached("SELECT sum(length(bytes)) FROM blob_chunks WHERE sha256 = ?1")?
        .query_row([hash], |row| row.get(0))?;
    if chunks != Some(size) {
        return Ok(false);
    }
    // Never in the lane of small blobs: what is owed stands in `photos`.
    connection
        .prepare_cached(
            "INSERT INTO blobs (sha256, size, state) VALUES (?1, ?2, 2)
             ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, state = 2 WHERE blobs.size IS NULL",
        )?
        .execute(params![hash, size])?;
    connection
        .prepare_cached(
            "INSERT INTO photos (sha256, size, thumbnail, own) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (sha256) DO UPDATE SET own = max(own, excluded.own)",
        )?
        .execute(params![hash, size, thumbnail, taken != For::Fetched])?;
    if let For::Order(order) = taken {
        connection
            .prepare_cached("INSERT OR IGNORE INTO photo_orders (\"order\", sha256) VALUES (?1, ?2)")?
            .execute(params![order.to_string(), hash])?;
    }
    Ok(true)
}

/// Takes away what interrupted intakes left. What is being fetched stays, to be continued.
pub(super) fn sweep(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM blob_chunks WHERE sha256 NOT IN (SELECT sha256 FROM blobs WHERE size IS NOT NULL)
           AND sha256 NOT IN (SELECT sha256 FROM photos)",
        [],
    )?;
    Ok(())
}

/// The photo, if this phone knows more of it than its mention.
///
/// # Errors
/// Those of SQLite.
pub fn find(connection: &Connection, hash: &Hash) -> Result<Option<PhotoRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM photos p WHERE p.sha256 = ?1"))?
        .query_row([hash], read)
        .optional()?)
}

/// The small picture for lists.
///
/// # Errors
/// Those of SQLite.
pub fn thumbnail(connection: &Connection, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT thumbnail FROM photos WHERE sha256 = ?1 AND length(thumbnail) > 0")?
        .query_row([hash], |row| row.get(0))
        .optional()?)
}

/// Photos that the server does not have whole yet, the oldest first.
///
/// # Errors
/// Those of SQLite.
pub fn owed(connection: &Connection) -> Result<Vec<PhotoRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM photos p WHERE p.own = 1 AND p.server_row IS NULL ORDER BY p.id"
    ))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many photos are owed, and how many bytes of them.
///
/// # Errors
/// Those of SQLite.
pub fn waiting(connection: &Connection) -> Result<(u32, u64), StoreError> {
    let (count, bytes): (u32, Option<i64>) = connection
        .prepare_cached(
            "SELECT count(*), sum(size - coalesce(sent, 0)) FROM photos WHERE own = 1 AND server_row IS NULL",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count, counter(bytes.unwrap_or(0))))
}

/// By order: photos taken here, and how many of them are on the server.
///
/// # Errors
/// Those of SQLite.
pub fn counts(connection: &Connection) -> Result<BTreeMap<String, (u32, u32)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT o.\"order\", count(*), count(p.server_row) FROM photo_orders o JOIN photos p ON p.sha256 = o.sha256
         GROUP BY o.\"order\"",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The orders for which a photo was taken here.
///
/// # Errors
/// Those of SQLite.
pub fn orders_of(connection: &Connection, hash: &Hash) -> Result<Vec<OrderId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT \"order\" FROM photo_orders WHERE sha256 = ?1")?;
    let names = statement.query_map([hash], |row| row.get::<_, String>(0))?;
    names
        .map(|name| name?.parse().map_err(|_| StoreError::Malformed { what: "order" }))
        .collect()
}

/// A part of a photo's bytes; shorter at its end.
///
/// # Errors
/// Those of SQLite.
pub fn piece(connection: &Connection, hash: &Hash, from: u64, length: u64) -> Result<Vec<u8>, StoreError> {
    let place = |at: u64| number(at / CHUNK as u64);
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM blob_chunks WHERE sha256 = ?1 AND place BETWEEN ?2 AND ?3 ORDER BY place",
    )?;
    let until = from.saturating_add(length);
    let chunks = statement.query_map(
        params![hash, place(from), place(until.saturating_sub(1))],
        |row| row.get::<_, Vec<u8>>(0),
    )?;
    let mut bytes = chunks.collect::<Result<Vec<_>, _>>()?.concat();
    let skip = usize::try_from(from % CHUNK as u64).unwrap_or(0).min(bytes.len());
    bytes.drain(..skip);
    bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    Ok(bytes)
}

/// Notes how far the server is; never while its receipt stands here.
///
/// # Errors
/// Those of SQLite.
pub fn set_sent(connection: &Connection, hash: &Hash, sent: Option<u64>) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE photos SET sent = ?2 WHERE sha256 = ?1 AND server_row IS NULL")?
        .execute(params![hash, sent.map(number)])?;
    Ok(())
}

/// Keeps the server's receipt: it has the photo whole, under the hash.
///
/// # Errors
/// Those of SQLite.
pub fn set_receipt(connection: &Connection, hash: &Hash, row: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE photos SET sent = size, server_row = ?2 WHERE sha256 = ?1")?
        .execute(params![hash, number(row)])?;
    Ok(())
}

/// How many bytes a photo has by its mention; `None` where no fact on this phone names it.
///
/// # Errors
/// Those of SQLite.
pub fn mentioned(connection: &Connection, sha256: &str) -> Result<Option<u64>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT text FROM facts WHERE text LIKE '%\"photo\"%' || ?1 || '%'")?;
    let mut rows = statement.query([sha256])?;
    while let Some(row) = rows.next()? {
        let Ok(action) = Action::parse(&row.get::<_, String>(0)?) else {
            continue;
        };
        for raw in &action.facts {
            if let Ok(Some(Fact::Photo(photo))) = Fact::read(raw)
                && photo.blob == sha256
                && photo.size <= LARGE_BLOB_MAX
            {
                return Ok(Some(photo.size));
            }
        }
    }
    Ok(None)
}

/// How much of a photo that is being fetched is here, in whole chunks from its beginning.
///
/// # Errors
/// Those of SQLite.
pub fn fetched(connection: &Connection, hash: &Hash) -> Result<u64, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT place, length(bytes) FROM blob_chunks WHERE sha256 = ?1 ORDER BY place")?;
    let mut rows = statement.query([hash])?;
    let (mut expected, mut bytes) = (0_i64, 0_u64);
    while let Some(row) = rows.next()? {
        let (place, length): (i64, i64) = (row.get(0)?, row.get(1)?);
        if place != expected {
            break;
        }
        expected += 1;
        bytes += counter(length);
    }
    Ok(bytes)
}

/// Begins to fetch: from here on its chunks are no orphans.
///
/// # Errors
/// Those of SQLite.
pub fn begin_fetch(connection: &Connection, hash: &Hash, size: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO photos (sha256, size, thumbnail, own) VALUES (?1, ?2, x'', 0)",
        )?
        .execute(params![hash, number(size)])?;
    Ok(())
}

/// Ends a fetch: checks the hash and links, or throws the chunks away. Whether it is the photo.
///
/// # Errors
/// Those of SQLite.
pub fn end_fetch(connection: &Connection, hash: &Hash, thumbnail: &[u8]) -> Result<bool, StoreError> {
    let bytes = piece(connection, hash, 0, u64::MAX)?;
    let found: Hash = Sha256::digest(&bytes).into();
    if found != *hash {
        delete_chunks(connection, hash)?;
        return Ok(false);
    }
    connection
        .prepare_cached("UPDATE photos SET thumbnail = ?2 WHERE sha256 = ?1 AND length(thumbnail) = 0")?
        .execute(params![hash, thumbnail])?;
    link(connection, hash, bytes.len(), thumbnail, For::Fetched)
}

/// Whether the bytes may go without anybody's word (I9): they were never owed, or two backups hold the receipt's row.
///
/// # Errors
/// Those of the store.
pub fn is_backed_up(connection: &Connection, photo: &PhotoRow) -> Result<bool, StoreError> {
    let backed_up = cursor::load(connection)?.backed_up;
    Ok(!photo.own
        || photo
            .server_row
            .is_some_and(|row| backed_up.is_some_and(|upto| row <= upto)))
}

/// Lets the bytes go; row, thumbnail and mention stay. Whoever calls has asked [`is_backed_up`] or the person.
///
/// # Errors
/// Those of SQLite.
pub fn release(connection: &Connection, hash: &Hash) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM blobs WHERE sha256 = ?1")?
        .execute([hash])?;
    delete_chunks(connection, hash)?;
    connection.execute_batch(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
    Ok(())
}

fn delete_chunks(connection: &Connection, hash: &Hash) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM blob_chunks WHERE sha256 = ?1")?
        .execute([hash])?;
    Ok(())
}

/// Photos whose bytes are here and may go without anybody's word.
///
/// # Errors
/// Those of the store.
pub fn releasable(connection: &Connection) -> Result<Vec<PhotoRow>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM photos p ORDER BY p.id"))?;
    let rows = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
    let mut free = Vec::new();
    for photo in rows.into_iter().filter(|photo| photo.here) {
        if is_backed_up(connection, &photo)? {
            free.push(photo);
        }
    }
    Ok(free)
}

/// The bytes of a photo, whole and checked.
///
/// # Errors
/// [`StoreError::Damaged`] where they have another hash; those of SQLite.
pub fn bytes(connection: &Connection, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
    blobs::get(connection, hash)
}
