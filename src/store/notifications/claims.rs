//! Who may send a mail now. A worker claims it for the length of a lease and gets a fence number that grows with every
//! claim.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use crate::{
    notifications::{ClaimedMail, MailKind},
    store::{Result, Store, Transaction, instant, readable},
    tokens::{AccountId, MailId},
};

/// Under which claims are counted, minute by minute: all, and those of mails that hold a link.
const MAILS: &str = "mails";
const MAILS_WITH_LINK: &str = "mails with a link";

row! {
    struct ClaimedRow {
        id: String,
        letter: String,
        account: Option<String>,
        recipient: String,
        message_id: String,
        created_at: i64,
        content: Option<String>,
        attempt: i64,
        fence: i64,
        refused_at: Option<i64>,
    }
}

impl ClaimedRow {
    fn read(self, claimed_at: DateTime<Utc>) -> Result<ClaimedMail> {
        Ok(ClaimedMail {
            id: readable(MailId::parse(&self.id), "mails.id")?,
            kind: readable(MailKind::parse(&self.letter), "mails.letter")?,
            account: self.account.map(|id| readable(AccountId::parse(&id), "mails.account")).transpose()?,
            recipient: self.recipient,
            message_id: self.message_id,
            created_at: instant(self.created_at),
            content: self.content,
            attempt: self.attempt,
            fence: self.fence,
            refused_at: self.refused_at.map(instant),
            claimed_at,
        })
    }
}

impl Store {
    /// Claims the most urgent mail until `lease_until`. `None` if none is to be sent at `now`, or if `per_minute` mails
    /// were claimed in this minute already, by all nodes together. Half of a minute is kept for mails that hold no
    /// link: whoever has many links mailed, nobody misses word of a token's end for it.
    pub async fn claim_mail(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        per_minute: Option<i64>,
    ) -> Result<Option<ClaimedMail>> {
        loop {
            let links = match per_minute {
                Some(limit) => self.attempts(MAILS_WITH_LINK, minute(now)).await?.0 < for_links(limit),
                None => true,
            };
            // Asked before the write lock is taken: most of the time there is nothing. And a claim that got nothing may
            // mean that another worker took that very row; then there may be more.
            if !self.any_mail_waits(now, links).await? {
                return Ok(None);
            }
            let mut tx = self.begin().await?;
            let Some(mail) = tx.claim_mail(now, lease_until, links).await? else { continue };
            if let Some(limit) = per_minute {
                if tx.count_attempt(MAILS, minute(now)).await? > limit {
                    return Ok(None);
                }
                let with_link = mail.kind.holds_link();
                if with_link && tx.count_attempt(MAILS_WITH_LINK, minute(now)).await? > for_links(limit) {
                    continue; // another worker claimed the last one meanwhile
                }
            }
            tx.commit().await?;
            return Ok(Some(mail));
        }
    }

    async fn any_mail_waits(&self, now: DateTime<Utc>, links: bool) -> Result<bool> {
        let any: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM mails WHERE state IN ('pending', 'sending') AND next_at <= $1 AND lease_until <= $1
               AND urgency >= $2 LIMIT 1",
        )
        .bind(now.timestamp())
        .bind(MailKind::least_priority(links))
        .fetch_optional(&self.pool)
        .await?;
        Ok(any.is_some())
    }
}

impl Transaction {
    /// The outer WHERE repeats the inner one: on PostgreSQL two workers may both find a row, and the second, having
    /// waited for the first, looks at the outer conditions only.
    async fn claim_mail(
        &mut self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        links: bool,
    ) -> Result<Option<ClaimedMail>> {
        let row: Option<ClaimedRow> = sqlx::query_as(
            "UPDATE mails SET lease_until = $2, fence = fence + 1, attempt = attempt + 1
             WHERE id = (SELECT id FROM mails WHERE state IN ('pending', 'sending') AND next_at <= $1 AND lease_until <= $1
                           AND urgency >= $3 ORDER BY urgency, next_at, id LIMIT 1)
               AND state IN ('pending', 'sending') AND next_at <= $1 AND lease_until <= $1
             RETURNING id, letter, account, recipient, message_id, created_at, content, attempt, fence, refused_at",
        )
        .bind(now.timestamp())
        .bind(lease_until.timestamp())
        .bind(MailKind::least_priority(links))
        .fetch_optional(&mut *self.inner)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut mail = row.read(now)?;
        self.address_as_stored(&mut mail).await?;
        Ok(Some(mail))
    }

    /// What goes to somebody with an account goes to the address they gave, not to what a stranger typed: the same but
    /// for its case may be another mailbox.
    async fn address_as_stored(&mut self, mail: &mut ClaimedMail) -> Result<()> {
        if !mail.kind.holds_link() {
            return Ok(());
        }
        let Some(account) = self.account_of_address(&mail.recipient).await? else { return Ok(()) };
        if account.email != mail.recipient {
            sqlx::query("UPDATE mails SET recipient = $2 WHERE id = $1")
                .bind(mail.id.to_string())
                .bind(account.email.as_str())
                .execute(&mut *self.inner)
                .await?;
            mail.recipient = account.email;
        }
        Ok(())
    }

    /// Lets another mail go out in the minute of a claim after which nothing was sent.
    pub(in crate::store) async fn give_claim_back(&mut self, mail: &ClaimedMail) -> Result<()> {
        self.uncount_attempt(MAILS, minute(mail.claimed_at)).await?;
        if mail.kind.holds_link() {
            self.uncount_attempt(MAILS_WITH_LINK, minute(mail.claimed_at)).await?;
        }
        Ok(())
    }
}

/// How many of a minute's mails may hold a link.
fn for_links(per_minute: i64) -> i64 {
    (per_minute + 1) / 2
}

fn minute(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now)
}
