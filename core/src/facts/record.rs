//! Records made of registers: customer, asset, ticket, intake, person, plan, case.
//!
//! The fold takes the record's own document and, from whatever other documents are handed in, the facts that name
//! it as their subject: what engineers learnt about it on their visits stands beside the office's value until the
//! office takes it over (D.5-7).

use std::borrow::Borrow;
use std::sync::Arc;

use serde::Serialize;

use crate::facts::classes::Class;
use crate::facts::conflict::{Conflict, ConflictKind, ConflictSide, Flag, conflict_id, gravity};
use crate::facts::family::{Family, FoldContext, Ix, UnreadableAction};
use crate::facts::hides::{Hides, fold_hides};
use crate::facts::kinds::History;
use crate::facts::order::view::{Note, shared, token_text};
use crate::facts::registers::{Field, Fields, fold_fields};
use crate::facts::stored::{FactRecord, ParsedAction, StoredAction};
use crate::facts::{DocName, Fact, FactId, TicketLog, ViewToken};

/// A visit in an asset's history (T-19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// The `history` fact.
    pub id: FactId,
    /// What the server wrote.
    pub entry: History,
}

/// One version of a record: who changed what, when. Newest last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The fact with author, device and claimed time.
    #[serde(flatten, serialize_with = "shared")]
    pub record: Arc<FactRecord>,
    /// What is to be said about it.
    pub flags: Vec<Flag>,
}

/// A record as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordView {
    /// The record's document.
    pub doc: DocName,
    /// Set where a fact asks for a newer version.
    pub update_needed: Option<u32>,
    /// The fields; `proposals` hold what visits learnt.
    pub fields: Fields,
    /// Hidden as a whole.
    pub hidden: bool,
    /// Who hid it, when and why, oldest first; empty where it is shown.
    pub hides: Vec<Note>,
    /// A ticket's display number (Q12): the first one written.
    pub number: Option<String>,
    /// A ticket's state over its orders (D.3): its code.
    pub state: Option<String>,
    /// What a ticket carries beside its fields; none for other records.
    pub ticket: Option<Box<TicketLog>>,
    /// An asset's visits, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Conflicts, by id.
    pub conflicts: Vec<Conflict>,
    /// Everything that was ever written, in order.
    pub changes: Vec<Change>,
    /// Actions that cannot be read.
    pub unreadable: Vec<UnreadableAction>,
    /// Heads and displayed facts.
    #[serde(serialize_with = "token_text")]
    pub token: ViewToken,
}

impl RecordView {
    /// The number to show: the server's, else the one that a phone printed meanwhile (Q12).
    pub fn any_number(&self) -> Option<&str> {
        let provisional = || self.ticket.as_ref()?.provisional.as_deref();
        self.number.as_deref().or_else(provisional)
    }
}

/// Folds a record from its own document and from visits that learnt something about it.
pub fn fold_record(doc: &DocName, actions: &[StoredAction]) -> RecordView {
    fold_record_parsed(doc, &ParsedAction::read_all(actions), &FoldContext::default())
}

/// As [`fold_record`], for actions that were parsed before.
pub fn fold_record_parsed<P: Borrow<ParsedAction>>(
    doc: &DocName,
    actions: &[P],
    context: &FoldContext,
) -> RecordView {
    let family = Family::new(actions, context, |_| true);
    let about = |ix: &Ix| {
        let record = family.record(*ix);
        *record.doc == *doc
            || match record.fact() {
                Some(Fact::Set(set)) => set.subject.as_ref() == Some(doc),
                Some(Fact::Choose(choose)) => choose.subject.as_ref() == Some(doc),
                _ => false,
            }
    };
    let own: Vec<Ix> = family.live().map(|(ix, _)| ix).filter(about).collect();
    // A hide may stand in the visit whose value it hides.
    let hides = fold_hides(&family, &family.live().map(|(ix, _)| ix).collect::<Vec<_>>());
    let visible: Vec<Ix> = own
        .iter()
        .copied()
        .filter(|ix| !hides.hidden.contains(ix))
        .collect();
    let fields = fold_fields(&family, doc, visible.iter().copied());
    let mut conflicts = field_conflicts(doc, &fields);
    conflicts.extend(hide_conflicts(&family, doc, &hides));
    conflicts.sort_by_key(|conflict| conflict.id);
    let mut token = family.token();
    token.facts.extend(fields.displayed());
    let facts = || visible.iter().map(|ix| (*ix, family.record(*ix)));
    let (ticket, said) = match doc {
        DocName::Ticket(_) => {
            let (log, said) = TicketLog::fold(&family, doc, &visible);
            (Some(log), said)
        }
        _ => (None, Vec::new()),
    };
    let standing = hides.of(&family, doc);
    RecordView {
        doc: doc.clone(),
        update_needed: family.update_needed,
        hidden: !standing.is_empty(),
        hides: standing,
        number: facts().find_map(|(_, record)| match record.fact() {
            Some(Fact::Number(number)) => Some(number.number.clone()),
            _ => None,
        }),
        state: ticket
            .as_ref()
            .and_then(|ticket| ticket.state())
            .map(|state| state.as_str().to_owned()),
        ticket: ticket.map(Box::new),
        history: facts()
            .filter_map(|(_, record)| match record.fact() {
                Some(Fact::History(entry)) => Some(HistoryEntry {
                    id: record.id,
                    entry: entry.clone(),
                }),
                _ => None,
            })
            .collect(),
        changes: changes(&family, doc, &hides, &said),
        unreadable: family.unreadable.clone(),
        fields,
        conflicts,
        token,
    }
}

