//! Request and answer of `POST /v1/sync`, and of enrolment.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

/// Protocol version of this build, sent in every request.
pub const VERSION: u32 = 1;
/// The path of the one sync endpoint.
pub const SYNC_PATH: &str = "/v1/sync";
/// Content type of both bodies.
pub const CONTENT_TYPE: &str = "application/vnd.fieldseal.sync+cbor";
/// Blobs up to this size travel inside a sync request or answer; larger ones have their own lane.
pub const SMALL_BLOB_MAX: usize = 16 * 1024;
/// Length of a proof (design 5): HMAC-SHA-256 cut to 80 bits, the least that RFC 2104 allows. Whoever forges one has to
/// try it on the server, and a page over thirty documents carries thirty.
pub const PROOF_BYTES: usize = 10;
/// A change may be at most this long (design 5, gate).
pub const CHANGE_MAX: usize = crate::documents::CHANGE_MAX;
/// What a phone aims at: one TCP flight.
pub const BATCH_TARGET: usize = 14 * 1024;
/// Most changes in one request.
pub const REQUEST_CHANGES_MAX: usize = 2_000;
/// Largest body on the wire, compressed.
pub const BODY_MAX: usize = 512 * 1024;
/// Largest request body after inflation.
pub const INFLATED_REQUEST_MAX: usize = 2 * 1024 * 1024;
/// Largest answer body after inflation (grants carry snapshots).
pub const INFLATED_ANSWER_MAX: usize = 32 * 1024 * 1024;

/// Where a phone stands in the server's sequence of rows. Opaque to the phone: stored as it came, sent back as it is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Position {
    /// How far the phone read.
    #[n(0)]
    pub pulled_to: u64,
    /// The highest row that the server had committed at any answer that this phone stored.
    #[n(1)]
    pub seen: u64,
    /// The chain tag of `seen`: vouches for the whole prefix.
    #[n(2)]
    pub tag: ByteArray<16>,
    /// While a catch-up over several pages runs: `pulled_to` at its start.
    #[n(3)]
    pub from: Option<u64>,
    /// While a catch-up runs: the head of the sequence at its start. Snapshots granted in it hold at least this.
    #[n(4)]
    pub until: Option<u64>,
}

/// Changes of one document, in causal order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DocChanges {
    /// The document's name.
    #[n(0)]
    pub doc: String,
    /// Plain Automerge change chunks.
    #[n(1)]
    pub changes: Vec<ByteVec>,
}

/// A phone's half of one exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SyncRequest {
    /// [`VERSION`].
    #[n(0)]
    pub version: u32,
    /// Absent at the very first sync and after a reinstallation.
    #[n(1)]
    pub position: Option<Position>,
    /// Unsent changes, the most valuable documents first.
    #[n(2)]
    pub changes: Vec<DocChanges>,
    /// Small blobs that they name; each is known by its SHA-256.
    #[n(3)]
    pub blobs: Vec<ByteVec>,
    /// SHA-256 of small blobs that the phone lacks and facts in its scope name.
    #[n(4)]
    pub want: Vec<ByteArray<32>>,
    /// The phone's wall clock when it sent this, ms since the epoch: evidence for its offset, nothing else.
    #[n(5)]
    pub sent_at: i64,
    /// The most bytes of new changes and snapshots that the phone takes in one answer, before compression.
    #[n(6)]
    pub page: u32,
}

/// Why a change was not accepted. Refusal depends on the change and its ancestors alone, never on merged state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Reason {
    /// The document has another writer.
    #[n(0)]
    NotWriter,
    /// The change does not have the form that the gate demands.
    #[n(1)]
    Gate,
    /// Larger than [`CHANGE_MAX`].
    #[n(2)]
    Size,
    /// The document was purged.
    #[n(3)]
    Purged,
    /// The device was revoked.
    #[n(4)]
    Revoked,
    /// One of its ancestors is quarantined.
    #[n(5)]
    Ancestor,
    /// The name is not that of a document.
    #[n(6)]
    UnknownDocument,
    /// Too many changes lie between it and its actor's previous one.
    #[n(7)]
    Far,
}

/// Why a change was not decided about. Nothing of it is kept: it stays in the outbox and is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Postponed {
    /// This request asked for more work than the server does at once.
    #[n(0)]
    Busy,
    /// Too much of this device waits for changes that the server does not have yet.
    #[n(1)]
    Waiting,
}

