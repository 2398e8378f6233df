//! What there must be, for checks of the host's health.

use uuid::Uuid;

use super::{Result, Store, readable};
use crate::{
    packages::{blobs::BlobKey, nuget::files::symbol_file},
    tokens::VersionKey,
};

/// Files by id: the newest from `$1` on, and the oldest from `$1` on, at most `$2`; each with what it is called.
struct Sample {
    newest: &'static str,
    from: &'static str,
}

macro_rules! sample {
    ($columns:literal, $id:literal) => {
        Sample {
            newest: concat!($columns, $id, " >= $1 ORDER BY ", $id, " DESC LIMIT $2"),
            from: concat!($columns, $id, " >= $1 ORDER BY ", $id, " LIMIT $2"),
        }
    };
}

const PACKAGES: Sample = sample!(
    "SELECT p.name || ' ' || v.version, v.blob FROM versions v JOIN packages p ON p.id = v.package
     WHERE v.removed_at IS NULL AND ",
    "v.id"
);
const SYMBOLS: Sample = sample!(
    "SELECT s.file_key || ' of ' || p.name || ' ' || v.version, s.id FROM symbol_files s JOIN versions v ON v.id = s.version
     JOIN packages p ON p.id = v.package WHERE v.removed_at IS NULL AND ",
    "s.id"
);

impl Store {
    /// Files of versions that there must be, each with what it is called: the newest, the oldest, and those from `from`
    /// on; at most `limit` of each. The same of symbol files.
    pub async fn sampled_files(&self, from: VersionKey, limit: i64) -> Result<Vec<(String, BlobKey)>> {
        let package = |text: &str| readable(BlobKey::parse(text), "versions.blob");
        let symbols = |text: &str| readable(Uuid::try_parse(text).ok().map(symbol_file), "symbol_files.id");
        let mut files = Vec::new();
        for (name, text) in self.sample(PACKAGES, from, limit).await? {
            files.push((name, package(&text)?));
        }
        for (name, text) in self.sample(SYMBOLS, from, limit).await? {
            files.push((name, symbols(&text)?));
        }
        Ok(files)
    }

    async fn sample(&self, of: Sample, from: VersionKey, limit: i64) -> Result<Vec<(String, String)>> {
        let mut files: Vec<(String, String)> = Vec::new();
        for (sql, start) in [(of.newest, String::new()), (of.from, String::new()), (of.from, from.to_string())] {
            files.extend(sqlx::query_as(sql).bind(start).bind(limit).fetch_all(&self.pool).await?);
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}
