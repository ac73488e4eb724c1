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

mod device;
mod exchange;
mod office;
mod phone;
mod photos;
mod server;
mod table;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fieldseal_tests::bench::gate;
use server::Server;
use table::Table;

/// Whatever went wrong.
pub type Failed = Box<dyn Error>;

/// Set by the environment for a first look: fewer runs.
const QUICK: &str = "FIELDSEAL_BENCH_QUICK";

fn main() -> ExitCode {
    let done = match (std::env::var_os(server::FOLDER), std::env::var_os(photos::TAKE)) {
        (Some(folder), _) => office::serve(Path::new(&folder)),
        (None, Some(photo)) => photos::take(Path::new(&photo)),
        (None, None) => figures(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark itself failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn figures() -> Result<(), Failed> {
    // Not the system's folder for temporary files, which may lie in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let quick = std::env::var_os(QUICK).is_some();
    let runs = if quick { 5 } else { 13 };
    let mut table = Table::default();
    let mut server = Server::start(&sub(folder.path(), "server")?)?;
    for documents in [200, 1_000] {
        eprintln!("exchange with {documents} documents in scope");
        exchange::measure(&mut server, folder.path(), documents, runs, &mut table)?;
    }
    eprintln!("the device alone");
    device::measure(
        &mut server,
        folder.path(),
        if quick { 200 } else { 1_000 },
        runs,
        &mut table,
    )?;
    eprintln!("photos");
    photos::measure(&mut server, folder.path(), quick, &mut table)?;
    let ns = gate::ns_per_change(2_000, 7);
    table.at_most(
        "gate: one change, structure and ancestors, best of 7 rounds over 2,000 changes",
        ns as f64 / 1_000.0,
        gate::LIMIT_NS as f64 / 1_000.0,
        "µs",
    );
    server.stop()?;
    println!("\n{}", table.markdown());
    let over: Vec<&str> = table.over().map(|row| row.what.as_str()).collect();
    if over.is_empty() {
        println!("every figure is within its limit");
    } else {
        println!("over the limit: {}", over.join("; "));
    }
    Ok(())
}

fn sub(folder: &Path, name: &str) -> Result<PathBuf, Failed> {
    let path = folder.join(name);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
