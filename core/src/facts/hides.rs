//! `hide`: taking a fact's effect away without deleting it. A hide never wins over an edit that did not know of it
//! (D.3, «delete(hide) ∥ any edit»).

use std::collections::BTreeSet;

use crate::facts::family::{Family, Ix};
use crate::facts::order::view::Note;
use crate::facts::stored::Side;
use crate::facts::{DocName, Fact};

/// What is hidden, and what came back.
#[derive(Default)]
pub(crate) struct Hides {
    /// Facts without effect.
    pub(crate) hidden: BTreeSet<Ix>,
    /// (hide, edit): the edit did not know of the hide, so the hide has no effect.
    pub(crate) defeated: Vec<(Ix, Ix)>,
    /// Hides that aim at what cannot be hidden (work, seals, plans are facts for ever).
    pub(crate) pointless: Vec<Ix>,
    /// Standing hides of the whole record.
    pub(crate) records: Vec<Ix>,
}

/// Kinds that a hide may take away: entered values, notes, photos and hides themselves. What happened stays.
fn hideable(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Set(_)
            | Fact::Choose(_)
            | Fact::Hide(_)
            | Fact::Progress(_)
            | Fact::Instruct(_)
            | Fact::Contact(_)
            | Fact::Photo(_)
            | Fact::Pack(_)
    )
}

/// Whether a fact edits a record as a whole: a value of its own, one that somebody learnt about it elsewhere, or work in
/// the field on the order that it is.
fn edits_record(family: &Family<'_>, edit: Ix, doc: &DocName) -> bool {
    let record = family.record(edit);
    let at_home = record.doc.as_ref() == doc;
    let about = match record.fact() {
        Some(Fact::Set(set)) => set.subject.as_ref(),
        Some(Fact::Choose(choose)) => choose.subject.as_ref(),
        _ => None,
    };
    let valued = matches!(record.fact(), Some(Fact::Set(_) | Fact::Choose(_)));
    let work = matches!(doc, DocName::Order(_))
        && family.side(edit) != Side::Office
        && record.doc.order() == doc.order();
    (at_home && valued && about.is_none()) || about == Some(doc) || work
}

/// Whether a fact hides a record as a whole, or brings a hidden one back: that is about the list, not about the work.
pub(crate) fn of_record(family: &Family<'_>, fact: &Fact) -> bool {
    let Fact::Hide(hide) = fact else {
        return false;
    };
    let Some(target) = hide.target else {
        return true;
    };
    let aim = family.find(target).and_then(|at| family.record(at).fact());
    matches!(aim, Some(Fact::Hide(hidden)) if hidden.target.is_none())
}

impl Hides {
    /// The hides that stand over a whole record, each with its reason; empty where it is shown.
    pub(crate) fn of(&self, family: &Family<'_>, doc: &DocName) -> Vec<Note> {
        let mut standing = self.records.clone();
        standing.retain(|ix| family.doc(*ix) == doc);
        standing.sort_unstable();
        let notes = standing.into_iter().filter_map(|ix| {
            let record = family.record(ix);
            match record.fact() {
                Some(Fact::Hide(hide)) => Some(Note {
                    id: record.id,
                    text: hide.reason.clone(),
                    stamp: record.stamp.as_ref().clone(),
                }),
                _ => None,
            }
        });
        notes.collect()
    }
}

/// Works out which facts are hidden. `among` are the facts that count (an audited order leaves late ones out).
pub(crate) fn fold_hides(family: &Family<'_>, among: &[Ix]) -> Hides {
    let mut hides = Hides::default();
    // From the highest down: whether a hide is itself hidden is known before it acts. A hide reaches only what is
    // lower, so hides that name each other cannot both vanish.
    for &ix in among.iter().rev() {
        let Some(Fact::Hide(hide)) = family.record(ix).fact() else {
            continue;
        };
        if hides.hidden.contains(&ix) {
            continue;
        }
        let Some(target) = hide.target else {
            let edit = among
                .iter()
                .copied()
                .find(|edit| edits_record(family, *edit, family.doc(ix)) && family.concurrent(*edit, ix));
            match edit {
                Some(edit) => hides.defeated.push((ix, edit)),
                None => hides.records.push(ix),
            }
            continue;
        };
        let allowed = family.find(target).filter(|at| {
            *at < ix
                && among.binary_search(at).is_ok()
                && family.record(*at).fact().is_some_and(hideable)
                && (family.doc(*at) == family.doc(ix) || family.side(ix) == Side::Office)
        });
        let Some(target_ix) = allowed else {
            hides.pointless.push(ix);
            continue;
        };
        let edit = among.iter().copied().find(|edit| {
            let names = match family.record(*edit).fact() {
                Some(Fact::Set(set)) => set.over.contains(&target),
                Some(Fact::Choose(choose)) => choose.over.contains(&target),
                _ => false,
            };
            names && family.concurrent(*edit, ix)
        });
        match edit {
            Some(edit) => hides.defeated.push((ix, edit)),
            None => {
                hides.hidden.insert(target_ix);
            }
        }
    }
    hides.defeated.sort_unstable();
    hides
}
