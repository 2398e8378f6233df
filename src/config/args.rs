//! The settings as they are typed. The doc comments of [`Args`] are the manual that `--help` prints.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::Args as ClapArgs;
use ipnet::IpNet;

use super::{LogFormat, SignUp};

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

    /// Address and port where Prometheus reads /metrics; nowhere if left out. Keep it from strangers
    #[arg(long, global = true, env = "LATCHKEY_METRICS_LISTEN", help_heading = "Settings", hide_short_help = true)]
    pub metrics_listen: Option<SocketAddr>,

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

    /// Let people read packages with the username and password they sign in with, in any client, beside tokens. A password
    /// that a client keeps opens the portal too; a token can do less and end by itself
    #[arg(long, global = true, env = "LATCHKEY_PASSWORD_READS", value_parser = clap::builder::FalseyValueParser::new(), help_heading = "Settings", hide_short_help = true)]
    pub password_reads: bool,

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

    /// Most MiB of packages that the tokens of one account may have published in all; 0 for no limit. Removed versions do
    /// not count
    #[arg(long, global = true, env = "LATCHKEY_ACCOUNT_QUOTA_MIB", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1 << 40), help_heading = "Settings", hide_short_help = true)]
    pub account_quota_mib: u64,

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

    /// Services of the container registries that this host gives access to, as their `auth.token.service` says, separated
    /// by commas; without one it serves no containers
    #[arg(long, global = true, env = "LATCHKEY_REGISTRY_SERVICES", value_delimiter = ',', value_parser = registry_service, help_heading = "Settings", hide_short_help = true)]
    pub registry_services: Vec<String>,

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

    /// File that gets what is recorded as one JSON object in a line, as it happens; none if left out
    #[arg(long, global = true, env = "LATCHKEY_AUDIT_LOG", help_heading = "Settings", hide_short_help = true)]
    pub audit_log: Option<PathBuf>,

    /// What is logged, such as `latchkey=debug,warn`; a line for each request where it includes `requests=info`
    #[arg(
        long,
        global = true,
        env = "LATCHKEY_LOG",
        default_value = "info,requests=warn,actix_http=off,actix_server=warn,object_store=warn",
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
  LATCHKEY_REGISTRY_SECRET  what container registries show with their notifications (default: none are taken)
  LATCHKEY_SECRET_FILE   file with the master secret; needed with PostgreSQL (default: made in the data folder)";

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

/// What a registry calls itself: it stands in a quoted header.
fn registry_service(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_plain = text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\'));
    if !text.is_empty() && is_plain && text.len() <= 255 {
        Ok(text.to_owned())
    } else {
        Err("write the service of the registry's configuration, such as registry.example.com".to_owned())
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