/// What happened to one change that was not simply accepted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Exception {
    /// Kept in quarantine; the phone keeps the action and may replay it.
    #[n(0)]
    Quarantined {
        /// The change.
        #[n(0)]
        hash: ByteArray<32>,
        /// Why.
        #[n(1)]
        reason: Reason,
    },
    /// Held durably until its dependencies arrive; NOT acknowledged: it stays in the outbox.
    #[n(1)]
    Parked {
        /// The change.
        #[n(0)]
        hash: ByteArray<32>,
        /// What is missing.
        #[n(1)]
        needs: Vec<ByteArray<32>>,
    },
    /// A blob that arrived damaged, too large, or named by nothing.
    #[n(2)]
    BlobRefused {
        /// Its SHA-256 as received.
        #[n(0)]
        sha256: ByteArray<32>,
    },
    /// Unreadable bytes at this place of the request (no hash could be computed); quarantined by their SHA-256.
    #[n(3)]
    Unreadable {
        /// SHA-256 of the frame.
        #[n(0)]
        frame: ByteArray<32>,
    },
    /// Neither kept nor refused: it stays in the outbox, for another request.
    #[n(4)]
    Postponed {
        /// The change.
        #[n(0)]
        hash: ByteArray<32>,
        /// Why.
        #[n(1)]
        why: Postponed,
    },
}

/// A document that came into scope, whole. It is merged, never a replacement.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Grant {
    /// The document's name.
    #[n(0)]
    pub doc: String,
    /// Automerge `save()` bytes as of this answer; empty for a document without changes yet.
    #[n(1)]
    pub snapshot: ByteVec,
}

/// The server's half.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SyncAnswer {
    /// How many change frames and blobs the server received.
    #[n(0)]
    pub received: u32,
    /// First 16 bytes of SHA-256 over the SHA-256 of every received frame (changes, then blobs) in order.
    #[n(1)]
    pub received_digest: ByteArray<16>,
    /// Only what was not accepted.
    #[n(2)]
    pub exceptions: Vec<Exception>,
    /// Row numbers of the request's accepted changes, in request order, as runs (first row, count).
    #[n(3)]
    pub rows: Vec<(u64, u32)>,
    /// Documents that came into scope.
    #[n(4)]
    pub grants: Vec<Grant>,
    /// Documents that left it.
    #[n(5)]
    pub removals: Vec<String>,
    /// New changes in scope.
    #[n(6)]
    pub changes: Vec<DocChanges>,
    /// Blobs that were wanted and allowed.
    #[n(7)]
    pub blobs: Vec<ByteVec>,
    /// The next position; absent when the one sent was of another lineage.
    #[n(8)]
    pub position: Option<Position>,
    /// More pages follow.
    #[n(9)]
    pub more: bool,
    /// On the last page: digest over (document, heads) of the scope in this answer's read transaction.
    #[n(10)]
    pub scope_digest: Option<ByteArray<16>>,
    /// One MAC of [`PROOF_BYTES`] for each maximal hash, per document in order of first mention (request's accepted changes,
    /// grants, changes), hashes ascending within a document.
    #[n(11)]
    pub proofs: ByteVec,
    /// Rows up to here are in the last two restorable generations of the backup.
    #[n(12)]
    pub backed_up: Option<u64>,
    /// The server's wall clock, ms since the epoch.
    #[n(13)]
    pub server_time: i64,
    /// The position that was sent is not of this lineage: repair is needed; the request's changes are committed all the same.
    #[n(14)]
    pub mismatch: bool,
    /// Wanted blobs that the server does not have or does not give.
    #[n(15)]
    pub unavailable: Vec<ByteArray<32>>,
}

/// `POST /v1/enrol`: trades a one-time code for a certificate and a token.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolRequest {
    /// The code as the person typed it.
    #[n(0)]
    pub code: String,
    /// The device's Ed25519 public key.
    #[n(1)]
    pub public_key: ByteArray<32>,
    /// Signature by that key over `fieldseal-enrol-v1` ‖ code ‖ public key: proof of possession.
    #[n(2)]
    pub proof: ByteArray<64>,
    /// What the person calls the device.
    #[n(3)]
    pub name: String,
}

/// Answer to [`EnrolRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolAnswer {
    /// Canonical bytes of the certificate.
    #[n(0)]
    pub certificate: ByteVec,
    /// The bearer token, shown once.
    #[n(1)]
    pub token: String,
    /// The server's wall clock, ms.
    #[n(2)]
    pub server_time: i64,
}

/// Body of every error answer of `/v1/…`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Problem {
    /// Stable snake_case code with a text in both languages (`wire.<code>`).
    #[n(0)]
    pub code: String,
}
