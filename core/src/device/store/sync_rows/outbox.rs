//! What goes out next.
//!
//! Order: documents by their most valuable unsent change (sealed reports, facts of finished work, the rest), the
//! file's order inside each, which is causal. A small blob stands right behind the first change that names it, or
//! at the very front where that change is out already.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::super::changes::Hash;
use crate::device::sync::{Outgoing, Stored, Unsent};
use crate::wire::{BATCH_TARGET, Position, REQUEST_CHANGES_MAX, SMALL_BLOB_MAX};

/// Raw bytes read for one request. Changes compress to a third: more than this never fits into one flight.
const READ_MAX: usize = 8 * BATCH_TARGET;
/// Wanted blobs read for one request.
const WANT_MAX: usize = 64;
/// Blobs asked for again in one request: an idle sync stays small.
const AGAIN_MAX: usize = 4;

/// A blob that a document in scope names: of one that was kept after its removal (I16) the server gives none.
const IN_SCOPE: &str =
    "EXISTS (SELECT 1 FROM blob_refs r JOIN changes c ON c.id = r.change JOIN docs d ON d.id = c.doc
                   WHERE r.sha256 = blobs.sha256 AND d.in_scope = 1)";

/// Reads the front of the outbox, the position and the wanted blobs, without what must not go again.
///
/// # Errors
/// Those of the store.
pub fn collect(
    connection: &Connection,
    skip: &BTreeSet<Hash>,
    asked: &BTreeSet<Hash>,
) -> Result<Outgoing, StoreError> {
    let mut outgoing = Outgoing {
        position: super::position::load(connection)?,
        ..Outgoing::default()
    };
    let mut taken = Taken {
        skip,
        seen: BTreeSet::new(),
        bytes: 0,
        unsent: Vec::new(),
    };
    left_behind(connection, &mut taken)?;
    let mut statement = connection.prepare_cached(
        "SELECT o.change, o.name, o.hash, c.bytes FROM outbox o JOIN changes c ON c.id = o.change
         ORDER BY o.doc_value, o.doc_first, o.doc, o.change",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if taken.is_full() {
            break;
        }
        let (id, doc, hash, bytes) = change(row)?;
        if !taken.push(Unsent::Change { doc, hash, bytes }) {
            continue;
        }
        for blob in blobs_of(connection, id)? {
            taken.push(blob);
        }
    }
    outgoing.unsent = taken.unsent;
    outgoing.want = wanted(connection, asked)?;
    Ok(outgoing)
}

/// Blobs to ask for: those that are wanted, and a few of those that the server did not have when it was asked last
/// (the change that names one may come before it), the longest unasked first.
fn wanted(connection: &Connection, asked: &BTreeSet<Hash>) -> Result<Vec<Hash>, StoreError> {
    let mut want = Vec::new();
    for (state, most) in [(3, WANT_MAX), (4, AGAIN_MAX)] {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT sha256 FROM blobs WHERE state = ?1 AND {IN_SCOPE} ORDER BY server_row, sha256"
        ))?;
        let hashes = statement
            .query_map([state], |row| row.get(0))?
            .collect::<Result<Vec<Hash>, _>>()?;
        want.extend(hashes.into_iter().filter(|hash| !asked.contains(hash)).take(most));
    }
    Ok(want)
}

/// What is in the outbox and wanted, for the session to decide whether it goes on.
pub(super) fn summary(connection: &Connection, stored: &mut Stored) -> Result<(), StoreError> {
    let size = i64::try_from(SMALL_BLOB_MAX).unwrap_or(i64::MAX);
    // Not UNION: SQLite would read every change by its hash to merge the two.
    let mut unsent = connection.prepare_cached(
        "SELECT hash FROM changes WHERE state = 0
         UNION ALL SELECT b.sha256 FROM blobs b WHERE b.state = 0 AND b.size <= ?1
           AND EXISTS (SELECT 1 FROM blob_refs r WHERE r.sha256 = b.sha256)",
    )?;
    stored.unsent = unsent
        .query_map([size], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut wanted = connection.prepare_cached(&format!(
        "SELECT sha256 FROM blobs WHERE state = 3 AND {IN_SCOPE}"
    ))?;
    stored.wanted = wanted
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(())
}

struct Taken<'a> {
    skip: &'a BTreeSet<Hash>,
    seen: BTreeSet<Hash>,
    bytes: usize,
    unsent: Vec<Unsent>,
}

impl Taken<'_> {
    fn is_full(&self) -> bool {
        self.bytes >= READ_MAX || self.unsent.len() >= REQUEST_CHANGES_MAX
    }

    /// Whether the frame goes out with this request or did before in it.
    fn push(&mut self, frame: Unsent) -> bool {
        let hash = *frame.hash();
        if self.skip.contains(&hash) {
            return false;
        }
        if self.seen.insert(hash) {
            self.bytes = self.bytes.saturating_add(frame.bytes().len());
            self.unsent.push(frame);
        }
        true
    }
}

/// Blobs whose change the server has.
fn left_behind(connection: &Connection, taken: &mut Taken<'_>) -> Result<(), StoreError> {
    let size = i64::try_from(SMALL_BLOB_MAX).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT b.sha256, b.bytes FROM blobs b
         WHERE b.state = 0 AND b.size <= ?1 AND b.bytes IS NOT NULL AND EXISTS (
           SELECT 1 FROM blob_refs r JOIN changes c ON c.id = r.change
           WHERE r.sha256 = b.sha256 AND c.state <> 0)
         ORDER BY b.size, b.sha256",
    )?;
    let mut rows = statement.query([size])?;
    while let Some(row) = rows.next()? {
        if taken.is_full() {
            break;
        }
        taken.push(Unsent::Blob {
            hash: row.get(0)?,
            bytes: row.get(1)?,
        });
    }
    Ok(())
}

fn blobs_of(connection: &Connection, change: i64) -> Result<Vec<Unsent>, StoreError> {
    let size = i64::try_from(SMALL_BLOB_MAX).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT b.sha256, b.bytes FROM blob_refs r JOIN blobs b ON b.sha256 = r.sha256
         WHERE r.change = ?1 AND b.state = 0 AND b.size <= ?2 AND b.bytes IS NOT NULL ORDER BY b.sha256",
    )?;
    let rows = statement.query_map(params![change, size], |row| {
        Ok(Unsent::Blob {
            hash: row.get(0)?,
            bytes: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn change(row: &Row<'_>) -> Result<(i64, String, Hash, Vec<u8>), StoreError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

/// The stored position, decoded.
pub(super) fn decode_position(bytes: &[u8]) -> Result<Position, StoreError> {
    minicbor::decode(bytes).map_err(|_| StoreError::Malformed { what: "position" })
}
