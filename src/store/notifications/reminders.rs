//! The reminders an account asked for, beside the warning that everybody gets.

use chrono::{DateTime, Utc};

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    notifications::Reminders,
    store::{Result, Store, Transaction},
    tokens::AccountId,
};

const REMINDERS: &str = "SELECT CAST(CASE WHEN remind_30_days_at IS NULL THEN 0 ELSE 1 END AS BIGINT),
        CAST(CASE WHEN remind_1_day_at IS NULL THEN 0 ELSE 1 END AS BIGINT)
     FROM accounts WHERE id = $1";

fn read(row: Option<(i64, i64)>) -> Reminders {
    let (thirty_days, one_day) = row.unwrap_or_default();
    Reminders { thirty_days: thirty_days == 1, one_day: one_day == 1 }
}

impl Store {
    /// What an account asked for.
    pub async fn reminders(&self, account: AccountId) -> Result<Reminders> {
        Ok(read(sqlx::query_as(REMINDERS).bind(account.to_string()).fetch_optional(&self.pool).await?))
    }

    /// Changes what an account asked for; tells whether anything changed, and records nothing if not. It holds for every reminder that no
    /// server has been given yet.
    pub async fn set_reminders(
        &self,
        account: AccountId,
        wanted: Reminders,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let mut tx = self.begin_by(by).await?;
        let changed = tx.set_reminders(account, wanted, by, now).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Switches an account's reminders off by the link in them; `false` if that has ended meanwhile.
    pub async fn stop_reminders(
        &self,
        link: &[u8],
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let mut tx = self.begin_by(by).await?;
        if !tx.link_is_good(link, now).await? {
            return Ok(false);
        }
        tx.set_reminders(account, Reminders::default(), by, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl Transaction {
    async fn set_reminders(
        &mut self,
        account: AccountId,
        wanted: Reminders,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let changed = self.reminders(account).await? != wanted;
        if changed {
            self.put_reminders(account, wanted, now).await?;
            let detail = EventDetail::Reminders { thirty_days: wanted.thirty_days, one_day: wanted.one_day };
            self.record(EventKind::RemindersChanged, by, Subject::account(account), detail, now).await?;
        }
        Ok(changed)
    }

    async fn reminders(&mut self, account: AccountId) -> Result<Reminders> {
        Ok(read(sqlx::query_as(REMINDERS).bind(account.to_string()).fetch_optional(&mut *self.inner).await?))
    }

    async fn put_reminders(&mut self, account: AccountId, wanted: Reminders, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE accounts SET remind_30_days_at = $2, remind_1_day_at = $3 WHERE id = $1")
            .bind(account.to_string())
            .bind(wanted.thirty_days.then(|| now.timestamp()))
            .bind(wanted.one_day.then(|| now.timestamp()))
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
