//! What there must be, for checks of the host's health.

use std::sync::LazyLock;

use uuid::Uuid;

use super::{
    Result, Store, readable,
    sql::{Direction, List},
};
use crate::{
    packages::{blobs::BlobKey, nuget::files::symbol_file},
    tokens::VersionKey,
};

/// Files by id: the newest from `$1` on, and the oldest from `$1` on, at most `$2`; each with what it is called.
struct Sample {
    newest: String,
    from: String,
}

impl Sample {
    fn of(columns: &str, source: &str, id: &str) -> Self {
        let files = List::of(columns, source).filter("v.removed_at IS NULL").filter(format!("{id} >= $1")).limit("$2");
        Self {
            newest: files.clone().order(id, Direction::Descending).sql(),
            from: files.order(id, Direction::Ascending).sql(),
        }
    }
}

static PACKAGES: LazyLock<Sample> = LazyLock::new(|| {
    Sample::of("p.name || ' ' || v.version, v.blob", "versions v JOIN packages p ON p.id = v.package", "v.id")
});
static SYMBOLS: LazyLock<Sample> = LazyLock::new(|| {
    Sample::of(
        "s.file_key || ' of ' || p.name || ' ' || v.version, s.id",
        "symbol_files s JOIN versions v ON v.id = s.version JOIN packages p ON p.id = v.package",
        "s.id",
    )
});

impl Store {
    /// Files of versions that there must be, each with what it is called: the newest, the oldest, and those from `from`
    /// on; at most `limit` of each. The same of symbol files.
    pub async fn sampled_files(&self, from: VersionKey, limit: i64) -> Result<Vec<(String, BlobKey)>> {
        let package = |text: &str| readable(BlobKey::parse(text), "versions.blob");
        let symbols = |text: &str| readable(Uuid::try_parse(text).ok().map(symbol_file), "symbol_files.id");
        let mut files = Vec::new();
        for (name, text) in self.sample(&PACKAGES, from, limit).await? {
            files.push((name, package(&text)?));
        }
        for (name, text) in self.sample(&SYMBOLS, from, limit).await? {
            files.push((name, symbols(&text)?));
        }
        Ok(files)
    }

    async fn sample(&self, of: &'static Sample, from: VersionKey, limit: i64) -> Result<Vec<(String, String)>> {
        let mut files: Vec<(String, String)> = Vec::new();
        for (sql, start) in [(&of.newest, String::new()), (&of.from, String::new()), (&of.from, from.to_string())] {
            files.extend(sqlx::query_as(sql.as_str()).bind(start).bind(limit).fetch_all(&self.pool).await?);
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}
