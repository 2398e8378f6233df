//! Clients at a terminal that a person let in by their browser, until they have fetched their token.

use chrono::{DateTime, Duration, Utc};

use crate::{
    store::{Result, Store, Transaction, readable},
    tokens::{AccountId, FeedId},
};

/// How long a client may take to fetch its token: it asks every second or so.
const WAITS: Duration = Duration::minutes(5);

/// A client that was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLogin {
    /// By whom.
    pub account: AccountId,
    /// To which feed.
    pub feed: FeedId,
}

impl Transaction {
    /// Lets the client in that holds the secret with this SHA-256. `false` if that was done already, whether or not it has
    /// fetched its token since. Its address is good no longer than `life`.
    pub async fn confirm_client_login(
        &mut self,
        (secret_hash, life): (&[u8], Duration),
        account: AccountId,
        feed: FeedId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        sqlx::query("DELETE FROM client_logins WHERE expires_at <= $1")
            .bind((now - life).timestamp())
            .execute(&mut *self.inner)
            .await?;
        let done = sqlx::query(
            "INSERT INTO client_logins (secret_hash, account, feed, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (secret_hash) DO NOTHING",
        )
        .bind(secret_hash.to_vec())
        .bind(account.to_string())
        .bind(feed.to_string())
        .bind((now + WAITS).timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

impl Store {
    /// Takes the login of the client that holds the secret with this SHA-256, once; none before somebody let it in, or at
    /// another feed than that.
    pub async fn take_client_login(
        &self,
        secret_hash: &[u8],
        feed: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<ClientLogin>> {
        let waits: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM client_logins WHERE secret_hash = $1 AND taken_at IS NULL LIMIT 1")
                .bind(secret_hash.to_vec())
                .fetch_optional(&self.pool)
                .await?;
        if waits.is_none() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        let row: Option<(String, String)> = sqlx::query_as(
            "UPDATE client_logins SET taken_at = $3 WHERE secret_hash = $1 AND expires_at > $3 AND taken_at IS NULL
               AND feed = (SELECT id FROM feeds WHERE name = $2)
               AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = client_logins.account AND a.disabled_at IS NULL)
             RETURNING account, feed",
        )
        .bind(secret_hash.to_vec())
        .bind(feed)
        .bind(now.timestamp())
        .fetch_optional(&mut *tx.inner)
        .await?;
        tx.commit().await?;
        row.map(|(account, feed)| {
            Ok(ClientLogin {
                account: readable(AccountId::parse(&account), "client_logins.account")?,
                feed: readable(FeedId::parse(&feed), "client_logins.feed")?,
            })
        })
        .transpose()
    }
}
