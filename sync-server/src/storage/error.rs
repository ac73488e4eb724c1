//! What can go wrong below the pipeline. No customer data, tokens or keys in any text.

/// A storage operation failed. Nothing of its transaction is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The disk is full: nothing of this transaction was kept, reading goes on.
    #[error("the disk is full")]
    Full,
    /// Somebody else holds the database; trying again helps.
    #[error("the database is busy")]
    Busy,
    /// The database was written by a newer version; it is left untouched.
    #[error("the database has schema {found}, this version knows {known}")]
    Newer {
        /// Schema version found in the file.
        found: u32,
        /// The highest that this version knows.
        known: u32,
    },
    /// Stored bytes do not have their form.
    #[error("stored {what} is damaged")]
    Damaged {
        /// Which column or record.
        what: &'static str,
    },
    /// A uniqueness or reference rule refused a row.
    #[error("a rule of the schema refused a row: {detail}")]
    Constraint {
        /// The engine's name of the rule.
        detail: String,
    },
    /// The group of transactions that this one was committed with did not reach the disk.
    #[error("the commit failed: {detail}")]
    NotCommitted {
        /// The engine's words.
        detail: String,
    },
    /// Anything else the engine reports.
    #[error("storage: {detail}")]
    Engine {
        /// The engine's words.
        detail: String,
    },
}
