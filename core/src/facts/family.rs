//! The facts of one family (or one document), made unique and put in order: what every fold starts from.
//!
//! Invariants: the result depends on the set of actions alone, not on their order or number (I1); an action's
//! identity is (id, document, SHA-256 of its string), so the same bytes in two changes are one action, and of two
//! strings under one id exactly one has effect (design 3, «Races»).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::ids::ActionId;
use crate::facts::conflict::Flag;
use crate::facts::knowing::{ChangeIx, Graph, GraphBuilder};
use crate::facts::stored::{Body, Content, FOLD_VERSION, FactRecord, ParsedAction, Side};
use crate::facts::{DocName, Fact, FactId, ViewToken};

/// What a fold must know beside the family's own actions: which other documents the reader has, and which actions
/// stand in them (an action over several documents is `incomplete` until all in the reader's scope carry it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldContext {
    /// Documents outside the family that are in this reader's scope.
    pub scope: BTreeSet<DocName>,
    /// (action, document) pairs present outside the family.
    pub present: BTreeSet<(ActionId, DocName)>,
}

/// Place of a fact in a [`Family`]: facts stand in the order of (`n`, SHA-256 of their id), so comparing places
/// compares that order.
pub(crate) type Ix = u32;

/// One action of the family.
pub(crate) struct Act<'a> {
    pub(crate) parsed: &'a ParsedAction,
    pub(crate) content: &'a Content,
    /// The changes that carry exactly these bytes.
    pub(crate) changes: Vec<ChangeIx>,
    /// Why it has no effect, or what is to be said about it.
    pub(crate) flags: Vec<Flag>,
}

/// One fact of the family.
pub(crate) struct Item<'a> {
    pub(crate) record: &'a Arc<FactRecord>,
    pub(crate) act: u32,
    /// Known kind, in its place, in an action with effect.
    pub(crate) live: bool,
}

/// An action whose string cannot be read; it carries no facts that could be shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UnreadableAction {
    /// Its document.
    pub doc: DocName,
    /// Its id.
    pub action: ActionId,
}

pub(crate) struct Family<'a> {
    pub(crate) graph: Graph,
    pub(crate) acts: Vec<Act<'a>>,
    pub(crate) items: Vec<Item<'a>>,
    by_id: Vec<(FactId, Ix)>,
    /// The highest `min` above this fold's version.
    pub(crate) update_needed: Option<u32>,
    pub(crate) unreadable: Vec<UnreadableAction>,
}

type Variants<'a> = BTreeMap<[u8; 32], (&'a ParsedAction, Vec<ChangeIx>)>;

impl<'a> Family<'a> {
    /// Puts actions in order. `wanted` says which documents belong here; others are left aside.
    pub(crate) fn new(
        actions: &'a [ParsedAction],
        context: &FoldContext,
        wanted: impl Fn(&DocName) -> bool,
    ) -> Self {
        let mut builder = GraphBuilder::default();
        let ours: Vec<&ParsedAction> = actions.iter().filter(|action| wanted(&action.doc)).collect();
        for action in &ours {
            builder.add(&action.doc, action.hash, &action.deps);
        }
        let (graph, places) = builder.build();
        // (document, id) → bytes → changes
        let mut groups: BTreeMap<(&DocName, ActionId), Variants<'a>> = BTreeMap::new();
        for action in ours {
            let change = places
                .get(action.doc.as_ref())
                .and_then(|doc| doc.get(&action.hash));
            let Some(change) = change else { continue };
            let (kept, changes) = groups
                .entry((action.doc.as_ref(), action.key))
                .or_default()
                .entry(action.text_hash)
                .or_insert_with(|| (action, Vec::with_capacity(1)));
            // The same bytes in two changes: the device shown is that of the lower change hash.
            if action.hash < kept.hash {
                *kept = action;
            }
            if !changes.contains(change) {
                changes.push(*change);
            }
        }
        let lists = if groups.values().any(|variants| variants.len() > 1) {
            Listings::gather(&graph, &groups)
        } else {
            Listings::default()
        };
        let mut family = Self {
            graph,
            acts: Vec::with_capacity(groups.len()),
            items: Vec::new(),
            by_id: Vec::new(),
            update_needed: None,
            unreadable: Vec::new(),
        };
        for ((_, key), variants) in &groups {
            let chosen = if variants.len() == 1 {
                None
            } else {
                lists.choose(&family.graph, *key, variants)
            };
            for (text_hash, (parsed, changes)) in variants {
                let mut changes = changes.clone();
                changes.sort_unstable();
                family.take(
                    parsed,
                    changes,
                    chosen.is_none_or(|chosen| chosen == *text_hash),
                    &groups,
                    context,
                );
            }
        }
        family.sort();
        family
    }

