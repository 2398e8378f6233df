//! Tells owners what happened in their accounts: all that one address is owed at a tick goes into one mail.

use chrono::{DateTime, Utc};

use super::mail_delivery::deliver_mails;
use crate::{app::App, clock::Clock, notifications::MailKind, tokens::AccountId};

/// So many addresses are looked at in one go.
const BATCH: i64 = 500;

/// Binds what happened and sends all mails that wait at `now`; for tests and operators.
pub async fn send_mails(app: &App, now: DateTime<Utc>) -> anyhow::Result<()> {
    let clock = Clock::fixed_at(now);
    bind_security_notifications(app, &clock).await?;
    deliver_mails(app, &clock, None, || false).await?;
    Ok(())
}

/// Binds what is owed to mails.
pub(super) async fn bind_security_notifications(app: &App, clock: &Clock) -> anyhow::Result<()> {
    loop {
        let due = app.store.due_security_notifications(clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        for (account, recipient) in due {
            bind(app, clock, account, recipient).await?;
        }
    }
}

async fn bind(app: &App, clock: &Clock, account: AccountId, recipient: Option<String>) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    let Some(owner) = tx.account(account).await? else {
        return Ok(());
    };
    let mail = app.new_mail(MailKind::Happened, Some(account), recipient.as_deref().unwrap_or(&owner.email));
    if tx.bind_security_notifications((account, recipient.as_deref()), &mail, clock.now()).await? {
        tx.commit().await?;
    }
    Ok(())
}
