//! A server with an enrolled device behind a line that cuts, for a tus client that is not ours (`tests/edges/tus.sh`):
//! `blobs-under-test FOLDER`.
//!
//! It prints `READY <json>`: the server's address, the line's, the token, and photos with their hashes (files in FOLDER).
//! Each line of its standard input is a command: `cut N` breaks the line after N more bytes; it answers `OK`. It ends
//! with its input.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of an edge test: its output is read by it, and it fails by panicking"
)]

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use fieldseal_server::demo::proxy::{CutProxy, Line};
use fieldseal_server::{Config, start};
use fieldseal_tests::uploader::{Uploader, photo};
use serde_json::json;

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    let config = Config::new(folder.join("data"), "127.0.0.1:0".parse().unwrap());
    let running = start(&config, fieldseal_server::system::system_env().unwrap()).unwrap();
    let line = CutProxy::start(running.addr, Line::default()).unwrap();
    let uploader = Uploader::enrol(&running);
    let photos: Vec<Vec<u8>> = (0..3).map(|seed| photo(seed, 3_000_000)).collect();
    let hashes = uploader.name(&running, &photos);
    let mut files = Vec::new();
    for (bytes, sha256) in photos.iter().zip(&hashes) {
        let path = folder.join(format!("{sha256}.jpg"));
        std::fs::write(&path, bytes).unwrap();
        files.push(json!({ "sha256": sha256, "file": path, "size": bytes.len() }));
    }
    let ready = json!({
        "server": running.url(),
        "line": format!("http://{}", line.address()),
        "token": uploader.token,
        "photos": files,
    });
    say(&format!("READY {ready}"));
    for command in std::io::stdin().lock().lines().map_while(Result::ok) {
        match command.split_once(' ') {
            Some(("cut", bytes)) => line.cut_after(bytes.parse().unwrap()),
            _ => panic!("no command: {command}"),
        }
        say("OK");
    }
    running.stop();
}