    fn take(
        &mut self,
        parsed: &'a ParsedAction,
        changes: Vec<ChangeIx>,
        chosen: bool,
        groups: &BTreeMap<(&DocName, ActionId), Variants<'a>>,
        context: &FoldContext,
    ) {
        let Some(content) = &parsed.content else {
            self.unreadable.push(UnreadableAction {
                doc: parsed.doc.as_ref().clone(),
                action: parsed.key,
            });
            return;
        };
        let mut flags = Vec::new();
        let mut live = true;
        if !chosen {
            flags.push(Flag::ReusedId);
            live = false;
        }
        if content.min > FOLD_VERSION {
            flags.push(Flag::UpdateNeeded);
            live = false;
            self.update_needed = self.update_needed.max(Some(content.min));
        }
        let family = parsed.doc.family();
        let missing = content.docs.iter().any(|(doc, _)| {
            *doc != *parsed.doc
                && (doc.family() == family || context.scope.contains(doc))
                && !groups.contains_key(&(doc, parsed.key))
                && !context.present.contains(&(parsed.key, doc.clone()))
        });
        if missing {
            flags.push(Flag::Incomplete);
        }
        let act = u32::try_from(self.acts.len()).unwrap_or(u32::MAX);
        for record in &content.facts {
            self.items.push(Item {
                record,
                act,
                live: live && matches!(record.body, Body::Known(_)),
            });
        }
        self.acts.push(Act {
            parsed,
            content,
            changes,
            flags,
        });
    }

    fn sort(&mut self) {
        self.items.sort_unstable_by(|a, b| {
            let key = |item: &Item<'_>| (item.record.stamp.n, item.record.order_hash, item.live);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.record.doc.cmp(&b.record.doc))
                .then(a.act.cmp(&b.act))
        });
        let mut by_id: Vec<(FactId, &DocName, Ix)> = self
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.live)
            .map(|(ix, item)| (item.record.id, item.record.doc.as_ref(), ix as Ix))
            .collect();
        // Where two documents carry one action id on their own, a reference means the first document, the office's.
        by_id.sort_unstable();
        by_id.dedup_by_key(|(id, ..)| *id);
        self.by_id = by_id.into_iter().map(|(id, _, ix)| (id, ix)).collect();
        self.unreadable
            .sort_by(|a, b| (&a.doc, a.action).cmp(&(&b.doc, b.action)));
        self.unreadable.dedup();
    }

    /// The live fact with this id.
    pub(crate) fn find(&self, id: FactId) -> Option<Ix> {
        self.by_id
            .binary_search_by_key(&id, |(id, _)| *id)
            .ok()
            .map(|at| self.by_id[at].1)
    }

    /// The live facts with these ids.
    pub(crate) fn find_all(&self, ids: &[FactId]) -> Vec<Ix> {
        ids.iter().filter_map(|id| self.find(*id)).collect()
    }

    pub(crate) fn record(&self, ix: Ix) -> &'a Arc<FactRecord> {
        self.items[ix as usize].record
    }

    pub(crate) fn id(&self, ix: Ix) -> FactId {
        self.record(ix).id
    }

    pub(crate) fn doc(&self, ix: Ix) -> &'a DocName {
        &self.record(ix).doc
    }

    pub(crate) fn side(&self, ix: Ix) -> Side {
        Side::of(self.doc(ix))
    }

    /// Whether the author of `later` knew `earlier` (design 3, «Knowing»).
    pub(crate) fn knew(&self, later: Ix, earlier: Ix) -> bool {
        let (later, earlier) = (&self.items[later as usize], &self.items[earlier as usize]);
        if later.act == earlier.act {
            return later.record.id.place > earlier.record.id.place;
        }
        let target = &self.acts[earlier.act as usize];
        let act = &self.acts[later.act as usize];
        // The parts of one action in several documents were written in one act, in the order of their places.
        if act.parsed.key == target.parsed.key && !act.content.docs.is_empty() {
            return later.record.id.place > earlier.record.id.place;
        }
        act.content.saw.iter().any(|head| {
            self.graph.named(*head).any(|head| {
                target
                    .changes
                    .iter()
                    .any(|change| self.graph.reaches(head, *change))
            })
        })
    }

    /// Whether neither knew the other: only such facts are a pair of D.3.
    pub(crate) fn concurrent(&self, a: Ix, b: Ix) -> bool {
        a != b && !self.knew(a, b) && !self.knew(b, a)
    }

    /// The live facts in order.
    pub(crate) fn live(&self) -> impl Iterator<Item = (Ix, &'a Fact)> + '_ {
        self.items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.live)
            .filter_map(|(ix, item)| item.record.fact().map(|fact| (ix as Ix, fact)))
    }

    /// The token of everything in these documents; the caller adds the facts that its view shows.
    pub(crate) fn token(&self) -> ViewToken {
        ViewToken {
            heads: self.graph.heads().collect(),
            facts: BTreeSet::new(),
        }
    }
}

