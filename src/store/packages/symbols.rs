//! Symbol files of published versions, which only NuGet packages have: entered together, replaced together, found by the key that debuggers ask with.

use uuid::Uuid;

use crate::{
    audit::EventKind,
    packages::{
        PublishContext,
        blobs::BlobKey,
        nuget::{FoundSymbolFile, NewSymbolFile, StoredNuspec, files},
    },
    store::{Result, Store, Transaction, readable},
    tokens::{FeedId, PackageKey},
};

/// Versions that share a PDB are looked at up to this many; any of them will do.
const MOST_ALIKE: i64 = 50;

row! {
    struct FoundRow {
        id: String,
        name: String,
        sha256: String,
    }
}

impl Store {
    /// The symbol files of a feed with this file name and key (both in lower case), the newest first.
    pub async fn symbol_files(&self, feed: FeedId, file: &str, key: &str) -> Result<Vec<FoundSymbolFile>> {
        let rows: Vec<FoundRow> = sqlx::query_as(
            "SELECT s.id, p.name, s.sha256 FROM symbol_files s
             JOIN versions v ON v.id = s.version JOIN packages p ON p.id = v.package
             WHERE s.symbol_key = $1 AND s.file_key = $2 AND p.feed = $3 AND v.removed_at IS NULL
             ORDER BY s.id DESC LIMIT $4",
        )
        .bind(key)
        .bind(file)
        .bind(feed.to_string())
        .bind(MOST_ALIKE)
        .fetch_all(&self.pool)
        .await?;
        let read = |row: FoundRow| Ok(FoundSymbolFile { blob: blob(&row.id)?, package: row.name, sha256: row.sha256 });
        rows.into_iter().map(read).collect()
    }

    /// How many symbol files a version has.
    pub async fn count_symbol_files(&self, package: PackageKey, version_key: &str) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM symbol_files WHERE version = (SELECT id FROM versions WHERE package = $1 AND version_key = $2)";
        Ok(sqlx::query_scalar(sql).bind(package.to_string()).bind(version_key).fetch_one(&self.pool).await?)
    }
}

impl Transaction {
    /// Enters the symbol files of a version in place of those it had. Gives where the bytes of the replaced ones are, to
    /// be deleted when this holds; none when the version was removed meanwhile.
    pub async fn replace_symbols(
        &mut self,
        context: &PublishContext<'_>,
        package: PackageKey,
        version: &StoredNuspec,
        files: &[NewSymbolFile],
    ) -> Result<Option<Vec<BlobKey>>> {
        self.lock_package(package).await?;
        let StoredNuspec { nuspec, stored } = version;
        if super::version(&mut self.inner, package, &stored.version.key).await?.is_none() {
            return Ok(None);
        }
        let replaced = self.remove_symbols(&stored.key.to_string()).await?;
        for file in files {
            sqlx::query(
                "INSERT INTO symbol_files (id, version, file_key, symbol_key, sha256, size, published_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(file.id.to_string())
            .bind(stored.key.to_string())
            .bind(file.file.as_str())
            .bind(file.key.as_str())
            .bind(file.sha256.as_str())
            .bind(i64::try_from(file.size).unwrap_or(i64::MAX))
            .bind(context.token.account.to_string())
            .execute(&mut *self.inner)
            .await?;
        }
        let (id, number) = (nuspec.id.as_str(), stored.version.text.as_str());
        self.record_version(&context.change(), EventKind::SymbolsPublished, id, number).await?;
        Ok(Some(replaced))
    }

    /// Forgets the symbol files of a version. Gives where their bytes are.
    pub(in crate::store) async fn remove_symbols(&mut self, version: &str) -> Result<Vec<BlobKey>> {
        let sql = "DELETE FROM symbol_files WHERE version = $1 RETURNING id";
        let removed: Vec<String> = sqlx::query_scalar(sql).bind(version).fetch_all(&mut *self.inner).await?;
        removed.iter().map(|id| blob(id)).collect()
    }
}

fn blob(id: &str) -> Result<BlobKey> {
    readable(Uuid::try_parse(id).ok().map(files::symbol_file), "symbol_files.id")
}
