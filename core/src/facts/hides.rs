//! `hide`: taking a fact's effect away without deleting it. A hide never wins over an edit that did not know of it
//! (D.3, «delete(hide) ∥ any edit»).

use std::collections::BTreeSet;

use crate::facts::Fact;
use crate::facts::family::{Family, Ix};
use crate::facts::stored::Side;

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
            let edit = among.iter().copied().find(|edit| {
                matches!(family.record(*edit).fact(), Some(Fact::Set(set)) if set.subject.is_none())
                    && family.doc(*edit) == family.doc(ix)
                    && family.concurrent(*edit, ix)
            });
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
