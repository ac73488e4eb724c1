//! The photos of an order: those that arrived, and those that are still on a phone.

/// All photos of an order.
#[derive(Debug, Clone, Default)]
pub struct Photos {
    /// «3 of 12 on the server».
    pub count: String,
    /// Whether some are missing.
    pub missing: bool,
    /// Each photo.
    pub items: Vec<PhotoItem>,
}

/// One photo.
#[derive(Debug, Clone, Default)]
pub struct PhotoItem {
    /// Id of the fact.
    pub fact: String,
    /// Where its bytes are; empty while they are on the phone.
    pub href: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What it shows.
    pub what: String,
    /// In the engineer's words.
    pub caption: String,
    /// Who took it, when.
    pub taken: String,
    /// When the server received it.
    pub received: String,
    /// While it is on the phone: since when, and when that phone was last heard of.
    pub waiting: String,
    /// A copy of a sealed document: opened one by one, and that is logged.
    pub sensitive: bool,
    /// Came after the audit.
    pub late: bool,
}
