//! `latchkey account …`

use anyhow::bail;
use clap::Subcommand;

use super::{account_named, say, secret_from_stdin};
use crate::{
    accounts::{identity, password::check_new},
    app::App,
    store::{Actor, NewAccount, Registration},
};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add an account; its password comes from standard input
    Add {
        /// The name it signs in with
        #[arg(long)]
        username: String,
        /// Where warnings go
        #[arg(long)]
        email: String,
        /// IANA name, such as Europe/Berlin
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        /// Let it run this host
        #[arg(long)]
        operator: bool,
    },
    /// Disable an account: its sessions end, its tokens are refused
    Disable {
        #[arg(long)]
        username: String,
    },
    /// Enable a disabled account
    Enable {
        #[arg(long)]
        username: String,
    },
    /// Set an account's password, from standard input; its sessions end
    Password {
        #[arg(long)]
        username: String,
    },
    /// Delete an account with its tokens; what it published stays
    Delete {
        #[arg(long)]
        username: String,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Add { username, email, time_zone, operator } => {
                add(app, &username, &email, &time_zone, operator).await
            }
            Self::Disable { username } => set_disabled(app, &username, true).await,
            Self::Enable { username } => set_disabled(app, &username, false).await,
            Self::Password { username } => set_password(app, &username).await,
            Self::Delete { username } => delete(app, &username).await,
        }
    }
}

async fn add(app: &App, username: &str, email: &str, time_zone: &str, operator: bool) -> anyhow::Result<()> {
    let (username, email, time_zone) =
        (identity::username(username)?, identity::email(email)?, identity::time_zone(time_zone)?);
    let password = secret_from_stdin("password")?;
    check_new(password.reveal(), &[&username, &email])?;
    let password_hash = app.gate.hash(password.reveal()).await?;
    let max_token_days = app.settings.max_token_days;
    let new = NewAccount { username, email, password_hash, time_zone, operator, max_token_days };
    let mut change = app.store.begin().await?;
    match change.add_account(&new, &Actor::host("latchkey account add"), app.clock.now()).await? {
        Registration::Made(_) => change.commit().await?,
        Registration::UsernameTaken => bail!("the username “{}” is taken", new.username),
        Registration::EmailTaken => bail!("there is an account with the address {}", new.email),
    }
    say(format_args!("Added {}.", new.username));
    Ok(())
}

async fn set_disabled(app: &App, username: &str, disabled: bool) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    let (command, done) =
        if disabled { ("latchkey account disable", "Disabled") } else { ("latchkey account enable", "Enabled") };
    let mut change = app.store.begin().await?;
    change.set_disabled(account.id, disabled, &Actor::host(command), app.clock.now()).await?;
    change.commit().await?;
    say(format_args!("{done} {}.", account.username));
    Ok(())
}

async fn set_password(app: &App, username: &str) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    let password = secret_from_stdin("password")?;
    check_new(password.reveal(), &[&account.username, &account.email])?;
    let hash = app.gate.hash(password.reveal()).await?;
    let mut change = app.store.begin().await?;
    change.set_password(account.id, &hash, &Actor::host("latchkey account password"), app.clock.now()).await?;
    change.commit().await?;
    say(format_args!("Set the password of {}; every session of it has ended.", account.username));
    Ok(())
}

async fn delete(app: &App, username: &str) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    let mut change = app.store.begin().await?;
    change.delete_account(&account, &Actor::host("latchkey account delete"), app.clock.now()).await?;
    change.commit().await?;
    say(format_args!("Deleted {}.", account.username));
    Ok(())
}
