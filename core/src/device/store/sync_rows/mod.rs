//! The store's side of the sync: what goes out, and the one transaction that an answer is stored in (design 5).
//!
//! Invariants:
//! * Changes, receipts, scope and position move in one transaction: a position never stands for what is not here.
//! * A change leaves the outbox only by a verified receipt, by coming back from the server, or into quarantine.
//! * What comes from the server passes the same gate as on the server. A device that the directory does not name
//!   yet is no reason to refuse: its changes wait, parked, until it does.
//! * A removal drops nothing that is unsent, and nothing of a work order that was started here (I16).
//! * Storing an answer twice, or answers of repeated requests in any order, gives the same rows.

mod intake;
mod outbox;
mod position;
mod receipt;
mod replay;
mod scope;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::changes::Hash;
use crate::device::sync::{Receipt, Stored};
use crate::documents::ActorId;
use crate::domain::ids::UserId;
use crate::facts::DocName;

pub use outbox::collect;
pub use receipt::postponed;

/// Who stores: all that a transaction needs besides the answer.
#[derive(Debug, Clone, Copy)]
pub struct Storing {
    /// This device's tag.
    pub tag: [u8; 8],
    /// Its engineer.
    pub user: UserId,
    /// A fresh actor, never used before and not again after this call: actions whose ancestor was refused are
    /// replayed under it.
    pub fresh: ActorId,
    /// Wall clock, ms.
    pub now_ms: i64,
}

/// What storing an answer did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// What the session needs to know.
    pub stored: Stored,
    /// Documents with new, withdrawn or newly visible changes: their projections are to be made again.
    pub touched: BTreeSet<DocName>,
    /// Documents of which nothing is kept any more.
    pub dropped: BTreeSet<DocName>,
    /// Documents from which changes were withdrawn: whoever goes on writing there takes a fresh actor.
    pub rewritten: BTreeSet<DocName>,
    /// Changes that went into quarantine, with the code of the reason.
    pub quarantined: Vec<(Hash, String)>,
    /// How many changes this phone holds parked now.
    pub parked: u64,
}

/// Stores an answer: receipts and exceptions, replay, grants, changes, removals, blobs, proofs, position.
///
/// # Errors
/// Those of the store; then nothing of the answer is kept and the same request is sent again.
pub fn apply(connection: &Connection, receipt: &Receipt, storing: &Storing) -> Result<Applied, StoreError> {
    let mut applied = Applied::default();
    applied.stored.seen = receipt
        .answer
        .position
        .as_ref()
        .map_or(0, |position| position.seen);
    let settled = receipt::settle(connection, receipt, storing, &mut applied)?;
    let granted = intake::take_in(connection, &receipt.answer, storing, &mut applied)?;
    // After the intake: what was refused is replayed on the server's copy.
    replay::replay(connection, settled.withdrawn, storing, &mut applied)?;
    scope::remove(connection, &receipt.answer, storing, &mut applied)?;
    intake::take_blobs(connection, &receipt.answer)?;
    position::keep_proofs(connection, receipt, &settled.accepted, &granted)?;
    position::advance(connection, receipt, &mut applied)?;
    scope::drop_removed(connection, &mut applied)?;
    outbox::summary(connection, &mut applied.stored)?;
    applied.parked = count(connection, "SELECT count(*) FROM parked")?;
    let news = !applied.touched.is_empty() || !applied.dropped.is_empty() || !applied.quarantined.is_empty();
    applied.stored.news = news;
    Ok(applied)
}

/// Writes everything unsent that another tag wrote again under the tag of `storing`, byte for byte in new changes: this
/// person's device was revoked and comes back under a new key, and what it holds must reach the server.
///
/// # Errors
/// Those of the store; then nothing is changed.
pub fn adopt(connection: &Connection, storing: &Storing) -> Result<Applied, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.name, c.hash FROM changes c JOIN docs d ON d.id = c.doc
         WHERE c.state = 0 AND substr(c.actor, 9) <> ?1",
    )?;
    let rows = statement
        .query_map([storing.tag], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(String, Hash)>, _>>()?;
    let mut unsent: BTreeMap<DocName, BTreeSet<Hash>> = BTreeMap::new();
    for (name, hash) in rows {
        let doc = name.parse().map_err(|_| StoreError::Malformed {
            what: "document name",
        })?;
        unsent.entry(doc).or_default().insert(hash);
    }
    let (mut applied, mut withdrawn) = (Applied::default(), Vec::new());
    for (doc, hashes) in unsent {
        withdrawn.extend(replay::withdraw(connection, &doc, &hashes)?);
        applied.touched.insert(doc.clone());
        applied.rewritten.insert(doc);
    }
    replay::replay(connection, withdrawn, storing, &mut applied)?;
    Ok(applied)
}

fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

fn count(connection: &Connection, sql: &str) -> Result<u64, StoreError> {
    let count: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(super::changes::counter(count))
}

#[cfg(test)]
mod tests;