/// Which actions seals and audits rest on: those keep their first bytes, whatever turns up later under their id.
#[derive(Default)]
struct Listings {
    /// Changes of audits with everything that they had seen.
    audits: Vec<Vec<ChangeIx>>,
    /// Seals: listed action ids, and the changes from which the sealer looked back.
    seals: Vec<(BTreeSet<ActionId>, Vec<ChangeIx>)>,
}

impl Listings {
    fn gather(graph: &Graph, groups: &BTreeMap<(&DocName, ActionId), Variants<'_>>) -> Self {
        let mut listings = Self::default();
        for (parsed, changes) in groups.values().flat_map(BTreeMap::values) {
            let Some(content) = &parsed.content else { continue };
            for record in &content.facts {
                let sight = || {
                    let mut sight: Vec<ChangeIx> =
                        content.saw.iter().flat_map(|head| graph.named(*head)).collect();
                    sight.extend(changes);
                    sight
                };
                match record.fact() {
                    Some(Fact::Audit(_)) => listings.audits.push(sight()),
                    Some(Fact::Seal(seal)) => {
                        let listed = seal.lists.iter().map(|id| id.action).collect();
                        listings.seals.push((listed, sight()));
                    }
                    _ => {}
                }
            }
        }
        listings
    }

    /// The bytes that count: those an audit saw, else those a seal lists, else those of the lowest hash.
    fn choose(&self, graph: &Graph, key: ActionId, variants: &Variants<'_>) -> Option<[u8; 32]> {
        let seen = |sight: &[ChangeIx], changes: &[ChangeIx]| {
            sight
                .iter()
                .any(|head| changes.iter().any(|change| graph.reaches(*head, *change)))
        };
        let readable =
            |(_, (parsed, _)): &(&[u8; 32], &(&ParsedAction, Vec<ChangeIx>))| parsed.content.is_some();
        // Seen by some audit or seal, and not together with the other bytes.
        let by = |sights: &[&[ChangeIx]]| {
            variants
                .iter()
                .filter(readable)
                .find(|(_, (_, changes))| sights.iter().any(|sight| seen(sight, changes)))
                .map(|(hash, _)| *hash)
        };
        let audits: Vec<&[ChangeIx]> = self.audits.iter().map(Vec::as_slice).collect();
        let seals: Vec<&[ChangeIx]> = self
            .seals
            .iter()
            .filter(|(listed, _)| listed.contains(&key))
            .map(|(_, sight)| sight.as_slice())
            .collect();
        by(&audits)
            .or_else(|| by(&seals))
            .or_else(|| variants.iter().find(readable).map(|(hash, _)| *hash))
            .or_else(|| variants.keys().next().copied())
    }
}
