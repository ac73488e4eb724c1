//! Taking changes out of a document, and writing their actions again.
//!
//! A change of which an ancestor was refused can never be accepted, but its action can: the same string, byte for
//! byte, in a new change on the server's copy, under a fresh actor (design 3, «A rightful writer's …»). What the
//! copy already holds is skipped.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::super::StoreError;
use super::super::changes::{self, Hash, Origin, split_hashes};
use super::super::ingest::{Ingested, ingest};
use super::{Applied, Storing};
use crate::documents::{Author, Document, DocumentError};
use crate::domain::ids::ActionId;
use crate::facts::DocName;

/// A change that was taken out.
#[derive(Debug, Clone)]
pub(super) struct Withdrawn {
    pub(super) doc: DocName,
    pub(super) hash: Hash,
    key: ActionId,
    text: String,
    bytes: Vec<u8>,
}

struct Row {
    id: i64,
    hash: Hash,
    deps: Vec<Hash>,
    state: i64,
}

/// Takes the refused changes and every unsent change that has one of them among its ancestors out of a document,
/// in causal order. Documents in memory and the snapshot are void after it.
pub(super) fn withdraw(
    connection: &Connection,
    doc: &DocName,
    refused: &BTreeSet<Hash>,
) -> Result<Vec<Withdrawn>, StoreError> {
    let Some(id) = changes::find_doc(connection, doc)? else {
        return Ok(Vec::new());
    };
    let mut gone = BTreeSet::new();
    let mut withdrawn = Vec::new();
    let mut heads: BTreeSet<Hash> = BTreeSet::new();
    for row in rows(connection, id)? {
        let builds_on_it = row.deps.iter().any(|dep| gone.contains(dep));
        // Only unsent ones: what the server has, it accepted, and with it all ancestors.
        if row.state == 0 && (builds_on_it || refused.contains(&row.hash)) {
            gone.insert(row.hash);
            withdrawn.push(take_out(connection, doc, &row)?);
        } else {
            for dep in &row.deps {
                heads.remove(dep);
            }
            heads.insert(row.hash);
        }
    }
    if !withdrawn.is_empty() {
        rebuild(connection, id, &heads)?;
    }
    Ok(withdrawn)
}

/// A document's changes in causal order.
fn rows(connection: &Connection, doc: i64) -> Result<Vec<Row>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, hash, deps, state FROM changes WHERE doc = ?1 ORDER BY id")?;
    let rows = statement
        .query_map([doc], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?, row.get(3)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter()
        .map(|(id, hash, deps, state)| {
            Ok(Row {
                id,
                hash,
                deps: split_hashes(&deps)?,
                state,
            })
        })
        .collect()
}

fn take_out(connection: &Connection, doc: &DocName, row: &Row) -> Result<Withdrawn, StoreError> {
    let (key, text, bytes): ([u8; 16], String, Vec<u8>) = connection
        .prepare_cached(
            "SELECT c.key, f.text, c.bytes FROM changes c JOIN facts f ON f.change = c.id WHERE c.id = ?1",
        )?
        .query_row([row.id], |found| {
            Ok((found.get(0)?, found.get(1)?, found.get(2)?))
        })?;
    for sql in [
        "DELETE FROM facts WHERE change = ?1",
        "DELETE FROM blob_refs WHERE change = ?1",
        "DELETE FROM changes WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([row.id])?;
    }
    Ok(Withdrawn {
        doc: doc.clone(),
        hash: row.hash,
        key: ActionId(uuid::Uuid::from_bytes(key)),
        text,
        bytes,
    })
}

/// Heads and counters as the remaining changes have them; caches of more are void.
fn rebuild(connection: &Connection, doc: i64, heads: &BTreeSet<Hash>) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM heads WHERE doc = ?1")?
        .execute([doc])?;
    for head in heads {
        connection
            .prepare_cached("INSERT INTO heads (doc, hash) VALUES (?1, ?2)")?
            .execute(params![doc, head])?;
    }
    connection
        .prepare_cached("DELETE FROM snapshots WHERE doc = ?1")?
        .execute([doc])?;
    connection
        .prepare_cached(
            "UPDATE docs SET epoch = epoch + 1,
                    max_op = coalesce((SELECT max(op) FROM changes WHERE doc = ?1), 0),
                    max_n = coalesce((SELECT max(n) FROM changes WHERE doc = ?1), 0)
             WHERE id = ?1",
        )?
        .execute([doc])?;
    Ok(())
}

/// Keeps a withdrawn change for its author to see.
pub(super) fn quarantine(
    connection: &Connection,
    change: &Withdrawn,
    reason: &str,
    now_ms: i64,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let doc = change.doc.to_string();
    changes::quarantine(
        connection,
        &doc,
        &change.hash,
        &change.bytes,
        true,
        reason,
        now_ms,
    )?;
    applied.quarantined.push((change.hash, reason.to_owned()));
    Ok(())
}

/// Writes withdrawn actions again, each document's in their order, upon what the phone holds of the server's copy.
pub(super) fn replay(
    connection: &Connection,
    withdrawn: Vec<Withdrawn>,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let mut by_doc: BTreeMap<DocName, Vec<Withdrawn>> = BTreeMap::new();
    for change in withdrawn {
        by_doc.entry(change.doc.clone()).or_default().push(change);
    }
    for (doc, actions) in by_doc {
        let mut document = load(connection, &doc)?;
        for action in actions {
            if holds(connection, &doc, &action)? {
                continue;
            }
            match document.append(&storing.fresh, action.key, &action.text) {
                Ok(change) => {
                    let author = Author {
                        tag_ok: &|tag| *tag == storing.tag,
                        person: Some(storing.user),
                    };
                    let outcome = ingest(
                        connection,
                        &doc,
                        &change,
                        Origin::OwnUnsent,
                        &author,
                        storing.now_ms,
                    )?;
                    match outcome {
                        Ingested::Accepted { .. } => {}
                        // Refused itself: kept in quarantine, and nothing may build on it.
                        Ingested::Refused(error) => {
                            applied.quarantined.push((change.hash, error.code().to_owned()));
                            document = load(connection, &doc)?;
                        }
                        Ingested::Known | Ingested::Parked { .. } => {
                            tracing::error!("a replayed action did not find its place");
                            document = load(connection, &doc)?;
                        }
                    }
                }
                // Another text under the same id came first: kept for its author to see.
                Err(DocumentError::KeyUsed) => {
                    quarantine(connection, &action, "key_used", storing.now_ms, applied)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

fn load(connection: &Connection, doc: &DocName) -> Result<Document, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM changes WHERE doc = (SELECT id FROM docs WHERE name = ?1) ORDER BY id",
    )?;
    let bytes = statement
        .query_map([doc.to_string()], |row| row.get(0))?
        .collect::<Result<Vec<Vec<u8>>, _>>()?;
    Ok(Document::from_changes(&bytes)?)
}

/// Whether the document holds this very action: identity is (id, document, string).
fn holds(connection: &Connection, doc: &DocName, action: &Withdrawn) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM facts
               WHERE doc = (SELECT id FROM docs WHERE name = ?1) AND key = ?2 AND text = ?3)",
        )?
        .query_row(
            params![doc.to_string(), action.key.0.as_bytes(), action.text],
            |row| row.get(0),
        )?)
}
