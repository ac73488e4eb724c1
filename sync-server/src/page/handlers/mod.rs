//! The page's routes, a file for each group of them.

pub mod after;
pub mod archive;
pub mod beside;
pub mod board;
pub mod conflicts;
pub mod counts;
pub mod customers;
pub mod door;
pub mod files;
pub mod filter;
pub mod hiding;
pub mod import;
mod load;
pub mod orders;
pub mod people;
pub mod photos;
pub mod plan;
pub mod print;
pub mod retention;
pub mod review;
pub mod stock;
pub mod stock_report;
pub mod ticket_forms;
pub mod tickets;
