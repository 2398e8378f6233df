//! Links that work once. Their secrets are known here as SHA-256 only.

use chrono::{DateTime, Utc};

use crate::{
    accounts::{
        CLOCK_DRIFT,
        one_time_link::{LinkPurpose, OneTimeLink},
    },
    store::{Result, Store, Transaction, readable},
    tokens::AccountId,
};

type LinkRow = (String, Option<String>, Option<String>);

fn read((purpose, account, email): LinkRow) -> Result<OneTimeLink> {
    Ok(OneTimeLink {
        purpose: readable(crate::accounts::one_time_link::LinkPurpose::parse(&purpose), "links.purpose")?,
        account: account.map(|id| readable(AccountId::parse(&id), "links.account")).transpose()?,
        email,
    })
}

/// A link that began later was made while a clock was ahead, and would live for far too long: it counts as over. But for
/// those that stop reminders, which may live long and stand in mails.
fn latest_start(now: DateTime<Utc>) -> i64 {
    (now + CLOCK_DRIFT).timestamp()
}

impl Store {
    /// A link that can still be used; looking does not use it up. Links of disabled accounts cannot.
    pub async fn link(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<OneTimeLink>> {
        let row: Option<LinkRow> = sqlx::query_as(
            "SELECT l.purpose, l.account, l.email FROM links l LEFT JOIN accounts a ON a.id = l.account
             WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > $2 AND a.disabled_at IS NULL
               AND (l.created_at <= $3 OR l.purpose = 'stop reminders')",
        )
        .bind(hash)
        .bind(now.timestamp())
        .bind(latest_start(now))
        .fetch_optional(&self.pool)
        .await?;
        row.map(read).transpose()
    }

    /// Whether a link for this purpose can still be used.
    pub async fn link_is_good(&self, hash: &[u8], purpose: LinkPurpose, now: DateTime<Utc>) -> Result<bool> {
        Ok(self.link(hash, now).await?.is_some_and(|link| link.purpose == purpose))
    }
}

impl Transaction {
    /// Keeps a new link in place of the account's unused older ones for the same purpose. A link that an operator hands over
    /// to set a password ends an invitation too: there is one way at a time.
    pub async fn add_link(
        &mut self,
        hash: &[u8],
        link: &OneTimeLink,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let account = link.account.map(|id| id.to_string());
        sqlx::query("DELETE FROM links WHERE purpose = $1 AND used_at IS NULL AND COALESCE(account, '') = $2")
            .bind(link.purpose.as_str())
            .bind(account.as_deref().unwrap_or_default())
            .execute(&mut *self.inner)
            .await?;
        if let (Some(account), LinkPurpose::PasswordLink) = (link.account, link.purpose) {
            self.end_links_for(account, LinkPurpose::Invitation).await?;
            self.drop_waiting_invitation(account).await?;
        }
        self.insert_link(hash, link, now, expires_at).await
    }

    /// Keeps a new link beside all others.
    pub async fn insert_link(
        &mut self,
        hash: &[u8],
        link: &OneTimeLink,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO links (hash, purpose, account, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(hash)
        .bind(link.purpose.as_str())
        .bind(link.account.map(|id| id.to_string()))
        .bind(link.email.as_deref())
        .bind(now.timestamp())
        .bind(expires_at.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Whether a link can still be used, inside the change.
    pub(in crate::store) async fn link_is_good(&mut self, hash: &[u8], now: DateTime<Utc>) -> Result<bool> {
        let good = "SELECT CAST(1 AS BIGINT) FROM links WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 AND (created_at <= $3 OR purpose = 'stop reminders') LIMIT 1";
        let good = sqlx::query_scalar(good).bind(hash).bind(now.timestamp()).bind(latest_start(now));
        let good: Option<i64> = good.fetch_optional(&mut *self.inner).await?;
        Ok(good.is_some())
    }

    /// Uses a link up. None if it is unknown, used, over, for something else or of a disabled account.
    pub async fn use_link(
        &mut self,
        hash: &[u8],
        purpose: LinkPurpose,
        now: DateTime<Utc>,
    ) -> Result<Option<OneTimeLink>> {
        let row: Option<LinkRow> = sqlx::query_as(
            "UPDATE links SET used_at = $3 WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
                AND (created_at <= $4 OR purpose = 'stop reminders') AND (account IS NULL OR account IN (SELECT id FROM accounts WHERE disabled_at IS NULL))
             RETURNING purpose, account, email",
        )
        .bind(hash)
        .bind(purpose.as_str())
        .bind(now.timestamp())
        .bind(latest_start(now))
        .fetch_optional(&mut *self.inner)
        .await?;
        row.map(read).transpose()
    }

    /// Ends an account's unused links: what they were made for has changed. Those that stop reminders stay, because no
    /// mail can be changed that holds one.
    pub(in crate::store) async fn end_links_of(&mut self, account: AccountId) -> Result<()> {
        sqlx::query("DELETE FROM links WHERE account = $1 AND used_at IS NULL AND purpose <> $2")
            .bind(account.to_string())
            .bind(crate::accounts::one_time_link::LinkPurpose::StopReminders.as_str())
            .execute(&mut *self.inner)
            .await?;
        self.drop_waiting_invitation(account).await
    }

    /// Drops an invitation that waits to be mailed: the link that it would make works no more than those that were made.
    pub(in crate::store) async fn drop_waiting_invitation(&mut self, account: AccountId) -> Result<()> {
        sqlx::query(
            "UPDATE mails SET state = 'dropped', reply = 'another link took its place', lease_until = 0, fence = fence + 1
             WHERE account = $1 AND letter = 'invitation' AND state = 'pending'",
        )
        .bind(account.to_string())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Makes a link, and the sign-up that it confirms, known by another hash too.
    pub(in crate::store) async fn copy_link(&mut self, from: &[u8], to: &[u8]) -> Result<()> {
        type Row = (String, Option<String>, Option<String>, i64, i64, Option<i64>);
        let select = "SELECT purpose, account, email, created_at, expires_at, used_at FROM links WHERE hash = $1";
        let row: Option<Row> = sqlx::query_as(select).bind(from).fetch_optional(&mut *self.inner).await?;
        let Some((purpose, account, email, created_at, expires_at, used_at)) = row else { return Ok(()) };
        sqlx::query(
            "INSERT INTO links (hash, purpose, account, email, created_at, expires_at, used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(to)
        .bind(purpose)
        .bind(account)
        .bind(email)
        .bind(created_at)
        .bind(expires_at)
        .bind(used_at)
        .execute(&mut *self.inner)
        .await?;
        self.copy_sign_up(from, to).await
    }

    /// Ends an account's unused links for one purpose.
    pub(in crate::store) async fn end_links_for(&mut self, account: AccountId, purpose: LinkPurpose) -> Result<()> {
        sqlx::query("DELETE FROM links WHERE account = $1 AND purpose = $2 AND used_at IS NULL")
            .bind(account.to_string())
            .bind(purpose.as_str())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
