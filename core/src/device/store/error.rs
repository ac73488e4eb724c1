//! What can go wrong with the file. Texts carry no customer data: SQLite's own messages can quote SQL values, so
//! only its codes go on.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file was written by a newer version; it was not touched.
    #[error("the file has schema {found}, this version knows up to {known}")]
    Newer {
        /// Its schema.
        found: u32,
        /// The newest schema of this build.
        known: u32,
    },
    /// The key does not open the file (or the file is encrypted and no key was given); it was not touched.
    #[error("the key does not open the file")]
    WrongKey,
    /// A key was given and this build cannot encrypt (feature `sqlcipher`).
    #[error("this build cannot encrypt")]
    NoEncryption,
    /// SQLite found the file damaged; the next open moves it aside and salvages what can be read.
    #[error("the file is damaged")]
    Damaged,
    /// The disk is full; nothing of the transaction remains.
    #[error("the disk is full")]
    Full,
    /// Another process holds the file for longer than the timeout.
    #[error("the file is in use")]
    Busy,
    /// Paused or shut down.
    #[error("the store is closed")]
    Closed,
    /// A stored value does not have its form: `what` names the column.
    #[error("stored {what} is malformed")]
    Malformed {
        /// The column or value.
        what: &'static str,
    },
    /// Stored changes do not make a document: a bug.
    #[error("stored changes do not make a document: {0}")]
    Document(crate::documents::DocumentError),
    /// Any other answer of SQLite, as its extended code.
    #[error("sqlite answered with code {code}")]
    Sqlite {
        /// SQLite's extended result code; 0 for a misuse found by the wrapper.
        code: i32,
    },
    /// The file system refused.
    #[error("the file system refused: {0:?}")]
    Io(std::io::ErrorKind),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
                _ => {
                    tracing::error!(code = failure.extended_code, "sqlite failed");
                    Self::Sqlite {
                        code: failure.extended_code,
                    }
                }
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Malformed { what: "value" },
            _ => {
                tracing::error!("sqlite wrapper refused a call");
                Self::Sqlite { code: 0 }
            }
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            kind => Self::Io(kind),
        }
    }
}
