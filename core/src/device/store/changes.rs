//! Changes that passed the gate, with the facts that they carry, and those that did not.
//!
//! Invariant: a row in `changes` has all its ancestors in `changes`, its string in `facts`, and `heads` is exactly
//! the set of changes of the document that no other depends on.

use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, projections};
use crate::domain::ids::ActionId;
use crate::facts::DocName;

/// A SHA-256 of a change or a blob.
pub type Hash = [u8; 32];

/// Whose a change is and whether the server has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Made on this phone, no server has confirmed it.
    OwnUnsent = 0,
    /// Made on this phone (or by its engineer), the server's receipt is stored.
    OwnSent = 1,
    /// Came from the server.
    Foreign = 2,
}

impl Origin {
    /// From its number in the file.
    ///
    /// # Errors
    /// [`StoreError::Malformed`] for any other number.
    pub fn from_number(number: i64) -> Result<Self, StoreError> {
        match number {
            0 => Ok(Self::OwnUnsent),
            1 => Ok(Self::OwnSent),
            2 => Ok(Self::Foreign),
            _ => Err(StoreError::Malformed { what: "state" }),
        }
    }
}

/// How much a change is worth in the outbox (design 5, batches): lower goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A sealed report, or what hands it in.
    Sealed = 0,
    /// Facts of finished work.
    Finished = 1,
    /// The rest.
    Rest = 2,
}

/// A change that passed the gate, as it is put in.
#[derive(Debug, Clone, Copy)]
pub struct NewChange<'a> {
    /// Its document.
    pub doc: &'a DocName,
    /// Its hash.
    pub hash: &'a Hash,
    /// Its actor.
    pub actor: &'a [u8; 16],
    /// The actor's counter.
    pub seq: u64,
    /// Its one operation's counter.
    pub op: u64,
    /// Its action's `n`.
    pub n: u64,
    /// Its action's id.
    pub key: ActionId,
    /// What it depends on.
    pub deps: &'a [Hash],
    /// The plain chunk.
    pub bytes: &'a [u8],
    /// Its action's string.
    pub text: &'a str,
    /// Whose it is.
    pub origin: Origin,
    /// What it is worth.
    pub value: Value,
    /// The blobs that its facts name.
    pub blobs: &'a [Hash],
}

/// A SQLite integer from a counter; the gate bounds counters far below.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A counter from a SQLite integer.
pub(super) fn counter(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The hashes in a `deps` column.
///
/// # Errors
/// [`StoreError::Malformed`].
pub fn split_hashes(bytes: &[u8]) -> Result<Vec<Hash>, StoreError> {
    let (chunks, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() {
        Ok(chunks.to_vec())
    } else {
        Err(StoreError::Malformed { what: "deps" })
    }
}

/// The row of a document, if this phone knows it.
///
/// # Errors
/// Those of SQLite.
pub fn find_doc(connection: &Connection, name: &DocName) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM docs WHERE name = ?1")?
        .query_row([name.to_string()], |row| row.get(0))
        .optional()?)
}

