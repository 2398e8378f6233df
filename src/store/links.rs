//! Links that work once. Their secrets are known here as SHA-256 only.

use chrono::{DateTime, Utc};

use super::{Change, Result, Store};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Makes the first operator.
    Setup,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
        }
    }
}

impl Store {
    /// Whether a link can still be used. Looking does not use it up.
    pub async fn link_is_good(&self, hash: &[u8], purpose: Purpose, now: DateTime<Utc>) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM links WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 LIMIT 1",
        )
        .bind(hash)
        .bind(purpose.as_str())
        .bind(now.timestamp())
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }
}

impl Change {
    /// Keeps a new link in place of unused older ones for the same purpose.
    pub async fn add_link(
        &mut self,
        hash: &[u8],
        purpose: Purpose,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query("DELETE FROM links WHERE purpose = $1 AND used_at IS NULL")
            .bind(purpose.as_str())
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("INSERT INTO links (hash, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(hash)
            .bind(purpose.as_str())
            .bind(now.timestamp())
            .bind(expires_at.timestamp())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Uses a link up. `false` if it is unknown, used or over.
    pub async fn use_link(&mut self, hash: &[u8], purpose: Purpose, now: DateTime<Utc>) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE links SET used_at = $3 WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
        )
        .bind(hash)
        .bind(purpose.as_str())
        .bind(now.timestamp())
        .execute(&mut *self.tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
