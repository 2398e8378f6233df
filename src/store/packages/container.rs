//! Images of container repositories, as their registry tells of them.

use chrono::{DateTime, Utc};

use super::super::{Result, Store, Transaction, instant};
use crate::{
    packages::container::{
        image::{ImageUse, RepositorySummary, TaggedImage},
        notification::{ImageAction, ImageEvent},
    },
    tokens::{FeedId, TokenId},
};

type ImageRow = (String, String, i64, i64, String, Option<String>, Option<i64>, Option<String>, Option<String>, i64);

impl Store {
    /// The repositories of a feed, the latest push first; at most `limit`.
    pub async fn repositories(&self, feed: FeedId, limit: i64) -> Result<Vec<RepositorySummary>> {
        let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "SELECT repository, COUNT(*), MAX(pushed_at), CAST(SUM(pulls) AS BIGINT) FROM container_images
             WHERE feed = $1 GROUP BY repository ORDER BY 3 DESC, repository LIMIT $2",
        )
        .bind(feed.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let read =
            |(name, tags, pushed_at, pulls)| RepositorySummary { name, tags, pushed_at: instant(pushed_at), pulls };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The tags of a repository, the latest push first; at most `limit`.
    pub async fn images(&self, feed: FeedId, repository: &str, limit: i64) -> Result<Vec<TaggedImage>> {
        let rows: Vec<ImageRow> = sqlx::query_as(
            "SELECT i.tag, i.digest, i.size, i.pushed_at, i.pushed_by, pusher.hint, i.pulled_at, i.pulled_by, puller.hint, i.pulls
             FROM container_images i LEFT JOIN tokens pusher ON pusher.id = i.pushed_with LEFT JOIN tokens puller ON puller.id = i.pulled_with
             WHERE i.feed = $1 AND i.repository = $2 ORDER BY i.pushed_at DESC, i.tag LIMIT $3",
        )
        .bind(feed.to_string())
        .bind(repository)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(read).collect())
    }
}

fn read(row: ImageRow) -> TaggedImage {
    let (tag, digest, size, pushed_at, pushed_by, pushed_hint, pulled_at, pulled_by, pulled_hint, pulls) = row;
    let used = |at, by, hint| ImageUse { at: instant(at), by, hint };
    let pulled = pulled_at.map(|at| used(at, pulled_by.unwrap_or_default(), pulled_hint));
    TaggedImage { tag, digest, size, pushed: used(pushed_at, pushed_by, pushed_hint), pulled, pulls }
}

/// Who did something: a username, and a token's id.
fn actor(event: &ImageEvent) -> (String, Option<String>) {
    let (username, token) = event.actor.split_once('/').unwrap_or((&event.actor, ""));
    (username.chars().take(64).collect(), TokenId::parse(token).map(|id| id.to_string()))
}

fn seconds(at: DateTime<Utc>) -> i64 {
    at.timestamp()
}

impl Transaction {
    /// Keeps what a registry tells of an image of a feed. Told twice, it is kept once, but for pulls.
    pub async fn note_image(&mut self, feed: FeedId, event: &ImageEvent) -> Result<()> {
        match event.action {
            ImageAction::Push => self.note_image_push(feed, event).await,
            ImageAction::Pull => self.note_image_pull(feed, event).await,
            ImageAction::Delete => self.note_image_deletion(feed, event).await,
        }
    }

    async fn note_image_push(&mut self, feed: FeedId, event: &ImageEvent) -> Result<()> {
        let (by, with) = actor(event);
        sqlx::query(
            "INSERT INTO container_images (feed, repository, tag, digest, size, pushed_at, pushed_by, pushed_with, pulls)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
             ON CONFLICT (feed, repository, tag) DO UPDATE SET digest = excluded.digest, size = excluded.size,
             pushed_at = excluded.pushed_at, pushed_by = excluded.pushed_by, pushed_with = excluded.pushed_with
             WHERE container_images.pushed_at <= excluded.pushed_at",
        )
        .bind(feed.to_string())
        .bind(event.repository.as_str())
        .bind(event.tag.as_deref().unwrap_or_default())
        .bind(event.digest.as_deref().unwrap_or_default())
        .bind(event.size)
        .bind(seconds(event.at))
        .bind(by)
        .bind(with)
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    async fn note_image_pull(&mut self, feed: FeedId, event: &ImageEvent) -> Result<()> {
        let (by, with) = actor(event);
        let text = match event.tag {
            Some(_) => {
                "UPDATE container_images SET pulls = pulls + 1, pulled_at = $4, pulled_by = $5, pulled_with = $6
                 WHERE feed = $1 AND repository = $2 AND tag = $3"
            }
            None => {
                "UPDATE container_images SET pulls = pulls + 1, pulled_at = $4, pulled_by = $5, pulled_with = $6
                 WHERE feed = $1 AND repository = $2 AND digest = $3"
            }
        };
        sqlx::query(text)
            .bind(feed.to_string())
            .bind(event.repository.as_str())
            .bind(event.tag.as_deref().or(event.digest.as_deref()).unwrap_or_default())
            .bind(seconds(event.at))
            .bind(by)
            .bind(with)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    async fn note_image_deletion(&mut self, feed: FeedId, event: &ImageEvent) -> Result<()> {
        let text = match event.tag {
            Some(_) => {
                "DELETE FROM container_images WHERE feed = $1 AND repository = $2 AND tag = $3 AND pushed_at <= $4"
            }
            None => {
                "DELETE FROM container_images WHERE feed = $1 AND repository = $2 AND digest = $3 AND pushed_at <= $4"
            }
        };
        sqlx::query(text)
            .bind(feed.to_string())
            .bind(event.repository.as_str())
            .bind(event.tag.as_deref().or(event.digest.as_deref()).unwrap_or_default())
            .bind(seconds(event.at))
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
