//! The settings, read once at the start. The doc comments of [`Args`] are the manual that `--help` prints.

mod in_force;
mod public_url;
mod secrets;

use std::{
    ffi::OsString,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context;
use clap::{Args as ClapArgs, ValueEnum};
use ipnet::IpNet;
use thiserror::Error;

pub use self::{
    public_url::PublicUrl,
    secrets::{MasterSecret, SecretText, aws_variables, private_folder, read_secret},
};
use crate::{
    packages::blobs::BlobSettings,
    store::{DATABASE_FILE, DatabaseUrl, Engine},
};

/// Settings as flags and `LATCHKEY_…` variables.
#[derive(Clone, Debug, ClapArgs)]
pub struct Args {
    /// Address and port to listen on
    #[arg(
        long,
        global = true,
        env = "LATCHKEY_LISTEN",
        default_value = "127.0.0.1:8080",
        help_heading = "Settings",
        hide_short_help = true
    )]
    pub listen: SocketAddr,

    /// Address people and clients use, such as https://packages.example.com/keys; may have a path.
    /// Needed, with https, unless Latchkey listens on this machine only
    #[arg(long, global = true, env = "LATCHKEY_PUBLIC_URL", help_heading = "Settings", hide_short_help = true)]
    pub public_url: Option<String>,

    /// Allow a public address without https
    #[arg(long, global = true, env = "LATCHKEY_INSECURE_HTTP", value_parser = clap::builder::FalseyValueParser::new(), help_heading = "Settings", hide_short_help = true)]
    pub insecure_http: bool,

    /// Folder for the database, packages, mails and the master secret
    #[arg(
        long,
        global = true,
        env = "LATCHKEY_DATA_DIR",
        default_value = "./data",
        help_heading = "Settings",
        hide_short_help = true
    )]
    pub data_dir: PathBuf,

    /// Who may create an account: `closed` (the setup link and operators) or `open` (everybody)
    #[arg(
        long,
        global = true,
        env = "LATCHKEY_SIGN_UP",
        default_value = "closed",
        help_heading = "Settings",
        hide_short_help = true
    )]
    pub sign_up: SignUp,

    /// Longest lifetime of a token, in days; without it tokens may live for ever
    #[arg(long, global = true, env = "LATCHKEY_MAX_TOKEN_DAYS", value_parser = clap::value_parser!(i64).range(1..=36525), help_heading = "Settings", hide_short_help = true)]
    pub max_token_days: Option<i64>,

    /// Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas
    #[arg(long, global = true, env = "LATCHKEY_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, help_heading = "Settings", hide_short_help = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// Sender of mails, such as "Packages <packages@example.com>"
    #[arg(long, global = true, env = "LATCHKEY_MAIL_FROM", help_heading = "Settings", hide_short_help = true)]
    pub mail_from: Option<String>,

    /// Most mails handed to the mail server in a minute, by all nodes together; the most urgent go first
    #[arg(long, global = true, env = "LATCHKEY_MAILS_PER_MINUTE", default_value_t = 60, value_parser = clap::value_parser!(i64).range(2..=100_000), help_heading = "Settings", hide_short_help = true)]
    pub mails_per_minute: i64,

    /// Largest package a push may carry, in MiB
    #[arg(long, global = true, env = "LATCHKEY_MAX_PACKAGE_MIB", default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..=10240), help_heading = "Settings", hide_short_help = true)]
    pub max_package_mib: u64,

    /// Most pushes at once by all tokens of one account; more wait for their turn
    #[arg(long, global = true, env = "LATCHKEY_PUSHES_PER_ACCOUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = "Settings", hide_short_help = true)]
    pub pushes_per_account: u16,

    /// Most pushes at once by everybody; more wait for their turn
    #[arg(long, global = true, env = "LATCHKEY_PUSHES", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = "Settings", hide_short_help = true)]
    pub pushes: u16,

    /// How long a push waits for its turn, in seconds, before it is refused
    #[arg(long, global = true, env = "LATCHKEY_PUSH_WAIT", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600), help_heading = "Settings", hide_short_help = true)]
    pub push_wait: u64,

    /// Most connections one address may keep open, but for those with live keys; of clients behind trusted proxies, most
    /// requests at once
    #[arg(long, global = true, env = "LATCHKEY_CONNECTIONS_PER_ADDRESS", default_value_t = 256, value_parser = clap::value_parser!(u16).range(8..), help_heading = "Settings", hide_short_help = true)]
    pub connections_per_address: u16,

    /// Where to report security problems: a mailto: or https: address, shown in /.well-known/security.txt
    #[arg(long, global = true, env = "LATCHKEY_SECURITY_CONTACT", value_parser = security_contact, help_heading = "Settings", hide_short_help = true)]
    pub security_contact: Option<String>,

    /// How long the record of what was done is kept, in days; 0 keeps it for ever
    #[arg(long, global = true, env = "LATCHKEY_EVENT_DAYS", default_value_t = 730, value_parser = clap::value_parser!(i64).range(0..=36525), help_heading = "Settings", hide_short_help = true)]
    pub event_days: i64,

    /// Most database connections for reads (default: 4 with SQLite, 12 with PostgreSQL)
    #[arg(long, global = true, env = "LATCHKEY_DATABASE_READERS", value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Settings", hide_short_help = true)]
    pub database_readers: Option<u32>,

    /// Most database connections for changes (default: 6 with PostgreSQL; SQLite always has 1)
    #[arg(long, global = true, env = "LATCHKEY_DATABASE_WRITERS", value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Settings", hide_short_help = true)]
    pub database_writers: Option<u32>,

    /// What is logged, such as `info` or `latchkey=debug,warn`
    #[arg(
        long,
        global = true,
        env = "LATCHKEY_LOG",
        default_value = "info,actix_http=off,actix_server=warn",
        help_heading = "Settings",
        hide_short_help = true
    )]
    pub log: String,

    /// How log lines look
    #[arg(
        long,
        global = true,
        env = "LATCHKEY_LOG_FORMAT",
        default_value = "text",
        help_heading = "Settings",
        hide_short_help = true
    )]
    pub log_format: LogFormat,
}

