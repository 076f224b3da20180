//! The settings of `serve`: key in the file, flag, environment variable. Help, default and number of values stand with the flag. [`file`] reads
//! `holdfast.toml`; [`config`] puts flags, environment and file together.

pub mod config;
pub mod file;

use holdfast_bitcoin::Network;
use holdfast_telemetry::logs::{Filter, Format};
use ipnet::IpNet;
use std::net::IpAddr;

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A path; a relative one begins at the working directory.
    Path,
    /// A URL, without a password.
    Url,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Texts.
    List,
    /// Addresses of machines, or networks of them.
    Addresses,
    /// A Bitcoin-like network.
    Network,
    /// A filter of log lines.
    Filter,
    /// The form of log lines.
    Format,
}

impl Kind {
    /// Returns its name in the reference.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text | Kind::Filter => "text",
            Kind::Path => "path",
            Kind::Url => "URL",
            Kind::Integer => "whole number",
            Kind::Number => "number",
            Kind::List => "list of texts",
            Kind::Addresses => "list of addresses and networks",
            Kind::Network => "network",
            Kind::Format => "`text` or `json`",
        }
    }

    /// Checks one value.
    ///
    /// # Errors
    /// A text that names what is wrong and how to fix it.
    pub fn check(self, text: &str, setting: &Setting) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("'{text}' is {what}"));
        match self {
            _ if text.is_empty() => Err("is empty; leave the key out instead".to_owned()),
            Kind::Text | Kind::Path | Kind::List => Ok(()),
            Kind::Url if has_password(text) => {
                let file = format!("{}_file", setting.key);
                Err(format!("holds a password; write it into a file that only Holdfast reads, and name that in {file}"))
            }
            Kind::Url => Ok(()),
            Kind::Integer => text.parse::<u32>().map(drop).or_else(|_| wrong("no whole number of up to 32 bits")),
            Kind::Number => match text.parse::<f64>() {
                Ok(n) if n.is_finite() && n >= 0.0 => Ok(()),
                _ => wrong("no number of 0 or more"),
            },
            Kind::Addresses => addresses(text).map(drop),
            Kind::Network => text.parse::<Network>().map(drop).map_err(|e| e.to_string()),
            Kind::Filter => text.parse::<Filter>().map(drop).map_err(|e| e.to_string()),
            Kind::Format => text.parse::<Format>().map(drop).map_err(|e| e.to_string()),
        }
    }

    /// Returns whether a setting of the kind has several values.
    pub fn is_list(self) -> bool {
        matches!(self, Kind::List | Kind::Addresses)
    }
}

/// Reads an address of a machine, or a network of them.
///
/// # Errors
/// A text that names what is wrong and how to fix it.
pub fn addresses(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<IpAddr>().map(IpNet::from);
    one.or_else(|_| text.parse())
        .map_err(|_| format!("'{text}' is no IP address or network, such as 10.0.0.1 or 10.0.0.0/8"))
}

/// Returns whether a URL names a password.
fn has_password(url: &str) -> bool {
    let user = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map_or("", |(user, _)| user);
    user.contains(':') || url.contains("password=")
}

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Table and key in the file; none for what is no setting of a file.
    pub key: &'static str,
    /// Name of the flag, without dashes.
    pub flag: &'static str,
    /// Environment variable.
    pub env: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Flag of an equivalent setting; the one from the stronger source wins.
    pub instead_of: Option<&'static str>,
}

const fn setting(key: &'static str, flag: &'static str, env: &'static str, kind: Kind) -> Setting {
    Setting { key, flag, env, kind, instead_of: None }
}

const fn either(setting: Setting, instead_of: &'static str) -> Setting {
    Setting { instead_of: Some(instead_of), ..setting }
}

