//! What the server said about the changes and blobs that were sent.
//!
//! Everything sent and not named as an exception is on the server's disk (design 5, «Durable first»).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::super::StoreError;
use super::super::changes::{Hash, counter, number};
use super::replay::{self, Withdrawn};
use super::{Applied, Storing};
use crate::device::sync::Receipt;
use crate::facts::DocName;
use crate::wire::{Exception, Postponed, Reason};

/// In `changes.parked_there`: postponed because the server had too much to do at once.
const POSTPONED_BUSY: i64 = 2;
/// In `changes.parked_there`: postponed because too much of this device waits there.
const POSTPONED_WAITING: i64 = 3;

/// Why the server postponed something that is still unsent, if it did: the reason that asks for more patience.
///
/// # Errors
/// Those of SQLite.
pub fn postponed(connection: &Connection) -> Result<Option<Postponed>, StoreError> {
    let mark: Option<i64> = connection
        .prepare_cached("SELECT max(parked_there) FROM changes WHERE state = 0")?
        .query_row([], |row| row.get(0))?;
    Ok(match mark {
        Some(POSTPONED_BUSY) => Some(Postponed::Busy),
        Some(POSTPONED_WAITING) => Some(Postponed::Waiting),
        _ => None,
    })
}

/// The outcome of a request's changes.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Accepted changes in request order: document and hash.
    pub(super) accepted: Vec<(String, Hash)>,
    /// Actions to write again because an ancestor was refused, in causal order.
    pub(super) withdrawn: Vec<Withdrawn>,
}

#[derive(Default)]
struct Exceptions {
    refused: BTreeMap<Hash, Reason>,
    parked: BTreeMap<Hash, Vec<Hash>>,
    postponed: BTreeMap<Hash, Postponed>,
    blobs: BTreeSet<Hash>,
}

pub(super) fn settle(
    connection: &Connection,
    receipt: &Receipt,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<Settled, StoreError> {
    let exceptions = read_exceptions(receipt);
    let mut settled = Settled::default();
    for (doc, hash) in &receipt.changes {
        let kept_there = !exceptions.refused.contains_key(hash)
            && !exceptions.parked.contains_key(hash)
            && !exceptions.postponed.contains_key(hash);
        if kept_there {
            settled.accepted.push((doc.clone(), *hash));
        }
    }
    let rows = rows_of(&receipt.answer.rows, settled.accepted.len());
    for (place, (doc, hash)) in settled.accepted.iter().enumerate() {
        accept(connection, doc, hash, rows.get(place).copied())?;
    }
    park(connection, &exceptions, applied)?;
    for blob in &receipt.blobs {
        if exceptions.blobs.contains(blob) {
            applied.stored.held.insert(*blob);
        } else {
            connection
                .prepare_cached("UPDATE blobs SET state = 1 WHERE sha256 = ?1 AND state = 0")?
                .execute([blob])?;
        }
    }
    settled.withdrawn = refuse(connection, receipt, &exceptions, storing, applied)?;
    Ok(settled)
}

fn read_exceptions(receipt: &Receipt) -> Exceptions {
    let mut out = Exceptions::default();
    for exception in &receipt.answer.exceptions {
        match exception {
            Exception::Quarantined { hash, reason } => {
                out.refused.insert(**hash, *reason);
            }
            Exception::Parked { hash, needs } => {
                out.parked
                    .insert(**hash, needs.iter().map(|need| **need).collect());
            }
            Exception::Postponed { hash, why } => {
                out.postponed.insert(**hash, *why);
            }
            Exception::BlobRefused { sha256 } => {
                out.blobs.insert(**sha256);
            }
            // Of our own making it can only be a defect; its action is kept like any refused one.
            Exception::Unreadable { frame } => {
                let place = receipt.frames.iter().position(|sent| *sent == **frame);
                if let Some((_, hash)) = place.and_then(|place| receipt.changes.get(place)) {
                    out.refused.insert(*hash, Reason::Gate);
                }
            }
        }
    }
    out
}

/// The row numbers of the accepted changes; none where the runs do not add up to them.
fn rows_of(runs: &[(u64, u32)], accepted: usize) -> Vec<u64> {
    let total: u64 = runs.iter().map(|(_, length)| u64::from(*length)).sum();
    if usize::try_from(total) != Ok(accepted) {
        tracing::warn!("row numbers do not match the accepted changes");
        return Vec::new();
    }
    runs.iter()
        .flat_map(|(first, length)| (0..u64::from(*length)).map(move |step| first.saturating_add(step)))
        .collect()
}

/// Marks a change as on the server's disk.
pub(super) fn accept(
    connection: &Connection,
    doc: &str,
    hash: &Hash,
    row: Option<u64>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE changes SET state = CASE state WHEN 0 THEN 1 ELSE state END, parked_there = 0,
                    server_row = coalesce(?3, server_row)
             WHERE hash = ?2 AND doc = (SELECT id FROM docs WHERE name = ?1)",
        )?
        .execute(params![doc, hash, row.map(number)])?;
    Ok(())
}

