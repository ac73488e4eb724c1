//! The committed file of schema 1, written by the version that released it: every later version must open it, show
//! the same, and go on writing.
//!
//! Made once with `FIELDSEAL_WRITE_FIXTURE=1 cargo test -p fieldseal-core --lib fixture`; never made again for a
//! schema that was released.

use super::report::{seal, worked};
use super::support::*;
use crate::device::engine::{Engine, Step};
use crate::device::store::{StoreError, migrations};
use crate::domain::sealed::verify_sealed;

const FILE: &str = "tests/fixtures/schema_1.sqlite3";

fn file() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)
}

fn write() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    worked(&phone);
    seal(&phone);
    phone.engine.save_draft("report/next", b"keystrokes").unwrap();
    phone.engine.shutdown().unwrap();
    std::fs::create_dir_all(file().parent().unwrap()).unwrap();
    std::fs::copy(&phone.path, file()).unwrap();
}

#[test]
fn fixture_of_schema_1_opens_shows_the_same_and_goes_on() {
    if std::env::var_os("FIELDSEAL_WRITE_FIXTURE").is_some() {
        write();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.db");
    std::fs::copy(file(), &path).unwrap();
    let (env, _) = env(77);
    let engine = Engine::open(options(&path, &env)).unwrap();
    let (version, whole): (i64, String) = engine
        .inner
        .store
        .read(|connection| {
            Ok::<_, StoreError>((
                connection.query_row("PRAGMA user_version", [], |row| row.get(0))?,
                connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?,
            ))
        })
        .unwrap();
    assert_eq!(version, i64::from(migrations::NEWEST));
    assert_eq!(whole, "ok");
    let status = engine.status().unwrap();
    assert_eq!((status.unsent, status.refused), (11, 0));
    assert_eq!(status.enrolment.unwrap().user, user(1));
    let rows = engine.orders().unwrap();
    assert_eq!(rows[0].number.as_deref(), Some("SS20261123001"));
    assert_eq!(rows[0].state, "signed");
    engine.rebuild_projections().unwrap();
    assert_eq!(engine.orders().unwrap(), rows);
    assert_eq!(engine.draft("report/next").unwrap().unwrap(), b"keystrokes");
    let sealed = engine.sealed_file(order_id(), 1).unwrap();
    assert_eq!(
        verify_sealed(&sealed, None).unwrap().content.report.fault_found,
        "外壳破裂"
    );
    assert!(!engine.search("印章").unwrap().is_empty());
    let token = engine.order(order_id()).unwrap().token;
    engine.step(order_id(), &token, Step::Leave).unwrap();
    assert_eq!(engine.status().unwrap().unsent, 12);
}
