//! Documents that leave the scope, and the digest over those that are in it.
//!
//! A removal is remembered at once; the document goes when nothing in it is unsent and no work order that was
//! started here shows it before that was handed in and lies in two backups (I16).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::super::StoreError;
use super::super::changes::{Hash, split_hashes};
use super::{Applied, Storing};
use crate::facts::{Action, DocName};
use crate::wire::SyncAnswer;
use crate::wire::evidence::ScopeDigest;

/// Notes removals.
pub(super) fn remove(
    connection: &Connection,
    answer: &SyncAnswer,
    storing: &Storing,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    for name in &answer.removals {
        let Ok(doc) = name.parse::<DocName>() else {
            continue;
        };
        connection
            .prepare_cached("UPDATE docs SET in_scope = 0, removed_at = ?2 WHERE name = ?1 AND in_scope = 1")?
            .execute(params![name, storing.now_ms])?;
        // What waited for a grant that does not come any more; another grant brings it whole.
        connection
            .prepare_cached("DELETE FROM parked WHERE doc = ?1 AND state = 2")?
            .execute([name])?;
        applied.touched.insert(doc);
    }
    Ok(())
}

/// Drops the removed documents that nothing here needs any more.
pub(super) fn drop_removed(connection: &Connection, applied: &mut Applied) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, family FROM docs WHERE in_scope = 0
           AND EXISTS (SELECT 1 FROM changes c WHERE c.doc = docs.id)",
    )?;
    let removed = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(i64, String, String)>, _>>()?;
    if removed.is_empty() {
        return Ok(());
    }
    let mut known = BTreeMap::new();
    for (id, name, family) in removed {
        let Ok(doc) = name.parse::<DocName>() else {
            continue;
        };
        if is_held(connection, &name, &family, &mut known)? || has_open_work(connection, id)? {
            continue;
        }
        drop_doc(connection, id, &name)?;
        applied.touched.remove(&doc);
        applied.dropped.insert(doc);
    }
    Ok(())
}

/// Whether the document belongs to, or is shown by, a work order that was started here and is not yet safe.
fn is_held(
    connection: &Connection,
    name: &str,
    family: &str,
    known: &mut BTreeMap<String, bool>,
) -> Result<bool, StoreError> {
    let mut orders = vec![family.to_owned()];
    let mut statement = connection.prepare_cached("SELECT id FROM order_refs WHERE name = ?1")?;
    let mut rows = statement.query([name])?;
    while let Some(row) = rows.next()? {
        let order: String = row.get(0)?;
        orders.push(format!("order/{}", order.trim_start_matches("order/")));
    }
    for order in orders.iter().filter(|order| order.starts_with("order/")) {
        let held = match known.get(order) {
            Some(held) => *held,
            None => is_open(connection, order)?,
        };
        known.insert(order.clone(), held);
        if held {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether own work began on a work order and was not handed in, or is not yet in two backups.
fn is_open(connection: &Connection, order: &str) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT f.text, c.state = 0 OR c.server_row IS NULL
                  OR c.server_row > coalesce((SELECT backed_up FROM cursor), 0)
         FROM docs d JOIN changes c ON c.doc = d.id JOIN facts f ON f.change = c.id
         WHERE d.family = ?1 AND c.state IN (0, 1)",
    )?;
    let mut rows = statement.query([order])?;
    let (mut started, mut submitted, mut uncovered) = (false, false, false);
    while let Some(row) = rows.next()? {
        uncovered |= row.get::<_, bool>(1)?;
        let Ok(action) = Action::parse(&row.get::<_, String>(0)?) else {
            started = true;
            continue;
        };
        for fact in &action.facts {
            // Taking an order, or not, is no work on it.
            started |= !matches!(fact.kind.as_str(), "accept" | "decline");
            submitted |= fact.kind == "submit";
        }
    }
    Ok(started && (!submitted || uncovered))
}

/// Whether own changes of this very document are unsent, parked, or not in two backups.
fn has_open_work(connection: &Connection, doc: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM changes WHERE doc = ?1 AND (state = 0 OR (state = 1 AND
                      (server_row IS NULL OR server_row > coalesce((SELECT backed_up FROM cursor), 0)))))
                 OR EXISTS (SELECT 1 FROM parked WHERE state <> 2
                      AND doc = (SELECT name FROM docs WHERE id = ?1))",
        )?
        .query_row([doc], |row| row.get(0))?)
}

fn drop_doc(connection: &Connection, doc: i64, name: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM blob_refs WHERE change IN (SELECT id FROM changes WHERE doc = ?1)",
        "DELETE FROM facts WHERE doc = ?1",
        "DELETE FROM changes WHERE doc = ?1",
        "DELETE FROM heads WHERE doc = ?1",
        "DELETE FROM snapshots WHERE doc = ?1",
        "DELETE FROM proofs WHERE doc = ?1",
        "UPDATE docs SET max_op = 0, max_n = 0, epoch = epoch + 1 WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([doc])?;
    }
    connection
        .prepare_cached("DELETE FROM parked WHERE doc = ?1")?
        .execute([name])?;
    // Blobs of others that nothing names any more; the server has them.
    connection
        .prepare_cached(
            "DELETE FROM blobs WHERE state IN (2, 3, 4)
               AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.sha256 = blobs.sha256)",
        )?
        .execute([])?;
    connection
        .prepare_cached(
            "DELETE FROM blob_chunks WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = blob_chunks.sha256)",
        )?
        .execute([])?;
    Ok(())
}

/// The digest over the scope as the server must have it: unsent changes do not count, nor does what is parked or in
/// quarantine (design 5).
pub(super) fn digest(connection: &Connection) -> Result<[u8; 16], StoreError> {
    // Thousands of documents at the end of every exchange: read in the digest's order.
    let mut statement = connection.prepare_cached(
        "SELECT d.name, h.hash FROM docs d INDEXED BY docs_scope CROSS JOIN heads h ON h.doc = d.id
         WHERE d.in_scope = 1 ORDER BY d.name, h.hash",
    )?;
    let mut scope: Vec<(String, Vec<Hash>)> = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        match scope.last_mut() {
            Some((last, heads)) if last == name => heads.push(row.get(1)?),
            _ => scope.push((name.to_owned(), vec![row.get(1)?])),
        }
    }
    let mut unsent = connection.prepare_cached(
        "SELECT d.id, d.name FROM (SELECT DISTINCT doc FROM changes WHERE state = 0) c
         CROSS JOIN docs d ON d.id = c.doc WHERE d.in_scope = 1",
    )?;
    let unsent = unsent
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, String)>, _>>()?;
    for (doc, name) in unsent {
        let heads = acknowledged_heads(connection, doc)?.into_iter().collect();
        match scope.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(at) => scope[at].1 = heads,
            Err(at) => scope.insert(at, (name, heads)),
        }
    }
    let mut digest = ScopeDigest::default();
    for (name, heads) in &scope {
        digest.document(name, heads);
    }
    Ok(digest.finish())
}

/// Heads of what the server has of a document.
fn acknowledged_heads(connection: &Connection, doc: i64) -> Result<BTreeSet<Hash>, StoreError> {
    let mut heads = BTreeSet::new();
    let mut statement = connection
        .prepare_cached("SELECT hash, deps FROM changes WHERE doc = ?1 AND state <> 0 ORDER BY id")?;
    let mut rows = statement.query([doc])?;
    while let Some(row) = rows.next()? {
        for dep in split_hashes(&row.get::<_, Vec<u8>>(1)?)? {
            heads.remove(&dep);
        }
        heads.insert(row.get(0)?);
    }
    Ok(heads)
}
