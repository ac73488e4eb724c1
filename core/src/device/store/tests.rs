use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use super::changes::{self, NewChange, Origin, Value};
use super::*;
use crate::domain::ids::ActionId;
use crate::facts::DocName;

const NOW: i64 = 1_795_399_200_000;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.db");
    Place {
        _folder: folder,
        path,
    }
}

fn schema_of(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn pragma(store: &Store, name: &str) -> String {
    store
        .write(|transaction| {
            Ok::<_, StoreError>(transaction.query_row(&format!("PRAGMA {name}"), [], |row| {
                row.get_ref(0).map(|value| match value {
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    other => String::from_utf8_lossy(other.as_bytes().unwrap()).into_owned(),
                })
            })?)
        })
        .unwrap()
}

fn name() -> DocName {
    "visit/0193f2c0-0000-7000-8000-0000000000b1/0193f2c0-0000-7000-8000-0000000000a1"
        .parse()
        .unwrap()
}

fn put(store: &Store, number: u8, deps: &[[u8; 32]]) {
    let doc = name();
    let change = NewChange {
        doc: &doc,
        hash: &[number; 32],
        actor: &[1; 16],
        seq: u64::from(number),
        op: u64::from(number),
        n: u64::from(number),
        key: ActionId(uuid::Uuid::from_bytes([number; 16])),
        deps,
        bytes: &[number; 300],
        text: "{}",
        origin: Origin::OwnUnsent,
        value: Value::Rest,
        blobs: &[],
    };
    store
        .write(|transaction| changes::insert(transaction, &change).map(|_| ()))
        .unwrap();
}

#[test]
fn a_fresh_file_has_the_pragmas_of_the_table_and_opens_again() {
    let place = place();
    for _ in 0..2 {
        let (store, recovered) = Store::open(&place.path, None, NOW).unwrap();
        assert_eq!(recovered, None);
        for (name, value) in [
            ("page_size", "4096"),
            ("auto_vacuum", "2"),
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("busy_timeout", "5000"),
            ("temp_store", "2"),
            ("user_version", "1"),
        ] {
            assert_eq!(pragma(&store, name), value, "{name}");
        }
    }
}

#[test]
fn the_schema_is_what_the_steps_make_and_making_it_twice_changes_nothing() {
    let mut once = Connection::open_in_memory().unwrap();
    migrations::migrate(&mut once, migrations::NEWEST).unwrap();
    let first = schema_of(&once);
    migrations::migrate(&mut once, migrations::NEWEST).unwrap();
    assert_eq!(schema_of(&once), first);
    let mut stepwise = Connection::open_in_memory().unwrap();
    for step in 1..=migrations::NEWEST {
        migrations::migrate(&mut stepwise, step).unwrap();
        assert_eq!(migrations::version(&stepwise).unwrap(), step);
    }
    assert_eq!(schema_of(&stepwise), first);
    assert_eq!(
        migrations::NEWEST,
        1,
        "a new step needs a fixture of the schema before it"
    );
}

#[test]
fn a_newer_file_is_refused_and_its_bytes_stay() {
    let place = place();
    drop(Store::open(&place.path, None, NOW).unwrap());
    let raw = Connection::open(&place.path).unwrap();
    raw.pragma_update(None, "user_version", 7).unwrap();
    drop(raw);
    let before = fs::read(&place.path).unwrap();
    let error = Store::open(&place.path, None, NOW).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 7, known: 1 }),
        "{error:?}"
    );
    assert_eq!(fs::read(&place.path).unwrap(), before);
}

#[test]
fn a_newer_file_with_an_open_log_is_refused_and_its_bytes_stay() {
    let place = place();
    drop(Store::open(&place.path, None, NOW).unwrap());
    // A process of the newer version was killed: its schema number stands in the log only.
    let newer = Connection::open(&place.path).unwrap();
    newer.pragma_update(None, "user_version", 7).unwrap();
    let log = place.path.with_extension("db-wal");
    let (file_bytes, log_bytes) = (fs::read(&place.path).unwrap(), fs::read(&log).unwrap());
    drop(newer);
    fs::write(&place.path, &file_bytes).unwrap();
    fs::write(&log, &log_bytes).unwrap();
    let error = Store::open(&place.path, None, NOW).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 7, .. }), "{error:?}");
    assert_eq!(fs::read(&place.path).unwrap(), file_bytes);
    assert_eq!(fs::read(&log).unwrap(), log_bytes);
}

