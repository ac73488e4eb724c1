//! Office writes: the same gate, the same commit, under the server's own actor (design 6, «Office writes»).

use std::collections::BTreeSet;

use fieldseal_core::documents::gate::N_LEAP;
use fieldseal_core::documents::{Author, GateError, Verdict, gate};
use fieldseal_core::domain::ids::{ActionId, DeviceId, UserId};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::facts::kinds::DeviceRevoked;
use fieldseal_core::facts::{Action, ClockEvidence, DocName, Fact, FactId, ViewToken, Writer};
use sha2::{Digest, Sha256};

use super::batch::Batch;
use super::documents::CacheError;
use super::{PipelineError, SERVER_USER, SyncService};
use crate::storage::{DeviceRow, Hash, NewRow, ReadTx, RowKind};
use crate::{blobs, scope};

/// What an office write became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The action's id.
    pub action: ActionId,
    /// The ids of its facts, in the order in which they were given, over all parts.
    pub facts: Vec<FactId>,
    /// Row of its change in each document, in the order of the parts.
    pub rows: Vec<u64>,
}

/// One transaction of the office: reads, facts, blobs, devices, numbers, all committed together or not at all.
pub struct OfficeTx<'s> {
    batch: Batch<'s>,
}

impl std::fmt::Debug for OfficeTx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfficeTx")
    }
}

impl SyncService {
    /// Runs `work` as one transaction of the office and commits it where it succeeds.
    ///
    /// # Errors
    /// Those of `work`, and the pipeline's; nothing is kept then.
    pub fn office<T, E: From<PipelineError>>(
        &self,
        work: impl FnOnce(&mut OfficeTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut office = OfficeTx {
            batch: Batch::begin(self)?,
        };
        let done = work(&mut office)?;
        office.batch.finish()?;
        Ok(done)
    }

    /// Appends one action of an office person over one or more documents. `token` is what the person's screen showed.
    ///
    /// # Errors
    /// [`PipelineError`]; nothing is kept then.
    pub fn append_office(
        &self,
        by: UserId,
        parts: &[(DocName, Vec<Fact>)],
        token: &ViewToken,
    ) -> Result<Saved, PipelineError> {
        self.office(|office| office.append(by, parts, token))
    }
}

impl OfficeTx<'_> {
    /// Reading, including what this transaction wrote.
    ///
    /// # Errors
    /// The storage's.
    pub fn read(&mut self) -> Result<&dyn ReadTx, PipelineError> {
        self.batch.flush()?;
        Ok(self.batch.tx.as_ref())
    }

    /// Appends one action of an office person over one or more documents. `token` is what the person's screen showed.
    ///
    /// # Errors
    /// [`PipelineError`].
    pub fn append(
        &mut self,
        by: UserId,
        parts: &[(DocName, Vec<Fact>)],
        token: &ViewToken,
    ) -> Result<Saved, PipelineError> {
        let saved = self.batch.append(by, parts, token)?;
        self.batch.consequences()?;
        Ok(saved)
    }

    /// Stores a small blob that a fact of this transaction names; its SHA-256.
    ///
    /// # Errors
    /// The storage's.
    pub fn put_blob(&mut self, bytes: &[u8]) -> Result<Hash, PipelineError> {
        let sha256: Hash = Sha256::digest(bytes).into();
        blobs::store(self.batch.tx.as_mut(), &sha256, bytes, None, self.batch.now)?;
        Ok(sha256)
    }

    /// The next number of a series, from 1.
    ///
    /// # Errors
    /// The storage's.
    pub fn next_number(&mut self, series: &str) -> Result<u64, PipelineError> {
        Ok(self.batch.tx.next_number(series)?)
    }

    /// Stores a setting.
    ///
    /// # Errors
    /// The storage's.
    pub fn put_setting(&mut self, key: &str, value: &[u8]) -> Result<(), PipelineError> {
        Ok(self.batch.tx.put_setting(key, value)?)
    }

    /// Stores a newly enrolled device and grants it all that its engineer has in scope; `start` is filled in. The caller
    /// appends the `device` fact to `directory`.
    ///
    /// # Errors
    /// The storage's: [`crate::storage::StorageError::Constraint`] where the key or the token is in use.
    pub fn enrol(&mut self, mut device: DeviceRow) -> Result<DeviceRow, PipelineError> {
        device.start = scope::enrol(self.batch.tx.as_mut(), device.user, device.id)?;
        self.batch.tx.put_device(&device)?;
        Ok(device)
    }

    /// Revokes a device: every later call of it is refused, everybody learns it from `directory`.
    ///
    /// # Errors
    /// [`PipelineError::UnknownDevice`]; revoking again changes nothing.
    pub fn revoke(&mut self, by: UserId, device: DeviceId, reason: &str) -> Result<(), PipelineError> {
        let mut device = self
            .batch
            .tx
            .device(device)?
            .ok_or(PipelineError::UnknownDevice)?;
        if device.revoked_at.is_some() {
            return Ok(());
        }
        device.revoked_at = Some(self.batch.now);
        self.batch.tx.put_device(&device)?;
        let hash: Hash = Sha256::digest(device.tag).into();
        let row = NewRow {
            kind: RowKind::Revocation,
            doc: None,
            hash: &hash,
            engineer: Some(device.user),
            device: Some(device.id),
        };
        self.batch.tx.append_row(&row)?;
        let fact = Fact::DeviceRevoked(DeviceRevoked {
            tag: hex::encode(device.tag),
            reason: reason.to_owned(),
        });
        self.append(by, &[(DocName::Directory, vec![fact])], &ViewToken::default())?;
        Ok(())
    }
}

