//! Removing versions for good: the row stays as a tombstone, so that a version is never reused; what it said of itself
//! is forgotten, and its bytes go once this holds.

use sqlx::AnyConnection;

use crate::{
    audit::{EventDetail, EventKind, Subject},
    packages::{ChangeContext, RemovedFiles, StoredPackage, blobs::BlobKey, downloads::Count, rules},
    store::{Result, Store, Transaction, readable},
    tokens::PackageKey,
};

row! {
    struct Removed {
        id: String,
        blob: String,
    }
}

async fn was_removed(connection: &mut AnyConnection, package: PackageKey, version_key: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM versions WHERE package = $1 AND version_key = $2 AND removed_at IS NOT NULL LIMIT 1";
    let found: Option<i64> =
        sqlx::query_scalar(sql).bind(package.to_string()).bind(version_key).fetch_optional(connection).await?;
    Ok(found.is_some())
}

impl Store {
    /// Whether a version, by its identity, was there and was removed.
    pub async fn was_removed(&self, package: PackageKey, version_key: &str) -> Result<bool> {
        was_removed(&mut *self.pool.acquire().await?, package, version_key).await
    }
}

impl Transaction {
    /// The same as [`Store::was_removed`], read inside the change.
    pub async fn was_removed(&mut self, package: PackageKey, version_key: &str) -> Result<bool> {
        was_removed(&mut self.inner, package, version_key).await
    }

    /// Removes a version, by its identity, with its symbols; nothing if there is no such version.
    pub async fn remove_version(
        &mut self,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
        version_key: &str,
    ) -> Result<RemovedFiles> {
        self.lock_package(package.key).await?;
        let Some(found) = super::version(&mut self.inner, package.key, version_key).await? else {
            return Ok(RemovedFiles::default());
        };
        sqlx::query("UPDATE versions SET removed_at = $3, manifest = '' WHERE package = $1 AND version_key = $2")
            .bind(package.key.to_string())
            .bind(version_key)
            .bind(change.now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        self.summarise(package.key).await?;
        self.record_version(change, EventKind::VersionRemoved, &package.name, &found.version.text).await?;
        let blobs = self.files_of(package, &found.key.to_string(), found.blob).await?;
        Ok(RemovedFiles { versions: 1, blobs })
    }

    /// The files of a version that was removed, its symbols among them, which are forgotten.
    async fn files_of(&mut self, package: &StoredPackage, version: &str, blob: BlobKey) -> Result<Vec<BlobKey>> {
        let mut files = self.remove_symbols(version).await?;
        files.extend(rules(package.kind).beside(&blob));
        files.push(blob);
        Ok(files)
    }

    /// Removes every version of a package. Its name stays its owners'.
    pub async fn remove_package(
        &mut self,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
    ) -> Result<RemovedFiles> {
        self.lock_package(package.key).await?;
        let removed: Vec<Removed> = sqlx::query_as(
            "UPDATE versions SET removed_at = $2, manifest = '' WHERE package = $1 AND removed_at IS NULL RETURNING id, blob",
        )
        .bind(package.key.to_string())
        .bind(change.now.timestamp())
        .fetch_all(&mut *self.inner)
        .await?;
        if removed.is_empty() {
            return Ok(RemovedFiles::default());
        }
        self.summarise(package.key).await?;
        let subject = Subject { package: Some(&package.name), ..change.subject() };
        let detail = EventDetail::Versions { count: removed.len() as u64 };
        self.record(EventKind::PackageRemoved, change.by, subject, detail, change.now).await?;
        let mut files = RemovedFiles { versions: removed.len(), blobs: Vec::new() };
        for row in &removed {
            let blob = readable(BlobKey::parse(&row.blob), "versions.blob")?;
            files.blobs.extend(self.files_of(package, &row.id, blob).await?);
        }
        Ok(files)
    }

    /// Adds to the counts of downloads.
    pub async fn add_downloads(&mut self, counts: &[Count]) -> Result<()> {
        for Count { version, package, times } in counts {
            for (sql, id) in [
                ("UPDATE packages SET downloads = downloads + $2 WHERE id = $1", package.to_string()),
                ("UPDATE search_entries SET downloads = downloads + $2 WHERE package = $1", package.to_string()),
                ("UPDATE versions SET downloads = downloads + $2 WHERE id = $1", version.to_string()),
            ] {
                sqlx::query(sql).bind(id).bind(times).execute(&mut *self.inner).await?;
            }
        }
        Ok(())
    }
}
