//! Facts somebody is owed a message about, and how they are bound to the mails that carry them.
//! A warning exists from the moment a token gets its end; nothing has to scan for it, so nothing can be skipped.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sqlx::FromRow;

use super::{Account, Change, Letter, NewMail, Result, Store, instant, readable};
use crate::tokens::{
    AccountId, MailId, NoticeId, Token, TokenId,
    warning::{Moot, moot},
};

pub(super) const WARNING: &str = "warning";

/// A warning whose time has come and that no mail carries yet.
#[derive(Clone, Debug)]
pub struct DueNotice {
    /// Its id.
    pub id: NoticeId,
    /// Who is owed it.
    pub account: AccountId,
    /// The token it is about.
    pub token: TokenId,
    /// The end it warns of.
    pub expires_at: DateTime<Utc>,
    /// When it was, or is, due.
    pub due_at: DateTime<Utc>,
}

/// A warning that a mail carries and that is still owed.
#[derive(Clone, Debug)]
pub struct OwedWarning {
    /// The token as it is now.
    pub token: Token,
    /// The end it warns of.
    pub expires_at: DateTime<Utc>,
}

/// What binding came to.
#[derive(Clone, Debug)]
pub struct BoundMail {
    /// Whose warnings they are.
    pub account: Account,
    /// What the new mail carries; empty if nothing was owed any more, and so there is no mail.
    pub warnings: Vec<OwedWarning>,
}

#[derive(FromRow)]
struct DueRow {
    id: String,
    account: String,
    subject: String,
    occasion: String,
    due_at: i64,
}

impl DueRow {
    fn read(self) -> Result<DueNotice> {
        Ok(DueNotice {
            id: readable(NoticeId::parse(&self.id), "notices.id")?,
            account: readable(AccountId::parse(&self.account), "notices.account")?,
            token: readable(TokenId::parse(&self.subject), "notices.subject")?,
            expires_at: readable(self.occasion.parse().ok().map(instant), "notices.occasion")?,
            due_at: instant(self.due_at),
        })
    }
}

impl Store {
    /// Warnings due at `now` that no mail carries yet, the earliest first, at most `limit`.
    pub async fn due_warnings(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<DueNotice>> {
        let rows: Vec<DueRow> = sqlx::query_as(
            "SELECT id, account, subject, occasion, due_at FROM notices
             WHERE mail IS NULL AND cancelled_at IS NULL AND due_at <= $1 AND kind = $2 ORDER BY due_at, id LIMIT $3",
        )
        .bind(now.timestamp())
        .bind(WARNING)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(DueRow::read).collect()
    }

    /// The warnings a mail carries.
    pub async fn warnings_in(&self, mail: MailId) -> Result<Vec<DueNotice>> {
        let rows: Vec<DueRow> =
            sqlx::query_as(IN_MAIL).bind(mail.to_string()).bind(WARNING).fetch_all(&self.pool).await?;
        rows.into_iter().map(DueRow::read).collect()
    }

    /// Why a token's warnings were cancelled, the newest first: the end each was about, and the reason in words.
    pub async fn cancelled_warnings(&self, token: TokenId) -> Result<Vec<(DateTime<Utc>, String)>> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT occasion, cancelled_because FROM notices
             WHERE subject = $1 AND kind = $2 AND cancelled_at IS NOT NULL ORDER BY cancelled_at DESC, id DESC",
        )
        .bind(token.to_string())
        .bind(WARNING)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(occasion, because)| {
                let end = readable(occasion.parse().ok().map(instant), "notices.occasion")?;
                Ok((end, because.unwrap_or_default()))
            })
            .collect()
    }
}

const IN_MAIL: &str =
    "SELECT id, account, subject, occasion, due_at FROM notices WHERE mail = $1 AND kind = $2 ORDER BY occasion, id";

impl Change {
    /// Binds an account's warnings of one hour to a new mail. Whoever comes second finds nothing left: `None`.
    pub async fn bind_warnings(
        &mut self,
        (account, due_at): (AccountId, DateTime<Utc>),
        (mail, message_id): (MailId, &str),
        now: DateTime<Utc>,
    ) -> Result<Option<BoundMail>> {
        let Some(account) = self.account(account).await? else {
            return Ok(None);
        };
        let (letter, recipient) = (Letter::Warnings, account.email.clone());
        let new = NewMail { id: mail, message_id: message_id.to_owned(), letter, account: Some(account.id), recipient };
        self.add_mail(&new, now).await?;
        let bound = sqlx::query(
            "UPDATE notices SET mail = $1 WHERE account = $2 AND due_at = $3 AND kind = $4 AND mail IS NULL AND cancelled_at IS NULL",
        )
        .bind(mail.to_string())
        .bind(account.id.to_string())
        .bind(due_at.timestamp())
        .bind(WARNING)
        .execute(&mut *self.tx)
        .await?;
        if bound.rows_affected() == 0 {
            return Ok(None);
        }
        let warnings = self.owed_warnings(mail, &account, now).await?;
        if warnings.is_empty() {
            self.remove_mail(mail).await?;
        }
        Ok(Some(BoundMail { account, warnings }))
    }

