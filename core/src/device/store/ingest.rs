//! The one way into `changes`: through the gate, for own and for pulled changes alike (design 4, design 5).
//!
//! Invariant: what is here passed `documents::gate` with this file's ancestry, in the transaction that keeps it.
//! What waits for dependencies is parked, what is refused goes into quarantine; nothing is dropped.

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::ancestry::SqlAncestry;
use super::changes::{self, Hash, NewChange, Origin, Value};
use crate::documents::{Author, GateError, ReadChange, Verdict, gate, read_change};
use crate::facts::{Action, DocName};

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// Kept. `released` counts parked changes that this one let in.
    Accepted {
        /// Parked changes of the same document that were accepted with it.
        released: usize,
    },
    /// Was here before.
    Known,
    /// Held durably until this dependency arrives.
    Parked {
        /// The first missing dependency.
        needs: Hash,
    },
    /// In quarantine with this reason.
    Refused(GateError),
}

/// Puts one change through the gate and keeps it, parks it, or quarantines it.
///
/// # Errors
/// Those of the store; a bad change is an [`Ingested::Refused`].
pub fn ingest(
    connection: &Connection,
    doc: &DocName,
    change: &ReadChange,
    origin: Origin,
    author: &Author<'_>,
    now_ms: i64,
) -> Result<Ingested, StoreError> {
    let first = take_in(connection, doc, change, origin, author, now_ms)?;
    if !matches!(first, Ingested::Accepted { .. }) {
        return Ok(first);
    }
    // What waited for it, and what waited for that.
    let (mut arrived, mut released) = (vec![change.hash], 0);
    while let Some(hash) = arrived.pop() {
        for (waiting, waiting_origin) in unpark(connection, doc, &hash)? {
            let Ok(waiting) = read_change(&waiting) else {
                continue;
            };
            let outcome = take_in(connection, doc, &waiting, waiting_origin, author, now_ms)?;
            if matches!(outcome, Ingested::Accepted { .. }) {
                released += 1;
                arrived.push(waiting.hash);
            }
        }
    }
    Ok(Ingested::Accepted { released })
}

/// The same from bytes. Unreadable ones are quarantined under their SHA-256.
///
/// # Errors
/// As [`ingest`].
pub fn ingest_bytes(
    connection: &Connection,
    doc: &DocName,
    bytes: &[u8],
    origin: Origin,
    author: &Author<'_>,
    now_ms: i64,
) -> Result<Ingested, StoreError> {
    match read_change(bytes) {
        Ok(change) => ingest(connection, doc, &change, origin, author, now_ms),
        Err(error) => {
            let frame: Hash = Sha256::digest(bytes).into();
            let own = origin != Origin::Foreign;
            changes::quarantine(
                connection,
                &doc.to_string(),
                &frame,
                bytes,
                own,
                error.code(),
                now_ms,
            )?;
            Ok(Ingested::Refused(error))
        }
    }
}

fn take_in(
    connection: &Connection,
    doc: &DocName,
    change: &ReadChange,
    origin: Origin,
    author: &Author<'_>,
    now_ms: i64,
) -> Result<Ingested, StoreError> {
    let row = changes::ensure_doc(connection, doc)?;
    let ancestry = SqlAncestry { connection, doc: row };
    Ok(match gate(change, doc, author, &ancestry)? {
        Verdict::Accept => {
            let new = NewChange {
                doc,
                hash: &change.hash,
                actor: &change.actor.0,
                seq: change.seq,
                op: change.start_op,
                n: change.action.n,
                key: change.key,
                deps: &change.deps,
                bytes: &change.bytes,
                text: &change.text,
                origin,
                value: value_of(&change.action),
                blobs: &blobs_of(&change.action),
            };
            changes::insert(connection, &new)?;
            Ingested::Accepted { released: 0 }
        }
        Verdict::AlreadyKnown => Ingested::Known,
        Verdict::Park { needs } => {
            let needs = needs.first().copied().unwrap_or(change.hash);
            changes::park(connection, doc, &change.hash, &change.bytes, origin, &needs)?;
            Ingested::Parked { needs }
        }
        // Only a server limits what it spends on a search.
        Verdict::Later => return Err(StoreError::Malformed { what: "verdict" }),
        Verdict::Refuse(error) => {
            let own = origin != Origin::Foreign;
            changes::quarantine(
                connection,
                &doc.to_string(),
                &change.hash,
                &change.bytes,
                own,
                error.code(),
                now_ms,
            )?;
            Ingested::Refused(error)
        }
    })
}

/// Takes out what waited for `hash` in this document.
fn unpark(connection: &Connection, doc: &DocName, hash: &Hash) -> Result<Vec<(Vec<u8>, Origin)>, StoreError> {
    let mut statement = connection
        .prepare_cached("DELETE FROM parked WHERE needs = ?1 AND doc = ?2 RETURNING bytes, state")?;
    let rows = statement
        .query_map(rusqlite::params![hash, doc.to_string()], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?))
        })?
        .collect::<Result<Vec<(Vec<u8>, i64)>, _>>()?;
    rows.into_iter()
        .map(|(bytes, state)| Ok((bytes, Origin::from_number(state)?)))
        .collect()
}

/// What an action is worth in the outbox: sealed reports, then facts of finished work, then the rest (design 5).
pub fn value_of(action: &Action) -> Value {
    action
        .facts
        .iter()
        .map(|fact| match fact.kind.as_str() {
            "seal" | "submit" => Value::Sealed,
            "done" | "decide" | "answer" | "consent" | "move" | "reverse" | "leave" => Value::Finished,
            _ => Value::Rest,
        })
        .min()
        .unwrap_or(Value::Rest)
}

/// The blobs that an action's facts name and a phone wants: sealed files and packs.
pub fn blobs_of(action: &Action) -> Vec<Hash> {
    action
        .facts
        .iter()
        .filter(|fact| matches!(fact.kind.as_str(), "seal" | "pack"))
        .filter_map(|fact| fact.payload.get("blob")?.as_str())
        .filter_map(|text| {
            let mut hash = [0_u8; 32];
            hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
        })
        .collect()
}

/// Takes in a change of a damaged file. Its writer was judged when it came in; here only its form and its place
/// among its ancestors are. Whether it was kept as accepted.
pub(super) fn ingest_salvaged(
    connection: &Connection,
    name: &str,
    bytes: &[u8],
    origin: Origin,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let Ok(doc) = name.parse::<DocName>() else {
        // The page with its document's name is gone: the bytes are kept for a person to look at.
        let frame: Hash = Sha256::digest(bytes).into();
        changes::quarantine(
            connection,
            name,
            &frame,
            bytes,
            origin != Origin::Foreign,
            "salvaged",
            now_ms,
        )?;
        return Ok(false);
    };
    let author = Author {
        tag_ok: &|_| true,
        person: None,
    };
    let outcome = ingest_bytes(connection, &doc, bytes, origin, &author, now_ms)?;
    Ok(matches!(outcome, Ingested::Accepted { .. } | Ingested::Known))
}
