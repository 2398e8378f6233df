//! Images of container repositories, as their registry tells of them, and the row by which lists know a repository.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use super::super::{Result, Store, Transaction, instant};
use crate::{
    audit::{EventDetail, EventKind, Subject},
    packages::{
        ChangeContext,
        container::{
            image::{ImageUse, TaggedImage},
            notification::{ImageAction, ImageEvent},
        },
    },
    store::{
        readable,
        sql::{Direction::Ascending, Direction::Descending, List},
    },
    tokens::{AccountId, FeedId, Kind, PackageKey, TokenId},
};

row! {
    struct ImageRow {
        tag: String,
        digest: String,
        size: i64,
        pushed_at: i64,
        pushed_by: String,
        pushed_hint: Option<String>,
        pushed_token: Option<String>,
        pulled_at: Option<i64>,
        pulled_by: Option<String>,
        pulled_hint: Option<String>,
        pulled_token: Option<String>,
        pulls: i64,
    }
}

impl ImageRow {
    fn read(self) -> TaggedImage {
        let used = |at, by, hint, token: Option<String>| {
            let token = token.as_deref().and_then(TokenId::parse);
            ImageUse { at: instant(at), by, hint, token }
        };
        let by = self.pulled_by.unwrap_or_default();
        TaggedImage {
            tag: self.tag,
            digest: self.digest,
            size: self.size,
            pushed: used(self.pushed_at, self.pushed_by, self.pushed_hint, self.pushed_token),
            pulled: self.pulled_at.map(|at| used(at, by, self.pulled_hint, self.pulled_token)),
            pulls: self.pulls,
        }
    }
}

/// Images of a repository (`$2`) of a feed (`$1`) as their pages show them to an account (`$3`), which is led to tokens of
/// its own.
fn images() -> List {
    List::of(
        "i.tag, i.digest, i.size, i.pushed_at, i.pushed_by, pusher.hint AS pushed_hint,
         CASE WHEN pusher.account = $3 THEN pusher.id END AS pushed_token, i.pulled_at, i.pulled_by, puller.hint AS pulled_hint,
         CASE WHEN puller.account = $3 THEN puller.id END AS pulled_token, i.pulls",
        "container_images i LEFT JOIN tokens pusher ON pusher.id = i.pushed_with
         LEFT JOIN tokens puller ON puller.id = i.pulled_with",
    )
    .filter("i.feed = $1")
    .filter("i.repository = $2")
}

static TAGS: LazyLock<String> =
    LazyLock::new(|| images().order("i.pushed_at", Descending).order("i.tag", Ascending).limit("$4").sql());
static ONE_TAG: LazyLock<String> = LazyLock::new(|| images().filter("i.tag = $4").sql());
static TAGS_OF_IMAGE: LazyLock<String> =
    LazyLock::new(|| images().filter("i.digest = $4").order("i.tag", Ascending).limit("$5").sql());

