//! What searches and lists read of a package in one row: how many versions there are of each sort, which one is shown,
//! and the words it is found by. Brought in line with the versions in every change that touches one.

use std::sync::LazyLock;

use sqlx::AnyConnection;

use super::{kind_of, version_number};
use crate::{
    packages::{StoredVersion, kind::KindRules, rules},
    store::{
        Result, Store, Transaction, readable,
        sql::{Direction, List},
    },
    tokens::{Kind, PackageKey, VersionKey},
};

/// Packages whose summary is made up at a time.
const BATCH: i64 = 100;

row! {
    struct Unordered {
        id: String,
        kind: String,
        version: String,
    }
}

row! {
    /// How many versions a package has, how many of them are listed, in all and of each sort, and how many are not.
    #[derive(Debug, PartialEq, Eq)]
    pub(in crate::store) struct Counts {
        versions: i64,
        listed: i64,
        stable: i64,
        plain: i64,
        stable_plain: i64,
    }
}

#[cfg(test)]
impl Counts {
    /// In the order of its fields.
    pub(in crate::store) fn all(&self) -> [i64; 5] {
        [self.versions, self.listed, self.stable, self.plain, self.stable_plain]
    }
}

/// Of package `$1`, where `$2` and `$3` are like the texts and identities of versions that only newer clients understand.
/// Nothing is read of a version but its number, so that a push costs about the same however many there are.
static COUNTS: LazyLock<String> = LazyLock::new(|| {
    let count = |name: &str, which: &str| {
        format!("CAST(COALESCE(SUM(CASE WHEN {which} THEN 1 ELSE 0 END), 0) AS BIGINT) AS {name}")
    };
    let (listed, stable) = ("unlisted_at IS NULL", "version_key NOT LIKE '%-%'");
    let plain = "version NOT LIKE $2 AND version_key NOT LIKE $3";
    let columns = [
        "COUNT(*) AS versions".to_owned(),
        count("listed", listed),
        count("stable", &format!("{listed} AND {stable}")),
        count("plain", &format!("{listed} AND {plain}")),
        count("stable_plain", &format!("{listed} AND {stable} AND {plain}")),
    ];
    List::of(columns.join(", "), "versions").filter("package = $1 AND removed_at IS NULL").sql()
});

/// The highest version of package `$1`: a listed one for `$2` = 0, one that is no prerelease for `$3` = 0.
static HIGHEST: LazyLock<String> = LazyLock::new(|| {
    let list = List::of("version_key", "versions").filter("package = $1 AND removed_at IS NULL");
    let list = list.filter("(unlisted_at IS NULL OR $2 = 1)").filter("(version_key NOT LIKE '%-%' OR $3 = 1)");
    list.order("sort_key", Direction::Descending).limit("1").sql()
});

/// Counts the versions of a package.
pub(in crate::store) async fn counts(
    connection: &mut AnyConnection,
    package: PackageKey,
    rules: &dyn KindRules,
) -> Result<Counts> {
    let [text, key] = rules.for_newer_clients();
    let query = sqlx::query_as(COUNTS.as_str()).bind(package.to_string()).bind(text).bind(key);
    Ok(query.fetch_one(connection).await?)
}

/// The version that stands for a package: of the listed ones, or of all where none is listed, the highest that is no
/// prerelease, or the highest of all.
pub(in crate::store) async fn shown(
    connection: &mut AnyConnection,
    package: PackageKey,
) -> Result<Option<StoredVersion>> {
    for (unlisted, prerelease) in [(0_i64, 0_i64), (0, 1), (1, 0), (1, 1)] {
        let query = sqlx::query_scalar(HIGHEST.as_str()).bind(package.to_string()).bind(unlisted).bind(prerelease);
        let found: Option<String> = query.fetch_optional(&mut *connection).await?;
        if let Some(key) = found {
            return super::version(connection, package, &key).await;
        }
    }
    Ok(None)
}

