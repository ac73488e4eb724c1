//! The envelope: the one JSON string that a change puts at ROOT under its action's id (design 3).
//!
//! The string is the authority and is never re-serialised: hashes, seals and audits are over its bytes. Unknown
//! fields and kinds stay in it and are ignored by the fold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{ActionId, UserId};
use crate::facts::DocName;

/// An envelope larger than this is refused: a change may be at most 64 KB (design 5, gate).
pub const MAX_ENVELOPE_BYTES: usize = 60 * 1024;
/// JSON nested deeper than this is refused, in the envelope and everywhere below it.
pub const MAX_DEPTH: usize = 16;
/// At most this many facts in one document's part of an action.
pub const MAX_FACTS: usize = 512;
/// `n` is refused above this, so that every JSON reader keeps it exact.
pub const MAX_N: u64 = 1 << 52;

/// The first 8 bytes of a change hash, as lower-case hex in JSON: what a person's screen had seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Head(pub [u8; 8]);

impl Head {
    /// The head of a full 32-byte change hash.
    pub fn of(hash: &[u8; 32]) -> Self {
        let mut head = [0_u8; 8];
        head.copy_from_slice(&hash[..8]);
        Self(head)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Head {
    type Err = EnvelopeError;
    fn from_str(text: &str) -> Result<Self, EnvelopeError> {
        let mut head = [0_u8; 8];
        hex::decode_to_slice(text, &mut head).map_err(|_| EnvelopeError::Form)?;
        if hex::encode(head) == text {
            Ok(Self(head))
        } else {
            Err(EnvelopeError::Form)
        }
    }
}
impl TryFrom<String> for Head {
    type Error = EnvelopeError;
    fn try_from(text: String) -> Result<Self, EnvelopeError> {
        text.parse()
    }
}
impl From<Head> for String {
    fn from(head: Head) -> String {
        head.to_string()
    }
}

/// What the writer's clocks said: evidence about time, never an order (design 3, «Time»).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockEvidence {
    /// Server time minus device wall clock at the last contact, ms; absent before the first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<i64>,
    /// Uncertainty of `off`, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err: Option<u64>,
    /// The boot that `mono` counts from.
    pub boot: u32,
    /// Milliseconds since that boot.
    pub mono: u64,
}

/// A fact as it stands in the envelope: a kind and a payload that this version may or may not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawFact {
    /// The kind's name, snake_case.
    pub kind: String,
    /// The payload; an object.
    pub payload: serde_json::Value,
}

/// One document's part of an action, parsed from its string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// When the person did it, local time with offset, RFC 3339. A claim for display and service levels.
    pub at: String,
    /// What the device's clocks said then.
    pub clk: ClockEvidence,
    /// The person.
    pub by: UserId,
    /// One more than the highest in the family that the writing replica held.
    pub n: u64,
    /// Heads of what the person's screen showed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saw: Vec<Head>,
    /// Only where the action spans several documents: all of them in order, with the number of facts in each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<(DocName, u16)>,
    /// The lowest version of the fold that may interpret this; older ones say «update needed».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The facts for this document.
    pub facts: Vec<RawFact>,
}

/// Why a string is not an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than [`MAX_ENVELOPE_BYTES`].
    #[error("envelope too long")]
    TooLong,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("envelope nested too deep")]
    TooDeep,
    /// Not the JSON of an action.
    #[error("not an action in JSON")]
    Form,
    /// No facts, too many, or a payload that is no object.
    #[error("no facts, too many facts, or a payload that is no object")]
    Facts,
    /// `n` is 0 or above [`MAX_N`].
    #[error("n out of range")]
    N,
    /// `docs` does not name this document with the number of facts that it carries, or names one twice.
    #[error("docs and facts disagree")]
    Docs,
}

/// The deepest nesting of objects and arrays in a JSON text, counted without building anything.
/// Strings are skipped; an unterminated string ends the count (the parser refuses it later).
pub fn json_depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    deepest
}

