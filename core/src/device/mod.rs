//! The phone's half (feature `device`): the store in one SQLite file, the sync engine and its driver, and the
//! façade that apps call (design 4).
//!
//! Invariants: a call that returned has committed; nothing here needs a server for weeks; clock and randomness
//! come in through [`crate::env::Env`], whose real implementations are in [`system`].

pub mod engine;
pub mod error;
pub mod store;
pub mod sync;
pub mod system;

pub use engine::Engine;
pub use error::{EngineError, Problem};
