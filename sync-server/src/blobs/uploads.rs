//! Uploads of large blobs: who may send what, how far it has come, when it is whole (design 5, «Blobs»).
//!
//! Invariants:
//! * An upload begins only once an accepted fact in a document that this device's person writes names the blob: photos
//!   come after the changes.
//! * What a device sent is continued by that device alone: nobody can put other bytes under the hash of somebody else's
//!   photo.
//! * A blob is recorded, with its row of the sequence, only after its bytes were compared with its hash and are durable
//!   under its name; the record and the row are one transaction. After a kill between name and record the blob is sent
//!   again: a file without a record says nothing about who had its bytes.
//! * No transaction and no lock of the storage is held while bytes arrive.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use fieldseal_core::env::Env;
use fieldseal_core::wire::ProblemCode;

use super::store::{BlobReader, BlobStore, Part, PartWriter};
use super::turns::Turns;
use crate::pipeline::SyncService;
use crate::storage::{DeviceRow, FileRow, Hash, NewRow, ReadTx, RowKind, Storage, StorageError, UploadRow};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Abandoned uploads that are looked at in one go.
const SWEEP_STEP: u32 = 500;

/// How much a device may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of one blob.
    pub file: u64,
    /// Bytes of a device's uploads that are not whole, as they were announced.
    pub open: u64,
    /// Bytes of the uploads that a device begins in a day.
    pub day: u64,
    /// Days after which an upload that does not move is thrown away.
    pub keep_days: u16,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            file: fieldseal_core::wire::LARGE_BLOB_MAX,
            open: 1024 * 1024 * 1024,
            day: 4 * 1024 * 1024 * 1024,
            keep_days: 30,
        }
    }
}

/// Why an upload or a download does not go on.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// No accepted fact of this device's person names the blob.
    #[error("no accepted fact names the blob")]
    NotNamed,
    /// Nothing was begun, or it is not for this device.
    #[error("no such upload")]
    NotFound,
    /// Longer than a blob may be, or than was announced.
    #[error("too large")]
    TooLarge,
    /// The device's share is used up.
    #[error("the device's share is used up")]
    OverQuota,
    /// The upload stands elsewhere.
    #[error("the upload stands at {0}")]
    WrongOffset(u64),
    /// The bytes have another hash; they were thrown away.
    #[error("the bytes have another hash")]
    WrongHash,
    /// The device was revoked meanwhile.
    #[error("the device was revoked")]
    Revoked,
    /// The same upload runs on another connection.
    #[error("the upload runs on another connection")]
    Busy,
    /// The line broke off, or the sender was too slow; what arrived is kept.
    #[error("the line broke off")]
    Cut,
    /// See [`StorageError`].
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The disk under the blobs.
    #[error("blobs: {0}")]
    Disk(#[from] io::Error),
}

impl UploadError {
    /// What the client is told.
    pub fn problem(&self) -> ProblemCode {
        match self {
            Self::NotNamed => ProblemCode::NotNamed,
            Self::NotFound => ProblemCode::NotFound,
            Self::TooLarge => ProblemCode::TooLarge,
            Self::OverQuota => ProblemCode::OverQuota,
            Self::WrongOffset(_) => ProblemCode::WrongOffset,
            Self::WrongHash => ProblemCode::WrongHash,
            Self::Revoked => ProblemCode::Revoked,
            Self::Busy => ProblemCode::UploadBusy,
            Self::Cut | Self::Storage(StorageError::Full | StorageError::Busy) => ProblemCode::Unavailable,
            Self::Disk(error) if is_full(error) => ProblemCode::Unavailable,
            Self::Storage(_) | Self::Disk(_) => ProblemCode::Internal,
        }
    }

    /// Whether the server's administrator should hear of it.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Storage(_) | Self::Disk(_))
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// How an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This much is on disk.
    Partly {
        /// Durable bytes.
        offset: u64,
        /// Bytes in all.
        length: u64,
    },
    /// The blob is whole, durable and recorded.
    Whole {
        /// Its bytes.
        length: u64,
        /// Its receipt row.
        row: u64,
    },
}