impl Action {
    /// Reads an envelope under the limits of this module. Whether its kinds mean anything is the fold's question.
    ///
    /// # Errors
    /// See [`EnvelopeError`]; nothing about the content is put into the error.
    pub fn parse(text: &str) -> Result<Self, EnvelopeError> {
        if text.len() > MAX_ENVELOPE_BYTES {
            return Err(EnvelopeError::TooLong);
        }
        if json_depth(text) > MAX_DEPTH {
            return Err(EnvelopeError::TooDeep);
        }
        let action: Self = serde_json::from_str(text).map_err(|_| EnvelopeError::Form)?;
        if chrono::DateTime::parse_from_rfc3339(&action.at).is_err() {
            return Err(EnvelopeError::Form);
        }
        if action.n == 0 || action.n > MAX_N {
            return Err(EnvelopeError::N);
        }
        if action.facts.is_empty()
            || action.facts.len() > MAX_FACTS
            || !action.facts.iter().all(|fact| fact.payload.is_object())
        {
            return Err(EnvelopeError::Facts);
        }
        Ok(action)
    }

    /// The string to put into a document. The same action always gives the same bytes.
    ///
    /// # Errors
    /// [`EnvelopeError`] where the action breaks a limit of this module, so that nothing is written that the gate
    /// would refuse.
    pub fn to_text(&self) -> Result<String, EnvelopeError> {
        let text = serde_json::to_string(self).map_err(|_| EnvelopeError::Form)?;
        Self::parse(&text)?;
        Ok(text)
    }

    /// The place in the whole action of this document's first fact: 0, or what the documents before it carry.
    ///
    /// # Errors
    /// [`EnvelopeError::Docs`] where `docs` is not about this document or disagrees with its facts.
    pub fn first_place(&self, doc: &DocName) -> Result<u16, EnvelopeError> {
        if self.docs.is_empty() {
            return Ok(0);
        }
        let (mut first, mut place) = (None, 0_u16);
        for (index, (name, count)) in self.docs.iter().enumerate() {
            if self.docs[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(EnvelopeError::Docs);
            }
            if name == doc {
                if usize::from(*count) != self.facts.len() {
                    return Err(EnvelopeError::Docs);
                }
                first = Some(place);
            }
            place = place.checked_add(*count).ok_or(EnvelopeError::Docs)?;
        }
        first.ok_or(EnvelopeError::Docs)
    }
}

/// SHA-256 of an action's id bytes then the place, big-endian: the second key of every order of facts. A hash,
/// because a UUIDv7 is a clock (design 3).
pub fn order_hash(action: ActionId, place: u16) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(action.0.as_bytes());
    hasher.update(place.to_be_bytes());
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = r#"{"at":"2026-11-23T10:00:00+08:00","clk":{"off":-120,"err":35,"boot":7,"mono":123456},"by":"0193f2c0-0000-7000-8000-0000000000a1","n":5,"saw":["0011223344556677"],"facts":[{"kind":"progress","payload":{"text":"到达"}}]}"#;

    #[test]
    fn golden_envelope_bytes_read_and_write_the_same() {
        let action = Action::parse(GOLDEN).unwrap();
        assert_eq!(action.to_text().unwrap(), GOLDEN);
        assert_eq!(action.saw[0].0, [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
    }

    #[test]
    fn unknown_fields_are_tolerated_and_limits_hold() {
        let newer = GOLDEN.replacen("{\"at\"", "{\"later\":{\"x\":1},\"at\"", 1);
        assert!(Action::parse(&newer).is_ok());
        let deep = GOLDEN.replace("\"到达\"", &format!("{}1{}", "[".repeat(20), "]".repeat(20)));
        assert_eq!(Action::parse(&deep), Err(EnvelopeError::TooDeep));
        let long = GOLDEN.replace("到达", &"x".repeat(MAX_ENVELOPE_BYTES));
        assert_eq!(Action::parse(&long), Err(EnvelopeError::TooLong));
        assert_eq!(
            Action::parse(&GOLDEN.replace("\"n\":5", "\"n\":0")),
            Err(EnvelopeError::N)
        );
        assert_eq!(Action::parse("{}"), Err(EnvelopeError::Form));
        assert_eq!(
            Action::parse(&GOLDEN.replace("2026-11-23T", "yesterday ")),
            Err(EnvelopeError::Form)
        );
    }
}
