//! The chain tag over the sequence of rows (design 5, «Position»).
//!
//! tag(n) = first 16 bytes of SHA-256(tag(n−1) ‖ n as 8 bytes big-endian ‖ kind, one byte ‖ length of the document's
//! name as 2 bytes big-endian ‖ its name ‖ row hash, 32 bytes). tag(0) is drawn at random when a database is created,
//! so that two databases never share a lineage. Equal tags vouch for the whole prefix; that is how a restored or
//! rolled-back database shows.

use sha2::{Digest, Sha256};

use crate::storage::RowKind;

/// A chain tag. To a phone an opaque word.
pub type Tag = [u8; 16];

/// The tag of row `n`, given its predecessor's.
pub fn tag(previous: &Tag, n: u64, kind: RowKind, doc: &str, hash: &[u8; 32]) -> Tag {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(n.to_be_bytes());
    hasher.update([kind as u8]);
    // A document's name is far below 64 KB; a longer one could not have been parsed.
    hasher.update(u16::try_from(doc.len()).unwrap_or(u16::MAX).to_be_bytes());
    hasher.update(doc.as_bytes());
    hasher.update(hash);
    let full: [u8; 32] = hasher.finalize().into();
    let mut tag = [0_u8; 16];
    tag.copy_from_slice(&full[..16]);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_tags_of_a_chain() {
        let order = "order/0193f2c0-0000-7000-8000-000000000001";
        let first = tag(&[0; 16], 1, RowKind::Change, order, &[1; 32]);
        let second = tag(&first, 2, RowKind::Grant, order, &[2; 32]);
        let third = tag(&second, 3, RowKind::Removal, "directory", &[3; 32]);
        assert_eq!(hex::encode(first), "d570536239223a3628b439a92dcb2787");
        assert_eq!(hex::encode(second), "0106855666e9c958c0f76821d56a626b");
        assert_eq!(hex::encode(third), "ec4cc8dee8470585ab5cc407499770ff");
    }

    #[test]
    fn every_input_of_a_tag_counts() {
        let base = tag(&[0; 16], 1, RowKind::Change, "directory", &[1; 32]);
        for other in [
            tag(&[1; 16], 1, RowKind::Change, "directory", &[1; 32]),
            tag(&[0; 16], 2, RowKind::Change, "directory", &[1; 32]),
            tag(&[0; 16], 1, RowKind::Grant, "directory", &[1; 32]),
            tag(&[0; 16], 1, RowKind::Change, "directorz", &[1; 32]),
            tag(&[0; 16], 1, RowKind::Change, "directory", &[2; 32]),
        ] {
            assert_ne!(base, other);
        }
    }
}
