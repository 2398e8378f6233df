//! `latchkey token …`: secrets go to standard output once, and come from standard input, never from the command line.

use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::{account_named, prompt::token_secret, say, token_add};
use crate::{
    app::App,
    audit::Actor,
    store::Made,
    tokens::{AccountId, TokenLookup, legacy::hash_of, state::state},
};

/// Tokens that are read at a time.
const PAGE: i64 = 500;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a token; its secret, and nothing else, is printed
    Add(token_add::Arguments),
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
            Self::Add(arguments) => arguments.run(app).await,
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
    let found = find(app).await?;
    let TokenLookup { token, username, .. } = &*found;
    if let Some(at) = token.revoked_at {
        say(format_args!("{} of {username} was revoked already, on {}.", token.called(), minute(at)));
        return Ok(());
    }
    if !token.can_be_revoked() {
        bail!("the primary token cannot be revoked; disable the account, or let its owner deactivate or refresh it");
    }
    app.store.revoke_token(token, Made::Too, &Actor::host("latchkey token revoke"), app.clock.now()).await?;
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
            say(format_args!("{hint}\t{state}\t{}\texpires {end}\tused {used}", token.settings.name));
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

async fn find(app: &App) -> anyhow::Result<Arc<TokenLookup>> {
    let text = token_secret()?;
    let hash = hash_of(text.reveal().trim())
        .context("this is not the secret of a token: it has another shape, or a mistyped character")?;
    app.store.lookup_token(hash, "").await?.context("this host never issued this secret, or its token was deleted")
}

fn describe(app: &App, known: &TokenLookup) {
    let TokenLookup { token, replaced_at, username, holder, .. } = known;
    let state = if replaced_at.is_some() {
        "replaced by a refresh".to_owned()
    } else {
        state(token, app.clock.now()).label().to_lowercase()
    };
    let end = token.end().map_or_else(|| "never".to_owned(), minute);
    say(format_args!("secret:   {state}"));
    say(format_args!("account:  {username}{}", if holder.disabled { " (disabled)" } else { "" }));
    say(format_args!("token:    {} ({}), id {}", token.settings.name, token.called(), token.id));
    say(format_args!("may:      {}", token.settings.permissions));
    say(format_args!("packages: {}", token.settings.patterns.iter().collect::<Vec<_>>().join(", ")));
    say(format_args!("expires:  {end}"));
}
