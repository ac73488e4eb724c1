//! Parts go from one engineer to another with no network (D.5-2b, «with the QR hand-over the transfer is certain»): a code
//! that the giver's phone shows, and the receipt that the taker's phone shows back.
//!
//! Both are signed canonical JSON ([`super::signed`]) in URL-safe base64 behind a mark with their version, short enough for a
//! QR code. Invariants: golden bytes; whoever reads one has verified it, or holds [`Unverified`]; a line's identity is made
//! of the code's id and all that the line says, so that a code with other content is another hand-over and displaces none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::canonical::{ContentHash, canonical_bytes};
use super::codes::codes;
use super::ids::{DeviceId, UserId};
use super::signed::{self, PublicKey, SignedError, Use};
use super::time::LocalTime;

/// Most lines of one code: it has to fit into a picture that a phone reads.
pub const LINES_MAX: usize = 8;
/// Longest code that is read, bytes.
pub const TEXT_MAX: usize = 2_900;
/// How long a code holds, ms.
pub const HOLDS_MS: i64 = 24 * 60 * 60 * 1_000;
/// How far two phones' clocks may be apart, ms.
pub const CLOCKS_MS: i64 = 10 * 60 * 1_000;

codes! {
    /// Why a code or receipt is not taken. Nothing was written then.
    pub enum HandoverProblem in "handover_problem" {
        /// Not a code of ours.
        Form = "form",
        /// A code of a newer version.
        Version = "version",
        /// Not what its device signed: forged, altered or of another organisation.
        Forged = "forged",
        /// Signed by a device that this phone's directory does not have.
        UnknownDevice = "unknown_device",
        /// Signed by a device that was revoked.
        RevokedDevice = "revoked_device",
        /// For another engineer.
        NotForYou = "not_for_you",
        /// It does not hold any more.
        Expired = "expired",
        /// Taken already.
        Taken = "taken",
        /// Confirmed already.
        Confirmed = "confirmed",
        /// The receipt of a code that this phone did not show.
        UnknownCode = "unknown_code",
        /// More than the van has by the book.
        NotInVan = "not_in_van",
        /// Nobody of this name has an account.
        UnknownColleague = "unknown_colleague",
        /// Too many lines for one code.
        TooLong = "too_long",
    }
}

/// One line of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverLine {
    /// Part number.
    pub part: String,
    /// Serial number of a serial-tracked unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Pieces, above 0.
    pub qty: u32,
}

/// What the giver's phone shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its own id, never used twice.
    pub id: Uuid,
    /// Who gives.
    pub from: UserId,
    /// The device that signed it.
    pub device: DeviceId,
    /// Who takes.
    pub to: UserId,
    /// Until when it holds, by the giver's clock.
    pub until: LocalTime,
    /// What.
    pub lines: Vec<HandoverLine>,
}

/// What the taker's phone shows back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The code's id.
    pub id: Uuid,
    /// SHA-256 of the code's text.
    pub offer: ContentHash,
    /// Who took.
    pub by: UserId,
    /// The device that signed it.
    pub device: DeviceId,
}

/// A code or receipt.
pub trait Coded: Serialize + for<'de> Deserialize<'de> {
    /// What its signature is for.
    const PURPOSE: Use;
    /// What its text begins with: kind and version.
    const MARK: &'static str;
    /// Who says that he signed it.
    fn signer(&self) -> (UserId, DeviceId);
}

impl Coded for Offer {
    const PURPOSE: Use = Use::Handover;
    const MARK: &'static str = "FSH1.";
    fn signer(&self) -> (UserId, DeviceId) {
        (self.from, self.device)
    }
}

impl Coded for Receipt {
    const PURPOSE: Use = Use::HandoverReceipt;
    const MARK: &'static str = "FSR1.";
    fn signer(&self) -> (UserId, DeviceId) {
        (self.by, self.device)
    }
}

/// A code that was read and whose signature is still to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified<T> {
    content: T,
    object: Map<String, Value>,
}