impl Batch<'_> {
    /// Appends an action of the server itself to an office document that has changes already; where it has none there is
    /// nothing to say it about (a visit on an order that a restore lost).
    pub(super) fn append_server(&mut self, doc: &DocName, facts: Vec<Fact>) -> Result<(), PipelineError> {
        let place = self.ledger(doc)?;
        if self.ledgers[place]
            .row
            .as_ref()
            .is_some_and(|row| row.changes > 0)
        {
            self.append(SERVER_USER, &[(doc.clone(), facts)], &ViewToken::default())?;
        }
        Ok(())
    }

    /// Appends one action over one or more office documents.
    pub(super) fn append(
        &mut self,
        by: UserId,
        parts: &[(DocName, Vec<Fact>)],
        token: &ViewToken,
    ) -> Result<Saved, PipelineError> {
        let names: BTreeSet<&DocName> = parts.iter().map(|(name, _)| name).collect();
        let sound = !parts.is_empty()
            && names.len() == parts.len()
            && parts
                .iter()
                .all(|(name, facts)| name.writer() == Writer::Office && !facts.is_empty());
        if !sound {
            return Err(PipelineError::NotOffice);
        }
        self.flush()?;
        let (mut n, mut bound) = (0, u64::MAX);
        let mut docs = Vec::with_capacity(parts.len());
        for (name, facts) in parts {
            n = n.max(self.tx.family_n(&name.family())?);
            let place = self.ledger(name)?;
            let highest = self.ledgers[place].row.as_ref().map_or(0, |row| row.n);
            bound = bound.min(highest.saturating_add(N_LEAP));
            docs.push((name.clone(), u16::try_from(facts.len()).unwrap_or(u16::MAX)));
        }
        let clock = self.service.env.clock.read();
        let mut action = Action {
            at: LocalTime::new(clock.wall_ms, self.service.offset_minutes).to_string(),
            clk: ClockEvidence {
                off: Some(0),
                err: Some(0),
                boot: clock.boot,
                mono: clock.monotonic_ms,
            },
            by,
            n: (n + 1).min(bound),
            saw: token.heads.iter().copied().collect(),
            docs: if docs.len() > 1 { docs } else { Vec::new() },
            min: None,
            facts: Vec::new(),
        };
        let id = ActionId(self.service.env.uuid_v7());
        let mut saved = Saved {
            action: id,
            facts: Vec::new(),
            rows: Vec::new(),
        };
        for (name, facts) in parts {
            action.facts = facts.iter().map(Fact::to_raw).collect();
            let text = action.to_text()?;
            let row = self.write(name, by, id, &text)?;
            saved.rows.push(row);
            let first = saved.facts.len();
            for place in first..first + facts.len() {
                saved.facts.push(FactId {
                    action: id,
                    place: u16::try_from(place).unwrap_or(u16::MAX),
                });
            }
        }
        Ok(saved)
    }

    /// Writes one change into one document, through the gate like any other.
    fn write(&mut self, name: &DocName, by: UserId, id: ActionId, text: &str) -> Result<u64, PipelineError> {
        let place = self.ledger(name)?;
        let key = self.ensure(place)?;
        self.flush()?;
        let ledger = &self.ledgers[place];
        let Some(row) = &ledger.row else {
            return Err(PipelineError::NotOffice);
        };
        let kept = self
            .written
            .remove(&key)
            .filter(|cached| cached.document.heads() == row.heads);
        let mut cached = match kept {
            Some(cached) => cached,
            None => match self.service.documents.take(self.tx.as_ref(), row) {
                Ok(cached) => cached,
                Err(CacheError::Storage(error)) => return Err(error.into()),
                Err(CacheError::Document(error)) => return Err(error.into()),
            },
        };
        let change = cached.document.append(&self.service.actor, id, text)?;
        let tag = self.service.keys.tag();
        let author = Author {
            tag_ok: &|other| *other == tag,
            person: Some(by),
        };
        match gate(
            &change,
            name,
            &author,
            &ledger.ancestry(self.tx.as_ref(), change.hash, None),
        )? {
            Verdict::Accept => {}
            Verdict::Refuse(error) => return Err(PipelineError::Gate(error)),
            // The document holds exactly the accepted changes, so nothing is missing, a fresh id is new, and nothing
            // limits the search.
            Verdict::AlreadyKnown | Verdict::Park { .. } | Verdict::Later => {
                return Err(PipelineError::Gate(GateError::KeyUsed));
            }
        }
        let row = self.accept(place, change)?;
        cached.follows(row);
        self.written.insert(key, cached);
        Ok(row)
    }
}
