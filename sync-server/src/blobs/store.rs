//! Where the bytes of large blobs lie: a small trait of ours, and the folder beside the database (ADR 0009).
//!
//! Invariants: a blob is visible under its hash only once its bytes and its name are on disk (write, fsync, rename,
//! fsync of the folder); bytes of a part count only once they were synced; names are made of hashes and ids alone,
//! never of anything that a client says.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fieldseal_core::domain::ids::DeviceId;
use sha2::{Digest, Sha256};

use crate::storage::Hash;

/// Bytes read in one go where a whole blob is read.
const STEP: usize = 64 * 1024;

/// Name of what arrived of an upload so far: one for each device and blob, so that nobody continues another's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// Who sends it.
    pub device: DeviceId,
    /// Under which hash.
    pub sha256: Hash,
}

/// Appends to a part. Nothing of it counts before [`PartWriter::sync`].
pub trait PartWriter: Send {
    /// Appends.
    ///
    /// # Errors
    /// As the store says; some of the bytes may have been kept.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns once everything appended is on disk.
    ///
    /// # Errors
    /// As the store says; nothing is promised then.
    fn sync(&mut self) -> io::Result<()>;
}

/// A blob's bytes, to be read from any place.
pub trait BlobReader: Read + Seek + Send {}
impl<T: Read + Seek + Send> BlobReader for T {}

/// A store of immutable bytes named by their SHA-256, and of parts that are not whole yet. Synchronous: callers run it
/// off the event loop.
#[expect(clippy::missing_errors_doc, reason = "every method fails as the disk does")]
pub trait BlobStore: Send + Sync + std::fmt::Debug {
    /// How many bytes of a part are on disk: what is said here was synced. 0 where there is none.
    fn durable(&self, part: &Part) -> io::Result<u64>;
    /// Opens a part for appending, made where there is none.
    fn append(&self, part: &Part) -> io::Result<Box<dyn PartWriter>>;
    /// SHA-256 of a part's bytes.
    fn hash(&self, part: &Part) -> io::Result<Hash>;
    /// Makes a part the blob of its hash, durably. The caller has compared the hash.
    fn keep(&self, part: &Part) -> io::Result<()>;
    /// Throws a part away; nothing happens where there is none.
    fn discard(&self, part: &Part) -> io::Result<()>;
    /// A blob with its length.
    fn open(&self, sha256: &Hash) -> io::Result<Option<(u64, Box<dyn BlobReader>)>>;
    /// Throws a blob away; nothing happens where there is none.
    fn remove(&self, sha256: &Hash) -> io::Result<()>;
}

/// SHA-256 of everything that a reader gives.
///
/// # Errors
/// The reader's.
pub fn hash_of(reader: &mut dyn Read) -> io::Result<Hash> {
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; STEP]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Blobs in a folder: `ab/cd/<hash>`, parts in `parts/<device>.<hash>`.
#[derive(Debug)]
pub struct FolderStore {
    root: PathBuf,
    synced: Synced,
}

/// How far each part was synced by this process: what it synced once need not be synced again to be believed.
#[derive(Debug, Clone, Default)]
struct Synced(Arc<Mutex<HashMap<Part, u64>>>);

impl Synced {
    fn parts(&self) -> MutexGuard<'_, HashMap<Part, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FolderStore {
    /// Over a folder, which is made where it is missing.
    ///
    /// # Errors
    /// As the disk says.
    pub fn open(root: &Path) -> io::Result<Self> {
        let store = Self {
            root: root.to_owned(),
            synced: Synced::default(),
        };
        make_folder(&store.root)?;
        make_folder(&store.root.join("parts"))?;
        Ok(store)
    }

    fn part_path(&self, part: &Part) -> PathBuf {
        let name = format!("{}.{}", part.device.0.simple(), hex::encode(part.sha256));
        self.root.join("parts").join(name)
    }

    /// The folder of a blob and its path.
    fn path(&self, sha256: &Hash) -> (PathBuf, PathBuf) {
        let name = hex::encode(sha256);
        let folder = self.root.join(&name[..2]).join(&name[2..4]);
        let path = folder.join(name);
        (folder, path)
    }
}

