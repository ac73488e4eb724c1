//! Automerge documents kept warm for writing. A cache: raw changes are the authority (design 4).
//!
//! Invariant: a document is taken out before it is written to and put back only after the transaction of its new
//! change has committed, so that a rolled-back write never stays in memory.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use crate::documents::{Document, DocumentError};

/// Documents kept in memory: the few that an engineer works in at a time.
const CAPACITY: usize = 16;
/// A document is saved compact once this many changes stand behind its last snapshot.
const SNAPSHOT_AFTER: i64 = 64;

/// A document up to a change.
#[derive(Debug)]
pub struct WarmDocument {
    /// Row of the document.
    pub doc: i64,
    /// The document.
    pub document: Document,
    epoch: i64,
    upto: i64,
}

/// The warm documents, least recently used first.
#[derive(Debug, Default)]
pub struct Warm {
    entries: VecDeque<WarmDocument>,
    loads: u64,
}

impl Warm {
    /// Takes out the document, brought up to what the file holds in this transaction.
    ///
    /// # Errors
    /// Those of SQLite; [`StoreError::Document`] where the stored changes do not apply (a bug: the gate lets only
    /// such changes in that do).
    pub fn take(&mut self, connection: &Connection, doc: i64) -> Result<WarmDocument, StoreError> {
        let epoch: i64 = connection
            .prepare_cached("SELECT epoch FROM docs WHERE id = ?1")?
            .query_row([doc], |row| row.get(0))?;
        let kept = self
            .entries
            .iter()
            .position(|entry| entry.doc == doc)
            .and_then(|place| self.entries.remove(place))
            .filter(|entry| entry.epoch == epoch && !entry.document.is_broken());
        let mut entry = match kept {
            Some(entry) => entry,
            None => {
                self.loads = self.loads.saturating_add(1);
                from_snapshot(connection, doc, epoch)?
            }
        };
        let mut statement = connection
            .prepare_cached("SELECT id, bytes FROM changes WHERE doc = ?1 AND id > ?2 ORDER BY id")?;
        let behind = statement
            .query_map(params![doc, entry.upto], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<Vec<(i64, Vec<u8>)>, _>>()?;
        if let Some((last, _)) = behind.last() {
            entry.upto = *last;
            let bytes: Vec<&[u8]> = behind.iter().map(|(_, bytes)| bytes.as_slice()).collect();
            entry.document.apply(&bytes)?;
        }
        Ok(entry)
    }

    /// Puts a document back after the commit; `upto` is the row of the change that it wrote, if it did.
    pub fn put_back(&mut self, mut entry: WarmDocument, upto: Option<i64>) {
        if let Some(upto) = upto {
            entry.upto = upto;
        }
        if self.entries.len() >= CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Saves compact every warm document behind whose snapshot many changes stand, so that the next cold load is short.
    /// Not part of a save, which would wait for it: an answer of the server is the moment, and the pause of an app.
    /// Failing to is no failure of what it follows: everything stands in the changes.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn compact(&mut self, connection: &Connection) -> Result<(), StoreError> {
        for entry in &mut self.entries {
            compact(connection, entry)?;
        }
        Ok(())
    }

    /// How many documents were built from the file so far: a metric.
    pub const fn loads(&self) -> u64 {
        self.loads
    }

    /// Forgets all: the file may be another one now.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

fn from_snapshot(connection: &Connection, doc: i64, epoch: i64) -> Result<WarmDocument, StoreError> {
    let snapshot: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT upto, bytes FROM snapshots WHERE doc = ?1")?
        .query_row([doc], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    // A snapshot that does not load is left aside: everything stands in the changes.
    let loaded = snapshot.and_then(|(upto, bytes)| Some((upto, Document::load(&bytes).ok()?)));
    let (upto, document) = loaded.unwrap_or_else(|| (0, Document::new()));
    Ok(WarmDocument {
        doc,
        document,
        epoch,
        upto,
    })
}

fn compact(connection: &Connection, entry: &mut WarmDocument) -> Result<(), StoreError> {
    // A document of another epoch holds changes that the file does not.
    let behind: Option<i64> = connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM changes WHERE doc = ?1 AND id <= ?2
                       AND id > coalesce((SELECT upto FROM snapshots WHERE doc = ?1), 0))
             FROM docs WHERE id = ?1 AND epoch = ?3",
        )?
        .query_row(params![entry.doc, entry.upto, entry.epoch], |row| row.get(0))
        .optional()?;
    if behind.is_none_or(|behind| behind < SNAPSHOT_AFTER) {
        return Ok(());
    }
    match entry.document.save_checked() {
        Ok(bytes) => {
            connection
                .prepare_cached("INSERT OR REPLACE INTO snapshots (doc, upto, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![entry.doc, entry.upto, bytes])?;
        }
        Err(error) => tracing::error!(%error, "a document could not be compacted"),
    }
    Ok(())
}

impl From<DocumentError> for StoreError {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}
