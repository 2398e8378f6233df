//! What happened in an account and its owner is told by mail, whoever did it: a notice in the transaction of the event.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, any::AnyRow};

use crate::{
    audit::Subject,
    notifications::{NewMail, SecurityNotification},
    store::{Result, Store, Transaction, audit::read_told, instant, readable},
    tokens::{AccountId, EventId, MailId, NoticeId, TokenId},
};

pub(in crate::store) const SECURITY: &str = "happened";
/// So many events go into one mail; further ones go into another.
const MOST: i64 = 200;

impl FromRow<'_, AnyRow> for SecurityNotification {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let text = |column: &'static str| row.try_get::<Option<String>, _>(column);
        let (kind, detail) = read_told(row, &Subject::default())?;
        Ok(Self {
            kind,
            detail,
            at: instant(row.try_get("at")?),
            by: text("by_username")?,
            by_token: text("by_token")?,
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
    pub async fn due_security_notifications(
        &self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(AccountId, Option<String>)>> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT DISTINCT account, recipient FROM notices
             WHERE mail IS NULL AND cancelled_at IS NULL AND due_at <= $1 AND kind = $2 LIMIT $3",
        )
        .bind(now.timestamp())
        .bind(SECURITY)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(account, to)| Ok((readable(AccountId::parse(&account), "notices.account")?, to)))
            .collect()
    }
}

impl Store {
    /// The addresses, other than the account's own, that have not been told yet of what happened in an account.
    pub async fn addresses_owed_word(&self, account: AccountId) -> Result<Vec<String>> {
        let addresses = "SELECT DISTINCT n.recipient FROM notices n JOIN accounts a ON a.id = n.account
             LEFT JOIN mails m ON m.id = n.mail
             WHERE n.account = $1 AND n.recipient IS NOT NULL AND n.recipient <> a.email AND n.cancelled_at IS NULL
               AND (m.id IS NULL OR m.state IN ('pending', 'sending')) ORDER BY n.recipient";
        Ok(sqlx::query_scalar(addresses).bind(account.to_string()).fetch_all(&self.pool).await?)
    }
}

impl Transaction {
    /// Owes an account's owner word of an event, at `recipient` or at the address they have when the mail is written.
    pub async fn enqueue_security_notification(
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
        .bind(SECURITY)
        .bind(account.to_string())
        .bind(event.to_string())
        .bind(now.timestamp())
        .bind(recipient)
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Binds what an account is owed at one address to a new mail, the earliest first, as much as a mail holds. `false` if
    /// somebody else has bound it: then this change must not be committed.
    pub async fn bind_security_notifications(
        &mut self,
        (account, recipient): (AccountId, Option<&str>),
        mail: &NewMail,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        self.add_mail(mail, now).await?;
        let bound = sqlx::query(
            "UPDATE notices SET mail = $1 WHERE mail IS NULL AND id IN (
                SELECT id FROM notices WHERE account = $2 AND COALESCE(recipient, '') = $3 AND kind = $4
                    AND mail IS NULL AND cancelled_at IS NULL ORDER BY occasion LIMIT $5)",
        )
        .bind(mail.id.to_string())
        .bind(account.to_string())
        .bind(recipient.unwrap_or_default())
        .bind(SECURITY)
        .bind(MOST)
        .execute(&mut *self.inner)
        .await?;
        Ok(bound.rows_affected() > 0)
    }

    /// What a mail tells of, in the order of time.
    pub(in crate::store) async fn security_notifications_in(
        &mut self,
        mail: MailId,
    ) -> Result<Vec<SecurityNotification>> {
        let listed = sqlx::query_as(
            "SELECT e.verb, e.at, COALESCE(a.username, d.username) AS by_username, e.address, e.client, e.detail, e.token, e.hint,
                e.feed, e.package, s.username AS whom, t.name AS token_name, b.name AS by_token
             FROM notices n JOIN events e ON e.id = n.occasion LEFT JOIN tokens t ON t.id = e.token
             LEFT JOIN tokens b ON b.id = e.actor_token
             LEFT JOIN accounts s ON s.id = e.account AND s.id <> n.account
             LEFT JOIN accounts a ON a.id = e.actor AND a.id <> n.account LEFT JOIN deleted_accounts d ON d.account = e.actor
             WHERE n.mail = $1 AND n.kind = $2 ORDER BY n.occasion",
        )
        .bind(mail.to_string())
        .bind(SECURITY)
        .fetch_all(&mut *self.inner)
        .await?;
        Ok(listed)
    }
}
