//! Why the gate refuses a change, with a stable code each: the code travels as the reason of a quarantine and is
//! the key of a text in both languages (`gate.<code>`).

use crate::facts::EnvelopeError;

/// Why a change or a snapshot is refused. Says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// More than 64 KB ([`super::CHANGE_MAX`]).
    #[error("change too large")]
    TooLarge,
    /// Not one plain (uncompressed) change chunk: a deflated one, a document, a bundle, or no chunk at all.
    #[error("not a plain change chunk")]
    NotPlainChange,
    /// Shorter or longer than the chunk says.
    #[error("wrong length")]
    Length,
    /// The first four bytes of the hash in the header are not those of the content.
    #[error("wrong checksum")]
    Checksum,
    /// The content of the chunk cannot be read, or is written in another than its one form.
    #[error("malformed change")]
    Malformed,
    /// The actor is not 16 bytes long.
    #[error("actor is not 16 bytes")]
    ActorForm,
    /// The commit time is not 0 (sync.md 6, case J).
    #[error("commit time is not 0")]
    Time,
    /// There is a commit message.
    #[error("commit message")]
    Message,
    /// The change names actors besides its own, which one `Put` without predecessor cannot need.
    #[error("other actors")]
    OtherActors,
    /// There are bytes behind the operation (an author footer, for example).
    #[error("extra bytes")]
    ExtraBytes,
    /// Not exactly one operation.
    #[error("not exactly one operation")]
    Operations,
    /// The operation is not about the document's ROOT map.
    #[error("operation not at root")]
    NotAtRoot,
    /// The operation overwrites or deletes something.
    #[error("operation has a predecessor")]
    Predecessor,
    /// The operation inserts into a list.
    #[error("operation inserts")]
    Insert,
    /// The operation is no `Put` (makes an object, deletes, increments, marks).
    #[error("operation is not a put")]
    NotAPut,
    /// The value is not a string.
    #[error("value is not a string")]
    NotAString,
    /// Columns that a single `Put` of a string does not have.
    #[error("unexpected columns")]
    Columns,
    /// The key is not a lower-case hyphenated UUID of version 7 or 5.
    #[error("key is not an action id")]
    Key,
    /// The string is not an envelope.
    #[error("not an action: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The dependencies are not sorted.
    #[error("dependencies not sorted")]
    DepsOrder,
    /// A dependency is named twice.
    #[error("duplicate dependency")]
    DepsDuplicate,
    /// The actor's tag is none that the sender may write under.
    #[error("actor of another device")]
    ActorTag,
    /// The sequence number is not one more than the actor's last (cases A and B).
    #[error("wrong sequence number")]
    Seq,
    /// The actor's previous change is not among the ancestors.
    #[error("own previous change is no ancestor")]
    PreviousNotAncestor,
    /// The actor's previous change is none of the nearest [`FAR`](super::gate::FAR) ancestors; a fresh actor has none.
    #[error("own previous change is too far back")]
    PreviousTooFar,
    /// `start_op` is not one more than the highest operation of the dependencies (cases C, D, G).
    #[error("wrong operation counter")]
    StartOp,
    /// The key is a key of an ancestor: an action would be overwritten.
    #[error("action id used by an ancestor")]
    KeyUsed,
    /// `n` is more than 2^20 above the ancestors' highest.
    #[error("n too far above the ancestors")]
    NTooHigh,
    /// `by` is not the person who writes this document or owns the sending device.
    #[error("written by another person")]
    By,
    /// `docs` does not name this document with the number of its facts.
    #[error("docs do not name this document")]
    Docs,
    /// A snapshot is not one document chunk that loads to changes of the form.
    #[error("malformed snapshot")]
    SnapshotForm,
    /// A snapshot holds more changes or unpacks to more bytes than allowed.
    #[error("snapshot too large")]
    SnapshotTooLarge,
}

