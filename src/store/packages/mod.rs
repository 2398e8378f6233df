//! Packages and their versions, read for clients. Who may see them is decided by the doors; removed versions are seen by
//! nobody.

mod container;
pub(in crate::store) mod deprecations;
pub(in crate::store) mod found;
pub(in crate::store) mod listing;
pub(in crate::store) mod names;
pub(in crate::store) mod owners;
pub(in crate::store) mod publication;
pub(in crate::store) mod releases;
pub(in crate::store) mod removal;
pub(in crate::store) mod summaries;
pub(in crate::store) mod symbols;
pub(in crate::store) mod tags;
pub(in crate::store) mod uploads;

use std::sync::LazyLock;

use sqlx::AnyConnection;

use self::deprecations::{DEPRECATION, WITH_DEPRECATION, deprecation};
use super::{
    Result, Store, StoreError, Transaction, feeds, instant, readable,
    sql::{Direction, List},
};
use crate::{
    packages::{
        FeedPackage, ListedVersion, StoredPackage, StoredVersion, VersionNumber, VersionSet,
        blobs::BlobKey,
        manifest::{StoredManifest, UnreadableManifest},
        rules,
    },
    tokens::{
        AccountId, FeedId, Kind, PackageKey, TokenLookup, VersionKey,
        decision::{Holder, Package},
    },
};

row! {
    struct PackageRow {
        id: String,
        kind: String,
        name: String,
        owned: i64,
    }
}

row! {
    struct VersionRow {
        id: String,
        kind: String,
        version: String,
        published_at: i64,
        unlisted_at: Option<i64>,
        size: i64,
        sha512: String,
        blob: String,
        manifest: String,
        downloads: i64,
        deprecation: Option<String>,
        deprecation_reason: Option<String>,
        alternative: Option<String>,
        deprecated_by: Option<String>,
    }
}

row! {
    struct ListedRow {
        kind: String,
        version: String,
        unlisted_at: Option<i64>,
        downloads: i64,
    }
}

row! {
    struct FeedPackageRow {
        id: String,
        kind: String,
        name: String,
        feed: String,
        feed_name: String,
        public_since: Option<i64>,
        role: Option<String>,
        listed_versions: i64,
        latest: Option<String>,
    }
}

impl PackageRow {
    fn read(self) -> Result<StoredPackage> {
        let key = readable(PackageKey::parse(&self.id), "packages.id")?;
        let kind = kind_of(&self.kind)?;
        Ok(StoredPackage { key, kind, name: self.name, owned: self.owned != 0 })
    }
}

impl VersionRow {
    fn read(self) -> Result<StoredVersion> {
        Ok(StoredVersion {
            key: readable(VersionKey::parse(&self.id), "versions.id")?,
            version: version_number(kind_of(&self.kind)?, &self.version)?,
            listed: self.unlisted_at.is_none(),
            published_at: instant(self.published_at),
            size: self.size,
            sha512: self.sha512,
            blob: readable(BlobKey::parse(&self.blob), "versions.blob")?,
            manifest: readable(StoredManifest::new(self.manifest), "versions.manifest")?,
            downloads: self.downloads,
            deprecation: deprecation(self.deprecation, self.deprecation_reason, self.alternative, self.deprecated_by),
        })
    }
}

impl ListedRow {
    fn read(self) -> Result<ListedVersion> {
        let version = version_number(kind_of(&self.kind)?, &self.version)?;
        Ok(ListedVersion { version, listed: self.unlisted_at.is_none(), downloads: self.downloads })
    }
}

impl FeedPackageRow {
    fn read(self) -> Result<FeedPackage> {
        let holder = Holder {
            disabled: false,
            role: feeds::role(self.role.as_deref()),
            feed_is_public: self.public_since.is_some(),
        };
        Ok(FeedPackage {
            key: readable(PackageKey::parse(&self.id), "packages.id")?,
            kind: kind_of(&self.kind)?,
            name: self.name,
            feed: readable(FeedId::parse(&self.feed), "feeds.id")?,
            feed_name: self.feed_name,
            holder,
            listed_versions: self.listed_versions,
            latest: self.latest,
        })
    }
}

