//! Owners of packages: who may add, unlist and relist versions of one, besides the owners of its feed.

use crate::{
    audit::{EventDetail, EventKind, Subject},
    feeds::MemberChange,
    packages::{ChangeContext, StoredPackage},
    store::{Result, Transaction},
    tokens::AccountId,
};

impl Transaction {
    /// Makes an account an owner of a package; one that is already stays so, without an event.
    pub async fn add_owner(
        &mut self,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
        account: AccountId,
    ) -> Result<()> {
        self.lock_account(account).await?;
        let done = sqlx::query(
            "INSERT INTO package_owners (package, account, since) VALUES ($1, $2, $3) ON CONFLICT (package, account) DO NOTHING",
        )
        .bind(package.key.to_string())
        .bind(account.to_string())
        .bind(change.now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        if done.rows_affected() == 1 {
            self.record_owner(EventKind::OwnerAdded, change, package, account).await?;
        }
        Ok(())
    }

    /// Takes a package away from one of its owners, unless it is the last one.
    pub async fn remove_owner(
        &mut self,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
        account: AccountId,
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
            self.record_owner(EventKind::OwnerRemoved, change, package, account).await?;
        }
        Ok(MemberChange::Done)
    }

    async fn record_owner(
        &mut self,
        kind: EventKind,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
        account: AccountId,
    ) -> Result<()> {
        let feed = Some(change.feed_name);
        let subject = Subject { feed, package: Some(&package.name), ..Subject::account(account) };
        self.record(kind, change.by, subject, EventDetail::Nothing, change.now).await?;
        Ok(())
    }
}
