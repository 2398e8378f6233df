//! Owners of packages: who may add, unlist and relist versions of one, besides the owners of its feed.

use chrono::{DateTime, Utc};

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    feeds::MemberChange,
    packages::StoredPackage,
    store::{Result, Transaction},
    tokens::AccountId,
};

impl Transaction {
    /// Makes an account an owner of a package; one that is already stays so, without an event.
    pub async fn add_owner(
        &mut self,
        package: &StoredPackage,
        feed: &str,
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let done = sqlx::query(
            "INSERT INTO package_owners (package, account, since) VALUES ($1, $2, $3) ON CONFLICT (package, account) DO NOTHING",
        )
        .bind(package.key.to_string())
        .bind(account.to_string())
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        if done.rows_affected() == 1 {
            self.record_owner(EventKind::OwnerAdded, package, feed, account, by, now).await?;
        }
        Ok(())
    }

    /// Takes a package away from one of its owners, unless it is the last one.
    pub async fn remove_owner(
        &mut self,
        package: &StoredPackage,
        feed: &str,
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<MemberChange> {
        self.lock_package(package.key).await?;
        let other: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM package_owners WHERE package = $1 AND account <> $2 LIMIT 1")
                .bind(package.key.to_string())
                .bind(account.to_string())
                .fetch_optional(&mut *self.inner)
                .await?;
        if other.is_none() {
            return Ok(MemberChange::LastOwner);
        }
        let done = sqlx::query("DELETE FROM package_owners WHERE package = $1 AND account = $2")
            .bind(package.key.to_string())
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 1 {
            self.record_owner(EventKind::OwnerRemoved, package, feed, account, by, now).await?;
        }
        Ok(MemberChange::Done)
    }

    async fn record_owner(
        &mut self,
        kind: EventKind,
        package: &StoredPackage,
        feed: &str,
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let subject = Subject { feed: Some(feed), package: Some(&package.name), ..Subject::account(account) };
        self.record(kind, by, subject, EventDetail::Nothing, now).await?;
        Ok(())
    }
}
