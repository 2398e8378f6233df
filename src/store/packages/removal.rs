//! Removing versions for good: the row stays as a tombstone, so that a version is never reused; what it said of itself
//! is forgotten, and its bytes go once this holds.

use sqlx::{AnyConnection, FromRow};

use crate::{
    audit::{EventDetail, EventKind, Subject},
    packages::{ChangeContext, StoredPackage, blobs::BlobKey, downloads::Count, nuget::version::Version},
    store::{Result, Store, Transaction, readable},
    tokens::PackageKey,
};

#[derive(FromRow)]
struct Removed {
    id: String,
    blob: String,
}

async fn was_removed(connection: &mut AnyConnection, package: PackageKey, version: &Version) -> Result<bool> {
    let sql = "SELECT 1 FROM versions WHERE package = $1 AND version_key = $2 AND removed_at IS NOT NULL LIMIT 1";
    let found: Option<i64> =
        sqlx::query_scalar(sql).bind(package.to_string()).bind(version.key()).fetch_optional(connection).await?;
    Ok(found.is_some())
}

impl Store {
    /// Whether a version was there and was removed.
    pub async fn was_removed(&self, package: PackageKey, version: &Version) -> Result<bool> {
        was_removed(&mut *self.pool.acquire().await?, package, version).await
    }
}

impl Transaction {
    /// The same as [`Store::was_removed`], read inside the change.
    pub async fn was_removed(&mut self, package: PackageKey, version: &Version) -> Result<bool> {
        was_removed(&mut self.inner, package, version).await
    }

    /// Removes a version with its symbols. Gives where the bytes are, to be deleted when this holds; nothing if there is no
    /// such version.
    pub async fn remove_version(
        &mut self,
        doing: &ChangeContext<'_>,
        package: &StoredPackage,
        version: &Version,
    ) -> Result<Vec<BlobKey>> {
        self.lock_package(package.key).await?;
        let Some(found) = super::version(&mut self.inner, package.key, version).await? else {
            return Ok(Vec::new());
        };
        sqlx::query("UPDATE versions SET removed_at = $3, manifest = '' WHERE package = $1 AND version_key = $2")
            .bind(package.key.to_string())
            .bind(version.key())
            .bind(doing.now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        self.summarise(package.key).await?;
        self.record_version(doing, EventKind::VersionRemoved, &found.nuspec.id, &found.version).await?;
        let mut blobs = self.remove_symbols(&found.key.to_string()).await?;
        blobs.push(found.blob);
        Ok(blobs)
    }

    /// Removes every version of a package. Its name stays its owners'. Gives where the bytes are.
    pub async fn remove_package(&mut self, doing: &ChangeContext<'_>, package: &StoredPackage) -> Result<Vec<BlobKey>> {
        self.lock_package(package.key).await?;
        let removed: Vec<Removed> = sqlx::query_as(
            "UPDATE versions SET removed_at = $2, manifest = '' WHERE package = $1 AND removed_at IS NULL RETURNING id, blob",
        )
        .bind(package.key.to_string())
        .bind(doing.now.timestamp())
        .fetch_all(&mut *self.inner)
        .await?;
        if removed.is_empty() {
            return Ok(Vec::new());
        }
        self.summarise(package.key).await?;
        let subject = Subject { package: Some(&package.name), ..doing.subject() };
        let detail = EventDetail::Versions { count: removed.len() as u64 };
        self.record(EventKind::PackageRemoved, doing.by, subject, detail, doing.now).await?;
        let mut blobs = Vec::new();
        for row in &removed {
            blobs.push(readable(BlobKey::parse(&row.blob), "versions.blob")?);
            blobs.extend(self.remove_symbols(&row.id).await?);
        }
        Ok(blobs)
    }

    /// Adds to the counts of downloads.
    pub async fn add_downloads(&mut self, counts: &[Count]) -> Result<()> {
        for Count { version, package, times } in counts {
            for (sql, id) in [
                ("UPDATE packages SET downloads = downloads + $2 WHERE id = $1", package.to_string()),
                ("UPDATE versions SET downloads = downloads + $2 WHERE id = $1", version.to_string()),
            ] {
                sqlx::query(sql).bind(id).bind(times).execute(&mut *self.inner).await?;
            }
        }
        Ok(())
    }
}
