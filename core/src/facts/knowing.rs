//! Who knew what (design 3, «Knowing»): F knew G if and only if G's change is, or is an ancestor within G's
//! document of, a head that F names in `saw`.
//!
//! Nothing is concluded across documents, and an unknown head proves nothing. Ancestors are bit sets per document,
//! built at the first question about it, so that a family without conflicts never pays for them.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use crate::facts::Head;

/// The place of a change in a [`Graph`].
pub(crate) type ChangeIx = u32;

/// A change as a [`Graph`] reads it: the number of its document, its hash, what it depends on.
pub(crate) type Link<'a> = (u32, &'a [u8; 32], &'a [[u8; 32]]);

/// Behind the last change of one beginning.
const NONE: ChangeIx = ChangeIx::MAX;

struct Node<'a> {
    doc: u32,
    hash: &'a [u8; 32],
    deps: &'a [[u8; 32]],
    /// Its place in its document.
    local: u32,
    /// The next change whose hash begins alike: the same change in another document, in practice.
    alike: ChangeIx,
}

#[derive(Default)]
struct Doc {
    /// Its changes.
    nodes: Vec<ChangeIx>,
    /// One row of so many words a change: the change itself and all its ancestors.
    ancestors: OnceCell<Vec<u64>>,
}

/// The changes of some documents and their ancestry.
pub(crate) struct Graph<'a> {
    /// Each once, in the order in which they were given.
    nodes: Vec<Node<'a>>,
    docs: Vec<Doc>,
    /// The first change whose hash begins so. Nobody chooses these numbers, so that a plain hash does.
    begins: FxHashMap<u64, ChangeIx>,
}

