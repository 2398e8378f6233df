//! Sends the mails that wait: claims one, hands it over, notes what came of it.
//!
//! A mail is sent once, unless the process dies between the final dot and the noted reply: no sender can close that gap
//! (RFC 1047). Then the same message goes out again, recognisable by its Message-ID.

use chrono::{DateTime, Duration, Utc};
use rand::RngExt;

use super::action_mails::write;
use crate::{
    accounts::one_time_link,
    app::App,
    clock::Clock,
    mail::{Outcome, with_unsubscribe},
    notifications::{ClaimedMail, MailKind, end_notice::EndNotice},
    tokens::MailId,
};

/// How long a claim holds: far longer than a mail may take, and than servers keep a silent connection.
const LEASE: Duration = Duration::minutes(10);
/// So many mails in a row at which the server fell silent end a tick.
const SILENCES: usize = 2;
/// The longest wait between two attempts.
const LONGEST_WAIT: i64 = 60;
/// A mail that the server puts off, though it takes others, is given up so long after the end that it tells of.
const PATIENCE_PAST_END: Duration = Duration::days(1);
/// The same for mails that tell of no end.
const PATIENCE: Duration = Duration::days(5);

/// Sends every mail that waits, the most urgent first, until `stopping`: at most `per_minute` on all nodes together, if
/// there is a limit. Where the server takes no mail at all, or the minute is full, the rest waits for the next tick; one
/// mail at which the server falls silent holds up no other, but two in a row are the server's silence. Tells what came
/// of each.
pub(super) async fn deliver_mails(
    app: &App,
    clock: &Clock,
    per_minute: Option<i64>,
    stopping: impl Fn() -> bool,
) -> anyhow::Result<Vec<(MailId, Outcome)>> {
    if app.store.mails_held_since().await?.is_some() {
        return Ok(Vec::new());
    }
    let began = clock.now();
    app.store.bring_near(began, began + LEASE).await?;
    let mut done = Vec::new();
    let mut silences = 0;
    while !stopping() {
        let now = clock.now();
        let Some(mail) = app.store.claim_mail(now, now + LEASE, per_minute).await? else {
            break;
        };
        let outcome = deliver(app, clock, &mail).await?;
        note(app, clock, &mail, &outcome).await?;
        match outcome {
            Outcome::Silent(_) => silences += 1,
            Outcome::Sent(_) | Outcome::Final(_) | Outcome::Retry(_) => silences = 0,
            Outcome::Down(_) | Outcome::Misconfigured(_) | Outcome::Withdrawn => {}
        }
        let down = silences == SILENCES || matches!(outcome, Outcome::Down(_) | Outcome::Misconfigured(_));
        done.push((mail.id, outcome));
        if down {
            app.health.suspect();
            break;
        }
    }
    Ok(done)
}

async fn deliver(app: &App, clock: &Clock, mail: &ClaimedMail) -> anyhow::Result<Outcome> {
    // Asked before the server is: what is owed no more is dropped even while no server answers.
    if (mail.content.is_none() || outlived(app, clock, mail).await?) && !still_owed(app, clock, mail).await? {
        return Ok(Outcome::Withdrawn);
    }
    if mail.content.is_some() {
        tracing::warn!(mail = %mail.id, attempt = mail.attempt, "a mail that may have been taken before is sent again, with the same Message-ID");
    }
    let content = async {
        fixed_content(app, clock, mail).await.unwrap_or_else(|error| {
            tracing::error!(mail = %mail.id, "a mail could not be prepared; it waits until its lease ends: {error:#}");
            None
        })
    };
    Ok(app.mailer.deliver(mail.id, &mail.recipient, clock, content).await)
}

/// Whether a mail that may have been taken before tells beforehand of what is past by now. It is not sent again: the
/// mail that the token has expired says more, and goes to everybody.
async fn outlived(app: &App, clock: &Clock, mail: &ClaimedMail) -> anyhow::Result<bool> {
    match mail.kind {
        MailKind::End(notice) if notice != EndNotice::Expired => Ok(app.store.is_past(mail.id, clock.now()).await?),
        _ => Ok(false),
    }
}

