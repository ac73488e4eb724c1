//! Fieldseal's core: the rules, the facts, the documents, and (feature `device`) the phone's store and sync.
//!
//! The modules stand in the order in which data flows; each may use only those above it:
//! `domain` (pure rules) → `facts` (envelope, kinds, fold) → `documents` (facts as Automerge changes) →
//! `media` (photos) and `report` (the printable report), both over `domain` alone → `wire` (sync messages) →
//! `device` (SQLite store, sync engine, [`device::Engine`]).
//!
//! No clock and no randomness inside: both come in through [`env::Clock`] and [`env::Entropy`].

pub mod documents;
pub mod domain;
pub mod env;
pub mod facts;
pub mod media;
pub mod report;
pub mod wire;

#[cfg(feature = "device")]
pub mod device;
