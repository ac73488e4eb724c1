//! From folded views to what the templates show: names instead of ids, texts instead of codes, rights applied.
//!
//! Pure functions of views, names and [`Words`](super::words::Words); no storage, no clock. A code that this version
//! does not know is shown as itself, never dropped.

pub mod beside;
pub mod candidates;
pub mod clocks;
pub mod conflicts;
pub mod counts;
pub mod names;
pub mod order;
pub mod photos;
pub mod report;
pub mod timeline;
pub mod values;

pub use names::{Names, PartNames};