impl GateError {
    /// Every error once, the envelope's with each of its reasons.
    pub const ALL: &'static [Self] = &[
        Self::TooLarge,
        Self::NotPlainChange,
        Self::Length,
        Self::Checksum,
        Self::Malformed,
        Self::ActorForm,
        Self::Time,
        Self::Message,
        Self::OtherActors,
        Self::ExtraBytes,
        Self::Operations,
        Self::NotAtRoot,
        Self::Predecessor,
        Self::Insert,
        Self::NotAPut,
        Self::NotAString,
        Self::Columns,
        Self::Key,
        Self::Envelope(EnvelopeError::TooLong),
        Self::Envelope(EnvelopeError::TooDeep),
        Self::Envelope(EnvelopeError::Form),
        Self::Envelope(EnvelopeError::Facts),
        Self::Envelope(EnvelopeError::N),
        Self::Envelope(EnvelopeError::Docs),
        Self::DepsOrder,
        Self::DepsDuplicate,
        Self::ActorTag,
        Self::Seq,
        Self::PreviousNotAncestor,
        Self::PreviousTooFar,
        Self::StartOp,
        Self::KeyUsed,
        Self::NTooHigh,
        Self::By,
        Self::Docs,
        Self::SnapshotForm,
        Self::SnapshotTooLarge,
    ];

    /// The stable code, also the key of its text: what a quarantine row and an answer carry.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "gate.too_large",
            Self::NotPlainChange => "gate.not_plain_change",
            Self::Length => "gate.length",
            Self::Checksum => "gate.checksum",
            Self::Malformed => "gate.malformed",
            Self::ActorForm => "gate.actor_form",
            Self::Time => "gate.time",
            Self::Message => "gate.message",
            Self::OtherActors => "gate.other_actors",
            Self::ExtraBytes => "gate.extra_bytes",
            Self::Operations => "gate.operations",
            Self::NotAtRoot => "gate.not_at_root",
            Self::Predecessor => "gate.predecessor",
            Self::Insert => "gate.insert",
            Self::NotAPut => "gate.not_a_put",
            Self::NotAString => "gate.not_a_string",
            Self::Columns => "gate.columns",
            Self::Key => "gate.key",
            Self::Envelope(EnvelopeError::TooLong) => "gate.envelope_too_long",
            Self::Envelope(EnvelopeError::TooDeep) => "gate.envelope_too_deep",
            Self::Envelope(EnvelopeError::Form) => "gate.envelope_form",
            Self::Envelope(EnvelopeError::Facts) => "gate.envelope_facts",
            Self::Envelope(EnvelopeError::N) => "gate.envelope_n",
            Self::Envelope(EnvelopeError::Docs) => "gate.envelope_docs",
            Self::DepsOrder => "gate.deps_order",
            Self::DepsDuplicate => "gate.deps_duplicate",
            Self::ActorTag => "gate.actor_tag",
            Self::Seq => "gate.seq",
            Self::PreviousNotAncestor => "gate.previous_not_ancestor",
            Self::PreviousTooFar => "gate.previous_too_far",
            Self::StartOp => "gate.start_op",
            Self::KeyUsed => "gate.key_used",
            Self::NTooHigh => "gate.n_too_high",
            Self::By => "gate.by",
            Self::Docs => "gate.docs",
            Self::SnapshotForm => "gate.snapshot_form",
            Self::SnapshotTooLarge => "gate.snapshot_too_large",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::texts::{Lang, all};

    #[test]
    fn every_gate_error_has_its_own_code_and_a_text_in_both_languages() {
        let codes: BTreeSet<&str> = GateError::ALL.iter().map(GateError::code).collect();
        assert_eq!(codes.len(), GateError::ALL.len());
        for code in codes {
            for lang in [Lang::En, Lang::ZhCn] {
                assert!(all(lang).contains_key(code), "{code} lacks a text in {lang:?}");
            }
        }
    }
}
