//! Facts about the installation as a whole.

use chrono::{DateTime, Utc};

use super::{Result, Store, Transaction, instant};

impl Transaction {
    /// Keeps a fact unless one is kept already, and tells which one is kept now.
    pub async fn keep_fact(&mut self, name: &str, value: &str) -> Result<String> {
        sqlx::query("INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(&mut *self.inner)
            .await?;
        Ok(sqlx::query_scalar("SELECT value FROM installation WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *self.inner)
            .await?)
    }

    /// Puts a fact in the place of another; whether it was still that one.
    pub async fn swap_fact(&mut self, name: &str, from: &str, to: &str) -> Result<bool> {
        let done = sqlx::query("UPDATE installation SET value = $3 WHERE name = $1 AND value = $2")
            .bind(name)
            .bind(from)
            .bind(to)
            .execute(&mut *self.inner)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

impl Store {
    /// A fact that is kept.
    pub async fn fact(&self, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT value FROM installation WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// When something was last written that a running host writes: a job's run, which there is every minute, or an event.
    pub async fn last_sign_of_life(&self) -> Result<Option<DateTime<Utc>>> {
        let run: Option<i64> = sqlx::query_scalar("SELECT MAX(began_at) FROM job_runs").fetch_one(&self.pool).await?;
        let event: Option<i64> =
            sqlx::query_scalar("SELECT at FROM events ORDER BY id DESC LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(run.max(event).map(instant))
    }
}
