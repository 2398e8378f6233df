//! What is counted by the minute, shared by every node.

use chrono::{DateTime, Utc};

use crate::store::{Result, Store, Transaction, instant};

const ATTEMPTS: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT), MIN(window_at) FROM attempts
     WHERE subject = $1 AND window_at >= $2 AND count > 0";

impl Store {
    /// How often a subject was counted since `since`, and when the earliest of those windows began.
    pub async fn attempts(&self, subject: &str, since: DateTime<Utc>) -> Result<(i64, Option<DateTime<Utc>>)> {
        let count = sqlx::query_as(ATTEMPTS).bind(subject).bind(since.timestamp());
        let (count, earliest): (i64, Option<i64>) = count.fetch_one(&self.pool).await?;
        Ok((count, earliest.map(instant)))
    }
}

impl Transaction {
    /// Counts one more for a subject in the window that began at `window`; tells the window's count.
    pub async fn count_attempt(&mut self, subject: &str, window: DateTime<Utc>) -> Result<i64> {
        let count = "INSERT INTO attempts (subject, window_at, count) VALUES ($1, $2, 1)
             ON CONFLICT (subject, window_at) DO UPDATE SET count = attempts.count + 1 RETURNING count";
        Ok(sqlx::query_scalar(count).bind(subject).bind(window.timestamp()).fetch_one(&mut *self.inner).await?)
    }

    /// Takes one back that was counted in the window that began at `window`.
    pub async fn uncount_attempt(&mut self, subject: &str, window: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE attempts SET count = count - 1 WHERE subject = $1 AND window_at = $2 AND count > 0")
            .bind(subject)
            .bind(window.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
