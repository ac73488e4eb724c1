//! Actions as Automerge changes: append, read, gate, snapshot, heads (design 3 «The form», design 5 «Gate»).
//!
//! Invariants: one change is one action is one operation, a `Put` of a string at ROOT under the action's UUID that
//! is never overwritten; commit time 0, no message, no extra bytes, plain change chunks only. Bytes from outside
//! are read by [`read_change`] and [`changes_of_snapshot`] alone, which do not hand them to Automerge before
//! they have this form and stay within limits. The raw changes are the authority, a [`Document`] is a cache.
//! This module knows the envelope's form and no business.

pub mod actor;
pub mod document;
pub mod gate;
pub mod gate_error;
pub mod memory;
pub mod read_change;
pub mod snapshot;

mod bytes;

#[cfg(test)]
mod tests;

pub use actor::ActorId;
pub use document::{Document, DocumentError};
pub use gate::{Ancestry, Author, Known, Verdict, gate};
pub use gate_error::GateError;
pub use memory::MemoryAncestry;
pub use read_change::{CHANGE_MAX, ReadChange, read_change};
pub use snapshot::changes_of_snapshot;