async fn still_owed(app: &App, clock: &Clock, mail: &ClaimedMail) -> anyhow::Result<bool> {
    let mut tx = app.store.begin().await?;
    let is_owed = tx.mail_content(mail, &one_time_link::hash(&app.mailed_link(mail.id)), clock.now()).await?.is_some();
    tx.commit().await?;
    Ok(is_owed)
}

/// The content as it must go out: what an earlier attempt fixed, or what is true now. Committed before it is returned,
/// and only if this claim still holds; `None` if it does not, or if nothing is owed any more.
/// What holds a link is not kept: it is written again, to the same mail, since it follows from the mail alone.
async fn fixed_content(app: &App, clock: &Clock, mail: &ClaimedMail) -> anyhow::Result<Option<String>> {
    let now = clock.now();
    let mut tx = app.store.begin().await?;
    let kept = mail.content.clone().filter(|_| !mail.kind.holds_link());
    let content = match kept {
        Some(content) => content,
        None => {
            let secret = app.mailed_link(mail.id);
            let Some(content) = tx.mail_content(mail, &one_time_link::hash(&secret), now).await? else {
                tx.commit().await?;
                return Ok(None);
            };
            write(app, &mut tx, mail, &content, &secret, now).await?
        }
    };
    let to_keep = if mail.kind.holds_link() { "" } else { &content };
    if !tx.fix_content(mail, to_keep, now).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(match mail.kind {
        MailKind::End(notice) if notice.is_reminder() => {
            let path = one_time_link::stop_reminders_path(&app.mailed_link(mail.id));
            with_unsubscribe(&content, &app.settings.public_url.of(&path))
        }
        _ => content,
    }))
}

async fn note(app: &App, clock: &Clock, mail: &ClaimedMail, outcome: &Outcome) -> anyhow::Result<()> {
    let now = clock.now();
    match outcome {
        Outcome::Sent(reply) => {
            tracing::info!(mail = %mail.id, attempt = mail.attempt, "mail sent: {reply}");
            app.store.mail_sent(mail, reply, now).await?;
        }
        Outcome::Final(reply) => {
            tracing::warn!(mail = %mail.id, attempt = mail.attempt, "mail refused for good: {reply}");
            app.store.mail_failed(mail, reply).await?;
        }
        Outcome::Retry(why) | Outcome::Silent(why) if patience_ends(app, mail, now).await? <= now => {
            tracing::warn!(mail = %mail.id, attempt = mail.attempt, "mail given up: {why}");
            app.store.mail_failed(mail, why).await?;
        }
        Outcome::Retry(why) | Outcome::Silent(why) | Outcome::Down(why) | Outcome::Misconfigured(why) => {
            let next_at = next_attempt(mail.attempt, now);
            tracing::warn!(mail = %mail.id, attempt = mail.attempt, %next_at, "mail not sent yet: {why}");
            let refused_at = matches!(outcome, Outcome::Retry(_) | Outcome::Silent(_)).then_some(now);
            app.store.mail_put_off(mail, why, next_at, refused_at).await?;
        }
        Outcome::Withdrawn => {
            tracing::info!(mail = %mail.id, "mail not sent: nothing was owed, or another worker has it");
        }
    }
    Ok(())
}

/// When a mail that the server puts off is given up. An outage before does not count.
async fn patience_ends(app: &App, mail: &ClaimedMail, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let refused_at = mail.refused_at.unwrap_or(now);
    let ends = app.store.end_notices_in(mail.id).await?;
    Ok(match ends.iter().map(|due| due.expires_at).max() {
        Some(end) => end.max(refused_at) + PATIENCE_PAST_END,
        None => refused_at + PATIENCE,
    })
}

/// After 1, 2, 4 … 60 minutes, and up to a quarter more, so that mails that failed together do not return together.
fn next_attempt(attempt: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    let doublings = u32::try_from(attempt.clamp(1, 7) - 1).unwrap_or(0);
    let wait = 60 * (1 << doublings).min(LONGEST_WAIT);
    now + Duration::seconds(wait + crate::random::system().random_range(0..=wait / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let now = DateTime::UNIX_EPOCH;
        for (attempt, minutes) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (1_000_000, 60)] {
            let wait = next_attempt(attempt, now) - now;
            assert!(wait >= Duration::minutes(minutes), "{attempt}: {wait}");
            assert!(wait <= Duration::minutes(minutes) * 5 / 4, "{attempt}: {wait}");
        }
    }
}
