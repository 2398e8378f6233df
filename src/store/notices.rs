//! Facts somebody is owed a message about, and the mails that carry them.
//! A warning exists from the moment a token gets its end; nothing has to scan for it, so nothing can be skipped.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sqlx::FromRow;

use super::{Change, Result, Store, instant, readable};
use crate::tokens::{AccountId, NoticeId, Token, TokenId};

const WARNING: &str = "warning";

/// A warning whose time has come and that no mail carries yet.
#[derive(Clone, Debug)]
pub struct DueNotice {
    /// Its id.
    pub id: NoticeId,
    /// Who is owed it.
    pub account: AccountId,
    /// The token it is about.
    pub token: TokenId,
    /// When it was, or is, due.
    pub due_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct DueRow {
    id: String,
    account: String,
    subject: String,
    due_at: i64,
}

impl DueRow {
    fn read(self) -> Result<DueNotice> {
        Ok(DueNotice {
            id: readable(NoticeId::parse(&self.id), "notices.id")?,
            account: readable(AccountId::parse(&self.account), "notices.account")?,
            token: readable(TokenId::parse(&self.subject), "notices.subject")?,
            due_at: instant(self.due_at),
        })
    }
}

impl Store {
    /// Warnings due at `now` that no mail carries yet, the earliest first, at most `limit`.
    pub async fn due_warnings(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<DueNotice>> {
        let rows: Vec<DueRow> = sqlx::query_as(
            "SELECT id, account, subject, due_at FROM notices
             WHERE mail IS NULL AND cancelled_at IS NULL AND due_at <= $1 AND kind = $2 ORDER BY due_at, id LIMIT $3",
        )
        .bind(now.timestamp())
        .bind(WARNING)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(DueRow::read).collect()
    }
}

impl Change {
    /// Cancels a token's warnings that no mail carries yet, but for the one about `keep`.
    pub(super) async fn cancel_warnings(
        &mut self,
        token: TokenId,
        keep: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE notices SET cancelled_at = $3
             WHERE subject = $1 AND kind = $4 AND occasion <> $2 AND mail IS NULL AND cancelled_at IS NULL",
        )
        .bind(token.to_string())
        .bind(keep.map(occasion).unwrap_or_default())
        .bind(now.timestamp())
        .bind(WARNING)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Owes a token's owner the warning about `expires_at`, due in the hour of `warn_from`. One that a mail carries
    /// already stays as it is: nobody is warned twice of the same end.
    pub(super) async fn add_warning(
        &mut self,
        token: &Token,
        expires_at: DateTime<Utc>,
        warn_from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let due_at = warn_from.duration_trunc(TimeDelta::hours(1)).unwrap_or(warn_from);
        sqlx::query(
            "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (kind, subject, occasion) DO UPDATE SET due_at = excluded.due_at, cancelled_at = NULL WHERE notices.mail IS NULL",
        )
        .bind(NoticeId::generate(now, &mut crate::random::system()).to_string())
        .bind(WARNING)
        .bind(token.id.to_string())
        .bind(occasion(expires_at))
        .bind(token.account.to_string())
        .bind(due_at.timestamp())
        .bind(now.timestamp())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

/// The occasion of a warning: the end it warns of.
fn occasion(expires_at: DateTime<Utc>) -> String {
    expires_at.timestamp().to_string()
}
