//! What happened in an account and its owner is told by mail, whoever did it: a notice in the transaction of the event.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, any::AnyRow};

use super::{Change, NewMail, Result, Store, events::read_told, instant, readable};
use crate::{
    audit::{EventDetail, EventKind, Subject},
    tokens::{AccountId, EventId, MailId, NoticeId, TokenId},
};

pub(super) const HAPPENED: &str = "happened";
/// So many are listed in one mail; the rest is counted.
const LISTED: i64 = 20;

/// An event that somebody is told of.
#[derive(Clone, Debug)]
pub struct Happening {
    /// What.
    pub kind: EventKind,
    /// Its facts, as they were then.
    pub detail: EventDetail,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it, if that was somebody else's account: an operator's username.
    pub by: Option<String>,
    /// From which address; empty for the host itself.
    pub address: String,
    /// With which client; may be empty.
    pub client: String,
    /// The token it was about.
    pub token: Option<TokenId>,
    /// The hint that it had then.
    pub hint: Option<String>,
    /// Whose access it was about, if not that of whom the mail is to: a username.
    pub whom: Option<String>,
    /// The feed it was about.
    pub feed: Option<String>,
    /// The package it was about.
    pub package: Option<String>,
    /// The name it has now; none once it is deleted. The name it had then is among the facts.
    pub token_name: Option<String>,
}

impl FromRow<'_, AnyRow> for Happening {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let text = |column: &'static str| row.try_get::<Option<String>, _>(column);
        let (kind, detail) = read_told(row, &Subject::default())?;
        Ok(Self {
            kind,
            detail,
            at: instant(row.try_get("at")?),
            by: text("by_username")?,
            address: text("address")?.unwrap_or_default(),
            client: text("client")?.unwrap_or_default(),
            token: text("token")?.as_deref().and_then(TokenId::parse),
            hint: text("hint")?,
            whom: text("whom")?,
            feed: text("feed")?,
            package: text("package")?,
            token_name: text("token_name")?,
        })
    }
}

impl Store {
    /// Who is owed word of something that no mail carries yet: the accounts, and the address if it is not theirs.
    pub async fn owed_happenings(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<(AccountId, Option<String>)>> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT DISTINCT account, recipient FROM notices
             WHERE mail IS NULL AND cancelled_at IS NULL AND due_at <= $1 AND kind = $2 LIMIT $3",
        )
        .bind(now.timestamp())
        .bind(HAPPENED)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(account, to)| Ok((readable(AccountId::parse(&account), "notices.account")?, to)))
            .collect()
    }
}

impl Change {
    /// Owes an account's owner word of an event, at `recipient` or at the address they have when the mail is written.
    pub async fn owe_happening(
        &mut self,
        account: AccountId,
        event: EventId,
        recipient: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at, recipient)
             VALUES ($1, $2, $3, $4, $3, $5, $5, $6)",
        )
        .bind(NoticeId::generate(now, &mut crate::random::system()).to_string())
        .bind(HAPPENED)
        .bind(account.to_string())
        .bind(event.to_string())
        .bind(now.timestamp())
        .bind(recipient)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Binds what an account is owed at one address to a new mail. `false` if somebody else has bound it: then this
    /// change must not be committed.
    pub async fn bind_happenings(
        &mut self,
        (account, recipient): (AccountId, Option<&str>),
        mail: &NewMail,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        self.add_mail(mail, now).await?;
        let bound = sqlx::query(
            "UPDATE notices SET mail = $1 WHERE account = $2 AND COALESCE(recipient, '') = $3 AND kind = $4
                AND mail IS NULL AND cancelled_at IS NULL",
        )
        .bind(mail.id.to_string())
        .bind(account.to_string())
        .bind(recipient.unwrap_or_default())
        .bind(HAPPENED)
        .execute(&mut *self.tx)
        .await?;
        Ok(bound.rows_affected() > 0)
    }

    /// What a mail tells of, in the order of time, and how many more it does not list.
    pub(super) async fn happenings_in(&mut self, mail: MailId) -> Result<(Vec<Happening>, i64)> {
        let listed: Vec<Happening> = sqlx::query_as(
            "SELECT e.verb, e.at, COALESCE(a.username, d.username) AS by_username, e.address, e.client, e.detail, e.token, e.hint,
                e.feed, e.package, s.username AS whom, t.name AS token_name
             FROM notices n JOIN events e ON e.id = n.occasion LEFT JOIN tokens t ON t.id = e.token
             LEFT JOIN accounts s ON s.id = e.account AND s.id <> n.account
             LEFT JOIN accounts a ON a.id = e.actor AND a.id <> n.account LEFT JOIN deleted_accounts d ON d.account = e.actor
             WHERE n.mail = $1 AND n.kind = $2 ORDER BY n.occasion LIMIT $3",
        )
        .bind(mail.to_string())
        .bind(HAPPENED)
        .bind(LISTED)
        .fetch_all(&mut *self.tx)
        .await?;
        let all: i64 = sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM notices WHERE mail = $1 AND kind = $2")
            .bind(mail.to_string())
            .bind(HAPPENED)
            .fetch_one(&mut *self.tx)
            .await?;
        let more = all - i64::try_from(listed.len()).unwrap_or(all);
        Ok((listed, more))
    }
}
