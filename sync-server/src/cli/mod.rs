//! The command line: `serve`, and what an administrator does without the page.
//!
//! This module and its children are the only ones that print. Exit codes: 0 done, 1 failed or «not valid», 2 wrong
//! usage (clap's own).

mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError, Settings};

/// Sync server and dispatcher's page of Fieldseal.
#[derive(Debug, Parser)]
#[command(name = "fieldseal-server", version, about)]
struct Arguments {
    /// TOML file with the same settings; flags and environment win over it.
    #[arg(long, global = true, env = "FIELDSEAL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve phones and the page.
    Serve,
}

/// A command failed; its text says all that the person needs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Log(#[from] crate::logging::LogFilterError),
    #[error(transparent)]
    Entropy(#[from] crate::system::EntropyError),
    #[error(transparent)]
    Start(#[from] crate::StartError),
    #[error(transparent)]
    Office(#[from] crate::office::OfficeError),
    #[error("cannot listen to signals: {0}")]
    Signals(#[source] std::io::Error),
}

/// Prints a line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "the output of a command line program")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

fn configuration(file: Option<PathBuf>, settings: Settings) -> Result<Config, ConfigError> {
    let file = match file {
        Some(path) => Settings::from_file(&path)?,
        None => Settings::default(),
    };
    settings.or(file).into_config()
}

/// Runs the program.
#[expect(clippy::print_stderr, reason = "the output of a command line program")]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match execute(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fieldseal-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: Arguments) -> Result<ExitCode, CliError> {
    let config = configuration(arguments.config, arguments.settings)?;
    crate::logging::start(config.log_format, &config.log)?;
    match arguments.command {
        Command::Serve => serve::run(&config),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_and_behind_the_command() {
        for line in [
            &["x", "--listen", "127.0.0.1:1", "serve"][..],
            &["x", "serve", "--listen", "127.0.0.1:1"],
            &["x", "serve", "--behind-proxy", "--listen", "127.0.0.1:1"],
        ] {
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert_eq!(arguments.settings.listen, Some("127.0.0.1:1".parse().unwrap()));
        }
    }
}
