//! The façade that apps, bindings, the example program and the demo call: one object, blocking calls, cheap clones.
//!
//! Invariants: a call that returned `Ok` has committed with `synchronous=FULL`; a call that failed changed nothing;
//! after `shutdown` every call is `Closed`; no lock is held while a listener is called. Locks are taken in one
//! order: warm documents, then the store's writer. It works for weeks without a server.

mod act;
mod content;
mod counts;
mod details;
mod glass;
mod guards;
mod handover;
mod intake;
mod observers;
mod photos;
mod print;
mod reminders;
mod scrap;
mod seal;
mod steps;
mod swap;
mod sync;
mod upload_lane;
mod van;
mod van_moves;
mod warranty;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::device::EngineError;
use crate::device::store::photos as store_photos;
use crate::device::store::warm::Warm;
use crate::device::store::{
    Reading, Recovered, Store, StoreError, cursor, drafts, identity, projections, search, sync_rows,
};
use crate::domain::calendar::CompanyZone;
use crate::domain::ids::{DeviceId, UserId};
use crate::env::Env;
use crate::wire::Postponed;

pub use crate::device::store::projections::OrderRow;
pub use crate::device::store::search::Hit;
pub use act::Saved;
pub use counts::Counted;
pub use details::{OrderDetails, OrderPhoto};
pub use handover::{Shown, TakenOver};
pub use intake::{FOUNDING_DRAFT, Founded, Founding, FoundingCustomer, FoundingUnit};
pub use observers::{News, Observer, Subscription};
pub use photos::{Evidence, PhotoNote, Release};
pub use print::Printed;
pub use reminders::{Due, Reminder};
pub use scrap::{Scrap, ScrapPhoto};
pub use seal::{Closing, SealRequest, Sealed, Unsealed};
pub use steps::{CORRECTION, Step, report_draft};
pub use swap::Swap;
pub use sync::SyncReport;
pub use van::Pieces;
pub use van_moves::{Bucket, VanMove};
pub use warranty::Examination;

/// How to open an engine.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The database file; its folder must exist.
    pub path: PathBuf,
    /// The raw key out of the platform's keystore (feature `sqlcipher`); none for a plain file.
    pub key: Option<[u8; 32]>,
    /// Clock and randomness.
    pub env: Env,
    /// The company's zone: local dates follow it.
    pub zone: CompanyZone,
}

/// Who this device belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The engineer.
    pub user: UserId,
    /// The device.
    pub device: Option<DeviceId>,
    /// What the person calls it.
    pub device_name: Option<String>,
    /// The server's address.
    pub server_url: Option<String>,
    /// The device's tag, hex.
    pub tag: String,
    /// Whether the server said that this device is revoked: unsent work stays and can be exported.
    pub revoked: bool,
}

/// What an app shows all the time: whether work is on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// None before the enrolment.
    pub enrolment: Option<Enrolment>,
    /// Changes that no server has yet.
    pub unsent: u32,
    /// Of these, parked at the server: it waits for others.
    pub parked: u32,
    /// Photos that were taken here and that the server does not have whole.
    pub photos_waiting: u32,
    /// Bytes of them that are not on the server's disk.
    pub photo_bytes_waiting: u64,
    /// Why the server took something unsent neither in nor refused it, at the last try: text under `postponed.<code>`.
    pub postponed: Option<Postponed>,
    /// Own changes that the server refused: kept, shown with the reason.
    pub refused: u32,
    /// Wall clock (ms) of the last complete sync.
    pub last_sync: Option<i64>,
    /// Why the server's history and this phone's differ: `lineage`, `digest`.
    pub mismatch: Option<String>,
    /// What was salvaged at this start, where the file was damaged.
    pub recovered: Option<Recovered>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Paused,
    Shut,
}

/// One phone's engine. Clones share it; all are `Send + Sync`.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    env: Env,
    zone: CompanyZone,
    /// The first half of this start's actors (design 5, «Actors»): fresh at each open, never stored.
    session: Mutex<[u8; 8]>,
    warm: Mutex<Warm>,
    sync: Mutex<sync::SyncSlot>,
    /// Somebody asked for a sync while one ran: it is made between two pieces of a photo.
    sync_asked: AtomicBool,
    /// Held over a whole pause, resume or shutdown; `phase` only for a moment.
    lifecycle: Mutex<()>,
    phase: Mutex<Phase>,
    recovered: Mutex<Option<Recovered>>,
    observers: Arc<observers::Observers>,
}

