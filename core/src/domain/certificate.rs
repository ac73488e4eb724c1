//! Device certificates: the organisation's word that a device belongs to one of its engineers (design 3, «Sealing»).
//!
//! Issued at enrolment, embedded in every sealed file, so that a stranger needs the file alone and one fingerprint to
//! compare. Invariant: a [`Certificate`] was verified when it was made; it carries the organisation's key itself.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::canonical::{CanonicalError, canonical_bytes};
use super::ids::{DeviceId, UserId};
use super::signed::{self, Fingerprint, PublicKey, SignedError, Use};
use super::time::LocalTime;

/// The largest certificate that is read, bytes.
pub const MAX_BYTES: usize = 2_048;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateBody {
    /// The device.
    pub device: DeviceId,
    /// Its engineer.
    pub engineer: UserId,
    /// The device's Ed25519 public key.
    pub device_key: PublicKey,
    /// When it was issued, by the server's clock.
    pub issued_at: LocalTime,
    /// The organisation's name, as it stands on reports.
    pub organisation: String,
    /// The organisation's Ed25519 public key, which signed this.
    pub organisation_key: PublicKey,
}

/// A certificate whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    body: CertificateBody,
    /// As it was signed, members of newer versions included.
    object: Map<String, Value>,
}

/// Why something is not a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The organisation's name is empty or too long, or has no canonical form.
    #[error("the certificate cannot be written: {0}")]
    Content(CanonicalError),
    /// Larger than [`MAX_BYTES`].
    #[error("the certificate is too large")]
    TooLarge,
    /// Not a certificate, or its signature does not hold.
    #[error(transparent)]
    Signed(#[from] SignedError),
}

impl Certificate {
    /// Issues a certificate with the organisation's key; `organisation_key` of the body is set from it.
    ///
    /// # Errors
    /// [`CertificateError::TooLarge`] with a very long name.
    pub fn issue(mut body: CertificateBody, organisation: &SigningKey) -> Result<Self, CertificateError> {
        body.organisation_key = PublicKey::of(organisation);
        let object =
            signed::sign(Use::Certificate, &body, organisation).map_err(CertificateError::Content)?;
        let certificate = Self { body, object };
        if certificate.to_bytes().len() > MAX_BYTES {
            return Err(CertificateError::TooLarge);
        }
        Ok(certificate)
    }

    /// Reads and verifies canonical bytes.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > MAX_BYTES {
            return Err(CertificateError::TooLarge);
        }
        Self::from_object(signed::read(Use::Certificate, bytes)?)
    }

    /// Verifies the object that stands in a sealed file.
    pub(super) fn from_object(object: Map<String, Value>) -> Result<Self, CertificateError> {
        let body: CertificateBody = signed::content(&object)?;
        signed::check(Use::Certificate, &object, &body.organisation_key)?;
        Ok(Self { body, object })
    }

    /// What it says.
    pub fn body(&self) -> &CertificateBody {
        &self.body
    }

    /// The fingerprint of the organisation that vouches.
    pub fn organisation_fingerprint(&self) -> Fingerprint {
        self.body.organisation_key.fingerprint()
    }

    /// The canonical bytes: what enrolment answers, the directory keeps and a sealed file embeds.
    pub fn to_bytes(&self) -> Vec<u8> {
        // It was written or read in canonical form before, so it has one.
        canonical_bytes(&Value::Object(self.object.clone())).unwrap_or_default()
    }

    /// The JSON that a sealed file embeds.
    pub(super) fn to_value(&self) -> Value {
        Value::Object(self.object.clone())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The organisation of the golden tests.
    pub(crate) fn organisation() -> SigningKey {
        SigningKey::from_bytes(&[0x0a; 32])
    }

    /// The device of the golden tests.
    pub(crate) fn device_key() -> SigningKey {
        SigningKey::from_bytes(&[0x0d; 32])
    }

    pub(crate) fn certificate() -> Certificate {
        Certificate::issue(
            CertificateBody {
                device: "0193f2c0-0000-7000-8000-0000000000d1".parse().unwrap(),
                engineer: "0193f2c0-0000-7000-8000-0000000000e1".parse().unwrap(),
                device_key: PublicKey::of(&device_key()),
                issued_at: "2026-11-23T10:00:00+08:00".parse().unwrap(),
                organisation: "信安印章服务有限公司".to_owned(),
                organisation_key: PublicKey([0; 32]),
            },
            &organisation(),
        )
        .unwrap()
    }

    const GOLDEN: &str = r#"{"device":"0193f2c0-0000-7000-8000-0000000000d1","device_key":"91a28a0b74381593a4d9469579208926afc8ad82c8839b7644359b9eba9a4b3a","engineer":"0193f2c0-0000-7000-8000-0000000000e1","format":"fieldseal-certificate","issued_at":"2026-11-23T10:00:00+08:00","organisation":"信安印章服务有限公司","organisation_key":"43a72e714401762df66b68c26dfbdf2682aaec9f2474eca4613e424a0fbafd3c","signature":"591d8c6752789e200293171d059eba5867c57203476f2d57aa55ebd95f6bb37218dbfa3df4738ea06d704e0d3be9b3349121d0cfcf77f65047b5b45f6421d50b","v":1}"#;

    #[test]
    fn i05_golden_certificate_bytes() {
        let bytes = certificate().to_bytes();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), GOLDEN);
        assert_eq!(Certificate::read(&bytes).unwrap(), certificate());
    }

    #[test]
    fn i05_no_byte_of_a_certificate_can_be_changed() {
        let bytes = certificate().to_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(Certificate::read(&flipped).is_err(), "bit {bit} of byte {at}");
            }
            assert!(Certificate::read(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_certificate_by_another_key_is_refused() {
        let honest = certificate();
        let mut forged = honest.object.clone();
        let stranger = SigningKey::from_bytes(&[0x0b; 32]);
        // The stranger's signature under the organisation's name and key.
        let body: CertificateBody = signed::content(&forged).unwrap();
        let by_stranger = signed::sign(Use::Certificate, &body, &stranger).unwrap();
        forged.insert("signature".into(), by_stranger["signature"].clone());
        assert_eq!(
            Certificate::from_object(forged),
            Err(CertificateError::Signed(SignedError::Signature))
        );
        // A stranger's own certificate is one, of another organisation.
        let own = Certificate::issue(body, &stranger).unwrap();
        assert_ne!(own.organisation_fingerprint(), honest.organisation_fingerprint());
    }

    #[test]
    fn members_of_a_newer_version_stay_and_are_signed() {
        let mut value = serde_json::to_value(certificate().body()).unwrap();
        value["later"] = "x".into();
        let object = signed::sign(Use::Certificate, &value, &organisation()).unwrap();
        let bytes = canonical_bytes(&Value::Object(object)).unwrap();
        let read = Certificate::read(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(read.body(), certificate().body());
    }

    #[test]
    fn a_certificate_is_small() {
        let mut body = certificate().body().clone();
        body.organisation = "长".repeat(700);
        assert_eq!(
            Certificate::issue(body, &organisation()).unwrap_err(),
            CertificateError::TooLarge
        );
    }
}
