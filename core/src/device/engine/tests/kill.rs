//! SIGKILL at any moment: what was acknowledged is there, the file is whole.
//!
//! The test starts its own binary again with an environment variable; the child saves forms and prints the id of
//! every action after the call returned; the parent kills it after a random while and looks.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::support::*;
use crate::device::engine::{Engine, PhotoNote, Step};
use crate::device::store::StoreError;
use crate::domain::ids::ActionId;
use crate::domain::work::PhotoSubject;
use crate::env::Env;

const PATH: &str = "FIELDSEAL_KILL_PATH";
const ROUNDS: u32 = 32;

fn real_env() -> Env {
    crate::device::system::system_env()
}

/// The child's half: runs only with the variable set, until it is killed.
#[test]
fn kill_child() {
    let Ok(path) = std::env::var(PATH) else { return };
    let path = std::path::Path::new(&path);
    let engine = Engine::open(options(path, &real_env())).unwrap();
    // Another picture each time, unlike those of earlier rounds.
    let first = u8::try_from(std::process::id() % 251).unwrap();
    for number in 0_u32.. {
        if number.is_multiple_of(4) {
            let file = super::photos::picture(path.parent().unwrap(), first.wrapping_add(number as u8));
            let token = engine.order(order_id()).unwrap().token;
            let note = PhotoNote::of(PhotoSubject::Site);
            let (_, saved) = engine.add_photo(order_id(), &token, &file, note).unwrap();
            println!("acknowledged {}", saved.action);
            continue;
        }
        let token = engine.order(order_id()).unwrap().token;
        let saved = if number.is_multiple_of(3) {
            engine.save_report(
                order_id(),
                &token,
                map(&[("fault_found", format!("{number} {}", "x".repeat(3_000)).into())]),
            )
        } else {
            engine.step(
                order_id(),
                &token,
                Step::Progress {
                    text: format!("{number}"),
                },
            )
        };
        println!("acknowledged {}", saved.unwrap().action);
    }
}

#[test]
fn kill_loop_loses_no_acknowledged_action() {
    let office = Office::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.db");
    let (changes, _) = office.order_for(user(1));
    {
        let engine = Engine::open(options(&path, &real_env())).unwrap();
        enrol(&engine, 1, user(1));
        let setup = Phone {
            engine,
            ..phone(1, user(1))
        };
        setup.pull(&changes);
        setup.engine.shutdown().unwrap();
    }
    let mut acknowledged: Vec<ActionId> = Vec::new();
    let mut mentions = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "device::engine::tests::kill::kill_child",
                "--nocapture",
            ])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // At least one save, then a moment that differs from round to round.
        let pause = Duration::from_micros(u64::from(round) * 1_237 % 40_000);
        let mut read = |line: String| {
            if let Some((_, id)) = line.split_once("acknowledged ") {
                acknowledged.push(id.trim().parse().unwrap());
            }
        };
        let first = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains("acknowledged"))
            .unwrap();
        read(first);
        std::thread::sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            // A line that the kill cut in two was still acknowledged only if it is whole.
            if line.trim().len() >= "acknowledged ".len() + 36 {
                read(line);
            }
        }
        let engine = Engine::open(options(&path, &real_env())).unwrap();
        let (whole, present) = engine
            .inner
            .store
            .read(|connection| {
                let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
                let mut statement = connection.prepare(
                    "SELECT f.key FROM facts f JOIN changes c ON c.id = f.change WHERE c.state = 0",
                )?;
                let keys = statement.query_map([], |row| row.get::<_, [u8; 16]>(0))?;
                Ok::<_, StoreError>((whole, keys.collect::<Result<BTreeSet<_>, _>>()?))
            })
            .unwrap();
        assert_eq!(whole, "ok");
        for id in &acknowledged {
            assert!(present.contains(id.0.as_bytes()), "round {round}: {id} is lost");
        }
        assert_eq!(engine.status().unwrap().recovered, None);
        // A photo is there whole or not at all: every mention has its bytes, no bytes are without a mention.
        let details = engine.order(order_id()).unwrap();
        for shown in &details.photos {
            assert!(shown.here, "round {round}");
            engine.photo(shown.view.sha256).unwrap();
        }
        mentions = details.photos.len();
        let hashes: BTreeSet<_> = details.photos.iter().map(|shown| shown.view.sha256.0).collect();
        let chunks = engine.inner.store.read(|connection| {
            let mut statement = connection.prepare("SELECT DISTINCT sha256 FROM blob_chunks")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok::<_, StoreError>(rows.collect::<Result<BTreeSet<[u8; 32]>, _>>()?)
        });
        assert_eq!(chunks.unwrap(), hashes, "round {round}");
        engine.orders().unwrap();
        // What lists show is what the facts say.
        let before = engine.orders().unwrap();
        engine.rebuild_projections().unwrap();
        assert_eq!(engine.orders().unwrap(), before);
    }
    assert!(acknowledged.len() >= ROUNDS as usize);
    assert!(mentions > 3, "{mentions} photos");
}
