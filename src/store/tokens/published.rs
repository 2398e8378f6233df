//! What a token published, for its page.

use crate::{
    packages::Published,
    store::{Result, Store, instant, readable},
    tokens::{Kind, TokenId},
};

row! {
    struct PublishedRow {
        kind: String,
        name: String,
        version: String,
        feed: String,
        published_at: i64,
        unlisted_at: Option<i64>,
        removed_at: Option<i64>,
    }
}

impl Store {
    /// The newest versions published with a token, at most `limit`.
    pub async fn published_with(&self, token: TokenId, limit: i64) -> Result<Vec<Published>> {
        let rows: Vec<PublishedRow> = sqlx::query_as(
            "SELECT p.kind, p.name, v.version, f.name AS feed, v.published_at, v.unlisted_at, v.removed_at
             FROM versions v JOIN packages p ON p.id = v.package JOIN feeds f ON f.id = p.feed
             WHERE v.published_with = $1 ORDER BY v.id DESC LIMIT $2",
        )
        .bind(token.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(PublishedRow::read).collect()
    }
}

impl PublishedRow {
    fn read(self) -> Result<Published> {
        Ok(Published {
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
