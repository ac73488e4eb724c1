//! What the storage keeps, as plain values: no type of any engine.

use fieldseal_core::domain::ids::{ActionId, DeviceId, UserId};
use fieldseal_core::facts::DocName;

use crate::storage::{StorageError, Tag};

/// SHA-256 of a change, a blob, a frame.
pub type Hash = [u8; 32];

/// A document's number in this database. Never leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocKey(pub i64);

/// One document, as far as accepting changes needs it: no Automerge document is loaded for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocRow {
    /// Its number here.
    pub key: DocKey,
    /// Its name.
    pub name: DocName,
    /// Highest operation counter of its changes; 0 without any.
    pub op: u64,
    /// Highest `n` of its actions; 0 without any.
    pub n: u64,
    /// Its heads, ascending.
    pub heads: Vec<Hash>,
    /// How many changes it holds.
    pub changes: u64,
    /// Whether changes are parked for it.
    pub parked: bool,
    /// Whether changes of it are quarantined.
    pub quarantined: bool,
}

/// An accepted change to store.
#[derive(Debug, Clone, Copy)]
pub struct NewChange<'a> {
    /// The document.
    pub doc: DocKey,
    /// Its name, which goes into the chain tag.
    pub name: &'a str,
    /// The change's hash.
    pub hash: &'a Hash,
    /// Its actor.
    pub actor: &'a [u8; 16],
    /// Its sequence number within the actor.
    pub seq: u64,
    /// Its (only) operation's counter.
    pub op: u64,
    /// Its action's `n`.
    pub n: u64,
    /// Its action's id.
    pub key: ActionId,
    /// Its dependencies.
    pub deps: &'a [Hash],
    /// The action's string.
    pub text: &'a str,
    /// The change chunk.
    pub bytes: &'a [u8],
    /// When the server received it, ms since the epoch.
    pub received_at: i64,
}

/// What the gate asks about an accepted change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRow {
    /// Its row in the sequence.
    pub row: u64,
    /// Its actor.
    pub actor: [u8; 16],
    /// Its sequence number within the actor.
    pub seq: u64,
    /// Its operation's counter.
    pub op: u64,
    /// Its action's `n`.
    pub n: u64,
    /// Its action's id.
    pub key: ActionId,
    /// Its dependencies.
    pub deps: Vec<Hash>,
}

/// One accepted action, as the fold wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// The document.
    pub doc: DocName,
    /// Row in the sequence.
    pub row: u64,
    /// The change.
    pub hash: Hash,
    /// Its dependencies.
    pub deps: Vec<Hash>,
    /// Its actor.
    pub actor: [u8; 16],
    /// The action's id.
    pub key: ActionId,
    /// The action's string.
    pub text: String,
    /// When the server received it, ms since the epoch.
    pub received_at: i64,
}

/// What a row of the sequence records. The numbers go into the chain tag and can never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RowKind {
    /// An accepted change.
    Change = 1,
    /// A document came into an engineer's scope.
    Grant = 2,
    /// It left it.
    Removal = 3,
    /// A device was revoked.
    Revocation = 4,
    /// A document was purged.
    Purge = 5,
    /// A blob was received.
    Blob = 6,
}

impl RowKind {
    /// The kind with this number.
    pub fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Change,
            2 => Self::Grant,
            3 => Self::Removal,
            4 => Self::Revocation,
            5 => Self::Purge,
            6 => Self::Blob,
            _ => return None,
        })
    }
}

/// A row to append that is not a change.
#[derive(Debug, Clone, Copy)]
pub struct NewRow<'a> {
    /// What it records; not [`RowKind::Change`] (those go in with their change).
    pub kind: RowKind,
    /// The document, if it is about one.
    pub doc: Option<DocKey>,
    /// Its hash, which goes into the tag.
    pub hash: &'a Hash,
    /// Grants and removals: whose.
    pub engineer: Option<UserId>,
    /// Grants for one device alone (a newly enrolled one).
    pub device: Option<DeviceId>,
}