/// The text of a signed code.
///
/// # Errors
/// [`HandoverProblem::TooLong`] where it is too long for a picture; [`HandoverProblem::Form`] for content without a canonical
/// form.
pub fn write<T: Coded>(content: &T, key: &SigningKey) -> Result<String, HandoverProblem> {
    let object = signed::sign(T::PURPOSE, content, key).map_err(|_| HandoverProblem::Form)?;
    let bytes = canonical_bytes(&Value::Object(object)).map_err(|_| HandoverProblem::Form)?;
    let text = format!("{}{}", T::MARK, URL_SAFE_NO_PAD.encode(bytes));
    if text.len() > TEXT_MAX {
        return Err(HandoverProblem::TooLong);
    }
    Ok(text)
}

impl<T: Coded> Unverified<T> {
    /// Reads a code's text; white space around it does not matter.
    ///
    /// # Errors
    /// [`HandoverProblem::Form`], [`HandoverProblem::Version`], [`HandoverProblem::Forged`] for bytes that nobody wrote so.
    pub fn read(text: &str) -> Result<Self, HandoverProblem> {
        let text = text.trim();
        if text.len() > TEXT_MAX {
            return Err(HandoverProblem::Form);
        }
        let Some(rest) = text.strip_prefix(T::MARK) else {
            let kind = T::MARK.trim_end_matches("1.");
            let newer = text
                .strip_prefix(kind)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            return Err(if newer {
                HandoverProblem::Version
            } else {
                HandoverProblem::Form
            });
        };
        let bytes = URL_SAFE_NO_PAD.decode(rest).map_err(|_| HandoverProblem::Form)?;
        let object = signed::read(T::PURPOSE, &bytes).map_err(|error| match error {
            SignedError::Version => HandoverProblem::Version,
            SignedError::Form => HandoverProblem::Form,
            SignedError::NotCanonical | SignedError::Signature => HandoverProblem::Forged,
        })?;
        let content = signed::content(&object).map_err(|_| HandoverProblem::Form)?;
        Ok(Self { content, object })
    }

    /// What it says, unproven.
    pub fn claimed(&self) -> &T {
        &self.content
    }

    /// What it says, if this key signed it.
    ///
    /// # Errors
    /// [`HandoverProblem::Forged`].
    pub fn verified(self, key: &PublicKey) -> Result<T, HandoverProblem> {
        signed::check(T::PURPOSE, &self.object, key).map_err(|_| HandoverProblem::Forged)?;
        Ok(self.content)
    }
}

