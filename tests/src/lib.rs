//! Whole-system tests of Fieldseal and what they share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "test support: it fails by panicking, prints figures and measures time"
)]

pub mod bench;
pub mod fuzz;
pub mod hands;
pub mod sim;
pub mod uploader;
