//! `fieldseal-server demo`: a seeded company, and live engineers who are each the real `Engine` of the core, in a
//! process of their own, with their own database file, behind a line that really cuts.
//!
//! Invariants: history is made through the office's commands and the engineers' engines, never by writing tables;
//! `--speed` divides pauses and nothing else, every live timestamp is real; a second start continues on the same
//! folder; a folder that holds something else is refused untouched.

mod camera;
pub mod clock;
pub mod company;
pub mod data;
mod deeds;
mod desk;
pub mod engineer;
mod examine;
pub mod photo;
pub mod proxy;
mod run;
pub mod script;
mod seed;

pub use run::{DemoArguments, run};

use std::io;

/// Name of a phone's database in its folder.
pub(crate) const PHONE_FILE: &str = "engineer.sqlite";

/// The demo cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder holds something that no demo made.
    #[error("{0} is not empty and was not made by the demo; choose another folder with --data")]
    ForeignFolder(std::path::PathBuf),
    /// The folder cannot be used.
    #[error("cannot use the demo's folder: {0}")]
    Folder(#[source] io::Error),
    /// The line cannot be set up.
    #[error("cannot set up a line: {0}")]
    Line(#[source] io::Error),
    /// An engineer's process cannot be started.
    #[error("cannot start an engineer: {0}")]
    Child(#[source] io::Error),
    /// The server.
    #[error(transparent)]
    Start(#[from] crate::StartError),
    /// An office command.
    #[error("the office: {0}")]
    Office(#[from] crate::office::OfficeError),
    /// An engine.
    #[error("an engineer's phone: {0}")]
    Engine(#[from] fieldseal_core::device::EngineError),
    /// A sign-in link.
    #[error("cannot make a sign-in link: {0}")]
    Link(#[from] crate::auth::AuthError),
    /// One of the demo's tables.
    #[error(transparent)]
    Table(#[from] data::TableError),
    /// Seeding went wrong in a way that is the demo's own fault.
    #[error("the demo's company cannot be made: {0}")]
    Seed(&'static str),
}
