//! Who knew what (design 3, «Knowing»): F knew G if and only if G's change is, or is an ancestor within G's
//! document of, a head that F names in `saw`.
//!
//! Nothing is concluded across documents, and an unknown head proves nothing. Ancestors are bit sets per document,
//! built at the first question about it, so that a family without conflicts never pays for them.

use std::cell::OnceCell;
use std::ops::Range;

use crate::facts::Head;

/// The place of a change in a [`Graph`].
pub(crate) type ChangeIx = u32;

/// A change as a [`Graph`] reads it: the number of its document, its hash, what it depends on.
pub(crate) type Link<'a> = (u32, &'a [u8; 32], &'a [[u8; 32]]);

/// A change in its place. The first bytes of the hash stand beside it: numbers compare faster than hashes, in the same order.
struct Node<'a> {
    doc: u32,
    short: u64,
    hash: &'a [u8; 32],
    deps: &'a [[u8; 32]],
}

impl Node<'_> {
    fn place(&self) -> (u32, u64, &[u8; 32]) {
        (self.doc, self.short, self.hash)
    }
}

struct Doc {
    /// Its changes, in the order of their hashes.
    nodes: Range<usize>,
    /// One row of `words` words a change: the change itself and all its ancestors.
    ancestors: OnceCell<Vec<u64>>,
}

/// The changes of some documents and their ancestry.
pub(crate) struct Graph<'a> {
    /// Sorted by document, then hash; each once.
    nodes: Vec<Node<'a>>,
    docs: Vec<Doc>,
    /// (head, change), sorted.
    heads: Vec<(u64, ChangeIx)>,
}

/// The first eight bytes of a hash as a number, in the same order.
pub(crate) fn first_bytes(hash: &[u8; 32]) -> u64 {
    let mut first = [0_u8; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}

impl<'a> Graph<'a> {
    /// Builds the graph; documents are numbered from 0 without gaps. The same change twice is one.
    pub(crate) fn new(links: impl IntoIterator<Item = Link<'a>>) -> Self {
        let mut nodes: Vec<Node<'a>> = links
            .into_iter()
            .map(|(doc, hash, deps)| Node {
                doc,
                short: first_bytes(hash),
                hash,
                deps,
            })
            .collect();
        nodes.sort_unstable_by(|a, b| a.place().cmp(&b.place()));
        nodes.dedup_by(|a, b| a.place() == b.place());
        let mut docs: Vec<Doc> = Vec::new();
        let mut heads = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            while docs.len() <= node.doc as usize {
                docs.push(Doc {
                    nodes: at..at,
                    ancestors: OnceCell::new(),
                });
            }
            if let Some(last) = docs.last_mut() {
                last.nodes.end = at + 1;
            }
            heads.push((node.short, at as ChangeIx));
        }
        heads.sort_unstable();
        Self { nodes, docs, heads }
    }

    /// The place of a change.
    pub(crate) fn find(&self, doc: u32, hash: &[u8; 32]) -> Option<ChangeIx> {
        let range = self.docs.get(doc as usize)?.nodes.clone();
        let at = self.nodes[range.clone()]
            .binary_search_by(|node| (node.short, node.hash).cmp(&(first_bytes(hash), hash)))
            .ok()?;
        Some((range.start + at) as ChangeIx)
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
        let key = u64::from_be_bytes(head.0);
        let start = self.heads.partition_point(|(short, _)| *short < key);
        self.heads[start..]
            .iter()
            .take_while(move |(short, _)| *short == key)
            .map(|(_, ix)| *ix)
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
        let (head, change) = (head as usize - doc.nodes.start, change as usize - doc.nodes.start);
        rows.get(head * words + change / 64)
            .is_some_and(|word| word >> (change % 64) & 1 == 1)
    }

    fn parents(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let node = &self.nodes[at];
        // A dependency that is not here proves nothing about what stands behind it.
        node.deps
            .iter()
            .filter_map(|dep| self.find(node.doc, dep).map(|ix| ix as usize))
    }

    fn ancestors(&self, doc: &Doc, words: usize) -> Vec<u64> {
        let (first, count) = (doc.nodes.start, doc.nodes.len());
        let mut rows = vec![0_u64; count * words];
        let mut waiting = vec![0_u32; count];
        let mut edges: Vec<(u32, u32)> = Vec::with_capacity(count);
        for local in 0..count {
            rows[local * words + local / 64] |= 1 << (local % 64);
            for parent in self.parents(first + local) {
                edges.push(((parent - first) as u32, local as u32));
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
        for at in 0..self.nodes.len() {
            for parent in self.parents(at) {
                inner[parent] = true;
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
        let graph = Graph::new([
            (0, &d, on_both.as_slice()),
            (0, &a, &none),
            (1, &other, &none),
            (0, &b, &on_a),
            (0, &c, &on_b),
            (0, &b, &on_a),
        ]);
        assert_eq!(graph.len(), 5);
        let at = |doc, hash: &[u8; 32]| graph.find(doc, hash).unwrap();
        assert!(graph.reaches(at(0, &d), at(0, &a)) && graph.reaches(at(0, &c), at(0, &b)));
        assert!(!graph.reaches(at(0, &b), at(0, &c)) && !graph.reaches(at(0, &a), at(0, &d)));
        assert!(
            !graph.reaches(at(0, &d), at(1, &other)),
            "nothing is concluded across documents"
        );
        assert_eq!(graph.named(Head([9; 8])).count(), 2, "one head, two documents");
        assert_eq!(graph.named(Head([0xee; 8])).count(), 0);
        let heads: Vec<Head> = graph.heads().collect();
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
        let graph = Graph::new((0..200).map(|n| (0, &hashes[n], deps[n].as_slice())));
        let at = |n: usize| graph.find(0, &hashes[n]).unwrap();
        for (from, to) in [(199, 0), (150, 64), (64, 63), (10, 10)] {
            assert!(graph.reaches(at(from), at(to)), "{from} {to}");
            assert!(from == to || !graph.reaches(at(to), at(from)), "{to} {from}");
        }
    }
}
