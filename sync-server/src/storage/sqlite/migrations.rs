//! Numbered migrations. The schema's number stands in `user_version`; a newer one is refused before anything is written.

use rusqlite::{Connection, TransactionBehavior};

use super::support::error;
use crate::storage::{Result, StorageError};

/// The schema that this version writes.
pub const SCHEMA: u32 = 2;

/// The step from schema n to n + 1, at place n.
const STEPS: [&str; SCHEMA as usize] = [include_str!("schema_1.sql"), include_str!("schema_2.sql")];

/// Brings a database to [`SCHEMA`], all steps in one transaction.
pub(super) fn migrate(connection: &mut Connection, lineage: [u8; 16]) -> Result<()> {
    let found = version(connection)?;
    if found > SCHEMA {
        return Err(StorageError::Newer { found, known: SCHEMA });
    }
    if found == SCHEMA {
        return Ok(());
    }
    let tx = connection
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .map_err(error)?;
    // Another process may have migrated while this one waited.
    let found = version(&tx)?;
    for step in STEPS.iter().skip(found as usize) {
        tx.execute_batch(step).map_err(error)?;
    }
    if found == 0 {
        tx.execute(
            "INSERT INTO settings (key, value) VALUES ('lineage', ?1)",
            [lineage],
        )
        .map_err(error)?;
    }
    tx.pragma_update(None, "user_version", SCHEMA).map_err(error)?;
    tx.commit().map_err(error)
}

fn version(connection: &Connection) -> Result<u32> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(error)
}
