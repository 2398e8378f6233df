//! What searches and lists read of a package in one row: how many versions there are of each sort, which one is shown,
//! and the words it is found by. Brought in line with the versions in every change that touches one.

use super::{kind_of, version_number};
use crate::{
    packages::{ListedVersion, VersionNumber, newest, rules},
    store::{Result, Store, Transaction, readable},
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

/// How many of a package's versions are listed, in all and of each sort, and how many are not.
#[derive(Default)]
struct Counts {
    listed: i64,
    stable: i64,
    plain: i64,
    stable_plain: i64,
    unlisted: i64,
}

impl Counts {
    fn of(versions: &[ListedVersion]) -> Self {
        let mut counts = Self::default();
        for ListedVersion { version, listed, .. } in versions {
            let (stable, plain) = (!version.is_prerelease, version.is_plain);
            counts.unlisted += i64::from(!listed);
            counts.listed += i64::from(*listed);
            counts.stable += i64::from(*listed && stable);
            counts.plain += i64::from(*listed && plain);
            counts.stable_plain += i64::from(*listed && stable && plain);
        }
        counts
    }
}

/// The version that stands for the package: of the listed ones, or of all where none is listed.
fn shown(versions: &[ListedVersion]) -> Option<&VersionNumber> {
    let listed = versions.iter().filter(|one| one.listed).map(|one| &one.version);
    newest(listed).or_else(|| newest(versions.iter().map(|one| &one.version)))
}

impl Transaction {
    /// Brings the row of a package in line with its versions. It is locked first, so that of two changes at once the
    /// later one counts what the earlier one left.
    pub(in crate::store) async fn summarise(&mut self, package: PackageKey) -> Result<()> {
        self.lock_package(package).await?;
        let versions = super::versions(&mut self.inner, package).await?;
        let counts = Counts::of(&versions);
        let shown = match shown(&versions) {
            Some(version) => super::version(&mut self.inner, package, &version.key).await?,
            None => None,
        };
        let kind = self.kind_of_package(package).await?;
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
        .bind(counts.unlisted)
        .bind(manifest.map(|manifest| manifest.type_words()).unwrap_or_default())
        .execute(&mut *self.inner)
        .await?;
        if versions.is_empty() {
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
