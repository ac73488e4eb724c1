//! Writing documents, the sequence, scope, parked and quarantined changes, blobs.

use fieldseal_core::domain::ids::{DeviceId, UserId};
use fieldseal_core::facts::DocName;
use rusqlite::params;

use super::read::parked_row;
use super::support::{Access, int, many, run};
use super::{Tx, WriteGuard};
use crate::storage::{
    DeliveryRow, DocKey, DocRow, Hash, NewChange, NewRow, ParkedRow, QuarantineRow, ReadTx, Result, RowKind,
    Sender, StorageError, WriteTx, tag,
};

impl Tx<WriteGuard<'_>> {
    /// Appends a row with the next number and tag. The writer's lock is held until the commit, so that the numbers have
    /// no gaps and become visible in order.
    fn append(&self, doc_name: &str, row: &NewRow<'_>) -> Result<u64> {
        let (head, previous) = match self.access.head.get() {
            Some(head) => head,
            None => self.head()?,
        };
        let n = head + 1;
        let next = tag(&previous, n, row.kind, doc_name, row.hash);
        let sql = "INSERT INTO rows (n, kind, doc, hash, tag, engineer, device) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        run(
            self.access.connection(),
            sql,
            params![
                int(n),
                row.kind as u8,
                row.doc.map(|doc| doc.0),
                row.hash,
                next,
                row.engineer.as_ref().map(|id| id.0.as_bytes()),
                row.device.as_ref().map(|id| id.0.as_bytes()),
            ],
        )?;
        self.access.head.set(Some((n, next)));
        Ok(n)
    }
}

fn joined(hashes: &[Hash]) -> &[u8] {
    hashes.as_flattened()
}

