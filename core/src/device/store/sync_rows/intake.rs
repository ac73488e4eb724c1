//! What the server sends: grants and changes through the gate, `directory` first; wanted blobs.
//!
//! A document's writer decides whose tags its changes may carry: the server's in the office's documents, those of
//! the engineer's devices in his. The server's tag is the one that writes `directory`, which no device may; a tag that
//! nobody named yet is no refusal: the change waits until `directory` names it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::super::StoreError;
use super::super::changes::{self, Hash, Origin};
use super::super::ingest::{Ingested, ingest, ingest_bytes};
use super::{Applied, Storing, receipt};
use crate::documents::{Author, ReadChange, changes_of_snapshot, read_change};
use crate::domain::ids::UserId;
use crate::facts::{Action, DocName, Fact, Writer};
use crate::wire::{Grant, SyncAnswer};

/// No document that a phone is granted has more changes.
const SNAPSHOT_CHANGES_MAX: usize = 100_000;

/// Who may write what, from `directory`.
struct Tags {
    /// Device tags with their persons.
    devices: BTreeMap<[u8; 8], UserId>,
    /// Tags that `directory` itself was written under.
    servers: BTreeSet<[u8; 8]>,
}

impl Tags {
    /// Whether changes of this document may carry the tag.
    fn may_write(&self, doc: &DocName, tag: &[u8; 8]) -> bool {
        match doc.writer() {
            Writer::Office if *doc == DocName::Directory => !self.devices.contains_key(tag),
            Writer::Office => self.servers.contains(tag),
            Writer::Engineer(engineer) => self.devices.get(tag) == Some(&engineer),
        }
    }

    fn is_named(&self, tag: &[u8; 8]) -> bool {
        self.devices.contains_key(tag) || self.servers.contains(tag)
    }
}

/// The changes of a granted snapshot: hash and dependencies, for its proofs.
pub(super) type Granted = BTreeMap<String, Vec<(Hash, Vec<Hash>)>>;

