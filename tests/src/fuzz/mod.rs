//! The gate fuzzer of design 9: chains of crafted changes on documents with merges; what passes the gate must apply,
//! save, reload and be equal.
//!
//! Everything follows from one seed. A finding names the seed of its chain, which reproduces it alone.

pub mod base;
pub mod chain;
pub mod craft;
pub mod rng;

pub use chain::{Counts, Finding, run, run_chain};
