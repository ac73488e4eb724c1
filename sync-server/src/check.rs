//! Reading back everything that is stored: the chain of rows, every change's bytes, every document.
//!
//! Raw changes and their actions are the authority (design 5), so this proves from them: that the chain tags follow
//! from the rows, that each change's bytes are the change they are stored as, and that each document can be built
//! from its changes and has the heads that are stored for it. Of large blobs: that each recorded one is there with its
//! hash.

use std::fmt;

use fieldseal_core::documents::{Document, read_change};

use crate::blobs::BlobStore;
use crate::blobs::store::hash_of;
use crate::storage::{ReadTx, Storage, StorageError, tag};

/// Rows looked at in one go.
const STEP: u32 = 5_000;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A row's tag does not follow from its predecessor: rows were changed or lost.
    Chain {
        /// The row.
        row: u64,
    },
    /// A row is missing in the sequence.
    Gap {
        /// The number that was expected.
        row: u64,
    },
    /// A change's bytes cannot be read.
    Unreadable {
        /// The document.
        doc: String,
        /// The row.
        row: u64,
    },
    /// A change's bytes are not the change or the action that they are stored as.
    Differs {
        /// The document.
        doc: String,
        /// The row.
        row: u64,
    },
    /// The document cannot be built from its changes, or has other heads than are stored.
    Document {
        /// The document.
        doc: String,
    },
    /// A recorded large blob is not there as it was received.
    Blob {
        /// Its name.
        sha256: String,
        /// Whether it is not there at all.
        missing: bool,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain { row } => write!(f, "row {row}: the chain tag does not follow"),
            Self::Gap { row } => write!(f, "row {row}: missing"),
            Self::Unreadable { doc, row } => write!(f, "{doc}, row {row}: the change cannot be read"),
            Self::Differs { doc, row } => {
                write!(f, "{doc}, row {row}: the change is not what it is stored as")
            }
            Self::Document { doc } => write!(f, "{doc}: cannot be built from its changes"),
            Self::Blob {
                sha256,
                missing: true,
            } => write!(f, "blob {sha256}: missing"),
            Self::Blob { sha256, .. } => write!(f, "blob {sha256}: not the bytes that were received"),
        }
    }
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows of the sequence.
    pub rows: u64,
    /// Documents with changes.
    pub documents: u64,
    /// Changes.
    pub changes: u64,
    /// Large blobs.
    pub blobs: u64,
    /// What is wrong; empty where everything is right.
    pub findings: Vec<Finding>,
}

/// Reads everything in one read transaction.
///
/// # Errors
/// [`StorageError`] where the storage cannot be read at all.
pub fn check(storage: &dyn Storage, blobs: &dyn BlobStore) -> Result<Checked, StorageError> {
    let tx = storage.read()?;
    let mut checked = Checked::default();
    chain(tx.as_ref(), &mut checked)?;
    for name in tx.doc_names("")? {
        let Some(doc) = tx.doc(&name)? else { continue };
        let text = name.to_string();
        checked.documents += 1;
        let actions = tx.actions_of_doc(doc.key)?;
        let chunks = tx.chunks_after(doc.key, 0)?;
        let mut whole = actions.len() == chunks.len();
        for ((row, bytes), action) in chunks.iter().zip(&actions) {
            checked.changes += 1;
            match read_change(bytes) {
                Err(_) => {
                    whole = false;
                    checked.findings.push(Finding::Unreadable {
                        doc: text.clone(),
                        row: *row,
                    });
                }
                Ok(change) => {
                    let same =
                        change.hash == action.hash && change.key == action.key && change.text == action.text;
                    if !same || *row != action.row {
                        checked.findings.push(Finding::Differs {
                            doc: text.clone(),
                            row: *row,
                        });
                    }
                }
            }
        }
        let bytes: Vec<&[u8]> = chunks.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        let mut heads = Document::from_changes(&bytes).map(|document| document.heads());
        if let Ok(heads) = &mut heads {
            heads.sort_unstable();
        }
        if !whole || heads.as_ref() != Ok(&doc.heads) {
            checked.findings.push(Finding::Document { doc: text });
        }
    }
    files(tx.as_ref(), blobs, &mut checked)?;
    Ok(checked)
}

fn files(tx: &dyn ReadTx, blobs: &dyn BlobStore, checked: &mut Checked) -> Result<(), StorageError> {
    let mut after = None;
    loop {
        let files = tx.files_after(after.as_ref(), STEP)?;
        let Some(last) = files.last() else {
            return Ok(());
        };
        after = Some(last.sha256);
        for file in files {
            checked.blobs += 1;
            // What cannot be read is as bad as what is not there.
            let opened = blobs.open(&file.sha256).ok().flatten();
            let missing = opened.is_none();
            let same = opened.is_some_and(|(length, mut reader)| {
                length == file.size && hash_of(&mut reader).is_ok_and(|hash| hash == file.sha256)
            });
            if !same {
                checked.findings.push(Finding::Blob {
                    sha256: hex::encode(file.sha256),
                    missing,
                });
            }
        }
    }
}

fn chain(tx: &dyn ReadTx, checked: &mut Checked) -> Result<(), StorageError> {
    let Some(mut previous) = tx.tag_at(0)? else {
        checked.findings.push(Finding::Chain { row: 0 });
        return Ok(());
    };
    loop {
        let rows = tx.rows_after(checked.rows, STEP)?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            if row.n != checked.rows + 1 {
                checked.findings.push(Finding::Gap {
                    row: checked.rows + 1,
                });
            }
            let doc = row.doc.as_deref().unwrap_or_default();
            if tag(&previous, row.n, row.kind, doc, &row.hash) != row.tag {
                checked.findings.push(Finding::Chain { row: row.n });
            }
            previous = row.tag;
            checked.rows = row.n;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{Bench, LI, Phone};

    #[test]
    fn a_healthy_store_has_no_findings_and_a_changed_byte_is_found() {
        let bench = Bench::new();
        bench.enrol(&Phone::new(1), LI);
        let storage = bench.state.service.storage();
        let checked = check(storage.as_ref(), bench.state.uploads.store().as_ref()).unwrap();
        assert_eq!(checked.findings, vec![]);
        assert!(checked.rows >= 2 && checked.documents >= 1 && checked.changes >= 2);

        let path = bench.folder().join(crate::server::DATABASE);
        let database = rusqlite::Connection::open(path).unwrap();
        database
            .execute("UPDATE changes SET text = text || ' ' WHERE row = 1", [])
            .unwrap();
        let found = check(storage.as_ref(), bench.state.uploads.store().as_ref())
            .unwrap()
            .findings;
        assert_eq!(
            found,
            vec![Finding::Differs {
                doc: "directory".to_owned(),
                row: 1
            }]
        );
        database
            .execute("UPDATE rows SET hash = zeroblob(32) WHERE n = 1", [])
            .unwrap();
        let found = check(storage.as_ref(), bench.state.uploads.store().as_ref())
            .unwrap()
            .findings;
        assert!(found.contains(&Finding::Chain { row: 1 }), "{found:?}");
        database
            .execute("UPDATE changes SET bytes = zeroblob(40) WHERE row = 1", [])
            .unwrap();
        let found = check(storage.as_ref(), bench.state.uploads.store().as_ref())
            .unwrap()
            .findings;
        assert!(
            found
                .iter()
                .any(|finding| matches!(finding, Finding::Unreadable { row: 1, .. }))
        );
        assert!(
            found
                .iter()
                .any(|finding| matches!(finding, Finding::Document { .. }))
        );
    }
}
