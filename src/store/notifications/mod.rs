//! What owners are owed about the ends of their tokens, and how it is bound to the mails that carry it.
//! A notice exists from the moment a token gets its end; nothing has to scan for it, so nothing can be skipped.

pub(in crate::store) mod claims;
pub(in crate::store) mod content;
pub(in crate::store) mod mails;
pub(in crate::store) mod queue;
pub(in crate::store) mod reminders;
pub(in crate::store) mod security;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use super::{
    Result, Store, Transaction, instant, readable,
    sql::{Direction, List},
};
use crate::{
    accounts::Account,
    notifications::{
        CancelReason, MailKind, NewMail,
        end_notice::{DueNotice, EndNotice, EndingTokenOfMail, cancel_reason, due_notices},
    },
    tokens::{AccountId, MailId, NoticeId, Token, TokenId},
};

/// Notices that are about a token's end.
pub(in crate::store) fn about_an_end() -> String {
    let kinds: Vec<_> = EndNotice::ALL.iter().map(|notice| format!("'{}'", notice.as_str())).collect();
    format!("kind IN ({})", kinds.join(", "))
}

fn end_notices(condition: &str) -> List {
    List::of("id, kind, account, subject, occasion, due_at", "notices").filter(condition).filter(about_an_end())
}

/// Those due at `$1` that no mail carries yet, at most `$2`.
pub(in crate::store) static DUE: LazyLock<String> = LazyLock::new(|| {
    let due = end_notices("mail IS NULL AND cancelled_at IS NULL AND due_at <= $1");
    due.order("due_at", Direction::Ascending).order("id", Direction::Ascending).limit("$2").sql()
});
/// Those that mail `$1` carries.
static IN_MAIL: LazyLock<String> = LazyLock::new(|| {
    end_notices("mail = $1").order("occasion", Direction::Ascending).order("id", Direction::Ascending).sql()
});
static CANCEL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE notices SET cancelled_at = $3, cancelled_because = $4
         WHERE subject = $1 AND occasion <> $2 AND mail IS NULL AND cancelled_at IS NULL AND {}",
        about_an_end()
    )
});
static RESTORE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE notices SET cancelled_at = NULL, cancelled_because = NULL
         WHERE account = $1 AND cancelled_because = $2 AND mail IS NULL AND (kind = '{}' OR due_at > $3) AND {}",
        EndNotice::Warning.as_str(),
        about_an_end()
    )
});

const WANTS_REMINDER: &str = "SELECT CAST(1 AS BIGINT) FROM accounts WHERE id = $1
     AND (($2 = 'reminder-30' AND remind_30_days_at IS NOT NULL) OR ($2 = 'reminder-1' AND remind_1_day_at IS NOT NULL))";

row! {
    struct DueRow {
        id: String,
        kind: String,
        account: String,
        subject: String,
        occasion: String,
        due_at: i64,
    }
}

impl DueRow {
    fn read(self) -> Result<DueNotice> {
        Ok(DueNotice {
            id: readable(NoticeId::parse(&self.id), "notices.id")?,
            notice: readable(EndNotice::parse(&self.kind), "notices.kind")?,
            account: readable(AccountId::parse(&self.account), "notices.account")?,
            token: readable(TokenId::parse(&self.subject), "notices.subject")?,
            expires_at: readable(self.occasion.parse().ok().map(instant), "notices.occasion")?,
            due_at: instant(self.due_at),
        })
    }
}

impl Store {
    /// Notices of ends that are due at `now` and that no mail carries yet, the earliest first, at most `limit`.
    pub async fn due_end_notices(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<DueNotice>> {
        let rows: Vec<DueRow> =
            sqlx::query_as(DUE.as_str()).bind(now.timestamp()).bind(limit).fetch_all(&self.pool).await?;
        rows.into_iter().map(DueRow::read).collect()
    }

    /// The notices of ends that a mail carries.
    pub async fn end_notices_in(&self, mail: MailId) -> Result<Vec<DueNotice>> {
        let rows: Vec<DueRow> = sqlx::query_as(IN_MAIL.as_str()).bind(mail.to_string()).fetch_all(&self.pool).await?;
        rows.into_iter().map(DueRow::read).collect()
    }

    /// Whether every end that a mail tells of has come.
    pub async fn is_past(&self, mail: MailId, now: DateTime<Utc>) -> Result<bool> {
        Ok(self.end_notices_in(mail).await?.iter().all(|due| due.expires_at <= now))
    }

    /// Why notices of a token's ends were cancelled, the newest first: the end each was about, and the reason in words.
    pub async fn cancelled_notices(&self, token: TokenId, notice: EndNotice) -> Result<Vec<(DateTime<Utc>, String)>> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT occasion, cancelled_because FROM notices
             WHERE subject = $1 AND kind = $2 AND cancelled_at IS NOT NULL ORDER BY cancelled_at DESC, id DESC",
        )
        .bind(token.to_string())
        .bind(notice.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(occasion, because)| {
                let end = readable(occasion.parse().ok().map(instant), "notices.occasion")?;
                Ok((end, because.unwrap_or_default()))
            })
            .collect()
    }

    /// Whether an account asked for a reminder.
    pub async fn wants_reminder(&self, account: AccountId, notice: EndNotice) -> Result<bool> {
        let wants = sqlx::query_scalar(WANTS_REMINDER).bind(account.to_string()).bind(notice.as_str());
        let wants: Option<i64> = wants.fetch_optional(&self.pool).await?;
        Ok(wants.is_some())
    }
}

