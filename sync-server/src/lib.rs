//! The sync server and the dispatcher's page, as a library with a thin `main` (design 6).
//!
//! `storage`, `pipeline`, `scope` and `blobs` hold what phones send; `office` writes for the people at the page, by
//! the same path; `auth` and `enrol` let people and devices in; `http` and `page` are the faces.

pub mod auth;
pub mod blobs;
pub mod bundle;
pub mod check;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod enrol;
pub mod http;
pub mod keys;
pub mod live;
pub mod logging;
pub mod office;
pub mod page;
pub mod pipeline;
pub mod scope;
pub mod server;
pub mod state;
pub mod storage;
pub mod system;

pub use config::Config;
pub use server::{Running, StartError, start};

#[cfg(test)]
pub(crate) mod testing;
