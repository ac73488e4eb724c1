//! `cargo bench -p fieldseal-tests`: the figures of docs/performance.md, each beside its limit.
//!
//! A program of its own, because it measures whole processes: it starts itself once more as the server, and the
//! phone is the real engine over a file on the disk of the target directory. A figure over its limit is marked, not
//! hidden; the exit code is non-zero only where the measuring itself failed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    unreachable_pub,
    reason = "a program that measures with the real clock, prints, and fails by ending"
)]

mod accept;
mod device;
mod exchange;
mod first;
mod folds;
mod list;
mod office;
mod page;
mod peers;
mod phone;
mod photos;
mod program;
mod recorded;
mod server;
mod table;
mod web;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use fieldseal_tests::bench::gate;
use server::Server;
use table::Table;

/// Whatever went wrong.
pub type Failed = Box<dyn Error>;

/// Set by the environment for a first look: fewer runs.
const QUICK: &str = "FIELDSEAL_BENCH_QUICK";

fn main() -> ExitCode {
    let asked = |name| std::env::var_os(name).map(PathBuf::from);
    let done = if let Some(folder) = asked(server::FOLDER) {
        office::serve(&folder)
    } else if let Some(photo) = asked(photos::TAKE) {
        photos::take(&photo)
    } else if let Some(phone) = asked(list::LIST) {
        list::list(&phone)
    } else {
        figures()
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark itself failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The parts of the table, in its order; `cargo bench -p fieldseal-tests -- device gate` measures these two alone.
const PARTS: [&str; 10] = [
    "exchange", "first", "accept", "device", "list", "photos", "gate", "folds", "page", "program",
];

fn figures() -> Result<(), Failed> {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    if asked.len() == 1 && asked[0] == peers::PART {
        return peers::lines();
    }
    if let Some(unknown) = asked.iter().find(|word| !PARTS.contains(&word.as_str())) {
        return Err(format!("{unknown} is none of {PARTS:?}").into());
    }
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|word| word == part);
    // Not the system's folder for temporary files, which may lie in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let quick = std::env::var_os(QUICK).is_some();
    let mut table = Table::default();
    let mut server = Server::start(&sub(folder.path(), "server")?)?;
    let begun = Instant::now();
    let done = parts(&wanted, &mut server, folder.path(), quick, &mut table);
    let stopped = server.stop();
    println!("\n{}", table.markdown());
    let over: Vec<&str> = table.over().map(|row| row.what.as_str()).collect();
    if !over.is_empty() {
        println!("over the limit: {}", over.join("; "));
    } else if done.is_ok() {
        println!("every figure is within its limit");
    }
    eprintln!("{:.0} s", begun.elapsed().as_secs_f64());
    done.and(stopped)
}

/// Measures part by part; what one cannot measure ends the run, with the table of those before it.
fn parts(
    wanted: &dyn Fn(&str) -> bool,
    server: &mut Server,
    folder: &Path,
    quick: bool,
    table: &mut Table,
) -> Result<(), Failed> {
    let runs = if quick { 5 } else { 13 };
    let begun = Instant::now();
    for part in PARTS.into_iter().filter(|part| wanted(part)) {
        eprintln!("{part}, after {:.0} s", begun.elapsed().as_secs_f64());
        match part {
            "exchange" => {
                for documents in [200, 1_000, 5_000] {
                    exchange::measure(server, folder, documents, runs, table)?;
                }
            }
            "first" => first::measure(server, folder, table)?,
            "accept" => accept::measure(server, table)?,
            "device" => {
                let saves = if quick { 500 } else { 1_500 };
                device::measure(server, folder, saves, runs, table)?;
            }
            "list" => list::measure(server, folder, runs, table)?,
            "photos" => photos::measure(server, folder, quick, table)?,
            "gate" => {
                let ns = gate::ns_per_change(2_000, 7);
                table.at_most(
                    "gate: one change, structure and ancestors, best of 7 rounds over 2,000 changes",
                    ns as f64 / 1_000.0,
                    gate::LIMIT_NS as f64 / 1_000.0,
                    "µs",
                );
            }
            "folds" => folds::measure(runs, table)?,
            "page" => page::measure(server, folder, runs, table)?,
            _ => program::measure(server, folder, runs, table)?,
        }
    }
    Ok(())
}

fn sub(folder: &Path, name: &str) -> Result<PathBuf, Failed> {
    let path = folder.join(name);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
