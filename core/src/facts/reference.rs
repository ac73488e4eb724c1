//! The reference index: which immutable packs (parts, prices, policies, code lists) hold from when.

use serde::Serialize;

use crate::facts::family::{Family, FoldContext, Ix, UnreadableAction};
use crate::facts::hides::{Hides, fold_hides};
use crate::facts::kinds::Pack;
use crate::facts::order::view::token_text;
use crate::facts::record::{Change, basic_flags};
use crate::facts::stored::{ParsedAction, Stamp, StoredAction};
use crate::facts::{DocName, Fact, FactId, ViewToken};

/// A pack and who put it in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackEntry {
    /// The fact.
    pub fact: FactId,
    /// The pack.
    pub pack: Pack,
    /// Who, when.
    pub stamp: Stamp,
}

/// The index as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferenceView {
    /// Set where a fact asks for a newer version.
    pub update_needed: Option<u32>,
    /// All packs, in the order in which they were put in force.
    pub packs: Vec<PackEntry>,
    /// Everything that was ever written, in order.
    pub changes: Vec<Change>,
    /// Actions that cannot be read.
    pub unreadable: Vec<UnreadableAction>,
    /// Heads and displayed facts.
    #[serde(serialize_with = "token_text")]
    pub token: ViewToken,
}

impl ReferenceView {
    /// The pack of a kind that holds on a local date (`YYYY-MM-DD`): the latest `valid_from` not after it, of several
    /// with one date the last entered. Texts compare as dates do.
    pub fn valid_on(&self, kind: &str, date: &str) -> Option<&PackEntry> {
        self.packs
            .iter()
            .filter(|entry| entry.pack.pack == kind && entry.pack.valid_from.as_str() <= date)
            .max_by(|a, b| a.pack.valid_from.cmp(&b.pack.valid_from))
    }

    /// The pack with this kind and version: old decisions name theirs for ever.
    pub fn version(&self, kind: &str, version: &str) -> Option<&PackEntry> {
        self.packs
            .iter()
            .find(|entry| entry.pack.pack == kind && entry.pack.version == version)
    }
}

/// Folds the reference index.
pub fn fold_reference(actions: &[StoredAction]) -> ReferenceView {
    fold_reference_parsed(&ParsedAction::read_all(actions), &FoldContext::default())
}

/// As [`fold_reference`], for actions that were parsed before.
pub fn fold_reference_parsed(actions: &[ParsedAction], context: &FoldContext) -> ReferenceView {
    let family = Family::new(actions, context, |doc| *doc == DocName::ReferenceIndex);
    let all: Vec<Ix> = family.live().map(|(ix, _)| ix).collect();
    let hides: Hides = fold_hides(&family, &all);
    let packs: Vec<PackEntry> = family
        .live()
        .filter(|(ix, _)| !hides.hidden.contains(ix))
        .filter_map(|(ix, fact)| match fact {
            Fact::Pack(pack) => {
                let record = family.record(ix);
                Some(PackEntry {
                    fact: record.id,
                    pack: pack.clone(),
                    stamp: record.stamp.as_ref().clone(),
                })
            }
            _ => None,
        })
        .collect();
    let mut token = family.token();
    token.facts.extend(packs.iter().map(|entry| entry.fact));
    ReferenceView {
        update_needed: family.update_needed,
        packs,
        changes: (0..family.items.len() as Ix)
            .map(|ix| Change::of(&family, ix, basic_flags(&family, ix, &hides)))
            .collect(),
        unreadable: family.unreadable.clone(),
        token,
    }
}
