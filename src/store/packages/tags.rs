//! The words that stand for a version after it was published: npm's dist-tags.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use crate::{
    audit::{EventDetail, EventKind, Subject},
    packages::{ChangeContext, StoredPackage, VersionNumber},
    store::{Result, Store, Transaction},
    tokens::PackageKey,
};

/// Tags that a package may have; clients read them all.
const MOST_TAGS: i64 = 1_000;

/// Every tag of a package with the identity of its version.
async fn tags(connection: &mut AnyConnection, package: PackageKey) -> Result<BTreeMap<String, String>> {
    let sql = "SELECT tag, version_key FROM version_tags WHERE package = $1";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).bind(package.to_string()).fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}

impl Store {
    /// Every tag of a package with the identity of its version.
    pub async fn tags(&self, package: PackageKey) -> Result<BTreeMap<String, String>> {
        tags(&mut *self.pool.acquire().await?, package).await
    }
}

impl Transaction {
    /// The same as [`Store::tags`], read inside the change.
    pub async fn tags(&mut self, package: PackageKey) -> Result<BTreeMap<String, String>> {
        tags(&mut self.inner, package).await
    }

    /// Lets a tag stand for a version, by its identity. `false` if there is no such version, or there are too many tags.
    pub async fn set_tag(
        &mut self,
        doing: &ChangeContext<'_>,
        package: &StoredPackage,
        tag: &str,
        version_key: &str,
    ) -> Result<bool> {
        self.lock_package(package.key).await?;
        let Some(found) = super::version(&mut self.inner, package.key, version_key).await? else {
            return Ok(false);
        };
        let before = self.tags(package.key).await?;
        if before.get(tag).is_some_and(|known| known == version_key) {
            return Ok(true);
        }
        if !before.contains_key(tag) && before.len() as i64 >= MOST_TAGS {
            return Ok(false);
        }
        self.write_tag(package.key, tag, version_key).await?;
        self.record_tag(EventKind::TagMoved, doing, package, (tag, &found.version.text)).await?;
        Ok(true)
    }

    /// The same for a version that this change publishes, of which nothing more need be recorded.
    pub async fn write_tag(&mut self, package: PackageKey, tag: &str, version_key: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO version_tags (package, tag, version_key) VALUES ($1, $2, $3)
             ON CONFLICT (package, tag) DO UPDATE SET version_key = $3",
        )
        .bind(package.to_string())
        .bind(tag)
        .bind(version_key)
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Takes a tag away. `false` if there is none.
    pub async fn remove_tag(&mut self, doing: &ChangeContext<'_>, package: &StoredPackage, tag: &str) -> Result<bool> {
        self.lock_package(package.key).await?;
        let sql = "DELETE FROM version_tags WHERE package = $1 AND tag = $2 RETURNING version_key";
        let removed: Option<String> =
            sqlx::query_scalar(sql).bind(package.key.to_string()).bind(tag).fetch_optional(&mut *self.inner).await?;
        let Some(version) = removed else { return Ok(false) };
        self.record_tag(EventKind::TagRemoved, doing, package, (tag, &version)).await?;
        Ok(true)
    }

    /// Takes the tags of versions that are gone, and lets `default` stand for `shown` where it stands for none.
    pub(in crate::store) async fn mend_tags(
        &mut self,
        package: PackageKey,
        default: &str,
        shown: Option<&VersionNumber>,
    ) -> Result<()> {
        sqlx::query(
            "DELETE FROM version_tags WHERE package = $1 AND NOT EXISTS (SELECT 1 FROM versions v
                WHERE v.package = $1 AND v.version_key = version_tags.version_key AND v.removed_at IS NULL)",
        )
        .bind(package.to_string())
        .execute(&mut *self.inner)
        .await?;
        if let Some(shown) = shown.filter(|_| !default.is_empty()) {
            sqlx::query(
                "INSERT INTO version_tags (package, tag, version_key) VALUES ($1, $2, $3)
                 ON CONFLICT (package, tag) DO NOTHING",
            )
            .bind(package.to_string())
            .bind(default)
            .bind(shown.key.as_str())
            .execute(&mut *self.inner)
            .await?;
        }
        Ok(())
    }

    async fn record_tag(
        &mut self,
        kind: EventKind,
        doing: &ChangeContext<'_>,
        package: &StoredPackage,
        (tag, version): (&str, &str),
    ) -> Result<()> {
        let subject = Subject { package: Some(&package.name), version: Some(version), ..doing.subject() };
        self.record(kind, doing.by, subject, EventDetail::Tag { tag: tag.to_owned() }, doing.now).await?;
        Ok(())
    }
}