impl WriteTx for Tx<WriteGuard<'_>> {
    fn commit(self: Box<Self>) -> Result<()> {
        self.access.commit()
    }

    fn ensure_doc(&mut self, name: &DocName) -> Result<(DocRow, bool)> {
        let created = run(
            self.access.connection(),
            "INSERT INTO docs (name, family) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name.to_string(), name.family()],
        )? > 0;
        let doc = self
            .doc(name)?
            .ok_or(StorageError::Damaged { what: "document" })?;
        Ok((doc, created))
    }

    fn insert_change(&mut self, change: &NewChange<'_>) -> Result<u64> {
        let row = NewRow {
            kind: RowKind::Change,
            doc: Some(change.doc),
            hash: change.hash,
            engineer: None,
            device: None,
        };
        let n = self.append(change.name, &row)?;
        let sql =
            "INSERT INTO changes (row, doc, hash, actor, seq, op, n, key, deps, received_at, text, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        run(
            self.access.connection(),
            sql,
            params![
                int(n),
                change.doc.0,
                change.hash,
                change.actor,
                int(change.seq),
                int(change.op),
                int(change.n),
                change.key.0.as_bytes(),
                joined(change.deps),
                change.received_at,
                change.text,
                change.bytes,
            ],
        )?;
        Ok(n)
    }

    fn update_doc(&mut self, doc: &DocRow) -> Result<()> {
        let sql = "UPDATE docs SET op = ?2, n = ?3, heads = ?4, changes = ?5 WHERE id = ?1";
        let params = params![
            doc.key.0,
            int(doc.op),
            int(doc.n),
            joined(&doc.heads),
            int(doc.changes)
        ];
        run(self.access.connection(), sql, params).map(|_| ())
    }

    fn append_row(&mut self, row: &NewRow<'_>) -> Result<u64> {
        let name = match row.doc {
            Some(doc) => self.doc_name(doc)?.to_string(),
            None => String::new(),
        };
        self.append(&name, row)
    }

    fn add_reason(&mut self, engineer: UserId, doc: DocKey, reason: &str) -> Result<bool> {
        let first = !self.in_scope(engineer, doc)?;
        let sql = "INSERT INTO scope (engineer, doc, reason) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        run(
            self.access.connection(),
            sql,
            params![engineer.0.as_bytes(), doc.0, reason],
        )?;
        Ok(first)
    }

    fn drop_reason(&mut self, engineer: UserId, doc: DocKey, reason: &str) -> Result<bool> {
        let sql = "DELETE FROM scope WHERE engineer = ?1 AND doc = ?2 AND reason = ?3";
        let dropped = run(
            self.access.connection(),
            sql,
            params![engineer.0.as_bytes(), doc.0, reason],
        )? > 0;
        Ok(dropped && !self.in_scope(engineer, doc)?)
    }

    fn park(
        &mut self,
        doc: DocKey,
        hash: &Hash,
        sender: Sender,
        needs: &[Hash],
        bytes: &[u8],
        at: i64,
    ) -> Result<()> {
        let connection = self.access.connection();
        let sql =
            "INSERT INTO parked (doc, hash, device, user, tag, at, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT DO NOTHING";
        let (device, user) = (sender.device.0, sender.user.0);
        run(
            connection,
            sql,
            params![
                doc.0,
                hash,
                device.as_bytes(),
                user.as_bytes(),
                sender.tag,
                at,
                bytes
            ],
        )?;
        for need in needs {
            let sql = "INSERT INTO parked_needs (doc, need, hash) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            run(connection, sql, params![doc.0, need, hash])?;
        }
        Ok(())
    }

    fn arrived(&mut self, doc: DocKey, need: &Hash) -> Result<Vec<ParkedRow>> {
        let connection = self.access.connection();
        // Those whose last need it is; asked before the needs are noted as met.
        let sql = "SELECT p.hash, p.device, p.user, p.tag, p.bytes FROM parked_needs w
            JOIN parked p ON p.doc = w.doc AND p.hash = w.hash WHERE w.doc = ?1 AND w.need = ?2
              AND NOT EXISTS (SELECT 1 FROM parked_needs o WHERE o.doc = w.doc AND o.hash = w.hash AND o.need <> ?2)
            ORDER BY p.rowid";
        let ready = many(connection, sql, params![doc.0, need], parked_row)?;
        run(
            connection,
            "DELETE FROM parked_needs WHERE doc = ?1 AND need = ?2",
            params![doc.0, need],
        )?;
        Ok(ready)
    }

    fn unpark(&mut self, doc: DocKey, hash: &Hash) -> Result<()> {
        let connection = self.access.connection();
        run(
            connection,
            "DELETE FROM parked WHERE doc = ?1 AND hash = ?2",
            params![doc.0, hash],
        )?;
        run(
            connection,
            "DELETE FROM parked_needs WHERE doc = ?1 AND hash = ?2",
            params![doc.0, hash],
        )
        .map(|_| ())
    }

    fn put_quarantine(&mut self, row: &QuarantineRow) -> Result<()> {
        let sql = "INSERT INTO quarantine (doc, hash, reason, detail, device, user, tag, at, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
        let sender = row.sender.as_ref();
        run(
            self.access.connection(),
            sql,
            params![
                row.doc,
                row.hash,
                row.reason,
                row.detail,
                sender.map(|sender| sender.device.0.as_bytes()),
                sender.map(|sender| sender.user.0.as_bytes()),
                sender.map(|sender| sender.tag),
                row.at,
                row.bytes,
            ],
        )
        .map(|_| ())
    }

    fn drop_quarantine(&mut self, doc: &str, hash: &Hash) -> Result<()> {
        let sql = "DELETE FROM quarantine WHERE doc = ?1 AND hash = ?2";
        run(self.access.connection(), sql, params![doc, hash]).map(|_| ())
    }

    fn put_blob(&mut self, sha256: &Hash, bytes: &[u8], device: Option<DeviceId>, at: i64) -> Result<bool> {
        let sql = "INSERT INTO blobs (sha256, device, at, size, named, bytes)
            VALUES (?1, ?2, ?3, ?4, EXISTS (SELECT 1 FROM blob_names WHERE sha256 = ?1), ?5) ON CONFLICT DO NOTHING";
        let device = device.as_ref().map(|id| id.0.as_bytes());
        let size = int(bytes.len() as u64);
        Ok(run(
            self.access.connection(),
            sql,
            params![sha256, device, at, size, bytes],
        )? > 0)
    }

    fn name_blob(&mut self, sha256: &Hash, doc: DocKey, writer: Option<UserId>) -> Result<()> {
        let connection = self.access.connection();
        let sql = "INSERT INTO blob_names (sha256, doc, writer) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let writer = writer.as_ref().map(|id| id.0.as_bytes());
        if run(connection, sql, params![sha256, doc.0, writer])? > 0 {
            run(
                connection,
                "UPDATE blobs SET named = 1 WHERE sha256 = ?1",
                [sha256],
            )?;
        }
        Ok(())
    }

    fn hold_blob(&mut self, sha256: &Hash, engineer: UserId) -> Result<()> {
        let sql = "INSERT INTO blob_holders (sha256, user) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        run(
            self.access.connection(),
            sql,
            params![sha256, engineer.0.as_bytes()],
        )
        .map(|_| ())
    }

    fn put_delivery(&mut self, delivery: &DeliveryRow) -> Result<()> {
        let sql = "INSERT INTO deliveries (engineer, assignment, doc, row) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let params = params![
            delivery.engineer.0.as_bytes(),
            delivery.assignment,
            delivery.order.to_string(),
            int(delivery.row)
        ];
        run(self.access.connection(), sql, params).map(|_| ())
    }

    fn drop_delivery(&mut self, engineer: UserId, assignment: &str) -> Result<()> {
        let sql = "DELETE FROM deliveries WHERE engineer = ?1 AND assignment = ?2";
        run(
            self.access.connection(),
            sql,
            params![engineer.0.as_bytes(), assignment],
        )
        .map(|_| ())
    }
}