/// Takes in grants and changes, and what they let in of what was parked.
pub(super) fn take_in(
    connection: &Connection,
    answer: &SyncAnswer,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<Granted, StoreError> {
    let mut granted = Granted::new();
    if answer.grants.is_empty() && answer.changes.is_empty() {
        return Ok(granted);
    }
    let directory = DocName::Directory.to_string();
    // Who may write what stands in `directory`: it comes first, wherever it stands in the answer.
    for first in [true, false] {
        let tags = read_tags(connection, storing)?;
        if !first {
            release_waiting(connection, &tags, storing, applied)?;
        }
        for grant in answer
            .grants
            .iter()
            .filter(|grant| (grant.doc == directory) == first)
        {
            let changes = take_grant(connection, grant, &tags, storing, applied)?;
            granted.insert(grant.doc.clone(), changes);
        }
        for changed in answer
            .changes
            .iter()
            .filter(|changed| (changed.doc == directory) == first)
        {
            for bytes in &changed.changes {
                if let Some(doc) = known_name(connection, &changed.doc, bytes, storing, applied)? {
                    take_one(connection, &doc, bytes, &tags, storing, applied)?;
                }
            }
        }
    }
    Ok(granted)
}

/// Merges a granted document: it is in scope, and its changes pass the gate like any others.
fn take_grant(
    connection: &Connection,
    grant: &Grant,
    tags: &Tags,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<Vec<(Hash, Vec<Hash>)>, StoreError> {
    let mut taken = Vec::new();
    let Some(doc) = known_name(connection, &grant.doc, &grant.snapshot, storing, applied)? else {
        return Ok(taken);
    };
    enter(connection, &doc, applied)?;
    if grant.snapshot.is_empty() {
        return Ok(taken);
    }
    match changes_of_snapshot(&grant.snapshot, SNAPSHOT_CHANGES_MAX) {
        Ok(list) => {
            for bytes in &list {
                take_one(connection, &doc, bytes, tags, storing, applied)?;
                if let Ok(change) = read_change(bytes) {
                    taken.push((change.hash, change.deps));
                }
            }
        }
        Err(error) => keep_aside(
            connection,
            &grant.doc,
            &grant.snapshot,
            error.code(),
            storing,
            applied,
        )?,
    }
    Ok(taken)
}

/// Keeps what has no place here, for a later version or a person to look at.
fn keep_aside(
    connection: &Connection,
    doc: &str,
    bytes: &[u8],
    reason: &str,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let hash = super::sha256(bytes);
    changes::quarantine(connection, doc, &hash, bytes, false, reason, storing.now_ms)?;
    applied.quarantined.push((hash, reason.to_owned()));
    Ok(())
}

fn known_name(
    connection: &Connection,
    name: &str,
    bytes: &[u8],
    storing: &Storing,
    applied: &mut Applied,
) -> Result<Option<DocName>, StoreError> {
    match name.parse() {
        Ok(doc) => Ok(Some(doc)),
        Err(_) => {
            keep_aside(connection, name, bytes, "unknown_document", storing, applied)?;
            Ok(None)
        }
    }
}

/// A document is in scope (again).
fn enter(connection: &Connection, doc: &DocName, applied: &mut Applied) -> Result<(), StoreError> {
    let id = changes::ensure_doc(connection, doc)?;
    connection
        .prepare_cached("UPDATE docs SET in_scope = 1, removed_at = NULL WHERE id = ?1")?
        .execute([id])?;
    applied.touched.insert(doc.clone());
    Ok(())
}

fn take_one(
    connection: &Connection,
    doc: &DocName,
    bytes: &[u8],
    tags: &Tags,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let Ok(change) = read_change(bytes) else {
        let author = Author {
            tag_ok: &|_| true,
            person: None,
        };
        let outcome = ingest_bytes(connection, doc, bytes, Origin::Foreign, &author, storing.now_ms)?;
        if let Ingested::Refused(error) = outcome {
            let hash = super::sha256(bytes);
            applied.quarantined.push((hash, error.code().to_owned()));
        }
        return Ok(());
    };
    if receipt::state_of(connection, doc, &change.hash)?.is_some() {
        // Known already; an own one that comes back is on the server's disk, whatever became of the answer.
        return receipt::came_back(connection, doc, &change.hash, applied.stored.seen);
    }
    let tag = change.actor.tag();
    if !tags.may_write(doc, &tag) && !tags.is_named(&tag) {
        changes::park(
            connection,
            doc,
            &change.hash,
            bytes,
            origin(&tag, storing),
            &waits_for(&tag),
        )?;
        return Ok(());
    }
    let outcome = through_gate(connection, doc, &change, tags, storing)?;
    match outcome {
        Ingested::Accepted { .. } => {
            connection
                .prepare_cached("DELETE FROM parked WHERE hash = ?1 AND doc = ?2")?
                .execute(params![change.hash, doc.to_string()])?;
            applied.touched.insert(doc.clone());
        }
        Ingested::Refused(error) => {
            tracing::error!(
                code = error.code(),
                "a change of the server did not pass the gate"
            );
            applied.quarantined.push((change.hash, error.code().to_owned()));
        }
        Ingested::Known | Ingested::Parked { .. } => {}
    }
    Ok(())
}

fn through_gate(
    connection: &Connection,
    doc: &DocName,
    change: &ReadChange,
    tags: &Tags,
    storing: &Storing,
) -> Result<Ingested, StoreError> {
    let author = Author {
        tag_ok: &|tag| tags.may_write(doc, tag),
        person: None,
    };
    let origin = origin(&change.actor.tag(), storing);
    ingest(connection, doc, change, origin, &author, storing.now_ms)
}

/// Own changes that come back from the server are sent ones.
fn origin(tag: &[u8; 8], storing: &Storing) -> Origin {
    if *tag == storing.tag {
        Origin::OwnSent
    } else {
        Origin::Foreign
    }
}

/// What a change of an unnamed device waits for: its tag behind zeros, which is no change's hash.
fn waits_for(tag: &[u8; 8]) -> Hash {
    let mut needs = [0_u8; 32];
    for (to, from) in needs.iter_mut().skip(24).zip(tag) {
        *to = *from;
    }
    needs
}

/// Takes in what waited for a device that `directory` names by now.
fn release_waiting(
    connection: &Connection,
    tags: &Tags,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT doc, bytes, needs FROM parked WHERE substr(needs, 1, 24) = zeroblob(24)")?;
    let waiting = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(String, Vec<u8>, Hash)>, _>>()?;
    for (doc, bytes, needs) in waiting {
        let (Ok(doc), Ok(change)) = (doc.parse::<DocName>(), read_change(&bytes)) else {
            continue;
        };
        if needs == waits_for(&change.actor.tag()) && tags.is_named(&change.actor.tag()) {
            connection
                .prepare_cached("DELETE FROM parked WHERE hash = ?1 AND doc = ?2")?
                .execute(params![change.hash, doc.to_string()])?;
            take_one(connection, &doc, &bytes, tags, storing, applied)?;
        }
    }
    Ok(())
}

/// The devices that `directory` names; this one is named by its own certificate. Revoked ones stay: what they wrote
/// before, stands.
fn read_tags(connection: &Connection, storing: &Storing) -> Result<Tags, StoreError> {
    let mut devices = BTreeMap::from([(storing.tag, storing.user)]);
    let mut statement = connection
        .prepare_cached("SELECT text FROM facts WHERE doc = (SELECT id FROM docs WHERE name = ?1)")?;
    let mut rows = statement.query([DocName::Directory.to_string()])?;
    while let Some(row) = rows.next()? {
        let Ok(action) = Action::parse(&row.get::<_, String>(0)?) else {
            continue;
        };
        for raw in &action.facts {
            if let Ok(Some(Fact::Device(device))) = Fact::read(raw) {
                let mut tag = [0_u8; 8];
                if hex::decode_to_slice(&device.tag, &mut tag).is_ok() {
                    devices.insert(tag, device.user);
                }
            }
        }
    }
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT substr(actor, 9) FROM changes WHERE doc = (SELECT id FROM docs WHERE name = ?1)",
    )?;
    let servers = statement
        .query_map([DocName::Directory.to_string()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Tags { devices, servers })
}

/// Keeps wanted blobs that came, and notes those that the server does not give (yet), with the row up to which it
/// had none.
pub(super) fn take_blobs(connection: &Connection, answer: &SyncAnswer) -> Result<(), StoreError> {
    let seen = answer
        .position
        .as_ref()
        .map(|position| changes::number(position.seen));
    for bytes in &answer.blobs {
        let hash = super::sha256(bytes);
        let wanted: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM blobs WHERE sha256 = ?1 AND size IS NULL)")?
            .query_row([hash], |row| row.get(0))?;
        if wanted {
            super::super::blobs::put(connection, bytes, Origin::Foreign)?;
        }
    }
    for hash in &answer.unavailable {
        connection
            .prepare_cached(
                "UPDATE blobs SET state = 4, server_row = ?2 WHERE sha256 = ?1 AND state IN (3, 4)",
            )?
            .execute(params![**hash, seen])?;
    }
    Ok(())
}
