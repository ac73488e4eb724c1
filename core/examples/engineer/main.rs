//! An engineer's phone as a command line: the same `Engine` that the apps wrap, with its one SQLite file.
//!
//! Everything but `enrol` and `sync` works with no server and no network. What a command acknowledged is on disk.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a program's output, and a program's modules"
)]

/// Prints a line. Who reads may have heard enough (`| head`): that is no failure.
macro_rules! tell {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

mod args;
mod find;
mod show;
mod work;

use std::process::ExitCode;

use clap::Parser;
use fieldseal_core::device::engine::{Engine, OpenOptions};
use fieldseal_core::device::{EngineError, system};
use fieldseal_core::domain::calendar::CompanyZone;

use args::{Arguments, Command};
use show::Printer;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let printer = Printer {
        lang: arguments.lang.into(),
    };
    match run(&arguments, &printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.text(printer.lang));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, printer: &Printer) -> Result<(), EngineError> {
    if let Err(error) = std::fs::create_dir_all(&arguments.data) {
        eprintln!("{}: {error}", arguments.data.display());
        return Err(find::unexpected("data_folder"));
    }
    let engine = Engine::open(OpenOptions {
        path: arguments.data.join("engineer.sqlite"),
        key: None,
        env: system::system_env(),
        zone: CompanyZone::default(),
    })?;
    match &arguments.command {
        Command::Enrol { code, server, name } => {
            engine.enrol(server, code, name)?;
            printer.enrolled(&engine.status()?);
            Ok(())
        }
        Command::Sync => {
            printer.synced(&engine.sync_once()?);
            Ok(())
        }
        Command::Status => {
            printer.status(&engine.status()?);
            Ok(())
        }
        Command::Orders => {
            printer.orders(&engine.orders()?);
            Ok(())
        }
        Command::Search { text } => {
            printer.hits(&engine.search(text)?);
            Ok(())
        }
        Command::Conflicts => {
            printer.conflicts(&engine.conflicts()?);
            Ok(())
        }
        Command::Reminders => {
            printer.reminders(&engine.reminders()?);
            Ok(())
        }
        Command::Stock => {
            printer.stock(&engine.stock()?);
            Ok(())
        }
        Command::StockReport { from, to } => {
            let day = |text: &str| text.parse().map_err(|_| find::invalid("step_problem.period"));
            printer.stock_report(&engine.stock_report(day(from)?, day(to)?)?);
            Ok(())
        }
        Command::Show { order } => {
            let details = engine.order(find::order(&engine, order)?)?;
            printer.details(&details);
            printer.missing(&engine.missing_for_seal(details.order.order)?);
            Ok(())
        }
        Command::Print { order, out, revision } => {
            let printed = engine.printable(find::order(&engine, order)?, *revision, printer.lang)?;
            work::write_file(out, printed.html.as_bytes())?;
            printer.sealed(printed.revision, &printed.sha256.to_string());
            Ok(())
        }
        other => work::run(&engine, other, printer),
    }
}
