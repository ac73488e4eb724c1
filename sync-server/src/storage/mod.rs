//! Where the server keeps everything: one trait, one acceptance suite, SQLite below it (design 6).
//!
//! Invariants that every implementation keeps, and `acceptance` demands:
//! * A transaction commits whole or not at all; [`WriteTx::commit`] returns only once it is on disk.
//! * There is one writer at a time. The rows of the sequence are numbered from 1 without gaps under its lock, which is
//!   held until the commit, so no row becomes visible late (design 5).
//! * A read transaction sees one state, whatever is committed meanwhile.
//! * A document's changes are unique by (document, hash): an action over two documents may be the same bytes in both.
//!
//! Raw changes and their actions are the authority; documents and projections are caches of them.

mod accounts;
mod chain;
mod error;
pub mod sqlite;
mod types;
mod uploads;

#[cfg(test)]
pub(crate) mod acceptance;

pub use accounts::{ReadAccounts, WriteAccounts};
pub use chain::{Tag, tag};
pub use error::StorageError;
pub use types::*;
pub use uploads::{FileRow, ReadUploads, UploadRow, WriteUploads};

use fieldseal_core::domain::ids::{ActionId, DeviceId, UserId};
use fieldseal_core::facts::DocName;

/// What every storage call gives.
pub type Result<T> = std::result::Result<T, StorageError>;

/// A server's storage. Synchronous: callers run it off the event loop.
pub trait Storage: Send + Sync {
    /// Begins a transaction that sees one state.
    ///
    /// # Errors
    /// [`StorageError`] where the engine gives none.
    fn read(&self) -> Result<Box<dyn ReadTx + '_>>;

    /// Begins the one transaction that writes; waits for the writer before it. Dropped without
    /// [`WriteTx::commit`] it leaves no trace.
    ///
    /// # Errors
    /// [`StorageError`] where the engine gives none.
    fn write(&self) -> Result<Box<dyn WriteTx + '_>>;
}

/// Reading, in a read or a write transaction. Every method may fail as the engine does.
#[expect(
    clippy::missing_errors_doc,
    reason = "every method fails with the engine's StorageError alone"
)]
pub trait ReadTx: ReadAccounts + ReadUploads {
    // ---- documents and changes -----------------------------------------------------------------------------
    /// The document of this name, if anything ever named it.
    fn doc(&self, name: &DocName) -> Result<Option<DocRow>>;
    /// A document's name.
    fn doc_name(&self, doc: DocKey) -> Result<DocName>;
    /// The documents of a family (`order/<id>`, `van/<engineer>`), by name.
    fn family(&self, family: &str) -> Result<Vec<DocRow>>;
    /// Highest `n` in a family; 0 without any.
    fn family_n(&self, family: &str) -> Result<u64>;
    /// Names of the documents that begin so (`order/`) and hold at least one change, ascending.
    fn doc_names(&self, prefix: &str) -> Result<Vec<DocName>>;
    /// An accepted change.
    fn known(&self, doc: DocKey, hash: &Hash) -> Result<Option<KnownRow>>;
    /// Whether any accepted change has this action id.
    fn has_key(&self, doc: DocKey, key: ActionId) -> Result<bool>;
    /// An actor's last change: its sequence number and hash.
    fn last_of(&self, doc: DocKey, actor: &[u8; 16]) -> Result<Option<(u64, Hash)>>;
    /// Change chunks of a document above a row, in order of the sequence (which is a causal order).
    fn chunks_after(&self, doc: DocKey, row: u64) -> Result<Vec<(u64, Vec<u8>)>>;
    /// A document's accepted actions in order of the sequence.
    fn actions_of_doc(&self, doc: DocKey) -> Result<Vec<ActionRow>>;
    /// A family's accepted actions in order of the sequence.
    fn actions_of_family(&self, family: &str) -> Result<Vec<ActionRow>>;

