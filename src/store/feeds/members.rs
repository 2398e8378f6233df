//! Who has which role in a feed, who else may read it, and who owns a package.

use chrono::{DateTime, Utc};

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    feeds::{Feed, Member, MemberChange},
    store::{Result, Store, Transaction, readable},
    tokens::{AccountId, FeedId, PackageKey, decision::Role},
};

row! {
    struct MemberRow {
        account: String,
        username: String,
        role: Option<String>,
    }
}

impl MemberRow {
    fn read(self) -> Result<Member> {
        Ok(Member {
            account: readable(AccountId::parse(&self.account), "members.account")?,
            username: self.username,
            role: self.role.as_deref().and_then(Role::parse),
        })
    }
}

impl Store {
    /// The members of a feed by username, at most `limit`, after one of them in lower case.
    pub async fn members(&self, feed: FeedId, after: &str, limit: i64) -> Result<Vec<Member>> {
        let rows: Vec<MemberRow> = sqlx::query_as(
            "SELECT a.id AS account, a.username, m.role FROM members m JOIN accounts a ON a.id = m.account
             WHERE m.feed = $1 AND a.username_key > $2 ORDER BY a.username_key LIMIT $3",
        )
        .bind(feed.to_string())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(MemberRow::read).collect()
    }

    /// An account as a member of a feed; none if there is no such account.
    pub async fn member(&self, feed: FeedId, account: AccountId) -> Result<Option<Member>> {
        let row: Option<MemberRow> = sqlx::query_as(
            "SELECT a.id AS account, a.username, m.role FROM accounts a LEFT JOIN members m ON m.account = a.id AND m.feed = $1
             WHERE a.id = $2",
        )
        .bind(feed.to_string())
        .bind(account.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(MemberRow::read).transpose()
    }

    /// The role that every account has in a feed without being a member.
    pub async fn everyones_role(&self, feed: FeedId) -> Result<Option<Role>> {
        let role: Option<Option<String>> = sqlx::query_scalar("SELECT everyone_role FROM feeds WHERE id = $1")
            .bind(feed.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(role.flatten().as_deref().and_then(Role::parse))
    }

    /// Whether a feed says of packages that a key does not cover that they are not there, so that clients look for them
    /// elsewhere.
    pub async fn passes_on(&self, feed: FeedId) -> Result<bool> {
        let since: Option<Option<i64>> = sqlx::query_scalar("SELECT passes_on_since FROM feeds WHERE id = $1")
            .bind(feed.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(since.flatten().is_some())
    }

    /// The owners of a package by username, at most `limit`, with their roles in its feed.
    pub async fn owners(&self, package: PackageKey, limit: i64) -> Result<Vec<Member>> {
        let rows: Vec<MemberRow> = sqlx::query_as(
            "SELECT a.id AS account, a.username, m.role FROM package_owners o JOIN packages p ON p.id = o.package
             JOIN accounts a ON a.id = o.account LEFT JOIN members m ON m.feed = p.feed AND m.account = o.account
             WHERE o.package = $1 ORDER BY a.username_key LIMIT $2",
        )
        .bind(package.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(MemberRow::read).collect()
    }
}

impl Transaction {
    /// Makes every other change of the feed's members wait until this one has ended.
    pub(in crate::store) async fn lock_feed(&mut self, feed: FeedId) -> Result<()> {
        let lock = "UPDATE feeds SET name = name WHERE id = $1";
        sqlx::query(lock).bind(feed.to_string()).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Gives an account a role in a feed, or takes it away; one that it has is not given again. A feed keeps an owner, but for `main`, which the operator
    /// runs.
    pub async fn change_member(
        &mut self,
        feed: &Feed,
        account: AccountId,
        role: Option<Role>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<MemberChange> {
        self.lock_feed(feed.id).await?;
        let keeps_owner = role == Some(Role::Owner) || feed.is_main();
        if !keeps_owner && self.is_owner(feed.id, account).await? && !self.has_other_owner(feed.id, account).await? {
            return Ok(MemberChange::LastOwner);
        }
        match role {
            Some(role) if self.given_role(feed.id, account).await? == Some(role) => {}
            Some(role) => self.set_member(feed.id, &feed.name, account, role, by, now).await?,
            None if self.remove_member(feed, account, by, now).await? => {}
            None => return Ok(MemberChange::NotThere),
        }
        Ok(MemberChange::Done)
    }

    /// The role that an account was given in a feed; what everybody may do there does not count.
    async fn given_role(&mut self, feed: FeedId, account: AccountId) -> Result<Option<Role>> {
        let given: Option<String> = sqlx::query_scalar("SELECT role FROM members WHERE feed = $1 AND account = $2")
            .bind(feed.to_string())
            .bind(account.to_string())
            .fetch_optional(&mut *self.inner)
            .await?;
        Ok(given.as_deref().and_then(Role::parse))
    }

    pub(in crate::store) async fn is_owner(&mut self, feed: FeedId, account: AccountId) -> Result<bool> {
        let sql = "SELECT 1 FROM members WHERE feed = $1 AND account = $2 AND role = 'owner' LIMIT 1";
        let found: Option<i64> = sqlx::query_scalar(sql)
            .bind(feed.to_string())
            .bind(account.to_string())
            .fetch_optional(&mut *self.inner)
            .await?;
        Ok(found.is_some())
    }

    async fn remove_member(&mut self, feed: &Feed, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<bool> {
        let done = sqlx::query("DELETE FROM members WHERE feed = $1 AND account = $2")
            .bind(feed.id.to_string())
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 1 {
            let subject = Subject { feed: Some(&feed.name), ..Subject::account(account) };
            self.record(EventKind::MemberRemoved, by, subject, EventDetail::Nothing, now).await?;
        }
        Ok(done.rows_affected() == 1)
    }

    /// Lets everybody read a feed without a key, or only its members; tells whether that is new.
    pub async fn set_public(&mut self, feed: &Feed, public: bool, by: &Actor, now: DateTime<Utc>) -> Result<bool> {
        let sql = if public {
            "UPDATE feeds SET public_since = $2 WHERE id = $1 AND public_since IS NULL"
        } else {
            "UPDATE feeds SET public_since = $2 WHERE id = $1 AND public_since IS NOT NULL"
        };
        let done = sqlx::query(sql)
            .bind(feed.id.to_string())
            .bind(public.then(|| now.timestamp()))
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 1 {
            let kind = if public { EventKind::FeedOpened } else { EventKind::FeedClosed };
            self.record(kind, by, Subject::feed(&feed.name), EventDetail::Nothing, now).await?;
        }
        Ok(done.rows_affected() == 1)
    }

    /// Lets a feed say of packages that a key does not cover that they are not there, or refuse them with
    /// the reason; tells whether that is new.
    pub async fn set_passes_on(
        &mut self,
        feed: &Feed,
        passes_on: bool,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = if passes_on {
            "UPDATE feeds SET passes_on_since = $2 WHERE id = $1 AND passes_on_since IS NULL"
        } else {
            "UPDATE feeds SET passes_on_since = $2 WHERE id = $1 AND passes_on_since IS NOT NULL"
        };
        let done = sqlx::query(sql)
            .bind(feed.id.to_string())
            .bind(passes_on.then(|| now.timestamp()))
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 1 {
            let kind = if passes_on { EventKind::FeedPassesOn } else { EventKind::FeedRefuses };
            self.record(kind, by, Subject::feed(&feed.name), EventDetail::Nothing, now).await?;
        }
        Ok(done.rows_affected() == 1)
    }

    /// Gives every account a role in a feed, or none; tells whether that is new.
    pub async fn set_everyones_role(
        &mut self,
        feed: &Feed,
        role: Option<Role>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let word = role.map_or("none", Role::as_str);
        let sql = "UPDATE feeds SET everyone_role = $2 WHERE id = $1 AND COALESCE(everyone_role, 'none') <> $3";
        let done = sqlx::query(sql)
            .bind(feed.id.to_string())
            .bind(role.map(Role::as_str))
            .bind(word)
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 1 {
            let detail = EventDetail::Role { role: role.map(|role| role.as_str().to_owned()) };
            self.record(EventKind::EveryoneChanged, by, Subject::feed(&feed.name), detail, now).await?;
        }
        Ok(done.rows_affected() == 1)
    }
}
