//! An archived ticket as one file (F-28): a ustar archive whose first file is the signed list of all others.
//!
//! Invariants: any archive program opens it; a list has exactly one bundle, so every byte is accounted for: headers are those
//! that this module writes, what fills up a block is zero, nothing stands behind the end. Checking reads the file once, in
//! pieces, and believes nothing that the list does not say. Neither side holds a whole photo.

use std::io::{self, Read, Write};

use fieldseal_core::domain::archive::{ArchivedFile, MAX_BYTES, VerifiedArchive, verify_archive};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::sealed::VerifyError;
use fieldseal_core::domain::signed::Fingerprint;
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

/// The signed list's name.
pub const LIST: &str = "manifest.json";

/// Bytes of a block.
const BLOCK: usize = 512;
/// Bytes read in one go.
const STEP: usize = 64 * 1024;

/// Why a file is no whole bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The list does not hold.
    #[error(transparent)]
    List(#[from] VerifyError),
    /// A file is not what the list says, or its header is another one.
    #[error("{0} is not what the list says")]
    File(String),
    /// It ends too early: a download that broke off, for one.
    #[error("the bundle ends too early")]
    Cut,
    /// Something stands behind its end.
    #[error("something stands behind the end")]
    More,
    /// It cannot be read.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for BundleError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Cut
        } else {
            Self::Io(error)
        }
    }
}

/// Whether a file begins as a bundle does.
pub fn is_bundle(start: &[u8]) -> bool {
    start
        .strip_prefix(LIST.as_bytes())
        .is_some_and(|rest| rest.first() == Some(&0))
}

/// The one header that a file has.
fn header(path: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

/// Zeros behind `size` bytes.
fn filling(size: u64) -> usize {
    let over = size % BLOCK as u64;
    usize::try_from((BLOCK as u64 - over) % BLOCK as u64).unwrap_or(0)
}

/// Bytes of the whole bundle.
pub fn length(list: &[u8], files: &[ArchivedFile]) -> u64 {
    let sizes = files.iter().map(|file| file.size);
    std::iter::once(list.len() as u64)
        .chain(sizes)
        .map(|size| BLOCK as u64 + size + filling(size) as u64)
        .sum::<u64>()
        + 2 * BLOCK as u64
}

/// Writes a bundle. `open` gives the bytes of the file at a place in `files`; what it gives is compared with the list on the
/// way, so a bundle that was written to its end holds.
///
/// # Errors
/// What `open` and `to` say; [`io::ErrorKind::InvalidData`] where a file is not what the list says (damaged on disk, say):
/// what was written so far does not hold and says so when it is checked.
pub fn write(
    list: &[u8],
    files: &[ArchivedFile],
    mut open: impl FnMut(usize) -> io::Result<Box<dyn Read>>,
    to: &mut dyn Write,
) -> io::Result<()> {
    to.write_all(header(LIST, list.len() as u64)?.as_bytes())?;
    to.write_all(list)?;
    to.write_all(&[0; BLOCK][..filling(list.len() as u64)])?;
    let mut buffer = vec![0; STEP];
    for (at, file) in files.iter().enumerate() {
        to.write_all(header(&file.path, file.size)?.as_bytes())?;
        let mut reader = open(at)?.take(file.size.saturating_add(1));
        let (mut hasher, mut size) = (Sha256::new(), 0);
        loop {
            let count = reader.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            size += count as u64;
            hasher.update(&buffer[..count]);
            to.write_all(&buffer[..count])?;
        }
        if size != file.size || ContentHash(hasher.finalize().into()) != file.sha256 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, file.path.clone()));
        }
        to.write_all(&[0; BLOCK][..filling(file.size)])?;
    }
    to.write_all(&[0; 2 * BLOCK])
}

/// The next block is exactly `wanted`.
fn same_header(from: &mut dyn Read, wanted: &Header, path: &str) -> Result<(), BundleError> {
    let mut block = [0; BLOCK];
    from.read_exact(&mut block)?;
    if block == *wanted.as_bytes() {
        Ok(())
    } else {
        Err(BundleError::File(path.to_owned()))
    }
}

