//! The settings, read once at the start.

mod args;
mod public_url;
mod secrets;
mod variables;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::ValueEnum;
use ipnet::IpNet;
use thiserror::Error;

pub use self::{
    args::{Args, SECRET_VARIABLES},
    public_url::PublicUrl,
    secrets::{MasterSecret, SecretText, aws_variables, private_folder, read_secret},
    variables::{refuse_unknown_variables, service_links},
};
use crate::{
    packages::blobs::BlobSettings,
    store::{DATABASE_FILE, DatabaseUrl, Engine},
    tokens::ServedKinds,
};

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
    /// Whether a username and password read packages, as a token does.
    pub password_reads: bool,
    /// Longest lifetime of a token, in days.
    pub max_token_days: Option<i64>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest package, in bytes.
    pub max_package_bytes: u64,
    /// Most bytes of packages that one account may have published; `None` for no limit.
    pub account_quota: Option<u64>,
    /// How many pushes may be at once.
    pub pushes: PushLimits,
    /// Most connections of one address, or requests of a client behind a proxy.
    pub connections_per_address: usize,
    /// The container registries this host gives access to, by their services; none if it serves no containers.
    pub registry_services: Vec<String>,
    /// What registries show with their notifications; none where none are taken.
    pub registry_secret: Option<SecretText>,
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
    /// A secret of registries that can be guessed.
    #[error("LATCHKEY_REGISTRY_SECRET must have at least 16 characters (make one with: openssl rand -hex 32)")]
    ShortRegistrySecret,
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
            registry_secret: registry_secret()?,
            ..Self::new(args, listening_at, database, master)?
        })
    }

    /// Whether nothing is where these settings lead: the data folder holds no database, and no other is named.
    pub fn lead_nowhere(args: &Args) -> Result<bool, BadSetting> {
        Ok(read_secret("LATCHKEY_DATABASE_URL")?.is_none() && !args.data_dir.join(DATABASE_FILE).exists())
    }

    /// The kinds of packages that this host has a door for.
    pub fn served_kinds(&self) -> ServedKinds {
        ServedKinds { containers: !self.registry_services.is_empty() }
    }

    /// Where package files are kept.
    pub fn blobs(&self) -> anyhow::Result<BlobSettings> {
        match &self.blob_url {
            Some(url) => BlobSettings::parse(url.reveal()).context("LATCHKEY_BLOB_URL is not usable"),
            None => Ok(BlobSettings::Folder(self.data_dir.join("packages"))),
        }
    }

    /// The folder for uploads under way.
    pub fn uploads(&self) -> PathBuf {
        self.data_dir.join("uploads")
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
            registry_secret: None,
            mail_from: args.mail_from.clone().filter(|from| !from.trim().is_empty()),
            mails_per_minute: args.mails_per_minute,
            sign_up: args.sign_up,
            password_reads: args.password_reads,
            max_token_days: args.max_token_days,
            trusted_proxies: args.trusted_proxies.clone(),
            max_package_bytes: args.max_package_mib << 20,
            account_quota: Some(args.account_quota_mib << 20).filter(|quota| *quota > 0),
            pushes: PushLimits {
                account: args.pushes_per_account.into(),
                all: args.pushes.into(),
                patience: Duration::from_secs(args.push_wait),
            },
            connections_per_address: args.connections_per_address.into(),
            registry_services: args.registry_services.clone(),
            security_contact: args.security_contact.clone().filter(|contact| !contact.is_empty()),
            event_days: Some(args.event_days).filter(|days| *days > 0),
            master,
            database: database.with_connections(args.database_readers, args.database_writers),
        })
    }
}

/// The settings as operators see them.
impl Settings {
    /// Each setting by its variable, with its value in words. No secret is among them.
    pub fn in_force(&self) -> Vec<(&'static str, String)> {
        let or = |value: Option<String>, otherwise: &str| value.unwrap_or_else(|| otherwise.to_owned());
        let set = |is_set: bool, otherwise: &str| if is_set { "set" } else { otherwise }.to_owned();
        let proxies: Vec<_> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        let (readers, writers) = self.database.connections();
        vec![
            ("LATCHKEY_PUBLIC_URL", self.public_url.of("/")),
            ("LATCHKEY_LISTEN", self.listen.to_string()),
            ("LATCHKEY_TRUSTED_PROXIES", or((!proxies.is_empty()).then(|| proxies.join(", ")), "none")),
            ("LATCHKEY_DATA_DIR", self.data_dir.display().to_string()),
            ("LATCHKEY_DATABASE_URL", set(self.database.engine() == Engine::Postgres, "SQLite in the data folder")),
            ("LATCHKEY_DATABASE_READERS", readers.to_string()),
            ("LATCHKEY_DATABASE_WRITERS", writers.to_string()),
            ("LATCHKEY_BLOB_URL", set(self.blob_url.is_some(), "a folder in the data folder")),
            ("LATCHKEY_SMTP_URL", set(self.smtp_url.is_some(), "none: mails are files in the data folder")),
            ("LATCHKEY_MAIL_FROM", or(self.mail_from.clone(), "latchkey at the public address")),
            ("LATCHKEY_MAILS_PER_MINUTE", self.mails_per_minute.to_string()),
            ("LATCHKEY_EVENT_DAYS", or(self.event_days.map(|days| days.to_string()), "0: for ever")),
            ("LATCHKEY_SIGN_UP", if self.sign_up == SignUp::Open { "open" } else { "closed" }.to_owned()),
            ("LATCHKEY_PASSWORD_READS", if self.password_reads { "on" } else { "off" }.to_owned()),
            ("LATCHKEY_MAX_TOKEN_DAYS", or(self.max_token_days.map(|days| days.to_string()), "no limit")),
            ("LATCHKEY_PUSHES", self.pushes.all.to_string()),
            ("LATCHKEY_PUSHES_PER_ACCOUNT", self.pushes.account.to_string()),
            ("LATCHKEY_PUSH_WAIT", self.pushes.patience.as_secs().to_string()),
            ("LATCHKEY_CONNECTIONS_PER_ADDRESS", self.connections_per_address.to_string()),
            (
                "LATCHKEY_REGISTRY_SERVICES",
                or(Some(self.registry_services.join(", ")).filter(|names| !names.is_empty()), "none: no containers"),
            ),
            ("LATCHKEY_REGISTRY_SECRET", set(self.registry_secret.is_some(), "none: registries tell nothing")),
            ("LATCHKEY_SECURITY_CONTACT", or(self.security_contact.clone(), "none")),
            ("LATCHKEY_ACCOUNT_QUOTA_MIB", or(self.account_quota.map(|quota| (quota >> 20).to_string()), "no limit")),
            ("LATCHKEY_MAX_PACKAGE_MIB", (self.max_package_bytes >> 20).to_string()),
        ]
    }
}

/// Characters that the secret of registries has at least.
const SHORTEST_REGISTRY_SECRET: usize = 16;

fn registry_secret() -> Result<Option<SecretText>, BadSetting> {
    let secret = read_secret("LATCHKEY_REGISTRY_SECRET")?;
    if secret.as_ref().is_some_and(|secret| secret.reveal().len() < SHORTEST_REGISTRY_SECRET) {
        return Err(BadSetting::ShortRegistrySecret);
    }
    Ok(secret)
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