/// Makes a folder whose name is on disk when this returns.
fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Brings the names in a folder to disk.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Folders cannot be synced here; the file system journals its names.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What is not there was thrown away already.
fn gone(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn existing(opened: io::Result<File>) -> io::Result<Option<File>> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl BlobStore for FolderStore {
    fn durable(&self, part: &Part) -> io::Result<u64> {
        let Some(file) = existing(File::open(self.part_path(part)))? else {
            return Ok(0);
        };
        let length = file.metadata()?.len();
        if self.synced.parts().get(part) != Some(&length) {
            // After a kill the file may hold bytes, and have a name, that nobody synced.
            file.sync_all()?;
            sync_folder(&self.root.join("parts"))?;
            self.synced.parts().insert(*part, length);
        }
        Ok(length)
    }

    fn append(&self, part: &Part) -> io::Result<Box<dyn PartWriter>> {
        let path = self.part_path(part);
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Box::new(FolderPart {
            file,
            folder: self.root.join("parts"),
            part: *part,
            synced: self.synced.clone(),
        }))
    }

    fn hash(&self, part: &Part) -> io::Result<Hash> {
        match existing(File::open(self.part_path(part)))? {
            Some(mut file) => hash_of(&mut file),
            None => Ok(Sha256::digest([]).into()),
        }
    }

    fn keep(&self, part: &Part) -> io::Result<()> {
        let (folder, path) = self.path(&part.sha256);
        if let Some(above) = folder.parent() {
            make_folder(above)?;
        }
        make_folder(&folder)?;
        let from = self.part_path(part);
        File::open(&from)?.sync_all()?;
        fs::rename(from, path)?;
        self.synced.parts().remove(part);
        sync_folder(&folder)?;
        sync_folder(&self.root.join("parts"))
    }

    fn discard(&self, part: &Part) -> io::Result<()> {
        self.synced.parts().remove(part);
        if gone(fs::remove_file(self.part_path(part)))? {
            sync_folder(&self.root.join("parts"))?;
        }
        Ok(())
    }

    fn open(&self, sha256: &Hash) -> io::Result<Option<(u64, Box<dyn BlobReader>)>> {
        let (_, path) = self.path(sha256);
        let Some(mut file) = existing(File::open(path))? else {
            return Ok(None);
        };
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Some((length, Box::new(file))))
    }

    fn remove(&self, sha256: &Hash) -> io::Result<()> {
        let (folder, path) = self.path(sha256);
        if gone(fs::remove_file(path))? {
            sync_folder(&folder)?;
        }
        Ok(())
    }
}

struct FolderPart {
    file: File,
    folder: PathBuf,
    part: Part,
    synced: Synced,
}

impl PartWriter for FolderPart {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        let named = self.synced.parts().contains_key(&self.part);
        if !named {
            sync_folder(&self.folder)?;
        }
        let length = self.file.metadata()?.len();
        self.synced.parts().insert(self.part, length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(device: u128, bytes: &[u8]) -> Part {
        Part {
            device: DeviceId(uuid::Uuid::from_u128(device)),
            sha256: Sha256::digest(bytes).into(),
        }
    }

    #[test]
    fn a_part_grows_and_becomes_the_blob_of_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::open(&folder.path().join("blobs")).unwrap();
        let (mine, other) = (part(1, b"abcdef"), part(2, b"abcdef"));
        assert_eq!(store.durable(&mine).unwrap(), 0);
        for bytes in [b"abc", b"def"] {
            let mut writer = store.append(&mine).unwrap();
            writer.append(bytes).unwrap();
            writer.sync().unwrap();
        }
        assert_eq!(store.durable(&mine).unwrap(), 6);
        assert_eq!(store.durable(&other).unwrap(), 0, "another device's");
        assert_eq!(store.hash(&mine).unwrap(), mine.sha256);
        assert!(store.open(&mine.sha256).unwrap().is_none());

        store.keep(&mine).unwrap();
        assert_eq!(store.durable(&mine).unwrap(), 0);
        let (length, mut reader) = store.open(&mine.sha256).unwrap().unwrap();
        assert_eq!(length, 6);
        assert_eq!(hash_of(&mut reader).unwrap(), mine.sha256);
        let name = hex::encode(mine.sha256);
        let path = folder.path().join("blobs").join(&name[..2]).join(&name[2..4]);
        assert!(path.join(&name).is_file());

        store.remove(&mine.sha256).unwrap();
        store.remove(&mine.sha256).unwrap();
        assert!(store.open(&mine.sha256).unwrap().is_none());
        store.discard(&mine).unwrap();
    }

    #[test]
    fn a_part_outlives_the_store_and_can_be_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let mine = part(1, b"x");
        let store = FolderStore::open(folder.path()).unwrap();
        let mut writer = store.append(&mine).unwrap();
        writer.append(b"x").unwrap();
        drop((writer, store));
        let store = FolderStore::open(folder.path()).unwrap();
        assert_eq!(store.durable(&mine).unwrap(), 1);
        store.discard(&mine).unwrap();
        assert_eq!(store.durable(&mine).unwrap(), 0);
    }
}
