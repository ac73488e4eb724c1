//! `import` and `export`: master data as tables, where the page cannot be reached or a table is large (Y-37).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use fieldseal_core::domain::texts::{Lang, label};

use super::{CliError, say, terminal};
use crate::config::Config;
use crate::office::tables::{export_customers, text_of};
use crate::office::{OfficeError, PackKind};
use crate::server::{Folder, Services};

#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// Customers with contacts and units: says line by line what it would do; `--take` does it.
    Customers {
        /// CSV, or cells separated by tabs or semicolons; UTF-8 or GB18030.
        file: PathBuf,
        /// Take every line that can be taken.
        #[arg(long)]
        take: bool,
    },
    /// A list of parts (number, zh-CN, en): the next version, valid from a day.
    Parts {
        file: PathBuf,
        #[arg(long, value_name = "YYYY-MM-DD")]
        valid_from: String,
    },
    /// A list of prices (key, product, amount in yuan, valid_from, valid_to): the next version, valid from a day.
    Prices {
        file: PathBuf,
        #[arg(long, value_name = "YYYY-MM-DD")]
        valid_from: String,
    },
}

fn read(path: &Path) -> Result<String, CliError> {
    let bytes = std::fs::read(path).map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(text_of(&bytes).map_err(OfficeError::from)?)
}

/// Imports a table. The server must be stopped.
pub(super) fn import(config: &Config, command: &ImportCommand) -> Result<ExitCode, CliError> {
    let _alone = Folder::open(&config.data)?;
    let services = Services::open(config, crate::system::system_env()?)?;
    let (office, by) = (&services.office, terminal());
    match command {
        ImportCommand::Customers { file, take } => {
            let lines = office.import_customers(&by, &read(file)?, *take)?;
            let (mut taken, mut refused) = (0, 0);
            for line in &lines {
                if let Some((code, column)) = line.refused {
                    refused += 1;
                    let why = label(Lang::En, &format!("office.{code}"));
                    say(&format!("line {}, column {column}: {why}", line.line));
                } else if !line.does.is_empty() {
                    taken += 1;
                }
                for column in &line.differs {
                    say(&format!(
                        "line {}, column {column}: the record says otherwise and stays",
                        line.line
                    ));
                }
            }
            let did = if *take {
                "taken"
            } else {
                "would be taken (--take does it)"
            };
            say(&format!(
                "{taken} of {} lines {did}, {refused} refused",
                lines.len()
            ));
            Ok(if refused == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        ImportCommand::Parts { file, valid_from } => {
            office.publish_table(&by, PackKind::Parts, &read(file)?, valid_from)?;
            say("published");
            Ok(ExitCode::SUCCESS)
        }
        ImportCommand::Prices { file, valid_from } => {
            office.publish_table(&by, PackKind::Prices, &read(file)?, valid_from)?;
            say("published");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Writes customers, contacts and units as a table.
pub(super) fn export(config: &Config, file: &Path) -> Result<ExitCode, CliError> {
    let services = super::existing(config, crate::system::system_env()?)?;
    let bytes = export_customers(&services.office, &terminal())?;
    std::fs::write(file, bytes).map_err(|source| CliError::File {
        path: file.to_owned(),
        source,
    })?;
    say(&format!("written to {}", file.display()));
    Ok(ExitCode::SUCCESS)
}