/// The variables that hold secrets, and so are no flags: each can also be given as `…_FILE`.
pub const SECRET_VARIABLES: &str =
    "Secrets come from the environment only, each also as NAME_FILE with the path of a file:
  LATCHKEY_DATABASE_URL  postgres://user:password@host/database (default: SQLite in the data folder);
                         of several hosts (one:5432,two:5432) the first that takes changes
  LATCHKEY_BLOB_URL      s3://bucket/prefix (default: the folder `packages` in the data folder)
  LATCHKEY_SMTP_URL      smtps://user:password@host (TLS, port 465) or
                         smtp://user:password@host (STARTTLS, port 587); may end in
                         ?ca=/path.pem (one more authority), ?timeout=30 (seconds for a mail),
                         ?tls=none (smtp://host only, port 25) (default: mails as files)
  LATCHKEY_SECRET_FILE   file with the master secret; needed with PostgreSQL (default: made in the data folder)";

/// Refuses `LATCHKEY_…` variables that no setting reads: a misspelt one would leave its setting at the default unseen.
pub fn refuse_unknown_variables(command: &clap::Command) -> Result<(), BadSetting> {
    let unknown = variables().into_iter().find(|(name, value)| is_unknown(name, value, command));
    unknown.map_or(Ok(()), |(name, _)| Err(BadSetting::Unknown(name)))
}

/// The variables that look like what Kubernetes tells every program about services whose names begin with `latchkey`;
/// they are ignored.
pub fn service_links() -> Vec<String> {
    variables().into_iter().filter(|(name, value)| is_service_link(name, value)).map(|(name, _)| name).collect()
}

/// The `LATCHKEY_…` variables that are set, by name.
fn variables() -> Vec<(String, String)> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned()));
    let mut all: Vec<_> =
        std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with("LATCHKEY_")).collect();
    all.sort();
    all
}

