//! What stands around a work order: who wrote what, when; the timeline; conflicts with all their sides.

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::conflict::{Conflict, ConflictSide};
use fieldseal_core::facts::order::view::{Event, Note, ReturnView};
use fieldseal_core::facts::stored::Stamp;
use fieldseal_core::facts::{DocName, FactId};

use crate::values::FieldContent;

/// Who wrote something. `colleagues` has the names.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Author {
    /// The person.
    pub by: UserId,
    /// The device's tag, hex.
    pub device: String,
    /// When, local time with offset, RFC 3339: a claim.
    pub at: String,
}

/// A text with its author.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AuthoredText {
    /// The fact.
    pub fact: FactId,
    /// The text.
    pub text: String,
    /// Who, when.
    pub author: Author,
}

/// One fact on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelineEntry {
    /// The fact.
    pub fact: FactId,
    /// Its document.
    pub doc: DocName,
    /// Its kind; its text stands under `fact.<kind>`.
    pub kind: String,
    /// What was said with it.
    pub text: Option<String>,
    /// Who, when.
    pub author: Author,
    /// When the server says it arrived.
    pub received_at: Option<String>,
    /// Keys of what is to be said about it.
    pub flags: Vec<String>,
}

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConflictPart {
    /// The fact.
    pub fact: FactId,
    /// Its kind; its text stands under `fact.<kind>`.
    pub kind: String,
    /// The field's value, or the fact's payload.
    pub content: FieldContent,
    /// Who, when.
    pub author: Author,
}

/// What two people did without knowing of each other.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConflictDetails {
    /// Its id, equal on every device.
    pub id: String,
    /// Key of what happened: `conflict.field_values`.
    pub kind: String,
    /// Who decides: `acts.dispatcher`.
    pub acts: String,
    /// Whether a person still has to decide.
    pub open: bool,
    /// The document that it is about.
    pub doc: DocName,
    /// The field, where it is about one.
    pub field: Option<String>,
    /// All sides.
    pub parts: Vec<ConflictPart>,
    /// How it was settled.
    pub settled: Option<AuthoredText>,
}

/// A report sent back.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SentBack {
    /// The fact.
    pub fact: FactId,
    /// Why.
    pub reason: String,
    /// Whether it is in force.
    pub stands: bool,
    /// Who, when.
    pub author: Author,
}

impl From<Stamp> for Author {
    fn from(stamp: Stamp) -> Self {
        Self {
            by: stamp.by,
            device: stamp.device.to_string(),
            at: stamp.at.to_string(),
        }
    }
}

impl From<Note> for AuthoredText {
    fn from(note: Note) -> Self {
        Self {
            fact: note.id,
            text: note.text,
            author: note.stamp.into(),
        }
    }
}

impl From<ReturnView> for SentBack {
    fn from(view: ReturnView) -> Self {
        Self {
            fact: view.id,
            reason: view.reason,
            stands: view.stands,
            author: view.stamp.into(),
        }
    }
}

impl From<Event> for TimelineEntry {
    fn from(event: Event) -> Self {
        let record = &event.record;
        Self {
            fact: record.id,
            doc: (*record.doc).clone(),
            kind: record.kind.clone(),
            text: record
                .payload
                .get("text")
                .and_then(|text| text.as_str())
                .map(str::to_owned),
            author: (*record.stamp).clone().into(),
            received_at: event.received_at.clone(),
            flags: event
                .flags
                .iter()
                .map(|flag| flag.text_key().to_owned())
                .collect(),
        }
    }
}

impl From<ConflictSide> for ConflictPart {
    fn from(side: ConflictSide) -> Self {
        Self {
            fact: side.fact,
            kind: side.kind,
            content: side.value.into(),
            author: side.stamp.into(),
        }
    }
}

impl From<Conflict> for ConflictDetails {
    fn from(conflict: Conflict) -> Self {
        Self {
            open: conflict.open_action(),
            id: conflict.id.to_string(),
            kind: conflict.kind.text_key().to_owned(),
            acts: conflict.acts.text_key().to_owned(),
            doc: conflict.doc,
            field: conflict.field,
            parts: conflict.sides.into_iter().map(Into::into).collect(),
            settled: conflict.resolved.map(|settled| AuthoredText {
                fact: settled.fact,
                text: settled.note,
                author: settled.stamp.into(),
            }),
        }
    }
}