/// The row of a document, made where it is missing.
///
/// # Errors
/// Those of SQLite.
pub fn ensure_doc(connection: &Connection, name: &DocName) -> Result<i64, StoreError> {
    if let Some(id) = find_doc(connection, name)? {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO docs (name, family) VALUES (?1, ?2)")?
        .execute(params![name.to_string(), name.family()])?;
    let id = connection.last_insert_rowid();
    projections::mark_dirty(connection, &name.to_string())?;
    Ok(id)
}

/// Puts in a change that the gate accepted: row, facts, heads, counters, blob references. Returns its row.
///
/// # Errors
/// Those of SQLite.
pub fn insert(connection: &Connection, change: &NewChange<'_>) -> Result<i64, StoreError> {
    let doc = ensure_doc(connection, change.doc)?;
    connection
        .prepare_cached(
            "INSERT INTO changes (hash, doc, actor, seq, op, n, key, deps, bytes, state, value)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            change.hash,
            doc,
            change.actor,
            number(change.seq),
            number(change.op),
            number(change.n),
            change.key.0.as_bytes(),
            change.deps.concat(),
            change.bytes,
            change.origin as i64,
            change.value as i64,
        ])?;
    let row = connection.last_insert_rowid();
    projections::mark_dirty(connection, &change.doc.to_string())?;
    connection
        .prepare_cached("INSERT INTO facts (change, doc, key, text) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![row, doc, change.key.0.as_bytes(), change.text])?;
    let mut drop_head = connection.prepare_cached("DELETE FROM heads WHERE doc = ?1 AND hash = ?2")?;
    for dep in change.deps {
        drop_head.execute(params![doc, dep])?;
    }
    connection
        .prepare_cached("INSERT INTO heads (doc, hash) VALUES (?1, ?2)")?
        .execute(params![doc, change.hash])?;
    connection
        .prepare_cached(
            "UPDATE docs SET max_op = max(max_op, ?2), max_n = max(max_n, ?3),
                    started = max(started, ?4) WHERE id = ?1",
        )?
        .execute(params![
            doc,
            number(change.op),
            number(change.n),
            i64::from(change.origin == Origin::OwnUnsent)
        ])?;
    for blob in change.blobs {
        connection
            .prepare_cached("INSERT OR IGNORE INTO blob_refs (change, sha256) VALUES (?1, ?2)")?
            .execute(params![row, blob])?;
        // Wanted unless it is here.
        connection
            .prepare_cached("INSERT OR IGNORE INTO blobs (sha256, state) VALUES (?1, 3)")?
            .execute([blob])?;
    }
    Ok(row)
}

/// The highest `n` of a family (design 3): a new action takes one more.
///
/// # Errors
/// Those of SQLite.
pub fn highest_n(connection: &Connection, family: &str) -> Result<u64, StoreError> {
    let highest: Option<i64> = connection
        .prepare_cached("SELECT max(max_n) FROM docs WHERE family = ?1")?
        .query_row([family], |row| row.get(0))?;
    Ok(counter(highest.unwrap_or(0)))
}

/// The heads of a document, ascending.
///
/// # Errors
/// Those of SQLite.
pub fn heads(connection: &Connection, doc: i64) -> Result<Vec<Hash>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT hash FROM heads WHERE doc = ?1 ORDER BY hash")?;
    let rows = statement.query_map([doc], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Holds a well-formed change until `needs` arrives (design 5, «parked»).
///
/// # Errors
/// Those of SQLite.
pub fn park(
    connection: &Connection,
    doc: &DocName,
    hash: &Hash,
    bytes: &[u8],
    origin: Origin,
    needs: &Hash,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO parked (hash, doc, bytes, state, needs) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (hash, doc) DO UPDATE SET needs = excluded.needs",
        )?
        .execute(params![hash, doc.to_string(), bytes, origin as i64, needs])?;
    Ok(())
}

/// Keeps what was refused, with the code of the reason.
///
/// # Errors
/// Those of SQLite.
pub fn quarantine(
    connection: &Connection,
    doc: &str,
    hash: &Hash,
    bytes: &[u8],
    own: bool,
    reason: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO quarantine (hash, doc, bytes, own, reason, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![hash, doc, bytes, own, reason, now_ms])?;
    Ok(())
}

/// The highest `n` of one document.
///
/// # Errors
/// Those of SQLite.
pub fn highest_n_of_doc(connection: &Connection, doc: &DocName) -> Result<u64, StoreError> {
    let highest: Option<i64> = connection
        .prepare_cached("SELECT max_n FROM docs WHERE name = ?1")?
        .query_row([doc.to_string()], |row| row.get(0))
        .optional()?;
    Ok(counter(highest.unwrap_or(0)))
}

/// The row of a document's change.
///
/// # Errors
/// Those of SQLite, also where there is none.
pub fn row_of(connection: &Connection, doc: i64, hash: &Hash) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM changes WHERE hash = ?1 AND doc = ?2")?
        .query_row(params![hash, doc], |row| row.get(0))?)
}
