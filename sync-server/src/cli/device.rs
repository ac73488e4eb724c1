//! `device`: codes, list, revocation.
//!
//! `list` and `code` work beside a running server; `revoke` writes into the directory and needs the folder alone.

use std::process::ExitCode;

use clap::Subcommand;
use fieldseal_core::domain::ids::DeviceId;

use super::{CliError, say, terminal};
use crate::config::Config;
use crate::server::{Folder, Services};

#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Print a one-time code that enrols a device of an engineer within ten minutes.
    Code {
        /// The engineer's login.
        login: String,
    },
    /// Print every device ever enrolled.
    List,
    /// Refuse a device from now on. The server must be stopped; while it runs, use the page.
    Revoke {
        /// The device's id, as `device list` prints it.
        device: DeviceId,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

pub(super) fn run(config: &Config, command: DeviceCommand) -> Result<ExitCode, CliError> {
    let env = crate::system::system_env()?;
    match command {
        DeviceCommand::Code { login } => {
            let services = super::existing(config, env)?;
            let user = super::user_of(&services, &login)?;
            let new = services.office.new_enrolment_code(&terminal(), user)?;
            say(&new.code.expose());
        }
        DeviceCommand::List => {
            let services = super::existing(config, env)?;
            let time = |ms: i64| config.zone.local_time(ms).to_string();
            for line in services.office.devices(&terminal())? {
                let device = line.device;
                say(&format!(
                    "{}  {}  {}  enrolled {}  heard {}  {}",
                    device.id,
                    line.engineer,
                    device.name,
                    time(device.created_at),
                    device.last_seen.map_or_else(|| "never".to_owned(), time),
                    device
                        .revoked_at
                        .map_or_else(String::new, |at| format!("revoked {}", time(at))),
                ));
            }
        }
        DeviceCommand::Revoke { device, reason } => {
            let _alone = Folder::open(&config.data)?;
            let services = Services::open(config, env)?;
            services.office.revoke_device(&terminal(), device, &reason)?;
            say("revoked");
        }
    }
    Ok(ExitCode::SUCCESS)
}
