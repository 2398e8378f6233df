//! Writes what a mail has to say, and makes the link it holds at its first attempt.

use chrono::{DateTime, Duration, Utc};

use crate::{
    accounts::{
        Account,
        one_time_link::{self, LinkPurpose, OneTimeLink, UNSUBSCRIBING},
    },
    app::App,
    audit::{Actor, EventDetail, EventKind, Subject},
    mail::{self, Envelope},
    notifications::{ClaimedMail, MailContent},
    store::Transaction,
};

/// The whole message. `secret` is the one of the link it holds, if it holds one.
pub(super) async fn write(
    app: &App,
    tx: &mut Transaction,
    mail: &ClaimedMail,
    content: &MailContent,
    secret: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let to = Envelope {
        mailer: &app.mailer,
        public_url: &app.settings.public_url,
        recipient: &mail.recipient,
        message_id: &mail.message_id,
        // What is written again at every attempt must be the same each time.
        at: if mail.kind.holds_link() { mail.created_at } else { now },
    };
    if let Some((account, purpose, lasts)) = content.link() {
        let is_first = make_link(tx, mail, (account, purpose, secret), now, lasts).await?;
        if is_first && purpose == LinkPurpose::PasswordReset {
            let (by, subject) = (Actor::host("mail"), Subject::account(account.id));
            tx.record(EventKind::PasswordResetMailed, &by, subject, EventDetail::Nothing, now).await?;
        }
    }
    if let MailContent::Ends(notice, account, _) = content
        && notice.is_reminder()
    {
        let about = OneTimeLink::of(account.id, LinkPurpose::StopReminders);
        tx.insert_link(&one_time_link::hash(secret), &about, now, now + UNSUBSCRIBING).await?;
    }
    Ok(mail::write(&to, content, secret)?)
}

/// Makes the link at the mail's first attempt; tells whether this is it.
async fn make_link(
    tx: &mut Transaction,
    mail: &ClaimedMail,
    (account, purpose, secret): (&Account, LinkPurpose, &str),
    now: DateTime<Utc>,
    lasts: Duration,
) -> anyhow::Result<bool> {
    if mail.content.is_some() {
        return Ok(false);
    }
    let about = OneTimeLink { email: Some(mail.recipient.clone()), ..OneTimeLink::of(account.id, purpose) };
    tx.add_link(&one_time_link::hash(secret), &about, now, now + lasts).await?;
    Ok(true)
}
