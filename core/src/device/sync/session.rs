//! Runs one session of the engine against a store and a transport, on the caller's thread.
//!
//! Invariant: nothing is decided here; it only carries effects out and brings events back.

use std::collections::BTreeSet;

use super::events::{Effect, Event, Fault, Outgoing, Receipt, Stored, SyncState};
use super::syncer::Syncer;
use crate::device::store::changes::Hash;
use crate::env::Clock;

/// Sends one request body and gives the body of its answer.
pub trait Transport {
    /// Blocks until the answer is there.
    ///
    /// # Errors
    /// The [`Fault`] as the person is told it.
    fn sync(&self, body: &[u8]) -> Result<Vec<u8>, Fault>;
}

/// The store as the session needs it. Each call is one transaction.
pub trait SyncRows {
    /// What can go wrong in the store.
    type Error;

    /// Reads the outbox (`store::sync_rows::collect`).
    ///
    /// # Errors
    /// Those of the store.
    fn collect(&self, skip: &BTreeSet<Hash>, asked: &BTreeSet<Hash>) -> Result<Outgoing, Self::Error>;

    /// Stores an answer (`store::sync_rows::apply`) and, in the same transaction, the projections of what it touched.
    ///
    /// # Errors
    /// Those of the store; then nothing of the answer is kept.
    fn apply(&self, receipt: &Receipt) -> Result<Stored, Self::Error>;

    /// Remembers whether the server revoked this device.
    ///
    /// # Errors
    /// Those of the store.
    fn revoked(&self, revoked: bool) -> Result<(), Self::Error>;
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What the person is told.
    pub state: SyncState,
    /// When to try again, ms; the caller adds jitter.
    pub after_ms: u64,
    /// How many requests were sent.
    pub requests: u32,
    /// Whether anything new was stored.
    pub news: bool,
}

/// Runs a session from `event` to its end.
///
/// # Errors
/// Those of the store. The engine is at rest after it, nothing was marked as sent that is not.
pub fn run<R: SyncRows>(
    syncer: &mut Syncer,
    event: Event,
    rows: &R,
    transport: &impl Transport,
    clock: &dyn Clock,
) -> Result<Outcome, R::Error> {
    let mut outcome = Outcome {
        state: SyncState::Running,
        after_ms: 0,
        requests: 0,
        news: false,
    };
    let mut effects = std::collections::VecDeque::from(syncer.handle(event));
    while let Some(effect) = effects.pop_front() {
        let event = match effect {
            Effect::Collect { skip, asked } => rows.collect(&skip, &asked).map(|outgoing| Event::Collected {
                outgoing,
                now: clock.read(),
            }),
            Effect::Send { request, body } => {
                outcome.requests = outcome.requests.saturating_add(1);
                Ok(match transport.sync(&body) {
                    Ok(body) => Event::Answered {
                        request,
                        body,
                        now: clock.read(),
                    },
                    Err(fault) => Event::Failed { request, fault },
                })
            }
            Effect::Store(receipt) => rows.apply(&receipt).map(|stored| {
                outcome.news |= stored.news;
                Event::Stored(stored)
            }),
            Effect::Revoked(revoked) => {
                if let Err(error) = rows.revoked(revoked) {
                    let _ = syncer.handle(Event::StoreFailed);
                    return Err(error);
                }
                continue;
            }
            Effect::Schedule { after_ms } => {
                outcome.after_ms = after_ms;
                continue;
            }
            Effect::Report(state) => {
                outcome.state = state;
                continue;
            }
        };
        match event {
            Ok(event) => effects.extend(syncer.handle(event)),
            Err(error) => {
                let _ = syncer.handle(Event::StoreFailed);
                return Err(error);
            }
        }
    }
    Ok(outcome)
}
