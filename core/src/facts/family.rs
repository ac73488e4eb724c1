//! The facts of one family (or one document), made unique and put in order: what every fold starts from.
//!
//! Invariants: the result depends on the set of actions alone, not on their order or number (I1); an action's
//! identity is (id, document, SHA-256 of its string), so the same bytes in two changes are one action, and of two
//! strings under one id exactly one has effect (design 3, «Races»).

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::ids::ActionId;
use crate::facts::conflict::Flag;
use crate::facts::knowing::{ChangeIx, Graph, first_bytes};
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
    /// The changes that carry exactly these bytes, among the family's carriers.
    carriers: Range<u32>,
    /// Why it has no effect, or what is to be said about it.
    pub(crate) flags: Vec<Flag>,
}

/// One fact of the family.
pub(crate) struct Item<'a> {
    pub(crate) record: &'a Arc<FactRecord>,
    pub(crate) act: u32,
    /// Known kind, in its place, in an action with effect.
    pub(crate) live: bool,
    /// `n` and the first bytes of the order hash: nearly always enough to compare by.
    rank: (u64, u64),
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
    pub(crate) graph: Graph<'a>,
    pub(crate) acts: Vec<Act<'a>>,
    pub(crate) items: Vec<Item<'a>>,
    carriers: Vec<ChangeIx>,
    /// The live facts. Who wrote an id chose it: a phone that makes them collide slows down the views of its own records.
    by_id: FxHashMap<FactId, Ix>,
    /// The highest `min` above this fold's version.
    pub(crate) update_needed: Option<u32>,
    pub(crate) unreadable: Vec<UnreadableAction>,
}

/// One action in one change: (document, id, bytes) is its identity, then the change.
type Copy<'a> = (u32, ActionId, &'a [u8; 32], ChangeIx, &'a ParsedAction);

impl<'a> Family<'a> {
    /// Puts actions in order. `wanted` says which documents belong here; others are left aside.
    pub(crate) fn new<P: Borrow<ParsedAction>>(
        actions: &'a [P],
        context: &FoldContext,
        wanted: impl Fn(&DocName) -> bool,
    ) -> Self {
        let docs = Numbered::of(actions.iter().map(|action| action.borrow().doc.as_ref()), wanted);
        let ours: Vec<(u32, &ParsedAction)> = actions
            .iter()
            .zip(&docs.of_each)
            .filter_map(|(action, doc)| Some(((*doc)?, action.borrow())))
            .collect();
        let (graph, changes) = Graph::new(
            ours.iter()
                .map(|(doc, action)| (*doc, &action.hash, action.deps.as_slice())),
        );
        // Among equal bytes the lowest change comes first: its device is the one that is shown.
        let mut copies: Vec<Copy<'a>> = ours
            .into_iter()
            .zip(changes)
            .map(|((doc, action), change)| (doc, action.key, &action.text_hash, change, action))
            .collect();
        // Actions come one document after the other, each in its own order, mostly: the stable sort only merges those.
        copies.sort_by_key(|copy| (copy.0, copy.1.0.as_u128(), copy.2, &copy.4.hash));
        copies.dedup_by_key(|copy| (copy.0, copy.1, copy.2, copy.3));
        let twins = |a: &Copy<'_>, b: &Copy<'_>| (a.0, a.1) == (b.0, b.1);
        let same = |a: &Copy<'_>, b: &Copy<'_>| (a.0, a.1, a.2) == (b.0, b.1, b.2);
        let reused = copies
            .windows(2)
            .any(|pair| twins(&pair[0], &pair[1]) && !same(&pair[0], &pair[1]));
        let lists = if reused {
            Listings::gather(&graph, &copies)
        } else {
            Listings::default()
        };
        let mut family = Self {
            graph,
            acts: Vec::with_capacity(copies.len()),
            items: Vec::with_capacity(copies.len()),
            carriers: copies.iter().map(|copy| copy.3).collect(),
            by_id: FxHashMap::default(),
            update_needed: None,
            unreadable: Vec::new(),
        };
        let mut carried = 0;
        for group in copies.chunk_by(twins) {
            let mut variants = group.chunk_by(same).peekable();
            let chosen = match variants.next() {
                Some(_) if variants.peek().is_some() => lists.choose(&family.graph, group, same),
                _ => None,
            };
            for variant in group.chunk_by(same) {
                let carriers = carried..carried + variant.len() as u32;
                carried = carriers.end;
                let (_, _, text_hash, _, parsed) = variant[0];
                family.take(parsed, carriers, chosen.is_none_or(|chosen| chosen == *text_hash));
            }
        }
        family.complete(context, |key, doc| {
            docs.number(doc).is_some_and(|number| {
                copies
                    .binary_search_by(|copy| (copy.0, copy.1).cmp(&(number, key)))
                    .is_ok()
            })
        });
        family.bound(&docs.families());
        family.sort();
        family
    }

