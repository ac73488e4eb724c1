//! Enrolment and sync as the app calls them: thin, over `device::sync` (design 5).
//!
//! Invariants: one session at a time, a second caller hears `Busy`; the store is locked only inside its own short
//! transactions, so that saving never waits for the network; no failure logs anybody out.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, TryLockError};

use ed25519_dalek::{Signer as _, SigningKey};
use minicbor::bytes::ByteArray;

use super::act::me;
use super::{Engine, Inner, lock};
use crate::device::EngineError;
use crate::device::store::changes::Hash;
use crate::device::store::identity::{self, Identity};
use crate::device::store::sync_rows::{self, Storing};
use crate::device::store::{cursor, photos, projections};
use crate::device::sync::events::FaultCode;
use crate::device::sync::upload::Pace;
use crate::device::sync::{
    Event, Fault, Http, HttpSync, Listener, Offset, Outgoing, Receipt, Stored, SyncRows, SyncState, Syncer,
    Transport, session,
};
use crate::documents::ActorId;
use crate::documents::actor::device_tag;
use crate::domain::certificate::Certificate;
use crate::wire::{EnrolRequest, ProblemCode};

/// What a device signs before its code and key (`docs/protocol.md`).
const PROOF: &[u8] = b"fieldseal-enrol-v1";

/// How a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncReport {
    /// What the person is told.
    pub state: SyncState,
    /// How many requests were sent.
    pub requests: u32,
    /// Whether anything new came.
    pub news: bool,
    /// When to try again by itself, ms from now; add jitter.
    pub after_ms: u64,
    /// Photos taken here that the server does not have whole yet.
    pub photos_waiting: u32,
    /// What stood in their way, where anything did: the changes went through all the same.
    pub photo_fault: Option<Fault>,
}

/// Photos that could not go now are tried again after this, ms.
const PHOTOS_AGAIN_MS: u64 = 60_000;

/// The session's state and the open connection.
#[derive(Default)]
pub(super) struct SyncSlot {
    syncer: Syncer,
    pace: Pace,
    /// Address and token that the connection was made with.
    http: Option<(String, String, HttpSync)>,
}

