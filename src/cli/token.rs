//! `latchkey token …`: secrets go to standard output once, and come from standard input, never from the command line.

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::{account_named, prompt::token_secret, say};
use crate::{
    app::App,
    audit::Actor,
    tokens::{
        AccountId, Feeds, FormId, Issued, Patterns, Permissions, TokenId, TokenLookup, expiry,
        legacy::hash_of,
        lifecycle::{self, NewToken},
        state::state,
    },
};

/// Tokens that are read at a time.
const PAGE: i64 = 500;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a token; its secret, and nothing else, is printed
    Add {
        /// Username of the account it belongs to
        #[arg(long)]
        account: String,
        /// What will use it
        #[arg(long)]
        name: String,
        /// Where the key will live
        #[arg(long, default_value = "")]
        note: String,
        /// Permissions, separated by commas: nuget:pull, nuget:push, nuget:push-version, nuget:delete, the same of npm,
        /// container:pull, container:push, container:delete, api:read, api:manage, api:introspect
        #[arg(long)]
        allow: String,
        /// Package patterns such as 'Contoso.*', separated by commas
        #[arg(long)]
        packages: String,
        /// Lifetime in days such as 90d, a date such as 2027-02-21, or never
        #[arg(long)]
        expires_in: String,
        /// Limit it to this feed (may be given more than once)
        #[arg(long)]
        feed: Vec<String>,
    },
    /// Tell whose a secret is and in what state; the secret comes from standard input
    Find,
    /// Revoke the token of a secret, which comes from standard input
    Revoke,
    /// List an account's tokens, newest first: hint, state, name, end, last use
    List {
        /// Username of the account
        #[arg(long)]
        account: String,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Add { account, name, note, allow, packages, expires_in, feed } => {
                let account = account_named(&app.store, &account).await?;
                let choice = expiry::ExpiryChoice::parse(&expires_in)?;
                for text in [&name, &note, &packages] {
                    anyhow::ensure!(!app.legacy.is_in(&app.store, text).await?, lifecycle::BadText::Key);
                }
                let new = NewToken {
                    name: lifecycle::name(&name)?,
                    note: lifecycle::note(&note)?,
                    permissions: permissions(&allow)?,
                    patterns: Patterns::parse(&packages.replace(',', "\n"))?,
                    feeds: feeds(app, &feed).await?,
                    expires_at: choice.resolve(app.clock.now(), account.time_zone, app.settings.max_token_days)?,
                };
                add(app, account.id, new).await
            }
            Self::Find => {
                let known = find(app).await?;
                describe(app, &known);
                Ok(())
            }
            Self::Revoke => revoke(app).await,
            Self::List { account } => list(app, account_named(&app.store, &account).await?.id).await,
        }
    }
}

async fn revoke(app: &App) -> anyhow::Result<()> {
    let TokenLookup { token, username, .. } = find(app).await?;
    if let Some(at) = token.revoked_at {
        say(format_args!("{} of {username} was revoked already, on {}.", token.called(), minute(at)));
        return Ok(());
    }
    if !token.can_be_revoked() {
        bail!("the primary token cannot be revoked; disable the account, or let its owner deactivate or refresh it");
    }
    app.store.revoke_token(&token, &Actor::host("latchkey token revoke"), app.clock.now()).await?;
    say(format_args!("Revoked {} of {username}.", token.called()));
    Ok(())
}

async fn list(app: &App, account: AccountId) -> anyhow::Result<()> {
    let mut before = None;
    loop {
        let page = app.store.tokens_made_before(account, before, PAGE).await?;
        for token in &page {
            let state = state(token, app.clock.now()).label().to_lowercase();
            let end = token.end().map_or_else(|| "never".to_owned(), minute);
            let used = token.last_use.as_ref().map_or_else(|| "never".to_owned(), |last| minute(last.at));
            let hint = token.hint.as_deref().unwrap_or("-");
            say(format_args!("{hint}\t{state}\t{}\texpires {end}\tused {used}", token.name));
        }
        match page.last() {
            Some(last) => before = Some((last.created_at, last.id)),
            None => return Ok(()),
        }
    }
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

async fn add(app: &App, account: AccountId, new: NewToken) -> anyhow::Result<()> {
    let (now, rng) = (app.clock.now(), &mut crate::random::system());
    let token = new.into_token(TokenId::generate(now, rng), account, now);
    let form = FormId::generate(now, rng).to_string();
    match app.store.create_token(token, &form, &Actor::host("latchkey token add"), now).await? {
        Issued::Secret(secret) => say(secret.reveal()),
        Issued::AlreadyDone(_) | Issued::Stale => bail!("the token was not made; try again"),
    }
    Ok(())
}

fn permissions(scopes: &str) -> anyhow::Result<Permissions> {
    let permissions =
        Permissions::parse(scopes).map_err(|scope| anyhow::anyhow!("there is no permission “{scope}”"))?;
    anyhow::ensure!(!permissions.is_empty(), "give at least one permission, such as nuget:push");
    Ok(permissions)
}

async fn feeds(app: &App, names: &[String]) -> anyhow::Result<Feeds> {
    if names.is_empty() {
        return Ok(Feeds::All);
    }
    let mut ids = Vec::new();
    for name in names {
        let found = app.store.feed(name, None).await?.with_context(|| format!("there is no feed “{name}”"))?;
        ids.push(found.feed.id);
    }
    Ok(Feeds::Some(ids))
}

async fn find(app: &App) -> anyhow::Result<TokenLookup> {
    let text = token_secret()?;
    let hash = hash_of(text.reveal().trim())
        .context("this is not the secret of a token: it has another shape, or a mistyped character")?;
    app.store.known(hash, "").await?.context("this host never issued this secret, or its token was deleted")
}

fn describe(app: &App, known: &TokenLookup) {
    let TokenLookup { token, replaced_at, username, holder, .. } = known;
    let standing = if replaced_at.is_some() {
        "replaced by a refresh".to_owned()
    } else {
        state(token, app.clock.now()).label().to_lowercase()
    };
    let end = token.end().map_or_else(|| "never".to_owned(), minute);
    say(format_args!("secret:   {standing}"));
    say(format_args!("account:  {username}{}", if holder.disabled { " (disabled)" } else { "" }));
    say(format_args!("token:    {} ({}), id {}", token.name, token.called(), token.id));
    say(format_args!("may:      {}", token.permissions));
    say(format_args!("packages: {}", token.patterns.iter().collect::<Vec<_>>().join(", ")));
    say(format_args!("expires:  {end}"));
}
