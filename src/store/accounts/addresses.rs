//! The address of an account: confirmed, changed, or to be changed.

use chrono::{DateTime, Utc};

use crate::{
    accounts::{
        Account, AddressState,
        one_time_link::{CONFIRMATION, LinkPurpose},
    },
    audit::{Actor, EventDetail, EventKind, Subject},
    store::{Result, Store, Transaction, instant},
    tokens::AccountId,
};

/// Confirmed, asked for, since when, and since when nobody vouched for it.
type AddressRow = (Option<i64>, Option<String>, Option<i64>, Option<i64>);

impl Store {
    /// How an account's address stands at `now`. An address that was asked for and never confirmed is forgotten when
    /// its link has ended.
    pub async fn address_state(&self, id: AccountId, now: DateTime<Utc>) -> Result<AddressState> {
        let row: Option<AddressRow> = sqlx::query_as(
            "SELECT email_confirmed_at, asked_email, asked_email_at, unproven_since FROM accounts WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&self.pool)
        .await?;
        let (confirmed_at, asked, asked_at, unproven_since) = row.unwrap_or_default();
        let is_unproven = unproven_since.is_some() && confirmed_at.is_none();
        let asked = asked.zip(asked_at.map(instant)).filter(|(_, at)| *at + CONFIRMATION > now);
        Ok(AddressState { confirmed_at: confirmed_at.map(instant), asked, is_unproven })
    }
}

impl Transaction {
    /// Notes that an account's address was confirmed, if it was not before.
    pub async fn confirm_address(&mut self, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        let confirmed =
            sqlx::query("UPDATE accounts SET email_confirmed_at = $2 WHERE id = $1 AND email_confirmed_at IS NULL")
                .bind(account.to_string())
                .bind(now.timestamp())
                .execute(&mut *self.inner)
                .await?;
        if confirmed.rows_affected() == 1 {
            self.record(EventKind::AddressConfirmed, by, Subject::account(account), EventDetail::Nothing, now).await?;
        }
        Ok(())
    }

    /// Gives an account another address, which is confirmed, and ends its sessions and links; the address before is
    /// owed word of it. `false` if the new one belongs to somebody else: then nothing is changed.
    pub async fn set_address(
        &mut self,
        account: &Account,
        email: &str,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let changed = sqlx::query(
            "UPDATE accounts SET email = $2, email_key = $3, email_confirmed_at = $4, asked_email = NULL, asked_email_at = NULL
             WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM accounts WHERE email_key = $3 AND id <> $1)",
        )
        .bind(account.id.to_string())
        .bind(email)
        .bind(email.to_ascii_lowercase())
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        let detail = EventDetail::Addresses { from: account.email.clone(), to: email.to_owned() };
        let event = self.record(EventKind::AddressChanged, by, Subject::account(account.id), detail, now).await?;
        self.enqueue_security_notification(account.id, event, Some(&account.email), now).await?;
        self.end_links_of(account.id).await?;
        self.end_links_for(account.id, LinkPurpose::StopReminders).await?; // they lie in the mailbox before
        self.end_sessions_of(account.id).await?;
        Ok(true)
    }

    /// Notes which address an account is to get, in place of one that was asked for before, and owes the present one
    /// word of it.
    pub async fn ask_for_address(
        &mut self,
        account: &Account,
        email: &str,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.set_asked_address(account.id, Some(email), now).await?;
        let detail = EventDetail::Address { address: email.to_owned() };
        let event = self.record(EventKind::AddressChangeAsked, by, Subject::account(account.id), detail, now).await?;
        self.enqueue_security_notification(account.id, event, Some(&account.email), now).await
    }

    /// Keeps the address that an account has: no link gives it the one asked for any more. `false` if none was.
    pub async fn withdraw_asked_address(&mut self, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<bool> {
        let Some(asked) = self.asked_address(account).await? else { return Ok(false) };
        self.set_asked_address(account, None, now).await?;
        let detail = EventDetail::Address { address: asked };
        self.record(EventKind::AddressChangeWithdrawn, by, Subject::account(account), detail, now).await?;
        Ok(true)
    }

    /// The address that an account is to get.
    pub(in crate::store) async fn asked_address(&mut self, account: AccountId) -> Result<Option<String>> {
        let asked = sqlx::query_scalar("SELECT asked_email FROM accounts WHERE id = $1").bind(account.to_string());
        let asked: Option<Option<String>> = asked.fetch_optional(&mut *self.inner).await?;
        Ok(asked.flatten())
    }

    async fn set_asked_address(&mut self, account: AccountId, email: Option<&str>, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE accounts SET asked_email = $2, asked_email_at = $3 WHERE id = $1")
            .bind(account.to_string())
            .bind(email)
            .bind(email.map(|_| now.timestamp()))
            .execute(&mut *self.inner)
            .await?;
        self.end_links_for(account, LinkPurpose::NewAddress).await
    }
}