impl Engine {
    /// Enrols this device with a one-time code: makes its key, proves it, keeps certificate and token (design 5).
    /// A first call that was cut can be repeated with the same code: the key is kept before it is sent.
    ///
    /// Again, for the same engineer of the same organisation: a device whose token the server does not know any more
    /// gets another one under its key; a revoked one comes back under a new key, and its unsent work is written again
    /// under that (mobile anchors 4.2). Until then it stays who it was, so that its work stays readable.
    ///
    /// # Errors
    /// [`EngineError::Offline`]; [`EngineError::Rejected`] with the server's reason for an unknown, expired or used
    /// code; [`EngineError::Invalid`] where the code is of another engineer or
    /// organisation than the work on this phone; [`EngineError::Busy`],
    /// [`EngineError::StorageFull`], [`EngineError::Closed`].
    pub fn enrol(&self, server_url: &str, code: &str, device_name: &str) -> Result<(), EngineError> {
        let inner = &*self.inner;
        let mut slot = inner.sync_slot()?;
        let code = code.trim();
        let (mut identity, before) = inner.write(|transaction| {
            let before = identity::load(transaction)?.filter(|known| known.user.is_some());
            let identity = match identity::load(transaction)? {
                Some(known) if !known.revoked => known,
                _ => inner.new_identity(),
            };
            if before.is_none() {
                identity::save(transaction, &identity)?;
            }
            Ok::<_, EngineError>((identity, before))
        })?;
        let key = SigningKey::from_bytes(&identity.device_key);
        let public_key = key.verifying_key().to_bytes();
        let proof = [PROOF, code.as_bytes(), &public_key].concat();
        let http = Http::new(server_url).map_err(fault_error)?;
        let sent = inner.env.clock.read();
        let answer = http
            .enrol(&EnrolRequest {
                code: code.to_owned(),
                public_key: ByteArray::from(public_key),
                proof: ByteArray::from(key.sign(&proof).to_bytes()),
                name: device_name.trim().to_owned(),
            })
            .map_err(fault_error)?;
        let received = inner.env.clock.read();
        let bad = || fault_error(Fault::Code(FaultCode::BadCertificate));
        let certificate = Certificate::read(&answer.certificate).map_err(|_| bad())?;
        if certificate.body().device_key.0 != public_key {
            return Err(bad());
        }
        if let Some(before) = &before {
            adoptable(before, &certificate)?;
        }
        identity.server_url = Some(server_url.trim().to_owned());
        identity.token = Some(answer.token);
        identity.certificate = Some(certificate.to_bytes());
        identity.user = Some(certificate.body().engineer);
        identity.device = Some(certificate.body().device);
        identity.device_name = Some(device_name.trim().to_owned());
        identity.revoked = false;
        let offset = Offset::measure(sent, received, answer.server_time);
        // The order of locks is that of `act`.
        let mut warm = inner.warm();
        let rewritten = inner.write(|transaction| {
            identity::save(transaction, &identity)?;
            let storing = Storing {
                tag: identity.tag,
                user: certificate.body().engineer,
                fresh: ActorId::new(inner.env.random(), identity.tag),
                now_ms: received.wall_ms,
            };
            let adopted = sync_rows::adopt(transaction, &storing)?;
            for doc in &adopted.rewritten {
                projections::mark_dirty(transaction, &doc.to_string())?;
            }
            if let Some(offset) = offset {
                let mut position = cursor::load(transaction)?;
                position.offset_ms = Some(offset.off);
                position.offset_err = Some(offset.err);
                position.offset_boot = Some(offset.boot);
                cursor::save(transaction, &position)?;
            }
            Ok(!adopted.rewritten.is_empty())
        })?;
        if rewritten {
            // Documents in memory hold what was withdrawn; its counters must not be used twice.
            *lock(&inner.session) = inner.env.random();
            warm.clear();
        }
        drop(warm);
        *slot = SyncSlot::default();
        drop(slot);
        inner.tell();
        inner.tell_status();
        Ok(())
    }

    /// The server moved: from the next sync on this device talks to another address. Key, token, position and unsent
    /// work stay; whether it is the same server shows at the first contact (its lineage, design 5).
    ///
    /// # Errors
    /// [`EngineError::Rejected`] for an address that cannot be used; [`EngineError::NotEnrolled`],
    /// [`EngineError::Busy`], [`EngineError::StorageFull`], [`EngineError::Closed`].
    pub fn set_server(&self, server_url: &str) -> Result<(), EngineError> {
        let _slot = self.inner.sync_slot()?;
        Http::new(server_url).map_err(fault_error)?;
        self.inner.write(|transaction| {
            let mut identity = identity::load(transaction)?.ok_or(EngineError::NotEnrolled)?;
            identity.server_url = Some(server_url.trim().to_owned());
            Ok(identity::save(transaction, &identity)?)
        })
    }

    /// Sends what is unsent and takes in what is new, in as many requests as that needs, then photos. Blocks. While
    /// photos go, what is saved or asked for (also by a call that hears `Busy`) goes between two of their pieces.
    ///
    /// # Errors
    /// [`EngineError::Busy`] while another sync runs; [`EngineError::NotEnrolled`]; [`EngineError::Offline`] where the
    /// server was not reached or the connection broke; [`EngineError::Revoked`], whose unsent work stays;
    /// [`EngineError::Rejected`] with the server's reason; [`EngineError::StorageFull`], [`EngineError::Closed`].
    /// Whatever the error, what was confirmed before it is kept.
    pub fn sync_once(&self) -> Result<SyncReport, EngineError> {
        let inner = &*self.inner;
        let mut slot = inner.sync_slot().inspect_err(|error| {
            if *error == EngineError::Busy {
                inner.sync_asked.store(true, Ordering::SeqCst);
            }
        })?;
        let http = inner.http(&mut slot)?;
        let SyncSlot { syncer, pace, .. } = &mut *slot;
        inner.sync_asked.store(false, Ordering::SeqCst);
        let mut report = self.sync_over(syncer, &http)?;
        let lane = self.send_photos(&http, pace, || {
            let between = self.sync_over(syncer, &http)?;
            report = SyncReport {
                requests: report.requests.saturating_add(between.requests),
                news: report.news || between.news,
                ..between
            };
            Ok(between)
        })?;
        inner.tell_status();
        report.photos_waiting = inner.read(|connection| Ok(photos::waiting(connection)?.0))?;
        report.photo_fault = lane.fault;
        if report.photos_waiting > 0 {
            report.after_ms = report.after_ms.min(PHOTOS_AGAIN_MS);
        }
        Ok(report)
    }

