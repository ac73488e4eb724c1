//! Why an exchange or an office write as a whole failed. What happened to single changes stands in the answer.

use fieldseal_core::documents::{DocumentError, GateError};
use fieldseal_core::facts::EnvelopeError;

use crate::storage::StorageError;

/// An exchange or an office write failed; nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// Below the pipeline.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No device of this id is enrolled.
    #[error("the device is not enrolled")]
    UnknownDevice,
    /// The device was revoked: every call is refused.
    #[error("the device was revoked")]
    Revoked,
    /// The request speaks another version of the protocol.
    #[error("protocol version {0} is not spoken here")]
    Version(u32),
    /// More changes or blobs than one request may carry.
    #[error("too many changes or blobs in one request")]
    TooMany,
    /// An office write into a document that the office does not write, without facts, or twice into one document.
    #[error("the office cannot write this")]
    NotOffice,
    /// The office's action breaks a limit of the envelope.
    #[error("the action cannot be written: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The gate refuses the office's own change.
    #[error("the gate refuses the office's change: {0}")]
    Gate(GateError),
    /// The Automerge document that the office writes into cannot be built.
    #[error("the document cannot be written: {0}")]
    Document(#[from] DocumentError),
}
