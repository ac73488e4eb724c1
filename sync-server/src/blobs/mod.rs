//! Small blobs: up to 16 KB, committed with the change that names them (design 5). Larger ones have their own lane:
//! `uploads` says who may send what, `turns` keeps connections apart, `store` holds the bytes.
//!
//! Invariants: a blob is known by the SHA-256 of the bytes that arrived, never by what a device says. A phone gets a blob
//! only if a fact of a document in its engineer's scope names it, written by the office or by somebody who sent these
//! bytes or could read them otherwise: to know a hash and to name it opens nothing. ([`crate::storage::ReadTx::blob_in_scope`])

pub mod store;
pub mod turns;
pub mod uploads;

use std::collections::HashSet;

use fieldseal_core::domain::ids::DeviceId;
use fieldseal_core::facts::{Action, DocName, Writer};
use fieldseal_core::wire::SMALL_BLOB_MAX;
use sha2::{Digest, Sha256};

use crate::storage::{DeviceRow, DocKey, Hash, NewRow, Result, RowKind, WriteTx};

pub use store::{BlobStore, FolderStore, Part};
pub use turns::{Turn, Turns};
pub use uploads::{Found, Standing, UploadError, UploadLimits, Uploads};

/// Bytes of blobs that nothing names yet, kept of one device: a blob may come before the change that names it.
pub const UNNAMED_BYTES: u64 = 1024 * 1024;

/// The blobs that an action's facts name: the `blob` field of any kind, this version's or a newer one's.
pub fn named_by(action: &Action) -> impl Iterator<Item = Hash> + '_ {
    action.facts.iter().filter_map(|fact| {
        let text = fact.payload.get("blob")?.as_str()?;
        let mut hash = Hash::default();
        hex::decode_to_slice(text, &mut hash).ok()?;
        (hex::encode(hash) == text).then_some(hash)
    })
}

/// Records that an accepted fact of the document names the blob.
///
/// # Errors
/// The storage's.
pub fn name(tx: &mut dyn WriteTx, sha256: &Hash, doc: &DocName, key: DocKey) -> Result<()> {
    let writer = match doc.writer() {
        Writer::Engineer(engineer) => Some(engineer),
        Writer::Office => None,
    };
    // What he can read now he may pass on, also when he has lost that order by the time somebody asks.
    if let Some(engineer) = writer
        && tx.blob_in_scope(engineer, sha256)?
    {
        tx.hold_blob(sha256, engineer)?;
    }
    tx.name_blob(sha256, key, writer)
}

/// Stores a blob of a request, where it is not stored yet, with its receipt row. `named` are the blobs that the
/// request's own kept changes name. Gives the hash of a blob that is refused: too large, or named by nothing while the
/// device's quota of such blobs is used up.
///
/// # Errors
/// The storage's.
pub fn receive(
    tx: &mut dyn WriteTx,
    device: &DeviceRow,
    bytes: &[u8],
    named: &HashSet<Hash>,
    now: i64,
) -> Result<Option<Hash>> {
    let sha256: Hash = Sha256::digest(bytes).into();
    if bytes.len() > SMALL_BLOB_MAX {
        return Ok(Some(sha256));
    }
    if !tx.has_blob(&sha256)? {
        let wanted = named.contains(&sha256) || tx.blob_named(&sha256)?;
        if !wanted
            && tx
                .unnamed_blob_bytes(device.id)?
                .saturating_add(bytes.len() as u64)
                > UNNAMED_BYTES
        {
            return Ok(Some(sha256));
        }
        store(tx, &sha256, bytes, Some(device.id), now)?;
    }
    tx.hold_blob(&sha256, device.user)?;
    Ok(None)
}

/// Stores a blob under its hash with its receipt row; nothing happens where it is stored already.
///
/// # Errors
/// The storage's.
pub fn store(
    tx: &mut dyn WriteTx,
    sha256: &Hash,
    bytes: &[u8],
    device: Option<DeviceId>,
    now: i64,
) -> Result<()> {
    if tx.put_blob(sha256, bytes, device, now)? {
        tx.append_row(&NewRow {
            kind: RowKind::Blob,
            doc: None,
            hash: sha256,
            engineer: None,
            device: None,
        })?;
    }
    Ok(())
}