impl Transaction {
    /// Brings the row of a package in line with its versions. It is locked first, so that of two changes at once the
    /// later one counts what the earlier one left.
    pub(in crate::store) async fn summarise(&mut self, package: PackageKey) -> Result<()> {
        self.lock_package(package).await?;
        let kind = self.kind_of_package(package).await?;
        let counts = counts(&mut self.inner, package, rules(kind)).await?;
        let shown = shown(&mut self.inner, package).await?;
        if let Some(tag) = rules(kind).default_tag() {
            self.mend_tags(package, tag, shown.as_ref().map(|found| &found.version)).await?;
        }
        let manifest = shown.as_ref().map(|found| readable(rules(kind).manifest(&found.manifest), "versions.manifest"));
        let manifest = manifest.transpose()?;
        sqlx::query(
            "UPDATE packages SET search_text = $2, newest = $3, listed_versions = $4, listed_stable_versions = $5,
                listed_plain_versions = $6, listed_stable_plain_versions = $7, unlisted_versions = $8, package_types = $9
             WHERE id = $1",
        )
        .bind(package.to_string())
        .bind(manifest.as_ref().map(|manifest| manifest.search_text()).unwrap_or_default())
        .bind(shown.map(|found| found.version.key).unwrap_or_default())
        .bind(counts.listed)
        .bind(counts.stable)
        .bind(counts.plain)
        .bind(counts.stable_plain)
        .bind(counts.versions - counts.listed)
        .bind(manifest.map(|manifest| manifest.type_words()).unwrap_or_default())
        .execute(&mut *self.inner)
        .await?;
        if counts.versions == 0 {
            self.forget_alternative(package).await?;
        }
        self.index_package(package).await
    }

    /// Makes every other change of the package wait until this one has ended, and counts the change.
    pub(in crate::store) async fn lock_package(&mut self, package: PackageKey) -> Result<()> {
        let lock = "UPDATE packages SET revision = revision + 1 WHERE id = $1";
        sqlx::query(lock).bind(package.to_string()).execute(&mut *self.inner).await?;
        Ok(())
    }

    async fn kind_of_package(&mut self, package: PackageKey) -> Result<Kind> {
        let sql = "SELECT kind FROM packages WHERE id = $1";
        let kind: String = sqlx::query_scalar(sql).bind(package.to_string()).fetch_one(&mut *self.inner).await?;
        kind_of(&kind)
    }

    async fn put_in_order(&mut self, package: PackageKey) -> Result<()> {
        let versions: Vec<Unordered> = sqlx::query_as(
            "SELECT v.id, p.kind, v.version FROM versions v JOIN packages p ON p.id = v.package
                 WHERE v.package = $1 AND v.sort_key IS NULL",
        )
        .bind(package.to_string())
        .fetch_all(&mut *self.inner)
        .await?;
        for Unordered { id, kind, version } in versions {
            let id = readable(VersionKey::parse(&id), "versions.id")?;
            let version = version_number(kind_of(&kind)?, &version)?;
            sqlx::query("UPDATE versions SET sort_key = $2 WHERE id = $1")
                .bind(id.to_string())
                .bind(version.sort_key)
                .execute(&mut *self.inner)
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// Makes up the summaries of packages that an earlier version of this program stored.
    pub(in crate::store) async fn complete_summaries(&self) -> Result<()> {
        loop {
            let ids: Vec<String> =
                sqlx::query_scalar("SELECT id FROM packages WHERE newest IS NULL ORDER BY id LIMIT $1")
                    .bind(BATCH)
                    .fetch_all(&self.pool)
                    .await?;
            if ids.is_empty() {
                return Ok(());
            }
            let mut tx = self.begin().await?;
            for id in ids {
                let package = readable(PackageKey::parse(&id), "packages.id")?;
                tx.put_in_order(package).await?;
                tx.summarise(package).await?;
            }
            tx.commit().await?;
        }
    }
}
