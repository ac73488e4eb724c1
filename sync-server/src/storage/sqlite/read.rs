//! Reading documents, the sequence, scope, parked and quarantined changes, blobs.

use fieldseal_core::domain::ids::{ActionId, DeviceId, UserId};
use fieldseal_core::facts::DocName;
use rusqlite::{Connection, Row, params};

use super::Tx;
use super::support::{Access, bytes, bytes_or_null, count, device, error, get, hashes, int, many, one, user};
use crate::storage::{
    ActionRow, DeliveryRow, DocKey, DocRow, Hash, KnownRow, ParkedRow, PullRange, PullRow, QuarantineRow,
    ReadTx, Result, RowKind, Sender, SeqRow, StorageError, Tag, split_hashes,
};

macro_rules! doc_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, op, n, heads, changes,
    EXISTS (SELECT 1 FROM parked p WHERE p.doc = docs.id),
    EXISTS (SELECT 1 FROM quarantine q WHERE q.doc = docs.name) FROM docs ",
            $rest
        )
    };
}
macro_rules! action_sql {
    ($rest:literal) => {
        concat!(
            "SELECT d.name, c.row, c.hash, c.deps, c.actor, c.key, c.text, c.received_at
    FROM changes c JOIN docs d ON d.id = c.doc ",
            $rest
        )
    };
}

fn name(text: &str) -> Result<DocName> {
    text.parse().map_err(|_| StorageError::Damaged {
        what: "document name",
    })
}

fn text<'r>(row: &'r Row<'_>, index: usize) -> Result<&'r str> {
    row.get_ref(index)
        .map_err(error)?
        .as_str()
        .map_err(|_| StorageError::Damaged { what: "text" })
}

fn doc_row(row: &Row<'_>) -> Result<DocRow> {
    Ok(DocRow {
        key: DocKey(get(row, 0)?),
        name: name(text(row, 1)?)?,
        op: count(row, 2)?,
        n: count(row, 3)?,
        heads: hashes(row, 4)?,
        changes: count(row, 5)?,
        parked: get(row, 6)?,
        quarantined: get(row, 7)?,
    })
}

fn action_row(row: &Row<'_>) -> Result<ActionRow> {
    Ok(ActionRow {
        doc: name(text(row, 0)?)?,
        row: count(row, 1)?,
        hash: bytes(row, 2)?,
        deps: hashes(row, 3)?,
        actor: bytes(row, 4)?,
        key: ActionId(uuid::Uuid::from_bytes(bytes(row, 5)?)),
        text: get(row, 6)?,
        received_at: get(row, 7)?,
    })
}

fn sender(row: &Row<'_>, first: usize) -> Result<Sender> {
    Ok(Sender {
        device: device(row, first)?,
        user: user(row, first + 1)?,
        tag: bytes(row, first + 2)?,
    })
}

/// A parked change: hash, sender, bytes.
pub(super) fn parked_row(row: &Row<'_>) -> Result<ParkedRow> {
    Ok(ParkedRow {
        hash: bytes(row, 0)?,
        sender: sender(row, 1)?,
        bytes: get(row, 4)?,
    })
}

/// tag(0).
fn lineage(connection: &Connection) -> Result<Tag> {
    one(
        connection,
        "SELECT value FROM settings WHERE key = 'lineage'",
        [],
        |row| bytes(row, 0),
    )?
    .ok_or(StorageError::Damaged { what: "lineage" })
}

impl<A: Access> ReadTx for Tx<A> {
    fn doc(&self, name: &DocName) -> Result<Option<DocRow>> {
        one(
            self.access.connection(),
            doc_sql!("WHERE name = ?1"),
            [name.to_string()],
            doc_row,
        )
    }

    fn doc_name(&self, doc: DocKey) -> Result<DocName> {
        let sql = "SELECT name FROM docs WHERE id = ?1";
        one(self.access.connection(), sql, [doc.0], |row| name(text(row, 0)?))?
            .ok_or(StorageError::Damaged { what: "document key" })
    }

    fn family(&self, family: &str) -> Result<Vec<DocRow>> {
        many(
            self.access.connection(),
            doc_sql!("WHERE family = ?1 ORDER BY name"),
            [family],
            doc_row,
        )
    }

    fn family_n(&self, family: &str) -> Result<u64> {
        let sql = "SELECT coalesce(max(n), 0) FROM docs WHERE family = ?1";
        Ok(one(self.access.connection(), sql, [family], |row| count(row, 0))?.unwrap_or(0))
    }

    fn doc_names(&self, prefix: &str) -> Result<Vec<DocName>> {
        // Names are ASCII, so the first text after all that begin with the prefix ends in the character above any.
        let sql = "SELECT name FROM docs WHERE name >= ?1 AND name < ?2 AND changes > 0 ORDER BY name";
        many(
            self.access.connection(),
            sql,
            params![prefix, format!("{prefix}\u{7f}")],
            |row| name(text(row, 0)?),
        )
    }