impl From<UnreadableManifest> for StoreError {
    fn from(error: UnreadableManifest) -> Self {
        Self::Unreadable(error.to_string())
    }
}

pub(in crate::store) fn kind_of(text: &str) -> Result<Kind> {
    readable(Kind::parse(text), "packages.kind")
}

fn version_number(kind: Kind, text: &str) -> Result<VersionNumber> {
    readable(rules(kind).version(text), "versions.version")
}

/// The package of a name, and whether account $4 owns it.
pub(in crate::store) const OF_NAME: &str =
    "SELECT p.id, p.kind, p.name, CASE WHEN o.account IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS owned
     FROM packages p LEFT JOIN package_owners o ON o.package = p.id AND o.account = $4
     WHERE p.feed = $1 AND p.kind = $2 AND p.name_key = $3";
/// A version of a package, unless it was removed.
pub(in crate::store) static VERSION: LazyLock<String> = LazyLock::new(|| there().filter("v.version_key = $2").sql());
/// Versions of a package from `$2` up to `$3` and above `$4`.
static VERSIONS_IN: LazyLock<String> = LazyLock::new(|| {
    let list = there().filter("v.sort_key >= $2 AND v.sort_key < $3 AND v.sort_key > $4");
    list.order("v.sort_key", Direction::Ascending).limit("$5").sql()
});

fn there() -> List {
    let columns =
        "v.id, p.kind, v.version, v.published_at, v.unlisted_at, v.size, v.sha512, v.blob, v.manifest, v.downloads";
    let list = List::of(
        format!("{columns}, {DEPRECATION}"),
        format!("versions v JOIN packages p ON p.id = v.package {WITH_DEPRECATION}"),
    );
    list.filter("v.package = $1 AND v.removed_at IS NULL")
}

/// The package of a name, as an account sees it.
pub(in crate::store) async fn find(
    connection: &mut AnyConnection,
    feed: FeedId,
    kind: Kind,
    name_key: &str,
    account: Option<AccountId>,
) -> Result<Option<StoredPackage>> {
    let row: Option<PackageRow> = sqlx::query_as(OF_NAME)
        .bind(feed.to_string())
        .bind(kind.as_str())
        .bind(name_key)
        .bind(account.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(connection)
        .await?;
    row.map(PackageRow::read).transpose()
}

/// Every version of a package that was not removed, lowest first.
pub(in crate::store) async fn versions(
    connection: &mut AnyConnection,
    package: PackageKey,
) -> Result<Vec<ListedVersion>> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        "SELECT p.kind, v.version, v.unlisted_at, v.downloads FROM versions v JOIN packages p ON p.id = v.package
         WHERE v.package = $1 AND v.removed_at IS NULL",
    )
    .bind(package.to_string())
    .fetch_all(connection)
    .await?;
    let mut versions = rows.into_iter().map(ListedRow::read).collect::<Result<Vec<_>>>()?;
    versions.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(versions)
}

/// One version by its identity, unless it was removed.
pub(in crate::store) async fn version(
    connection: &mut AnyConnection,
    package: PackageKey,
    version_key: &str,
) -> Result<Option<StoredVersion>> {
    let row: Option<VersionRow> =
        sqlx::query_as(VERSION.as_str()).bind(package.to_string()).bind(version_key).fetch_optional(connection).await?;
    row.map(VersionRow::read).transpose()
}

impl Store {
    /// The package of a name (in lower case), as an account sees it, or anybody for `None`.
    pub async fn package(
        &self,
        feed: FeedId,
        kind: Kind,
        name_key: &str,
        account: Option<AccountId>,
    ) -> Result<Option<StoredPackage>> {
        find(&mut *self.pool.acquire().await?, feed, kind, name_key, account).await
    }