    fn take(&mut self, parsed: &'a ParsedAction, carriers: Range<u32>, chosen: bool) {
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
        let act = u32::try_from(self.acts.len()).unwrap_or(u32::MAX);
        for record in &content.facts {
            self.items.push(Item {
                record,
                act,
                live: live && matches!(record.body, Body::Known(_)),
                rank: (content.stamp.n, first_bytes(&record.order_hash)),
            });
        }
        self.acts.push(Act {
            parsed,
            content,
            carriers,
            flags,
        });
    }

    /// Flags actions over several documents of which one in the reader's scope has not arrived.
    fn complete(&mut self, context: &FoldContext, here: impl Fn(ActionId, &DocName) -> bool) {
        for act in self.acts.iter_mut().filter(|act| !act.content.docs.is_empty()) {
            let (own, key) = (&act.parsed.doc, act.parsed.key);
            let family = own.family();
            let missing = act.content.docs.iter().any(|(doc, _)| {
                doc != own.as_ref()
                    && (doc.family() == family || context.scope.contains(doc))
                    && !here(key, doc)
                    && !context.present.contains(&(key, doc.clone()))
            });
            if missing {
                act.flags.push(Flag::Incomplete);
            }
        }
    }

    /// Flags actions whose counter is not above all that their author had seen: the gate bounds a counter by its own
    /// document alone (design 3, `n`).
    fn bound(&mut self, families: &[u32]) {
        let mut highest = vec![0_u64; self.graph.len()];
        for act in &self.acts {
            for change in self.changes(act) {
                highest[*change as usize] = highest[*change as usize].max(act.content.stamp.n);
            }
        }
        let family = |change: ChangeIx| families.get(self.graph.doc_of(change) as usize);
        let bounded: Vec<usize> = (0..self.acts.len())
            .filter(|at| {
                let act = &self.acts[*at];
                let own = self.changes(act).first().copied().and_then(family);
                act.content
                    .saw
                    .iter()
                    .flat_map(|head| self.graph.named(*head))
                    .any(|head| highest[head as usize] >= act.content.stamp.n && family(head) == own)
            })
            .collect();
        for at in bounded {
            self.acts[at].flags.push(Flag::CounterBounded);
        }
    }

    /// The changes that carry exactly an action's bytes, the lowest first.
    fn changes(&self, act: &Act<'_>) -> &[ChangeIx] {
        &self.carriers[act.carriers.start as usize..act.carriers.end as usize]
    }

    fn sort(&mut self) {
        self.items.sort_by(|a, b| {
            a.rank
                .cmp(&b.rank)
                .then_with(|| a.record.order_hash.cmp(&b.record.order_hash))
                .then(a.live.cmp(&b.live))
                .then_with(|| a.record.doc.cmp(&b.record.doc))
                .then(a.act.cmp(&b.act))
        });
        // Where two documents carry one action id on their own, a reference means the first document, the office's.
        let items = &self.items;
        self.by_id.reserve(items.len());
        for (ix, item) in (0..).zip(items).filter(|(_, item)| item.live) {
            let doc = |ix: Ix| &items[ix as usize].record.doc;
            self.by_id
                .entry(item.record.id)
                .and_modify(|first| {
                    if doc(ix) < doc(*first) {
                        *first = ix;
                    }
                })
                .or_insert(ix);
        }
        self.unreadable
            .sort_by(|a, b| (&a.doc, a.action).cmp(&(&b.doc, b.action)));
        self.unreadable.dedup();
    }

