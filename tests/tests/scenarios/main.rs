//! Acceptance scenarios against a real server and real engines: S1, S2, S7, S9, the lost reply, bad input, stale forms.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a scenario fails by panicking, and real processes need the real clock"
)]

mod bad_changes;
mod bad_forms;
mod bad_wire;
mod company;
mod device;
mod http;
mod lost_reply;
mod process;
mod s01_flight_mode;
mod s02_reassigned;
mod s07_warranty;
mod s09_photo_cuts;
mod s09_photos_phone;
mod stale_forms;
