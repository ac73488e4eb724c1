//! What happens to a sync request and to an office write, from bounds to answer (design 5, design 6).
//!
//! Synchronous and without HTTP, so that a simulation drives the very same code in-process. Invariants:
//! * A request commits whole or not at all, and the answer follows that commit's fsync. What the answer does not list
//!   as an exception is on disk.
//! * Sending a request again gives the same accepted set: a known hash is answered as accepted before any other check,
//!   except that a revoked device is refused altogether.
//! * Whether a change is refused depends on the change and its ancestors alone, never on merged state.
//! * Office writes go through the same gate and the same commit.
//! * No Automerge document is loaded for an idle sync or for accepting changes; snapshots and office writes do.

mod batch;
mod consequences;
mod documents;
mod error;
mod foundings;
mod frame;
mod history;
mod ledger;
mod mirrors;
mod office;
mod pull;
mod push;
mod ticket_states;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use fieldseal_core::documents::ActorId;
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::env::Env;
use fieldseal_core::wire::evidence::{Mentions, received_digest};
use fieldseal_core::wire::{REQUEST_CHANGES_MAX, SyncAnswer, SyncRequest, VERSION};
use uuid::Uuid;

use crate::keys::ServerKeys;
use crate::storage::{DeviceRow, DocKey, ReadTx, Storage};

pub use error::PipelineError;
pub use office::{OfficeTx, Saved};

/// The author of facts that the server itself writes (`delivered`, `received`, `history`, a ticket's registration and
/// states): no person.
pub const SERVER_USER: UserId = UserId(Uuid::nil());
/// Most blobs sent or wanted in one request.
const REQUEST_BLOBS_MAX: usize = 256;

/// Called after each commit with the number of the sequence's last row.
pub type CommitHook = Box<dyn Fn(u64) + Send + Sync>;

/// The server's side of sync, and the path of every office write.
pub struct SyncService {
    storage: Arc<dyn Storage>,
    keys: ServerKeys,
    env: Env,
    /// Minutes east of UTC that the server's own actions are stamped with.
    offset_minutes: i16,
    /// This start's actor: 8 random bytes, then the server's tag.
    actor: ActorId,
    documents: documents::DocumentCache,
    /// Documents whose accepted changes make none: a bug, reported after the answer.
    broken: Mutex<Vec<DocKey>>,
    hooks: RwLock<Vec<CommitHook>>,
}

impl std::fmt::Debug for SyncService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SyncService")
    }
}

impl SyncService {
    /// A service over a storage. `offset_minutes` is the company zone's offset, minutes east of UTC (480 for Shanghai).
    pub fn new(storage: Arc<dyn Storage>, keys: ServerKeys, env: Env, offset_minutes: i16) -> Self {
        let actor = ActorId::fresh(&env, keys.tag());
        Self {
            storage,
            keys,
            env,
            offset_minutes,
            actor,
            documents: documents::DocumentCache::default(),
            broken: Mutex::default(),
            hooks: RwLock::default(),
        }
    }

    /// The storage below.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// The server's secrets.
    pub fn keys(&self) -> &ServerKeys {
        &self.keys
    }

    /// How many Automerge documents were built from stored changes so far: a metric.
    pub fn document_loads(&self) -> u64 {
        self.documents.loads()
    }

    /// Has `hook` called after every commit. It must be quick: the next answer waits for it.
    pub fn on_commit(&self, hook: CommitHook) {
        self.hooks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(hook);
    }

    /// Tells the listeners that rows up to `head` are committed.
    pub(crate) fn committed(&self, head: u64) {
        for hook in self.hooks.read().unwrap_or_else(PoisonError::into_inner).iter() {
            hook(head);
        }
    }

    /// One exchange with a phone whose token was checked.
    ///
    /// # Errors
    /// [`PipelineError`] where the request as a whole is refused or the storage fails; nothing of it is kept then.
    pub fn sync(&self, device: &DeviceRow, request: &SyncRequest) -> Result<SyncAnswer, PipelineError> {
        if request.version != VERSION {
            return Err(PipelineError::Version(request.version));
        }
        let changes: usize = request.changes.iter().map(|doc| doc.changes.len()).sum();
        if changes > REQUEST_CHANGES_MAX
            || request.blobs.len() > REQUEST_BLOBS_MAX
            || request.want.len() > REQUEST_BLOBS_MAX
        {
            return Err(PipelineError::TooMany);
        }
        let (received, digest) = received_digest(request);
        let frames = frame::read(request);

        let tx = self.storage.read()?;
        let device = current(tx.as_ref(), device)?;
        let lineage = pull::lineage(tx.as_ref(), request.position.as_ref())?;
        let held = request
            .position
            .as_ref()
            .filter(|_| lineage)
            .map_or(0, |position| position.pulled_to);
        let undelivered = held > 0 && !tx.deliveries(device.user, held)?.is_empty();

        let (tx, pushed) = if frames.is_empty() && request.blobs.is_empty() && !undelivered {
            (tx, push::Pushed::default())
        } else {
            drop(tx);
            let pushed = self.push(&device, frames, &request.blobs, held)?;
            (self.storage.read()?, pushed)
        };

        let mut mentions = Mentions::default();
        for accepted in &pushed.accepted {
            mentions.change(&accepted.doc, accepted.hash, &accepted.deps);
        }
        let mut answer = SyncAnswer {
            received,
            received_digest: digest.into(),
            exceptions: pushed.exceptions,
            rows: push::runs(pushed.accepted.iter().map(|accepted| accepted.row)),
            grants: Vec::new(),
            removals: Vec::new(),
            changes: Vec::new(),
            blobs: Vec::new(),
            position: None,
            more: false,
            scope_digest: None,
            proofs: Vec::new().into(),
            backed_up: None,
            server_time: self.env.clock.read().wall_ms,
            mismatch: !lineage,
            unavailable: Vec::new(),
        };
        if lineage {
            self.pull(
                tx.as_ref(),
                &device,
                request,
                &pushed.accepted,
                &mut mentions,
                &mut answer,
            )?;
        }
        drop(tx);
        self.report_broken();
        let mut proofs = Vec::new();
        for (doc, hash) in mentions.maximal() {
            proofs.extend(self.keys.proof(doc, &hash));
        }
        answer.proofs = proofs.into();
        Ok(answer)
    }
}

/// The device as it stands now: a token's check may be older than a revocation.
fn current(tx: &(impl ReadTx + ?Sized), device: &DeviceRow) -> Result<DeviceRow, PipelineError> {
    match tx.device(device.id)? {
        None => Err(PipelineError::UnknownDevice),
        Some(device) if device.revoked_at.is_some() => Err(PipelineError::Revoked),
        Some(device) => Ok(device),
    }
}

#[cfg(test)]
mod tests;