fn is_unknown(name: &str, value: &str, command: &clap::Command) -> bool {
    let flag = |name: &str| command.get_arguments().any(|arg| arg.get_env().is_some_and(|env| env == name));
    let secret = |name: &str| SECRET_VARIABLES.contains(&format!("  {} ", name.trim_end_matches("_FILE")));
    let known =
        |name: &str| flag(name) || secret(name) || ["LATCHKEY_SECRET_FILE", "LATCHKEY_TIME_TRAVEL"].contains(&name);
    !known(name) && !is_service_link(name, value)
}

/// Kubernetes tells every program where each service is: for one called `latchkey-db`, `LATCHKEY_DB_SERVICE_HOST`,
/// `LATCHKEY_DB_SERVICE_PORT`, `…_SERVICE_PORT_NAME`, `LATCHKEY_DB_PORT=tcp://…`, `LATCHKEY_DB_PORT_5432_TCP` and
/// `…_ADDR`, `…_PORT`, `…_PROTO`. The value of the plain `…_PORT` tells it from a misspelt setting.
fn is_service_link(name: &str, value: &str) -> bool {
    let Some(name) = name.strip_prefix("LATCHKEY") else { return false };
    let service_port = |rest: &str| rest.is_empty() || rest.starts_with('_');
    name.ends_with("_SERVICE_HOST")
        || name.rsplit_once("_SERVICE_PORT").is_some_and(|(_, rest)| service_port(rest))
        || (name.ends_with("_PORT") && value.contains("://"))
        || name.rsplit_once("_PORT_").is_some_and(|(_, rest)| is_port(rest))
        || name.strip_suffix("_PORT").and_then(|name| name.rsplit_once("_PORT_")).is_some_and(|(_, rest)| is_port(rest))
}

/// `5432_TCP`, perhaps followed by `_ADDR`, `_PORT` or `_PROTO`.
fn is_port(text: &str) -> bool {
    let mut parts = text.split('_');
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let protocol = parts.next().is_some_and(|part| ["TCP", "UDP", "SCTP"].contains(&part));
    let end = parts.next().is_none_or(|part| ["ADDR", "PORT", "PROTO"].contains(&part));
    number && protocol && end && parts.next().is_none()
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignUp {
    /// Only with the setup link, or by an operator.
    Closed,
    /// Everybody.
    Open,
}

/// What pushes may be at once; the others wait for their turn.
#[derive(Clone, Copy, Debug)]
pub struct PushLimits {
    /// Pushes of all tokens of one account.
    pub account: usize,
    /// Pushes of everybody.
    pub all: usize,
    /// How long a push waits for its turn.
    pub patience: Duration,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match network {
        Ok(network) if network.prefix_len() == 0 => {
            Err("a network of all addresses would let anybody forge theirs".to_owned())
        }
        Ok(network) => Ok(network),
        Err(_) => Err("write an address such as 10.0.0.7 or a network such as 10.0.0.0/24".to_owned()),
    }
}

/// An address for people who found a hole (RFC 9116, section 2.5.3). An empty text is none at all.
fn security_contact(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|c| c.is_ascii_graphic());
    if text.is_empty() || plain && ["mailto:", "https://"].iter().any(|start| text.starts_with(start)) {
        Ok(text.to_owned())
    } else {
        Err("write mailto:security@example.com or an https:// address".to_owned())
    }
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address people and clients use; links are made from it and from nothing else.
    pub public_url: PublicUrl,
    /// Folder for everything that is kept in files.
    pub data_dir: PathBuf,
    /// Where the data is.
    pub database: DatabaseUrl,
    /// Where package files are, if not in the data folder.
    pub blob_url: Option<SecretText>,
    /// The mail server, if mails are not written to files.
    pub smtp_url: Option<SecretText>,
    /// Sender of mails.
    pub mail_from: Option<String>,
    /// Most mails in a minute, by all nodes together.
    pub mails_per_minute: i64,
    /// Who may sign up.
    pub sign_up: SignUp,
    /// Longest lifetime of a token, in days.
    pub max_token_days: Option<i64>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest package, in bytes.
    pub max_package_bytes: u64,
    /// How many pushes may be at once.
    pub pushes: PushLimits,
    /// Most connections of one address, or requests of a client behind a proxy.
    pub connections_per_address: usize,
    /// Where to report security problems.
    pub security_contact: Option<String>,
    /// How long the record is kept, in days; `None` for ever.
    pub event_days: Option<i64>,
    /// Derives every other key.
    pub master: MasterSecret,
}