impl Offer {
    /// Whether it holds at a moment, ms since the epoch.
    pub fn holds_at(&self, now_ms: i64) -> bool {
        now_ms <= self.until.utc_ms().saturating_add(CLOCKS_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn offer() -> Offer {
        Offer {
            id: id(1),
            from: UserId(id(2)),
            device: DeviceId(id(3)),
            to: UserId(id(4)),
            until: "2026-11-24T10:00:00+08:00".parse().unwrap(),
            lines: vec![HandoverLine {
                part: "KEY-U3".to_owned(),
                serial: Some("K-1007".to_owned()),
                qty: 1,
            }],
        }
    }

    const GOLDEN: &str = "FSH1.eyJkZXZpY2UiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDMiLCJmb3JtYXQiOiJmaWVsZHNlYWwtaGFuZG92ZXIiLCJmcm9tIjoiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAyIiwiaWQiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEiLCJsaW5lcyI6W3sicGFydCI6IktFWS1VMyIsInF0eSI6MSwic2VyaWFsIjoiSy0xMDA3In1dLCJzaWduYXR1cmUiOiI0NDkxNjU5MjUyNmMzYjc3ZWIxNDA1ZGM1ZDdlOWU0ZDUyYTJlNGU1NzQyNjZlMzhjMDhhZDg4YTRkY2ViNDAwNjk5Yjc3NjlmYzE3NWFkYjI3NDY2YzZlNDkxOTdmNzZiMTdiOTgxZDVjNjM4NDBjZTFhYzliOTE3NGQ2MTcwYiIsInRvIjoiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDA0IiwidW50aWwiOiIyMDI2LTExLTI0VDEwOjAwOjAwKzA4OjAwIiwidiI6MX0";
    const GOLDEN_RECEIPT: &str = "FSR1.eyJieSI6IjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwNCIsImRldmljZSI6IjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwNSIsImZvcm1hdCI6ImZpZWxkc2VhbC1oYW5kb3Zlci1yZWNlaXB0IiwiaWQiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEiLCJvZmZlciI6ImUzNWQ1YmQ3ZTIxNDUxOGVlNGExNjIyYTcwOWUzMGY1ZDU1YWYzZGIzNWMzZmI2Mjk2OGViZDVhMjhhNTU2M2EiLCJzaWduYXR1cmUiOiJiZDI0NWU3ZGNiNTNkZDU2NWM1MzIyYzFhOWQ2NjNmN2NmYjhhOGIwODMwMzhkZDc0YjBjODgxODYzOGZmODdhNDNlODE0ZDZjZmQ5NjA0NzM1OWM1OTM2Y2RiNGVhZDc3OGE5YzEyOTRiODA0YTFhZWM5M2QzMDgwMDIwOGUwZiIsInYiOjF9";

    #[test]
    fn golden_codes_of_a_hand_over() {
        let text = write(&offer(), &key()).unwrap();
        assert_eq!(text, GOLDEN);
        let receipt = Receipt {
            id: id(1),
            offer: ContentHash::of(text.as_bytes()),
            by: UserId(id(4)),
            device: DeviceId(id(5)),
        };
        let shown = write(&receipt, &key()).unwrap();
        assert_eq!(shown, GOLDEN_RECEIPT);
        let public = PublicKey::of(&key());
        let read = Unverified::<Offer>::read(&format!(" {GOLDEN}\n")).unwrap();
        assert_eq!(read.verified(&public), Ok(offer()));
        assert_eq!(
            Unverified::<Receipt>::read(GOLDEN_RECEIPT)
                .unwrap()
                .verified(&public),
            Ok(receipt)
        );
    }

    #[test]
    fn d05_2b_what_nobody_signed_so_is_refused() {
        use HandoverProblem::{Forged, Form, Version};
        let public = PublicKey::of(&key());
        let read = |text: &str| Unverified::<Offer>::read(text).and_then(|code| code.verified(&public));
        assert_eq!(read("hello"), Err(Form));
        assert_eq!(read(GOLDEN_RECEIPT), Err(Form), "a receipt is no code");
        assert_eq!(read("FSH1.%%"), Err(Form));
        assert_eq!(read(&GOLDEN.replacen("FSH1", "FSH2", 1)), Err(Version));
        assert_eq!(read(&"x".repeat(TEXT_MAX + 1)), Err(Form));
        // Another quantity under the same signature, one that only looks the same, another key.
        let json = URL_SAFE_NO_PAD.decode(&GOLDEN["FSH1.".len()..]).unwrap();
        let altered = |from: &str, to: &str| {
            let json = String::from_utf8(json.clone()).unwrap().replacen(from, to, 1);
            read(&format!("FSH1.{}", URL_SAFE_NO_PAD.encode(json)))
        };
        assert_eq!(altered("\"qty\":1", "\"qty\":2"), Err(Forged));
        assert_eq!(altered("\"qty\":1", "\"qty\": 1"), Err(Forged));
        assert_eq!(altered("K-1007", "K-1008"), Err(Forged));
        let other = PublicKey::of(&SigningKey::from_bytes(&[8; 32]));
        assert_eq!(
            Unverified::<Offer>::read(GOLDEN).unwrap().verified(&other),
            Err(Forged)
        );
    }

    #[test]
    fn a_code_holds_for_its_time_and_no_picture_is_too_large() {
        let until = offer().until.utc_ms();
        assert!(offer().holds_at(until + CLOCKS_MS) && !offer().holds_at(until + CLOCKS_MS + 1));
        let mut long = offer();
        long.lines = vec![
            HandoverLine {
                part: "P".repeat(64),
                serial: Some("S".repeat(64)),
                qty: 1,
            };
            LINES_MAX
        ];
        assert!(write(&long, &key()).is_ok());
        long.lines[0].part = "P".repeat(1_000);
        assert_eq!(write(&long, &key()), Err(HandoverProblem::TooLong));
    }
}
