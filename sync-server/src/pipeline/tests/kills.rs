//! A server that is killed: what it acknowledged is on disk, and the sequence is whole.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use fieldseal_core::facts::DocName;

use super::world::*;
use crate::storage::sqlite::SqliteStorage;
use crate::storage::{Storage, tag};
use crate::testing::env;

const FOLDER: &str = "FIELDSEAL_KILLED_SERVER";
const ROUND: &str = "FIELDSEAL_KILLED_ROUND";
const KILLS: u128 = 24;

/// Not a test of its own: the process that the test below starts and kills.
#[test]
fn killed_server() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else {
        return;
    };
    let round: u64 = round.parse().unwrap();
    let env = env(1_000 + round);
    let service = Arc::new(World::service(Path::new(&folder), &env));
    let device = service.storage().read().unwrap().devices().unwrap().remove(0);
    std::thread::scope(|threads| {
        for thread in 0..3_u128 {
            let (service, device, env) = (Arc::clone(&service), device.clone(), env.clone());
            threads.spawn(move || {
                let mut phone = Phone::new(device, &env);
                let doc = visit(u128::from(round) * 10 + thread, user(1));
                loop {
                    let changes: Vec<_> = (0..3).map(|_| phone.write(&doc, &[progress("x")])).collect();
                    let hashes: Vec<_> = changes.iter().map(|change| hex::encode(hash(change))).collect();
                    let request = phone.request(&[(&doc, changes)]);
                    let answer = service.sync(&phone.device, &request).unwrap();
                    assert!(answer.exceptions.is_empty());
                    let line = format!("ack {doc} {}\n", hashes.join(" "));
                    let mut out = std::io::stdout().lock();
                    out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
                }
            });
        }
    });
}

#[test]
fn i02_what_was_acknowledged_is_on_disk_after_every_kill() {
    let world = World::new();
    world.phone(user(1));
    let folder = world.folder.path().to_owned();
    let mut acknowledged: BTreeMap<DocName, Vec<[u8; 32]>> = BTreeMap::new();
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "pipeline::tests::kills::killed_server",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FOLDER, &folder)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut take = |line: String| {
            let mut words = line.split(' ').skip_while(|word| !word.ends_with("ack")).skip(1);
            let Some(doc) = words.next() else { return false };
            let hashes = words.map(|word| <[u8; 32]>::try_from(hex::decode(word).unwrap()).unwrap());
            acknowledged
                .entry(doc.parse().unwrap())
                .or_default()
                .extend(hashes);
            true
        };
        // The first acknowledgement, then a moment that differs from round to round, then the kill.
        while !take(lines.next().expect("the child ended by itself").unwrap()) {}
        std::thread::sleep(Duration::from_micros(
            u64::try_from(round * 3_777 % 40_000).unwrap(),
        ));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            // The last line may be cut by the kill; a whole one was acknowledged.
            let line = line.unwrap();
            if line.len() == "ack ".len() + visit(1, user(1)).to_string().len() + 3 * 65 {
                take(line);
            }
        }
        check(&folder, &acknowledged);
    }
    let kept: usize = acknowledged.values().map(Vec::len).sum();
    assert!(
        kept >= 3 * 24,
        "only {kept} changes were acknowledged before the kills"
    );
}

fn check(folder: &Path, acknowledged: &BTreeMap<DocName, Vec<[u8; 32]>>) {
    let storage = SqliteStorage::open(&folder.join("fieldseal.db"), [0; 16]).unwrap();
    let tx = storage.read().unwrap();
    for (name, hashes) in acknowledged {
        let doc = tx.doc(name).unwrap().unwrap();
        for hash in hashes {
            assert!(
                tx.known(doc.key, hash).unwrap().is_some(),
                "an acknowledged change of {name} is gone"
            );
        }
        // A request commits whole: three changes each.
        assert_eq!(doc.changes % 3, 0);
        assert_eq!(tx.chunks_after(doc.key, 0).unwrap().len() as u64, doc.changes);
    }
    let mut previous = tx.tag_at(0).unwrap().unwrap();
    let rows = tx.rows_after(0, u32::MAX).unwrap();
    for (row, n) in rows.iter().zip(1..) {
        assert_eq!(row.n, n);
        assert_eq!(
            row.tag,
            tag(
                &previous,
                n,
                row.kind,
                row.doc.as_deref().unwrap_or(""),
                &row.hash
            )
        );
        previous = row.tag;
    }
}
