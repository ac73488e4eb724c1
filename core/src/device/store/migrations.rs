//! Numbered migrations: all that are missing run in one immediate transaction, one step at a time, and
//! `user_version` moves with them. A migration that was released never changes; a new one is appended, with a
//! fixture file of the schema before it in `core/tests/fixtures/`.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// Each step's SQL; step `i` leads from schema `i` to `i + 1`.
const STEPS: &[&str] = &[include_str!("migrations/0001_init.sql")];

/// The newest schema that this build knows.
pub const NEWEST: u32 = {
    assert!(STEPS.len() < 1_000);
    #[expect(clippy::cast_possible_truncation, reason = "bounded on the line above")]
    let newest = STEPS.len() as u32;
    newest
};

/// The schema of the file, 0 for an empty one.
///
/// # Errors
/// Those of SQLite.
pub fn version(connection: &Connection) -> Result<u32, StoreError> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    // A negative version is none of ours: as good as newer.
    Ok(u32::try_from(version).unwrap_or(u32::MAX))
}

/// Refuses a newer schema.
///
/// # Errors
/// [`StoreError::Newer`].
pub fn check(connection: &Connection) -> Result<u32, StoreError> {
    let found = version(connection)?;
    if found > NEWEST {
        return Err(StoreError::Newer { found, known: NEWEST });
    }
    Ok(found)
}

/// Brings the file to schema `target` (tests stop early; everyone else gives [`NEWEST`]).
///
/// # Errors
/// [`StoreError::Newer`], those of SQLite; then nothing changed.
pub fn migrate(connection: &mut Connection, target: u32) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = check(&transaction)?;
    for (step, sql) in STEPS
        .iter()
        .enumerate()
        .take(usize::try_from(target).unwrap_or(usize::MAX))
    {
        if u32::try_from(step).is_ok_and(|step| step >= found) {
            transaction.execute_batch(sql)?;
        }
    }
    if found < target {
        transaction.pragma_update(None, "user_version", target)?;
    }
    transaction.commit()?;
    Ok(())
}
