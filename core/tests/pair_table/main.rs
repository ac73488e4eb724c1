//! The fold against its specification: the pair table of D.3, the worked examples of D.5, random histories (I1).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod base;
mod examples;
mod examples_stock;
mod guards;
mod harness;
mod identity;
mod random;
mod rows_founded;
mod rows_plan;
mod rows_report;
mod rows_work;
mod story;
mod tickets;
