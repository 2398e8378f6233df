//! The mails that are not sent yet, or were refused for good, as operators see them; trying one again, and dropping one.

use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    notifications::{MailKind, MailState, QueuedMail},
    store::{
        Result, Store, instant, readable,
        sql::{Direction, List},
    },
    tokens::{AccountId, MailId},
};

/// Sorts after every id.
const AFTER_ALL: &str = "g";
/// No mail is put off or claimed for longer than half of this.
const FURTHEST: Duration = Duration::hours(3);

row! {
    struct QueuedRow {
        id: String,
        letter: String,
        account: Option<String>,
        username: Option<String>,
        recipient: String,
        state: String,
        attempt: i64,
        next_at: i64,
        lease_until: i64,
        reply: Option<String>,
        created_at: i64,
    }
}

impl QueuedRow {
    fn read(self) -> Result<QueuedMail> {
        let account = self.account.map(|id| readable(AccountId::parse(&id), "mails.account")).transpose()?;
        Ok(QueuedMail {
            id: readable(MailId::parse(&self.id), "mails.id")?,
            kind: readable(MailKind::parse(&self.letter), "mails.letter")?,
            account: account.map(|id| (id, self.username.unwrap_or_default())),
            recipient: self.recipient,
            state: match (self.state.as_str(), self.attempt) {
                ("failed", _) => MailState::Failed,
                (_, 0) => MailState::Waiting,
                _ => MailState::Retrying,
            },
            attempts: self.attempt,
            next_at: instant(self.next_at),
            lease_until: instant(self.lease_until),
            reply: self.reply,
            created_at: instant(self.created_at),
        })
    }
}

fn queue(which: &str) -> List {
    List::of(
        "m.id, m.letter, m.account, a.username, m.recipient, m.state, m.attempt, m.next_at, m.lease_until, m.reply, m.created_at",
        "mails m LEFT JOIN accounts a ON a.id = m.account",
    )
    .filter("m.state IN ('pending', 'sending', 'failed')")
    .filter(which)
}

fn page(which: &str) -> String {
    queue(which).filter("m.id < $1").order("m.id", Direction::Descending).limit("$2").sql()
}

static ALL: LazyLock<String> = LazyLock::new(|| page("1 = 1"));
static WAITING: LazyLock<String> = LazyLock::new(|| page("m.state <> 'failed' AND m.attempt = 0"));
static RETRYING: LazyLock<String> = LazyLock::new(|| page("m.state <> 'failed' AND m.attempt > 0"));
static FAILED: LazyLock<String> = LazyLock::new(|| page("m.state = 'failed'"));
static ONE: LazyLock<String> = LazyLock::new(|| queue("m.id = $1").sql());

impl Store {
    /// Mails that are not sent and older than `before`, the newest first, at most `limit`.
    pub async fn queued_mails(&self, which: MailState, before: Option<MailId>, limit: i64) -> Result<Vec<QueuedMail>> {
        let statement: &'static LazyLock<String> = match which {
            MailState::All => &ALL,
            MailState::Waiting => &WAITING,
            MailState::Retrying => &RETRYING,
            MailState::Failed => &FAILED,
        };
        let before = before.map_or(AFTER_ALL.to_owned(), |id| id.to_string());
        let rows: Vec<QueuedRow> =
            sqlx::query_as(statement.as_str()).bind(before).bind(limit).fetch_all(&self.pool).await?;
        rows.into_iter().map(QueuedRow::read).collect()
    }

    /// One of them.
    pub async fn queued_mail(&self, id: MailId) -> Result<Option<QueuedMail>> {
        let row = sqlx::query_as(ONE.as_str()).bind(id.to_string());
        let row: Option<QueuedRow> = row.fetch_optional(&self.pool).await?;
        row.map(QueuedRow::read).transpose()
    }

    /// Brings near what lies further ahead than any wait or claim: a clock that ran ahead put it there. A mail put off is
    /// tried now; a claimed one is held until `lease_until`, for its worker may be at it.
    pub async fn bring_near(&self, now: DateTime<Utc>, lease_until: DateTime<Utc>) -> Result<()> {
        let furthest = (now + FURTHEST).timestamp();
        // Asked before the write lock is taken: next to always there is none.
        let far: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM mails
             WHERE state IN ('pending', 'sending') AND (next_at > $1 OR lease_until > $1) LIMIT 1",
        )
        .bind(furthest)
        .fetch_optional(&self.pool)
        .await?;
        if far.is_none() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE mails SET next_at = CASE WHEN next_at > $2 THEN $1 ELSE next_at END,
                lease_until = CASE WHEN lease_until > $2 THEN $3 ELSE lease_until END
             WHERE state IN ('pending', 'sending') AND (next_at > $2 OR lease_until > $2)",
        )
        .bind(now.timestamp())
        .bind(furthest)
        .bind(lease_until.timestamp())
        .execute(&mut *tx.inner)
        .await?;
        tx.commit().await
    }

    /// The tokens whose ends a mail tells of, the earliest end first, at most `limit`: name and hint.
    pub async fn tokens_in_mail(&self, mail: MailId, limit: i64) -> Result<Vec<(String, Option<String>)>> {
        let tokens = sqlx::query_as(
            "SELECT t.name, t.hint FROM notices n JOIN tokens t ON t.id = n.subject WHERE n.mail = $1
             ORDER BY n.occasion, n.id LIMIT $2",
        );
        Ok(tokens.bind(mail.to_string()).bind(limit).fetch_all(&self.pool).await?)
    }

    /// Lets a mail be tried at the next tick. `false` if it is sent by now, or a worker holds it.
    pub async fn retry_mail(&self, mail: &QueuedMail, by: &Actor, now: DateTime<Utc>) -> Result<bool> {
        const RETRY: &str =
            "UPDATE mails SET state = CASE WHEN content IS NULL THEN 'pending' ELSE 'sending' END, next_at = $2,
                refused_at = NULL, lease_until = 0, fence = fence + 1
             WHERE id = $1 AND state IN ('pending', 'sending', 'failed') AND lease_until <= $2";
        self.record_mail_change(mail, RETRY, EventKind::MailRetried, by, now).await
    }

    /// Gives a mail up. What it was to say stays bound to it, and so comes in no other mail. `false` if it is sent by
    /// now, or a worker holds it.
    pub async fn drop_queued_mail(&self, mail: &QueuedMail, by: &Actor, now: DateTime<Utc>) -> Result<bool> {
        const DROP: &str = "UPDATE mails SET state = 'dropped', content = NULL, reply = 'an operator dropped it', lease_until = 0, fence = fence + 1
             WHERE id = $1 AND state IN ('pending', 'sending', 'failed') AND lease_until <= $2";
        self.record_mail_change(mail, DROP, EventKind::MailDropped, by, now).await
    }

    async fn record_mail_change(
        &self,
        mail: &QueuedMail,
        statement: &'static str,
        kind: EventKind,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let mut tx = self.begin_by(by).await?;
        let done =
            sqlx::query(statement).bind(mail.id.to_string()).bind(now.timestamp()).execute(&mut *tx.inner).await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let detail = EventDetail::Mail { mail: mail.kind.as_str().to_owned(), recipient: mail.recipient.clone() };
        let account = mail.account.as_ref().map(|(id, _)| *id);
        tx.record(kind, by, Subject { account, ..Subject::default() }, detail, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