/// Marks an own change that came from the server: it is on its disk, in a row up to `seen`, whatever became of the
/// answer that had its row number.
pub(super) fn came_back(
    connection: &Connection,
    doc: &DocName,
    hash: &Hash,
    seen: u64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE changes SET state = CASE state WHEN 0 THEN 1 ELSE state END, parked_there = 0,
                    server_row = coalesce(server_row, ?3)
             WHERE hash = ?2 AND state <> 2 AND doc = (SELECT id FROM docs WHERE name = ?1)",
        )?
        .execute(params![doc.to_string(), hash, number(seen)])?;
    Ok(())
}

/// Parked or postponed there is not acknowledged: it stays in the outbox. What it waits for and this phone wrote itself is
/// offered again: the server lost it.
fn park(connection: &Connection, exceptions: &Exceptions, applied: &mut Applied) -> Result<(), StoreError> {
    for (hash, needs) in &exceptions.parked {
        connection
            .prepare_cached("UPDATE changes SET parked_there = 1 WHERE hash = ?1 AND state = 0")?
            .execute([hash])?;
        applied.stored.held.insert(*hash);
        for need in needs {
            connection
                .prepare_cached("UPDATE changes SET state = 0 WHERE hash = ?1 AND state = 1")?
                .execute([need])?;
        }
    }
    for (hash, why) in &exceptions.postponed {
        let mark = match why {
            Postponed::Busy => POSTPONED_BUSY,
            Postponed::Waiting => POSTPONED_WAITING,
        };
        connection
            .prepare_cached("UPDATE changes SET parked_there = ?2 WHERE hash = ?1 AND state = 0")?
            .execute(params![hash, mark])?;
        applied.stored.held.insert(*hash);
    }
    Ok(())
}

/// Takes refused changes, and the unsent ones that build on them, out of their documents. The refused are kept in
/// quarantine; of a purged document nothing is kept.
fn refuse(
    connection: &Connection,
    receipt: &Receipt,
    exceptions: &Exceptions,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<Vec<Withdrawn>, StoreError> {
    let mut by_doc: BTreeMap<&str, BTreeSet<Hash>> = BTreeMap::new();
    for (doc, hash) in &receipt.changes {
        match exceptions.refused.get(hash) {
            // The device may not write any more: its work stays where it is, to be exported.
            Some(Reason::Revoked) => {
                applied.stored.held.insert(*hash);
            }
            Some(_) => {
                by_doc.entry(doc).or_default().insert(*hash);
            }
            None => {}
        }
    }
    let mut again = Vec::new();
    for (doc, refused) in by_doc {
        let Ok(name) = doc.parse::<DocName>() else {
            continue;
        };
        let withdrawn = replay::withdraw(connection, &name, &refused)?;
        applied.touched.insert(name.clone());
        applied.rewritten.insert(name.clone());
        for change in withdrawn {
            match exceptions.refused.get(&change.hash) {
                // A fresh actor has no previous change that could be too far.
                None | Some(Reason::Ancestor | Reason::Far) => again.push(change),
                Some(Reason::Purged) => {
                    applied
                        .quarantined
                        .push((change.hash, Reason::Purged.as_str().to_owned()));
                }
                Some(reason) => {
                    replay::quarantine(connection, &change, reason.as_str(), storing.now_ms, applied)?;
                }
            }
        }
    }
    Ok(again)
}

/// Whether an own change is in the outbox; `None` where it is not here.
pub(super) fn state_of(
    connection: &Connection,
    doc: &DocName,
    hash: &Hash,
) -> Result<Option<u64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT state FROM changes WHERE hash = ?2 AND doc = (SELECT id FROM docs WHERE name = ?1)",
        )?
        .query_row(params![doc.to_string(), hash], |row| Ok(counter(row.get(0)?)))
        .optional()?)
}
