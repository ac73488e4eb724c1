//! Sealing a report, and proving it from its file alone (design 3, «Sealing»; I5, S4, D.5-3).
//!
//! A sealed file is canonical JSON of at most 16 KB: content, revision, SHA-256 of the revision before, the ids of
//! the facts that the customer saw, the device's certificate with the organisation's key, and the device's
//! signature over all of it. It never changes; a correction is the next revision. [`verify_sealed`] needs nothing
//! but the bytes, and flipping any of them makes it fail.

mod content;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canonical::{CanonicalError, ContentHash, canonical_bytes};
use super::certificate::{Certificate, CertificateError};
use super::signed::{self, Fingerprint, PublicKey, SignedError, Use};

pub use content::*;

/// The largest sealed file, bytes: it travels in the same request as the facts (design 5).
pub const MAX_BYTES: usize = 16 * 1024;

/// A sealed revision: what is stored, sent and handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its SHA-256: its name as a blob, and what the next revision names as `prev`.
    pub sha256: ContentHash,
}

/// The place of a revision in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 1 for the first.
    pub revision: u32,
    /// SHA-256 of the file of the revision before; none for the first only.
    pub prev: Option<ContentHash>,
}

impl Place {
    /// The first revision.
    pub const FIRST: Self = Self {
        revision: 1,
        prev: None,
    };

    /// The revision after the one with this number and file.
    pub fn after(revision: u32, file: ContentHash) -> Self {
        Self {
            revision: revision.saturating_add(1),
            prev: Some(file),
        }
    }

    const fn holds(self) -> bool {
        match self.prev {
            None => self.revision == 1,
            Some(_) => self.revision > 1,
        }
    }
}

/// Why a report cannot be sealed. That fields are missing is told before, by
/// [`super::report_rules::missing_before_seal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The file would be larger than [`MAX_BYTES`].
    #[error("the sealed report would have {bytes} bytes")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The content has no canonical form.
    #[error("the report has no canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// The certificate is not this device's.
    #[error("the certificate is of another device")]
    DeviceKey,
    /// The certificate is not this engineer's.
    #[error("the certificate is of another engineer")]
    Engineer,
    /// A first revision with a predecessor, or a later one without.
    #[error("revision number and predecessor disagree")]
    Revision,
}

impl SealError {
    /// The key of its text in both languages.
    pub const fn text_key(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "seal_error.too_large",
            Self::Canonical(_) => "seal_error.canonical",
            Self::DeviceKey => "seal_error.device_key",
            Self::Engineer => "seal_error.engineer",
            Self::Revision => "seal_error.revision",
        }
    }
}

/// Why a sealed or audited file does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Larger than such a file can be.
    #[error("too large")]
    TooLarge,
    /// No file of this kind.
    #[error("not a file of this kind")]
    Form,
    /// Written by a newer program.
    #[error("another version of the format")]
    Version,
    /// Not the one canonical writing of its content: changed after signing.
    #[error("not in canonical form")]
    NotCanonical,
    /// The certificate inside is none, or not signed by the key that it names.
    #[error("the certificate does not hold")]
    Certificate,
    /// The signature is not of this content.
    #[error("the signature does not match")]
    Signature,
    /// Revision number and predecessor disagree.
    #[error("revision number and predecessor disagree")]
    Revision,
    /// The engineer in the report is not the certificate's.
    #[error("engineer and certificate disagree")]
    Engineer,
    /// Everything holds, but another organisation vouches than the trusted one.
    #[error("signed under another organisation")]
    Organisation,
    /// In a chain: a file is not the successor of the one before.
    #[error("the revisions are not one chain")]
    Chain,
}

impl VerifyError {
    /// Every error once.
    pub const ALL: &'static [Self] = &[
        Self::TooLarge,
        Self::Form,
        Self::Version,
        Self::NotCanonical,
        Self::Certificate,
        Self::Signature,
        Self::Revision,
        Self::Engineer,
        Self::Organisation,
        Self::Chain,
    ];

    /// The stable code, also the key of its text in both languages.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "verify.too_large",
            Self::Form => "verify.form",
            Self::Version => "verify.version",
            Self::NotCanonical => "verify.not_canonical",
            Self::Certificate => "verify.certificate",
            Self::Signature => "verify.signature",
            Self::Revision => "verify.revision",
            Self::Engineer => "verify.engineer",
            Self::Organisation => "verify.organisation",
            Self::Chain => "verify.chain",
        }
    }
}

impl From<SignedError> for VerifyError {
    fn from(error: SignedError) -> Self {
        match error {
            SignedError::Form => Self::Form,
            SignedError::Version => Self::Version,
            SignedError::NotCanonical => Self::NotCanonical,
            SignedError::Signature => Self::Signature,
        }
    }
}
impl From<CertificateError> for VerifyError {
    fn from(_: CertificateError) -> Self {
        Self::Certificate
    }
}

