//! Mails on their way: what each says, and what the mail server answered. Who may send one, `mail_claims` knows. The
//! content is fixed right before it is handed to the server, if lease and fence still hold, and never changes from then on: what
//! may have been accepted already goes out again as the same message, with the same Message-ID.

use chrono::{DateTime, Utc};

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    notifications::{ClaimedMail, MailKind, NewMail, Undelivered, end_notice::EndNotice},
    store::{Result, Store, Transaction, instant, readable},
    tokens::{AccountId, MailId, TokenId},
};

impl Store {
    /// Mails that may be tried at `now`, at most `limit`.
    pub async fn waiting_mails(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<MailId>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM mails WHERE state IN ('pending', 'sending') AND next_at <= $1 AND lease_until <= $1
             ORDER BY next_at, id LIMIT $2",
        )
        .bind(now.timestamp())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        ids.iter().map(|id| readable(MailId::parse(id), "mails.id")).collect()
    }

    /// Notes that a server took the mail, and records each end it told of, once. The fence does not matter here:
    /// what was accepted must not go out again, whoever holds the mail by now.
    pub async fn mail_sent(&self, mail: &ClaimedMail, reply: &str, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin().await?;
        let sent = sqlx::query(
            "UPDATE mails SET state = 'sent', sent_at = $2, reply = $3, lease_until = 0, content = NULL
             WHERE id = $1 AND state IN ('pending', 'sending')",
        )
        .bind(mail.id.to_string())
        .bind(now.timestamp())
        .bind(reply)
        .execute(&mut *tx.inner)
        .await?;
        if sent.rows_affected() == 1 {
            tx.record_ends_told(mail, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Gives a mail up with the server's last words.
    pub async fn mail_failed(&self, mail: &ClaimedMail, reply: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE mails SET state = 'failed', reply = $3, lease_until = 0
             WHERE id = $1 AND fence = $2 AND state IN ('pending', 'sending')",
        )
        .bind(mail.id.to_string())
        .bind(mail.fence)
        .bind(reply)
        .execute(&mut *tx.inner)
        .await?;
        tx.commit().await
    }

    /// Puts a mail off until `next_at`; `refused_at` if it was this mail that the server did not take.
    pub async fn mail_put_off(
        &self,
        mail: &ClaimedMail,
        why: &str,
        next_at: DateTime<Utc>,
        refused_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE mails SET next_at = $3, reply = $4, lease_until = 0, refused_at = COALESCE(refused_at, $5)
             WHERE id = $1 AND fence = $2 AND state IN ('pending', 'sending')",
        )
        .bind(mail.id.to_string())
        .bind(mail.fence)
        .bind(next_at.timestamp())
        .bind(why)
        .bind(refused_at.map(|at| at.timestamp()))
        .execute(&mut *tx.inner)
        .await?;
        tx.commit().await
    }

    /// What an account was to be told of its tokens' ends and could not, at the address it has; the newest first, at
    /// most `limit`. Once a mail got through to that address, none before it counts.
    pub async fn undelivered_warnings(&self, account: AccountId, limit: i64) -> Result<Vec<Undelivered>> {
        let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(
            "SELECT n.subject, m.recipient, m.reply FROM mails m JOIN notices n ON n.mail = m.id
             JOIN accounts a ON a.id = m.account
             WHERE m.account = $1 AND m.state = 'failed' AND m.letter IN ('warnings', 'expired') AND m.recipient = a.email
               AND m.id > COALESCE((SELECT MAX(s.id) FROM mails s
                   WHERE s.account = $1 AND s.state = 'sent' AND s.recipient = m.recipient), '')
             ORDER BY m.id DESC, n.id LIMIT $2",
        )
        .bind(account.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(token, recipient, reply)| {
                let token = readable(TokenId::parse(&token), "notices.subject")?;
                Ok(Undelivered { token, recipient, reply: reply.unwrap_or_default() })
            })
            .collect()
    }
}

impl Transaction {
    /// Fixes what a mail says, if this claim still holds. From here on it may have been sent.
    pub async fn fix_content(&mut self, mail: &ClaimedMail, content: &str, now: DateTime<Utc>) -> Result<bool> {
        let fixed = sqlx::query(
            "UPDATE mails SET state = 'sending', content = $3
             WHERE id = $1 AND fence = $2 AND lease_until > $4 AND state IN ('pending', 'sending')",
        )
        .bind(mail.id.to_string())
        .bind(mail.fence)
        .bind(content)
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(fixed.rows_affected() == 1)
    }

    /// Queues a mail.
    pub async fn add_mail(&mut self, mail: &NewMail, now: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO mails (id, account, recipient, state, message_id, attempt, next_at, lease_until, fence, created_at, letter, urgency)
             VALUES ($1, $2, $3, 'pending', $4, 0, $5, 0, 0, $5, $6, $7)",
        )
        .bind(mail.id.to_string())
        .bind(mail.account.map(|id| id.to_string()))
        .bind(mail.recipient.as_str())
        .bind(mail.message_id.as_str())
        .bind(now.timestamp())
        .bind(mail.kind.as_str())
        .bind(mail.kind.priority())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    pub(in crate::store) async fn set_priority(&mut self, mail: MailId, end: DateTime<Utc>) -> Result<()> {
        let priority = sqlx::query("UPDATE mails SET urgency = $2 WHERE id = $1").bind(mail.to_string());
        priority.bind(end.timestamp()).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Removes a mail that carries nothing and was never attempted.
    pub(in crate::store) async fn remove_mail(&mut self, mail: MailId) -> Result<()> {
        sqlx::query("DELETE FROM mails WHERE id = $1").bind(mail.to_string()).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Drops a mail that has nothing to say any more. One that never was anybody's leaves no trace: strangers typed its
    /// address.
    pub(in crate::store) async fn drop_mail(&mut self, mail: &ClaimedMail) -> Result<()> {
        if mail.account.is_none() {
            self.remove_mail(mail.id).await?;
            return self.give_claim_back(mail).await;
        }
        sqlx::query(
            "UPDATE mails SET state = 'dropped', reply = $3, lease_until = 0
             WHERE id = $1 AND fence = $2 AND state IN ('pending', 'sending')",
        )
        .bind(mail.id.to_string())
        .bind(mail.fence)
        .bind("nothing was owed any more when it was to be sent")
        .execute(&mut *self.inner)
        .await?;
        self.give_claim_back(mail).await
    }

    async fn record_ends_told(&mut self, mail: &ClaimedMail, now: DateTime<Utc>) -> Result<()> {
        let MailKind::End(notice) = mail.kind else { return Ok(()) };
        let kind = match notice {
            EndNotice::Expired => EventKind::ExpiredSent,
            EndNotice::Warning => EventKind::WarningSent,
            EndNotice::Reminder1 | EndNotice::Reminder30 => EventKind::ReminderSent,
        };
        let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(
            "SELECT n.subject, n.occasion, t.hint FROM notices n LEFT JOIN tokens t ON t.id = n.subject
             WHERE n.mail = $1 ORDER BY n.occasion, n.id",
        )
        .bind(mail.id.to_string())
        .fetch_all(&mut *self.inner)
        .await?;
        for (token, occasion, hint) in rows {
            let token = readable(TokenId::parse(&token), "notices.subject")?;
            let end = readable(occasion.parse().ok().map(instant), "notices.occasion")?;
            let subject =
                Subject { account: mail.account, token: Some((token, hint.as_deref())), ..Subject::default() };
            self.record(kind, &Actor::host("expiry warnings"), subject, EventDetail::TokenEnd { at: end }, now).await?;
        }
        Ok(())
    }
}
