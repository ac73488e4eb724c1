use std::sync::Arc;
use std::sync::Mutex;

use super::*;
use crate::storage::{NewRow, RowKind, acceptance};

#[test]
fn sqlite_passes_the_acceptance_suite() {
    let folders = Mutex::new(Vec::new());
    acceptance::run(&|| {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqliteStorage::open(&folder.path().join("fieldseal.db"), [9; 16]).unwrap();
        folders.lock().unwrap().push(folder);
        Arc::new(storage)
    });
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fieldseal.db");
    drop(SqliteStorage::open(&path, [9; 16]).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "user_version", SCHEMA + 1)
        .unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let refused = SqliteStorage::open(&path, [9; 16]);
    assert_eq!(
        refused.err(),
        Some(StorageError::Newer {
            found: SCHEMA + 1,
            known: SCHEMA
        })
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fieldseal.db");
    let storage = SqliteStorage::open(&path, [9; 16]).unwrap();
    let mut tx = storage.write().unwrap();
    let row = NewRow {
        kind: RowKind::Blob,
        doc: None,
        hash: &[1; 32],
        engineer: None,
        device: None,
    };
    tx.append_row(&row).unwrap();
    tx.commit().unwrap();
    let head = storage.read().unwrap().head().unwrap();
    drop(storage);
    let storage = SqliteStorage::open(&path, [8; 16]).unwrap();
    assert_eq!(storage.read().unwrap().head().unwrap(), head);
    assert_eq!(
        storage.read().unwrap().tag_at(0).unwrap(),
        Some([9; 16]),
        "a lineage is drawn once"
    );
}

#[test]
fn the_file_is_written_durably() {
    let folder = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(&folder.path().join("fieldseal.db"), [9; 16]).unwrap();
    let writer = lock(&storage.writer);
    let pragma = |name: &str| -> String {
        writer
            .connection
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("synchronous"), "Integer(2)");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
}

#[test]
fn a_full_disk_is_said_and_what_was_committed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(&folder.path().join("fieldseal.db"), [9; 16]).unwrap();
    let mut tx = storage.write().unwrap();
    tx.put_setting("kept", b"kept").unwrap();
    tx.commit().unwrap();
    let pages: u32 = lock(&storage.writer)
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let limit = |pages: u32| {
        // The pragma answers with a row, so it is a query.
        let set = format!("PRAGMA max_page_count = {pages}");
        lock(&storage.writer)
            .connection
            .query_row(&set, [], |_| Ok(()))
            .unwrap();
    };
    limit(pages + 4);
    let mut tx = storage.write().unwrap();
    let full = tx.put_setting("large", &vec![1; 1 << 20]);
    assert_eq!(full, Err(StorageError::Full));
    drop(tx);
    let mut tx = storage.write().unwrap();
    let full = tx
        .put_setting("large", &vec![1; 1 << 20])
        .and_then(|()| tx.commit());
    assert!(
        full.is_err(),
        "a transaction that met a full disk cannot be committed by mistake"
    );
    assert_eq!(
        storage.read().unwrap().setting("kept").unwrap().as_deref(),
        Some(&b"kept"[..])
    );
    // Room again: writing goes on.
    limit(1 << 20);
    let mut tx = storage.write().unwrap();
    tx.put_setting("large", &vec![1; 1 << 20]).unwrap();
    tx.commit().unwrap();
    assert!(storage.read().unwrap().setting("large").unwrap().is_some());
}
