//! Why the office's command was not carried out. Nothing was written then.

use std::error::Error as StdError;

use crate::pipeline::PipelineError;
use crate::storage::StorageError;

/// See the variants; each has a text in both languages under `office.<code>`.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The person's roles do not allow it (D.4).
    #[error("not allowed")]
    NotAllowed,
    /// The record does not exist.
    #[error("not found")]
    NotFound,
    /// What was entered cannot be taken.
    #[error("invalid input: {code}")]
    Invalid {
        /// Which field, as it is posted; empty where it is about the whole.
        field: &'static str,
        /// Stable code.
        code: &'static str,
    },
    /// The storage, the pipeline or the tables do not work; the log has the details.
    #[error("unexpected: {0}")]
    Unexpected(#[source] Box<dyn StdError + Send + Sync>),
}

impl OfficeError {
    /// About one field.
    pub const fn field(field: &'static str, code: &'static str) -> Self {
        Self::Invalid { field, code }
    }

    /// About the whole command.
    pub const fn whole(code: &'static str) -> Self {
        Self::Invalid { field: "", code }
    }

    /// Wraps what should not happen.
    pub fn unexpected(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::Unexpected(Box::new(error))
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::NotFound => "not_found",
            Self::Invalid { code, .. } => code,
            Self::Unexpected(_) => "unexpected",
        }
    }
}

impl From<PipelineError> for OfficeError {
    fn from(error: PipelineError) -> Self {
        match error {
            // A text too long for an action is the person's to shorten.
            PipelineError::Envelope(_) => Self::whole("too_long"),
            PipelineError::Storage(StorageError::Full) => Self::whole("disk_full"),
            other => Self::unexpected(other),
        }
    }
}

impl From<StorageError> for OfficeError {
    fn from(error: StorageError) -> Self {
        Self::from(PipelineError::from(error))
    }
}
