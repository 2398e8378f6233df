//! Feeds, packages and versions as pages show them: a bounded number at a time, each page found by the last key of the
//! one before. An account's part in a feed is read with them; `None` asks for anybody.

use std::sync::LazyLock;

use super::{
    deprecations::{DEPRECATION, WITH_DEPRECATION, deprecation},
    kind_of, version_number,
};
use crate::{
    feeds::{Feed, FeedSummary, Membership},
    packages::{
        PackageDetails, PackageQuery, PackageSummary, StoredPackage, VersionDetails, VersionNumber, VersionSummary,
        blobs::BlobKey,
        container::image::RepositorySummary,
        manifest::{Manifest, StoredManifest},
        rules,
    },
    store::{
        Result, Store, feeds, instant, readable,
        sql::{Direction::Ascending, Direction::Descending, List},
    },
    tokens::{AccountId, FeedId, Kind, PackageKey, TokenId, VersionKey},
};

row! {
    struct FeedRow {
        id: String,
        name: String,
        public_since: Option<i64>,
        role: Option<String>,
        packages: i64,
    }
}

row! {
    pub(in crate::store) struct LineRow {
        kind: String,
        name: String,
        feed: String,
        feed_name: String,
        listed_versions: i64,
        downloads: i64,
        published_at: Option<i64>,
        manifest: Option<String>,
        deprecation: Option<String>,
        tag: Option<String>,
    }
}

row_of_sqlite! {
    LineRow { kind, name, feed, feed_name, listed_versions, downloads, published_at, manifest, deprecation, tag }
}

/// What lists show of a package `p` of a feed `f`, and whence.
pub(in crate::store) const LINE: &str =
    "p.kind, p.name, p.feed, f.name AS feed_name, p.listed_versions, p.downloads, COALESCE(v.published_at, i.pushed_at) AS published_at,
     v.manifest, v.deprecation, i.tag";
pub(in crate::store) const NEWEST: &str =
    "LEFT JOIN versions v ON v.package = p.id AND v.version_key = p.newest
     LEFT JOIN container_images i ON p.kind = 'container' AND i.feed = p.feed AND i.repository = p.name AND i.tag = p.newest";

row! {
    struct PackageRow {
        id: String,
        name: String,
        owner: Option<String>,
        downloads: i64,
        newest: Option<String>,
        listed_versions: i64,
        unlisted_versions: i64,
    }
}

row! {
    struct VersionRow {
        id: String,
        kind: String,
        blob: String,
        version: String,
        published_at: i64,
        publisher: Option<String>,
        token: Option<String>,
        published_hint: Option<String>,
        unlisted_at: Option<i64>,
        removed_at: Option<i64>,
        size: i64,
        downloads: i64,
        sha512: String,
        deprecation: Option<String>,
        deprecation_reason: Option<String>,
        alternative: Option<String>,
        deprecated_by: Option<String>,
        manifest: String,
    }
}

impl FeedRow {
    fn read(self) -> Result<FeedSummary> {
        let id = readable(FeedId::parse(&self.id), "feeds.id")?;
        let role = feeds::role(self.role.as_deref());
        let feed = Feed { id, name: self.name, is_public: self.public_since.is_some() };
        Ok(FeedSummary { seen: Membership { feed, role }, packages: self.packages })
    }
}

impl LineRow {
    pub(in crate::store) fn read(self) -> Result<PackageSummary> {
        let kind = kind_of(&self.kind)?;
        let kept = self.manifest.and_then(StoredManifest::new);
        let manifest = match self.tag {
            Some(tag) => {
                let summary = RepositorySummary::new(&self.name, tag, self.listed_versions);
                Some(Box::new(summary) as Box<dyn Manifest>)
            }
            None => kept.map(|kept| readable(rules(kind).manifest(&kept), "versions.manifest")).transpose()?,
        };
        Ok(PackageSummary {
            kind,
            name: self.name,
            feed: readable(FeedId::parse(&self.feed), "packages.feed")?,
            feed_name: self.feed_name,
            listed: self.listed_versions > 0,
            downloads: self.downloads,
            deprecation: self.deprecation.unwrap_or_default(),
            newest: self.published_at.map(instant).zip(manifest),
        })
    }
}

