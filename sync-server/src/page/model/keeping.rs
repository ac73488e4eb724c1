//! What is hidden, and until when tickets are kept.

use super::Chip;

/// Who hid a record, when and why.
#[derive(Debug, Clone, Default)]
pub struct HideLine {
    /// The author's name.
    pub by: String,
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
}

/// A record's hides and the form to hide it or to bring it back.
#[derive(Debug, Clone, Default)]
pub struct Hiding {
    /// Where the form goes.
    pub action: String,
    /// Whether the reader may.
    pub may: bool,
    /// The hides that stand; empty where the record is shown.
    pub lines: Vec<HideLine>,
}

/// A closed ticket and until when it is kept.
#[derive(Debug, Clone)]
pub struct KeptLine {
    /// Id.
    pub id: String,
    /// Number.
    pub number: String,
    /// What was reported.
    pub description: String,
    /// The customer.
    pub customer: String,
    /// The last day on which it must be kept; empty where nobody knows it.
    pub until: String,
    /// Kept, may go, not known.
    pub state: Chip,
}

/// Closed tickets by the day until which they are kept.
#[derive(Debug, Clone, Default)]
pub struct Retention {
    /// The list, or its beginning.
    pub lines: Vec<KeptLine>,
    /// How many more there are.
    pub more: usize,
}