impl Store {
    /// The tags of a repository as an account sees them, the latest push first; at most `limit`.
    pub async fn images(
        &self,
        (feed, repository): (FeedId, &str),
        account: Option<AccountId>,
        limit: i64,
    ) -> Result<Vec<TaggedImage>> {
        let rows: Vec<ImageRow> = sqlx::query_as(TAGS.as_str())
            .bind(feed.to_string())
            .bind(repository)
            .bind(account.map(|id| id.to_string()).unwrap_or_default())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(ImageRow::read).collect())
    }

    /// One tag of a repository.
    pub async fn image(
        &self,
        (feed, repository): (FeedId, &str),
        account: Option<AccountId>,
        tag: &str,
    ) -> Result<Option<TaggedImage>> {
        let row: Option<ImageRow> = sqlx::query_as(ONE_TAG.as_str())
            .bind(feed.to_string())
            .bind(repository)
            .bind(account.map(|id| id.to_string()).unwrap_or_default())
            .bind(tag)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(ImageRow::read))
    }

    /// The tags of a repository that stand for an image, by name; at most `limit`.
    pub async fn tags_of_image(
        &self,
        (feed, repository): (FeedId, &str),
        digest: &str,
        limit: i64,
    ) -> Result<Vec<String>> {
        let rows: Vec<ImageRow> = sqlx::query_as(TAGS_OF_IMAGE.as_str())
            .bind(feed.to_string())
            .bind(repository)
            .bind("")
            .bind(digest)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|row| row.tag).collect())
    }
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
        let repository = self.make_repository(feed, event).await?;
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
        self.summarise_repository(repository).await
    }

    async fn note_image_pull(&mut self, feed: FeedId, event: &ImageEvent) -> Result<()> {
        let (by, with) = actor(event);
        let Some(repository) = self.lock_repository(feed, &event.repository).await? else { return Ok(()) };
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
        let done = sqlx::query(text)
            .bind(feed.to_string())
            .bind(event.repository.as_str())
            .bind(event.tag.as_deref().or(event.digest.as_deref()).unwrap_or_default())
            .bind(seconds(event.at))
            .bind(by)
            .bind(with)
            .execute(&mut *self.inner)
            .await?;
        // An image with several tags was pulled once.
        let times = i64::from(done.rows_affected() > 0);
        for sql in [
            "UPDATE packages SET downloads = downloads + $2 WHERE id = $1",
            "UPDATE search_entries SET downloads = downloads + $2 WHERE package = $1",
        ] {
            sqlx::query(sql).bind(repository.to_string()).bind(times).execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    async fn note_image_deletion(&mut self, feed: FeedId, event: &ImageEvent) -> Result<()> {
        let Some(repository) = self.lock_repository(feed, &event.repository).await? else { return Ok(()) };
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
        self.summarise_repository(repository).await
    }

    /// Forgets a tag, which its registry may keep; `false` if there is none. The next push of it is shown again.
    pub async fn remove_tag_of_repository(
        &mut self,
        change: &ChangeContext<'_>,
        (feed, repository): (FeedId, &str),
        tag: &str,
    ) -> Result<bool> {
        let Some(package) = self.lock_repository(feed, repository).await? else { return Ok(false) };
        let done = sqlx::query("DELETE FROM container_images WHERE feed = $1 AND repository = $2 AND tag = $3")
            .bind(feed.to_string())
            .bind(repository)
            .bind(tag)
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.summarise_repository(package).await?;
        let subject = Subject { package: Some(repository), ..change.subject() };
        let detail = EventDetail::Tag { tag: tag.to_owned() };
        self.record(EventKind::TagRemoved, change.by, subject, detail, change.now).await?;
        Ok(true)
    }

    /// Whether a repository has a tag.
    pub async fn has_repository(&mut self, (feed, repository): (FeedId, &str)) -> Result<bool> {
        let sql = "SELECT 1 FROM container_images WHERE feed = $1 AND repository = $2 LIMIT 1";
        let found: Option<i64> =
            sqlx::query_scalar(sql).bind(feed.to_string()).bind(repository).fetch_optional(&mut *self.inner).await?;
        Ok(found.is_some())
    }

    /// The row by which lists and searches know a repository, made where there is none, and locked: changes of its images
    /// come after it.
    async fn make_repository(&mut self, feed: FeedId, event: &ImageEvent) -> Result<PackageKey> {
        let id: String = sqlx::query_scalar(
            "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads,
                created_at, newest, package_types)
             VALUES ($1, $2, $3, $4, $4, $4, 0, 0, 0, $5, '', '')
             ON CONFLICT (feed, kind, name_key) DO UPDATE SET revision = packages.revision + 1 RETURNING id",
        )
        .bind(PackageKey::generate(event.at, &mut crate::random::system()).to_string())
        .bind(feed.to_string())
        .bind(Kind::Container.as_str())
        .bind(event.repository.as_str())
        .bind(seconds(event.at))
        .fetch_one(&mut *self.inner)
        .await?;
        readable(PackageKey::parse(&id), "packages.id")
    }

    async fn lock_repository(&mut self, feed: FeedId, repository: &str) -> Result<Option<PackageKey>> {
        let id: Option<String> = sqlx::query_scalar(
            "UPDATE packages SET revision = revision + 1 WHERE feed = $1 AND kind = $2 AND name_key = $3 RETURNING id",
        )
        .bind(feed.to_string())
        .bind(Kind::Container.as_str())
        .bind(repository)
        .fetch_optional(&mut *self.inner)
        .await?;
        id.map(|id| readable(PackageKey::parse(&id), "packages.id")).transpose()
    }

    /// Brings the row of a repository in line with its tags; without a tag it is gone, and its name is free again.
    async fn summarise_repository(&mut self, package: PackageKey) -> Result<()> {
        let id = package.to_string();
        sqlx::query(
            "UPDATE packages SET
                newest = COALESCE((SELECT i.tag FROM container_images i WHERE i.feed = packages.feed
                    AND i.repository = packages.name ORDER BY i.pushed_at DESC, i.tag LIMIT 1), ''),
                listed_versions = (SELECT COUNT(*) FROM container_images i WHERE i.feed = packages.feed
                    AND i.repository = packages.name) WHERE id = $1",
        )
        .bind(id.as_str())
        .execute(&mut *self.inner)
        .await?;
        sqlx::query(
            "UPDATE packages SET listed_stable_versions = listed_versions, listed_plain_versions = listed_versions,
                listed_stable_plain_versions = listed_versions WHERE id = $1",
        )
        .bind(id.as_str())
        .execute(&mut *self.inner)
        .await?;
        self.index_package(package).await?;
        let gone = "DELETE FROM packages WHERE id = $1 AND listed_versions = 0";
        sqlx::query(gone).bind(id.as_str()).execute(&mut *self.inner).await?;
        Ok(())
    }
}