/// A blob that may be read.
pub struct Found {
    /// Its length.
    pub length: u64,
    /// Its bytes.
    pub reader: Box<dyn BlobReader>,
}

/// Bytes on their way into a part.
pub struct Appending {
    upload: UploadRow,
    writer: Box<dyn PartWriter>,
    left: u64,
}

impl Appending {
    /// How many bytes are still missing.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Appends.
    ///
    /// # Errors
    /// [`UploadError::TooLarge`] where it is more than was announced, nothing is appended then; [`UploadError::Disk`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        let length = bytes.len() as u64;
        if length > self.left {
            return Err(UploadError::TooLarge);
        }
        self.writer.append(bytes)?;
        self.left -= length;
        Ok(())
    }
}

/// The uploads of one server.
#[derive(Debug)]
pub struct Uploads {
    service: Arc<SyncService>,
    store: Arc<dyn BlobStore>,
    env: Env,
    limits: UploadLimits,
    turns: Turns,
    /// Held while a blob gets its name and its record, and while one without a record is thrown away.
    naming: Mutex<()>,
}

impl Uploads {
    /// Over the given store.
    pub fn new(service: Arc<SyncService>, store: Arc<dyn BlobStore>, env: Env, limits: UploadLimits) -> Self {
        Self {
            service,
            store,
            env,
            limits,
            turns: Turns::default(),
            naming: Mutex::default(),
        }
    }

    /// Who may go on with which upload.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    /// The store below.
    pub fn store(&self) -> &Arc<dyn BlobStore> {
        &self.store
    }

    /// The limits.
    pub fn limits(&self) -> UploadLimits {
        self.limits
    }

    fn storage(&self) -> &dyn Storage {
        self.service.storage().as_ref()
    }

    fn now(&self) -> i64 {
        self.env.clock.read().wall_ms
    }

    /// Begins an upload, or finds it begun. To be called in one's turn.
    ///
    /// # Errors
    /// [`UploadError::TooLarge`], [`UploadError::NotNamed`], [`UploadError::OverQuota`], the disk's.
    pub fn create(&self, device: &DeviceRow, sha256: &Hash, length: u64) -> Result<Standing, UploadError> {
        if length == 0 || length > self.limits.file {
            return Err(UploadError::TooLarge);
        }
        let tx = self.storage().read()?;
        if !tx.named_by(sha256, device.user)? {
            return Err(UploadError::NotNamed);
        }
        if let Some(file) = sent(tx.as_ref(), device, sha256)? {
            return Ok(whole(&file));
        }
        let before = tx.upload(device.id, sha256)?;
        drop(tx);
        if let Some(upload) = before.filter(|upload| upload.size == length) {
            return self.standing_of(&upload);
        }
        let (now, part) = (self.now(), part_of(device, sha256));
        // Announced with another length before: those bytes belong to nothing.
        self.store.discard(&part)?;
        let upload = UploadRow {
            device: device.id,
            sha256: *sha256,
            size: length,
            begun: now,
            moved: now,
        };
        let mut tx = self.storage().write()?;
        let open = tx.open_bytes(device.id)? - before.map_or(0, |upload| upload.size);
        let day = now.div_euclid(DAY_MS);
        let begun = tx.begun_bytes(device.id, day)?;
        if open.saturating_add(length) > self.limits.open || begun.saturating_add(length) > self.limits.day {
            return Err(UploadError::OverQuota);
        }
        tx.put_upload(&upload)?;
        tx.count_begun(device.id, day, length)?;
        tx.commit()?;
        self.standing_of(&upload)
    }

