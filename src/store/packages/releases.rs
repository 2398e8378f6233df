//! The versions of a package with all that clients are told of them, a page at a time.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use super::{
    deprecations::{DEPRECATION, WITH_DEPRECATION, deprecation},
    kind_of, version_number,
};
use crate::{
    packages::{Release, manifest::StoredManifest},
    store::{
        Result, Store, Transaction, instant, readable,
        sql::{Direction, List},
    },
    tokens::{PackageKey, VersionKey},
};

row! {
    struct ReleaseRow {
        id: String,
        kind: String,
        version: String,
        published_at: i64,
        size: i64,
        sha512: String,
        manifest: String,
        deprecation: Option<String>,
        deprecation_reason: Option<String>,
        alternative: Option<String>,
        deprecated_by: Option<String>,
    }
}

impl ReleaseRow {
    fn read(self) -> Result<Release> {
        Ok(Release {
            key: readable(VersionKey::parse(&self.id), "versions.id")?,
            version: version_number(kind_of(&self.kind)?, &self.version)?,
            published_at: instant(self.published_at),
            size: self.size,
            sha512: self.sha512,
            manifest: readable(StoredManifest::new(self.manifest), "versions.manifest")?,
            deprecation: deprecation(self.deprecation, self.deprecation_reason, self.alternative, self.deprecated_by),
        })
    }
}

/// The versions of a package (`$1`) that were not removed.
fn releases() -> List {
    let columns = format!("v.id, p.kind, v.version, v.published_at, v.size, v.sha512, v.manifest, {DEPRECATION}");
    List::of(columns, format!("versions v JOIN packages p ON p.id = v.package {WITH_DEPRECATION}"))
        .filter("v.package = $1 AND v.removed_at IS NULL")
}

static ABOVE: LazyLock<String> =
    LazyLock::new(|| releases().filter("v.sort_key > $2").order("v.sort_key", Direction::Ascending).limit("$3").sql());
static ONE: LazyLock<String> = LazyLock::new(|| releases().filter("v.version_key = $2").sql());

impl Store {
    /// The versions above a place in their order, the lowest first, at most `limit`.
    pub async fn releases(&self, package: PackageKey, above: &[u8], limit: i64) -> Result<Vec<Release>> {
        let rows: Vec<ReleaseRow> = sqlx::query_as(ABOVE.as_str())
            .bind(package.to_string())
            .bind(above.to_vec())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(ReleaseRow::read).collect()
    }

    /// One version by its identity.
    pub async fn release(&self, package: PackageKey, version_key: &str) -> Result<Option<Release>> {
        let row: Option<ReleaseRow> =
            sqlx::query_as(ONE.as_str()).bind(package.to_string()).bind(version_key).fetch_optional(&self.pool).await?;
        row.map(ReleaseRow::read).transpose()
    }

    /// When each version was published, the lowest first, as published.
    pub async fn release_times(&self, package: PackageKey) -> Result<Vec<(String, DateTime<Utc>)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT version, published_at FROM versions WHERE package = $1 AND removed_at IS NULL ORDER BY sort_key",
        )
        .bind(package.to_string())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(version, at)| (version, instant(at))).collect())
    }

    /// How often a package was changed, its versions included.
    pub async fn package_revision(&self, package: PackageKey) -> Result<i64> {
        let sql = "SELECT revision FROM packages WHERE id = $1";
        Ok(sqlx::query_scalar(sql).bind(package.to_string()).fetch_optional(&self.pool).await?.unwrap_or_default())
    }
}

impl Transaction {
    /// Locks a package, and tells how often it was changed before.
    pub async fn lock_revision(&mut self, package: PackageKey) -> Result<i64> {
        let sql = "UPDATE packages SET revision = revision WHERE id = $1 RETURNING revision";
        let revision: Option<i64> =
            sqlx::query_scalar(sql).bind(package.to_string()).fetch_optional(&mut *self.inner).await?;
        Ok(revision.unwrap_or_default())
    }
}