impl PackageRow {
    fn read(self, kind: Kind) -> Result<PackageDetails> {
        let key = readable(PackageKey::parse(&self.id), "packages.id")?;
        Ok(PackageDetails {
            stored: StoredPackage { key, kind, name: self.name, owned: self.owner.is_some() },
            downloads: self.downloads,
            newest: self.newest.filter(|key| !key.is_empty()),
            listed: self.listed_versions,
            unlisted: self.unlisted_versions,
        })
    }
}

impl VersionRow {
    fn read(self) -> Result<VersionDetails> {
        let removed_at = self.removed_at.map(instant);
        let line = VersionSummary {
            version: version_number(kind_of(&self.kind)?, &self.version)?,
            published_at: instant(self.published_at),
            publisher: self.publisher,
            token: self.token.as_deref().and_then(TokenId::parse),
            hint: self.published_hint,
            listed: self.unlisted_at.is_none(),
            removed_at,
            size: self.size,
            downloads: self.downloads,
            deprecation: deprecation(self.deprecation, self.deprecation_reason, self.alternative, self.deprecated_by),
        };
        let key = readable(VersionKey::parse(&self.id), "versions.id")?;
        let blob = readable(BlobKey::parse(&self.blob), "versions.blob")?;
        Ok(VersionDetails { key, blob, line, manifest: StoredManifest::new(self.manifest), sha512: self.sha512 })
    }
}

/// The packages that somebody (`$1`) can read, unlisted ones too where `$2` is 1; of the kind `$3` and the feed `$4`;
/// where `$5` is 0 or 1, only those that are not or are deprecated, and where `$6` is 1, only those with a stable version;
/// `$7` to `$9` are the place to go on from, `$10` how many, and `$11` who must own them. Empty texts ask for nothing.
fn packages() -> List {
    let list = List::of(LINE, format!("packages p JOIN feeds f ON f.id = p.feed {NEWEST}"));
    let list = list.filter("(p.listed_versions > 0 OR ($2 = 1 AND p.unlisted_versions > 0))").filter(
        "(f.public_since IS NOT NULL
            OR EXISTS (SELECT 1 FROM effective_roles r WHERE r.feed = f.id AND r.account = $1 AND r.role IS NOT NULL))",
    );
    list.filter("($3 = '' OR p.kind = $3)")
        .filter("($4 = '' OR p.feed = $4)")
        .filter("($5 < 0 OR CASE WHEN v.deprecation IS NULL THEN 0 ELSE 1 END = $5)")
        .filter("($6 = 0 OR p.listed_stable_versions > 0)")
        .filter(
            "($11 = '' OR ($1 <> '' AND EXISTS (SELECT 1 FROM package_owners o JOIN accounts a ON a.id = o.account
                WHERE o.package = p.id AND a.username_key = $11)))",
        )
}

static OF_ONE_FEED: LazyLock<String> = LazyLock::new(|| {
    let list = packages().filter("p.feed = $8").filter("(p.name_key, p.kind) > ($7, $9)");
    list.order("p.name_key", Ascending).order("p.kind", Ascending).limit("$10").sql()
});

static OF_ALL_FEEDS: LazyLock<String> = LazyLock::new(|| {
    let list = packages().filter("(p.name_key, p.feed, p.kind) > ($7, $8, $9)");
    list.order("p.name_key", Ascending).order("p.feed", Ascending).order("p.kind", Ascending).limit("$10").sql()
});

/// Versions of a package (`$1`) as their pages show them to an account (`$2`), with this as what they say of themselves.
fn versions(manifest: &str) -> List {
    let list = List::of(
        format!(
            "v.id, p.kind, v.blob, v.version, v.published_at, a.username AS publisher, t.id AS token, v.published_hint, v.unlisted_at,
             v.removed_at, v.size, v.downloads, v.sha512, {DEPRECATION}, {manifest} AS manifest"
        ),
        format!(
            "versions v JOIN packages p ON p.id = v.package LEFT JOIN accounts a ON a.id = v.published_by
             LEFT JOIN tokens t ON t.id = v.published_with AND t.account = $2 {WITH_DEPRECATION}"
        ),
    );
    list.filter("v.package = $1")
}

static VERSIONS_BELOW: LazyLock<String> =
    LazyLock::new(|| versions("''").filter("v.sort_key < $3").order("v.sort_key", Descending).limit("$4").sql());
static ONE_VERSION: LazyLock<String> = LazyLock::new(|| versions("v.manifest").filter("v.version_key = $3").sql());

