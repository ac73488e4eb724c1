//! One write transaction: changes of a request or of the office, and everything that follows from them.
//!
//! Invariant: a change is either accepted (stored, numbered, its consequences in the same transaction), parked, or
//! quarantined; what waited for a decided change is judged again before the next one.

use std::cell::Cell;
use std::collections::HashMap;

use fieldseal_core::documents::{Author, GateError, ReadChange, Verdict, gate, read_change};
use fieldseal_core::domain::ids::DeviceId;
use fieldseal_core::facts::{DocName, Writer};
use fieldseal_core::wire::{Postponed, Reason};

use super::documents::Cached;
use super::ledger::Ledger;
use super::{PipelineError, SyncService};
use crate::storage::{DocKey, Hash, NewChange, ParkedRow, QuarantineRow, Sender, WriteTx};

/// Quarantined bytes kept of one device; beyond that only hash and reason are.
const QUARANTINE_BYTES: u64 = 16 * 1024 * 1024;

/// Changes and bytes of one device that may wait for others. Beyond that a change that waits is postponed: it stays with
/// its phone, whose earlier changes bring it in once they come.
const PARKED_CHANGES: u64 = 1_000;
const PARKED_BYTES: u64 = 4 * 1024 * 1024;
/// A change that waits for more than this is not parked but postponed.
const NEEDS_MAX: usize = 256;
/// Ancestors that one request's changes may have looked at while the writer is held: about half a second. What needs
/// more is postponed to the next request, never refused. Changes upon their actor's last one need none.
const VISITS: u32 = 50_000;

/// A write transaction under way.
pub(super) struct Batch<'s> {
    pub(super) service: &'s SyncService,
    pub(super) tx: Box<dyn WriteTx + 's>,
    pub(super) now: i64,
    pub(super) ledgers: Vec<Ledger>,
    places: HashMap<DocName, usize>,
    /// Changes accepted whose consequences are still to come.
    pub(super) accepted: Vec<Accepted>,
    /// Documents that this transaction created.
    pub(super) created: Vec<(DocName, DocKey)>,
    /// Documents that were written into; put back once committed.
    pub(super) written: HashMap<DocKey, Cached>,
    /// Parked changes that were decided in this transaction.
    pub(super) decided: HashMap<(usize, Hash), Outcome>,
    /// Changes decided for which others may wait, and whether they were accepted.
    awaited: Vec<(usize, Hash, bool)>,
    /// What the gate may still look at.
    visits: Cell<u32>,
    /// Parked changes of each device and their bytes.
    parked: HashMap<DeviceId, (u64, u64)>,
    /// Quarantined bytes kept of each device.
    refuse_kept: HashMap<DeviceId, u64>,
}

/// A change that was accepted in this transaction.
pub(super) struct Accepted {
    pub(super) ledger: usize,
    pub(super) change: ReadChange,
}

/// What happened to a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is stored under this row, since now or before.
    Accepted(u64),
    /// It waits for these.
    Parked(Vec<Hash>),
    /// Nothing of it was kept; its phone sends it again.
    Postponed(Postponed),
    /// It was refused.
    Quarantined(Reason),
}

/// The code of a reason in the quarantine table.
fn code(reason: Reason) -> &'static str {
    match reason {
        Reason::NotWriter => "not_writer",
        Reason::Gate => "gate",
        Reason::Size => "size",
        Reason::Purged => "purged",
        Reason::Revoked => "revoked",
        Reason::Ancestor => "ancestor",
        Reason::Far => "far",
        Reason::UnknownDocument => "unknown_document",
    }
}

impl<'s> Batch<'s> {
    pub(super) fn begin(service: &'s SyncService) -> Result<Self, PipelineError> {
        Ok(Self {
            service,
            tx: service.storage.write()?,
            now: service.env.clock.read().wall_ms,
            ledgers: Vec::new(),
            places: HashMap::new(),
            accepted: Vec::new(),
            created: Vec::new(),
            written: HashMap::new(),
            decided: HashMap::new(),
            awaited: Vec::new(),
            visits: Cell::new(VISITS),
            parked: HashMap::new(),
            refuse_kept: HashMap::new(),
        })
    }

