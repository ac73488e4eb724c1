//! The gate fuzzer of design 9: chains of crafted changes on documents with merges; what passes the gate must apply,
//! save, reload and be equal; and the gate must say of every change what a second, simple reading of its rules says.
//!
//! Everything follows from one seed. A finding names the seed of its chain, which reproduces it alone.

pub mod base;
pub mod chain;
pub mod craft;
pub mod oracle;
pub mod rng;

pub use chain::{Counts, Finding, run, run_chain};
