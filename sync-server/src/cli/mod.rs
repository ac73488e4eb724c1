//! The command line: `serve`, and what an administrator does without the page.
//!
//! This module and its children are the only ones that print. Exit codes: 0 done, 1 failed or «not valid», 2 wrong
//! usage (clap's own).

mod check;
#[cfg(feature = "demo")]
mod demo;
mod device;
mod serve;
mod table;
mod user;
mod verify;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::{Lang, label};
use fieldseal_core::env::Env;

use crate::config::{Config, ConfigError, Settings};
use crate::office::Person;
use crate::pipeline::SERVER_USER;
use crate::server::Services;

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
    /// People with accounts.
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Enrolled devices.
    Device {
        #[command(subcommand)]
        command: device::DeviceCommand,
    },
    /// A seeded company with live engineers, to look at and to try.
    #[cfg(feature = "demo")]
    Demo(crate::demo::DemoArguments),
    /// One live engineer; started by `demo`.
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    DemoEngineer(crate::demo::engineer::EngineerArguments),
    /// Check a sealed report, an audited view or an archived ticket from its file alone.
    Verify(verify::VerifyArguments),
    /// Bring master data in as a table. The server must be stopped.
    Import {
        #[command(subcommand)]
        command: table::ImportCommand,
    },
    /// Write customers, contacts and units as a table.
    Export {
        /// Where to write it.
        file: PathBuf,
    },
    /// Read everything that is stored and say what is not as it must be.
    Check,
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
    #[error("{}", label(Lang::En, &format!("office.{}", .0.code())))]
    Office(#[from] crate::office::OfficeError),
    #[error(transparent)]
    Auth(#[from] crate::auth::AuthError),
    #[error(transparent)]
    Storage(#[from] crate::storage::StorageError),
    #[error("nobody has the login {login}")]
    NoUser { login: String },
    #[error("there is no database in {path}")]
    NoDatabase { path: PathBuf },
    #[error("cannot read {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("cannot listen to signals: {0}")]
    Signals(#[source] std::io::Error),
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(Box<crate::demo::DemoError>),
}

/// Whoever sits at the server's terminal has the keys and the database in hand, so every right is theirs. What they
/// write is by the server itself, as no account is known.
fn terminal() -> Person {
    Person {
        user: SERVER_USER,
        name: "terminal".to_owned(),
        roles: vec![Role::Admin],
        active: true,
    }
}

/// The services of a folder that a server has made.
fn existing(config: &Config, env: Env) -> Result<Services, CliError> {
    if !config.data.join(crate::server::DATABASE).is_file() {
        return Err(CliError::NoDatabase {
            path: config.data.clone(),
        });
    }
    Ok(Services::open(config, env)?)
}

fn user_of(services: &Services, login: &str) -> Result<UserId, CliError> {
    let account = services
        .auth
        .store()
        .account_by_login(&login.to_lowercase())
        .map_err(crate::auth::AuthError::from)?;
    account
        .map(|account| account.user)
        .ok_or_else(|| CliError::NoUser {
            login: login.to_owned(),
        })
}

/// A link as it is printed: under the public address, or the one that is listened on.
fn link_text(config: &Config, secret: &str) -> String {
    match &config.public_url {
        Some(url) => format!("{url}/link/{secret}"),
        None => format!("http://{}/link/{secret}", config.listen),
    }
}

fn parse_lang(text: &str) -> Result<Lang, String> {
    text.parse().map_err(|_| "languages are zh-CN and en".to_owned())
}

/// Prints a line for the person at the terminal.
pub(crate) fn say(line: &str) {
    // Who reads the answer may have heard enough (`| head -1`): that is no failure.
    let _ = writeln!(std::io::stdout(), "{line}");
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
    if let Command::Verify(verify) = &arguments.command {
        // Needs nothing but its file: a broken configuration must not stand in the way.
        return verify::run(verify);
    }
    let settings = match &arguments.command {
        #[cfg(feature = "demo")]
        Command::Demo(_) => demo::defaults(arguments.settings),
        _ => arguments.settings,
    };
    let config = configuration(arguments.config, settings)?;
    crate::logging::start(config.log_format, &config.log)?;
    match arguments.command {
        Command::Serve => serve::run(&config),
        Command::User { command } => user::run(&config, command),
        Command::Device { command } => device::run(&config, command),
        Command::Verify(verify) => verify::run(&verify),
        Command::Import { command } => table::import(&config, &command),
        Command::Export { file } => table::export(&config, &file),
        Command::Check => check::run(&config),
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => demo::run(&config, &arguments),
        #[cfg(feature = "demo")]
        Command::DemoEngineer(arguments) => demo::engineer(&arguments),
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

    /// `--organisation` is the server's name; one flag with two meanings ended the program.
    #[test]
    fn s04_verify_takes_the_fingerprint_that_the_company_publishes() {
        let print = "3f9a 0c21 77aa 0000 1234 5678 9abc def0";
        let line = ["x", "verify", "report.json", "--fingerprint", print];
        let Command::Verify(verify) = Arguments::try_parse_from(line).unwrap().command else {
            panic!("another command")
        };
        assert_eq!(verify.fingerprint.unwrap().to_string(), print);
        assert!(Arguments::try_parse_from(["x", "verify", "a", "--fingerprint", "3f9a"]).is_err());
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