fn text_of(account: Option<AccountId>) -> String {
    account.map(|id| id.to_string()).unwrap_or_default()
}

impl Store {
    /// The feeds that an account can read by name, at most `limit`, after one of them, with their packages counted up
    /// to `most` and one more.
    pub async fn feed_lines(
        &self,
        account: Option<AccountId>,
        after: &str,
        limit: i64,
        most: i64,
    ) -> Result<Vec<FeedSummary>> {
        let rows: Vec<FeedRow> = sqlx::query_as(
            "SELECT f.id, f.name, f.public_since,
                (SELECT r.role FROM effective_roles r WHERE r.feed = f.id AND r.account = $1) AS role,
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM packages p WHERE p.feed = f.id
                    AND p.listed_versions > 0 LIMIT $4) few) AS packages
             FROM feeds f
             WHERE f.name > $2 AND (f.public_since IS NOT NULL
                OR EXISTS (SELECT 1 FROM effective_roles r WHERE r.feed = f.id AND r.account = $1 AND r.role IS NOT NULL))
             ORDER BY f.name LIMIT $3",
        )
        .bind(text_of(account))
        .bind(after)
        .bind(limit)
        .bind(most + 1)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(FeedRow::read).collect()
    }

    /// The packages of a list, by name.
    pub async fn package_lines(&self, lines: &PackageQuery<'_>) -> Result<Vec<PackageSummary>> {
        let sql = if lines.feed.is_some() { OF_ONE_FEED.as_str() } else { OF_ALL_FEEDS.as_str() };
        let feed = lines.feed.or(lines.after.and_then(|after| after.feed));
        let rows: Vec<LineRow> = sqlx::query_as(sql)
            .bind(text_of(lines.account))
            .bind(i64::from(lines.unlisted))
            .bind(lines.kind.map_or("", Kind::as_str))
            .bind(lines.only_feed.map(|feed| feed.to_string()).unwrap_or_default())
            .bind(lines.deprecated.map_or(-1, i64::from))
            .bind(i64::from(lines.stable))
            .bind(lines.after.map_or("", |after| after.name))
            .bind(feed.map(|feed| feed.to_string()).unwrap_or_default())
            .bind(lines.after.map_or("", |after| after.kind.as_str()))
            .bind(lines.limit)
            .bind(lines.owner)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(LineRow::read).collect()
    }

    /// The package of a name (in lower case) as an account sees it, all of its versions removed perhaps.
    pub async fn package_facts(
        &self,
        feed: FeedId,
        kind: Kind,
        name_key: &str,
        account: Option<AccountId>,
    ) -> Result<Option<PackageDetails>> {
        let row: Option<PackageRow> = sqlx::query_as(
            "SELECT p.id, p.name, o.account AS owner, p.downloads, p.newest, p.listed_versions, p.unlisted_versions
             FROM packages p LEFT JOIN package_owners o ON o.package = p.id AND o.account = $3
             WHERE p.feed = $1 AND p.kind = $4 AND p.name_key = $2",
        )
        .bind(feed.to_string())
        .bind(name_key)
        .bind(text_of(account))
        .bind(kind.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| row.read(kind)).transpose()
    }

    /// The versions of a package, removed ones included, the highest first, at most `limit`, below one of them.
    pub async fn version_lines(
        &self,
        package: PackageKey,
        account: Option<AccountId>,
        below: Option<&VersionNumber>,
        limit: i64,
    ) -> Result<Vec<VersionSummary>> {
        // No number of a version reaches so far.
        let below = below.map_or_else(|| vec![u8::MAX], |version| version.sort_key.clone());
        let rows: Vec<VersionRow> = sqlx::query_as(VERSIONS_BELOW.as_str())
            .bind(package.to_string())
            .bind(text_of(account))
            .bind(below)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(|row| Ok(row.read()?.line)).collect()
    }

    /// One version of a package by its identity, removed perhaps.
    pub async fn version_facts(
        &self,
        package: PackageKey,
        account: Option<AccountId>,
        version_key: &str,
    ) -> Result<Option<VersionDetails>> {
        let row: Option<VersionRow> = sqlx::query_as(ONE_VERSION.as_str())
            .bind(package.to_string())
            .bind(text_of(account))
            .bind(version_key)
            .fetch_optional(&self.pool)
            .await?;
        row.map(VersionRow::read).transpose()
    }
}
