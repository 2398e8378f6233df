//! What there must be, for checks of the host's health.

use super::{Result, Store, readable};
use crate::{packages::blobs::BlobKey, tokens::VersionKey};

impl Store {
    /// Files of versions that there must be, each with what it is called: the newest, the oldest, and those from `from`
    /// on; at most `limit` of each.
    pub async fn sampled_files(&self, from: VersionKey, limit: i64) -> Result<Vec<(String, BlobKey)>> {
        const NEWEST: &str =
            "SELECT p.name || ' ' || v.version, v.blob FROM versions v JOIN packages p ON p.id = v.package
             WHERE v.removed_at IS NULL AND v.id >= $1 ORDER BY v.id DESC LIMIT $2";
        const FROM: &str =
            "SELECT p.name || ' ' || v.version, v.blob FROM versions v JOIN packages p ON p.id = v.package
             WHERE v.removed_at IS NULL AND v.id >= $1 ORDER BY v.id LIMIT $2";
        let mut files: Vec<(String, String)> = Vec::new();
        for (sql, start) in [(NEWEST, String::new()), (FROM, String::new()), (FROM, from.to_string())] {
            let found = sqlx::query_as(sql).bind(start).bind(limit);
            files.extend(found.fetch_all(&self.pool).await?);
        }
        files.sort();
        files.dedup();
        files.into_iter().map(|(name, blob)| Ok((name, readable(BlobKey::parse(&blob), "versions.blob")?))).collect()
    }
}
