//! What a phone gets: everything new in its engineer's scope, page by page (design 5).
//!
//! One read transaction gives one answer. A catch-up window is (from, until]: until the page that reaches `until`, a
//! document granted in the window travels as one snapshot, taken at or after `until`, so its changes in the window are
//! not sent again. Rows that come meanwhile belong to the next window.

use std::collections::{HashMap, HashSet};

use fieldseal_core::documents::read_change;
use fieldseal_core::wire::evidence::{Mentions, ScopeDigest};
use fieldseal_core::wire::{DocChanges, Grant, Position, SyncAnswer, SyncRequest};

use super::documents::CacheError;
use super::push::AcceptedFrame;
use super::{PipelineError, SyncService};
use crate::storage::{DeviceRow, DocKey, Hash, PullRange, PullRow, ReadTx, StorageError, Tag, split_hashes};

/// A page is never asked to be larger than this: an answer has room for one document's snapshot above it.
const PAGE_MAX: usize = 8 * 1024 * 1024;
/// What a change or a document costs beside its bytes.
const OVERHEAD: usize = 8;

/// Whether a position is of this lineage. A phone without one starts afresh.
pub(super) fn lineage(tx: &dyn ReadTx, position: Option<&Position>) -> Result<bool, PipelineError> {
    let Some(position) = position else { return Ok(true) };
    let tag: Tag = position.tag.into();
    Ok(position.pulled_to <= position.seen && tx.tag_at(position.seen)? == Some(tag))
}

/// A page being filled.
struct Page<'a> {
    tx: &'a dyn ReadTx,
    service: &'a SyncService,
    /// Rows of the request's own changes: not echoed.
    own: HashSet<u64>,
    budget: usize,
    used: usize,
    items: usize,
    grants: Vec<Grant>,
    /// Heads of each granted document; none where its changes were sent instead of a snapshot.
    heads: Vec<Vec<Hash>>,
    granted: HashSet<DocKey>,
    removals: Vec<String>,
    removed: HashSet<String>,
    changes: Vec<DocChanges>,
    deps: Vec<Vec<(Hash, Vec<Hash>)>>,
    places: HashMap<DocKey, usize>,
}

/// A stretch of the sequence in which a granted document travels once.
struct Window {
    range: PullRange,
    /// First grant of each document in it.
    grants: HashMap<DocKey, Option<u64>>,
}

impl SyncService {
    /// Fills the pulled half of an answer.
    pub(super) fn pull(
        &self,
        tx: &dyn ReadTx,
        device: &DeviceRow,
        request: &SyncRequest,
        accepted: &[AcceptedFrame],
        mentions: &mut Mentions,
        answer: &mut SyncAnswer,
    ) -> Result<(), PipelineError> {
        let (head, tag) = tx.head()?;
        let mut page = Page {
            tx,
            service: self,
            own: accepted.iter().map(|accepted| accepted.row).collect(),
            budget: usize::try_from(request.page).unwrap_or(PAGE_MAX).min(PAGE_MAX),
            used: 0,
            items: 0,
            grants: Vec::new(),
            heads: Vec::new(),
            granted: HashSet::new(),
            removals: Vec::new(),
            removed: HashSet::new(),
            changes: Vec::new(),
            deps: Vec::new(),
            places: HashMap::new(),
        };
        let (mut at, mut from, mut until) = start(request.position.as_ref(), device, head);
        let mut cut = false;
        while at < until {
            let range = PullRange {
                engineer: device.user,
                device: device.id,
                after: from,
                upto: until,
            };
            let mut window = Window {
                range,
                grants: HashMap::new(),
            };
            let stopped = page.fill(&mut window, at)?;
            if let Some(reached) = stopped {
                at = reached;
                cut = true;
                break;
            }
            at = until;
            (from, until) = (at, head);
        }
        let wanted = page.wanted(device, request)?;
        page.mention(accepted, mentions);
        answer.grants = page.grants;
        answer.removals = page.removals;
        answer.changes = page.changes;
        (answer.blobs, answer.unavailable) = wanted;
        answer.more = cut;
        answer.position = Some(Position {
            pulled_to: at,
            seen: head,
            tag: tag.into(),
            from: cut.then_some(from),
            until: cut.then_some(until),
        });
        if !cut {
            let mut digest = ScopeDigest::default();
            for (name, heads) in tx.scope_heads(device.user)? {
                digest.document(&name, &heads);
            }
            answer.scope_digest = Some(digest.finish().into());
        }
        Ok(())
    }
}

