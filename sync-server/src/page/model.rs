//! What the templates show: plain values, already in the reader's language and with the rights already applied.
//!
//! Nothing here reads storage or decides; `present` makes these from the folded views, the templates print them.
//! Invariants: a string here is text, never HTML (askama escapes it); an action that the person may not do is
//! absent, and where it is good to know why, a blocker says so.

mod after;
mod board;
mod counts;
mod frame;
mod import;
mod keeping;
mod lists;
mod order;
mod photos;
mod report;
mod tickets;

pub use after::*;
pub use board::*;
pub use counts::*;
pub use frame::*;
pub use import::*;
pub use keeping::{HideLine, Hiding, KeptLine, Retention};
pub use lists::*;
pub use order::*;
pub use photos::*;
pub use report::*;
pub use tickets::*;
