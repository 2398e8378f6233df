//! The names of a feed's packages, for people who write patterns.

use crate::{
    packages::PackageName,
    store::{Result, Store, readable},
    tokens::{AccountId, FeedId, Kind},
};

impl Store {
    /// The first `limit` package names of a kind in a feed by name, in any order; who owns them is only looked up for an
    /// `owner`. Whether the asking account may read the feed is the caller's to know. They come as one text, because ten
    /// thousand rows take far longer to fetch.
    pub async fn package_names(
        &self,
        feed: FeedId,
        kind: Kind,
        owner: Option<AccountId>,
        limit: i64,
    ) -> Result<Vec<PackageName>> {
        let lines: Option<String> = sqlx::query_scalar(
            "SELECT string_agg(line, $5) FROM (
                 SELECT CASE WHEN o.account IS NULL THEN '-' ELSE '+' END || p.name AS line
                 FROM packages p LEFT JOIN package_owners o ON $3 <> '' AND o.package = p.id AND o.account = $3
                 WHERE p.feed = $1 AND p.kind = $2 ORDER BY p.name_key LIMIT $4
             ) AS first_names",
        )
        .bind(feed.to_string())
        .bind(kind.as_str())
        .bind(owner.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .bind("\n")
        .fetch_one(&self.pool)
        .await?;
        lines.unwrap_or_default().lines().map(|line| readable(PackageName::read(line), "packages.name")).collect()
    }
}

impl PackageName {
    fn read(line: &str) -> Option<Self> {
        let (owned, name) = line.split_at_checked(1)?;
        Some(Self { name: name.to_owned(), owned: owned == "+" })
    }
}