impl Transaction {
    /// Binds the notices of one kind that an account is due in one hour to a new mail; `None` if nothing was left, and
    /// then this change must not be committed. Without a mail, nothing was owed any more.
    pub async fn bind_end_notices(
        &mut self,
        (account, hour, notice): (AccountId, DateTime<Utc>, EndNotice),
        (mail, message_id): (MailId, &str),
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<EndingTokenOfMail>>> {
        let Some(account) = self.account(account).await? else {
            return Ok(None);
        };
        let (kind, recipient) = (MailKind::End(notice), account.email.clone());
        let new = NewMail { id: mail, message_id: message_id.to_owned(), kind, account: Some(account.id), recipient };
        self.add_mail(&new, now).await?;
        let bound = sqlx::query(
            "UPDATE notices SET mail = $1 WHERE account = $2 AND due_at >= $3 AND due_at < $3 + 3600 AND due_at <= $4
                AND kind = $5 AND mail IS NULL AND cancelled_at IS NULL",
        )
        .bind(mail.to_string())
        .bind(account.id.to_string())
        .bind(hour.timestamp())
        .bind(now.timestamp())
        .bind(notice.as_str())
        .execute(&mut *self.inner)
        .await?;
        if bound.rows_affected() == 0 {
            return Ok(None);
        }
        let ends = self.ends_to_tell(mail, notice, &account, now).await?;
        match ends.first() {
            Some(first) => self.set_priority(mail, first.expires_at).await?,
            None => self.remove_mail(mail).await?,
        }
        Ok(Some(ends))
    }

    /// What a mail has still to tell, the earliest end first. What is not owed any more is cancelled and leaves the
    /// mail, so that it can be owed again.
    pub(in crate::store) async fn ends_to_tell(
        &mut self,
        mail: MailId,
        notice: EndNotice,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Vec<EndingTokenOfMail>> {
        let rows: Vec<DueRow> =
            sqlx::query_as(IN_MAIL.as_str()).bind(mail.to_string()).fetch_all(&mut *self.inner).await?;
        let unwanted = notice.is_reminder() && !self.wants_reminder(account.id, notice).await?;
        let mut told = Vec::new();
        for row in rows {
            let due = row.read()?;
            let token = self.token(due.token).await?;
            let reason = token.as_ref().map_or(Some(CancelReason::Deleted), |token| {
                let cancel_reason = cancel_reason(notice, token, due.expires_at, account.disabled_at.is_some(), now);
                cancel_reason.or(unwanted.then_some(CancelReason::Unwanted))
            });
            match (token, reason) {
                (Some(token), None) => told.push(EndingTokenOfMail { token, expires_at: due.expires_at }),
                (_, reason) => self.cancel_notice(due.id, reason.unwrap_or(CancelReason::Deleted), now).await?,
            }
        }
        Ok(told)
    }

    async fn wants_reminder(&mut self, account: AccountId, notice: EndNotice) -> Result<bool> {
        let wants = sqlx::query_scalar(WANTS_REMINDER).bind(account.to_string()).bind(notice.as_str());
        let wants: Option<i64> = wants.fetch_optional(&mut *self.inner).await?;
        Ok(wants.is_some())
    }

    async fn cancel_notice(&mut self, notice: NoticeId, because: CancelReason, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE notices SET mail = NULL, cancelled_at = $2, cancelled_because = $3 WHERE id = $1")
            .bind(notice.to_string())
            .bind(now.timestamp())
            .bind(because.as_str())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Cancels the notices of a token's ends that no mail carries yet, but for those about `keep`.
    pub(in crate::store) async fn cancel_end_notices(
        &mut self,
        token: TokenId,
        keep: Option<DateTime<Utc>>,
        because: CancelReason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(CANCEL.as_str())
            .bind(token.to_string())
            .bind(keep.map(occasion).unwrap_or_default())
            .bind(now.timestamp())
            .bind(because.as_str())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Moves what is owed about a token's old end, as far as no mail carries it yet, to the one it has now, so that an
    /// end that moves often leaves few rows.
    pub(in crate::store) async fn move_end_notices(
        &mut self,
        token: &Token,
        (old, new): (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        for (notice, due_at) in due_notices(token, new, now) {
            sqlx::query(
                "UPDATE notices SET occasion = $3, due_at = $4
                 WHERE subject = $1 AND kind = $5 AND occasion = $2 AND mail IS NULL AND cancelled_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM notices other WHERE other.kind = $5 AND other.subject = $1 AND other.occasion = $3)",
            )
            .bind(token.id.to_string())
            .bind(occasion(old))
            .bind(occasion(new))
            .bind(due_at.timestamp())
            .bind(notice.as_str())
            .execute(&mut *self.inner)
            .await?;
        }
        Ok(())
    }

    /// Owes an account again what it was not sent because it was disabled, but not word of what ended meanwhile.
    pub(in crate::store) async fn restore_end_notices(&mut self, account: AccountId, now: DateTime<Utc>) -> Result<()> {
        sqlx::query(RESTORE.as_str())
            .bind(account.to_string())
            .bind(CancelReason::AccountDisabled.as_str())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Owes a token's owner word of its end. What a mail carries already stays as it is: nobody is told twice.
    pub(in crate::store) async fn add_end_notices(
        &mut self,
        token: &Token,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        for (notice, due_at) in due_notices(token, end, now) {
            sqlx::query(
                "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (kind, subject, occasion) DO UPDATE
                 SET due_at = excluded.due_at, cancelled_at = NULL, cancelled_because = NULL WHERE notices.mail IS NULL",
            )
            .bind(NoticeId::generate(now, &mut crate::random::system()).to_string())
            .bind(notice.as_str())
            .bind(token.id.to_string())
            .bind(occasion(end))
            .bind(token.account.to_string())
            .bind(due_at.timestamp())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        }
        Ok(())
    }
}

/// The occasion of such a notice: the end it tells of.
fn occasion(expires_at: DateTime<Utc>) -> String {
    expires_at.timestamp().to_string()
}
