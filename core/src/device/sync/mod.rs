//! The phone's half of the sync: a sans-IO engine, its store side and thin drivers (design 5).
//!
//! # How one session runs
//!
//! [`Syncer`] takes [`Event`]s and returns [`Effect`]s. It holds no clock, thread, socket or randomness, so that a
//! simulation drives the very code of a phone with dropped, duplicated, reordered and cut messages.
//!
//! ```text
//! Start, LocalChange, Nudge, TimerFired ──► Collect ──► Collected ──► Send ──► Answered ──► Store ──► Stored ─┐
//!         ▲                                    ▲                        └────► Failed ──► Schedule            │
//!         └──────────── Schedule ◄── Report ◄──┴── more pages, unsent changes or wanted blobs left ◄──────────┘
//! ```
//!
//! * *Collect* reads the outbox: documents by their most valuable unsent change, causal order inside each, the
//!   small blobs that a change names right behind it. The engine takes as much of it as one TCP flight holds once
//!   compressed, never less than one frame. After a cut the next request is halved, after a success doubled.
//! * *Answered* is verified before anything is stored: form, count and digest of what the server received. Where
//!   they differ from what was sent, nothing is marked as sent.
//! * *Store* is one SQLite transaction (`store::sync_rows`): receipts, exceptions, grants, changes, removals, blobs,
//!   proofs, position. A cut between any two steps repeats the request: everything is idempotent by hash.
//! * A change that the server parked, and a blob that it refused, is not sent again in the same session: the session
//!   ends. They stay in the outbox.
//!
//! Photos go after the changes, in a lane of their own: [`upload`].
//!
//! # What never happens
//!
//! Nothing leaves the outbox without a verified receipt. No failure logs anybody out: an unreachable server is
//! [`Fault::Offline`], a revoked device is told so and keeps its work. A position of another lineage and a scope
//! digest that differs are said and change nothing else.

mod blob_http;
pub mod driver;
pub mod events;
pub mod live;
pub mod offset;
pub mod session;
pub mod syncer;
pub mod upload;

pub use driver::{Http, HttpSync};
pub use events::{Effect, Event, Fault, Outgoing, Receipt, Stored, SyncState, Unsent};
pub use live::Listener;
pub use offset::Offset;
pub use session::{Outcome, SyncRows, Transport};
pub use syncer::Syncer;