    /// The live fact with this id.
    pub(crate) fn find(&self, id: FactId) -> Option<Ix> {
        self.by_id.get(&id).copied()
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
                self.changes(target)
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

/// The documents of some actions, the wanted ones numbered in the order of their names.
struct Numbered<'a> {
    /// The wanted ones, by number.
    docs: Vec<&'a DocName>,
    /// For each action, its document's number.
    of_each: Vec<Option<u32>>,
}

impl<'a> Numbered<'a> {
    fn of(each: impl Iterator<Item = &'a DocName>, wanted: impl Fn(&DocName) -> bool) -> Self {
        // In the order of their first action, at first.
        let mut met: Vec<&DocName> = Vec::new();
        let mut place: FxHashMap<&DocName, usize> = FxHashMap::default();
        let mut last = None;
        let of_each: Vec<usize> = each
            .map(|doc| match last {
                // Actions of one document come together, mostly.
                Some((name, at)) if name == doc => at,
                _ => {
                    let at = *place.entry(doc).or_insert_with(|| {
                        met.push(doc);
                        met.len() - 1
                    });
                    last = Some((doc, at));
                    at
                }
            })
            .collect();
        let mut docs: Vec<&DocName> = met.iter().copied().filter(|doc| wanted(doc)).collect();
        docs.sort_unstable();
        let mut numbered = Self {
            docs,
            of_each: Vec::new(),
        };
        let numbers: Vec<Option<u32>> = met.iter().map(|doc| numbered.number(doc)).collect();
        numbered.of_each = of_each.into_iter().map(|at| numbers[at]).collect();
        numbered
    }

    fn number(&self, doc: &DocName) -> Option<u32> {
        self.docs.binary_search(&doc).ok().map(|at| at as u32)
    }

    /// For each document a number of its family: equal for two of one family.
    fn families(&self) -> Vec<u32> {
        let names: Vec<String> = self.docs.iter().map(|doc| doc.family()).collect();
        names
            .iter()
            .map(|name| names.iter().position(|other| other == name).unwrap_or_default() as u32)
            .collect()
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
    fn gather(graph: &Graph<'_>, copies: &[Copy<'_>]) -> Self {
        let mut listings = Self::default();
        for (.., change, parsed) in copies {
            let Some(content) = &parsed.content else { continue };
            for record in &content.facts {
                let sight = || {
                    let mut sight: Vec<ChangeIx> =
                        content.saw.iter().flat_map(|head| graph.named(*head)).collect();
                    sight.push(*change);
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

    /// The bytes that count: those an audit saw, else those a seal lists, else those of the lowest hash. `group` is
    /// sorted by the hash of the bytes.
    fn choose(
        &self,
        graph: &Graph<'_>,
        group: &[Copy<'_>],
        same: impl Fn(&Copy<'_>, &Copy<'_>) -> bool + std::marker::Copy,
    ) -> Option<[u8; 32]> {
        let key = group.first()?.1;
        let readable = || {
            group
                .chunk_by(same)
                .filter(|variant| variant[0].4.content.is_some())
        };
        let by = |sights: &[&[ChangeIx]]| {
            readable()
                .find(|variant| {
                    variant.iter().any(|copy| {
                        sights
                            .iter()
                            .any(|sight| sight.iter().any(|head| graph.reaches(*head, copy.3)))
                    })
                })
                .map(|variant| *variant[0].2)
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
            .or_else(|| readable().next().map(|variant| *variant[0].2))
            .or_else(|| group.first().map(|copy| *copy.2))
    }
}