    /// How an upload of this device stands. To be called in one's turn.
    ///
    /// # Errors
    /// [`UploadError::NotFound`], the disk's.
    pub fn standing(&self, device: &DeviceRow, sha256: &Hash) -> Result<Standing, UploadError> {
        let tx = self.storage().read()?;
        if let Some(file) = sent(tx.as_ref(), device, sha256)? {
            return Ok(whole(&file));
        }
        let upload = tx.upload(device.id, sha256)?.ok_or(UploadError::NotFound)?;
        drop(tx);
        match self.standing_of(&upload) {
            Err(UploadError::WrongHash) => Err(UploadError::NotFound),
            standing => standing,
        }
    }

    /// Makes an upload ready to go on at an offset. To be called in one's turn, as what follows.
    ///
    /// # Errors
    /// [`UploadError::NotFound`], [`UploadError::WrongOffset`], the disk's.
    pub fn append(&self, device: &DeviceRow, sha256: &Hash, offset: u64) -> Result<Appending, UploadError> {
        let (at, length) = match self.standing(device, sha256)? {
            Standing::Whole { length, .. } => return Err(UploadError::WrongOffset(length)),
            Standing::Partly { offset, length } => (offset, length),
        };
        if at != offset {
            return Err(UploadError::WrongOffset(at));
        }
        let upload = self
            .storage()
            .read()?
            .upload(device.id, sha256)?
            .ok_or(UploadError::NotFound)?;
        Ok(Appending {
            upload,
            writer: self.store.append(&part_of(device, sha256))?,
            left: length - at,
        })
    }

    /// Brings what was appended to disk and says how the upload stands; a whole one becomes a blob.
    ///
    /// # Errors
    /// [`UploadError::WrongHash`] (the upload is gone then), [`UploadError::Revoked`], the disk's.
    pub fn settle(&self, mut appending: Appending) -> Result<Standing, UploadError> {
        appending.writer.sync()?;
        let (now, mut upload) = (self.now(), appending.upload);
        drop(appending);
        let standing = self.standing_of(&upload)?;
        if matches!(standing, Standing::Partly { .. }) && now - upload.moved > DAY_MS {
            upload.moved = now;
            let mut tx = self.storage().write()?;
            tx.put_upload(&upload)?;
            tx.commit()?;
        }
        Ok(standing)
    }

    /// How a recorded upload stands on disk; what is whole is recorded as a blob, what does not fit thrown away.
    fn standing_of(&self, upload: &UploadRow) -> Result<Standing, UploadError> {
        let part = Part {
            device: upload.device,
            sha256: upload.sha256,
        };
        let offset = self.store.durable(&part)?;
        if offset < upload.size {
            return Ok(Standing::Partly {
                offset,
                length: upload.size,
            });
        }
        if offset > upload.size || self.store.hash(&part)? != upload.sha256 {
            self.store.discard(&part)?;
            let mut tx = self.storage().write()?;
            tx.drop_upload(upload.device, &upload.sha256)?;
            tx.commit()?;
            tracing::warn!(device = %upload.device, "an upload had another hash and was thrown away");
            return Err(UploadError::WrongHash);
        }
        self.record(upload)
    }

    /// Gives a blob, whose bytes were compared, its name and its record.
    fn record(&self, upload: &UploadRow) -> Result<Standing, UploadError> {
        let part = Part {
            device: upload.device,
            sha256: upload.sha256,
        };
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.keep(&part)?;
        let mut tx = self.storage().write()?;
        let Some(device) = tx
            .device(upload.device)?
            .filter(|device| device.revoked_at.is_none())
        else {
            return Err(UploadError::Revoked);
        };
        // Whoever sent the bytes has them: what he names with them opens them to others.
        tx.hold_blob(&upload.sha256, device.user)?;
        tx.drop_upload(upload.device, &upload.sha256)?;
        // Another device may have sent the same blob meanwhile.
        let file = match tx.file(&upload.sha256)? {
            Some(file) => file,
            None => {
                let row = tx.append_row(&NewRow {
                    kind: RowKind::Blob,
                    doc: None,
                    hash: &upload.sha256,
                    engineer: None,
                    device: None,
                })?;
                let file = FileRow {
                    sha256: upload.sha256,
                    device: upload.device,
                    at: self.now(),
                    size: upload.size,
                    row,
                };
                tx.put_file(&file)?;
                file
            }
        };
        let (head, _) = tx.head()?;
        tx.commit()?;
        self.service.committed(head);
        Ok(whole(&file))
    }