/// A setting that stops the start, with what to do about it.
#[derive(Debug, Error)]
pub enum BadSetting {
    /// A public address is needed.
    #[error("LATCHKEY_PUBLIC_URL is needed when {0}: set it to the https address people use")]
    NoPublicUrl(&'static str),
    /// The public address is not one.
    #[error("LATCHKEY_PUBLIC_URL {0}")]
    PublicUrl(&'static str),
    /// Not https.
    #[error("LATCHKEY_PUBLIC_URL must begin with https:// when {0} (or give --insecure-http)")]
    NotHttps(&'static str),
    /// Not a database.
    #[error(
        "LATCHKEY_DATABASE_URL must be like postgres://user:password@host:5432/database?sslmode=require (or be left out for SQLite in the data folder); sslmode is one of disable, allow, prefer, require, verify-ca, verify-full, and other parameters are sslrootcert, sslcert, sslkey, host, port, dbname, user, password, application_name, options"
    )]
    Database,
    /// The master secret cannot be shared by a data folder.
    #[error(
        "LATCHKEY_SECRET_FILE is needed with PostgreSQL: every node must have the same master secret (make one with: openssl rand -hex 64)"
    )]
    NoSecretFile,
    /// A file that cannot be read or made.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// A variable that no setting reads.
    #[error("{0} is no setting: it may be misspelt (latchkey --help lists them all)")]
    Unknown(String),
    /// A secret given twice.
    #[error("{0} and {0}_FILE are both set: give one of them")]
    Twice(&'static str),
    /// A secret that is none.
    #[error("{0}: the master secret must have at least 32 random characters (make one with: openssl rand -hex 64)")]
    WeakSecret(String),
    /// A secret that others can read.
    #[error("{0} can be read by everybody on this machine: make it private (chmod 600), or its folder (chmod 700)")]
    OpenSecret(String),
}

impl Settings {
    /// Checks the settings and reads the secrets. `listening_at` is the address really bound, which differs from
    /// `args.listen` when that asked for any free port.
    pub fn read(args: &Args, listening_at: SocketAddr) -> Result<Self, BadSetting> {
        let database = match read_secret("LATCHKEY_DATABASE_URL")? {
            Some(url) => DatabaseUrl::parse(url.reveal()).ok_or(BadSetting::Database)?,
            None => DatabaseUrl::file_in(&args.data_dir),
        };
        let master = MasterSecret::load(&args.data_dir, database.engine() == Engine::Postgres)?;
        Ok(Self {
            blob_url: read_secret("LATCHKEY_BLOB_URL")?,
            smtp_url: read_secret("LATCHKEY_SMTP_URL")?,
            ..Self::new(args, listening_at, database, master)?
        })
    }

    /// Whether nothing is where these settings lead: the data folder holds no database, and no other is named.
    pub fn lead_nowhere(args: &Args) -> Result<bool, BadSetting> {
        Ok(read_secret("LATCHKEY_DATABASE_URL")?.is_none() && !args.data_dir.join(DATABASE_FILE).exists())
    }

    /// Where package files are kept.
    pub fn blobs(&self) -> anyhow::Result<BlobSettings> {
        match &self.blob_url {
            Some(url) => BlobSettings::parse(url.reveal()).context("LATCHKEY_BLOB_URL is not usable"),
            None => Ok(BlobSettings::Folder(self.data_dir.join("packages"))),
        }
    }

