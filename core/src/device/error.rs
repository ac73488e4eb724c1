//! What an app hears when a call fails: few variants, each of which an app acts on differently.
//!
//! Invariants: every error has a code and a text in both languages (`engine_error.<code>`); no customer data, token
//! or key stands in one; the file's own errors are mapped here and nowhere else, exhaustively.

use crate::device::store::StoreError;
use crate::domain::params::{Param, Params};
use crate::domain::texts::{self, Lang};

/// One thing that is missing or wrong, as a code with parameters; the texts have its sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Key of its text.
    pub code: String,
    /// Its parameters.
    pub params: Params,
}

impl Problem {
    /// A problem without parameters.
    pub fn new(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            params: Params::new(),
        }
    }

    /// The sentence in `lang`.
    pub fn text(&self, lang: Lang) -> String {
        texts::text(lang, &self.code, &self.params)
    }
}

/// Why a call of [`super::Engine`] failed. Nothing was changed by a call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No connection to the server; work goes on, the call can be repeated later.
    #[error("no connection to the server")]
    Offline,
    /// The device is not enrolled (or its enrolment ended): ask for a code.
    #[error("the device is not enrolled")]
    NotEnrolled,
    /// The office revoked this device: its work stays and can be exported; a new code makes it a new device.
    #[error("the office revoked this device")]
    Revoked,
    /// The input cannot be taken: show `problems` at the form.
    #[error("the input is not complete or not possible")]
    Invalid {
        /// What is missing or wrong, at least one.
        problems: Vec<Problem>,
    },
    /// There is no such thing on this phone.
    #[error("not found on this device")]
    NotFound,
    /// The disk is full: the form and its draft are kept, free space and repeat.
    #[error("the disk is full")]
    StorageFull,
    /// The file was written by a newer version of the app: update; the file was not touched.
    #[error("the file is of a newer version")]
    Newer,
    /// The key does not open the file; it was not touched.
    #[error("the key does not open the file")]
    WrongKey,
    /// The file is damaged: shut down and open again, which moves it aside and salvages what can be read.
    #[error("the file is damaged")]
    Damaged,
    /// The engine is paused or shut down.
    #[error("the engine is closed")]
    Closed,
    /// The same is running already, or another process holds the file.
    #[error("busy")]
    Busy,
    /// The server said no, for the reason in `code`.
    #[error("the server refused: {code}")]
    Rejected {
        /// Key of the reason's text.
        code: String,
    },
    /// A bug or a broken system: report it with the code.
    #[error("unexpected: {code}")]
    Unexpected {
        /// A stable code for the report; no data.
        code: String,
    },
}

impl EngineError {
    /// One problem.
    pub(crate) fn invalid(code: &str) -> Self {
        Self::Invalid {
            problems: vec![Problem::new(code)],
        }
    }

    /// One problem that names what it is about.
    pub(crate) fn invalid_with(code: &str, name: &str, value: &str) -> Self {
        let mut problem = Problem::new(code);
        problem
            .params
            .insert(name.to_owned(), Param::Text(value.to_owned()));
        Self::Invalid {
            problems: vec![problem],
        }
    }

    pub(crate) fn unexpected(code: &str) -> Self {
        Self::Unexpected {
            code: code.to_owned(),
        }
    }

    /// Stable code; its text stands under `engine_error.<code>`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::NotEnrolled => "not_enrolled",
            Self::Revoked => "revoked",
            Self::Invalid { .. } => "invalid",
            Self::NotFound => "not_found",
            Self::StorageFull => "storage_full",
            Self::Newer => "newer",
            Self::WrongKey => "wrong_key",
            Self::Damaged => "damaged",
            Self::Closed => "closed",
            Self::Busy => "busy",
            Self::Rejected { .. } => "rejected",
            Self::Unexpected { .. } => "unexpected",
        }
    }

    /// What to show, in `lang`: the error's sentence with its problems or its reason.
    pub fn text(&self, lang: Lang) -> String {
        let mut params = Params::new();
        match self {
            Self::Invalid { problems } => {
                let items = problems
                    .iter()
                    .map(|problem| Param::Text(problem.text(lang)))
                    .collect();
                params.insert("problems".to_owned(), Param::List(items));
            }
            Self::Rejected { code } => {
                params.insert("reason".to_owned(), Param::Key(code.clone()));
            }
            Self::Unexpected { code } => {
                params.insert("code".to_owned(), Param::Text(code.clone()));
            }
            _ => {}
        }
        texts::text(lang, &format!("engine_error.{}", self.code()), &params)
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Newer { .. } => Self::Newer,
            StoreError::WrongKey | StoreError::NoEncryption => Self::WrongKey,
            StoreError::Damaged => Self::Damaged,
            StoreError::Full => Self::StorageFull,
            StoreError::Busy => Self::Busy,
            StoreError::Closed => Self::Closed,
            StoreError::Malformed { what } => Self::unexpected(&format!("store.malformed.{what}")),
            StoreError::Document(_) => Self::unexpected("store.document"),
            StoreError::Sqlite { code } => Self::unexpected(&format!("store.sqlite.{code}")),
            StoreError::Io(kind) => Self::unexpected(&format!("store.io.{kind:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_text_in_both_languages() {
        let all = [
            EngineError::Offline,
            EngineError::NotEnrolled,
            EngineError::Revoked,
            EngineError::invalid("step_problem.no_order"),
            EngineError::NotFound,
            EngineError::StorageFull,
            EngineError::Newer,
            EngineError::WrongKey,
            EngineError::Damaged,
            EngineError::Closed,
            EngineError::Busy,
            EngineError::Rejected { code: "x".to_owned() },
            EngineError::unexpected("x"),
        ];
        for error in all {
            for lang in Lang::ALL {
                let text = error.text(*lang);
                assert!(!text.starts_with("engine_error."), "{text}");
                assert!(!text.contains('{'), "{text}");
            }
            assert_eq!(error.to_string(), error.to_string().to_lowercase());
        }
    }

    #[test]
    fn what_the_file_says_becomes_what_an_app_acts_on() {
        assert_eq!(EngineError::from(StoreError::Full), EngineError::StorageFull);
        assert_eq!(EngineError::from(StoreError::Closed), EngineError::Closed);
        assert_eq!(
            EngineError::from(StoreError::Newer { found: 2, known: 1 }),
            EngineError::Newer
        );
    }
}