/// The members of a sealed file beside format, version and signature.
#[derive(Serialize, Deserialize)]
struct Members {
    content: SealedContent,
    revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prev: Option<ContentHash>,
    facts: Vec<String>,
    certificate: Value,
}

/// A sealed file whose every byte was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// SHA-256 of the file.
    pub sha256: ContentHash,
    /// What the customer saw.
    pub content: SealedContent,
    /// Its place in the chain.
    pub place: Place,
    /// The ids of the facts that it shows, as text (`<action>#<place>`).
    pub facts: Vec<String>,
    /// Device, engineer and organisation.
    pub certificate: Certificate,
    /// The fingerprint to compare with the organisation's published one.
    pub organisation: Fingerprint,
}

/// Seals a report: the same content, place, facts and keys always give the same bytes.
///
/// # Errors
/// [`SealError`].
pub fn seal(
    content: &SealedContent,
    place: Place,
    facts: &[String],
    certificate: &Certificate,
    device: &SigningKey,
) -> Result<SealedFile, SealError> {
    if certificate.body().device_key != PublicKey::of(device) {
        return Err(SealError::DeviceKey);
    }
    if certificate.body().engineer != content.engineer.id {
        return Err(SealError::Engineer);
    }
    if !place.holds() {
        return Err(SealError::Revision);
    }
    let members = Members {
        content: content.clone(),
        revision: place.revision,
        prev: place.prev,
        facts: facts.to_vec(),
        certificate: certificate.to_value(),
    };
    let object = signed::sign(Use::Sealed, &members, device)?;
    let bytes = canonical_bytes(&Value::Object(object))?;
    if bytes.len() > MAX_BYTES {
        return Err(SealError::TooLarge { bytes: bytes.len() });
    }
    Ok(SealedFile {
        sha256: ContentHash::of(&bytes),
        bytes,
    })
}

/// Verifies a sealed file from its bytes alone; with `trusted_org` also that this organisation vouches. Without, the
/// reader compares [`Verified::organisation`] with what the organisation publishes.
///
/// # Errors
/// [`VerifyError`]: nothing in the file may be believed.
pub fn verify_sealed(bytes: &[u8], trusted_org: Option<Fingerprint>) -> Result<Verified, VerifyError> {
    if bytes.len() > MAX_BYTES {
        return Err(VerifyError::TooLarge);
    }
    let object = signed::read(Use::Sealed, bytes)?;
    let Some(Value::Object(certificate)) = object.get("certificate") else {
        return Err(VerifyError::Form);
    };
    let certificate = Certificate::from_object(certificate.clone())?;
    signed::check(Use::Sealed, &object, &certificate.body().device_key)?;
    let members: Members = signed::content(&object)?;
    let place = Place {
        revision: members.revision,
        prev: members.prev,
    };
    if !place.holds() {
        return Err(VerifyError::Revision);
    }
    if members.content.engineer.id != certificate.body().engineer {
        return Err(VerifyError::Engineer);
    }
    let organisation = certificate.organisation_fingerprint();
    if trusted_org.is_some_and(|trusted| trusted != organisation) {
        return Err(VerifyError::Organisation);
    }
    Ok(Verified {
        sha256: ContentHash::of(bytes),
        content: members.content,
        place,
        facts: members.facts,
        certificate,
        organisation,
    })
}

/// Verifies the revisions of one report, the first to the last: each file by itself, and each the successor of the
/// one before, of the same work order and engineer, under the same organisation.
///
/// # Errors
/// [`VerifyError`] of the first file that fails; [`VerifyError::Chain`] also for an empty chain.
pub fn verify_chain<B: AsRef<[u8]>>(
    files: &[B],
    trusted_org: Option<Fingerprint>,
) -> Result<Vec<Verified>, VerifyError> {
    let mut chain: Vec<Verified> = Vec::with_capacity(files.len());
    for file in files {
        let next = verify_sealed(file.as_ref(), trusted_org)?;
        let follows = match chain.last() {
            None => next.place == Place::FIRST,
            Some(last) => {
                next.place == Place::after(last.place.revision, last.sha256)
                    && next.content.order.id == last.content.order.id
                    && next.content.engineer.id == last.content.engineer.id
                    && next.organisation == last.organisation
            }
        };
        if !follows {
            return Err(VerifyError::Chain);
        }
        chain.push(next);
    }
    if chain.is_empty() {
        return Err(VerifyError::Chain);
    }
    Ok(chain)
}

#[cfg(test)]
pub(crate) mod tests;
