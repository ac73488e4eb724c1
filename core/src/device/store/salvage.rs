//! Reads what can be read of a damaged file into a new one.
//!
//! Each table is read forwards and, where a page breaks the walk, backwards, so that one bad page costs what
//! stands on it and not what stands behind it. The position is not taken over: the server sends everything again.
//! Repeatable: what the new file has is left as it is.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, Row, TransactionBehavior};

use super::changes::Origin;
use super::{Recovered, StoreError, ingest, open};

/// One change as it stands in the damaged file.
struct Kept {
    id: i64,
    name: String,
    bytes: Vec<u8>,
    origin: Origin,
}

/// Salvages `aside` into `new`, in one transaction.
pub(super) fn salvage(
    aside: &Path,
    key: Option<&[u8; 32]>,
    new: &mut Connection,
    now_ms: i64,
) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered {
        moved_to: aside.to_owned(),
        changes: 0,
        unsent: 0,
        incomplete: false,
    };
    let Ok(old) = open::damaged(aside, key) else {
        recovered.incomplete = true;
        return Ok(recovered);
    };
    let transaction = new.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (table, columns, order) in PLAIN {
        recovered.incomplete |= !copy(&old, &transaction, table, columns, order)?;
    }
    let (kept, whole) = readable_changes(&old);
    recovered.incomplete |= !whole;
    for change in &kept {
        if ingest::ingest_salvaged(&transaction, &change.name, &change.bytes, change.origin, now_ms)? {
            recovered.changes += 1;
            recovered.unsent += usize::from(change.origin == Origin::OwnUnsent);
        } else {
            recovered.incomplete = true;
        }
    }
    transaction.commit()?;
    Ok(recovered)
}

/// Tables that are copied as they are: name, columns, key to walk by.
const PLAIN: &[(&str, &str, &str)] = &[
    (
        "identity",
        "one, device_key, tag, install, server_url, token, certificate, user, device, device_name, revoked",
        "one",
    ),
    ("drafts", "key, bytes, at", "key"),
    ("blobs", "sha256, size, bytes, state", "sha256"),
    ("blob_chunks", "sha256, place, bytes", "rowid"),
    (
        "photos",
        "id, sha256, size, thumbnail, own, sent, server_row",
        "id",
    ),
    ("photo_orders", "\"order\", sha256", "\"order\""),
    ("parked", "hash, doc, bytes, state, needs", "hash"),
    ("quarantine", "hash, doc, bytes, own, reason, at", "hash"),
];

/// Walks `SELECT … ORDER BY key` in both directions; whether it came through.
fn walk(
    old: &Connection,
    select: &str,
    key: &str,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> bool {
    for direction in ["ASC", "DESC"] {
        let outcome = (|| {
            let mut statement = old.prepare(&format!("{select} ORDER BY {key} {direction}"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                take(row)?;
            }
            Ok::<_, rusqlite::Error>(())
        })();
        if outcome.is_ok() {
            // Forwards to the end: whole. Backwards to the end after a break forwards: not whole.
            return direction == "ASC";
        }
    }
    false
}

fn copy(
    old: &Connection,
    new: &Connection,
    table: &str,
    columns: &str,
    key: &str,
) -> Result<bool, StoreError> {
    let places: Vec<String> = (1..=columns.split(',').count())
        .map(|place| format!("?{place}"))
        .collect();
    let insert = format!(
        "INSERT OR IGNORE INTO {table} ({columns}) VALUES ({})",
        places.join(", ")
    );
    let mut failed = None;
    let whole = walk(old, &format!("SELECT {columns} FROM {table}"), key, |row| {
        let values: Vec<rusqlite::types::Value> =
            (0..places.len()).map(|i| row.get(i)).collect::<Result<_, _>>()?;
        if let Err(error) = new.execute(&insert, rusqlite::params_from_iter(values)) {
            failed.get_or_insert(error);
        }
        Ok(())
    });
    match failed.map(StoreError::from) {
        // A value that the new schema refuses was damaged itself.
        Some(StoreError::Sqlite { .. }) => Ok(false),
        Some(error) => Err(error),
        None => Ok(whole),
    }
}

/// Every readable change, in causal order.
fn readable_changes(old: &Connection) -> (Vec<Kept>, bool) {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    let whole = walk(
        old,
        "SELECT c.id, coalesce((SELECT name FROM docs WHERE docs.id = c.doc), ''), c.bytes, c.state FROM changes c",
        "c.id",
        |row| {
            let id: i64 = row.get(0)?;
            let origin = Origin::from_number(row.get(3)?).unwrap_or(Origin::OwnUnsent);
            if seen.insert(id) {
                kept.push(Kept {
                    id,
                    name: row.get(1)?,
                    bytes: row.get(2)?,
                    origin,
                });
            }
            Ok(())
        },
    );
    kept.sort_by_key(|change| change.id);
    (kept, whole)
}
