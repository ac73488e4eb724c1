//! `check`: reads everything that is stored and says what is not as it must be. Writes nothing.

use std::process::ExitCode;

use super::{CliError, say};
use crate::config::Config;

pub(super) fn run(config: &Config) -> Result<ExitCode, CliError> {
    let services = super::existing(config, crate::system::system_env()?)?;
    let result = crate::check::check(
        services.service.storage().as_ref(),
        services.uploads.store().as_ref(),
    )?;
    say(&format!(
        "{} rows, {} documents, {} changes, {} large blobs read",
        result.rows, result.documents, result.changes, result.blobs
    ));
    for finding in &result.findings {
        say(&finding.to_string());
    }
    Ok(if result.findings.is_empty() {
        say("everything is as it must be");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
