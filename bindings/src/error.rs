//! One flat enum of what an app acts on differently; the one mapping from the engine's errors, exhaustive.

use fieldseal_core::device::EngineError;
use fieldseal_core::domain::params::Param;
use fieldseal_core::domain::texts::Lang;

use crate::texts::TextCode;

/// Why a call failed. Nothing was changed by a call that failed. `errorText` says it in the person's language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum FieldsealError {
    /// No connection to the server; work goes on, repeat later.
    #[error("offline")]
    Offline,
    /// The device is not enrolled: ask for a code.
    #[error("not enrolled")]
    NotEnrolled,
    /// The office revoked this device: offer the export, ask for a new code.
    #[error("revoked")]
    Revoked,
    /// The input cannot be taken: show `problems` at the form.
    #[error("invalid")]
    Invalid {
        /// What is missing or wrong, at least one.
        problems: Vec<TextCode>,
    },
    /// There is no such thing on this phone.
    #[error("not found")]
    NotFound,
    /// The disk is full: the form is kept, free space and repeat.
    #[error("storage full")]
    StorageFull,
    /// The file is of a newer version: update the app.
    #[error("newer")]
    Newer,
    /// The key does not open the file.
    #[error("wrong key")]
    WrongKey,
    /// The file is damaged: shut down and open again.
    #[error("damaged")]
    Damaged,
    /// The engine is paused or shut down.
    #[error("closed")]
    Closed,
    /// The same is running already.
    #[error("busy")]
    Busy,
    /// The server said no.
    #[error("rejected: {code}")]
    Rejected {
        /// Key of the reason's text.
        code: String,
    },
    /// A bug or a broken system: report it with the code.
    #[error("unexpected: {code}")]
    Unexpected {
        /// A stable code; no data.
        code: String,
    },
}

impl From<EngineError> for FieldsealError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Offline => Self::Offline,
            EngineError::NotEnrolled => Self::NotEnrolled,
            EngineError::Revoked => Self::Revoked,
            EngineError::Invalid { problems } => Self::Invalid {
                problems: problems.into_iter().map(Into::into).collect(),
            },
            EngineError::NotFound => Self::NotFound,
            EngineError::StorageFull => Self::StorageFull,
            EngineError::Newer => Self::Newer,
            EngineError::WrongKey => Self::WrongKey,
            EngineError::Damaged => Self::Damaged,
            EngineError::Closed => Self::Closed,
            EngineError::Busy => Self::Busy,
            EngineError::Rejected { code } => Self::Rejected { code },
            EngineError::Unexpected { code } => Self::Unexpected { code },
        }
    }
}

impl From<FieldsealError> for EngineError {
    fn from(error: FieldsealError) -> Self {
        match error {
            FieldsealError::Offline => Self::Offline,
            FieldsealError::NotEnrolled => Self::NotEnrolled,
            FieldsealError::Revoked => Self::Revoked,
            FieldsealError::Invalid { problems } => Self::Invalid {
                problems: problems.into_iter().map(Into::into).collect(),
            },
            FieldsealError::NotFound => Self::NotFound,
            FieldsealError::StorageFull => Self::StorageFull,
            FieldsealError::Newer => Self::Newer,
            FieldsealError::WrongKey => Self::WrongKey,
            FieldsealError::Damaged => Self::Damaged,
            FieldsealError::Closed => Self::Closed,
            FieldsealError::Busy => Self::Busy,
            FieldsealError::Rejected { code } => Self::Rejected { code },
            FieldsealError::Unexpected { code } => Self::Unexpected { code },
        }
    }
}

impl FieldsealError {
    /// One problem without parameters.
    pub(crate) fn invalid(code: &str) -> Self {
        Self::Invalid {
            problems: vec![TextCode::plain(code)],
        }
    }

    /// A text of the app that is no id, name or token.
    pub(crate) fn argument(kind: &str) -> Self {
        let mut problem = TextCode::plain("step_problem.argument");
        let value = Param::Text(kind.to_owned());
        problem.params.insert("kind".to_owned(), value.into());
        Self::Invalid {
            problems: vec![problem],
        }
    }
}

/// The sentence to show, in `lang`: the error's with its problems or its reason.
#[uniffi::export]
pub fn error_text(error: FieldsealError, lang: Lang) -> String {
    EngineError::from(error).text(lang)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fieldseal_core::device::Problem;

    #[test]
    fn every_error_goes_there_and_back_and_has_both_texts() {
        let all = [
            EngineError::Offline,
            EngineError::NotEnrolled,
            EngineError::Revoked,
            EngineError::Invalid {
                problems: vec![Problem::new("step_problem.quantity")],
            },
            EngineError::NotFound,
            EngineError::StorageFull,
            EngineError::Newer,
            EngineError::WrongKey,
            EngineError::Damaged,
            EngineError::Closed,
            EngineError::Busy,
            EngineError::Rejected {
                code: "wire.used_code".to_owned(),
            },
            EngineError::Unexpected { code: "x".to_owned() },
        ];
        let mut names: Vec<String> = Vec::new();
        for error in all {
            let exported = FieldsealError::from(error.clone());
            assert_eq!(EngineError::from(exported.clone()), error);
            for lang in Lang::ALL {
                assert_eq!(error_text(exported.clone(), *lang), error.text(*lang));
            }
            names.push(exported.to_string());
        }
        assert_eq!(
            names,
            [
                "offline",
                "not enrolled",
                "revoked",
                "invalid",
                "not found",
                "storage full",
                "newer",
                "wrong key",
                "damaged",
                "closed",
                "busy",
                "rejected: wire.used_code",
                "unexpected: x"
            ]
        );
        let text = error_text(FieldsealError::argument("order"), Lang::En);
        assert!(text.contains("(order)"), "{text}");
    }
}
