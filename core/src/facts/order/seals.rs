//! Seals: revisions, forks, the current one, and what the customer has not signed yet (D.3, D.5-3).
//!
//! The current seal is the one that an audit or a pick names, else the longest chain of revisions, else the lowest
//! (design 3, «Races»). Nothing is slipped into a seal: what came beside it waits for the next revision.

use crate::facts::Fact;
use crate::facts::family::{Family, Ix};

/// The seal that `seal` follows; only a lower one of the same document counts, so chains cannot be circular.
pub(super) fn previous(family: &Family<'_>, seal: Ix) -> Option<Ix> {
    let Some(Fact::Seal(fact)) = family.record(seal).fact() else {
        return None;
    };
    family
        .find(fact.prev?)
        .filter(|prev| *prev < seal && family.doc(*prev) == family.doc(seal))
        .filter(|prev| matches!(family.record(*prev).fact(), Some(Fact::Seal(_))))
}

/// Whether `seal` is `base` or a revision that follows it.
pub(super) fn follows(family: &Family<'_>, seal: Ix, base: Ix) -> bool {
    let mut at = Some(seal);
    while let Some(seal) = at {
        if seal == base {
            return true;
        }
        at = previous(family, seal);
    }
    false
}

/// The seals of one visit under one assignment.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) current: Option<Ix>,
    /// Seals that no other follows, where there are several and nobody picked: a fork.
    pub(super) fork: Vec<Ix>,
}

impl Chain {
    /// `named` are the standing audit and picks, the strongest first.
    pub(super) fn fold(family: &Family<'_>, seals: &[Ix], audit: Option<Ix>, picks: &[Ix]) -> Self {
        let revision = |ix: Ix| match family.record(ix).fact() {
            Some(Fact::Audit(audit)) => family.find(audit.revision),
            Some(Fact::Pick(pick)) => family.find(pick.revision),
            _ => None,
        };
        let named = |ix: Ix| revision(ix).filter(|seal| seals.contains(seal));
        let length = |from: &Option<Ix>, seal: Ix| {
            let (mut length, mut at) = (0_usize, Some(seal));
            while let Some(seal) = at {
                length += 1;
                at = if Some(seal) == *from {
                    None
                } else {
                    previous(family, seal)
                };
            }
            length
        };
        let longest = |from: Option<Ix>| {
            seals
                .iter()
                .copied()
                .filter(|seal| from.is_none_or(|base| follows(family, *seal, base)))
                .max_by_key(|seal| (length(&from, *seal), std::cmp::Reverse(*seal)))
        };
        let audited = audit.and_then(named);
        let picked = picks.iter().rev().copied().find_map(named);
        let current = audited.or_else(|| longest(picked));
        let tips: Vec<Ix> = seals
            .iter()
            .copied()
            .filter(|seal| !seals.iter().any(|other| previous(family, *other) == Some(*seal)))
            .collect();
        let settled = |a: Ix, b: Ix| {
            audit
                .iter()
                .chain(picks)
                .any(|by| named(*by).is_some() && family.knew(*by, a) && family.knew(*by, b))
        };
        let fork = tips
            .iter()
            .enumerate()
            .any(|(at, a)| tips[at + 1..].iter().any(|b| !settled(*a, *b)));
        Self {
            current,
            fork: if fork { tips } else { Vec::new() },
        }
    }
}

/// The picks that no later one replaces, lowest first.
pub(super) fn standing_picks(family: &Family<'_>, picks: &[Ix]) -> Vec<Ix> {
    picks
        .iter()
        .copied()
        .filter(|pick| {
            let id = family.id(*pick);
            !picks.iter().any(|later| {
                matches!(family.record(*later).fact(), Some(Fact::Pick(fact)) if later > pick && fact.over.contains(&id))
            })
        })
        .collect()
}
