//! Configuration: flags before environment (`FIELDSEAL_*`, both read by `cli`) before a TOML file before defaults.
//!
//! Invariant: a [`Config`] that exists is safe to serve with: plain HTTP never listens beyond loopback unless a
//! proxy with TLS is said to stand in front.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::wire::LARGE_BLOB_MAX;
use serde::Deserialize;

use crate::blobs::UploadLimits;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What was said in one place: on the command line and in the environment, or in the file. Every field is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Folder of the database, the blobs and the keys.
    #[arg(long, global = true, env = "FIELDSEAL_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, global = true, env = "FIELDSEAL_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// A proxy with TLS stands in front: any listen address is allowed, cookies are `Secure`.
    #[arg(long, global = true, env = "FIELDSEAL_BEHIND_PROXY", num_args = 0..=1, default_missing_value = "true")]
    pub behind_proxy: Option<bool>,
    /// The address under which people reach the page; stands in printed links.
    #[arg(long, global = true, env = "FIELDSEAL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// The company's time zone (IANA name); local dates and ticket numbers follow it.
    #[arg(long, global = true, env = "FIELDSEAL_ZONE", value_name = "ZONE")]
    pub zone: Option<String>,
    /// The organisation's name, as it stands in certificates and on reports.
    #[arg(long, global = true, env = "FIELDSEAL_ORGANISATION", value_name = "NAME")]
    pub organisation: Option<String>,
    /// Bytes of the largest photo that is taken, at most 8 MiB.
    #[arg(long, global = true, env = "FIELDSEAL_UPLOAD_MAX", value_name = "BYTES")]
    pub upload_max: Option<u64>,
    /// Bytes of uploads that one device may have unfinished.
    #[arg(long, global = true, env = "FIELDSEAL_UPLOAD_OPEN_MAX", value_name = "BYTES")]
    pub upload_open_max: Option<u64>,
    /// Bytes of uploads that one device may begin in a day.
    #[arg(long, global = true, env = "FIELDSEAL_UPLOAD_DAY_MAX", value_name = "BYTES")]
    pub upload_day_max: Option<u64>,
    /// Days after which an upload that does not move is thrown away.
    #[arg(long, global = true, env = "FIELDSEAL_UPLOAD_KEEP_DAYS", value_name = "DAYS")]
    pub upload_keep_days: Option<u16>,
    /// Form of the log lines.
    #[arg(long, global = true, env = "FIELDSEAL_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// Which log lines, e.g. `info` or `fieldseal_server=debug`.
    #[arg(long, global = true, env = "FIELDSEAL_LOG", value_name = "FILTER")]
    pub log: Option<String>,
}

/// Everything that a server needs to know before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder of the database, the blobs and the keys; made if missing.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether TLS ends at a proxy in front.
    pub behind_proxy: bool,
    /// Prefix of links that are printed or shown as QR code, without a slash at its end.
    pub public_url: Option<String>,
    /// The company's zone.
    pub zone: CompanyZone,
    /// The organisation's name, as it stands in certificates and on reports.
    pub organisation: String,
    /// How much a device may upload.
    pub uploads: UploadLimits,
    /// Form of the log lines.
    pub log_format: LogFormat,
    /// Which log lines.
    pub log: String,
}

/// The address that is used when none is given.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// The organisation's name until one is given.
pub const DEFAULT_ORGANISATION: &str = "Fieldseal";
/// Longest name of an organisation, characters: it stands in every sealed report.
const ORGANISATION_MAX: usize = 100;

/// The configuration cannot be used. Nothing was started or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The TOML file cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The TOML file does not have the form.
    #[error("the configuration file {path} is not usable: {reason}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        reason: String,
    },
    /// Plain HTTP beyond this machine.
    #[error(
        "refusing to serve plain HTTP on {listen}: passwords and reports would travel readable. Listen on a loopback \
         address (127.0.0.1 or [::1]), or put a proxy with TLS in front and say --behind-proxy (FIELDSEAL_BEHIND_PROXY). \
         TLS inside this server (PEM files) comes with a later version"
    )]
    PlainHttp {
        /// The address that was asked for.
        listen: SocketAddr,
    },
    /// Not a time zone.
    #[error("{zone} is not the name of a time zone; an example is Asia/Shanghai")]
    Zone {
        /// What was given.
        zone: String,
    },
    /// Not a name.
    #[error(
        "the organisation's name must have 1 to {ORGANISATION_MAX} characters, none of them a control character"
    )]
    Organisation,
    /// Upload limits that leave no room.
    #[error(
        "the upload limits must leave room: upload_max from 1 to {LARGE_BLOB_MAX} bytes, upload_open_max and \
         upload_day_max at least that of one photo, upload_keep_days at least 1"
    )]
    Uploads,
    /// Not a public address.
    #[error("the public address must be http:// or https:// with a host and without a path: {url}")]
    PublicUrl {
        /// What was given.
        url: String,
    },
}

impl Settings {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// [`ConfigError::Read`] and [`ConfigError::Form`], naming the file.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| ConfigError::Form {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    }

    /// These settings, and `weaker` where these say nothing.
    #[must_use]
    pub fn or(self, weaker: Self) -> Self {
        Self {
            data: self.data.or(weaker.data),
            listen: self.listen.or(weaker.listen),
            behind_proxy: self.behind_proxy.or(weaker.behind_proxy),
            public_url: self.public_url.or(weaker.public_url),
            zone: self.zone.or(weaker.zone),
            organisation: self.organisation.or(weaker.organisation),
            upload_max: self.upload_max.or(weaker.upload_max),
            upload_open_max: self.upload_open_max.or(weaker.upload_open_max),
            upload_day_max: self.upload_day_max.or(weaker.upload_day_max),
            upload_keep_days: self.upload_keep_days.or(weaker.upload_keep_days),
            log_format: self.log_format.or(weaker.log_format),
            log: self.log.or(weaker.log),
        }
    }

