//! `serve`: runs until a signal.

use std::process::ExitCode;

use super::{CliError, say};
use crate::config::Config;

pub(super) fn run(config: &Config) -> Result<ExitCode, CliError> {
    let running = crate::start(config, crate::system::system_env()?)?;
    say(&format!("Fieldseal listens on {}", running.url()));
    if let Some(link) = running.set_up_link()? {
        say(
            "Nobody administers this server yet. Set the password of the account admin at this link (good once, for a day):",
        );
        say(&link);
    }
    running.wait_for_signal().map_err(CliError::Signals)?;
    running.stop();
    Ok(ExitCode::SUCCESS)
}
