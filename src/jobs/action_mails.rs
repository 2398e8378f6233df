//! Writes what a mail has to say, and makes the link it holds at its first attempt.

use chrono::{DateTime, Duration, Utc};

use crate::{
    accounts::{
        Account,
        one_time_link::{
            self, CONFIRMATION, INVITED, LinkPurpose, OneTimeLink, RESET, UNSUBSCRIBING, confirm_path, password_path,
        },
    },
    app::App,
    audit::{Actor, EventDetail, EventKind, Subject},
    mail::{self, ActionMail, Ending},
    notifications::{ClaimedMail, MailContent},
    store::Transaction,
};

/// The whole message. `secret` is the one of the link it holds, if it holds one.
pub(super) async fn write(
    app: &App,
    tx: &mut Transaction,
    mail: &ClaimedMail,
    mail_content: MailContent,
    secret: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let to = ActionMail {
        mailer: &app.mailer,
        public_url: &app.settings.public_url,
        recipient: &mail.recipient,
        message_id: &mail.message_id,
        // What is written again at every attempt must be the same each time.
        at: if mail.letter.holds_link() { mail.created_at } else { now },
    };
    Ok(match mail_content {
        MailContent::Ends(notice, account, ends) => {
            let ends: Vec<_> =
                ends.iter().map(|one| Ending { token: &one.token, expires_at: one.expires_at }).collect();
            if notice.is_reminder() {
                let about = OneTimeLink::of(account.id, LinkPurpose::StopReminders);
                tx.insert_link(&one_time_link::hash(secret), &about, now, now + UNSUBSCRIBING).await?;
            }
            mail::end_notice(&to, notice, &account, &ends)?
        }
        MailContent::PasswordReset(account) => {
            if make_link(tx, mail, (&account, LinkPurpose::PasswordReset, secret), now, RESET).await? {
                let (by, subject) = (Actor::host("mail"), Subject::account(account.id));
                tx.record(EventKind::PasswordResetMailed, &by, subject, EventDetail::Nothing, now).await?;
            }
            mail::password_reset(&to, &account.username, &password_path(secret))?
        }
        MailContent::Invitation(account) => {
            make_link(tx, mail, (&account, LinkPurpose::Invitation, secret), now, INVITED).await?;
            mail::invitation(&to, &account.username, &password_path(secret))?
        }
        MailContent::SignUp => mail::sign_up(&to, &confirm_path(secret))?,
        MailContent::AlreadyThere(account) => mail::already_there(&to, &account.username)?,
        MailContent::ConfirmAddress(account) => {
            make_link(tx, mail, (&account, LinkPurpose::ConfirmAddress, secret), now, CONFIRMATION).await?;
            mail::confirm_address(&to, &account.username, &confirm_path(secret))?
        }
        MailContent::NewAddress(account) => {
            make_link(tx, mail, (&account, LinkPurpose::NewAddress, secret), now, CONFIRMATION).await?;
            mail::new_address(&to, &confirm_path(secret))?
        }
        MailContent::AccountDeleted => mail::account_deleted(&to)?,
        MailContent::Happened(account, events) => mail::security_mail(&to, &account, &events)?,
    })
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
