//! The list of what an archived ticket holds, signed by the organisation (F-28).
//!
//! Invariants: the list names every file of the bundle with its size and SHA-256, in the order in which they stand there,
//! and what the records name but nobody had when it was made. Whoever has the list and the organisation's fingerprint needs
//! nothing else to say whether a bundle is whole. Paths are plain ASCII, relative, and none comes twice.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canonical::{CanonicalError, ContentHash, canonical_bytes};
use super::ids::{TicketId, UserId};
use super::sealed::VerifyError;
use super::signed::{self, Fingerprint, PublicKey, Use};
use super::time::LocalTime;

/// The largest list, bytes: some 25,000 files.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The longest path, bytes: what every archive program reads.
pub const MAX_PATH: usize = 100;

/// A file of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchivedFile {
    /// Where it stands: `photos/<sha256>.jpg`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: ContentHash,
}

/// What the list says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveContent {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// Who archived it.
    pub by: UserId,
    /// When, by the server's clock.
    pub at: LocalTime,
    /// The day until which everything is kept (F-29); none while the ticket is open or a warranty is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<NaiveDate>,
    /// The files, in their order.
    pub files: Vec<ArchivedFile>,
    /// Photos and sealed files that the records name and that had not arrived.
    pub missing: BTreeSet<ContentHash>,
}

#[derive(Serialize, Deserialize)]
struct Members {
    #[serde(flatten)]
    content: ArchiveContent,
    organisation: String,
    organisation_key: PublicKey,
}

/// A list whose every byte was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedArchive {
    /// SHA-256 of the list.
    pub sha256: ContentHash,
    /// What it says.
    pub content: ArchiveContent,
    /// The organisation's name.
    pub organisation_name: String,
    /// Its fingerprint.
    pub organisation: Fingerprint,
}

/// Whether a path stays inside the folder into which a bundle is unpacked, on every system.
pub fn is_plain_path(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    path.len() <= MAX_PATH && path.split('/').all(plain)
}

/// Signs a list with the organisation's key; the same content always gives the same bytes.
///
/// # Errors
/// [`CanonicalError`] where it has no canonical form.
pub fn sign_archive(
    content: ArchiveContent,
    organisation_name: &str,
    organisation: &SigningKey,
) -> Result<Vec<u8>, CanonicalError> {
    let members = Members {
        content,
        organisation: organisation_name.to_owned(),
        organisation_key: PublicKey::of(organisation),
    };
    canonical_bytes(&Value::Object(signed::sign(
        Use::Archive,
        &members,
        organisation,
    )?))
}

/// Verifies a list from its bytes alone; with `trusted_org` also that this organisation signed it.
///
/// # Errors
/// [`VerifyError`]; [`VerifyError::Form`] also for a path that is not plain or comes twice.
pub fn verify_archive(
    bytes: &[u8],
    trusted_org: Option<Fingerprint>,
) -> Result<VerifiedArchive, VerifyError> {
    if bytes.len() > MAX_BYTES {
        return Err(VerifyError::TooLarge);
    }
    let object = signed::read(Use::Archive, bytes)?;
    let members: Members = signed::content(&object)?;
    signed::check(Use::Archive, &object, &members.organisation_key)?;
    let organisation = members.organisation_key.fingerprint();
    if trusted_org.is_some_and(|trusted| trusted != organisation) {
        return Err(VerifyError::Organisation);
    }
    let mut paths = BTreeSet::new();
    let files = &members.content.files;
    if !files
        .iter()
        .all(|file| is_plain_path(&file.path) && paths.insert(&file.path))
    {
        return Err(VerifyError::Form);
    }
    Ok(VerifiedArchive {
        sha256: ContentHash::of(bytes),
        content: members.content,
        organisation_name: members.organisation,
        organisation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::certificate::tests::organisation;

    const GOLDEN: &str = r#"{"at":"2026-11-27T17:00:00+08:00","by":"0193f2c0-0000-7000-8000-0000000000b1","files":[{"path":"records/ticket.json","sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},{"path":"photos/a.jpg","sha256":"41e5787e9f28562d07b891b1816b492309d646c0f2829743fa4963a9f9cc1d61","size":4}],"format":"fieldseal-archive","kept_until":"2030-05-02","missing":["507ed67017b094aa67af34f6fda4490d0ff61cea3f1cf8543860c4c6658e0261"],"number":"20261127-001","organisation":"信安印章服务有限公司","organisation_key":"43a72e714401762df66b68c26dfbdf2682aaec9f2474eca4613e424a0fbafd3c","signature":"3e50e62b4be1ec9d1f4f00235307263455a163bc52e01a68eccfe9f41a746d0ab597d47e646c1e8d3397b5ad113e7fd68a324927f94938b033416205a02e5708","ticket":"0193f2c0-0000-7000-8000-00000000000a","v":1}"#;

    fn content() -> ArchiveContent {
        let hash = |text: &str| ContentHash::of(text.as_bytes());
        let file = |path: &str, text: &str| ArchivedFile {
            path: path.to_owned(),
            size: text.len() as u64,
            sha256: hash(text),
        };
        ArchiveContent {
            ticket: "0193f2c0-0000-7000-8000-00000000000a".parse().unwrap(),
            number: "20261127-001".to_owned(),
            by: "0193f2c0-0000-7000-8000-0000000000b1".parse().unwrap(),
            at: "2026-11-27T17:00:00+08:00".parse().unwrap(),
            kept_until: Some("2030-05-02".parse().unwrap()),
            files: vec![file("records/ticket.json", "{}"), file("photos/a.jpg", "jpeg")],
            missing: [hash("never came")].into(),
        }
    }

    #[test]
    fn f28_golden_archive_bytes() {
        let bytes = sign_archive(content(), "信安印章服务有限公司", &organisation()).unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), GOLDEN);
        let print = PublicKey::of(&organisation()).fingerprint();
        let verified = verify_archive(&bytes, Some(print)).unwrap();
        assert_eq!(verified.content, content());
        assert_eq!(verified.organisation_name, "信安印章服务有限公司");
    }

    #[test]
    fn f28_no_byte_of_the_list_can_be_changed() {
        let bytes = sign_archive(content(), "信安", &organisation()).unwrap();
        for at in 0..bytes.len() {
            for bit in [0, 3, 5] {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(verify_archive(&flipped, None).is_err(), "bit {bit} of byte {at}");
            }
        }
        let stranger = SigningKey::from_bytes(&[3; 32]);
        let other = sign_archive(content(), "信安", &stranger).unwrap();
        let print = PublicKey::of(&organisation()).fingerprint();
        assert_eq!(
            verify_archive(&other, Some(print)),
            Err(VerifyError::Organisation)
        );
        let audit = super::super::audited::verify_audit(&bytes, None);
        assert!(audit.is_err(), "a list is no audit");
    }

    #[test]
    fn f28_a_signed_list_with_a_path_that_leaves_its_folder_does_not_hold() {
        let long = "a".repeat(MAX_PATH + 1);
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "C:x",
            "a\\b",
            ".ssh",
            "图.jpg",
            "a b",
            "x.",
            &long,
        ] {
            let mut content = content();
            content.files[0].path = path.to_owned();
            let bytes = sign_archive(content, "信安", &organisation()).unwrap();
            assert_eq!(verify_archive(&bytes, None), Err(VerifyError::Form), "{path}");
        }
        let mut twice = content();
        twice.files[1].path = twice.files[0].path.clone();
        let bytes = sign_archive(twice, "信安", &organisation()).unwrap();
        assert_eq!(verify_archive(&bytes, None), Err(VerifyError::Form));
    }
}
