//! The engine: a state machine without clock, thread, socket or randomness. The module above is its design.

use std::collections::BTreeSet;

use minicbor::bytes::{ByteArray, ByteVec};

use super::events::{Effect, Event, Fault, FaultCode, Outgoing, Receipt, Stored, SyncState, Unsent};
use super::offset::Offset;
use crate::device::store::changes::Hash;
use crate::env::ClockReading;
use crate::wire::body::{self, BodyError, REQUEST_BLOBS_MAX};
use crate::wire::evidence::received_digest;
use crate::wire::{
    BATCH_TARGET, DocChanges, Position, ProblemCode, REQUEST_CHANGES_MAX, SyncAnswer, SyncRequest, VERSION,
};

/// Requests are not made smaller than this by cuts; a single change may still be larger.
const BATCH_MIN: usize = 512;
/// How much larger than a request an answer's page may be, before compression.
const PAGE_FACTOR: usize = 16;
/// First wait after a failure, ms; doubled with each further one.
const RETRY_FIRST_MS: u64 = 2_000;
/// Longest wait after a failure, ms.
const RETRY_LAST_MS: u64 = 5 * 60_000;
/// Wait after a complete sync, ms: only a safety net, nudges and local changes come sooner.
const IDLE_MS: u64 = 15 * 60_000;
/// At most this many wanted blobs in one request.
const WANTS_MAX: usize = 64;

/// The phone's side of the sync protocol.
#[derive(Debug)]
pub struct Syncer {
    phase: Phase,
    next_request: u64,
    /// Compressed bytes that a request aims at on a good link.
    target: usize,
    /// Compressed bytes that the next request aims at.
    budget: usize,
    failures: u32,
    /// Not again in this session.
    skip: BTreeSet<Hash>,
    /// Wanted blobs that the server has no room for: not again in this session.
    asked: BTreeSet<Hash>,
    /// Something happened during the session that asks for another one.
    again: bool,
    seen: u64,
    /// The highest row that the server told of during this session.
    nudged: u64,
    /// A difference that a page of this session showed.
    difference: Option<Fault>,
    revoked: bool,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Collecting,
    Sent(Box<InFlight>),
    Storing,
}

#[derive(Debug)]
struct InFlight {
    request: u64,
    changes: Vec<(String, Hash)>,
    frames: Vec<Hash>,
    blobs: Vec<Hash>,
    want: Vec<Hash>,
    position: Option<Position>,
    expected: (u32, [u8; 16]),
    at: ClockReading,
}

impl Default for Syncer {
    fn default() -> Self {
        Self::new()
    }
}

impl Syncer {
    /// An engine at rest, for one app start.
    pub fn new() -> Self {
        Self::with_target(BATCH_TARGET)
    }

    /// One that aims at requests of `target` compressed bytes: for links whose first flight is another one, and for
    /// simulations that want many small ones.
    pub fn with_target(target: usize) -> Self {
        Self {
            phase: Phase::Idle,
            next_request: 1,
            target,
            budget: target,
            failures: 0,
            skip: BTreeSet::new(),
            asked: BTreeSet::new(),
            again: false,
            seen: 0,
            nudged: 0,
            difference: None,
            revoked: false,
        }
    }

