//! The names of a feed's packages, for people who write patterns.

use sqlx::FromRow;

use super::{Result, Store};
use crate::tokens::{AccountId, FeedId, Kind};

/// A package's name.
#[derive(Clone, Debug, FromRow)]
pub struct PackageName {
    /// As first published.
    pub name: String,
    /// 1 if the asking account is one of the package's owners, else 0.
    owned: i64,
}

impl PackageName {
    /// Whether the asking account is one of the package's owners.
    pub fn is_owned(&self) -> bool {
        self.owned != 0
    }
}

impl Store {
    /// The first `limit` package names of a kind in a feed, by name. Whether the account may read
    /// the feed is the caller's to know.
    pub async fn package_names(
        &self,
        feed: FeedId,
        kind: Kind,
        account: AccountId,
        limit: i64,
    ) -> Result<Vec<PackageName>> {
        Ok(sqlx::query_as(
            "SELECT p.name, CASE WHEN o.account IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS owned
             FROM packages p LEFT JOIN package_owners o ON o.package = p.id AND o.account = $3
             WHERE p.feed = $1 AND p.kind = $2 ORDER BY p.name_key LIMIT $4",
        )
        .bind(feed.to_string())
        .bind(kind.as_str())
        .bind(account.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?)
    }
}
