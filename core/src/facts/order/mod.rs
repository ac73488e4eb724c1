//! The fold of a work order and its visits (D.3, D.5): who has it, what was done, what was signed, what froze.

pub mod view;

pub use view::OrderView;