    /// Whether no session is running.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// The size of the next request that it aims at, compressed bytes.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Takes an event and says what to do, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Start | Event::TimerFired => self.start(),
            Event::LocalChange => self.wake(),
            Event::Nudge(row) => self.nudge(row),
            Event::Collected { outgoing, now } => self.collected(outgoing, now),
            Event::Answered { request, body, now } => self.answered(request, &body, now),
            Event::Failed { request, fault } => self.failed(request, fault),
            Event::Stored(stored) => self.stored(stored),
            Event::StoreFailed => {
                self.phase = Phase::Idle;
                self.failures = self.failures.saturating_add(1);
                vec![self.retry()]
            }
        }
    }

    /// Begins a session, unless one is running: then another follows it.
    fn start(&mut self) -> Vec<Effect> {
        if !self.is_idle() {
            self.again = true;
            return Vec::new();
        }
        self.skip.clear();
        self.asked.clear();
        self.difference = None;
        self.again = false;
        let mut effects = vec![Effect::Report(SyncState::Running)];
        effects.push(self.collect());
        effects
    }

    /// As [`Self::start`], but not against a server that said no: only a person's or the timer's wish does that.
    fn wake(&mut self) -> Vec<Effect> {
        if self.revoked { Vec::new() } else { self.start() }
    }

    /// During a session the next pages may reach that row: asked again at its end only where they did not.
    fn nudge(&mut self, row: u64) -> Vec<Effect> {
        if self.is_idle() && row > self.seen {
            return self.wake();
        }
        self.nudged = self.nudged.max(row);
        Vec::new()
    }

    fn collect(&mut self) -> Effect {
        self.phase = Phase::Collecting;
        Effect::Collect {
            skip: self.skip.clone(),
            asked: self.asked.clone(),
        }
    }

    fn collected(&mut self, outgoing: Outgoing, now: ClockReading) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Collecting) {
            return Vec::new();
        }
        let (request, body) = match self.request(&outgoing, now) {
            Ok(made) => made,
            Err(_) => return self.end_with(Fault::Code(FaultCode::Refused)),
        };
        let number = self.next_request;
        self.next_request = self.next_request.wrapping_add(1);
        let sent = &outgoing.unsent;
        let count = request.changes.iter().map(|doc| doc.changes.len()).sum::<usize>() + request.blobs.len();
        let mut flight = InFlight {
            request: number,
            changes: Vec::new(),
            frames: Vec::new(),
            blobs: Vec::new(),
            want: request.want.iter().map(|hash| **hash).collect(),
            position: request.position.clone(),
            expected: received_digest(&request),
            at: now,
        };
        for frame in sent.iter().take(count) {
            match frame {
                Unsent::Change { doc, hash, bytes } => {
                    flight.changes.push((doc.clone(), *hash));
                    flight.frames.push(sha256(bytes));
                }
                Unsent::Blob { hash, .. } => flight.blobs.push(*hash),
            }
        }
        self.phase = Phase::Sent(Box::new(flight));
        vec![Effect::Send {
            request: number,
            body,
        }]
    }

    /// The longest prefix of the outbox that fits into the budget once compressed; never less than one frame.
    fn request(&self, outgoing: &Outgoing, now: ClockReading) -> Result<(SyncRequest, Vec<u8>), BodyError> {
        let mut count = outgoing.unsent.len().min(REQUEST_CHANGES_MAX);
        loop {
            let request = self.assemble(outgoing, count, now);
            match body::encode(&request) {
                Ok(body) if body.len() <= self.budget || count <= 1 => return Ok((request, body)),
                // Proportionally fewer, and always fewer. Compression is better over more frames, so it ends soon.
                Ok(body) => {
                    let fitting = count.saturating_mul(self.budget) / body.len();
                    count = fitting.clamp(1, count - 1);
                }
                Err(_) if count > 1 => count /= 2,
                Err(error) => return Err(error),
            }
        }
    }

    fn assemble(&self, outgoing: &Outgoing, count: usize, now: ClockReading) -> SyncRequest {
        let mut request = SyncRequest {
            version: VERSION,
            position: outgoing.position.clone(),
            sent_at: now.wall_ms,
            page: u32::try_from(self.budget.saturating_mul(PAGE_FACTOR)).unwrap_or(u32::MAX),
            want: outgoing
                .want
                .iter()
                .take(WANTS_MAX)
                .map(|hash| ByteArray::from(*hash))
                .collect(),
            ..SyncRequest::default()
        };
        for frame in outgoing.unsent.iter().take(count) {
            match frame {
                Unsent::Change { doc, bytes, .. } => {
                    let bytes = ByteVec::from(bytes.clone());
                    match request.changes.last_mut() {
                        Some(last) if last.doc == *doc => last.changes.push(bytes),
                        _ => request.changes.push(DocChanges {
                            doc: doc.clone(),
                            changes: vec![bytes],
                        }),
                    }
                }
                Unsent::Blob { bytes, .. } => {
                    if request.blobs.len() == REQUEST_BLOBS_MAX {
                        break;
                    }
                    request.blobs.push(ByteVec::from(bytes.clone()));
                }
            }
        }
        request
    }

    fn answered(&mut self, number: u64, body: &[u8], now: ClockReading) -> Vec<Effect> {
        let Some(flight) = self.landed(number) else {
            return Vec::new();
        };
        let Ok(answer) = body::decode::<SyncAnswer>(body) else {
            return self.fail(Fault::Code(FaultCode::BadAnswer));
        };
        // Without this receipt nothing is marked as sent (design 5, «Durable first»).
        if (answer.received, *answer.received_digest) != flight.expected {
            return self.fail(Fault::Code(FaultCode::ReceiptDiffers));
        }
        self.failures = 0;
        self.budget = self.budget.saturating_mul(2).min(self.target);
        self.phase = Phase::Storing;
        // Wanted blobs that found no room in a page are asked for again; not, once an answer had room for none at
        // all. Those that the server does not have are asked for in a later session.
        self.asked.extend(answer.unavailable.iter().map(|hash| **hash));
        if !answer.more && answer.blobs.is_empty() && answer.unavailable.is_empty() {
            self.asked.extend(flight.want);
        }
        let offset = Offset::measure(flight.at, now, answer.server_time);
        let mut effects = Vec::new();
        if self.revoked {
            self.revoked = false;
            effects.push(Effect::Revoked(false));
        }
        effects.push(Effect::Store(Box::new(Receipt {
            changes: flight.changes,
            frames: flight.frames,
            blobs: flight.blobs,
            position: flight.position,
            answer,
            offset,
            received: now,
        })));
        effects
    }

    fn failed(&mut self, number: u64, fault: Fault) -> Vec<Effect> {
        match self.landed(number) {
            Some(_) => self.fail(fault),
            None => Vec::new(),
        }
    }

    /// The request in flight, if it has this number: answers of given-up requests come too late and change nothing.
    fn landed(&mut self, number: u64) -> Option<InFlight> {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Sent(flight) if flight.request == number => Some(*flight),
            other => {
                self.phase = other;
                None
            }
        }
    }

    fn fail(&mut self, fault: Fault) -> Vec<Effect> {
        self.failures = self.failures.saturating_add(1);
        let too_much = matches!(
            fault,
            Fault::Code(FaultCode::Cut | FaultCode::TimedOut)
                | Fault::Problem {
                    code: Some(ProblemCode::TooLarge),
                    ..
                }
        );
        if too_much {
            self.budget = (self.budget / 2).max(BATCH_MIN.min(self.target));
        }
        self.end_with(fault)
    }

    /// Ends the session early. Whatever the fault is, it is tried again later, less often each time.
    fn end_with(&mut self, fault: Fault) -> Vec<Effect> {
        self.phase = Phase::Idle;
        let mut effects = Vec::new();
        let revoked = matches!(
            fault,
            Fault::Problem {
                code: Some(ProblemCode::Revoked),
                ..
            }
        );
        if revoked && !self.revoked {
            self.revoked = true;
            effects.push(Effect::Revoked(true));
        }
        let state = if needs_a_person(fault) {
            SyncState::Attention(fault)
        } else {
            SyncState::Waiting(fault)
        };
        effects.push(Effect::Report(state));
        effects.push(self.retry());
        effects
    }

    fn retry(&self) -> Effect {
        let doubled = RETRY_FIRST_MS.saturating_mul(1_u64 << self.failures.saturating_sub(1).min(16));
        Effect::Schedule {
            after_ms: doubled.min(RETRY_LAST_MS),
        }
    }

    fn stored(&mut self, stored: Stored) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Storing) {
            return Vec::new();
        }
        self.seen = stored.seen;
        self.skip.extend(&stored.held);
        self.difference = stored.fault.or(self.difference);
        let unsent = stored.unsent.difference(&self.skip).next().is_some();
        let wanted = stored.wanted.difference(&self.asked).next().is_some();
        // Of another lineage, the server gives no pages; what is unsent still goes out.
        let pages = stored.more && self.difference != Some(Fault::Code(FaultCode::RepairNeeded));
        if unsent || wanted || pages {
            return vec![self.collect()];
        }
        self.phase = Phase::Idle;
        let state = match self.difference {
            Some(fault) => SyncState::Attention(fault),
            None => SyncState::Synced,
        };
        if self.again || std::mem::take(&mut self.nudged) > self.seen {
            return self.start();
        }
        vec![Effect::Report(state), Effect::Schedule { after_ms: IDLE_MS }]
    }
}

/// Whether waiting alone cannot help.
fn needs_a_person(fault: Fault) -> bool {
    match fault {
        Fault::Code(code) => match code {
            FaultCode::Offline | FaultCode::Cut | FaultCode::TimedOut | FaultCode::Busy => false,
            FaultCode::Tls
            | FaultCode::NotEnrolled
            | FaultCode::BadAddress
            | FaultCode::BadAnswer
            | FaultCode::ReceiptDiffers
            | FaultCode::BlobDiffers
            | FaultCode::RepairNeeded
            | FaultCode::ViewDiffers
            | FaultCode::BadCertificate
            | FaultCode::Refused => true,
        },
        Fault::Problem { status, code } => match code {
            Some(code) => !code.is_passing(),
            None => status < 500,
        },
    }
}

fn sha256(bytes: &[u8]) -> Hash {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests;