    /// The ledger of a document.
    pub(super) fn ledger(&mut self, name: &DocName) -> Result<usize, PipelineError> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        let place = self.ledgers.len();
        self.ledgers.push(Ledger::open(self.tx.as_ref(), name)?);
        self.places.insert(name.clone(), place);
        Ok(place)
    }

    /// The document's key, creating the document where nothing was kept of it yet.
    pub(super) fn ensure(&mut self, place: usize) -> Result<DocKey, PipelineError> {
        let ledger = &mut self.ledgers[place];
        if let Some(row) = &ledger.row {
            return Ok(row.key);
        }
        let (row, created) = self.tx.ensure_doc(&ledger.name)?;
        let key = row.key;
        if created {
            self.created.push((ledger.name.clone(), key));
        }
        ledger.row = Some(row);
        Ok(key)
    }

    /// Decides about one readable change, then about those that waited for it.
    pub(super) fn judge(
        &mut self,
        place: usize,
        change: ReadChange,
        sender: Sender,
    ) -> Result<Outcome, PipelineError> {
        let outcome = self.decide(place, change, sender)?;
        self.release()?;
        Ok(outcome)
    }

    fn decide(&mut self, place: usize, change: ReadChange, sender: Sender) -> Result<Outcome, PipelineError> {
        let ledger = &self.ledgers[place];
        if let Some(row) = ledger.row_of(self.tx.as_ref(), &change.hash)? {
            return Ok(Outcome::Accepted(row));
        }
        if ledger.name.writer() != Writer::Engineer(sender.user) {
            return self.refuse(place, &change, sender, Reason::NotWriter, "");
        }
        let author = Author {
            tag_ok: &|tag| *tag == sender.tag,
            person: Some(sender.user),
        };
        match gate(
            &change,
            &ledger.name,
            &author,
            &ledger.ancestry(self.tx.as_ref(), change.hash, Some(&self.visits)),
        )? {
            Verdict::Accept => self.accept(place, change).map(Outcome::Accepted),
            Verdict::Park { needs } => self.park(place, &change, sender, needs),
            Verdict::Later => Ok(Outcome::Postponed(Postponed::Busy)),
            Verdict::Refuse(error @ GateError::PreviousTooFar) => {
                self.refuse(place, &change, sender, Reason::Far, error.code())
            }
            Verdict::Refuse(error) => self.refuse(place, &change, sender, Reason::Gate, error.code()),
            // Looked up above; said for completeness.
            Verdict::AlreadyKnown => Ok(Outcome::Parked(vec![change.hash])),
        }
    }

    fn park(
        &mut self,
        place: usize,
        change: &ReadChange,
        sender: Sender,
        needs: Vec<Hash>,
    ) -> Result<Outcome, PipelineError> {
        let ledger = &self.ledgers[place];
        // A document of which nothing was kept may still have refused changes.
        if ledger.row.as_ref().is_none_or(|row| row.quarantined) {
            for need in &needs {
                if self.tx.quarantined(&ledger.text, need)?.is_some() {
                    return self.refuse(place, change, sender, Reason::Ancestor, "");
                }
            }
        }
        let key = self.ensure(place)?;
        if !self.tx.is_parked(key, &change.hash)? {
            let (changes, bytes) = match self.parked.get(&sender.device) {
                Some(parked) => *parked,
                None => self.tx.parked_of(sender.device)?,
            };
            let with = (changes + 1, bytes.saturating_add(change.bytes.len() as u64));
            let fits = with.0 <= PARKED_CHANGES && with.1 <= PARKED_BYTES && needs.len() <= NEEDS_MAX;
            self.parked
                .insert(sender.device, if fits { with } else { (changes, bytes) });
            if !fits {
                return Ok(Outcome::Postponed(Postponed::Waiting));
            }
        }
        self.tx
            .park(key, &change.hash, sender, &needs, &change.bytes, self.now)?;
        if let Some(row) = &mut self.ledgers[place].row {
            row.parked = true;
        }
        Ok(Outcome::Parked(needs))
    }

    /// Stores a change that passed.
    pub(super) fn accept(&mut self, place: usize, change: ReadChange) -> Result<u64, PipelineError> {
        let key = self.ensure(place)?;
        let ledger = &mut self.ledgers[place];
        let row = self.tx.insert_change(&NewChange {
            doc: key,
            name: &ledger.text,
            hash: &change.hash,
            actor: &change.actor.0,
            seq: change.seq,
            op: change.start_op,
            n: change.action.n,
            key: change.key,
            deps: &change.deps,
            text: &change.text,
            bytes: &change.bytes,
            received_at: self.now,
        })?;
        ledger.accepted(&change, row);
        let (parked, quarantined) = ledger
            .row
            .as_ref()
            .map_or((false, false), |row| (row.parked, row.quarantined));
        if quarantined {
            // A device that may not write it sent it before, or its ancestor was not there as it should be.
            self.tx.drop_quarantine(&ledger.text, &change.hash)?;
        }
        if parked {
            self.tx.unpark(key, &change.hash)?;
            self.awaited.push((place, change.hash, true));
        }
        self.accepted.push(Accepted {
            ledger: place,
            change,
        });
        Ok(row)
    }

    /// Decides about whatever waited for decided changes, until nothing is left. A loop, not a recursion: chains of
    /// parked changes may be long. Each is judged once: when the last change that it waits for was accepted, or the
    /// first was refused.
    fn release(&mut self) -> Result<(), PipelineError> {
        while let Some((place, need, accepted)) = self.awaited.pop() {
            let Some(key) = self.ledgers[place].row.as_ref().map(|row| row.key) else {
                continue;
            };
            let waiting = if accepted {
                self.tx.arrived(key, &need)?
            } else {
                self.tx.parked_for(key, &need)?
            };
            for parked in waiting {
                let outcome = self.decide_parked(place, &parked)?;
                // What was postponed stays parked; its phone sends it again.
                if matches!(outcome, Outcome::Accepted(_) | Outcome::Quarantined(_)) {
                    self.tx.unpark(key, &parked.hash)?;
                    self.decided.insert((place, parked.hash), outcome);
                }
            }
        }
        Ok(())
    }

    fn decide_parked(&mut self, place: usize, parked: &ParkedRow) -> Result<Outcome, PipelineError> {
        let change = match read_change(&parked.bytes) {
            Ok(change) => change,
            Err(error) => {
                // It was read before it was parked, so the stored bytes changed.
                tracing::error!(hash = %hex::encode(parked.hash), %error, "a parked change is damaged");
                return Ok(Outcome::Parked(Vec::new()));
            }
        };
        let revoked = self
            .tx
            .device(parked.sender.device)?
            .is_none_or(|device| device.revoked_at.is_some());
        if revoked {
            return self.refuse(place, &change, parked.sender, Reason::Revoked, "");
        }
        self.decide(place, change, parked.sender)
    }

    fn refuse(
        &mut self,
        place: usize,
        change: &ReadChange,
        sender: Sender,
        reason: Reason,
        detail: &str,
    ) -> Result<Outcome, PipelineError> {
        let doc = self.ledgers[place].text.clone();
        self.quarantine(&doc, &change.hash, sender, reason, detail, &change.bytes)?;
        self.refused(place, change.hash)?;
        Ok(Outcome::Quarantined(reason))
    }

    /// Notes that a change of the document is quarantined: what waits for it is next.
    fn refused(&mut self, place: usize, hash: Hash) -> Result<(), PipelineError> {
        if let Some(row) = &mut self.ledgers[place].row {
            row.quarantined = true;
            if row.parked {
                self.tx.unpark(row.key, &hash)?;
                self.awaited.push((place, hash, false));
            }
        }
        Ok(())
    }

    /// Notes that a change that could not be read as one of a document is quarantined, and decides about what waited
    /// for it.
    pub(super) fn refused_frame(&mut self, name: &DocName, hash: Hash) -> Result<(), PipelineError> {
        let place = self.ledger(name)?;
        self.refused(place, hash)?;
        self.release()
    }

    /// Keeps a refused change with its reason.
    pub(super) fn quarantine(
        &mut self,
        doc: &str,
        hash: &Hash,
        sender: Sender,
        reason: Reason,
        detail: &str,
        bytes: &[u8],
    ) -> Result<(), PipelineError> {
        self.keep(doc, hash, sender, (code(reason), detail), bytes)
    }

    /// Keeps bytes that are no change.
    pub(super) fn quarantine_frame(
        &mut self,
        doc: &str,
        sha256: &Hash,
        sender: Sender,
        bytes: &[u8],
    ) -> Result<(), PipelineError> {
        self.keep(doc, sha256, sender, ("unreadable", ""), bytes)
    }

    fn keep(
        &mut self,
        doc: &str,
        hash: &Hash,
        sender: Sender,
        (reason, detail): (&str, &str),
        bytes: &[u8],
    ) -> Result<(), PipelineError> {
        // Summed once a transaction: a device that sends nothing but refuse must not cost more than that.
        let kept = match self.refuse_kept.get(&sender.device) {
            Some(kept) => *kept,
            None => self.tx.quarantined_bytes(sender.device)?,
        };
        let with = kept.saturating_add(bytes.len() as u64);
        let fits = with <= QUARANTINE_BYTES;
        self.refuse_kept
            .insert(sender.device, if fits { with } else { kept });
        tracing::warn!(hash = %hex::encode(hash), device = %sender.device, reason, detail, "a change was refused");
        self.tx.put_quarantine(&QuarantineRow {
            doc: doc.to_owned(),
            hash: *hash,
            reason: reason.to_owned(),
            detail: detail.to_owned(),
            sender: Some(sender),
            bytes: fits.then(|| bytes.to_vec()),
            at: self.now,
        })?;
        Ok(())
    }

    /// Writes what the ledgers know to the documents' rows.
    pub(super) fn flush(&mut self) -> Result<(), PipelineError> {
        for ledger in self.ledgers.iter_mut().filter(|ledger| ledger.dirty) {
            if let Some(row) = &ledger.row {
                self.tx.update_doc(row)?;
            }
            ledger.dirty = false;
        }
        Ok(())
    }

    /// Lets the consequences follow, commits, and says so.
    pub(super) fn finish(mut self) -> Result<u64, PipelineError> {
        self.consequences()?;
        self.flush()?;
        let (head, _) = self.tx.head()?;
        self.tx.commit()?;
        for (key, cached) in self.written {
            self.service.documents.put(key, cached);
        }
        self.service.committed(head);
        Ok(head)
    }
}