    fn known(&self, doc: DocKey, hash: &Hash) -> Result<Option<KnownRow>> {
        let sql = "SELECT row, actor, seq, op, n, key, deps FROM changes WHERE doc = ?1 AND hash = ?2";
        one(self.access.connection(), sql, params![doc.0, hash], |row| {
            Ok(KnownRow {
                row: count(row, 0)?,
                actor: bytes(row, 1)?,
                seq: count(row, 2)?,
                op: count(row, 3)?,
                n: count(row, 4)?,
                key: ActionId(uuid::Uuid::from_bytes(bytes(row, 5)?)),
                deps: hashes(row, 6)?,
            })
        })
    }

    fn has_key(&self, doc: DocKey, key: ActionId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM changes WHERE doc = ?1 AND key = ?2)";
        let params = params![doc.0, key.0.as_bytes()];
        Ok(one(self.access.connection(), sql, params, |row| get(row, 0))?.unwrap_or(false))
    }

    fn last_of(&self, doc: DocKey, actor: &[u8; 16]) -> Result<Option<(u64, Hash)>> {
        let sql = "SELECT seq, hash FROM changes WHERE doc = ?1 AND actor = ?2 ORDER BY seq DESC LIMIT 1";
        one(self.access.connection(), sql, params![doc.0, actor], |row| {
            Ok((count(row, 0)?, bytes(row, 1)?))
        })
    }

    fn chunks_after(&self, doc: DocKey, row: u64) -> Result<Vec<(u64, Vec<u8>)>> {
        let sql = "SELECT row, bytes FROM changes WHERE doc = ?1 AND row > ?2 ORDER BY row";
        many(self.access.connection(), sql, params![doc.0, int(row)], |row| {
            Ok((count(row, 0)?, get(row, 1)?))
        })
    }

    fn actions_of_doc(&self, doc: DocKey) -> Result<Vec<ActionRow>> {
        many(
            self.access.connection(),
            action_sql!("WHERE c.doc = ?1 ORDER BY c.row"),
            [doc.0],
            action_row,
        )
    }

    fn actions_of_family(&self, family: &str) -> Result<Vec<ActionRow>> {
        many(
            self.access.connection(),
            action_sql!("WHERE d.family = ?1 ORDER BY c.row"),
            [family],
            action_row,
        )
    }

    fn head(&self) -> Result<(u64, Tag)> {
        let sql = "SELECT n, tag FROM rows ORDER BY n DESC LIMIT 1";
        match one(self.access.connection(), sql, [], |row| {
            Ok((count(row, 0)?, bytes(row, 1)?))
        })? {
            Some(head) => Ok(head),
            None => Ok((0, lineage(self.access.connection())?)),
        }
    }

    fn tag_at(&self, n: u64) -> Result<Option<Tag>> {
        if n == 0 {
            return lineage(self.access.connection()).map(Some);
        }
        let Ok(n) = i64::try_from(n) else { return Ok(None) };
        one(
            self.access.connection(),
            "SELECT tag FROM rows WHERE n = ?1",
            [n],
            |row| bytes(row, 0),
        )
    }

    fn rows_after(&self, after: u64, limit: u32) -> Result<Vec<SeqRow>> {
        let sql = "SELECT r.n, r.kind, d.name, r.hash, r.tag, r.engineer FROM rows r LEFT JOIN docs d ON d.id = r.doc
            WHERE r.n > ?1 ORDER BY r.n LIMIT ?2";
        many(self.access.connection(), sql, params![int(after), limit], |row| {
            Ok(SeqRow {
                n: count(row, 0)?,
                kind: RowKind::from_number(get(row, 1)?).ok_or(StorageError::Damaged { what: "row kind" })?,
                doc: get(row, 2)?,
                hash: bytes(row, 3)?,
                tag: bytes(row, 4)?,
                engineer: bytes_or_null(row, 5)?.map(|id| UserId(uuid::Uuid::from_bytes(id))),
            })
        })
    }

    fn pull(&self, range: PullRange, take: &mut dyn FnMut(PullRow<'_>) -> Result<bool>) -> Result<()> {
        let sql = "SELECT r.n, r.kind, r.doc, d.name, c.hash, c.deps, c.bytes
            FROM rows r JOIN docs d ON d.id = r.doc LEFT JOIN changes c ON c.row = r.n
            WHERE r.n > ?1 AND r.n <= ?2 AND r.kind <= 3
              AND (r.kind = 1 OR (r.engineer = ?3 AND (r.device IS NULL OR r.device = ?4)))
              AND EXISTS (SELECT 1 FROM scope s WHERE s.engineer = ?3 AND s.doc = r.doc) = (r.kind <> 3)
            ORDER BY r.n";
        let mut statement = self.access.connection().prepare_cached(sql).map_err(error)?;
        let (engineer, this_device) = (range.engineer.0, range.device.0);
        let mut rows = statement
            .query(params![
                int(range.after),
                int(range.upto),
                engineer.as_bytes(),
                this_device.as_bytes()
            ])
            .map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let (n, doc, name) = (count(row, 0)?, DocKey(get(row, 2)?), text(row, 3)?);
            let blob = |index| {
                row.get_ref(index)
                    .map_err(error)?
                    .as_blob()
                    .map_err(|_| StorageError::Damaged { what: "change" })
            };
            let item = match RowKind::from_number(get(row, 1)?) {
                Some(RowKind::Change) => PullRow::Change {
                    n,
                    doc,
                    name,
                    hash: bytes(row, 4)?,
                    deps: blob(5)?,
                    bytes: blob(6)?,
                },
                Some(RowKind::Grant) => PullRow::Grant { n, doc, name },
                Some(RowKind::Removal) => PullRow::Removal { n, name },
                _ => return Err(StorageError::Damaged { what: "row kind" }),
            };
            if !take(item)? {
                break;
            }
        }
        Ok(())
    }

    fn first_grant(&self, range: PullRange, doc: DocKey) -> Result<Option<u64>> {
        let sql = "SELECT n FROM rows WHERE kind = 2 AND engineer = ?1 AND doc = ?2 AND n > ?3 AND n <= ?4
            AND (device IS NULL OR device = ?5) ORDER BY n LIMIT 1";
        let (engineer, this_device) = (range.engineer.0, range.device.0);
        let params = params![
            engineer.as_bytes(),
            doc.0,
            int(range.after),
            int(range.upto),
            this_device.as_bytes()
        ];
        one(self.access.connection(), sql, params, |row| count(row, 0))
    }

    fn in_scope(&self, engineer: UserId, doc: DocKey) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM scope WHERE engineer = ?1 AND doc = ?2)";
        Ok(one(
            self.access.connection(),
            sql,
            params![engineer.0.as_bytes(), doc.0],
            |row| get(row, 0),
        )?
        .unwrap_or(false))
    }

    fn scope_heads(&self, engineer: UserId) -> Result<Vec<(String, Vec<Hash>)>> {
        // By key, so that the documents are read in the order in which they lie.
        let sql = "SELECT d.name, d.heads FROM (SELECT DISTINCT doc FROM scope WHERE engineer = ?1) s
            JOIN docs d ON d.id = s.doc WHERE d.changes > 0";
        let mut found = many(self.access.connection(), sql, [engineer.0.as_bytes()], |row| {
            let heads = row.get_ref(1).map_err(error)?;
            let heads = heads
                .as_blob()
                .map_err(|_| StorageError::Damaged { what: "heads" })?;
            Ok((get(row, 0)?, split_hashes(heads)?))
        })?;
        found.sort_unstable_by(|(a, _): &(String, _), (b, _)| a.cmp(b));
        Ok(found)
    }

    fn scope_docs(&self, engineer: UserId) -> Result<Vec<DocKey>> {
        let sql = "SELECT DISTINCT doc FROM scope WHERE engineer = ?1 ORDER BY doc";
        many(self.access.connection(), sql, [engineer.0.as_bytes()], |row| {
            Ok(DocKey(get(row, 0)?))
        })
    }

    fn scope_of_reason(&self, reason: &str) -> Result<Vec<(UserId, DocKey)>> {
        let sql = "SELECT engineer, doc FROM scope WHERE reason = ?1";
        many(self.access.connection(), sql, [reason], |row| {
            Ok((user(row, 0)?, DocKey(get(row, 1)?)))
        })
    }

    fn reasons_of(&self, doc: DocKey) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT reason FROM scope WHERE doc = ?1 ORDER BY reason";
        many(self.access.connection(), sql, [doc.0], |row| get(row, 0))
    }

    fn parked_for(&self, doc: DocKey, need: &Hash) -> Result<Vec<ParkedRow>> {
        let sql = "SELECT p.hash, p.device, p.user, p.tag, p.bytes FROM parked_needs w
            JOIN parked p ON p.doc = w.doc AND p.hash = w.hash WHERE w.doc = ?1 AND w.need = ?2 ORDER BY p.rowid";
        many(self.access.connection(), sql, params![doc.0, need], parked_row)
    }

    fn is_parked(&self, doc: DocKey, hash: &Hash) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM parked WHERE doc = ?1 AND hash = ?2)";
        Ok(one(self.access.connection(), sql, params![doc.0, hash], |row| {
            get(row, 0)
        })?
        .unwrap_or(false))
    }

    fn parked_of(&self, device: DeviceId) -> Result<(u64, u64)> {
        let sql = "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM parked WHERE device = ?1";
        Ok(one(self.access.connection(), sql, [device.0.as_bytes()], |row| {
            Ok((count(row, 0)?, count(row, 1)?))
        })?
        .unwrap_or_default())
    }

    fn parked_count(&self) -> Result<u64> {
        Ok(one(
            self.access.connection(),
            "SELECT count(*) FROM parked",
            [],
            |row| count(row, 0),
        )?
        .unwrap_or(0))
    }

    fn quarantined(&self, doc: &str, hash: &Hash) -> Result<Option<String>> {
        let sql = "SELECT reason FROM quarantine WHERE doc = ?1 AND hash = ?2";
        one(self.access.connection(), sql, params![doc, hash], |row| {
            get(row, 0)
        })
    }

    fn quarantined_bytes(&self, device: DeviceId) -> Result<u64> {
        let sql = "SELECT coalesce(sum(length(bytes)), 0) FROM quarantine WHERE device = ?1";
        Ok(one(self.access.connection(), sql, [device.0.as_bytes()], |row| {
            count(row, 0)
        })?
        .unwrap_or(0))
    }

    fn quarantine(&self, limit: u32) -> Result<Vec<QuarantineRow>> {
        let sql = "SELECT doc, hash, reason, detail, bytes, at, device, user, tag FROM quarantine
            ORDER BY at DESC, rowid DESC LIMIT ?1";
        many(self.access.connection(), sql, [limit], |row| {
            let known = bytes_or_null::<16>(row, 6)?.is_some();
            Ok(QuarantineRow {
                doc: get(row, 0)?,
                hash: bytes(row, 1)?,
                reason: get(row, 2)?,
                detail: get(row, 3)?,
                bytes: get(row, 4)?,
                at: get(row, 5)?,
                sender: if known { Some(sender(row, 6)?) } else { None },
            })
        })
    }

    fn blob(&self, sha256: &Hash) -> Result<Option<Vec<u8>>> {
        one(
            self.access.connection(),
            "SELECT bytes FROM blobs WHERE sha256 = ?1",
            [sha256],
            |row| get(row, 0),
        )
    }

    fn has_blob(&self, sha256: &Hash) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM blobs WHERE sha256 = ?1)";
        Ok(one(self.access.connection(), sql, [sha256], |row| get(row, 0))?.unwrap_or(false))
    }

    fn blob_named(&self, sha256: &Hash) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM blob_names WHERE sha256 = ?1)";
        Ok(one(self.access.connection(), sql, [sha256], |row| get(row, 0))?.unwrap_or(false))
    }

    fn blob_in_scope(&self, engineer: UserId, sha256: &Hash) -> Result<bool> {
        // Whoever can read it may have named it himself, for others, and so on; UNION ends at the number of engineers.
        let sql = "WITH RECURSIVE readers (user) AS (
                SELECT user FROM blob_holders WHERE sha256 = ?1
                UNION
                SELECT s.engineer FROM blob_names b JOIN scope s ON s.doc = b.doc
                    WHERE b.sha256 = ?1 AND b.writer IS NULL
                UNION
                SELECT s.engineer FROM readers r JOIN blob_names b ON b.sha256 = ?1 AND b.writer = r.user
                    JOIN scope s ON s.doc = b.doc)
            SELECT EXISTS (SELECT 1 FROM blob_names b JOIN scope s ON s.doc = b.doc AND s.engineer = ?2
                WHERE b.sha256 = ?1 AND (b.writer IS NULL OR b.writer IN (SELECT user FROM readers)))";
        let params = params![sha256, engineer.0.as_bytes()];
        Ok(one(self.access.connection(), sql, params, |row| get(row, 0))?.unwrap_or(false))
    }

    fn unnamed_blob_bytes(&self, device: DeviceId) -> Result<u64> {
        let sql = "SELECT coalesce(sum(size), 0) FROM blobs WHERE named = 0 AND device = ?1";
        Ok(one(self.access.connection(), sql, [device.0.as_bytes()], |row| {
            count(row, 0)
        })?
        .unwrap_or(0))
    }

    fn deliveries(&self, engineer: UserId, upto: u64) -> Result<Vec<DeliveryRow>> {
        let sql = "SELECT engineer, doc, assignment, row FROM deliveries WHERE engineer = ?1 AND row <= ?2 ORDER BY row";
        many(
            self.access.connection(),
            sql,
            params![engineer.0.as_bytes(), int(upto)],
            |row| {
                Ok(DeliveryRow {
                    engineer: user(row, 0)?,
                    order: name(text(row, 1)?)?,
                    assignment: get(row, 2)?,
                    row: count(row, 3)?,
                })
            },
        )
    }
}
