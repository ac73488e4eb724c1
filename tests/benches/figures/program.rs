//! The program that is installed: its size, how soon it is ready, its memory at rest and after all this work.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::Server;
use crate::table::{Sample, Table};
use crate::web::request;
use crate::{Failed, sub};

/// The longest from the start to the first answer.
const READY_MS: f64 = 1_000.0;
/// How long it rests before its memory is read.
const REST: Duration = Duration::from_secs(1);

/// The release build of the server beside this program's folder, where somebody built it.
fn built() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    let path = here.parent()?.parent()?.join("fieldseal-server");
    path.is_file().then_some(path)
}

/// Everything.
pub fn measure(server: &mut Server, folder: &Path, runs: usize, table: &mut Table) -> Result<(), Failed> {
    let (_, most) = memory(server.process())?;
    table.report(
        "server, memory at its fullest during this run, the benchmark's office in the same process",
        format!("{most:.0} MB"),
    );
    let Some(program) = built() else {
        table.report(
            "server program: size, start, memory at rest",
            "not built (`cargo build --release -p fieldseal-server`)",
        );
        return Ok(());
    };
    let size = std::fs::metadata(&program)?.len() as f64 / (1024.0 * 1024.0);
    table.report("server program, release build: size", format!("{size:.1} MB"));
    let data = sub(folder, "program")?;
    let (mut ready, mut rest) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let (ms, mb) = start(&program, &data)?;
        ready.push(ms);
        rest.push(mb);
    }
    let (ready, rest) = (Sample::new(ready), Sample::new(rest));
    table.at_most(
        "server program: from its start to the first answer, longest",
        ready.percentile(1.0),
        READY_MS,
        "ms",
    );
    table.spread(&ready, "ms");
    table.report(
        "server program: memory at rest",
        format!("{:.0} MB", rest.median()),
    );
    Ok(())
}

/// Starts the program on a folder, waits for its first answer, reads its memory, ends it.
fn start(program: &Path, data: &Path) -> Result<(f64, f64), Failed> {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let figures = (|| {
        let mut line = String::new();
        // Read from until the figures are taken: a program that nobody listens to ends when it says the next line.
        let mut said = BufReader::new(child.stdout.take().ok_or("no output")?);
        said.read_line(&mut line)?;
        let address: SocketAddr = line
            .trim()
            .rsplit("http://")
            .next()
            .ok_or("no address")?
            .parse()?;
        let answer = request(address, "GET /healthz HTTP/1.1", "")?;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("not ready: {answer}").into());
        }
        let ms = begun.elapsed().as_secs_f64() * 1_000.0;
        std::thread::sleep(REST);
        let rest = memory(child.id())?.0;
        drop(said);
        Ok((ms, rest))
    })();
    child.kill()?;
    child.wait()?;
    figures
}

/// Resident memory of a process now and at its highest, MB; Linux alone says it.
fn memory(process: u32) -> Result<(f64, f64), Failed> {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) else {
        return Ok((f64::NAN, f64::NAN));
    };
    let of = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kb: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kb / 1024.0)
    };
    Ok((of("VmRSS:").ok_or("no VmRSS")?, of("VmHWM:").ok_or("no VmHWM")?))
}
