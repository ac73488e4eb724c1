//! `user`: people with accounts, where the page cannot be reached or nobody can sign in.
//!
//! `list` and `set-link` work beside a running server; `add` writes into the directory and needs the folder alone.

use std::process::ExitCode;

use clap::Subcommand;
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;

use super::{CliError, say, terminal};
use crate::auth::store::LinkPurpose;
use crate::config::Config;
use crate::office::NewUser;
use crate::server::{Folder, Services};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a person and print the link at which the password is set. The server must be stopped.
    Add {
        /// What the person types to sign in.
        login: String,
        /// The name shown to colleagues; the login if none is given.
        #[arg(long)]
        name: Option<String>,
        /// A role; repeat it for several.
        #[arg(long = "role", required = true, value_parser = parse_role)]
        roles: Vec<Role>,
        /// Language of the person's page: zh-CN or en.
        #[arg(long, default_value = "zh-CN", value_parser = super::parse_lang)]
        language: Lang,
    },
    /// Print everybody with roles.
    List,
    /// Print a one-time link at which a person sets a new password.
    SetLink {
        /// What the person types to sign in.
        login: String,
    },
}

fn parse_role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("roles are {}", known.join(", "))
    })
}

pub(super) fn run(config: &Config, command: UserCommand) -> Result<ExitCode, CliError> {
    let env = crate::system::system_env()?;
    match command {
        UserCommand::Add {
            login,
            name,
            roles,
            language,
        } => {
            let _alone = Folder::open(&config.data)?;
            let services = Services::open(config, env.clone())?;
            let new = NewUser {
                name: name.unwrap_or_else(|| login.clone()),
                login,
                roles,
                language,
            };
            let user = UserId(env.uuid_v7());
            services.office.create_user(&terminal(), user, &new)?;
            let link = services.auth.new_link(user, LinkPurpose::SetPassword)?;
            say(&super::link_text(config, link.expose()));
        }
        UserCommand::List => {
            let services = super::existing(config, env)?;
            let (lines, _) = services.office.users(&terminal())?;
            for line in lines {
                let roles: Vec<&str> = line.person.roles.iter().map(|role| role.as_str()).collect();
                let mut marks = Vec::new();
                if !line.person.active {
                    marks.push("left");
                }
                if line.login.is_some() && !line.has_password {
                    marks.push("no password yet");
                }
                say(&format!(
                    "{}  {}  {}  {}  {}",
                    line.person.user,
                    line.login.as_deref().unwrap_or("-"),
                    line.person.name,
                    roles.join(","),
                    marks.join(", ")
                ));
            }
        }
        UserCommand::SetLink { login } => {
            let services = super::existing(config, env)?;
            let user = super::user_of(&services, &login)?;
            let link = services.auth.new_link(user, LinkPurpose::SetPassword)?;
            say(&super::link_text(config, link.expose()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
