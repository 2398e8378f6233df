//! Feeds, packages and versions as pages show them: a bounded number at a time, each page found by the last key of the
//! one before. An account's part in a feed is read with them; `None` asks for anybody.

use sqlx::FromRow;

use super::likes;
use crate::{
    feeds::{Feed, FeedSummary, Membership},
    packages::nuget::{
        PackageDetails, PackageQuery, PackageSummary, VersionDetails, VersionSummary, id::PackageId, nuspec::Nuspec,
        version::Version,
    },
    store::{Result, Store, feeds, instant, readable},
    tokens::{AccountId, FeedId, PackageKey, TokenId},
};

#[derive(FromRow)]
struct FeedRow {
    id: String,
    name: String,
    public_since: Option<i64>,
    role: Option<String>,
    packages: i64,
}

#[derive(FromRow)]
struct LineRow {
    name: String,
    feed: String,
    feed_name: String,
    listed_versions: i64,
    downloads: i64,
    published_at: Option<i64>,
    manifest: Option<String>,
}

#[derive(FromRow)]
struct PackageRow {
    id: String,
    name: String,
    owner: Option<String>,
    downloads: i64,
    newest: Option<String>,
    listed_versions: i64,
    unlisted_versions: i64,
}

#[derive(FromRow)]
struct VersionRow {
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
    manifest: String,
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
    fn read(self) -> Result<PackageSummary> {
        let nuspec = self.manifest.map(|manifest| manifest_of(&manifest)).transpose()?;
        Ok(PackageSummary {
            name: self.name,
            feed: readable(FeedId::parse(&self.feed), "packages.feed")?,
            feed_name: self.feed_name,
            listed: self.listed_versions > 0,
            downloads: self.downloads,
            newest: self.published_at.map(instant).zip(nuspec),
        })
    }
}

impl PackageRow {
    fn read(self) -> Result<PackageDetails> {
        let newest = self.newest.filter(|key| !key.is_empty());
        let newest = newest.map(|key| readable(Version::parse(&key).ok(), "packages.newest"));
        Ok(PackageDetails {
            key: readable(PackageKey::parse(&self.id), "packages.id")?,
            name: self.name,
            owned: self.owner.is_some(),
            downloads: self.downloads,
            newest: newest.transpose()?,
            listed: self.listed_versions,
            unlisted: self.unlisted_versions,
        })
    }
}

impl VersionRow {
    fn read(self) -> Result<VersionDetails> {
        let removed_at = self.removed_at.map(instant);
        let line = VersionSummary {
            version: readable(Version::parse(&self.version).ok(), "versions.version")?,
            published_at: instant(self.published_at),
            publisher: self.publisher,
            token: self.token.as_deref().and_then(TokenId::parse),
            hint: self.published_hint,
            listed: self.unlisted_at.is_none(),
            removed_at,
            size: self.size,
            downloads: self.downloads,
        };
        let nuspec = if self.manifest.is_empty() { None } else { Some(manifest_of(&self.manifest)?) };
        Ok(VersionDetails { line, nuspec, sha512: self.sha512 })
    }
}

fn manifest_of(json: &str) -> Result<Nuspec> {
    readable(serde_json::from_str(json).ok(), "versions.manifest")
}

/// The packages of a list; what stands between is how they are found.
macro_rules! lines_where {
    ($which:literal) => {
        concat!(
            "SELECT p.name, p.feed, f.name AS feed_name, p.listed_versions, p.downloads, v.published_at, v.manifest
             FROM packages p JOIN feeds f ON f.id = p.feed
                LEFT JOIN versions v ON v.package = p.id AND v.version_key = p.newest
             WHERE p.kind = 'nuget' AND (p.listed_versions > 0 OR ($2 = 1 AND p.unlisted_versions > 0))
                AND (f.public_since IS NOT NULL
                    OR EXISTS (SELECT 1 FROM effective_roles r WHERE r.feed = f.id AND r.account = $1 AND r.role IS NOT NULL))
                AND p.search_text LIKE $3 ESCAPE '!' AND p.search_text LIKE $4 ESCAPE '!'
                AND p.search_text LIKE $5 ESCAPE '!' AND p.search_text LIKE $6 ESCAPE '!' AND ",
            $which,
            " LIMIT $9"
        )
    };
}

