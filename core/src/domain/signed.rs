//! Signed canonical JSON: one object with a `signature` member over all its other members.
//!
//! The signature is Ed25519 over a prefix that names the use (`fieldseal-sealed-v1`, a line feed) and the canonical
//! bytes (RFC 8785) of the object without `signature`. Invariants: the bytes of a signed object are its canonical
//! form and no other, so that one content has one file; the prefix keeps a signature of one use from passing in
//! another; keys of small order are refused (`verify_strict`).

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::canonical::{CanonicalError, canonical_bytes};

/// An Ed25519 public key. Text form: 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(pub [u8; 32]);

/// A text is not 64 lower-case hex digits, or not a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key or fingerprint in lower-case hex")]
pub struct KeyTextError;

impl PublicKey {
    /// The public half of a key.
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key().to_bytes())
    }

    /// The fingerprint that people compare.
    pub fn fingerprint(&self) -> Fingerprint {
        let hash: [u8; 32] = Sha256::digest(self.0).into();
        let mut short = [0_u8; 16];
        short.copy_from_slice(&hash[..16]);
        Fingerprint(short)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}
impl FromStr for PublicKey {
    type Err = KeyTextError;
    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        hex_exactly(text).map(Self)
    }
}
impl TryFrom<String> for PublicKey {
    type Error = KeyTextError;
    fn try_from(text: String) -> Result<Self, KeyTextError> {
        text.parse()
    }
}
impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        key.to_string()
    }
}

/// The first 16 bytes of SHA-256 of a public key, for people: `3f9a 0c21 …`, eight groups of four hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pair) in self.0.chunks(2).enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&hex::encode(pair))?;
        }
        Ok(())
    }
}
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
/// Reads what a person typed: spaces, hyphens and case do not matter.
impl FromStr for Fingerprint {
    type Err = KeyTextError;
    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        hex_exactly(&digits.to_ascii_lowercase()).map(Self)
    }
}

/// Lower-case hex of exactly `N` bytes.
fn hex_exactly<const N: usize>(text: &str) -> Result<[u8; N], KeyTextError> {
    let mut bytes = [0_u8; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyTextError)?;
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(KeyTextError);
    }
    Ok(bytes)
}

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A device certificate, signed by the organisation.
    Certificate,
    /// A sealed report, signed by a device.
    Sealed,
    /// An audited view, signed by the organisation.
    Audit,
    /// A hand-over of parts, signed by the giver's device.
    Handover,
    /// The receipt of one, signed by the taker's device.
    HandoverReceipt,
    /// The list of what an archived ticket holds, signed by the organisation.
    Archive,
}

impl Use {
    /// The `format` member of the object.
    pub const fn format(self) -> &'static str {
        match self {
            Self::Certificate => "fieldseal-certificate",
            Self::Sealed => "fieldseal-sealed",
            Self::Audit => "fieldseal-audit",
            Self::Handover => "fieldseal-handover",
            Self::HandoverReceipt => "fieldseal-handover-receipt",
            Self::Archive => "fieldseal-archive",
        }
    }

    /// What is signed before the canonical bytes.
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Certificate => b"fieldseal-certificate-v1\n",
            Self::Sealed => b"fieldseal-sealed-v1\n",
            Self::Audit => b"fieldseal-audit-v1\n",
            Self::Handover => b"fieldseal-handover-v1\n",
            Self::HandoverReceipt => b"fieldseal-handover-receipt-v1\n",
            Self::Archive => b"fieldseal-archive-v1\n",
        }
    }
}

/// The version of all these formats.
pub const VERSION: u64 = 1;

/// Why bytes are not a signed object of some use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// Not a JSON object, or without the members of its format.
    #[error("not a signed file of this kind")]
    Form,
    /// The format's version is another than this program reads.
    #[error("another version of the format")]
    Version,
    /// JSON, but not the one canonical writing of it: something was changed.
    #[error("not in canonical form")]
    NotCanonical,
    /// The signature is not of these bytes by this key.
    #[error("the signature does not match")]
    Signature,
}

fn message(purpose: Use, object: &Map<String, Value>) -> Result<Vec<u8>, CanonicalError> {
    let mut bytes = purpose.prefix().to_vec();
    bytes.extend(canonical_bytes(&Value::Object(object.clone()))?);
    Ok(bytes)
}

