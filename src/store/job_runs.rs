//! Notes of what the jobs did: for each job the last runs that did something or failed, and the last idle one.

use chrono::Duration;

use super::{Result, Store, Transaction, instant};
use crate::audit::JobRun;

/// Runs of one job that are kept.
const KEPT: i64 = 100;
/// The place of the last idle run.
const IDLE: i64 = 0;

impl Store {
    /// The newest runs of all jobs, at most `limit`.
    pub async fn job_runs(&self, limit: i64) -> Result<Vec<JobRun>> {
        let rows: Vec<(String, i64, i64, String, Option<String>)> = sqlx::query_as(
            "SELECT job, began_at, took_ms, did, error FROM job_runs ORDER BY began_at DESC, job, slot DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let read = |(job, began, took, did, error)| JobRun {
            job,
            began_at: instant(began),
            took: Duration::milliseconds(took),
            did,
            error,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Keeps a run, in place of the oldest if there are many.
    pub async fn note_run(&self, run: &JobRun) -> Result<()> {
        let mut tx = self.begin().await?;
        if run.did.is_empty() && run.error.is_none() {
            tx.put_run(run, IDLE).await?;
        } else {
            let last: Option<i64> = sqlx::query_scalar("SELECT MAX(slot) FROM job_runs WHERE job = $1")
                .bind(run.job.as_str())
                .fetch_one(&mut *tx.inner)
                .await?;
            let slot = last.unwrap_or(IDLE) + 1;
            tx.put_run(run, slot).await?;
            sqlx::query("DELETE FROM job_runs WHERE job = $1 AND slot <= $2 AND slot > $3")
                .bind(run.job.as_str())
                .bind(slot - KEPT)
                .bind(IDLE)
                .execute(&mut *tx.inner)
                .await?;
        }
        tx.commit().await
    }
}

impl Transaction {
    /// Of two nodes that note a run at once in the same place, the later one stays.
    async fn put_run(&mut self, run: &JobRun, slot: i64) -> Result<()> {
        sqlx::query(
            "INSERT INTO job_runs (job, slot, began_at, took_ms, did, error) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (job, slot) DO UPDATE
             SET began_at = excluded.began_at, took_ms = excluded.took_ms, did = excluded.did, error = excluded.error",
        )
        .bind(run.job.as_str())
        .bind(slot)
        .bind(run.began_at.timestamp())
        .bind(run.took.num_milliseconds())
        .bind(run.did.as_str())
        .bind(run.error.as_deref())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}
