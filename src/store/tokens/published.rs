//! What a token published, for its page.

use crate::{
    packages::Published,
    store::{Result, Store, instant, readable},
    tokens::{Kind, TokenId, VersionKey},
};

row! {
    struct PublishedRow {
        id: String,
        kind: String,
        name: String,
        version: String,
        feed: String,
        published_at: i64,
        unlisted_at: Option<i64>,
        removed_at: Option<i64>,
    }
}

/// What sorts after every id.
const AFTER_ALL: &str = "g";

impl Store {
    /// The newest versions published with a token, at most `limit`; those before `before` if there is one.
    pub async fn published_with(
        &self,
        token: TokenId,
        before: Option<VersionKey>,
        limit: i64,
    ) -> Result<Vec<Published>> {
        let rows: Vec<PublishedRow> = sqlx::query_as(
            "SELECT v.id, p.kind, p.name, v.version, f.name AS feed, v.published_at, v.unlisted_at, v.removed_at
             FROM versions v JOIN packages p ON p.id = v.package JOIN feeds f ON f.id = p.feed
             WHERE v.published_with = $1 AND v.id < $2 ORDER BY v.id DESC LIMIT $3",
        )
        .bind(token.to_string())
        .bind(before.map_or_else(|| AFTER_ALL.to_owned(), |key| key.to_string()))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(PublishedRow::read).collect()
    }
}

impl PublishedRow {
    fn read(self) -> Result<Published> {
        Ok(Published {
            key: readable(VersionKey::parse(&self.id), "versions.id")?,
            kind: readable(Kind::parse(&self.kind), "packages.kind")?,
            package: self.name,
            version: self.version,
            feed: self.feed,
            at: instant(self.published_at),
            listed: self.unlisted_at.is_none(),
            removed: self.removed_at.is_some(),
        })
    }
}
