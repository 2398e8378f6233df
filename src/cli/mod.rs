//! The operator's commands. They work beside a running server: they open the same database and make the same changes
//! in the same transactions as the pages do.

mod account;
mod doctor;
mod events;
mod feed;
mod jobs;
mod keys;
pub mod legacy;
pub mod mail;
mod package;
mod program;
mod prompt;
mod restored;
mod secret;
mod store;
mod token;
mod token_add;

pub use program::main;

use std::io::{ErrorKind, Write};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};

use crate::{
    accounts::Account,
    app::App,
    clock::Clock,
    config::{Args, SECRET_VARIABLES, Settings},
    jobs as jobs_of_the_host, serve,
    store::Store,
};

/// Access tokens for a package host
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, about, after_long_help = SECRET_VARIABLES, disable_help_subcommand = true)]
pub struct Cli {
    /// Settings, the same for every command; `--help` lists them, `-h` leaves them out
    #[command(flatten)]
    pub settings: Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the portal (what `latchkey` alone does)
    Serve,
    /// Add, list, disable, enable or delete accounts, or set a password
    #[command(subcommand)]
    Account(account::Command),
    /// Add, list or delete feeds, or give an account a role in one
    #[command(subcommand)]
    Feed(feed::Command),
    /// Add or list tokens, or find or revoke one by its secret
    #[command(subcommand)]
    Token(token::Command),
    /// Print the record of what was done
    #[command(subcommand)]
    Events(events::Command),
    /// Import the keys of an older system
    #[command(subcommand)]
    Legacy(legacy::Command),
    /// Try the way mails go
    #[command(subcommand)]
    Mail(mail::Command),
    /// Remove a package, or one version of it, for good
    #[command(subcommand)]
    Package(package::Command),
    /// Tell whose the package store is, or take it over
    #[command(subcommand)]
    Store(store::Command),
    /// Do now what the portal does by the clock
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// List or rotate the keys that sign what container registries are told
    #[command(subcommand)]
    Keys(keys::Command),
    /// Put another master secret in the place of the present one, or of one that is lost
    #[command(subcommand)]
    Secret(secret::Command),
    /// After a backup was put back: switch off what may have been revoked since, and take the package store over
    Restored {
        /// When the backup was made, to the second, such as 2027-02-11T09:00:00Z
        #[arg(long, value_parser = restored::instant)]
        since: DateTime<Utc>,
    },
    /// Print the one-time link that makes the first account, on a host that has none
    SetupLink,
    /// Bring the database to this version's schema, then exit
    Migrate,
    /// Index every package anew for searches, while the portal runs
    Reindex,
    /// Look for problems in the settings and the data
    Doctor,
}

impl Cli {
    /// Whether this process is to be the server.
    pub fn serves(&self) -> bool {
        matches!(self.command, None | Some(Command::Serve))
    }

    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { settings: args, command } = self;
        match command.unwrap_or(Command::Serve) {
            Command::Serve => serve::serve(&args, Clock::System).await,
            Command::Account(command @ account::Command::Add { .. }) => command.run(&open_or_make(&args).await?).await,
            Command::Account(command) => command.run(&open(&args).await?).await,
            Command::Feed(command) => command.run(&open(&args).await?).await,
            Command::Token(command) => command.run(&open(&args).await?).await,
            Command::Events(command) => command.run(&open(&args).await?).await,
            Command::Legacy(command) => command.run(&open(&args).await?).await,
            Command::Mail(command) => command.run(&args).await,
            Command::Package(command) => command.run(&open(&args).await?).await,
            Command::Store(command) => command.run(&open(&args).await?).await,
            Command::Jobs(command) => command.run(&open(&args).await?).await,
            Command::Keys(command) => command.run(&open(&args).await?).await,
            Command::Secret(command) => command.run(&args).await,
            Command::Restored { since } => restored::run(&open(&args).await?, since).await,
            Command::SetupLink => setup_link(&open(&args).await?).await,
            Command::Migrate => open_or_make(&args).await.map(|_| say("The database is up to date.")),
            Command::Reindex => reindex(&open(&args).await?).await,
            Command::Doctor => doctor::run(&args).await,
        }
    }
}

/// Opens what is there. In a folder that was mistaken, no command makes a new host without a word.
async fn open(args: &Args) -> anyhow::Result<App> {
    there_is_one(args)?;
    open_or_make(args).await
}

async fn open_or_make(args: &Args) -> anyhow::Result<App> {
    App::open(Settings::read(args, args.listen)?, Clock::System).await
}

async fn setup_link(app: &App) -> anyhow::Result<()> {
    ensure!(app.store.is_empty().await?, "there are accounts already; an operator adds others");
    say(serve::setup_link(app).await?);
    Ok(())
}

async fn reindex(app: &App) -> anyhow::Result<()> {
    jobs_of_the_host::reindex(app).await?;
    let counts = app.store.index_counts().await?;
    say(format_args!("Searches find {} of {} packages.", counts.entries, counts.packages));
    Ok(())
}

fn there_is_one(args: &Args) -> anyhow::Result<()> {
    let folder = std::path::absolute(&args.data_dir).unwrap_or_else(|_| args.data_dir.clone());
    ensure!(
        !Settings::lead_nowhere(args)?,
        "there is no Latchkey in {}: set LATCHKEY_DATA_DIR to its folder, or start it there first",
        folder.display()
    );
    Ok(())
}

/// Prints a line for the person, or the script, that gave the command. A reader that has read enough, such as `head`,
/// is not a problem.
fn say(line: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout(), "{line}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("latchkey: the answer cannot be written: {error}");
        std::process::exit(2);
    }
}

async fn account_named(store: &Store, username: &str) -> anyhow::Result<Account> {
    store.account_named(username).await?.with_context(|| format!("there is no account “{username}”"))
}
