//! What goes into the engine and what comes out of it.

use std::collections::BTreeSet;

use crate::device::store::changes::Hash;
use crate::device::sync::Offset;
use crate::domain::codes::codes;
use crate::env::ClockReading;
use crate::wire::{Position, ProblemCode, SyncAnswer};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A person or the app's schedule asks for a sync now.
    Start,
    /// Something was saved: it wants to go out.
    LocalChange,
    /// The server said that its sequence reached this number.
    Nudge(u64),
    /// The time of the last [`Effect::Schedule`] is over.
    TimerFired,
    /// Answer to [`Effect::Collect`].
    Collected {
        /// What stands in the outbox.
        outgoing: Outgoing,
        /// The clocks now, for `sent_at`.
        now: ClockReading,
    },
    /// The body of a successful answer.
    Answered {
        /// Which request it answers.
        request: u64,
        /// The body as it came.
        body: Vec<u8>,
        /// The clocks now.
        now: ClockReading,
    },
    /// A request failed.
    Failed {
        /// Which one.
        request: u64,
        /// How.
        fault: Fault,
    },
    /// Answer to [`Effect::Store`]: it is on disk.
    Stored(Stored),
    /// Reading or writing the store failed (full disk, closed); the session ends, nothing was marked as sent.
    StoreFailed,
}

/// What the caller has to do, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read the outbox and come back with [`Event::Collected`].
    Collect {
        /// Hashes of changes and blobs that must not go out again in this session.
        skip: BTreeSet<Hash>,
        /// Wanted blobs that must not be asked for again in this session.
        asked: BTreeSet<Hash>,
    },
    /// Send the body; come back with [`Event::Answered`] or [`Event::Failed`].
    Send {
        /// The number that the event carries back.
        request: u64,
        /// CBOR in gzip.
        body: Vec<u8>,
    },
    /// Store an answer in one transaction; come back with [`Event::Stored`].
    Store(Box<Receipt>),
    /// The device was revoked (`true`), or is welcome again (`false`): remember it.
    Revoked(bool),
    /// Fire [`Event::TimerFired`] after so many ms, instead of any earlier schedule. The driver adds its jitter.
    Schedule {
        /// From now, ms.
        after_ms: u64,
    },
    /// Tell the person.
    Report(SyncState),
}

/// One frame that wants to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// A change.
    Change {
        /// Its document's name.
        doc: String,
        /// Its hash.
        hash: Hash,
        /// The plain chunk.
        bytes: Vec<u8>,
    },
    /// A small blob that a change names which went out before it or stands before it here.
    Blob {
        /// SHA-256 of its bytes.
        hash: Hash,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

impl Unsent {
    /// The hash by which it is known.
    pub fn hash(&self) -> &Hash {
        match self {
            Self::Change { hash, .. } | Self::Blob { hash, .. } => hash,
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Change { bytes, .. } | Self::Blob { bytes, .. } => bytes,
        }
    }
}

/// What a request is made of, as the store has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Where the phone stands.
    pub position: Option<Position>,
    /// What wants to go out, the most valuable documents first; not necessarily all of it.
    pub unsent: Vec<Unsent>,
    /// Small blobs that facts name and that are not here.
    pub want: Vec<Hash>,
}

/// An answer whose receipt was verified, with what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The changes that were sent, in order: document and hash.
    pub changes: Vec<(String, Hash)>,
    /// SHA-256 of each of their frames: what an unreadable one is reported by.
    pub frames: Vec<Hash>,
    /// The blobs that were sent.
    pub blobs: Vec<Hash>,
    /// The position that was sent.
    pub position: Option<Position>,
    /// The answer.
    pub answer: SyncAnswer,
    /// The clock offset that it showed.
    pub offset: Option<Offset>,
    /// The clocks when it came.
    pub received: ClockReading,
}

/// What storing an answer came to, as far as the session depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The highest row that the server had at this answer, as far as the phone stored it.
    pub seen: u64,
    /// More pages follow.
    pub more: bool,
    /// Unsent changes and small blobs that are in the outbox now, parked and refused ones included.
    pub unsent: BTreeSet<Hash>,
    /// Blobs that are wanted now.
    pub wanted: BTreeSet<Hash>,
    /// Changes and blobs that must wait for something else: parked there, blobs refused.
    pub held: BTreeSet<Hash>,
    /// A request that is out of step with the server's history, or a scope that differs.
    pub fault: Option<Fault>,
    /// Something new was stored that a person may want to look at (grants, changes, exceptions).
    pub news: bool,
}

codes! {
    /// What stands in the way, as a code; its text stands under `sync_fault.<code>`.
    pub enum FaultCode in "sync_fault" {
        /// No connection to the server.
        Offline = "offline",
        /// The connection broke while a request was under way.
        Cut = "cut",
        /// No answer in time.
        TimedOut = "timed_out",
        /// No secure connection.
        Tls = "tls",
        /// The device has no token yet.
        NotEnrolled = "not_enrolled",
        /// The address is none of a server.
        BadAddress = "bad_address",
        /// The answer cannot be read.
        BadAnswer = "bad_answer",
        /// The server received something else than was sent.
        ReceiptDiffers = "receipt_differs",
        /// The position is of another lineage.
        RepairNeeded = "repair_needed",
        /// Phone and server hold different heads.
        ViewDiffers = "view_differs",
        /// The certificate in an enrolment answer is not valid.
        BadCertificate = "bad_certificate",
        /// A photo that was fetched is not the one that was asked for.
        BlobDiffers = "blob_differs",
        /// A sync is running already.
        Busy = "busy",
        /// The server answered with a problem.
        Refused = "refused",
    }
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A fault of the connection or of the exchange.
    Code(FaultCode),
    /// The server answered with a problem; `None` where its code is unknown or the body was none of ours.
    Problem {
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: Option<ProblemCode>,
    },
}

impl Fault {
    /// The key of its text in both languages.
    pub fn text_key(self) -> &'static str {
        match self {
            Self::Code(code) => code.text_key(),
            Self::Problem { code: Some(code), .. } => code.text_key(),
            Self::Problem { code: None, .. } => FaultCode::Refused.text_key(),
        }
    }
}

/// What a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// A session is running.
    Running,
    /// Everything that can go out is out, everything in scope is here.
    Synced,
    /// The session ended early; it is tried again by itself.
    Waiting(Fault),
    /// The session ended; a person has to do something, work goes on all the same.
    Attention(Fault),
}