    /// Puts in the defaults and checks what may not be.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn into_config(self) -> Result<Config, ConfigError> {
        let zone = match self.zone {
            Some(zone) => zone.parse().map_err(|_| ConfigError::Zone { zone })?,
            None => CompanyZone::default(),
        };
        let organisation = self
            .organisation
            .unwrap_or_else(|| DEFAULT_ORGANISATION.to_owned());
        let usual = UploadLimits::default();
        let config = Config {
            uploads: UploadLimits {
                file: self.upload_max.unwrap_or(usual.file),
                open: self.upload_open_max.unwrap_or(usual.open),
                day: self.upload_day_max.unwrap_or(usual.day),
                keep_days: self.upload_keep_days.unwrap_or(usual.keep_days),
            },
            data: self.data.unwrap_or_else(|| PathBuf::from("fieldseal-data")),
            listen: self.listen.unwrap_or(DEFAULT_LISTEN),
            behind_proxy: self.behind_proxy.unwrap_or(false),
            public_url: self.public_url.map(|url| url.trim_end_matches('/').to_owned()),
            zone,
            organisation: organisation.trim().to_owned(),
            log_format: self.log_format.unwrap_or_default(),
            log: self
                .log
                .unwrap_or_else(|| "info,fieldseal_server=info".to_owned()),
        };
        config.check()?;
        Ok(config)
    }
}

impl Config {
    /// A configuration for one folder and address, everything else by default.
    pub fn new(data: impl Into<PathBuf>, listen: SocketAddr) -> Self {
        Self {
            data: data.into(),
            listen,
            behind_proxy: false,
            public_url: None,
            zone: CompanyZone::default(),
            organisation: DEFAULT_ORGANISATION.to_owned(),
            uploads: UploadLimits::default(),
            log_format: LogFormat::Text,
            log: "info".to_owned(),
        }
    }

    /// Refuses what is not safe to serve with.
    ///
    /// # Errors
    /// [`ConfigError::PlainHttp`] and [`ConfigError::PublicUrl`].
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.behind_proxy && !self.listen.ip().is_loopback() {
            return Err(ConfigError::PlainHttp { listen: self.listen });
        }
        let length = self.organisation.chars().count();
        if length == 0 || length > ORGANISATION_MAX || self.organisation.chars().any(char::is_control) {
            return Err(ConfigError::Organisation);
        }
        let uploads = self.uploads;
        if uploads.file == 0
            || uploads.file > LARGE_BLOB_MAX
            || uploads.open.min(uploads.day) < uploads.file
            || uploads.keep_days == 0
        {
            return Err(ConfigError::Uploads);
        }
        if let Some(url) = &self.public_url {
            let rest = url
                .strip_prefix("https://")
                .or_else(|| url.strip_prefix("http://"));
            let host_only = |rest: &str| !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']);
            if !rest.is_some_and(host_only) {
                return Err(ConfigError::PublicUrl { url: url.clone() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file: Settings = toml::from_str("listen = \"127.0.0.1:9000\"\nlog_format = \"json\"").unwrap();
        let flags = Settings {
            listen: Some("[::1]:9001".parse().unwrap()),
            ..Settings::default()
        };
        let config = flags.or(file).into_config().unwrap();
        assert_eq!(config.listen, "[::1]:9001".parse().unwrap());
        assert_eq!(config.log_format, LogFormat::Json);
        assert_eq!(config.zone, CompanyZone::default());
        assert_eq!(config.data, PathBuf::from("fieldseal-data"));
    }

    #[test]
    fn plain_http_stays_on_this_machine_unless_a_proxy_is_named() {
        let open = Settings {
            listen: Some("0.0.0.0:80".parse().unwrap()),
            ..Settings::default()
        };
        let error = open.clone().into_config().unwrap_err();
        assert!(matches!(error, ConfigError::PlainHttp { .. }));
        assert!(error.to_string().contains("--behind-proxy"));
        let proxied = Settings {
            behind_proxy: Some(true),
            ..open
        };
        assert!(proxied.into_config().unwrap().behind_proxy);
    }

    #[test]
    fn mistakes_are_named() {
        let unknown = toml::from_str::<Settings>("lisen = \"127.0.0.1:1\"").unwrap_err();
        assert!(unknown.to_string().contains("lisen"), "{unknown}");
        let zone = Settings {
            zone: Some("Shanghai".to_owned()),
            ..Settings::default()
        };
        assert!(zone.into_config().unwrap_err().to_string().contains("Shanghai"));
        for (upload_max, upload_day_max) in [
            (Some(0), None),
            (Some(LARGE_BLOB_MAX + 1), None),
            (None, Some(10)),
        ] {
            let settings = Settings {
                upload_max,
                upload_day_max,
                ..Settings::default()
            };
            assert!(matches!(settings.into_config(), Err(ConfigError::Uploads)));
        }
        for url in ["ftp://a", "https://", "https://a/b", "a.example"] {
            let settings = Settings {
                public_url: Some(url.to_owned()),
                ..Settings::default()
            };
            assert!(
                matches!(settings.into_config(), Err(ConfigError::PublicUrl { .. })),
                "{url}"
            );
        }
        let good = Settings {
            public_url: Some("https://a.example/".to_owned()),
            ..Settings::default()
        };
        assert_eq!(
            good.into_config().unwrap().public_url.as_deref(),
            Some("https://a.example")
        );
    }
}
