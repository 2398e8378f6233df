//! `latchkey restored`: what to do first after a backup was put back. The backup does not know what was revoked,
//! refreshed or changed after it was made, so what it brings back to life is switched off until its owner has looked.

use anyhow::ensure;
use chrono::{DateTime, Utc};

use super::say;
use crate::{app::App, audit::Actor, package_store};

/// Accounts and tokens that are read at a time.
const PAGE: i64 = 500;

/// Reads when the backup was made. A day alone would leave alive what was made in the hours of that day before the backup.
pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, &'static str> {
    text.parse().map_err(|_| {
        "write the day and the time at which the backup was made, such as 2027-02-11T09:00:00Z; if you are not sure, a later one"
    })
}

/// Does it: `since` is when the backup was made.
pub async fn run(app: &App, since: DateTime<Utc>) -> anyhow::Result<()> {
    let (now, by) = (app.clock.now(), Actor::host("latchkey restored"));
    ensure!(since <= now, "--since is in the future: it is when the backup was made");
    let mut tx = app.store.begin().await?;
    tx.hold_mails(now).await?;
    let sessions = tx.end_all_sessions().await?;
    let (links, addresses) = tx.end_links_made_until(since).await?;
    tx.commit().await?;
    freeze(app, since, &by, now).await?;
    say(format_args!("Ended {sessions} sessions, {links} one-time links and {addresses} private addresses."));
    list(app, since, now).await?;
    match package_store::adopt(&app.store, &app.blobs, app.clock.now()).await {
        Ok(()) => say("The package store is this host's now; no other copy of the database deletes files there."),
        Err(error) => say(format_args!(
            "WRONG the package store could not be taken over ({error:#}); run latchkey store adopt when it answers."
        )),
    }
    say("Mails are held: latchkey mail release lets them go, with --drop without those that wait now.");
    say(
        "Passwords, roles, owners, operators and disabled accounts are as they were in the backup: look through them before \
         people do.",
    );
    Ok(())
}

async fn freeze(app: &App, since: DateTime<Utc>, by: &Actor, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let mut tx = app.store.begin().await?;
        let accounts = tx.accounts_after(&after, PAGE).await?;
        drop(tx);
        let Some(last) = accounts.last() else { return Ok(()) };
        after = last.to_string();
        for account in accounts {
            app.store.freeze_restored_tokens(account, since, by, now).await?;
        }
    }
}

/// One line per token, its parts separated by tabs for other programs.
async fn list(app: &App, since: DateTime<Utc>, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (mut after, mut count) = ((String::new(), String::new()), 0);
    loop {
        let page = app.store.tokens_frozen_at(now, (&after.0, &after.1), PAGE).await?;
        for token in &page {
            say(format_args!("{}\t{}\t{}", token.owner, token.hint.as_deref().unwrap_or("-"), token.name));
        }
        count += page.len();
        match page.into_iter().last() {
            Some(last) => after = (last.owner, last.id),
            None => break,
        }
    }
    let younger = app.store.count_tokens_issued_after(since).await?;
    if younger > 0 {
        say(format_args!(
            "NOTE {younger} tokens have keys that were issued after --since, so they count as made after the restore and stay on. \
             If the backup is younger than that, run this again with its time."
        ));
    }
    say(format_args!(
        "Deactivated {count} tokens. Each owner switches theirs on again, or revokes them: Access Tokens, Undo the freeze."
    ));
    Ok(())
}
