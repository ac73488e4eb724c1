//! A request's changes and small blobs: judged, committed in one transaction, reported by exception.

use std::collections::HashSet;

use fieldseal_core::domain::ids::{DeviceId, UserId};
use fieldseal_core::facts::Fact;
use fieldseal_core::facts::kinds::Delivered;
use fieldseal_core::wire::{Exception, Reason};
use minicbor::bytes::ByteVec;

use super::batch::{Batch, Outcome};
use super::frame::{Content, Frame};
use super::{PipelineError, SyncService, current};
use crate::blobs;
use crate::storage::{DeviceRow, Hash, Sender};

/// What became of a request's changes.
#[derive(Default)]
pub(super) struct Pushed {
    /// What was not accepted, in request order; then refused blobs.
    pub(super) exceptions: Vec<Exception>,
    /// What was, in request order, each once.
    pub(super) accepted: Vec<AcceptedFrame>,
}

/// An accepted change of the request.
pub(super) struct AcceptedFrame {
    pub(super) doc: String,
    pub(super) hash: Hash,
    pub(super) deps: Vec<Hash>,
    pub(super) row: u64,
}

/// A frame between judging and answering.
enum Judged {
    Exception(Exception),
    Change {
        place: usize,
        hash: Hash,
        deps: Vec<Hash>,
        outcome: Outcome,
    },
}

/// Row numbers as runs of (first, count).
pub(super) fn runs(rows: impl Iterator<Item = u64>) -> Vec<(u64, u32)> {
    let mut runs: Vec<(u64, u32)> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some((first, count)) if *first + u64::from(*count) == row => *count += 1,
            _ => runs.push((row, 1)),
        }
    }
    runs
}

impl SyncService {
    /// Commits a request's half: everything or nothing. `held` is how far the device has read.
    pub(super) fn push(
        &self,
        device: &DeviceRow,
        frames: Vec<Frame<'_>>,
        blobs: &[ByteVec],
        held: u64,
    ) -> Result<Pushed, PipelineError> {
        let mut batch = Batch::begin(self)?;
        let device = current(batch.tx.as_ref(), device)?;
        let sender = Sender {
            device: device.id,
            user: device.user,
            tag: device.tag,
        };
        let mut named = HashSet::new();
        let mut judged = Vec::with_capacity(frames.len());
        for frame in frames {
            judged.push(batch.frame(frame, sender, &mut named)?);
        }
        let mut pushed = batch.outcome(judged);
        // The blobs that accepted facts name are known once these have had their consequences.
        batch.consequences()?;
        for bytes in blobs {
            if let Some(refused) = blobs::receive(batch.tx.as_mut(), &device, bytes, &named, batch.now)? {
                pushed.exceptions.push(Exception::BlobRefused {
                    sha256: refused.into(),
                });
            }
        }
        batch.delivered(device.id, device.user, held)?;
        batch.tx.touch_device(device.id, batch.now)?;
        batch.finish()?;
        Ok(pushed)
    }
}

impl Batch<'_> {
    fn frame(
        &mut self,
        frame: Frame<'_>,
        sender: Sender,
        named: &mut HashSet<Hash>,
    ) -> Result<Judged, PipelineError> {
        let (hash, reason, detail) = match (frame.content, &frame.name) {
            (Content::Unreadable(sha256), _) => {
                self.quarantine_frame(frame.doc, &sha256, sender, frame.bytes)?;
                return Ok(Judged::Exception(Exception::Unreadable { frame: sha256.into() }));
            }
            (Content::Change(change), Some(name)) => {
                let place = self.ledger(name)?;
                let (hash, deps) = (change.hash, change.deps.clone());
                let names: Vec<Hash> = blobs::named_by(&change.action).collect();
                let outcome = self.judge(place, *change, sender)?;
                if matches!(outcome, Outcome::Accepted(_) | Outcome::Parked(_)) {
                    named.extend(names);
                }
                return Ok(Judged::Change {
                    place,
                    hash,
                    deps,
                    outcome,
                });
            }
            (Content::Change(change), None) => (change.hash, Reason::UnknownDocument, ""),
            (Content::TooLong(hash), _) => (hash, Reason::Size, ""),
            (Content::Malformed(hash, error), _) => (hash, Reason::Gate, error.code()),
        };
        self.quarantine(frame.doc, &hash, sender, reason, detail, frame.bytes)?;
        if let Some(name) = &frame.name {
            self.refused_frame(name, hash)?;
        }
        Ok(Judged::Exception(Exception::Quarantined {
            hash: hash.into(),
            reason,
        }))
    }

    /// The exceptions and accepted changes once all frames were judged: one parked at first may be decided by now.
    fn outcome(&self, judged: Vec<Judged>) -> Pushed {
        let mut pushed = Pushed::default();
        let mut told = HashSet::new();
        for judged in judged {
            let (place, hash, deps, outcome) = match judged {
                Judged::Exception(exception) => {
                    pushed.exceptions.push(exception);
                    continue;
                }
                Judged::Change {
                    place,
                    hash,
                    deps,
                    outcome,
                } => (place, hash, deps, outcome),
            };
            if !told.insert((place, hash)) {
                continue;
            }
            let outcome = match outcome {
                waits @ (Outcome::Parked(_) | Outcome::Postponed(_)) => {
                    self.decided.get(&(place, hash)).cloned().unwrap_or(waits)
                }
                decided => decided,
            };
            match outcome {
                Outcome::Accepted(row) => pushed.accepted.push(AcceptedFrame {
                    doc: self.ledgers[place].text.clone(),
                    hash,
                    deps,
                    row,
                }),
                Outcome::Parked(needs) => pushed.exceptions.push(Exception::Parked {
                    hash: hash.into(),
                    needs: needs.into_iter().map(Into::into).collect(),
                }),
                Outcome::Postponed(why) => pushed.exceptions.push(Exception::Postponed {
                    hash: hash.into(),
                    why,
                }),
                Outcome::Quarantined(reason) => {
                    pushed.exceptions.push(Exception::Quarantined {
                        hash: hash.into(),
                        reason,
                    });
                }
            }
        }
        pushed
    }

    /// Writes `delivered` for every assignment that this device holds by its own word (F-14): its position has passed
    /// the rows that carried it.
    fn delivered(&mut self, device: DeviceId, engineer: UserId, held: u64) -> Result<(), PipelineError> {
        if held == 0 {
            return Ok(());
        }
        for delivery in self.tx.deliveries(engineer, held)? {
            self.tx.drop_delivery(engineer, &delivery.assignment)?;
            let Ok(assignment) = delivery.assignment.parse() else {
                tracing::error!("a stored assignment id is damaged");
                continue;
            };
            let fact = Fact::Delivered(Delivered { assignment, device });
            self.append_server(&delivery.order, vec![fact])?;
        }
        Ok(())
    }
}