/// Versions as their pages show them; what stands between is how they are found.
macro_rules! versions_where {
    ($manifest:literal, $which:literal) => {
        concat!(
            "SELECT v.version, v.published_at, a.username AS publisher, t.id AS token, v.published_hint, v.unlisted_at,
                v.removed_at, v.size, v.downloads, v.sha512, ",
            $manifest,
            " AS manifest FROM versions v LEFT JOIN accounts a ON a.id = v.published_by
             LEFT JOIN tokens t ON t.id = v.published_with AND t.account = $2
             WHERE v.package = $1 AND ",
            $which
        )
    };
}

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
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM packages p WHERE p.feed = f.id AND p.kind = 'nuget'
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
        let sql = match lines.feed {
            Some(_) => lines_where!("p.feed = $8 AND p.name_key > $7 ORDER BY p.name_key"),
            None => lines_where!("(p.name_key, p.feed) > ($7, $8) ORDER BY p.name_key, p.feed"),
        };
        let [first, second, third, fourth] = likes(lines.words);
        let rows: Vec<LineRow> = sqlx::query_as(sql)
            .bind(text_of(lines.account))
            .bind(i64::from(lines.unlisted))
            .bind(first)
            .bind(second)
            .bind(third)
            .bind(fourth)
            .bind(lines.after.0)
            .bind(lines.feed.map_or_else(|| lines.after.1.to_owned(), |feed| feed.to_string()))
            .bind(lines.limit)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(LineRow::read).collect()
    }

    /// The NuGet package of a name as an account sees it, all of its versions removed perhaps.
    pub async fn package_facts(
        &self,
        feed: FeedId,
        id: &PackageId,
        account: Option<AccountId>,
    ) -> Result<Option<PackageDetails>> {
        let row: Option<PackageRow> = sqlx::query_as(
            "SELECT p.id, p.name, o.account AS owner, p.downloads, p.newest, p.listed_versions, p.unlisted_versions
             FROM packages p LEFT JOIN package_owners o ON o.package = p.id AND o.account = $3
             WHERE p.feed = $1 AND p.kind = 'nuget' AND p.name_key = $2",
        )
        .bind(feed.to_string())
        .bind(id.key())
        .bind(text_of(account))
        .fetch_optional(&self.pool)
        .await?;
        row.map(PackageRow::read).transpose()
    }

    /// The versions of a package, removed ones included, the highest first, at most `limit`, below one of them.
    pub async fn version_lines(
        &self,
        package: PackageKey,
        account: Option<AccountId>,
        below: Option<&Version>,
        limit: i64,
    ) -> Result<Vec<VersionSummary>> {
        // No number of a version reaches so far.
        let below = below.map_or_else(|| vec![u8::MAX], Version::sort_key);
        let sql = versions_where!("''", "v.sort_key < $3 ORDER BY v.sort_key DESC LIMIT $4");
        let rows: Vec<VersionRow> = sqlx::query_as(sql)
            .bind(package.to_string())
            .bind(text_of(account))
            .bind(below)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(|row| Ok(row.read()?.line)).collect()
    }

    /// One version of a package, removed perhaps.
    pub async fn version_facts(
        &self,
        package: PackageKey,
        account: Option<AccountId>,
        version: &Version,
    ) -> Result<Option<VersionDetails>> {
        let row: Option<VersionRow> = sqlx::query_as(versions_where!("v.manifest", "v.version_key = $3"))
            .bind(package.to_string())
            .bind(text_of(account))
            .bind(version.key())
            .fetch_optional(&self.pool)
            .await?;
        row.map(VersionRow::read).transpose()
    }
}