fn zeros(from: &mut dyn Read, count: usize, path: &str) -> Result<(), BundleError> {
    let mut rest = vec![0; count];
    from.read_exact(&mut rest)?;
    if rest.iter().all(|byte| *byte == 0) {
        Ok(())
    } else {
        Err(BundleError::File(path.to_owned()))
    }
}

/// Reads the signed list, which stands first.
fn list(from: &mut dyn Read) -> Result<Vec<u8>, BundleError> {
    let mut first = Header::new_ustar();
    from.read_exact(first.as_mut_bytes())?;
    let size = first.size().map_err(|_| VerifyError::Form)?;
    if size > MAX_BYTES as u64 {
        return Err(VerifyError::TooLarge.into());
    }
    if first.as_bytes() != header(LIST, size).map_err(BundleError::Io)?.as_bytes() {
        return Err(VerifyError::Form.into());
    }
    let mut list = vec![0; usize::try_from(size).map_err(|_| VerifyError::TooLarge)?];
    from.read_exact(&mut list)?;
    zeros(from, filling(size), LIST)?;
    Ok(list)
}

/// Checks a bundle from its bytes alone; with `trusted` also that this organisation signed it.
///
/// # Errors
/// [`BundleError`].
pub fn check(mut from: impl Read, trusted: Option<Fingerprint>) -> Result<VerifiedArchive, BundleError> {
    let from: &mut dyn Read = &mut from;
    let verified = verify_archive(&list(from)?, trusted)?;
    let mut buffer = vec![0; STEP];
    for file in &verified.content.files {
        same_header(
            from,
            &header(&file.path, file.size).map_err(BundleError::Io)?,
            &file.path,
        )?;
        let (mut hasher, mut left) = (Sha256::new(), file.size);
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(STEP).min(STEP);
            from.read_exact(&mut buffer[..step])?;
            hasher.update(&buffer[..step]);
            left -= step as u64;
        }
        if ContentHash(hasher.finalize().into()) != file.sha256 {
            return Err(BundleError::File(file.path.clone()));
        }
        zeros(from, filling(file.size), &file.path)?;
    }
    zeros(from, 2 * BLOCK, LIST)?;
    match from.read(&mut buffer[..1])? {
        0 => Ok(verified),
        _ => Err(BundleError::More),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ed25519_dalek::SigningKey;
    use fieldseal_core::domain::archive::{ArchiveContent, sign_archive};
    use fieldseal_core::domain::signed::PublicKey;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[9; 32])
    }

    fn of(files: &[(&str, Vec<u8>)]) -> (Vec<u8>, Vec<ArchivedFile>) {
        let files: Vec<ArchivedFile> = files
            .iter()
            .map(|(path, bytes)| ArchivedFile {
                path: (*path).to_owned(),
                size: bytes.len() as u64,
                sha256: ContentHash::of(bytes),
            })
            .collect();
        let content = ArchiveContent {
            ticket: fieldseal_core::domain::ids::TicketId(uuid::Uuid::from_u128(5)),
            number: "20261127-001".to_owned(),
            by: fieldseal_core::domain::ids::UserId(uuid::Uuid::from_u128(6)),
            at: "2026-11-27T17:00:00+08:00".parse().unwrap(),
            kept_until: None,
            files: files.clone(),
            missing: Default::default(),
        };
        (sign_archive(content, "信安", &key()).unwrap(), files)
    }

    fn parts() -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("records/ticket.json", b"{}".to_vec()),
            ("photos/empty.jpg", Vec::new()),
            ("photos/a.jpg", vec![7; 70_000]),
            ("photos/block.jpg", vec![8; 512]),
        ]
    }

    fn bundle(parts: &[(&'static str, Vec<u8>)]) -> Vec<u8> {
        let (list, files) = of(parts);
        let mut out = Vec::new();
        let open =
            |at: usize| -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(parts[at].1.clone()))) };
        write(&list, &files, open, &mut out).unwrap();
        assert_eq!(out.len() as u64, length(&list, &files));
        out
    }

    fn checked(bytes: &[u8]) -> Result<VerifiedArchive, BundleError> {
        check(bytes, Some(PublicKey::of(&key()).fingerprint()))
    }

    #[test]
    fn f28_a_bundle_holds_and_every_archive_program_reads_it() {
        let bytes = bundle(&parts());
        assert!(is_bundle(&bytes) && !is_bundle(b"manifest.jsonx") && !is_bundle(b"manifest.json"));
        assert_eq!(checked(&bytes).unwrap().content.files.len(), 4);
        let mut read = tar::Archive::new(&bytes[..]);
        let mut found = Vec::new();
        for entry in read.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            found.push((path, content));
        }
        assert_eq!(found.remove(0).0, LIST);
        let wanted: Vec<_> = parts()
            .into_iter()
            .map(|(path, bytes)| (path.to_owned(), bytes))
            .collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn f28_no_byte_of_a_bundle_can_be_changed_cut_or_added() {
        let small = [
            ("records/ticket.json", b"{}".to_vec()),
            ("photos/a.jpg", vec![7; 600]),
        ];
        let bytes = bundle(&small);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(checked(&flipped).is_err(), "byte {at}");
        }
        for length in 0..bytes.len() {
            assert!(
                matches!(checked(&bytes[..length]), Err(BundleError::Cut)),
                "{length}"
            );
        }
        for more in [0, 1] {
            let mut longer = bytes.clone();
            longer.push(more);
            assert!(matches!(checked(&longer), Err(BundleError::More)));
        }
    }

    #[test]
    fn f28_another_order_of_the_same_files_does_not_hold() {
        let mut turned = parts();
        turned.reverse();
        let (list, _) = of(&parts());
        let (_, files) = of(&turned);
        let mut out = Vec::new();
        let open =
            |at: usize| -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(turned[at].1.clone()))) };
        write(&list, &files, open, &mut out).unwrap();
        assert!(matches!(checked(&out), Err(BundleError::File(path)) if path == "records/ticket.json"));
    }

    #[test]
    fn f28_a_list_that_claims_much_costs_nothing_before_it_is_believed() {
        let mut huge = bundle(&parts());
        let first = header(LIST, 8_000_000_000).unwrap();
        huge[..BLOCK].copy_from_slice(first.as_bytes());
        assert!(matches!(
            checked(&huge),
            Err(BundleError::List(VerifyError::TooLarge))
        ));
        // Signed sizes that no file has: it is read until it ends, in pieces.
        let (_, mut files) = of(&parts());
        files[0].size = 1 << 50;
        let content = ArchiveContent {
            files,
            ..checked(&bundle(&parts())).unwrap().content
        };
        let list = sign_archive(content.clone(), "信安", &key()).unwrap();
        let mut claims = Vec::new();
        let open = |_: usize| -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(b"{}".to_vec()))) };
        assert!(write(&list, &content.files[..1], open, &mut claims).is_err());
        assert!(matches!(checked(&claims), Err(BundleError::Cut)));
    }

    #[test]
    fn f28_a_file_that_is_damaged_on_disk_is_said_and_the_rest_does_not_pass_as_whole() {
        let (list, files) = of(&parts());
        for damaged in [vec![6; 70_000], vec![7; 69_999], vec![7; 70_001]] {
            let mut out = Vec::new();
            let open = |at: usize| -> io::Result<Box<dyn Read>> {
                let bytes = if at == 2 {
                    damaged.clone()
                } else {
                    parts()[at].1.clone()
                };
                Ok(Box::new(Cursor::new(bytes)))
            };
            let error = write(&list, &files, open, &mut out).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().contains("photos/a.jpg"));
            assert!(checked(&out).is_err());
        }
    }
}
