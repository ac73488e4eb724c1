//! «Something new at sequence n»: a small thread that reads the server's event stream while the app is open.
//!
//! Invariants: an event is only a hint, what follows is a normal sync; the stream is opened again after every end,
//! ever more patiently while the server cannot be reached, and told what was seen last; dropping the [`Listener`] ends it.

use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::driver::HttpSync;

/// First and longest wait before the stream is opened again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(120));
/// A line of the stream longer than this is none of ours.
const LINE_MAX: u64 = 4096;

/// Listens until dropped.
#[derive(Debug)]
pub struct Listener {
    stop: Arc<Stop>,
}

#[derive(Debug, Default)]
struct Stop {
    stopped: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Stop {
    fn is_set(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn wait(&self, time: Duration) {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_set() {
            drop(self.wake.wait_timeout(guard, time));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _guard = self.stop.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.stop.stopped.store(true, Ordering::Release);
        self.stop.wake.notify_all();
    }
}

impl Listener {
    /// Starts listening; `tell` gets each number on the listener's own thread and must not block for long.
    ///
    /// # Errors
    /// The operating system gave no thread.
    pub fn start(http: HttpSync, tell: impl Fn(u64) + Send + 'static) -> std::io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let shared = Arc::clone(&stop);
        std::thread::Builder::new()
            .name("fieldseal-live".to_owned())
            .spawn(move || listen(&http, &shared, tell))?;
        Ok(Self { stop })
    }
}

fn listen(http: &HttpSync, stop: &Stop, tell: impl Fn(u64)) {
    let mut seen = None;
    let mut wait = RETRY.0;
    while !stop.is_set() {
        if let Ok(response) = http.live(seen) {
            let mut parser = Parser::default();
            let mut reader = BufReader::new(response);
            let mut line = Vec::new();
            while !stop.is_set() {
                line.clear();
                let mut bounded = std::io::Read::take(&mut reader, LINE_MAX);
                match bounded.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => break,
                    Ok(_) if line.last() != Some(&b'\n') => break,
                    Ok(_) => wait = RETRY.0,
                }
                if let Some(number) = parser.line(&line)
                    && !stop.is_set()
                {
                    seen = Some(number);
                    tell(number);
                }
            }
        }
        stop.wait(wait);
        wait = wait.saturating_mul(2).min(RETRY.1);
    }
}

/// Reads the lines of an event stream: an empty line ends an event, only `data` of `sequence` events counts.
#[derive(Debug, Default)]
struct Parser {
    other: bool,
    data: Option<u64>,
}

impl Parser {
    fn line(&mut self, line: &[u8]) -> Option<u64> {
        let text = std::str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            let ended = std::mem::take(self);
            return ended.data.filter(|_| !ended.other);
        }
        match text.split_once(':') {
            Some(("event", name)) => self.other = name.trim() != "sequence",
            Some(("data", number)) => self.data = number.trim().parse().ok(),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_everything_else_is_skipped() {
        let mut parser = Parser::default();
        let mut told = Vec::new();
        let stream = ": keep-alive\n\nid: 5\nevent: sequence\ndata: 5\n\nevent: other\ndata: 9\n\ndata: x\n\ndata:7\r\n\r\n";
        for line in stream.split_inclusive('\n') {
            told.extend(parser.line(line.as_bytes()));
        }
        assert_eq!(told, [5, 7]);
    }
}