/// Where reading goes on: (pulled to, start of the window, its end). What a phone says of its window is believed only
/// as far as it makes sense; a wrong one costs that phone alone a document sent twice.
fn start(position: Option<&Position>, device: &DeviceRow, head: u64) -> (u64, u64, u64) {
    let Some(position) = position else {
        return (device.start, device.start, head);
    };
    let at = position.pulled_to.max(device.start);
    match (position.from, position.until) {
        (Some(from), Some(until)) if from <= at && at <= until && until <= head => (at, from, until),
        _ => (at, at, head),
    }
}

impl Page<'_> {
    /// Whether an item of this size still fits; a page holds at least one.
    fn takes(&mut self, size: usize) -> bool {
        let size = size + OVERHEAD;
        if self.items > 0 && self.used.saturating_add(size) > self.budget {
            return false;
        }
        self.used = self.used.saturating_add(size);
        self.items += 1;
        true
    }

    /// Reads rows above `at` up to the window's end; the row reached where the page is full.
    fn fill(&mut self, window: &mut Window, at: u64) -> Result<Option<u64>, PipelineError> {
        let mut stopped = None;
        let mut failed = None;
        let rows = PullRange {
            after: at,
            ..window.range
        };
        let tx = self.tx;
        tx.pull(rows, &mut |row| {
            let n = match row {
                PullRow::Change { n, .. } | PullRow::Grant { n, .. } | PullRow::Removal { n, .. } => n,
            };
            let taken = match self.row(window, row) {
                Ok(taken) => taken,
                Err(error) => {
                    failed = Some(error);
                    return Ok(false);
                }
            };
            if !taken {
                stopped = Some(n - 1);
            }
            Ok(taken)
        })?;
        match failed {
            Some(error) => Err(error),
            None => Ok(stopped),
        }
    }

    /// Takes one row in; `false` where it does not fit any more.
    fn row(&mut self, window: &mut Window, row: PullRow<'_>) -> Result<bool, PipelineError> {
        match row {
            PullRow::Change {
                n,
                doc,
                name,
                hash,
                deps,
                bytes,
            } => {
                if self.own.contains(&n)
                    || self.granted.contains(&doc)
                    || window.first_grant(self.tx, doc)?.is_some()
                {
                    return Ok(true);
                }
                if !self.takes(bytes.len()) {
                    return Ok(false);
                }
                self.change(doc, name, hash, split_hashes(deps)?, bytes);
                Ok(true)
            }
            PullRow::Grant { n, doc, name } => {
                if self.granted.contains(&doc) || window.first_grant(self.tx, doc)? != Some(n) {
                    return Ok(true);
                }
                self.grant(doc, name)
            }
            PullRow::Removal { name, .. } => {
                if self.removed.contains(name) {
                    return Ok(true);
                }
                if !self.takes(name.len()) {
                    return Ok(false);
                }
                self.removed.insert(name.to_owned());
                self.removals.push(name.to_owned());
                Ok(true)
            }
        }
    }

    fn change(&mut self, doc: DocKey, name: &str, hash: Hash, deps: Vec<Hash>, bytes: &[u8]) {
        let place = *self.places.entry(doc).or_insert_with(|| {
            self.changes.push(DocChanges {
                doc: name.to_owned(),
                changes: Vec::new(),
            });
            self.deps.push(Vec::new());
            self.changes.len() - 1
        });
        self.changes[place].changes.push(bytes.to_vec().into());
        self.deps[place].push((hash, deps));
    }

    fn grant(&mut self, doc: DocKey, name: &str) -> Result<bool, PipelineError> {
        let parsed = name.parse().map_err(|_| StorageError::Damaged {
            what: "document name",
        })?;
        let row = self
            .tx
            .doc(&parsed)?
            .ok_or(StorageError::Damaged { what: "document" })?;
        if row.changes == 0 {
            if !self.takes(name.len()) {
                return Ok(false);
            }
            self.granted(doc, name, Vec::new(), Vec::new());
            return Ok(true);
        }
        let snapshot = match self.service.documents.take(self.tx, &row) {
            Ok(mut cached) => {
                let snapshot = cached.document.save_checked();
                if snapshot.is_ok() {
                    self.service.documents.put(doc, cached);
                }
                snapshot
            }
            Err(CacheError::Storage(error)) => return Err(error.into()),
            Err(CacheError::Document(error)) => Err(error),
        };
        match snapshot {
            Ok(snapshot) => {
                if !self.takes(snapshot.len() + name.len()) {
                    return Ok(false);
                }
                self.granted(doc, name, snapshot, row.heads);
                Ok(true)
            }
            Err(error) => {
                // Accepted changes that make no document are a bug of the gate. The changes themselves are the
                // authority and travel instead, so that the phone is not cut off.
                tracing::error!(doc = name, %error, "accepted changes make no document");
                let chunks = self.tx.chunks_after(doc, 0)?;
                if !self.takes(chunks.iter().map(|(_, bytes)| bytes.len() + OVERHEAD).sum()) {
                    return Ok(false);
                }
                self.service.note_broken(doc);
                self.granted(doc, name, Vec::new(), Vec::new());
                for (_, bytes) in chunks {
                    if let Ok(change) = read_change(&bytes) {
                        self.change(doc, name, change.hash, change.deps, &bytes);
                    }
                }
                Ok(true)
            }
        }
    }

    fn granted(&mut self, doc: DocKey, name: &str, snapshot: Vec<u8>, heads: Vec<Hash>) {
        self.grants.push(Grant {
            doc: name.to_owned(),
            snapshot: snapshot.into(),
        });
        self.heads.push(heads);
        self.granted.insert(doc);
    }

    /// Wanted blobs as far as they fit, and those that are not there or not for this engineer. One that is in neither
    /// list did not fit: the phone asks again.
    fn wanted(
        &mut self,
        device: &DeviceRow,
        request: &SyncRequest,
    ) -> Result<(Vec<minicbor::bytes::ByteVec>, Vec<minicbor::bytes::ByteArray<32>>), PipelineError> {
        let (mut blobs, mut unavailable) = (Vec::new(), Vec::new());
        for sha256 in &request.want {
            let found = if self.tx.blob_in_scope(device.user, sha256)? {
                self.tx.blob(sha256)?
            } else {
                None
            };
            match found {
                None => unavailable.push(*sha256),
                Some(bytes) => {
                    if self.takes(bytes.len()) {
                        blobs.push(bytes.into());
                    }
                }
            }
        }
        Ok((blobs, unavailable))
    }

    /// Mentions what the answer proves: grants, then changes, as they stand in it. Of a snapshot its heads are mentioned,
    /// with the request's changes in it as what they cover.
    fn mention(&self, accepted: &[AcceptedFrame], mentions: &mut Mentions) {
        for (grant, heads) in self.grants.iter().zip(&self.heads) {
            mentions.document(&grant.doc);
            // So are its changes that an earlier window of this page had sent before the grant came up.
            let paged = self
                .changes
                .iter()
                .zip(&self.deps)
                .filter(|(doc, _)| doc.doc == grant.doc)
                .flat_map(|(_, deps)| deps.iter().map(|(hash, _)| *hash));
            let covered: Vec<Hash> = accepted
                .iter()
                .filter(|accepted| accepted.doc == grant.doc)
                .map(|accepted| accepted.hash)
                .chain(paged)
                .filter(|hash| !heads.contains(hash))
                .collect();
            for head in heads {
                mentions.change(&grant.doc, *head, &covered);
            }
        }
        for (doc, deps) in self.changes.iter().zip(&self.deps) {
            for (hash, deps) in deps {
                mentions.change(&doc.doc, *hash, deps);
            }
        }
    }
}

impl Window {
    fn first_grant(&mut self, tx: &dyn ReadTx, doc: DocKey) -> Result<Option<u64>, PipelineError> {
        if let Some(known) = self.grants.get(&doc) {
            return Ok(*known);
        }
        let first = tx.first_grant(self.range, doc)?;
        self.grants.insert(doc, first);
        Ok(first)
    }
}