    /// A blob for a device, if a fact of a document in its engineer's scope names it: a large one, or one that came in
    /// a sync request.
    ///
    /// # Errors
    /// [`UploadError::NotFound`], the disk's.
    pub fn for_device(&self, device: &DeviceRow, sha256: &Hash) -> Result<Found, UploadError> {
        let tx = self.storage().read()?;
        if !tx.blob_in_scope(device.user, sha256)? {
            return Err(UploadError::NotFound);
        }
        self.opened(tx.as_ref(), sha256)
    }

    /// A blob, whoever asks: rights are the caller's matter.
    ///
    /// # Errors
    /// [`UploadError::NotFound`], the disk's.
    pub fn stored(&self, sha256: &Hash) -> Result<Found, UploadError> {
        let tx = self.storage().read()?;
        self.opened(tx.as_ref(), sha256)
    }

    fn opened(&self, tx: &dyn ReadTx, sha256: &Hash) -> Result<Found, UploadError> {
        if tx.file(sha256)?.is_none() {
            let bytes = tx.blob(sha256)?.ok_or(UploadError::NotFound)?;
            return Ok(Found {
                length: bytes.len() as u64,
                reader: Box::new(io::Cursor::new(bytes)),
            });
        }
        match self.store.open(sha256)? {
            Some((length, reader)) => Ok(Found { length, reader }),
            None => {
                tracing::error!(sha256 = %hex::encode(sha256), "a recorded blob is not there");
                Err(UploadError::NotFound)
            }
        }
    }

    /// Throws away uploads that have not moved for as long as the limits say. The phone still has the photo; it begins
    /// again. Gives how many.
    ///
    /// # Errors
    /// The disk's.
    pub fn sweep(&self) -> Result<usize, UploadError> {
        let until = self.now() - i64::from(self.limits.keep_days) * DAY_MS;
        let old = self.storage().read()?.uploads_until(until, SWEEP_STEP)?;
        let mut swept = 0;
        for upload in old {
            let part = Part {
                device: upload.device,
                sha256: upload.sha256,
            };
            let Some(_turn) = self.turns.try_take(part) else {
                continue;
            };
            let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
            self.store.discard(&part)?;
            let mut tx = self.storage().write()?;
            tx.drop_upload(upload.device, &upload.sha256)?;
            let orphan = tx.file(&upload.sha256)?.is_none() && !tx.uploading(&upload.sha256)?;
            tx.commit()?;
            if orphan {
                // It got its name, and a kill came before its record.
                self.store.remove(&upload.sha256)?;
            }
            tracing::warn!(
                device = %upload.device, sha256 = %hex::encode(upload.sha256),
                "an upload did not move for too long and was thrown away"
            );
            swept += 1;
        }
        Ok(swept)
    }
}

fn part_of(device: &DeviceRow, sha256: &Hash) -> Part {
    Part {
        device: device.id,
        sha256: *sha256,
    }
}

const fn whole(file: &FileRow) -> Standing {
    Standing::Whole {
        length: file.size,
        row: file.row,
    }
}

/// The record of a blob that the device's person sent or may read. Somebody else who has the same bytes sends them all the
/// same: only so does the server know that he has them, and that others may see what he shows them.
fn sent(tx: &dyn ReadTx, device: &DeviceRow, sha256: &Hash) -> Result<Option<FileRow>, StorageError> {
    let file = tx.file(sha256)?;
    if file.is_some() && tx.blob_in_scope(device.user, sha256)? {
        Ok(file)
    } else {
        Ok(None)
    }
}
