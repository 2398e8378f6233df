//! People whom an operator added: their accounts are there, and they choose a password by a link that lives a week.

use chrono::{DateTime, Utc};

use super::AccountRow;
use crate::{
    accounts::{
        Account, AccountDeletion, InvitedAccount, NewAccount, Registration,
        one_time_link::{INVITED, LinkPurpose, OneTimeLink},
    },
    audit::{Actor, EventDetail, EventKind, Subject},
    notifications::InvitationWay,
    store::{Result, Store, Transaction, instant},
    tokens::AccountId,
};

row! {
    struct InvitedRow {
        id: String,
        invited_at: i64,
        invited_by: Option<String>,
        link_until: Option<i64>,
        waiting_mails: i64,
    }
}

impl Store {
    /// Who was invited and has not chosen a password, by username after `after`, at most `limit`.
    pub async fn invited_accounts(&self, after: &str, limit: i64) -> Result<Vec<InvitedAccount>> {
        let rows: Vec<InvitedRow> = sqlx::query_as(
            "SELECT a.id, a.invited_at, b.username AS invited_by,
                (SELECT MAX(l.expires_at) FROM links l WHERE l.account = a.id AND l.purpose IN ('invitation', 'password link')
                    AND l.used_at IS NULL) AS link_until,
                (SELECT COUNT(*) FROM mails m WHERE m.account = a.id AND m.letter = 'invitation' AND m.state = 'pending')
                    AS waiting_mails
             FROM accounts a LEFT JOIN accounts b ON b.id = a.invited_by
             WHERE a.invited_at IS NOT NULL AND a.username_key > $1 ORDER BY a.username_key LIMIT $2",
        )
        .bind(after.to_ascii_lowercase())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let mut invited = Vec::with_capacity(rows.len());
        for row in rows {
            let found = match AccountId::parse(&row.id) {
                Some(id) => self.account(id).await?,
                None => None,
            };
            invited.extend(found.map(|account| InvitedAccount {
                account,
                invited_at: instant(row.invited_at),
                invited_by: row.invited_by,
                link_until: row.link_until.map(instant),
                mail_waits: row.waiting_mails > 0,
            }));
        }
        Ok(invited)
    }
}

impl Transaction {
    /// Makes an account whose owner is yet to choose a password.
    pub async fn add_invited_account(
        &mut self,
        new: &NewAccount,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Registration> {
        let made = self.add_account(new, by, now).await?;
        if let Registration::Made(id) = made {
            self.note_invited(id, EventKind::AccountInvited, by, now).await?;
        }
        Ok(made)
    }

    /// Invites somebody once more who has not chosen a password. None if there is nobody like that, or the account is
    /// disabled, so that its links do not work.
    pub async fn invite_again(&mut self, id: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<Option<Account>> {
        let found = self.invited(id).await?.filter(|found| found.disabled_at.is_none());
        if found.is_some() {
            self.end_links_for(id, LinkPurpose::Invitation).await?;
            self.end_links_for(id, LinkPurpose::PasswordLink).await?;
            self.drop_waiting_invitation(id).await?;
            self.note_invited(id, EventKind::AccountInvitedAgain, by, now).await?;
        }
        Ok(found)
    }

    /// Sends somebody their link, or keeps the one that is handed over.
    pub async fn hand_invitation(&mut self, id: AccountId, way: InvitationWay<'_>, now: DateTime<Utc>) -> Result<()> {
        match way {
            InvitationWay::Mail(mail) => self.add_mail(mail, now).await,
            InvitationWay::Handed(hash) => {
                self.add_link(hash, &OneTimeLink::of(id, LinkPurpose::Invitation), now, now + INVITED).await
            }
        }
    }

    /// Takes an account back whose owner never chose a password. What nobody else owns goes to `heir`, as when an account
    /// is deleted; unless the answer is [`AccountDeletion::Done`], the change must not be committed.
    pub async fn withdraw_invited_account(
        &mut self,
        id: AccountId,
        heir: Option<AccountId>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<AccountDeletion> {
        let Some(found) = self.invited(id).await? else { return Ok(AccountDeletion::Gone) };
        if let Err(refused) = self.settle_ownership(&found, heir, by, now).await? {
            return Ok(refused);
        }
        self.keep_name(&found, now).await?;
        let detail = EventDetail::Account { username: found.username.clone() };
        let kind = EventKind::AccountInvitationWithdrawn;
        let event = self.record(kind, by, Subject::account(id), detail, now).await?;
        if let Some(operator) = by.account {
            self.enqueue_security_notification(operator, event, None, now).await?;
        }
        sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id.to_string()).execute(&mut *self.inner).await?;
        Ok(AccountDeletion::Done)
    }

    /// The account, if its owner is yet to choose a password; locked until the change has ended.
    async fn invited(&mut self, id: AccountId) -> Result<Option<Account>> {
        let row: Option<AccountRow> = sqlx::query_as(
            "UPDATE accounts SET invited_at = invited_at WHERE id = $1 AND invited_at IS NOT NULL AND password_hash IS NULL
             RETURNING id, kind, username, email, password_hash, time_zone, operator_since, disabled_at, session_epoch",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.inner)
        .await?;
        row.map(AccountRow::read).transpose()
    }

    async fn note_invited(&mut self, id: AccountId, kind: EventKind, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE accounts SET invited_at = $2, invited_by = $3 WHERE id = $1")
            .bind(id.to_string())
            .bind(now.timestamp())
            .bind(by.account.map(|by| by.to_string()))
            .execute(&mut *self.inner)
            .await?;
        let username = self.account(id).await?.map(|account| account.username).unwrap_or_default();
        let detail = EventDetail::Account { username };
        let event = self.record(kind, by, Subject::account(id), detail, now).await?;
        if let Some(operator) = by.account {
            self.enqueue_security_notification(operator, event, None, now).await?;
        }
        Ok(())
    }
}