    /// Whether a feed has the package of a name (in lower case) and refuses it to whose key does not cover it, rather than
    /// saying that it is not there.
    pub async fn holds_back(&self, feed: FeedId, kind: Kind, name_key: &str) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM packages p JOIN feeds f ON f.id = p.feed WHERE p.feed = $1 AND p.kind = $2 AND p.name_key = $3
                AND (p.listed_versions > 0 OR p.unlisted_versions > 0) AND f.passes_on_since IS NULL LIMIT 1",
        )
        .bind(feed.to_string())
        .bind(kind.as_str())
        .bind(name_key)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }

    /// Every version of a package, unlisted ones included, lowest first.
    pub async fn versions(&self, package: PackageKey) -> Result<Vec<ListedVersion>> {
        versions(&mut *self.pool.acquire().await?, package).await
    }

    /// The versions that a set names and that lie above a place in their order, the lowest first, at most `limit`.
    pub async fn versions_in(
        &self,
        package: PackageKey,
        set: &VersionSet,
        (above, limit): (&[u8], i64),
    ) -> Result<Vec<StoredVersion>> {
        let mut found = Vec::new();
        for (low, high) in set.ranges() {
            let rows: Vec<VersionRow> = sqlx::query_as(VERSIONS_IN.as_str())
                .bind(package.to_string())
                .bind(low.clone())
                .bind(high.clone())
                .bind(above.to_vec())
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
            found.extend(rows.into_iter().map(VersionRow::read).collect::<Result<Vec<_>>>()?);
        }
        Ok(found)
    }

    /// The numbers of the versions that a set names, the lowest first, at most `limit`.
    pub async fn version_numbers(
        &self,
        package: &StoredPackage,
        set: &VersionSet,
        limit: i64,
    ) -> Result<Vec<VersionNumber>> {
        let sql = "SELECT version FROM versions WHERE package = $1 AND sort_key >= $2 AND sort_key < $3 AND removed_at IS NULL
             ORDER BY sort_key LIMIT $4";
        let mut found = Vec::new();
        for (low, high) in set.ranges() {
            let query = sqlx::query_scalar(sql).bind(package.key.to_string()).bind(low.clone()).bind(high.clone());
            let rows: Vec<String> = query.bind(limit).fetch_all(&self.pool).await?;
            found.extend(rows.iter().map(|text| version_number(package.kind, text)).collect::<Result<Vec<_>>>()?);
        }
        Ok(found)
    }

    /// One version of a package, by its identity.
    pub async fn version(&self, package: PackageKey, version_key: &str) -> Result<Option<StoredVersion>> {
        version(&mut *self.pool.acquire().await?, package, version_key).await
    }

    /// The packages in the feeds where an account has a role, in the order they were made, at most `limit`, after `after`.
    pub async fn packages_for(
        &self,
        account: AccountId,
        after: Option<PackageKey>,
        limit: usize,
    ) -> Result<Vec<FeedPackage>> {
        let rows: Vec<FeedPackageRow> = sqlx::query_as(
            "SELECT p.id, p.kind, p.name, p.listed_versions, f.id AS feed, f.name AS feed_name, f.public_since, r.role,
                COALESCE(v.version, CASE WHEN p.kind = 'container' THEN p.newest END) AS latest
             FROM packages p JOIN feeds f ON f.id = p.feed JOIN effective_roles r ON r.feed = p.feed AND r.account = $1
                LEFT JOIN versions v ON v.package = p.id AND v.version_key = p.newest AND p.listed_versions > 0
             WHERE p.id > $2 AND r.role IS NOT NULL
               AND (p.listed_versions > 0 OR p.unlisted_versions > 0) ORDER BY p.id LIMIT $3",
        )
        .bind(account.to_string())
        .bind(after.map(|key| key.to_string()).unwrap_or_default())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(FeedPackageRow::read).collect()
    }

    /// What the decision needs to know of a package of the asked feed. Where the account cannot read, nothing is known.
    pub async fn facts(&self, known: &TokenLookup, kind: Kind, name_key: &str) -> Result<Package> {
        let readable = known.holder.role.is_some() || known.holder.feed_is_public;
        match known.feed.filter(|_| readable) {
            None => Ok(Package::Unknown),
            Some(feed) => {
                let package = self.package(feed, kind, name_key, Some(known.token.account)).await?;
                Ok(StoredPackage::known_to_its_asker(package.as_ref()))
            }
        }
    }
}

impl Transaction {
    /// The same as [`Store::package`], read inside the change.
    pub async fn package(
        &mut self,
        feed: FeedId,
        kind: Kind,
        name_key: &str,
        account: Option<AccountId>,
    ) -> Result<Option<StoredPackage>> {
        find(&mut self.inner, feed, kind, name_key, account).await
    }
}
