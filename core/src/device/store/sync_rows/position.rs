//! The position, what the last page says about the scope, and the proofs.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::super::changes::{Hash, find_doc, split_hashes};
use super::super::{StoreError, cursor};
use super::intake::Granted;
use super::outbox::decode_position;
use super::{Applied, scope};

use crate::device::sync::events::FaultCode;
use crate::device::sync::{Fault, Receipt};
use crate::documents::read_change;
use crate::facts::DocName;
use crate::wire::evidence::Mentions;
use crate::wire::{PROOF_BYTES, Position};

/// `cursor.mismatch`: the position is of another lineage.
const LINEAGE: &str = "lineage";
/// `cursor.mismatch`: the scope differs.
const DIGEST: &str = "digest";

/// The stored position.
pub(super) fn load(connection: &Connection) -> Result<Option<Position>, StoreError> {
    cursor::load(connection)?
        .position
        .map(|bytes| decode_position(&bytes))
        .transpose()
}

/// Moves the position, in the transaction of what it stands for; compares the scope on the last page. A mismatch
/// is said and drops nothing.
pub(super) fn advance(
    connection: &Connection,
    receipt: &Receipt,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let answer = &receipt.answer;
    let mut cursor = cursor::load(connection)?;
    let stored = cursor.position.as_deref().map(decode_position).transpose()?;
    // An answer to another position than the one that stands here says nothing about what lies between.
    let in_step = stored == receipt.position;
    if let (Some(next), true, false) = (&answer.position, in_step, answer.mismatch) {
        let bytes = minicbor::to_vec(next).map_err(|_| StoreError::Malformed { what: "position" })?;
        cursor.position = Some(bytes);
        applied.stored.seen = next.seen;
        applied.stored.more = answer.more;
        if answer.backed_up.is_some() {
            cursor.backed_up = answer.backed_up;
        }
        if cursor.mismatch.as_deref() == Some(LINEAGE) {
            cursor.mismatch = None;
        }
    } else {
        applied.stored.seen = stored.map_or(0, |position| position.seen);
        if answer.mismatch || answer.position.is_none() {
            tracing::error!("the server's history is another one");
            cursor.mismatch = Some(LINEAGE.to_owned());
            applied.stored.fault = Some(Fault::Code(FaultCode::RepairNeeded));
        }
    }
    if let (Some(theirs), false, true) = (answer.scope_digest, answer.more, in_step) {
        if scope::digest(connection)? == *theirs {
            if cursor.mismatch.as_deref() == Some(DIGEST) {
                cursor.mismatch = None;
            }
        } else {
            tracing::error!("phone and server hold different heads");
            cursor.mismatch = Some(DIGEST.to_owned());
            applied.stored.fault = Some(Fault::Code(FaultCode::ViewDiffers));
        }
    }
    if !answer.more && applied.stored.fault.is_none() {
        cursor.last_sync = Some(receipt.received.wall_ms);
    }
    if let Some(offset) = receipt.offset {
        cursor.offset_ms = Some(offset.off);
        cursor.offset_err = Some(offset.err);
        cursor.offset_boot = Some(offset.boot);
    }
    cursor::save(connection, &cursor)
}

/// Keeps the answer's proofs. One is dropped only for a hash that descends from its own (design 5, «Proof»).
pub(super) fn keep_proofs(
    connection: &Connection,
    receipt: &Receipt,
    accepted: &[(String, Hash)],
    granted: &Granted,
) -> Result<(), StoreError> {
    let answer = &receipt.answer;
    if answer.proofs.is_empty() {
        return Ok(());
    }
    let mut mentions = Mentions::default();
    for (doc, hash) in accepted {
        mentions.change(doc, *hash, &deps_of(connection, hash)?);
    }
    for grant in &answer.grants {
        mentions.document(&grant.doc);
        for (hash, deps) in granted.get(&grant.doc).into_iter().flatten() {
            mentions.change(&grant.doc, *hash, deps);
        }
    }
    for changed in &answer.changes {
        mentions.document(&changed.doc);
        for bytes in &changed.changes {
            if let Ok(change) = read_change(bytes) {
                mentions.change(&changed.doc, change.hash, &change.deps);
            }
        }
    }
    let maximal = mentions.maximal();
    let (macs, rest) = answer.proofs.as_chunks::<PROOF_BYTES>();
    if macs.len() != maximal.len() || !rest.is_empty() {
        tracing::warn!("proofs do not match the changes of the answer");
        return Ok(());
    }
    for ((doc, hash), mac) in maximal.into_iter().zip(macs) {
        let Ok(name) = doc.parse::<DocName>() else {
            continue;
        };
        if let Some(id) = find_doc(connection, &name)? {
            keep_proof(connection, id, &hash, mac)?;
        }
    }
    Ok(())
}

fn keep_proof(
    connection: &Connection,
    doc: i64,
    hash: &Hash,
    mac: &[u8; PROOF_BYTES],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT hash FROM proofs WHERE doc = ?1 AND hash <> ?2")?;
    let others = statement
        .query_map(params![doc, hash], |row| row.get(0))?
        .collect::<Result<BTreeSet<Hash>, _>>()?;
    for covered in ancestors_among(connection, hash, others)? {
        connection
            .prepare_cached("DELETE FROM proofs WHERE doc = ?1 AND hash = ?2")?
            .execute(params![doc, covered])?;
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO proofs (doc, hash, mac) VALUES (?1, ?2, ?3)")?
        .execute(params![doc, hash, mac])?;
    Ok(())
}

/// Those of `wanted` that are ancestors of `hash`.
fn ancestors_among(
    connection: &Connection,
    hash: &Hash,
    mut wanted: BTreeSet<Hash>,
) -> Result<Vec<Hash>, StoreError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![*hash];
    while let Some(next) = open.pop() {
        if wanted.is_empty() {
            break;
        }
        for dep in deps_of(connection, &next)? {
            if wanted.remove(&dep) {
                found.push(dep);
            }
            if seen.insert(dep) {
                open.push(dep);
            }
        }
    }
    Ok(found)
}

fn deps_of(connection: &Connection, hash: &Hash) -> Result<Vec<Hash>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT deps FROM changes WHERE hash = ?1")?;
    let mut rows = statement.query([hash])?;
    match rows.next()? {
        Some(row) => split_hashes(&row.get::<_, Vec<u8>>(0)?),
        None => Ok(Vec::new()),
    }
}
