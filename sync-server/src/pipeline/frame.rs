//! A request's frames, read as far as that needs neither ancestors nor the writer's lock.

use fieldseal_core::documents::{GateError, ReadChange, read_change};
use fieldseal_core::facts::DocName;
use fieldseal_core::wire::{CHANGE_MAX, SyncRequest};
use sha2::{Digest, Sha256};

use crate::storage::Hash;

/// What begins every chunk, then the type of a plain change after four bytes of checksum.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE: u8 = 1;
/// A name longer than this is none of ours and is kept cut.
const NAME_KEPT: usize = 128;

/// One change of a request.
pub(super) struct Frame<'r> {
    /// The document's name as sent, cut to a bound.
    pub(super) doc: &'r str,
    /// The same, where it is a document's name.
    pub(super) name: Option<DocName>,
    /// The bytes as sent.
    pub(super) bytes: &'r [u8],
    /// What they are.
    pub(super) content: Content,
}

/// What a frame's bytes are.
pub(super) enum Content {
    /// A change of the right form.
    Change(Box<ReadChange>),
    /// A change (its hash is that of its bytes) of another form.
    Malformed(Hash, GateError),
    /// A change longer than allowed.
    TooLong(Hash),
    /// No change at all; SHA-256 of the frame.
    Unreadable(Hash),
}

/// Reads all frames of a request, in order.
pub(super) fn read(request: &SyncRequest) -> Vec<Frame<'_>> {
    request
        .changes
        .iter()
        .flat_map(|doc| {
            let name: Option<DocName> = doc.doc.parse().ok();
            let text = cut(&doc.doc);
            doc.changes.iter().map(move |bytes| Frame {
                doc: text,
                name: name.clone(),
                bytes,
                content: content(bytes),
            })
        })
        .collect()
}

fn content(bytes: &[u8]) -> Content {
    match read_change(bytes) {
        Ok(change) => Content::Change(Box::new(change)),
        Err(error) => match change_hash(bytes) {
            Some(hash) if bytes.len() > CHANGE_MAX => Content::TooLong(hash),
            Some(hash) => Content::Malformed(hash, error),
            None => Content::Unreadable(Sha256::digest(bytes).into()),
        },
    }
}

/// The hash of a change whatever it holds: SHA-256 of type, length and content, whose beginning is the checksum.
fn change_hash(bytes: &[u8]) -> Option<Hash> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (checksum, hashed) = rest.split_first_chunk::<4>()?;
    if *magic != MAGIC || hashed.first() != Some(&CHANGE) {
        return None;
    }
    let hash: Hash = Sha256::digest(hashed).into();
    (hash[..4] == *checksum).then_some(hash)
}

fn cut(name: &str) -> &str {
    let mut end = name.len().min(NAME_KEPT);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}
