//! Feeds and who has which role in them.

pub(in crate::store) mod members;
pub(in crate::store) mod owner_invitations;

use chrono::{DateTime, Utc};

use super::{Result, Store, Transaction, readable};
use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    feeds::{Feed, FeedDeletion, Membership},
    tokens::{AccountId, FeedId, decision::Role},
};

row! {
    struct FeedRow {
        id: String,
        name: String,
        public_since: Option<i64>,
        role: Option<String>,
    }
}

impl FeedRow {
    fn read(self) -> Result<Membership> {
        let id = readable(FeedId::parse(&self.id), "feeds.id")?;
        let role = role(self.role.as_deref());
        Ok(Membership { feed: Feed { id, name: self.name, is_public: self.public_since.is_some() }, role })
    }
}

/// Reads a role of the view `effective_roles`; a word that nobody knows gives no right.
pub(in crate::store) fn role(word: Option<&str>) -> Option<Role> {
    word.and_then(Role::parse)
}

impl Store {
    /// A feed by name, as an account sees it (or anybody, for `None`).
    pub async fn feed(&self, name: &str, account: Option<AccountId>) -> Result<Option<Membership>> {
        let row: Option<FeedRow> = sqlx::query_as(
            "SELECT f.id, f.name, f.public_since,
                (SELECT r.role FROM effective_roles r WHERE r.feed = f.id AND r.account = $2) AS role
             FROM feeds f WHERE f.name = $1",
        )
        .bind(name)
        .bind(account.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(&self.pool)
        .await?;
        row.map(FeedRow::read).transpose()
    }

    /// The feeds in which an account has a role, by name.
    pub async fn feeds_of(&self, account: AccountId) -> Result<Vec<Membership>> {
        let rows: Vec<FeedRow> = sqlx::query_as(
            "SELECT f.id, f.name, f.public_since, r.role FROM effective_roles r JOIN feeds f ON f.id = r.feed
             WHERE r.account = $1 AND r.role IS NOT NULL ORDER BY f.name",
        )
        .bind(account.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(FeedRow::read).collect()
    }
}

impl Store {
    /// Deletes an empty feed.
    pub async fn delete_feed(&self, feed: &Feed, by: &Actor, now: DateTime<Utc>) -> Result<FeedDeletion> {
        if feed.name == "main" {
            return Ok(FeedDeletion::Main);
        }
        let mut tx = self.begin_by(by).await?;
        let done = sqlx::query(
            "DELETE FROM feeds WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM packages WHERE packages.feed = feeds.id)",
        )
        .bind(feed.id.to_string())
        .execute(&mut *tx.inner)
        .await?;
        if done.rows_affected() == 0 {
            let kept =
                "SELECT 1 FROM packages WHERE feed = $1 AND (listed_versions > 0 OR unlisted_versions > 0) LIMIT 1";
            let kept: Option<i64> =
                sqlx::query_scalar(kept).bind(feed.id.to_string()).fetch_optional(&mut *tx.inner).await?;
            return Ok(if kept.is_some() { FeedDeletion::NotEmpty } else { FeedDeletion::OnlyRemoved });
        }
        tx.record(EventKind::FeedDeleted, by, Subject::feed(&feed.name), EventDetail::Nothing, now).await?;
        tx.commit().await?;
        Ok(FeedDeletion::Done)
    }
}

impl Transaction {
    /// An account's role in a feed, read inside the change.
    pub(in crate::store) async fn role_in(&mut self, feed: FeedId, account: AccountId) -> Result<Option<Role>> {
        let found: Option<Option<String>> =
            sqlx::query_scalar("SELECT role FROM effective_roles WHERE feed = $1 AND account = $2")
                .bind(feed.to_string())
                .bind(account.to_string())
                .fetch_optional(&mut *self.inner)
                .await?;
        Ok(role(found.flatten().as_deref()))
    }

    /// Makes `main`, in which every account is a writer, unless there is one.
    pub(in crate::store) async fn add_main_feed(&mut self, id: FeedId, now: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO feeds (id, name, everyone_role, created_at) VALUES ($1, 'main', 'writer', $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Makes a feed with its owner. `None` if the name is taken.
    pub async fn add_feed(
        &mut self,
        name: &str,
        public: bool,
        owner: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Option<FeedId>> {
        let id = FeedId::generate(now, &mut crate::random::system());
        let done = sqlx::query(
            "INSERT INTO feeds (id, name, public_since, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(name)
        .bind(public.then(|| now.timestamp()))
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let subject = Subject { feed: Some(name), ..Subject::account(owner) };
        self.record(EventKind::FeedCreated, by, subject, EventDetail::Nothing, now).await?;
        self.set_member(id, name, owner, Role::Owner, by, now).await?;
        Ok(Some(id))
    }

    /// Whether a feed has another owner than this account.
    pub async fn has_other_owner(&mut self, feed: FeedId, account: AccountId) -> Result<bool> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM members WHERE feed = $1 AND account <> $2 AND role = 'owner' LIMIT 1")
                .bind(feed.to_string())
                .bind(account.to_string())
                .fetch_optional(&mut *self.inner)
                .await?;
        Ok(found.is_some())
    }

    /// Gives an account a role in a feed, in place of the one it had.
    pub async fn set_member(
        &mut self,
        feed: FeedId,
        name: &str,
        account: AccountId,
        role: Role,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.lock_account(account).await?;
        sqlx::query(
            "INSERT INTO members (feed, account, role) VALUES ($1, $2, $3) ON CONFLICT (feed, account) DO UPDATE SET role = excluded.role",
        )
        .bind(feed.to_string())
        .bind(account.to_string())
        .bind(role.as_str())
        .execute(&mut *self.inner)
        .await?;
        let subject = Subject { feed: Some(name), ..Subject::account(account) };
        let detail = EventDetail::Role { role: Some(role.as_str().to_owned()) };
        self.record(EventKind::MemberChanged, by, subject, detail, now).await?;
        Ok(())
    }
}
