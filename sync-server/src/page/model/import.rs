//! A table that is looked at before it is taken.

use super::{Chip, Choice};

/// One line of it.
#[derive(Debug, Clone)]
pub struct ImportLine {
    /// Its number.
    pub line: String,
    /// The customer as it stands there.
    pub customer: String,
    /// What it does, or why it is not taken.
    pub said: String,
    /// Not taken.
    pub bad: bool,
}

/// The form.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// What may be imported.
    pub kinds: Vec<Choice>,
    /// The table as it was pasted.
    pub text: String,
    /// From which day a list holds.
    pub valid_from: String,
    /// How many lines do what.
    pub sums: Vec<Chip>,
    /// The lines.
    pub lines: Vec<ImportLine>,
    /// How many more there are.
    pub more: usize,
}
