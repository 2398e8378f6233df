//! Which files in the package store are ours: noted before the first byte is written, so that what a process that died
//! left behind is told from what another host keeps there.

use chrono::{DateTime, Utc};

use crate::{
    packages::FileFate,
    store::{Result, Store},
    tokens::VersionKey,
};

impl Store {
    /// Notes that a file is about to be written.
    pub async fn note_upload(&self, version: VersionKey, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO uploads (version, began_at) VALUES ($1, $2)")
            .bind(version.to_string())
            .bind(now.timestamp())
            .execute(&mut *tx.inner)
            .await?;
        tx.commit().await
    }

    /// What is known of the file of a version, or of a symbol file.
    pub async fn file_fate(&self, version: VersionKey) -> Result<FileFate> {
        let row: Option<(i64, Option<i64>)> = sqlx::query_as(
            "SELECT CAST(1 AS BIGINT), removed_at FROM versions WHERE id = $1
             UNION ALL SELECT CAST(1 AS BIGINT), CAST(NULL AS BIGINT) FROM symbol_files WHERE id = $1
             UNION ALL SELECT CAST(0 AS BIGINT), began_at FROM uploads WHERE version = $1
             ORDER BY 1 DESC LIMIT 1",
        )
        .bind(version.to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row {
            Some((1, None)) => FileFate::Needed,
            Some(_) => FileFate::Done,
            None => FileFate::Unknown,
        })
    }

    /// Forgets uploads that began before `before`.
    pub async fn forget_uploads(&self, before: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM uploads WHERE began_at < $1").bind(before.timestamp()).execute(&mut *tx.inner).await?;
        tx.commit().await
    }
}
