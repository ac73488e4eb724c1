//! `demo`, and `demo-engineer`, which `demo` starts for each of its engineers.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{CliError, say};
use crate::config::{Config, Settings};
use crate::demo::engineer::EngineerArguments;
use crate::demo::{DemoArguments, DemoError};

/// What holds unless told otherwise: a folder that is never a real server's, and a quiet log.
pub(super) fn defaults(settings: Settings) -> Settings {
    Settings {
        data: settings.data.or_else(|| Some(PathBuf::from("fieldseal-demo"))),
        // A line for every request would hide the address.
        log: settings
            .log
            .or_else(|| Some("warn,fieldseal_server::demo=info".to_owned())),
        ..settings
    }
}

pub(super) fn run(config: &Config, arguments: &DemoArguments) -> Result<ExitCode, CliError> {
    crate::demo::run(config, arguments, &crate::system::system_env()?, &say)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn engineer(arguments: &EngineerArguments) -> Result<ExitCode, CliError> {
    crate::demo::engineer::run(arguments)?;
    Ok(ExitCode::SUCCESS)
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        Self::Demo(Box::new(error))
    }
}