const _: () = {
    const fn both<T: Send + Sync>() {}
    both::<Engine>();
    both::<Subscription>();
};

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// Opens or makes the file.
    ///
    /// # Errors
    /// [`EngineError::Newer`] and [`EngineError::WrongKey`] leave the file as it is; [`EngineError::StorageFull`];
    /// [`EngineError::Busy`]. A damaged file is no error: see [`Status::recovered`].
    pub fn open(options: OpenOptions) -> Result<Self, EngineError> {
        let now = options.env.clock.read();
        let (store, recovered) = Store::open(&options.path, options.key, now.wall_ms)?;
        let session = options.env.random();
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                env: options.env,
                zone: options.zone,
                session: Mutex::new(session),
                warm: Mutex::new(Warm::default()),
                sync: sync::slot(),
                sync_asked: AtomicBool::new(false),
                lifecycle: Mutex::new(()),
                phase: Mutex::new(Phase::Open),
                recovered: Mutex::new(recovered),
                observers: Arc::new(observers::Observers::default()),
            }),
        })
    }

    /// The work orders, own open ones first. Loads no document.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn orders(&self) -> Result<Vec<OrderRow>, EngineError> {
        self.inner
            .read(|connection| Ok(projections::rows(connection, None)?))
    }

    /// Unsent work, last sync, enrolment.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn status(&self) -> Result<Status, EngineError> {
        self.inner.read(|connection| self.inner.status(connection))
    }

    /// How many Automerge documents were built from the file since this engine was opened: a metric. Lists, views
    /// and syncs build none (design 4); writing to a document that is not kept warm builds one.
    pub fn document_loads(&self) -> u64 {
        self.inner.warm().loads()
    }

    /// Work orders, customers, units, tickets and people that match every part of `text`.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn search(&self, text: &str) -> Result<Vec<Hit>, EngineError> {
        self.inner.read(|connection| Ok(search::find(connection, text)?))
    }

    /// Keeps the keystrokes of a form that is not saved yet; survives a kill. One call a group of keystrokes.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] beyond 256 KB; [`EngineError::StorageFull`], [`EngineError::Closed`].
    pub fn save_draft(&self, key: &str, bytes: &[u8]) -> Result<(), EngineError> {
        if bytes.len() > drafts::DRAFT_MAX || key.len() > drafts::KEY_MAX {
            return Err(EngineError::invalid("step_problem.draft_too_large"));
        }
        let now = self.inner.env.clock.read();
        self.inner
            .write(|transaction| Ok(drafts::save(transaction, key, bytes, now.wall_ms)?))
    }

    /// The draft under `key`.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn draft(&self, key: &str) -> Result<Option<Vec<u8>>, EngineError> {
        self.inner.read(|connection| Ok(drafts::load(connection, key)?))
    }

    /// Gives a draft up.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn drop_draft(&self, key: &str) -> Result<(), EngineError> {
        self.inner
            .write(|transaction| Ok(drafts::forget(transaction, key)?))
    }

    /// Registers a listener: it hears the current state first, then every change. Dropping the subscription
    /// cancels it. A listener may call the engine.
    ///
    /// # Errors
    /// [`EngineError::Closed`].
    pub fn observe(&self, observer: Box<dyn Observer>) -> Result<Subscription, EngineError> {
        self.inner.check_open()?;
        let subscription = self.inner.observers.add(observer);
        self.inner.deliver();
        Ok(subscription)
    }

    /// Makes lists and search again from the facts (a repair tool; their content does not change).
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::StorageFull`], [`EngineError::Damaged`].
    pub fn rebuild_projections(&self) -> Result<(), EngineError> {
        self.inner
            .write(|transaction| Ok(projections::rebuild(transaction)?))
    }

    /// Writes the log back and closes the file until [`Engine::resume`]: the app goes to the background. Idempotent.
    ///
    /// # Errors
    /// [`EngineError::Closed`] after a shutdown; those of the last write to the file.
    pub fn pause(&self) -> Result<(), EngineError> {
        let _lifecycle = lock(&self.inner.lifecycle);
        if *self.inner.phase() == Phase::Shut {
            return Err(EngineError::Closed);
        }
        self.inner.close(Phase::Paused)
    }

    /// Opens the file again. Idempotent.
    ///
    /// # Errors
    /// As [`Engine::open`]; [`EngineError::Closed`] after a shutdown.
    pub fn resume(&self) -> Result<(), EngineError> {
        let lifecycle = lock(&self.inner.lifecycle);
        let phase = *self.inner.phase();
        match phase {
            Phase::Shut => return Err(EngineError::Closed),
            Phase::Open => return Ok(()),
            Phase::Paused => {}
        }
        let recovered = self.inner.store.resume(self.inner.env.clock.read().wall_ms)?;
        if recovered.is_some() {
            *lock(&self.inner.recovered) = recovered;
        }
        *self.inner.phase() = Phase::Open;
        drop(lifecycle);
        self.inner.tell();
        Ok(())
    }

    /// Writes the log back and closes for good: every later call is [`EngineError::Closed`]. Idempotent.
    ///
    /// # Errors
    /// Those of the last write to the file; the engine is closed all the same.
    pub fn shutdown(&self) -> Result<(), EngineError> {
        let _lifecycle = lock(&self.inner.lifecycle);
        self.inner.close(Phase::Shut)
    }
}

impl Inner {
    fn warm(&self) -> MutexGuard<'_, Warm> {
        lock(&self.warm)
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        lock(&self.phase)
    }

    /// Calls that are running end first: they hold the store's locks.
    fn close(&self, phase: Phase) -> Result<(), EngineError> {
        *self.phase() = phase;
        let mut warm = self.warm();
        match self.store.write(|transaction| warm.compact(transaction)) {
            Ok(()) | Err(StoreError::Closed) => {}
            // Nothing is missing without it.
            Err(error) => tracing::error!(%error, "documents could not be compacted"),
        }
        warm.clear();
        drop(warm);
        Ok(self.store.pause()?)
    }

    fn check_open(&self) -> Result<(), EngineError> {
        if *self.phase() == Phase::Open {
            Ok(())
        } else {
            Err(EngineError::Closed)
        }
    }

    /// One write transaction. Damage leaves its mark for the next open.
    fn write<T>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T, EngineError>) -> Result<T, EngineError> {
        self.check_open()?;
        self.noticing(self.store.write(work))
    }

    /// One read transaction on the reader's connection.
    fn read<T>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T, EngineError>) -> Result<T, EngineError> {
        self.check_open()?;
        self.noticing(self.store.read(work))
    }

    fn noticing<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        if matches!(result, Err(EngineError::Damaged)) {
            self.store.suspect();
        }
        result
    }

    /// Tells the listeners what changed since the last time.
    fn tell(&self) {
        self.observers.push(self.store.take_changed());
        self.deliver();
    }

    fn deliver(&self) {
        self.observers.deliver(|only| {
            let read = self.read(|connection| {
                let orders = projections::rows(connection, only)?;
                let removed = only
                    .into_iter()
                    .flatten()
                    .filter(|order| !orders.iter().any(|row| row.id == **order))
                    .copied()
                    .collect();
                Ok(News {
                    whole: only.is_none(),
                    orders,
                    removed,
                    status: self.status(connection)?,
                })
            });
            read.ok()
        });
    }

    fn status(&self, connection: &Connection) -> Result<Status, EngineError> {
        let identity = identity::load(connection)?;
        let cursor = cursor::load(connection)?;
        let count = |sql: &str| -> Result<u32, StoreError> {
            Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        };
        let (photos_waiting, photo_bytes_waiting) = store_photos::waiting(connection)?;
        Ok(Status {
            enrolment: identity.and_then(|identity| {
                Some(Enrolment {
                    user: identity.user?,
                    device: identity.device,
                    device_name: identity.device_name.clone(),
                    server_url: identity.server_url.clone(),
                    tag: hex::encode(identity.tag),
                    revoked: identity.revoked,
                })
            }),
            unsent: count("SELECT count(*) FROM changes WHERE state = 0")?,
            parked: count("SELECT count(*) FROM changes WHERE state = 0 AND parked_there = 1")?,
            photos_waiting,
            photo_bytes_waiting,
            postponed: sync_rows::postponed(connection)?,
            refused: count("SELECT count(*) FROM quarantine WHERE own = 1")?,
            last_sync: cursor.last_sync,
            mismatch: cursor.mismatch,
            recovered: lock(&self.recovered).clone(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