/// The first eight bytes of a hash as a number, in the same order.
pub(crate) fn first_bytes(hash: &[u8; 32]) -> u64 {
    let mut first = [0_u8; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}

impl<'a> Graph<'a> {
    /// Builds the graph and says for each link which change it is; the same change twice is one. Documents are numbered
    /// from 0 without gaps.
    pub(crate) fn new(links: impl ExactSizeIterator<Item = Link<'a>>) -> (Self, Vec<ChangeIx>) {
        let mut graph = Self {
            nodes: Vec::with_capacity(links.len()),
            docs: Vec::new(),
            begins: FxHashMap::with_capacity_and_hasher(links.len(), rustc_hash::FxBuildHasher),
        };
        let places = links.map(|link| graph.place(link)).collect();
        (graph, places)
    }

    fn place(&mut self, (doc, hash, deps): Link<'a>) -> ChangeIx {
        let at = self.nodes.len() as ChangeIx;
        let first = *self.begins.entry(first_bytes(hash)).or_insert(at);
        let mut last = first;
        while let Some(node) = self.nodes.get(last as usize) {
            if (node.doc, node.hash) == (doc, hash) {
                return last;
            }
            if node.alike == NONE {
                break;
            }
            last = node.alike;
        }
        if let Some(node) = self.nodes.get_mut(last as usize) {
            node.alike = at;
        }
        while self.docs.len() <= doc as usize {
            self.docs.push(Doc::default());
        }
        let members = &mut self.docs[doc as usize].nodes;
        self.nodes.push(Node {
            doc,
            hash,
            deps,
            local: members.len() as u32,
            alike: NONE,
        });
        members.push(at);
        at
    }

    /// The place of a change.
    fn find(&self, doc: u32, hash: &[u8; 32]) -> Option<ChangeIx> {
        self.named(Head::of(hash)).find(|ix| {
            let node = &self.nodes[*ix as usize];
            (node.doc, node.hash) == (doc, hash)
        })
    }

    /// The number of a change's document.
    pub(crate) fn doc_of(&self, change: ChangeIx) -> u32 {
        self.nodes.get(change as usize).map_or(u32::MAX, |node| node.doc)
    }

    /// How many changes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The changes whose hash begins with `head`: one, in practice.
    pub(crate) fn named(&self, head: Head) -> impl Iterator<Item = ChangeIx> + '_ {
        let first = self.begins.get(&u64::from_be_bytes(head.0)).copied();
        std::iter::successors(first, |ix| {
            Some(self.nodes[*ix as usize].alike).filter(|next| *next != NONE)
        })
    }

    /// Whether `change` is `head` or an ancestor of it inside their document.
    pub(crate) fn reaches(&self, head: ChangeIx, change: ChangeIx) -> bool {
        if head == change {
            return true;
        }
        let (Some(from), Some(to)) = (self.nodes.get(head as usize), self.nodes.get(change as usize)) else {
            return false;
        };
        let Some(doc) = self.docs.get(from.doc as usize).filter(|_| from.doc == to.doc) else {
            return false;
        };
        let words = doc.nodes.len().div_ceil(64);
        let rows = doc.ancestors.get_or_init(|| self.ancestors(doc, words));
        let (head, change) = (from.local as usize, to.local as usize);
        rows.get(head * words + change / 64)
            .is_some_and(|word| word >> (change % 64) & 1 == 1)
    }

    fn parents(&self, at: ChangeIx) -> impl Iterator<Item = ChangeIx> + '_ {
        let node = &self.nodes[at as usize];
        // A dependency that is not here proves nothing about what stands behind it.
        node.deps.iter().filter_map(|dep| self.find(node.doc, dep))
    }

    fn ancestors(&self, doc: &Doc, words: usize) -> Vec<u64> {
        let count = doc.nodes.len();
        let mut rows = vec![0_u64; count * words];
        let mut waiting = vec![0_u32; count];
        let mut edges: Vec<(u32, u32)> = Vec::with_capacity(count);
        for (local, at) in doc.nodes.iter().enumerate() {
            rows[local * words + local / 64] |= 1 << (local % 64);
            for parent in self.parents(*at) {
                edges.push((self.nodes[parent as usize].local, local as u32));
                waiting[local] += 1;
            }
        }
        edges.sort_unstable();
        let mut ready: Vec<usize> = (0..count).filter(|local| waiting[*local] == 0).collect();
        while let Some(parent) = ready.pop() {
            let start = edges.partition_point(|(of, _)| (*of as usize) < parent);
            for (_, child) in edges[start..].iter().take_while(|(of, _)| *of as usize == parent) {
                let child = *child as usize;
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
        let mut inner = vec![false; self.nodes.len()];
        for at in 0..self.nodes.len() as ChangeIx {
            for parent in self.parents(at) {
                inner[parent as usize] = true;
            }
        }
        self.nodes
            .iter()
            .zip(inner)
            .filter(|(_, inner)| !inner)
            .map(|(node, _)| Head::of(node.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaching_follows_deps_inside_one_document_and_unknown_heads_prove_nothing() {
        let hash = |n: u8| [n; 32];
        let (a, b, c, d, other) = (hash(9), hash(3), hash(7), hash(1), hash(9));
        let (none, on_a, on_b, on_both): (Vec<[u8; 32]>, _, _, _) =
            (vec![], vec![a], vec![b, hash(200)], vec![b, c]);
        // d → {b, c} → a; another document holds a change of the same hash as a.
        let (graph, places) = Graph::new(
            [
                (0, &d, on_both.as_slice()),
                (0, &a, &none),
                (1, &other, &none),
                (0, &b, &on_a),
                (0, &c, &on_b),
                (0, &b, &on_a),
            ]
            .into_iter(),
        );
        assert_eq!(graph.len(), 5);
        assert_eq!(places, [0, 1, 2, 3, 4, 3], "the same change twice is one");
        let at = |doc, hash: &[u8; 32]| graph.find(doc, hash).unwrap();
        assert!(graph.reaches(at(0, &d), at(0, &a)) && graph.reaches(at(0, &c), at(0, &b)));
        assert!(!graph.reaches(at(0, &b), at(0, &c)) && !graph.reaches(at(0, &a), at(0, &d)));
        assert!(
            !graph.reaches(at(0, &d), at(1, &other)),
            "nothing is concluded across documents"
        );
        assert_eq!(graph.named(Head([9; 8])).count(), 2, "one head, two documents");
        assert_eq!(graph.named(Head([0xee; 8])).count(), 0);
        let mut heads: Vec<Head> = graph.heads().collect();
        heads.sort_unstable();
        assert_eq!(heads, [Head([1; 8]), Head([9; 8])]);
    }

    #[test]
    fn more_changes_than_a_word_has_bits() {
        let hashes: Vec<[u8; 32]> = (0..200_u8).map(|n| [n.wrapping_mul(77); 32]).collect();
        let deps: Vec<Vec<[u8; 32]>> = (0..200_usize)
            .map(|n| {
                n.checked_sub(1)
                    .map(|before| hashes[before])
                    .into_iter()
                    .collect()
            })
            .collect();
        let (graph, _) = Graph::new((0..200).map(|n| (0, &hashes[n], deps[n].as_slice())));
        let at = |n: usize| graph.find(0, &hashes[n]).unwrap();
        for (from, to) in [(199, 0), (150, 64), (64, 63), (10, 10)] {
            assert!(graph.reaches(at(from), at(to)), "{from} {to}");
            assert!(from == to || !graph.reaches(at(to), at(from)), "{to} {from}");
        }
    }
}
