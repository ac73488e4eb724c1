//! What request and answer prove to each other, computed by the same code on both sides (design 5).
//!
//! * [`received_digest`]: the server received exactly the frames that the phone sent.
//! * [`ScopeDigest`]: phone and server hold the same documents with the same heads.
//! * [`Mentions`]: which hashes the answer's proofs belong to, in which order.
//!
//! Invariant: all three are functions of hashes alone, so neither side loads a document for them.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

/// First 16 bytes of SHA-256 over the SHA-256 of every frame (changes in request order, then blobs).
#[derive(Clone, Default)]
pub struct ReceivedDigest {
    hasher: Sha256,
    frames: u32,
}

impl ReceivedDigest {
    /// Adds the next frame.
    pub fn frame(&mut self, bytes: &[u8]) {
        self.hasher.update(Sha256::digest(bytes));
        self.frames = self.frames.saturating_add(1);
    }

    /// How many frames there were, and the digest.
    pub fn finish(self) -> (u32, [u8; 16]) {
        (self.frames, first_16(&self.hasher.finalize()))
    }
}

impl std::fmt::Debug for ReceivedDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReceivedDigest({} frames)", self.frames)
    }
}

/// Count and digest of the frames of one request: its changes in order, then its blobs.
pub fn received_digest(request: &super::SyncRequest) -> (u32, [u8; 16]) {
    let mut digest = ReceivedDigest::default();
    for change in request.changes.iter().flat_map(|doc| &doc.changes) {
        digest.frame(change);
    }
    for blob in &request.blobs {
        digest.frame(blob);
    }
    digest.finish()
}

/// Digest over (document, heads) of a scope: documents in ascending order of their names' bytes, each as its
/// length (2 bytes, big-endian) and name, the number of its heads (4 bytes, big-endian) and the heads, ascending.
///
/// A document without changes is left out: a phone need not have heard of it yet. On a phone, changes that the
/// server has not acknowledged, parked and quarantined ones do not count.
#[derive(Clone, Default)]
pub struct ScopeDigest(Sha256);

impl ScopeDigest {
    /// Adds the document that comes next in the order, with its heads, ascending.
    pub fn document(&mut self, name: &str, heads: &[[u8; 32]]) {
        if heads.is_empty() {
            return;
        }
        self.0
            .update(u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
        self.0.update(name.as_bytes());
        self.0
            .update(u32::try_from(heads.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.update(heads.as_flattened());
    }

    /// The digest.
    pub fn finish(self) -> [u8; 16] {
        first_16(&self.0.finalize())
    }
}

impl std::fmt::Debug for ScopeDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScopeDigest")
    }
}

/// [`ScopeDigest`] of a scope that is at hand as a map.
pub fn scope_digest(scope: &BTreeMap<String, BTreeSet<[u8; 32]>>) -> [u8; 16] {
    let mut digest = ScopeDigest::default();
    for (name, heads) in scope {
        let heads: Vec<[u8; 32]> = heads.iter().copied().collect();
        digest.document(name, &heads);
    }
    digest.finish()
}

/// The changes that an answer mentions, per document in order of first mention: the request's accepted changes,
/// then grants, then the page's changes. A document's *maximal* hashes are those that no other mentioned change of
/// the document names as a dependency; each gets one proof.
#[derive(Debug, Clone, Default)]
pub struct Mentions {
    order: Vec<String>,
    docs: BTreeMap<String, Mentioned>,
}

#[derive(Debug, Clone, Default)]
struct Mentioned {
    hashes: BTreeSet<[u8; 32]>,
    covered: BTreeSet<[u8; 32]>,
}

impl Mentions {
    /// Mentions a document: a grant without changes has a place in the order, too.
    pub fn document(&mut self, doc: &str) {
        self.entry(doc);
    }

    /// Mentions a change with its dependencies. For a snapshot, either every change of it or its heads alone with
    /// every other change that was mentioned before as dependencies give the same result.
    pub fn change<'a>(&mut self, doc: &str, hash: [u8; 32], deps: impl IntoIterator<Item = &'a [u8; 32]>) {
        let mentioned = self.entry(doc);
        mentioned.hashes.insert(hash);
        mentioned.covered.extend(deps);
    }

    /// Document and maximal hash of every proof, in the order in which the proofs stand in the answer.
    pub fn maximal(&self) -> Vec<(&str, [u8; 32])> {
        self.order
            .iter()
            .filter_map(|doc| self.docs.get(doc).map(|mentioned| (doc, mentioned)))
            .flat_map(|(doc, mentioned)| {
                mentioned
                    .hashes
                    .difference(&mentioned.covered)
                    .map(move |hash| (doc.as_str(), *hash))
            })
            .collect()
    }

    fn entry(&mut self, doc: &str) -> &mut Mentioned {
        if !self.docs.contains_key(doc) {
            self.order.push(doc.to_owned());
        }
        self.docs.entry(doc.to_owned()).or_default()
    }
}

fn first_16(hash: &[u8]) -> [u8; 16] {
    let mut out = [0_u8; 16];
    for (to, from) in out.iter_mut().zip(hash) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use minicbor::bytes::ByteVec;

    use super::*;
    use crate::wire::{DocChanges, SyncRequest};

    #[test]
    fn golden_digest_of_what_was_received() {
        let mut request = SyncRequest::default();
        assert_eq!(
            hex::encode(received_digest(&request).1),
            "e3b0c44298fc1c149afbf4c8996fb924"
        );
        request.changes = vec![DocChanges {
            doc: "order/x".to_owned(),
            changes: vec![ByteVec::from(b"a".to_vec()), ByteVec::from(b"b".to_vec())],
        }];
        request.blobs = vec![ByteVec::from(b"c".to_vec())];
        let (frames, digest) = received_digest(&request);
        assert_eq!(frames, 3);
        assert_eq!(hex::encode(digest), "3a050f1d08fb8581d3d72ae727651e98");
        request.blobs.clear();
        assert_ne!(received_digest(&request).1, digest);
    }

    #[test]
    fn golden_digest_of_a_scope() {
        let mut scope = BTreeMap::new();
        assert_eq!(
            hex::encode(scope_digest(&scope)),
            "e3b0c44298fc1c149afbf4c8996fb924"
        );
        scope.insert("b".to_owned(), BTreeSet::from([[2; 32], [1; 32]]));
        scope.insert("a".to_owned(), BTreeSet::from([[3; 32]]));
        let digest = scope_digest(&scope);
        assert_eq!(hex::encode(digest), "7895d22ecec29af6a95e322c7b0d2e0a");
        scope.insert("c".to_owned(), BTreeSet::new());
        assert_eq!(
            scope_digest(&scope),
            digest,
            "a document without changes does not count"
        );
    }

    #[test]
    fn maximal_hashes_stand_in_order_of_first_mention() {
        let mut mentions = Mentions::default();
        mentions.change("z", [5; 32], [&[4; 32]]);
        mentions.document("empty");
        mentions.change("a", [9; 32], []);
        mentions.change("a", [1; 32], []);
        mentions.change("z", [4; 32], []);
        mentions.change("a", [2; 32], [&[1; 32]]);
        assert_eq!(
            mentions.maximal(),
            vec![("z", [5; 32]), ("a", [2; 32]), ("a", [9; 32])]
        );
    }
}