    /// The same over any transport, without photos: simulations.
    ///
    /// # Errors
    /// As [`Engine::sync_once`].
    pub fn sync_with(&self, transport: &impl Transport) -> Result<SyncReport, EngineError> {
        let mut slot = self.inner.sync_slot()?;
        self.sync_over(&mut slot.syncer, transport)
    }

    fn sync_over(&self, syncer: &mut Syncer, transport: &impl Transport) -> Result<SyncReport, EngineError> {
        let inner = &*self.inner;
        inner.read(|connection| me(connection).map(|_| ()))?;
        let outcome = session::run(syncer, Event::Start, &Rows(inner), transport, &*inner.env.clock);
        // Also after an error: pages before it are stored.
        inner.tell_status();
        let outcome = outcome?;
        let report = SyncReport {
            state: outcome.state,
            requests: outcome.requests,
            news: outcome.news,
            after_ms: outcome.after_ms,
            photos_waiting: 0,
            photo_fault: None,
        };
        match outcome.state {
            SyncState::Waiting(fault) | SyncState::Attention(fault) if !is_difference(fault) => {
                Err(fault_error(fault))
            }
            _ => Ok(report),
        }
    }

    /// Listens for «something new» while the app is open; `tell` gets the server's newest number on a thread of its
    /// own and typically wakes the thread that calls [`Engine::sync_once`]. Dropping the listener ends it.
    ///
    /// # Errors
    /// [`EngineError::NotEnrolled`], [`EngineError::Busy`], [`EngineError::Closed`].
    pub fn listen(&self, tell: impl Fn(u64) + Send + 'static) -> Result<Listener, EngineError> {
        let mut slot = self.inner.sync_slot()?;
        let http = self.inner.http(&mut slot)?;
        Listener::start(http, tell).map_err(|_| EngineError::unexpected("thread"))
    }
}

/// Whether the work on this phone may go on under a new certificate: the same engineer, the same organisation.
fn adoptable(before: &Identity, certificate: &Certificate) -> Result<(), EngineError> {
    let organisation = |bytes: &Vec<u8>| Some(Certificate::read(bytes).ok()?.body().organisation_key.0);
    let same_house = before
        .certificate
        .as_ref()
        .and_then(organisation)
        .is_none_or(|key| key == certificate.body().organisation_key.0);
    if before.user == Some(certificate.body().engineer) && same_house {
        Ok(())
    } else {
        Err(EngineError::invalid("step_problem.other_engineer"))
    }
}

/// A difference of histories is shown in the status; the exchange itself went through.
fn is_difference(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Code(FaultCode::RepairNeeded | FaultCode::ViewDiffers)
    )
}

/// What an app hears of a fault.
pub(super) fn fault_error(fault: Fault) -> EngineError {
    match fault {
        Fault::Code(FaultCode::Offline | FaultCode::Cut | FaultCode::TimedOut) => EngineError::Offline,
        Fault::Code(FaultCode::NotEnrolled) => EngineError::NotEnrolled,
        Fault::Code(FaultCode::Busy) => EngineError::Busy,
        Fault::Problem {
            code: Some(ProblemCode::Revoked),
            ..
        } => EngineError::Revoked,
        other => EngineError::Rejected {
            code: other.text_key().to_owned(),
        },
    }
}

