//! The page's routes, a file for each group of them.

pub mod door;
pub mod files;
