//! Writes what a mail has to say, and makes the link it holds at its first attempt.

use chrono::{DateTime, Duration, Utc};

use crate::{
    accounts::link::{self, CONFIRMATION, INVITED, RESET, UNSUBSCRIBING, confirm_path, password_path},
    app::App,
    audit::{Actor, EventDetail, EventKind, Subject},
    mail::{self, Ending, Envelope},
    store::{Account, Change, ClaimedMail, Link, Owed, Purpose},
};

/// The whole message. `secret` is the one of the link it holds, if it holds one.
pub(super) async fn write(
    app: &App,
    change: &mut Change,
    mail: &ClaimedMail,
    owed: Owed,
    secret: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let to = Envelope {
        mailer: &app.mailer,
        public_url: &app.settings.public_url,
        recipient: &mail.recipient,
        message_id: &mail.message_id,
        // What is written again at every attempt must be the same each time.
        at: if mail.letter.holds_link() { mail.created_at } else { now },
    };
    Ok(match owed {
        Owed::Ends(notice, account, ends) => {
            let ends: Vec<_> =
                ends.iter().map(|one| Ending { token: &one.token, expires_at: one.expires_at }).collect();
            if notice.is_reminder() {
                let about = Link::of(account.id, Purpose::StopReminders);
                change.insert_link(&link::hash(secret), &about, now, now + UNSUBSCRIBING).await?;
            }
            mail::end_notice(&to, notice, &account, &ends)?
        }
        Owed::PasswordReset(account) => {
            if make_link(change, mail, (&account, Purpose::PasswordReset, secret), now, RESET).await? {
                let (by, subject) = (Actor::host("mail"), Subject::account(account.id));
                change.record(EventKind::PasswordResetMailed, &by, subject, EventDetail::Nothing, now).await?;
            }
            mail::password_reset(&to, &account.username, &password_path(secret))?
        }
        Owed::Invitation(account) => {
            make_link(change, mail, (&account, Purpose::Invitation, secret), now, INVITED).await?;
            mail::invitation(&to, &account.username, &password_path(secret))?
        }
        Owed::SignUp => mail::sign_up(&to, &confirm_path(secret))?,
        Owed::AlreadyThere(account) => mail::already_there(&to, &account.username)?,
        Owed::ConfirmAddress(account) => {
            make_link(change, mail, (&account, Purpose::ConfirmAddress, secret), now, CONFIRMATION).await?;
            mail::confirm_address(&to, &account.username, &confirm_path(secret))?
        }
        Owed::NewAddress(account) => {
            make_link(change, mail, (&account, Purpose::NewAddress, secret), now, CONFIRMATION).await?;
            mail::new_address(&to, &confirm_path(secret))?
        }
        Owed::Happened(account, happenings, more) => mail::happened(&to, &account, &happenings, more)?,
    })
}

/// Makes the link at the mail's first attempt; tells whether this is it.
async fn make_link(
    change: &mut Change,
    mail: &ClaimedMail,
    (account, purpose, secret): (&Account, Purpose, &str),
    now: DateTime<Utc>,
    lasts: Duration,
) -> anyhow::Result<bool> {
    if mail.content.is_some() {
        return Ok(false);
    }
    let about = Link { email: Some(mail.recipient.clone()), ..Link::of(account.id, purpose) };
    change.add_link(&link::hash(secret), &about, now, now + lasts).await?;
    Ok(true)
}
