//! Each engineer's report: its draft, its seals, and what the customer has not signed (D.5-3).

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::UserId;
use crate::facts::conflict::{ConflictKind as K, Flag};
use crate::facts::family::Ix;
use crate::facts::order::Scene;
use crate::facts::order::outcome::Pair;
use crate::facts::order::view::{Note, SealView, Visit};
use crate::facts::registers::{Fields, fold_fields};
use crate::facts::{DocName, Fact, FactId};

impl Scene<'_, '_> {
    /// The visits, the pairs among their seals and drafts, and what to say about single facts.
    pub(super) fn visits(&self) -> (Vec<Visit>, Vec<Pair>, Vec<(Ix, Flag)>) {
        let (mut visits, mut pairs, mut said) = (Vec::new(), Vec::new(), Vec::new());
        for (engineer, facts) in &self.cast.visits {
            visits.push(self.visit(*engineer, facts, &mut pairs, &mut said));
        }
        (visits, pairs, said)
    }

    fn visit(
        &self,
        engineer: UserId,
        facts: &[Ix],
        pairs: &mut Vec<Pair>,
        said: &mut Vec<(Ix, Flag)>,
    ) -> Visit {
        let family = self.family;
        let doc = DocName::Visit(self.order, engineer);
        let fields = fold_fields(family, &doc, facts.iter().copied());
        let tracks = || {
            self.outcome
                .tracks
                .iter()
                .filter(|track| track.engineer == engineer)
        };
        for track in tracks().filter(|track| !track.chain.fork.is_empty()) {
            pairs.push((K::TwoSeals, track.chain.fork.clone(), None));
        }
        let shown = self.outcome.shown.map(|at| &self.outcome.tracks[at]);
        let current = shown
            .filter(|track| track.engineer == engineer)
            .or_else(|| tracks().rfind(|track| track.chain.current.is_some()))
            .or_else(|| tracks().next_back());
        let seal = current.and_then(|track| track.chain.current);
        let unsigned = seal.map_or_else(Vec::new, |seal| self.unsigned(seal, facts, &fields));
        if let Some(seal) = seal {
            for &ix in unsigned.iter().filter(|ix| family.concurrent(**ix, seal)) {
                pairs.push((K::EditedWhileSealing, vec![seal, ix], None));
            }
        }
        said.extend(unsigned.iter().map(|ix| (*ix, Flag::Unsigned)));
        Visit {
            engineer,
            progress: facts
                .iter()
                .filter_map(|ix| match family.record(*ix).fact() {
                    Some(Fact::Progress(step)) => Some(Note {
                        id: family.id(*ix),
                        text: step.text.clone().unwrap_or_default(),
                        stamp: family.record(*ix).stamp.as_ref().clone(),
                    }),
                    _ => None,
                })
                .collect(),
            seals: self.seals(facts, seal),
            current_seal: seal.map(|ix| family.id(ix)),
            submit: current.and_then(|track| track.submit).map(|ix| family.id(ix)),
            unsigned: unsigned.iter().map(|ix| family.id(*ix)).collect(),
            fields,
        }
    }

    /// Values and decisions that still show, that the seal does not list and whose sealer did not know them.
    fn unsigned(&self, seal: Ix, facts: &[Ix], fields: &Fields) -> Vec<Ix> {
        let family = self.family;
        let Some(Fact::Seal(sealed)) = family.record(seal).fact() else {
            return Vec::new();
        };
        let displayed: BTreeSet<FactId> = fields.displayed().collect();
        let listed: BTreeSet<FactId> = sealed.lists.iter().copied().collect();
        facts
            .iter()
            .copied()
            .filter(|ix| match family.record(*ix).fact() {
                Some(Fact::Set(_) | Fact::Choose(_)) => displayed.contains(&family.id(*ix)),
                Some(Fact::Decide(_) | Fact::Answer(_)) => true,
                _ => false,
            })
            .filter(|ix| !listed.contains(&family.id(*ix)) && !family.knew(seal, *ix))
            .collect()
    }

    fn seals(&self, facts: &[Ix], current: Option<Ix>) -> Vec<SealView> {
        let family = self.family;
        let mut of_revision: BTreeMap<u32, Vec<FactId>> = BTreeMap::new();
        for ix in facts {
            if let Some(Fact::Seal(seal)) = family.record(*ix).fact() {
                of_revision.entry(seal.revision).or_default().push(family.id(*ix));
            }
        }
        let letter = |revision: u32, id: FactId| {
            let same = of_revision.get(&revision).filter(|same| same.len() > 1)?;
            let at = same.iter().position(|other| *other == id)?;
            char::from_u32('a' as u32 + u32::try_from(at).ok()?)
        };
        let received = |id: FactId| {
            self.cast.received.iter().find_map(|ix| {
                let record = family.record(*ix);
                match record.fact() {
                    Some(Fact::Received(received)) if received.seal == id => {
                        Some(record.stamp.at.to_string())
                    }
                    _ => None,
                }
            })
        };
        facts
            .iter()
            .filter_map(|ix| match family.record(*ix).fact() {
                Some(Fact::Seal(seal)) => Some((*ix, seal)),
                _ => None,
            })
            .map(|(ix, seal)| {
                let id = family.id(ix);
                SealView {
                    id,
                    assignment: seal.assignment,
                    revision: seal.revision,
                    letter: letter(seal.revision, id),
                    prev: seal.prev,
                    blob: seal.blob.clone(),
                    kind: seal.kind.clone(),
                    current: current == Some(ix),
                    received_at: received(id),
                    stamp: family.record(ix).stamp.as_ref().clone(),
                }
            })
            .collect()
    }
}