#[test]
fn heads_and_counters_follow_the_changes() {
    let place = place();
    let (store, _) = Store::open(&place.path, None, NOW).unwrap();
    put(&store, 1, &[]);
    put(&store, 2, &[]);
    put(&store, 3, &[[1; 32]]);
    let heads = store
        .read(|connection| {
            let doc = changes::find_doc(connection, &name())?.unwrap();
            assert_eq!(changes::highest_n(connection, &name().family())?, 3);
            changes::heads(connection, doc)
        })
        .unwrap();
    assert_eq!(heads, [[2; 32], [3; 32]]);
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    let place = place();
    let (store, _) = Store::open(&place.path, None, NOW).unwrap();
    let outcome: Result<(), StoreError> = store.write(|transaction| {
        changes::ensure_doc(transaction, &name())?;
        Err(StoreError::Full)
    });
    assert!(matches!(outcome, Err(StoreError::Full)));
    let found = store
        .read(|connection| changes::find_doc(connection, &name()))
        .unwrap();
    assert_eq!(found, None);
}

#[test]
fn a_paused_store_is_closed_and_resumes_where_it_was() {
    let place = place();
    let (store, _) = Store::open(&place.path, None, NOW).unwrap();
    put(&store, 1, &[]);
    store.pause().unwrap();
    store.pause().unwrap();
    let log = place.path.with_extension("db-wal");
    assert!(
        !log.exists() || fs::metadata(&log).unwrap().len() == 0,
        "no log is left"
    );
    let closed = store.read(|connection| changes::find_doc(connection, &name()));
    assert!(matches!(closed, Err(StoreError::Closed)));
    store.resume(NOW).unwrap();
    store.resume(NOW).unwrap();
    assert!(
        store
            .read(|connection| changes::find_doc(connection, &name()))
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_full_disk_is_said_and_nothing_of_the_save_remains() {
    let place = place();
    let (store, _) = Store::open(&place.path, None, NOW).unwrap();
    put(&store, 1, &[]);
    store
        .write(|transaction| {
            let pages: i64 = transaction.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            transaction.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let outcome: Result<(), StoreError> = store.write(|transaction| {
        changes::quarantine(transaction, "x", &[9; 32], &vec![0; 1 << 20], true, "gate", NOW)
    });
    assert!(matches!(outcome, Err(StoreError::Full)), "{outcome:?}");
    let kept: i64 = store
        .read(|connection| {
            Ok::<_, StoreError>(
                connection.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))?,
            )
        })
        .unwrap();
    assert_eq!(kept, 0);
}

// ---- salvage ------------------------------------------------------------------------------------------------

fn write_actions(store: &Store, count: u8) -> Vec<[u8; 32]> {
    use crate::documents::{ActorId, Author, Document};
    let doc = name();
    let person = "0193f2c0-0000-7000-8000-0000000000a1".parse().unwrap();
    let mut document = Document::new();
    let mut hashes = Vec::new();
    for number in 1..=count {
        let text = format!(
            r#"{{"at":"2026-11-23T10:00:00+08:00","clk":{{"boot":7,"mono":1}},"by":"{person}","n":{number},"facts":[{{"kind":"progress","payload":{{"text":"{}"}}}}]}}"#,
            "x".repeat(900)
        );
        let key = ActionId(uuid::Builder::from_unix_timestamp_millis(1, &[number; 10]).into_uuid());
        let change = document
            .append(&ActorId::new([1; 8], [2; 8]), key, &text)
            .unwrap();
        let author = Author {
            tag_ok: &|tag| tag == &[2; 8],
            person: Some(person),
        };
        let outcome = store
            .write(|transaction| {
                super::ingest::ingest(transaction, &doc, &change, Origin::OwnUnsent, &author, NOW)
            })
            .unwrap();
        assert_eq!(outcome, super::ingest::Ingested::Accepted { released: 0 });
        hashes.push(change.hash);
    }
    store
        .write(|transaction| drafts::save(transaction, "report", b"keystrokes", NOW))
        .unwrap();
    hashes
}

fn stored_hashes(store: &Store) -> Vec<[u8; 32]> {
    store
        .read(|connection| {
            let mut statement = connection.prepare("SELECT hash FROM changes WHERE state = 0 ORDER BY id")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok::<_, StoreError>(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .unwrap()
}

#[test]
fn a_file_that_is_none_is_moved_aside_and_kept() {
    let place = place();
    fs::write(
        &place.path,
        b"this was never a database, but somebody's notes".repeat(200),
    )
    .unwrap();
    let before = fs::read(&place.path).unwrap();
    let (store, recovered) = Store::open(&place.path, None, NOW).unwrap();
    let recovered = recovered.unwrap();
    assert!(recovered.incomplete);
    assert_eq!(fs::read(&recovered.moved_to).unwrap(), before);
    assert_eq!(stored_hashes(&store), Vec::<[u8; 32]>::new());
}

#[test]
fn a_damaged_file_gives_its_readable_unsent_changes_to_a_new_one() {
    let place = place();
    let (store, _) = Store::open(&place.path, None, NOW).unwrap();
    let written = write_actions(&store, 24);
    let pages: i64 = store
        .read(|connection| {
            Ok::<_, StoreError>(connection.query_row("PRAGMA page_count", [], |row| row.get(0))?)
        })
        .unwrap();
    drop(store);
    let whole = fs::read(&place.path).unwrap();
    let (mut moved, mut best) = (0, 0);
    // One page after the other is overwritten; whatever it was, the file opens, and nothing vanishes.
    for page in 1..usize::try_from(pages).unwrap() {
        let mut broken = whole.clone();
        broken[page * 4096..(page + 1) * 4096].fill(0xAA);
        fs::write(&place.path, &broken).unwrap();
        fs::write(place.path.with_extension("db.suspect"), b"").unwrap();
        let (store, recovered) = Store::open(&place.path, None, NOW).unwrap();
        let Some(recovered) = recovered else {
            // A free page: the file is whole.
            assert_eq!(stored_hashes(&store), written);
            continue;
        };
        moved += 1;
        assert_eq!(fs::read(&recovered.moved_to).unwrap().len(), broken.len());
        let kept = stored_hashes(&store);
        assert_eq!(kept.len(), recovered.unsent);
        assert!(
            written.starts_with(&kept),
            "what is kept is the history up to the hole"
        );
        let aside: i64 = store
            .read(|connection| {
                Ok::<_, StoreError>(connection.query_row(
                    "SELECT (SELECT count(*) FROM parked) + (SELECT count(*) FROM quarantine)",
                    [],
                    |row| row.get(0),
                )?)
            })
            .unwrap();
        best = best.max(kept.len() + usize::try_from(aside).unwrap());
        drop(store);
        let (_, again) = Store::open(&place.path, None, NOW).unwrap();
        assert_eq!(again, None, "once is enough");
        for left in fs::read_dir(place.path.parent().unwrap()).unwrap() {
            fs::remove_file(left.unwrap().path()).unwrap();
        }
    }
    assert!(moved > 20, "{moved} of {pages} pages mattered");
    assert_eq!(
        best,
        written.len(),
        "a bad page of something else costs no change"
    );
}

// ---- keys ---------------------------------------------------------------------------------------------------

#[cfg(not(feature = "sqlcipher"))]
#[test]
fn a_key_without_encryption_in_the_build_is_an_error_not_a_plain_file() {
    let place = place();
    let error = Store::open(&place.path, Some([7; 32]), NOW).unwrap_err();
    assert!(matches!(error, StoreError::NoEncryption), "{error:?}");
    assert!(!place.path.exists());
}

#[cfg(feature = "sqlcipher")]
mod encrypted {
    use super::*;

    #[test]
    fn sqlcipher_keeps_the_file_unreadable_and_a_wrong_key_is_a_clear_error() {
        let place = place();
        let (store, _) = Store::open(&place.path, Some([7; 32]), NOW).unwrap();
        let cipher: String = pragma(&store, "cipher_version");
        assert!(!cipher.is_empty());
        let written = write_actions(&store, 5);
        drop(store);
        let before = fs::read(&place.path).unwrap();
        assert!(!before.starts_with(b"SQLite format 3"), "the header is plain");
        for plain in [
            b"progress".as_slice(),
            b"keystrokes",
            b"xxxxxxxx",
            b"CREATE TABLE",
        ] {
            assert!(!before.windows(plain.len()).any(|window| window == plain));
        }
        for wrong in [Some([8; 32]), Some([0; 32]), None] {
            let error = Store::open(&place.path, wrong, NOW).unwrap_err();
            assert!(matches!(error, StoreError::WrongKey), "{error:?}");
            assert_eq!(fs::read(&place.path).unwrap(), before, "not touched");
        }
        let beside = fs::read_dir(place.path.parent().unwrap()).unwrap();
        let aside = beside.filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().contains("damaged")
        });
        assert_eq!(aside.count(), 0, "a file of another key is not moved aside");
        let (store, recovered) = Store::open(&place.path, Some([7; 32]), NOW).unwrap();
        assert_eq!(recovered, None);
        assert_eq!(stored_hashes(&store), written);
    }
}