fn changes(family: &Family<'_>, doc: &DocName, hides: &Hides, said: &[(Ix, Flag)]) -> Vec<Change> {
    (0..family.items.len() as Ix)
        .filter(|ix| {
            let record = family.record(*ix);
            *record.doc == *doc
                || matches!(record.fact(), Some(Fact::Set(set)) if set.subject.as_ref() == Some(doc))
        })
        .map(|ix| {
            let mut flags = basic_flags(family, ix, hides);
            flags.extend(said.iter().filter(|(of, _)| *of == ix).map(|(_, flag)| *flag));
            Change::of(family, ix, flags)
        })
        .collect()
}

impl Change {
    pub(crate) fn of(family: &Family<'_>, ix: Ix, flags: Vec<Flag>) -> Self {
        Self {
            record: family.record(ix).clone(),
            flags,
        }
    }
}

/// Flags that follow from a fact's action and form alone, and from hides.
pub(crate) fn basic_flags(family: &Family<'_>, ix: Ix, hides: &Hides) -> Vec<Flag> {
    use crate::facts::stored::Body;
    let item = &family.items[ix as usize];
    let mut flags = family.acts[item.act as usize].flags.clone();
    match item.record.body {
        Body::Known(_) => {}
        Body::Unknown => flags.push(Flag::UnknownKind),
        Body::Malformed => flags.push(Flag::Malformed),
        Body::Misplaced => flags.push(Flag::Misplaced),
    }
    if hides.hidden.contains(&ix) {
        flags.push(Flag::Hidden);
    }
    if hides.pointless.contains(&ix) {
        flags.push(Flag::BadReference);
    }
    flags
}

/// A conflict of one kind over some facts.
pub(crate) fn conflict_of(
    family: &Family<'_>,
    doc: &DocName,
    kind: ConflictKind,
    facts: impl IntoIterator<Item = Ix>,
) -> Conflict {
    let mut sides: Vec<ConflictSide> = facts
        .into_iter()
        .map(|ix| {
            let record = family.record(ix);
            ConflictSide {
                fact: record.id,
                kind: record.kind.clone(),
                value: record.payload.clone(),
                stamp: record.stamp.as_ref().clone(),
            }
        })
        .collect();
    sides.sort_by_key(|side| side.fact);
    sides.dedup_by_key(|side| side.fact);
    finish(kind, None, doc, sides)
}

fn finish(kind: ConflictKind, field: Option<&str>, doc: &DocName, sides: Vec<ConflictSide>) -> Conflict {
    let ids: Vec<FactId> = sides.iter().map(|side| side.fact).collect();
    let (severity, acts) = gravity(kind);
    Conflict {
        id: conflict_id(kind, field, &ids),
        kind,
        severity,
        acts,
        doc: doc.clone(),
        field: field.map(str::to_owned),
        sides,
        resolved: None,
    }
}

/// Conflicts of registers: a loser's chip, or a choice to make (D.3, «same OWN field»; D.1, MV).
pub(crate) fn field_conflicts(doc: &DocName, fields: &Fields) -> Vec<Conflict> {
    let differs = |field: &Field| field.others.iter().any(|other| other.value != field.value);
    fields
        .0
        .iter()
        .filter(|(_, field)| field.class != Class::Set && differs(field))
        .map(|(name, field)| {
            let kind = if field.class == Class::Mv {
                ConflictKind::FieldChoice
            } else {
                ConflictKind::FieldValues
            };
            let mut sides: Vec<ConflictSide> = field
                .shown
                .iter()
                .chain(&field.others)
                .map(|entry| ConflictSide {
                    fact: entry.fact,
                    kind: "set".to_owned(),
                    value: entry.value.clone(),
                    stamp: entry.stamp.clone(),
                })
                .collect();
            sides.sort_by_key(|side| side.fact);
            finish(kind, Some(name), doc, sides)
        })
        .collect()
}

/// Conflicts of hides (D.3, «delete(hide) ∥ any edit»).
pub(crate) fn hide_conflicts(family: &Family<'_>, doc: &DocName, hides: &Hides) -> Vec<Conflict> {
    hides
        .defeated
        .iter()
        .map(|(hide, edit)| conflict_of(family, doc, ConflictKind::HiddenAndEdited, [*hide, *edit]))
        .collect()
}
