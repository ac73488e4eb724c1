//! The demo's proxy as a program, for peers that are not ours (`tests/peers/run.sh`):
//! `slow-line UPSTREAM ONE_WAY_MS HANDSHAKE_MS`.
//!
//! It prints the address at which it listens. Each line of its standard input is a command, answered by one line of
//! JSON: `traffic`, `cut` (every open connection once), `down` (cut, and none let through), `up`. It ends with its input.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a helper of the peers' comparison: its output is read by it"
)]

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use fieldseal_server::demo::proxy::{CutProxy, Line};
use serde_json::json;

fn run() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [upstream, one_way, handshake] = words.as_slice() else {
        return Err("usage: slow-line UPSTREAM ONE_WAY_MS HANDSHAKE_MS".into());
    };
    let upstream: SocketAddr = upstream.parse()?;
    let line = Line {
        one_way: Duration::from_millis(one_way.parse()?),
        handshake: Duration::from_millis(handshake.parse()?),
    };
    let proxy = CutProxy::start(upstream, line)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", proxy.address())?;
    out.flush()?;
    for command in std::io::stdin().lock().lines() {
        let answer = match command?.trim() {
            "traffic" => {
                let traffic = proxy.traffic();
                json!({ "up": traffic.up, "down": traffic.down, "connections": traffic.connections })
            }
            "cut" => {
                proxy.cut();
                json!({ "ok": true })
            }
            "down" => {
                proxy.take_down();
                json!({ "ok": true })
            }
            "up" => {
                proxy.restore();
                json!({ "ok": true })
            }
            other => json!({ "error": format!("no command: {other}") }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("slow-line: {error}");
            ExitCode::FAILURE
        }
    }
}
