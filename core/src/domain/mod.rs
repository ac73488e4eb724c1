//! Types and pure rules of field service: what a work order, a warranty, a clock, a ledger is.
//!
//! Invariants: no I/O, no clock, no randomness, no business outside the rules of `product.md`; every rule names
//! the id that it comes from, and equal inputs give equal bytes on phone and server (I7).

pub mod archive;
pub mod audited;
pub mod calendar;
pub mod callback;
pub mod canonical;
pub mod certificate;
pub mod codes;
pub mod handin;
pub mod handover;
pub mod ids;
pub mod ledger;
pub mod money;
pub mod numbering;
pub mod params;
pub mod place;
pub mod policy;
pub mod report_rules;
pub mod retention;
pub mod roles;
pub mod scribble;
pub mod sealed;
pub mod service_level;
pub mod signature;
pub mod signed;
pub mod texts;
pub mod time;
pub mod transitions;
pub mod warranty;
pub mod work;