/// All settings, in the order of the reference. `--open` is none: a desk is opened by hand, to try it out. `--password` is none either: secrets
/// stand in files.
pub const SETTINGS: [Setting; 39] = [
    setting("store.path", "store", "HOLDFAST_STORE", Kind::Path),
    setting("server.listen", "listen", "HOLDFAST_LISTEN", Kind::Text),
    setting("server.role", "role", "HOLDFAST_ROLE", Kind::Text),
    setting("server.desks", "desk", "HOLDFAST_DESKS", Kind::List),
    setting("server.desk_patience_seconds", "desk-patience", "HOLDFAST_DESK_PATIENCE_SECONDS", Kind::Integer),
    setting("server.site", "site", "HOLDFAST_SITE", Kind::Text),
    setting("server.hosts", "host", "HOLDFAST_HOSTS", Kind::List),
    setting("server.trusted_proxies", "trusted-proxy", "HOLDFAST_TRUSTED_PROXIES", Kind::Addresses),
    setting("server.metrics", "metrics", "HOLDFAST_METRICS", Kind::Text),
    setting("server.ready_max_lag_blocks", "ready-max-lag", "HOLDFAST_READY_MAX_LAG_BLOCKS", Kind::Integer),
    setting(
        "server.ready_max_silence_seconds",
        "ready-max-silence",
        "HOLDFAST_READY_MAX_SILENCE_SECONDS",
        Kind::Integer,
    ),
    either(setting("database.url", "database", "HOLDFAST_DATABASE", Kind::Url), "database-file"),
    either(setting("database.url_file", "database-file", "HOLDFAST_DATABASE_FILE", Kind::Path), "database"),
    setting("database.state_folder", "state-folder", "HOLDFAST_STATE_FOLDER", Kind::Path),
    setting("node.network", "network", "HOLDFAST_NETWORK", Kind::Network),
    either(setting("node.rpc", "rpc", "HOLDFAST_RPC", Kind::Url), "rest"),
    either(setting("node.rest", "rest", "HOLDFAST_REST", Kind::Url), "rpc"),
    setting("node.user", "user", "HOLDFAST_RPC_USER", Kind::Text),
    either(setting("node.password_file", "password-file", "HOLDFAST_RPC_PASSWORD_FILE", Kind::Path), "password"),
    setting("node.cookie", "cookie", "HOLDFAST_RPC_COOKIE", Kind::Path),
    setting("node.poll_seconds", "poll", "HOLDFAST_POLL_SECONDS", Kind::Number),
    setting("node.from_height", "from-height", "HOLDFAST_FROM_HEIGHT", Kind::Integer),
    setting("node.chains_file", "chains", "HOLDFAST_CHAINS", Kind::Path),
    setting("desk.providers_file", "providers", "HOLDFAST_PROVIDERS", Kind::Path),
    setting("desk.policy_file", "policy", "HOLDFAST_POLICY", Kind::Path),
    setting("desk.decision_threads", "decision-threads", "HOLDFAST_DECISION_THREADS", Kind::Integer),
    either(setting("mail.smtp", "smtp", "HOLDFAST_SMTP", Kind::Url), "smtp-file"),
    either(setting("mail.smtp_file", "smtp-file", "HOLDFAST_SMTP_FILE", Kind::Path), "smtp"),
    setting("mail.from", "mail-from", "HOLDFAST_MAIL_FROM", Kind::Text),
    setting("mail.staff", "staff", "HOLDFAST_STAFF", Kind::List),
    setting("sign_on.issuer", "sign-on-issuer", "HOLDFAST_SIGN_ON_ISSUER", Kind::Url),
    setting("sign_on.client_id", "sign-on-client", "HOLDFAST_SIGN_ON_CLIENT", Kind::Text),
    setting("sign_on.client_secret_file", "sign-on-secret-file", "HOLDFAST_SIGN_ON_SECRET_FILE", Kind::Path),
    setting("sign_on.name_claim", "sign-on-name-claim", "HOLDFAST_SIGN_ON_NAME_CLAIM", Kind::Text),
    setting("sign_on.groups_claim", "sign-on-groups-claim", "HOLDFAST_SIGN_ON_GROUPS_CLAIM", Kind::Text),
    setting("sign_on.scopes", "sign-on-scope", "HOLDFAST_SIGN_ON_SCOPES", Kind::List),
    setting("sign_on.roles", "sign-on-role", "HOLDFAST_SIGN_ON_ROLES", Kind::List),
    setting("log.filter", "log", "HOLDFAST_LOG", Kind::Filter),
    setting("log.format", "log-format", "HOLDFAST_LOG_FORMAT", Kind::Format),
];
