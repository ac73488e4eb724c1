//! The gate's questions about one document, answered from SQL: no document is loaded to judge a change (design 5).

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::changes::{Hash, counter, split_hashes};
use crate::documents::{ActorId, Ancestry, Known};
use crate::domain::ids::ActionId;

/// The accepted changes of the document with this row.
#[derive(Debug, Clone, Copy)]
pub struct SqlAncestry<'a> {
    /// The connection, inside a transaction.
    pub connection: &'a Connection,
    /// Row of the document.
    pub doc: i64,
}

impl Ancestry for SqlAncestry<'_> {
    type Error = StoreError;

    fn known(&self, hash: &Hash) -> Result<Option<Known>, StoreError> {
        let row = self
            .connection
            .prepare_cached("SELECT actor, seq, op, n, key, deps FROM changes WHERE hash = ?1 AND doc = ?2")?
            .query_row(params![hash, self.doc], |row| {
                Ok((
                    row.get::<_, [u8; 16]>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, i64>(3)?,
                    row.get::<_, [u8; 16]>(4)?,
                    row.get::<_, Vec<u8>>(5)?,
                ))
            })
            .optional()?;
        row.map(|(actor, seq, op, n, key, deps)| {
            Ok(Known {
                actor: ActorId(actor),
                seq: counter(seq),
                op: counter(op),
                n: counter(n),
                key: ActionId(uuid::Uuid::from_bytes(key)),
                deps: split_hashes(&deps)?,
            })
        })
        .transpose()
    }

    fn has_key(&self, key: ActionId) -> Result<bool, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM changes WHERE doc = ?1 AND key = ?2)")?
            .query_row(params![self.doc, key.0.as_bytes()], |row| row.get(0))?)
    }

    fn last_of(&self, actor: &ActorId) -> Result<Option<(u64, Hash)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT seq, hash FROM changes WHERE doc = ?1 AND actor = ?2 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row(params![self.doc, actor.0], |row| {
                Ok((counter(row.get(0)?), row.get(1)?))
            })
            .optional()?)
    }
}
