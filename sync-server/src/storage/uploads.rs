//! Receipts of large blobs and what is known of uploads under way. The bytes lie in a [`BlobStore`](crate::blobs::BlobStore).

use fieldseal_core::domain::ids::{DeviceId, UserId};

use crate::storage::{Hash, Result};

/// A large blob that is whole and durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRow {
    /// Its name.
    pub sha256: Hash,
    /// The device that sent it.
    pub device: DeviceId,
    /// When it was whole, ms since the epoch.
    pub at: i64,
    /// Its length.
    pub size: u64,
    /// Its receipt row.
    pub row: u64,
}

/// An upload of one device that is not whole yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadRow {
    /// The device.
    pub device: DeviceId,
    /// Under which hash it was begun.
    pub sha256: Hash,
    /// How long it will be.
    pub size: u64,
    /// When it was begun, ms since the epoch.
    pub begun: i64,
    /// When bytes of it last arrived, to about a day.
    pub moved: i64,
}

/// Reading, in a read or a write transaction.
#[expect(
    clippy::missing_errors_doc,
    reason = "every method fails with the engine's StorageError alone"
)]
pub trait ReadUploads {
    /// A large blob's receipt.
    fn file(&self, sha256: &Hash) -> Result<Option<FileRow>>;
    /// Receipts above a hash, ascending, at most `limit`.
    fn files_after(&self, after: Option<&Hash>, limit: u32) -> Result<Vec<FileRow>>;
    /// An upload under way.
    fn upload(&self, device: DeviceId, sha256: &Hash) -> Result<Option<UploadRow>>;
    /// Whether any device has an upload of this blob under way.
    fn uploading(&self, sha256: &Hash) -> Result<bool>;
    /// Lengths of a device's uploads under way, added up.
    fn open_bytes(&self, device: DeviceId) -> Result<u64>;
    /// Lengths of the uploads that a device began on a day.
    fn begun_bytes(&self, device: DeviceId, day: i64) -> Result<u64>;
    /// Uploads that have not moved since, the oldest first, at most `limit`.
    fn uploads_until(&self, moved: i64, limit: u32) -> Result<Vec<UploadRow>>;
    /// Whether an accepted fact in a document that this engineer writes names a blob.
    fn named_by(&self, sha256: &Hash, engineer: UserId) -> Result<bool>;
}

/// Writing.
#[expect(
    clippy::missing_errors_doc,
    reason = "every method fails with the engine's StorageError alone"
)]
pub trait WriteUploads: ReadUploads {
    /// Records that a blob is whole; its receipt row was appended in this transaction.
    fn put_file(&mut self, file: &FileRow) -> Result<()>;
    /// Records an upload, new or moved.
    fn put_upload(&mut self, upload: &UploadRow) -> Result<()>;
    /// Forgets an upload.
    fn drop_upload(&mut self, device: DeviceId, sha256: &Hash) -> Result<()>;
    /// Counts bytes of an upload that a device began on a day; forgets what it began long before.
    fn count_begun(&mut self, device: DeviceId, day: i64, bytes: u64) -> Result<()>;
}