    /// The warnings of a mail that are still owed, the earliest end first. Those that are not are cancelled and leave
    /// the mail, so that they can be owed again.
    pub(super) async fn owed_warnings(
        &mut self,
        mail: MailId,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Vec<OwedWarning>> {
        let rows: Vec<DueRow> =
            sqlx::query_as(IN_MAIL).bind(mail.to_string()).bind(WARNING).fetch_all(&mut *self.tx).await?;
        let mut owed = Vec::new();
        for row in rows {
            let notice = row.read()?;
            let token = self.token(notice.token).await?;
            let reason = token.as_ref().map_or(Some(Moot::Deleted), |token| {
                moot(token, notice.expires_at, account.disabled_at.is_some(), now)
            });
            match (token, reason) {
                (Some(token), None) => owed.push(OwedWarning { token, expires_at: notice.expires_at }),
                (_, reason) => self.cancel_warning(notice.id, reason.unwrap_or(Moot::Deleted), now).await?,
            }
        }
        Ok(owed)
    }

    async fn cancel_warning(&mut self, notice: NoticeId, because: Moot, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE notices SET mail = NULL, cancelled_at = $2, cancelled_because = $3 WHERE id = $1")
            .bind(notice.to_string())
            .bind(now.timestamp())
            .bind(because.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Cancels a token's warnings that no mail carries yet, but for the one about `keep`.
    pub(super) async fn cancel_warnings(
        &mut self,
        token: TokenId,
        keep: Option<DateTime<Utc>>,
        because: Moot,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE notices SET cancelled_at = $3, cancelled_because = $5
             WHERE subject = $1 AND kind = $4 AND occasion <> $2 AND mail IS NULL AND cancelled_at IS NULL",
        )
        .bind(token.to_string())
        .bind(keep.map(occasion).unwrap_or_default())
        .bind(now.timestamp())
        .bind(WARNING)
        .bind(because.as_str())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Moves the warning about a token's old end, if no mail carries it yet, to its new one. `false` if there is none
    /// to move, or one about the new end already.
    pub(super) async fn move_warning(
        &mut self,
        token: TokenId,
        old: DateTime<Utc>,
        (new, warn_from): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool> {
        let moved = sqlx::query(
            "UPDATE notices SET occasion = $3, due_at = $4
             WHERE subject = $1 AND kind = $5 AND occasion = $2 AND mail IS NULL AND cancelled_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM notices other WHERE other.kind = $5 AND other.subject = $1 AND other.occasion = $3)",
        )
        .bind(token.to_string())
        .bind(occasion(old))
        .bind(occasion(new))
        .bind(due_hour(warn_from).timestamp())
        .bind(WARNING)
        .execute(&mut *self.tx)
        .await?;
        Ok(moved.rows_affected() == 1)
    }

    /// Owes an account again what it was not sent because it was disabled.
    pub(super) async fn restore_warnings(&mut self, account: AccountId) -> Result<()> {
        sqlx::query(
            "UPDATE notices SET cancelled_at = NULL, cancelled_because = NULL
             WHERE account = $1 AND kind = $2 AND cancelled_because = $3 AND mail IS NULL",
        )
        .bind(account.to_string())
        .bind(WARNING)
        .bind(Moot::AccountDisabled.as_str())
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
        let due_at = due_hour(warn_from);
        sqlx::query(
            "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (kind, subject, occasion) DO UPDATE
             SET due_at = excluded.due_at, cancelled_at = NULL, cancelled_because = NULL WHERE notices.mail IS NULL",
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

/// A warning is due in the hour it is owed from, so that an owner's warnings of one hour share a mail.
fn due_hour(warn_from: DateTime<Utc>) -> DateTime<Utc> {
    warn_from.duration_trunc(TimeDelta::hours(1)).unwrap_or(warn_from)
}

/// The occasion of a warning: the end it warns of.
fn occasion(expires_at: DateTime<Utc>) -> String {
    expires_at.timestamp().to_string()
}
