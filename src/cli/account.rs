//! `latchkey account …`

use anyhow::{bail, ensure};
use clap::Subcommand;

use super::{account_named, prompt::new_password, say};
use crate::{
    accounts::{
        Account, AccountChange, AccountDeletion, AccountFilter, AccountQuery, AccountSummary, NewAccount, Registration,
        identity, password::check_new,
    },
    app::App,
    audit::Actor,
    auth::password_link::make_password_link,
};

/// Accounts that are read at a time.
const PAGE: i64 = 500;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add an account; its password is asked for, or comes from standard input
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
    /// Set an account's password, asked for or from standard input; its sessions end
    Password {
        #[arg(long)]
        username: String,
        /// Instead print a one-time link by which its owner sets it
        #[arg(long)]
        link: bool,
    },
    /// Delete an account with its tokens; what it published stays
    Delete {
        #[arg(long)]
        username: String,
        /// Username of the account that becomes owner of the packages and feeds that nobody else owns; needed if there
        /// are any
        #[arg(long)]
        heir: Option<String>,
    },
    /// List accounts: username, address, what is special about it, and its last sign-in
    List,
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Add { username, email, time_zone, operator } => {
                add(app, &username, &email, &time_zone, operator).await
            }
            Self::Disable { username } => disable(app, &username).await,
            Self::Enable { username } => enable(app, &username).await,
            Self::Password { username, link: false } => set_password(app, &username).await,
            Self::Password { username, link: true } => print_link(app, &username).await,
            Self::Delete { username, heir } => delete(app, &username, heir.as_deref()).await,
            Self::List => list(app).await,
        }
    }
}

async fn add(app: &App, username: &str, email: &str, time_zone: &str, operator: bool) -> anyhow::Result<()> {
    let (username, email, time_zone) =
        (identity::username(username)?, identity::email(email)?, identity::time_zone(time_zone)?);
    let password = new_password()?;
    check_new(password.reveal(), &[&username, &email])?;
    let password_hash = app.passwords.hash(password.reveal()).await?;
    let max_token_days = app.settings.max_token_days;
    let password_hash = Some(password_hash);
    let new = NewAccount { username, email, password_hash, time_zone, operator, vouched: true, max_token_days };
    let mut tx = app.store.begin().await?;
    match tx.add_account(&new, &Actor::host("latchkey account add"), app.clock.now()).await? {
        Registration::Made(_) => tx.commit().await?,
        Registration::UsernameTaken => bail!("the username “{}” is taken", new.username),
        Registration::EmailTaken => bail!("there is an account with the address {}", new.email),
    }
    say(format_args!("Added {}.", new.username));
    Ok(())
}

async fn disable(app: &App, username: &str) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    let done = app.store.disable_account(account.id, &Actor::host("latchkey account disable"), app.clock.now()).await?;
    tell(done, &account, "Disabled", "disabled")
}

async fn enable(app: &App, username: &str) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    let done = app.store.enable_account(account.id, &Actor::host("latchkey account enable"), app.clock.now()).await?;
    tell(done, &account, "Enabled", "enabled")
}

fn tell(done: AccountChange, account: &Account, verb: &str, state: &str) -> anyhow::Result<()> {
    match done {
        AccountChange::Done => say(format_args!("{verb} {}.", account.username)),
        AccountChange::Already => say(format_args!("{} was {state} already.", account.username)),
        AccountChange::LastOperator => {
            bail!("{} is the only operator who is left; add another one first", account.username)
        }
        AccountChange::Gone => bail!("{} was deleted meanwhile", account.username),
    }
    Ok(())
}

async fn set_password(app: &App, username: &str) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    let password = new_password()?;
    check_new(password.reveal(), &[&account.username, &account.email])?;
    let hash = app.passwords.hash(password.reveal()).await?;
    let mut tx = app.store.begin().await?;
    tx.set_password(account.id, &hash, &Actor::host("latchkey account password"), app.clock.now()).await?;
    tx.commit().await?;
    say(format_args!("Set the password of {}; every session of it has ended.", account.username));
    Ok(())
}

/// The link alone on standard output, for a script to hand over.
async fn print_link(app: &App, username: &str) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    ensure!(
        account.disabled_at.is_none(),
        "{} is disabled, so its links do not work; enable it first",
        account.username
    );
    let mut tx = app.store.begin().await?;
    let by = Actor::host("latchkey account password");
    let path = make_password_link(&mut tx, account.id, &by, app.clock.now()).await?;
    tx.commit().await?;
    say(app.settings.public_url.of(&path));
    Ok(())
}

async fn delete(app: &App, username: &str, heir: Option<&str>) -> anyhow::Result<()> {
    let account = account_named(&app.store, username).await?;
    let heir = match heir {
        Some(name) => Some(account_named(&app.store, name).await?.id),
        None => None,
    };
    ensure!(heir != Some(account.id), "name another heir than {}", account.username);
    let by = Actor::host("latchkey account delete");
    let name = &account.username;
    let farewells = app.farewells(&account).await?;
    match app.store.delete_account(account.id, heir, &farewells, &by, app.clock.now()).await? {
        AccountDeletion::Done => say(format_args!("Deleted {name}.")),
        AccountDeletion::Gone => bail!("{name} was deleted meanwhile"),
        AccountDeletion::LastOperator => bail!("{name} is the only operator who is left; add another one first"),
        AccountDeletion::NeedsHeir(alone) => {
            bail!("nobody else owns {alone}: name who gets what only {name} owns with --heir USERNAME")
        }
        AccountDeletion::UnfitHeir => bail!("the heir is disabled: name an account that can look after what it gets"),
    }
    Ok(())
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let search = AccountQuery { text: "", only: AccountFilter::All, after: &after, limit: PAGE };
        let page = app.store.accounts(search).await?;
        for line in &page {
            say(described(line));
        }
        match page.last() {
            Some(last) => after.clone_from(&last.account.username),
            None => return Ok(()),
        }
    }
}

/// One line, its parts separated by tabs for other programs.
fn described(line: &AccountSummary) -> String {
    let AccountSummary { account, last_sign_in, .. } = line;
    let marks = [(account.is_operator, "operator"), (account.disabled_at.is_some(), "disabled")];
    let marks: Vec<_> = marks.into_iter().filter_map(|(is, word)| is.then_some(word)).collect();
    let seen = last_sign_in.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
    format!("{}\t{}\t{}\t{seen}", account.username, account.email, marks.join(", "))
}