impl Inner {
    fn sync_slot(&self) -> Result<std::sync::MutexGuard<'_, SyncSlot>, EngineError> {
        self.check_open()?;
        match self.sync.try_lock() {
            Ok(slot) => Ok(slot),
            Err(TryLockError::Poisoned(slot)) => Ok(slot.into_inner()),
            Err(TryLockError::WouldBlock) => Err(EngineError::Busy),
        }
    }

    fn new_identity(&self) -> Identity {
        let device_key: [u8; 32] = self.env.random();
        let public_key = SigningKey::from_bytes(&device_key).verifying_key().to_bytes();
        Identity {
            device_key,
            tag: device_tag(&public_key),
            install: self.env.random(),
            server_url: None,
            token: None,
            certificate: None,
            user: None,
            device: None,
            device_name: None,
            revoked: false,
        }
    }

    /// A connection beside the one of the sync.
    pub(super) fn fresh_http(&self) -> Result<HttpSync, EngineError> {
        let identity = self.read(|connection| Ok(me(connection)?.identity))?;
        let url = identity.server_url.ok_or(EngineError::NotEnrolled)?;
        let token = identity.token.ok_or(EngineError::NotEnrolled)?;
        Http::new(&url)
            .and_then(|http| http.with_token(&token))
            .map_err(fault_error)
    }

    /// The open connection, made again where address or token changed.
    fn http(&self, slot: &mut SyncSlot) -> Result<HttpSync, EngineError> {
        let identity = self.read(|connection| Ok(me(connection)?.identity))?;
        let url = identity.server_url.ok_or(EngineError::NotEnrolled)?;
        let token = identity.token.ok_or(EngineError::NotEnrolled)?;
        if let Some((known_url, known_token, http)) = &slot.http
            && *known_url == url
            && *known_token == token
        {
            return Ok(http.clone());
        }
        let http = Http::new(&url)
            .and_then(|http| http.with_token(&token))
            .map_err(fault_error)?;
        slot.http = Some((url, token, http.clone()));
        Ok(http)
    }

    /// Tells the listeners also where only the status changed.
    fn tell_status(&self) {
        self.observers.push(self.store.take_changed());
        self.deliver();
    }
}

/// The store as a session sees it.
struct Rows<'a>(&'a Inner);

impl SyncRows for Rows<'_> {
    type Error = EngineError;

    fn collect(&self, skip: &BTreeSet<Hash>, asked: &BTreeSet<Hash>) -> Result<Outgoing, EngineError> {
        self.0
            .read(|connection| Ok(sync_rows::collect(connection, skip, asked)?))
    }

    fn apply(&self, receipt: &Receipt) -> Result<Stored, EngineError> {
        let inner = self.0;
        // No form is written upon a document that this answer changes: the order of locks is that of `act`.
        let mut warm = inner.warm();
        let now_ms = inner.env.clock.read().wall_ms;
        let applied = inner.write(|transaction| {
            let me = me(transaction)?;
            let storing = Storing {
                tag: me.identity.tag,
                user: me.user,
                fresh: ActorId::new(inner.env.random(), me.identity.tag),
                now_ms,
            };
            let applied = sync_rows::apply(transaction, receipt, &storing)?;
            for doc in applied
                .touched
                .iter()
                .chain(&applied.dropped)
                .chain(&applied.rewritten)
            {
                projections::mark_dirty(transaction, &doc.to_string())?;
            }
            warm.compact(transaction)?;
            Ok(applied)
        })?;
        if !applied.rewritten.is_empty() {
            // Changes of this session's actor were withdrawn: its counters must not be used twice.
            *lock(&inner.session) = inner.env.random();
            warm.clear();
        }
        drop(warm);
        inner.tell();
        Ok(applied.stored)
    }

    fn revoked(&self, revoked: bool) -> Result<(), EngineError> {
        self.0.write(|transaction| {
            if let Some(mut identity) = identity::load(transaction)?
                && identity.revoked != revoked
            {
                identity.revoked = revoked;
                identity::save(transaction, &identity)?;
            }
            Ok(())
        })
    }
}

/// What the engine keeps for its sessions.
pub(super) fn slot() -> Mutex<SyncSlot> {
    Mutex::new(SyncSlot::default())
}
