//! The server as another process, and the lines by which it is told what to prepare.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Failed;

/// Set for the process that is the server: its data folder.
pub const FOLDER: &str = "FIELDSEAL_BENCH_SERVER";

/// A server process. It ends with its standard input, thus with this process, whatever happens to it.
pub struct Server {
    child: Child,
    tell: Option<ChildStdin>,
    hear: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this program once more, as the server.
    pub fn start(folder: &Path) -> Result<Self, Failed> {
        let log = std::fs::File::create(folder.with_extension("log"))?;
        let mut child = Command::new(std::env::current_exe()?)
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let tell = child.stdin.take();
        let mut hear = BufReader::new(child.stdout.take().ok_or("no output")?);
        let address = answer(&mut hear)?.parse()?;
        Ok(Self {
            child,
            tell,
            hear,
            address,
        })
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends one line and waits until it was obeyed.
    pub fn ask(&mut self, line: &str) -> Result<String, Failed> {
        let tell = self.tell.as_mut().ok_or("the server was stopped")?;
        writeln!(tell, "{line}")?;
        answer(&mut self.hear)
    }

    /// The same for a number.
    pub fn count(&mut self, line: &str) -> Result<u64, Failed> {
        Ok(self.ask(line)?.parse()?)
    }

    /// Ends it.
    pub fn stop(mut self) -> Result<(), Failed> {
        drop(self.tell.take());
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {status}").into())
        }
    }
}

fn answer(hear: &mut BufReader<ChildStdout>) -> Result<String, Failed> {
    let mut line = String::new();
    hear.read_line(&mut line)?;
    match line.trim().split_once(' ') {
        Some(("ok", answer)) => Ok(answer.to_owned()),
        _ => Err(format!("the server said: {line:?}").into()),
    }
}
