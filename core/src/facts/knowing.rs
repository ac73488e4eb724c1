//! Who knew what (design 3, «Knowing»): F knew G if and only if G's change is, or is an ancestor within G's
//! document of, a head that F names in `saw`.
//!
//! Nothing is concluded across documents, and an unknown head proves nothing. Ancestors are bit sets per document,
//! built at the first question about it, so that a family without conflicts never pays for them.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::facts::{DocName, Head};

/// The place of a change in a [`Graph`].
pub(crate) type ChangeIx = u32;

struct Node {
    doc: u32,
    /// Number inside its document.
    local: u32,
    hash: [u8; 32],
    deps: Vec<[u8; 32]>,
}

struct DocNodes {
    nodes: Vec<ChangeIx>,
    /// One row of `words` words a change: the change itself and all its ancestors.
    ancestors: OnceCell<Vec<u64>>,
}

/// The changes of some documents and their ancestry.
pub(crate) struct Graph {
    nodes: Vec<Node>,
    docs: Vec<DocNodes>,
    /// (head, change), sorted.
    heads: Vec<(u64, ChangeIx)>,
}

fn short(hash: &[u8; 32]) -> u64 {
    let mut first = [0_u8; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}

/// Collects changes before their ancestry is asked for.
#[derive(Default)]
pub(crate) struct GraphBuilder<'a> {
    docs: BTreeMap<&'a DocName, BTreeMap<[u8; 32], &'a [[u8; 32]]>>,
}

impl<'a> GraphBuilder<'a> {
    /// Adds a change; the same change twice is one.
    pub(crate) fn add(&mut self, doc: &'a DocName, hash: [u8; 32], deps: &'a [[u8; 32]]) {
        self.docs.entry(doc).or_default().entry(hash).or_insert(deps);
    }

    /// The graph, and a function's worth of lookup: the index of every (document, hash).
    pub(crate) fn build(self) -> (Graph, BTreeMap<&'a DocName, BTreeMap<[u8; 32], ChangeIx>>) {
        let mut graph = Graph {
            nodes: Vec::new(),
            docs: Vec::new(),
            heads: Vec::new(),
        };
        let mut places = BTreeMap::new();
        for (doc_ix, (doc, changes)) in self.docs.into_iter().enumerate() {
            let mut nodes = Vec::with_capacity(changes.len());
            let mut place = BTreeMap::new();
            for (local, (hash, deps)) in changes.into_iter().enumerate() {
                let ix = graph.nodes.len() as ChangeIx;
                graph.heads.push((short(&hash), ix));
                graph.nodes.push(Node {
                    doc: doc_ix as u32,
                    local: local as u32,
                    hash,
                    deps: deps.to_vec(),
                });
                nodes.push(ix);
                place.insert(hash, ix);
            }
            graph.docs.push(DocNodes {
                nodes,
                ancestors: OnceCell::new(),
            });
            places.insert(doc, place);
        }
        graph.heads.sort_unstable();
        (graph, places)
    }
}

impl Graph {
    /// The changes whose hash begins with `head`: one, in practice.
    pub(crate) fn named(&self, head: Head) -> impl Iterator<Item = ChangeIx> + '_ {
        let key = u64::from_be_bytes(head.0);
        let start = self.heads.partition_point(|(short, _)| *short < key);
        self.heads[start..]
            .iter()
            .take_while(move |(short, _)| *short == key)
            .map(|(_, ix)| *ix)
    }

    /// Whether `change` is `head` or an ancestor of it inside their document.
    pub(crate) fn reaches(&self, head: ChangeIx, change: ChangeIx) -> bool {
        let (Some(from), Some(to)) = (self.nodes.get(head as usize), self.nodes.get(change as usize)) else {
            return false;
        };
        if from.doc != to.doc {
            return false;
        }
        if head == change {
            return true;
        }
        let Some(doc) = self.docs.get(from.doc as usize) else {
            return false;
        };
        let words = doc.nodes.len().div_ceil(64);
        let rows = doc.ancestors.get_or_init(|| self.ancestors(doc, words));
        rows.get(from.local as usize * words + to.local as usize / 64)
            .is_some_and(|word| word >> (to.local % 64) & 1 == 1)
    }

    fn local_of(&self, doc: &DocNodes, hash: &[u8; 32]) -> Option<usize> {
        // Nodes of a document stand in the order of their hashes.
        doc.nodes
            .binary_search_by(|ix| self.nodes[*ix as usize].hash.cmp(hash))
            .ok()
    }

    fn ancestors(&self, doc: &DocNodes, words: usize) -> Vec<u64> {
        let count = doc.nodes.len();
        let mut rows = vec![0_u64; count * words];
        let mut waiting = vec![0_u32; count];
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (local, ix) in doc.nodes.iter().enumerate() {
            rows[local * words + local / 64] |= 1 << (local % 64);
            for dep in &self.nodes[*ix as usize].deps {
                // A dependency that is not here proves nothing about what stands behind it.
                if let Some(parent) = self.local_of(doc, dep) {
                    children[parent].push(local as u32);
                    waiting[local] += 1;
                }
            }
        }
        let mut ready: Vec<usize> = (0..count).filter(|local| waiting[*local] == 0).collect();
        while let Some(parent) = ready.pop() {
            for child in std::mem::take(&mut children[parent]) {
                let child = child as usize;
                for word in 0..words {
                    let bits = rows[parent * words + word];
                    rows[child * words + word] |= bits;
                }
                waiting[child] -= 1;
                if waiting[child] == 0 {
                    ready.push(child);
                }
            }
        }
        rows
    }

    /// The heads: changes that no other change of their document depends on.
    pub(crate) fn heads(&self) -> impl Iterator<Item = Head> + '_ {
        self.docs.iter().flat_map(move |doc| {
            let mut inner = vec![false; doc.nodes.len()];
            for ix in &doc.nodes {
                for dep in &self.nodes[*ix as usize].deps {
                    if let Some(local) = self.local_of(doc, dep) {
                        inner[local] = true;
                    }
                }
            }
            let heads: Vec<Head> = doc
                .nodes
                .iter()
                .zip(inner)
                .filter(|(_, inner)| !inner)
                .map(|(ix, _)| Head::of(&self.nodes[*ix as usize].hash))
                .collect();
            heads
        })
    }
}
