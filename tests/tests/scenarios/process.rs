//! The server and a phone as processes of their own, killed as a dead battery or a power cut would.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fieldseal_tests::hands::Ack;

/// Longest wait for a line of a process, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A child that does not outlive its test.
struct Guarded {
    child: Child,
    lines: Receiver<String>,
}

impl Guarded {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line that `wanted` takes something from.
    fn wait_for<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let limit = Instant::now() + PATIENCE;
        loop {
            let line = self
                .lines
                .recv_timeout(limit.saturating_duration_since(Instant::now()));
            match line {
                Ok(line) => {
                    if let Some(found) = wanted(&line) {
                        return Some(found);
                    }
                }
                Err(_) => return None,
            }
        }
    }

    /// SIGKILL: nothing of the process runs any more when this returns.
    fn kill(&mut self) {
        use std::os::unix::process::ExitStatusExt as _;
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it was still alive: {status}");
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `fieldseal-server serve` on a folder.
pub(crate) struct ServerProcess {
    process: Guarded,
    pub(crate) addr: SocketAddr,
    /// The one-time link that it printed, where nobody administers it yet.
    pub(crate) set_up: Option<String>,
}

impl ServerProcess {
    /// Starts it and waits until it says where it listens. A port that was just left is tried again for a while.
    pub(crate) fn start(folder: &Path, listen: &str) -> Self {
        let limit = Instant::now() + PATIENCE;
        loop {
            let process = Guarded::start(
                env!("CARGO_BIN_EXE_fieldseal-server-under-test"),
                &["serve", "--listen", listen, "--data", folder.to_str().unwrap()],
            );
            let said = process.wait_for(|line| {
                let rest = line.strip_prefix("Fieldseal listens on http://")?;
                rest.parse().ok()
            });
            if let Some(addr) = said {
                let set_up = process.lines.recv_timeout(Duration::from_secs(2)).ok();
                let set_up = set_up.and_then(|_| process.wait_for(link));
                return Self {
                    process,
                    addr,
                    set_up,
                };
            }
            assert!(Instant::now() < limit, "the server did not start");
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The power goes.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }
}

fn link(line: &str) -> Option<String> {
    let (_, secret) = line.trim().split_once("/link/")?;
    Some(secret.to_owned())
}

/// Starts a phone on its file, has it do one thing, and kills it once it has acknowledged that.
pub(crate) fn phone(file: &Path, words: &[&str]) -> Result<Ack, String> {
    let mut arguments = vec![file.to_str().unwrap()];
    arguments.extend(words);
    let mut process = Guarded::start(env!("CARGO_BIN_EXE_phone-under-test"), &arguments);
    let said = process.wait_for(|line| match line.split_once(' ') {
        Some(("ACK", json)) => Some(Ok(serde_json::from_str(json).unwrap())),
        Some(("ERR", error)) => Some(Err(error.to_owned())),
        _ => None,
    });
    let said = said.expect("the phone said nothing");
    if said.is_ok() {
        process.kill();
    }
    said
}