/// Adds format, version and signature to what `content` serialises to; gives the object.
///
/// # Errors
/// [`CanonicalError`] where the content has no canonical form or is no object.
pub fn sign<T: Serialize>(
    purpose: Use,
    content: &T,
    key: &SigningKey,
) -> Result<Map<String, Value>, CanonicalError> {
    let Ok(Value::Object(mut object)) = serde_json::to_value(content) else {
        return Err(CanonicalError::NotJson);
    };
    object.insert("format".to_owned(), purpose.format().into());
    object.insert("v".to_owned(), VERSION.into());
    let signature = key.sign(&message(purpose, &object)?);
    object.insert("signature".to_owned(), hex::encode(signature.to_bytes()).into());
    Ok(object)
}

/// Reads the canonical bytes of an object of some use, the signature still to be checked with [`check`].
///
/// # Errors
/// [`SignedError::Form`], [`SignedError::Version`], [`SignedError::NotCanonical`].
pub fn read(purpose: Use, bytes: &[u8]) -> Result<Map<String, Value>, SignedError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| SignedError::Form)?;
    let canonical = canonical_bytes(&value).map_err(|_| SignedError::NotCanonical)?;
    let Value::Object(object) = value else {
        return Err(SignedError::Form);
    };
    is_of_use(purpose, &object)?;
    if canonical == bytes {
        Ok(object)
    } else {
        Err(SignedError::NotCanonical)
    }
}

fn is_of_use(purpose: Use, object: &Map<String, Value>) -> Result<(), SignedError> {
    if object.get("format").and_then(Value::as_str) != Some(purpose.format()) {
        return Err(SignedError::Form);
    }
    if object.get("v").and_then(Value::as_u64) == Some(VERSION) {
        Ok(())
    } else {
        Err(SignedError::Version)
    }
}

/// Checks an object's signature by `key`.
///
/// # Errors
/// [`SignedError`]: of another use or version, without signature, or not signed by this key.
pub fn check(purpose: Use, object: &Map<String, Value>, key: &PublicKey) -> Result<(), SignedError> {
    is_of_use(purpose, object)?;
    let signature = object
        .get("signature")
        .and_then(Value::as_str)
        .ok_or(SignedError::Form)?;
    let signature: [u8; 64] = hex_exactly(signature).map_err(|_| SignedError::Signature)?;
    let mut unsigned = object.clone();
    unsigned.remove("signature");
    let message = message(purpose, &unsigned).map_err(|_| SignedError::NotCanonical)?;
    VerifyingKey::from_bytes(&key.0)
        .and_then(|key| key.verify_strict(&message, &Signature::from_bytes(&signature)))
        .map_err(|_| SignedError::Signature)
}

/// The content of an object: its members without format, version and signature.
///
/// # Errors
/// [`SignedError::Form`] where it is not a `T`.
pub fn content<T: for<'de> Deserialize<'de>>(object: &Map<String, Value>) -> Result<T, SignedError> {
    let mut members = object.clone();
    for name in ["format", "v", "signature"] {
        members.remove(name);
    }
    serde_json::from_value(Value::Object(members)).map_err(|_| SignedError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_signature_of_one_use_does_not_pass_in_another() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let mut object = sign(Use::Audit, &json!({"a": 1}), &key).unwrap();
        let public = PublicKey::of(&key);
        assert_eq!(check(Use::Audit, &object, &public), Ok(()));
        assert_eq!(check(Use::Sealed, &object, &public), Err(SignedError::Form));
        object.insert("format".into(), Use::Sealed.format().into());
        assert_eq!(check(Use::Sealed, &object, &public), Err(SignedError::Signature));
        let other = PublicKey::of(&SigningKey::from_bytes(&[2; 32]));
        object.insert("format".into(), Use::Audit.format().into());
        assert_eq!(check(Use::Audit, &object, &other), Err(SignedError::Signature));
        // A key of small order would accept signatures that nobody made.
        let mut small = [0_u8; 32];
        small[0] = 1;
        assert_eq!(
            check(Use::Audit, &object, &PublicKey(small)),
            Err(SignedError::Signature)
        );
    }

    #[test]
    fn fingerprints_are_read_as_people_write_them() {
        let print = PublicKey([7; 32]).fingerprint();
        let text = print.to_string();
        assert_eq!(text.len(), 39);
        assert_eq!(text.parse(), Ok(print));
        assert_eq!(text.to_uppercase().replace(' ', "-").parse(), Ok(print));
        assert_eq!(text[1..].parse::<Fingerprint>(), Err(KeyTextError));
        assert_eq!(
            "AA".repeat(32).parse::<PublicKey>(),
            Err(KeyTextError),
            "one key has one text"
        );
    }
}
