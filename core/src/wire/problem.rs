//! What a server answers instead of a result: stable codes, their HTTP status, and what a phone does about each.
//!
//! Invariant: a code's text never changes; one that a phone does not know is treated by its HTTP status alone.

use crate::domain::codes::codes;
use crate::wire::Problem;

codes! {
    /// Code of a [`Problem`]. Its text in both languages stands under `wire.<code>`.
    pub enum ProblemCode in "wire" {
        /// The enrolment code is none that the office gave out.
        UnknownCode = "unknown_code",
        /// The enrolment code is older than ten minutes.
        ExpiredCode = "expired_code",
        /// The enrolment code was used by another device key.
        UsedCode = "used_code",
        /// The enrolment request is not signed by the key that it names.
        BadProof = "bad_proof",
        /// No token, or one that is of no device.
        WrongToken = "wrong_token",
        /// The office revoked this device. It keeps its work, which can be exported.
        Revoked = "revoked",
        /// The body is larger than allowed, before or after inflation.
        TooLarge = "too_large",
        /// The body is not one whole message.
        Malformed = "malformed",
        /// The request's protocol version is newer than the server: the server must be upgraded first.
        UnsupportedVersion = "unsupported_version",
        /// The app is too old for this server.
        UpdateNeeded = "update_needed",
        /// Too many requests from this device or address; later again.
        TooMany = "too_many",
        /// The server is starting, stopping or out of disk; later again.
        Unavailable = "unavailable",
        /// A fault of the server; its log has the details.
        Internal = "internal",
        /// No such address on this server; of a blob: no upload of it was begun, or it is not for this device.
        NotFound = "not_found",
        /// No accepted fact of this device's person names the blob: the changes come first.
        NotNamed = "not_named",
        /// The upload stands at another offset: ask for it.
        WrongOffset = "wrong_offset",
        /// The whole upload does not have the hash that it was sent under. It was thrown away; begin again.
        WrongHash = "wrong_hash",
        /// Not the tus version that the server speaks.
        UnsupportedTus = "unsupported_tus",
        /// More bytes of uploads than this device may have unfinished, or may begin in a day.
        OverQuota = "over_quota",
        /// The same upload runs on another connection, which does not end.
        UploadBusy = "upload_busy",
        /// The range lies behind the blob's end.
        BadRange = "bad_range",
    }
}

impl ProblemCode {
    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::BadProof => 400,
            Self::WrongToken => 401,
            Self::Revoked => 403,
            Self::UnknownCode | Self::NotFound | Self::NotNamed => 404,
            Self::UsedCode | Self::WrongOffset => 409,
            Self::ExpiredCode => 410,
            Self::UnsupportedTus => 412,
            Self::TooLarge | Self::OverQuota => 413,
            Self::BadRange => 416,
            Self::UploadBusy => 423,
            Self::UnsupportedVersion | Self::UpdateNeeded => 426,
            Self::TooMany => 429,
            // As tus has it for a checksum that does not fit.
            Self::WrongHash => 460,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// Whether the very same request may succeed later without anybody doing anything.
    pub const fn is_passing(self) -> bool {
        matches!(
            self,
            Self::TooMany | Self::Unavailable | Self::Internal | Self::OverQuota | Self::UploadBusy
        )
    }

    /// The problem as it goes over the wire.
    pub fn problem(self) -> Problem {
        Problem {
            code: self.as_str().to_owned(),
        }
    }
}

impl From<super::body::BodyError> for ProblemCode {
    fn from(error: super::body::BodyError) -> Self {
        use super::body::BodyError;
        match error {
            BodyError::TooLarge | BodyError::InflatedTooLarge | BodyError::TooMany => Self::TooLarge,
            BodyError::Gzip | BodyError::Form | BodyError::TooDeep => Self::Malformed,
        }
    }
}

impl super::Reason {
    /// The stable code of the reason; its text stands under `quarantine.<code>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotWriter => "not_writer",
            Self::Gate => "gate",
            Self::Size => "size",
            Self::Purged => "purged",
            Self::Revoked => "revoked",
            Self::Ancestor => "ancestor",
            Self::Far => "far",
            Self::UnknownDocument => "unknown_document",
        }
    }
}

impl super::Postponed {
    /// The stable code; its text stands under `postponed.<code>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Waiting => "waiting",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::texts::{Lang, all};
    use crate::wire::{Postponed, Reason};

    #[test]
    fn every_problem_and_reason_has_a_text_in_both_languages() {
        for lang in [Lang::En, Lang::ZhCn] {
            for code in ProblemCode::ALL {
                assert!(all(lang).contains_key(code.text_key()), "{code}");
                assert_eq!(code.problem().code.parse(), Ok(*code));
                assert!((400..600).contains(&code.status()));
            }
            for reason in [
                Reason::NotWriter,
                Reason::Gate,
                Reason::Size,
                Reason::Purged,
                Reason::Revoked,
                Reason::Ancestor,
                Reason::Far,
                Reason::UnknownDocument,
            ] {
                let key = format!("quarantine.{}", reason.as_str());
                assert!(all(lang).contains_key(&key), "{key}");
            }
            for why in [Postponed::Busy, Postponed::Waiting] {
                let key = format!("postponed.{}", why.as_str());
                assert!(all(lang).contains_key(&key), "{key}");
            }
        }
    }
}