    /// The same with secrets from elsewhere: packages in a folder, mails in files.
    pub fn new(
        args: &Args,
        listening_at: SocketAddr,
        database: DatabaseUrl,
        master: MasterSecret,
    ) -> Result<Self, BadSetting> {
        Ok(Self {
            listen: listening_at,
            public_url: public_url(args, listening_at)?,
            data_dir: args.data_dir.clone(),
            blob_url: None,
            smtp_url: None,
            mail_from: args.mail_from.clone().filter(|from| !from.trim().is_empty()),
            mails_per_minute: args.mails_per_minute,
            sign_up: args.sign_up,
            max_token_days: args.max_token_days,
            trusted_proxies: args.trusted_proxies.clone(),
            max_package_bytes: args.max_package_mib << 20,
            pushes: PushLimits {
                account: args.pushes_per_account.into(),
                all: args.pushes.into(),
                patience: Duration::from_secs(args.push_wait),
            },
            connections_per_address: args.connections_per_address.into(),
            security_contact: args.security_contact.clone().filter(|contact| !contact.is_empty()),
            event_days: Some(args.event_days).filter(|days| *days > 0),
            master,
            database: database.with_connections(args.database_readers, args.database_writers),
        })
    }
}

fn public_url(args: &Args, listening_at: SocketAddr) -> Result<PublicUrl, BadSetting> {
    let exposed = if !listening_at.ip().is_loopback() {
        Some("Latchkey listens on more than this machine")
    } else if !args.trusted_proxies.is_empty() {
        Some("a proxy is trusted")
    } else {
        None
    };
    match (&args.public_url, exposed) {
        (None, Some(why)) => Err(BadSetting::NoPublicUrl(why)),
        (None, None) => Ok(PublicUrl::of_address(listening_at)),
        (Some(text), exposed) => {
            let url = PublicUrl::parse(text).map_err(BadSetting::PublicUrl)?;
            match exposed {
                Some(why) if !url.is_https() && !args.insecure_http => Err(BadSetting::NotHttps(why)),
                _ => Ok(url),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_told_from_settings_secrets_and_what_container_hosts_set() {
        let command = Args::augment_args(clap::Command::new("latchkey"));
        for (misspelt, value) in [
            ("LATCHKEY_MAX_TOKENS_DAYS", "90"),
            ("LATCHKEY_PUBLICURL", "https://packages.example.com"),
            ("LATCHKEY_", ""),
            ("LATCHKEY_SMTP", ""),
            ("LATCHKEY_SMTP_PORT", "25"),
            ("LATCHKEY_PORT", "8080"),
            ("LATCHKEY_PORT_HTTP", "8080"),
            ("LATCHKEY_PORT_8080", "1"),
            ("LATCHKEY_SERVICE_HOSTS", "x"),
        ] {
            assert!(is_unknown(misspelt, value, &command), "{misspelt}");
        }
        for known in ["LATCHKEY_LISTEN", "LATCHKEY_SMTP_URL", "LATCHKEY_SMTP_URL_FILE", "LATCHKEY_SECRET_FILE"] {
            assert!(!is_unknown(known, "", &command) && !is_service_link(known, ""), "{known}");
        }
        for service in ["", "_DB", "_MY_FEED"] {
            for (end, value) in [
                ("_SERVICE_HOST", "10.0.0.1"),
                ("_SERVICE_PORT", "5432"),
                ("_SERVICE_PORT_HTTP", "8080"),
                ("_PORT", "tcp://10.0.0.1:5432"),
                ("_PORT_5432_TCP", "tcp://10.0.0.1:5432"),
                ("_PORT_5432_TCP_ADDR", "10.0.0.1"),
                ("_PORT_5432_TCP_PORT", "5432"),
                ("_PORT_53_UDP_PROTO", "udp"),
            ] {
                let name = format!("LATCHKEY{service}{end}");
                assert!(is_service_link(&name, value) && !is_unknown(&name, value, &command), "{name}");
            }
        }
    }
}