    // ---- the sequence ----------------------------------------------------------------------------------------
    /// The last row's number and tag; 0 and tag(0) for an empty sequence.
    fn head(&self) -> Result<(u64, Tag)>;
    /// A row's tag; also of row 0.
    fn tag_at(&self, n: u64) -> Result<Option<Tag>>;
    /// Rows above `after`, at most `limit`.
    fn rows_after(&self, after: u64, limit: u32) -> Result<Vec<SeqRow>>;
    /// Gives the rows of a range that are for this device, ascending, until `take` returns `false`: changes of
    /// documents in scope, its grants still in scope, its removals still out.
    fn pull(&self, range: PullRange, take: &mut dyn FnMut(PullRow<'_>) -> Result<bool>) -> Result<()>;
    /// The first grant row of a document for this device in a range.
    fn first_grant(&self, range: PullRange, doc: DocKey) -> Result<Option<u64>>;

    // ---- scope -------------------------------------------------------------------------------------------------
    /// Whether any reason has the document in the engineer's scope.
    fn in_scope(&self, engineer: UserId, doc: DocKey) -> Result<bool>;
    /// Every document with changes in an engineer's scope with its heads (ascending), ascending by name's bytes.
    fn scope_heads(&self, engineer: UserId) -> Result<Vec<(String, Vec<Hash>)>>;
    /// Every document in an engineer's scope.
    fn scope_docs(&self, engineer: UserId) -> Result<Vec<DocKey>>;
    /// What a reason has in scope.
    fn scope_of_reason(&self, reason: &str) -> Result<Vec<(UserId, DocKey)>>;
    /// The reasons for which anybody has this document in scope.
    fn reasons_of(&self, doc: DocKey) -> Result<Vec<String>>;

    // ---- parked and quarantined ------------------------------------------------------------------------------------
    /// Parked changes that wait for this one.
    fn parked_for(&self, doc: DocKey, need: &Hash) -> Result<Vec<ParkedRow>>;
    /// Whether this change is parked.
    fn is_parked(&self, doc: DocKey, hash: &Hash) -> Result<bool>;
    /// How many changes of a device are parked, and their bytes.
    fn parked_of(&self, device: DeviceId) -> Result<(u64, u64)>;
    /// How many changes are parked in all.
    fn parked_count(&self) -> Result<u64>;
    /// The reason for which a change of this document is quarantined.
    fn quarantined(&self, doc: &str, hash: &Hash) -> Result<Option<String>>;
    /// Quarantined bytes kept of one device.
    fn quarantined_bytes(&self, device: DeviceId) -> Result<u64>;
    /// The newest quarantined changes, at most `limit`.
    fn quarantine(&self, limit: u32) -> Result<Vec<QuarantineRow>>;

    // ---- small blobs ---------------------------------------------------------------------------------------------
    /// A small blob's bytes.
    fn blob(&self, sha256: &Hash) -> Result<Option<Vec<u8>>>;
    /// Whether it is stored.
    fn has_blob(&self, sha256: &Hash) -> Result<bool>;
    /// Whether an accepted fact names it.
    fn blob_named(&self, sha256: &Hash) -> Result<bool>;
    /// Whether an accepted fact of a document in the engineer's scope names it, and whoever wrote that document could
    /// name it rightly: the office, an engineer who holds it ([`WriteTx::hold_blob`]), or one who can read it by
    /// another such fact. A hash alone opens nothing.
    fn blob_in_scope(&self, engineer: UserId, sha256: &Hash) -> Result<bool>;
    /// Bytes of stored blobs of one device that nothing names yet.
    fn unnamed_blob_bytes(&self, device: DeviceId) -> Result<u64>;

    // ---- deliveries --------------------------------------------------------------------------------------------------
    /// Assignments of an engineer whose row is at most `upto` and of which `delivered` is not written yet.
    fn deliveries(&self, engineer: UserId, upto: u64) -> Result<Vec<DeliveryRow>>;
}

/// Writing. Reads in it see what it wrote.
#[expect(
    clippy::missing_errors_doc,
    reason = "every method fails with the engine's StorageError alone"
)]
pub trait WriteTx: ReadTx + WriteAccounts + WriteUploads {
    /// Commits; returns once it is on disk. Several transactions may share one fsync.
    fn commit(self: Box<Self>) -> Result<()>;

    // ---- documents and changes -----------------------------------------------------------------------------
    /// The document of this name, created empty where there is none; says whether it was created.
    fn ensure_doc(&mut self, name: &DocName) -> Result<(DocRow, bool)>;
    /// Appends a row for an accepted change and stores it; the row's number.
    fn insert_change(&mut self, change: &NewChange<'_>) -> Result<u64>;
    /// Stores what changed about a document: heads, highest op and n, number of changes.
    fn update_doc(&mut self, doc: &DocRow) -> Result<()>;
    /// Appends a row that is not a change; its number.
    fn append_row(&mut self, row: &NewRow<'_>) -> Result<u64>;

    // ---- scope -------------------------------------------------------------------------------------------------
    /// Adds a reason; `true` where it is the document's first for this engineer.
    fn add_reason(&mut self, engineer: UserId, doc: DocKey, reason: &str) -> Result<bool>;
    /// Takes a reason away; `true` where it was the last.
    fn drop_reason(&mut self, engineer: UserId, doc: DocKey, reason: &str) -> Result<bool>;

    // ---- parked and quarantined ------------------------------------------------------------------------------------
    /// Parks a change until all of `needs` are there; parking it again changes nothing.
    fn park(
        &mut self,
        doc: DocKey,
        hash: &Hash,
        sender: Sender,
        needs: &[Hash],
        bytes: &[u8],
        at: i64,
    ) -> Result<()>;
    /// Notes that a change for which others wait was accepted: those that wait for nothing else any more, in the order in
    /// which they were parked. They stay parked until they are decided.
    fn arrived(&mut self, doc: DocKey, need: &Hash) -> Result<Vec<ParkedRow>>;
    /// Forgets a parked change (it was accepted or quarantined).
    fn unpark(&mut self, doc: DocKey, hash: &Hash) -> Result<()>;
    /// Keeps a refused change; the first reason stays.
    fn put_quarantine(&mut self, row: &QuarantineRow) -> Result<()>;
    /// Forgets a quarantined change (its rightful writer sent it).
    fn drop_quarantine(&mut self, doc: &str, hash: &Hash) -> Result<()>;

    // ---- small blobs ---------------------------------------------------------------------------------------------
    /// Stores a blob under its hash; `true` where it was new.
    fn put_blob(&mut self, sha256: &Hash, bytes: &[u8], device: Option<DeviceId>, at: i64) -> Result<bool>;
    /// Records that a fact of the document names the blob. `writer` is the document's engineer, none for the office's.
    fn name_blob(&mut self, sha256: &Hash, doc: DocKey, writer: Option<UserId>) -> Result<()>;
    /// Records that an engineer has the blob's bytes: he sent them, or could read them when he named them.
    fn hold_blob(&mut self, sha256: &Hash, engineer: UserId) -> Result<()>;

    // ---- deliveries --------------------------------------------------------------------------------------------------
    /// Remembers that an assignment is on its way to an engineer.
    fn put_delivery(&mut self, delivery: &DeliveryRow) -> Result<()>;
    /// Forgets it (`delivered` is written, or it was taken away).
    fn drop_delivery(&mut self, engineer: UserId, assignment: &str) -> Result<()>;
}
