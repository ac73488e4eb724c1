//! Structured logs to standard error. What may stand in them: ids, counts, codes, times. Never tokens, codes of
//! enrolment, passwords, link secrets, names or texts of customers.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// The log filter is not one.
#[derive(Debug, thiserror::Error)]
#[error("the log filter is not usable: {reason}")]
pub struct LogFilterError {
    reason: String,
}

/// Starts logging for this process; a second call does nothing.
///
/// # Errors
/// [`LogFilterError`] for a filter that does not parse.
pub fn start(format: LogFormat, filter: &str) -> Result<(), LogFilterError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| LogFilterError {
        reason: error.to_string(),
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A subscriber that is already set stays: tests and embedding programs bring their own.
    let _already_set = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(())
}