/// A row as a reader of the sequence sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeqRow {
    /// Its number, from 1 without gaps.
    pub n: u64,
    /// What it records.
    pub kind: RowKind,
    /// The document's name, if it is about one.
    pub doc: Option<String>,
    /// Its hash.
    pub hash: Hash,
    /// Its chain tag.
    pub tag: Tag,
    /// Whose grant or removal.
    pub engineer: Option<UserId>,
}

/// One row on its way to a phone, already filtered by scope.
#[derive(Debug)]
pub enum PullRow<'a> {
    /// A change of a document in scope.
    Change {
        /// Row.
        n: u64,
        /// The document.
        doc: DocKey,
        /// Its name.
        name: &'a str,
        /// The change.
        hash: Hash,
        /// Its dependencies, 32 bytes each.
        deps: &'a [u8],
        /// The chunk.
        bytes: &'a [u8],
    },
    /// A grant of a document that is still in scope.
    Grant {
        /// Row.
        n: u64,
        /// The document.
        doc: DocKey,
        /// Its name.
        name: &'a str,
    },
    /// The removal of a document that is still out of scope.
    Removal {
        /// Row.
        n: u64,
        /// Its name.
        name: &'a str,
    },
}

/// Whose rows a pull reads, and which.
#[derive(Debug, Clone, Copy)]
pub struct PullRange {
    /// The engineer whose scope filters.
    pub engineer: UserId,
    /// The device that asks (grants of another device alone are not for it).
    pub device: DeviceId,
    /// Rows above this.
    pub after: u64,
    /// Rows up to this.
    pub upto: u64,
}

/// Which sender a parked or quarantined change came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The device.
    pub device: DeviceId,
    /// Its engineer.
    pub user: UserId,
    /// Its tag.
    pub tag: [u8; 8],
}

/// A change that waits for its dependencies. Not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedRow {
    /// The change.
    pub hash: Hash,
    /// Who sent it.
    pub sender: Sender,
    /// The chunk.
    pub bytes: Vec<u8>,
}

/// A change or frame that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// The document's name as it was sent, well formed or not.
    pub doc: String,
    /// The change's hash; for an unreadable frame the frame's SHA-256.
    pub hash: Hash,
    /// Code of the reason (`not_writer`, `gate`, `size`, `ancestor`, `unknown_document`, `unreadable`, `apply`).
    pub reason: String,
    /// A finer code where there is one (which rule of the gate).
    pub detail: String,
    /// Who sent it; none for a change that passed and yet failed to apply.
    pub sender: Option<Sender>,
    /// The bytes; none once the sender's quota is used up.
    pub bytes: Option<Vec<u8>>,
    /// When, ms since the epoch.
    pub at: i64,
}

/// An enrolled device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its id.
    pub id: DeviceId,
    /// Its engineer.
    pub user: UserId,
    /// First 8 bytes of SHA-256 of its public key: the second half of its actors.
    pub tag: [u8; 8],
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// Canonical bytes of its certificate.
    pub certificate: Vec<u8>,
    /// SHA-256 of its bearer token.
    pub token_hash: Hash,
    /// What its person calls it.
    pub name: String,
    /// The row that its first pull starts after; grants of its whole scope follow it.
    pub start: u64,
    /// Enrolled, ms since the epoch.
    pub created_at: i64,
    /// Revoked, ms since the epoch.
    pub revoked_at: Option<i64>,
    /// Last exchange that wrote something, ms since the epoch.
    pub last_seen: Option<i64>,
}

/// An assignment that was granted to an engineer but of which no device has said yet that it holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The engineer.
    pub engineer: UserId,
    /// The order's document.
    pub order: DocName,
    /// The `assign` fact, `<uuid>#<place>`.
    pub assignment: String,
    /// A device whose position reached this row holds it.
    pub row: u64,
}

/// Hashes that stand one after the other, 32 bytes each.
///
/// # Errors
/// [`StorageError::Damaged`] where the length is no multiple of 32.
pub fn split_hashes(bytes: &[u8]) -> Result<Vec<Hash>, StorageError> {
    match bytes.as_chunks::<32>() {
        (chunks, []) => Ok(chunks.to_vec()),
        _ => Err(StorageError::Damaged { what: "hashes" }),
    }
}
