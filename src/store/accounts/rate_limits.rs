//! Rows of rate limits, shared by every node. What is limited and how much is too much, `accounts` decides.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use crate::{
    accounts::CLOCK_DRIFT,
    store::{Result, Store, Transaction},
};

/// Subjects asked for at a time; a shorter list repeats its first.
const AT_ONCE: usize = 8;
const ROWS: &str = "SELECT subject, free_at FROM rate_limits WHERE subject IN ($1, $2, $3, $4, $5, $6, $7, $8)";

type Row = (String, i64);

/// The statement's places, filled.
fn places(subjects: &[String]) -> impl Iterator<Item = &str> {
    (0..AT_ONCE).map(|at| subjects.get(at).unwrap_or(&subjects[0]).as_str())
}

impl Store {
    /// When each subject is wholly free again, in unix seconds; none for one that is.
    pub async fn rate_limits(&self, subjects: &[String]) -> Result<HashMap<String, i64>> {
        let mut found = HashMap::new();
        for some in subjects.chunks(AT_ONCE) {
            let query = places(some).fold(sqlx::query_as(ROWS), |query, subject| query.bind(subject));
            let rows: Vec<Row> = query.fetch_all(&self.pool).await?;
            found.extend(rows);
        }
        Ok(found)
    }
}

impl Transaction {
    /// The same inside the change.
    pub async fn rate_limits(&mut self, subjects: &[String]) -> Result<HashMap<String, i64>> {
        let mut found = HashMap::new();
        for some in subjects.chunks(AT_ONCE) {
            let query = places(some).fold(sqlx::query_as(ROWS), |query, subject| query.bind(subject));
            let rows: Vec<Row> = query.fetch_all(&mut *self.inner).await?;
            found.extend(rows);
        }
        Ok(found)
    }

    /// Puts off by `cost` seconds when a subject is free again, if it then is free at `now + within`. `false`, and
    /// nothing is written, if it would be later. A row that is further ahead than any take puts it was written while a
    /// clock was ahead: it is put to `now + within`.
    pub async fn take_from_limit(
        &mut self,
        subject: &str,
        now: DateTime<Utc>,
        cost: i64,
        within: Duration,
    ) -> Result<bool> {
        let (now, latest) = (now.timestamp(), (now + within).timestamp());
        let taken = sqlx::query(
            "INSERT INTO rate_limits (subject, free_at) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE
             SET free_at = CASE WHEN rate_limits.free_at > $6 THEN $7
                 WHEN rate_limits.free_at > $3 THEN rate_limits.free_at + $4 ELSE $2 END
             WHERE rate_limits.free_at <= $5 OR rate_limits.free_at > $6",
        )
        .bind(subject)
        .bind(now + cost)
        .bind(now)
        .bind(cost)
        .bind(latest - cost)
        .bind(latest + CLOCK_DRIFT.num_seconds())
        .bind(latest)
        .execute(&mut *self.inner)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Gives back what was taken.
    pub async fn give_back_to_limit(&mut self, subject: &str, cost: i64) -> Result<()> {
        sqlx::query("UPDATE rate_limits SET free_at = free_at - $2 WHERE subject = $1")
            .bind(subject)
            .bind(cost)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Frees a subject.
    pub async fn free_limit(&mut self, subject: &str) -> Result<()> {
        sqlx::query("DELETE FROM rate_limits WHERE subject = $1").bind(subject).execute(&mut *self.inner).await?;
        Ok(())
    }
}
