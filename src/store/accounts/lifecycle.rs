//! What happens to an account as a whole, one transaction a step. Operator pages and commands share these, and so the
//! rule that somebody always remains who runs the host.

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;

use crate::{
    accounts::{Account, AccountChange, AccountDeletion, OwnedAlone},
    audit::{Actor, EventDetail, EventKind, Subject},
    notifications::NewMail,
    store::{Result, Store, Transaction, readable},
    tokens::{AccountId, FeedId, decision::Role},
};

/// Packages, and feeds, that are named.
const NAMED: usize = 20;

/// The row that changes of operators lock, so that of two at once the later one sees what the earlier one left.
const OPERATORS: &str = "operators";

/// Locks the row of an account until the change has ended.
const LOCK: &str = "UPDATE accounts SET username = username WHERE id = $1";

impl Store {
    /// Disables an account: its sessions end, its mailed links and its keys are refused.
    pub async fn disable_account(&self, id: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<AccountChange> {
        let mut tx = self.begin_by(by).await?;
        let found = match tx.account_fit(id, |account| account.disabled_at.is_none()).await? {
            Ok(account) => account,
            Err(settled) => return Ok(settled),
        };
        if tx.is_last_operator(&found).await? {
            return Ok(AccountChange::LastOperator);
        }
        tx.set_disabled(id, true, by, now).await?;
        tx.commit().await?;
        Ok(AccountChange::Done)
    }

    /// Enables a disabled account.
    pub async fn enable_account(&self, id: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<AccountChange> {
        let mut tx = self.begin_by(by).await?;
        if let Err(settled) = tx.account_fit(id, |account| account.disabled_at.is_some()).await? {
            return Ok(settled);
        }
        tx.set_disabled(id, false, by, now).await?;
        tx.commit().await?;
        Ok(AccountChange::Done)
    }

    /// Makes an account an operator.
    pub async fn make_operator(&self, id: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<AccountChange> {
        let mut tx = self.begin_by(by).await?;
        if let Err(settled) = tx.account_fit(id, |account| !account.is_operator).await? {
            return Ok(settled);
        }
        tx.set_operator(id, Some(now)).await?;
        tx.record(EventKind::OperatorMade, by, Subject::account(id), EventDetail::Nothing, now).await?;
        tx.commit().await?;
        Ok(AccountChange::Done)
    }

    /// Makes an operator an account like any other.
    pub async fn unmake_operator(&self, id: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<AccountChange> {
        let mut tx = self.begin_by(by).await?;
        let found = match tx.account_fit(id, |account| account.is_operator).await? {
            Ok(account) => account,
            Err(settled) => return Ok(settled),
        };
        if tx.is_last_operator(&found).await? {
            return Ok(AccountChange::LastOperator);
        }
        tx.set_operator(id, None).await?;
        tx.record(EventKind::OperatorUnmade, by, Subject::account(id), EventDetail::Nothing, now).await?;
        tx.commit().await?;
        Ok(AccountChange::Done)
    }

    /// Removes an account with its tokens, sessions and memberships. What it published stays; packages and feeds that
    /// nobody else owns go to `heir`, and without one nothing is removed while there are any. `farewells` tell its owner,
    /// whose keys end with it.
    pub async fn delete_account(
        &self,
        id: AccountId,
        heir: Option<AccountId>,
        farewells: &[NewMail],
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<AccountDeletion> {
        let mut tx = self.begin_by(by).await?;
        let Ok(found) = tx.account_fit(id, |_| true).await? else { return Ok(AccountDeletion::Gone) };
        if tx.is_last_operator(&found).await? {
            return Ok(AccountDeletion::LastOperator);
        }
        if let Err(refused) = tx.settle_ownership(&found, heir, by, now).await? {
            return Ok(refused);
        }
        tx.keep_name(&found, now).await?;
        let detail = EventDetail::Account { username: found.username };
        tx.record(EventKind::AccountDeleted, by, Subject::account(id), detail, now).await?;
        sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id.to_string()).execute(&mut *tx.inner).await?;
        for farewell in farewells {
            tx.add_mail(farewell, now).await?;
        }
        tx.commit().await?;
        Ok(AccountDeletion::Done)
    }

    /// What nobody but an account owns.
    pub async fn owned_alone(&self, id: AccountId) -> Result<OwnedAlone> {
        owned_alone(&mut *self.pool.acquire().await?, id).await
    }
}

async fn owned_alone(connection: &mut AnyConnection, id: AccountId) -> Result<OwnedAlone> {
    let packages = "SELECT f.name || '/' || p.name FROM package_owners o JOIN packages p ON p.id = o.package
             JOIN feeds f ON f.id = p.feed WHERE o.account = $1
             AND NOT EXISTS (SELECT 1 FROM package_owners x WHERE x.package = o.package AND x.account <> $1)
             ORDER BY f.name, p.name LIMIT $2";
    let feeds = "SELECT f.name FROM members m JOIN feeds f ON f.id = m.feed WHERE m.account = $1 AND m.role = 'owner'
             AND NOT EXISTS (SELECT 1 FROM members x WHERE x.feed = m.feed AND x.role = 'owner' AND x.account <> $1)
             ORDER BY f.name LIMIT $2";
    let mut alone = OwnedAlone::default();
    for (sql, names) in [(packages, &mut alone.packages), (feeds, &mut alone.feeds)] {
        let found = sqlx::query_scalar(sql).bind(id.to_string()).bind(NAMED as i64 + 1);
        *names = found.fetch_all(&mut *connection).await?;
        alone.more |= names.len() > NAMED;
        names.truncate(NAMED);
    }
    Ok(alone)
}

impl Transaction {
    async fn owned_alone(&mut self, id: AccountId) -> Result<OwnedAlone> {
        owned_alone(&mut self.inner, id).await
    }

    /// Hands what only an account owns to an heir, before it is removed; the error is why it cannot be removed so.
    pub(in crate::store) async fn settle_ownership(
        &mut self,
        account: &Account,
        heir: Option<AccountId>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<(), AccountDeletion>> {
        self.lock_owned(account.id).await?;
        let Some(heir) = heir else {
            let alone = self.owned_alone(account.id).await?;
            return Ok(if alone.is_empty() { Ok(()) } else { Err(AccountDeletion::NeedsHeir(alone)) });
        };
        if self.account(heir).await?.is_none_or(|heir| heir.disabled_at.is_some()) {
            return Ok(Err(AccountDeletion::UnfitHeir));
        }
        self.hand_packages_over(account, heir, by, now).await?;
        self.hand_feeds_over(account, heir, by, now).await?;
        Ok(Ok(()))
    }

    /// Makes whatever gives something to an account wait until this change has ended, and whatever it owns keep its owners
    /// until then: what is read of them afterwards stays true. Changes of owners lock the package or feed first and the
    /// account after it, so this does too; what the account was given meanwhile is locked last.
    async fn lock_owned(&mut self, id: AccountId) -> Result<()> {
        let packages = "UPDATE packages SET revision = revision + 1
             WHERE id IN (SELECT package FROM package_owners WHERE account = $1)";
        let feeds =
            "UPDATE feeds SET name = name WHERE id IN (SELECT feed FROM members WHERE account = $1 AND role = 'owner')";
        for sql in [packages, feeds, LOCK, packages, feeds] {
            sqlx::query(sql).bind(id.to_string()).execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Makes every other change that locks this account wait until this one has ended. `false` if there is no such account.
    pub(in crate::store) async fn lock_account(&mut self, id: AccountId) -> Result<bool> {
        let done = sqlx::query(LOCK).bind(id.to_string()).execute(&mut *self.inner).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Makes every other change of operators, and by operators, wait until this one has ended.
    pub(in crate::store) async fn lock_operators(&mut self) -> Result<()> {
        sqlx::query(
            "INSERT INTO installation (name, value) VALUES ($1, '') ON CONFLICT (name) DO UPDATE SET value = ''",
        )
        .bind(OPERATORS)
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// The account as it is now, with the operators locked; or what there is to say if it is not `fit` for the change.
    async fn account_fit(
        &mut self,
        id: AccountId,
        fit: impl FnOnce(&Account) -> bool,
    ) -> Result<std::result::Result<Account, AccountChange>> {
        self.lock_operators().await?;
        Ok(match self.account(id).await? {
            Some(account) if fit(&account) => Ok(account),
            Some(_) => Err(AccountChange::Already),
            None => Err(AccountChange::Gone),
        })
    }

    /// Whether nobody else runs the host. Who was invited and has not chosen a password cannot run it.
    async fn is_last_operator(&mut self, account: &Account) -> Result<bool> {
        if !account.is_operator || account.disabled_at.is_some() {
            return Ok(false);
        }
        let other: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM accounts WHERE operator_since IS NOT NULL AND disabled_at IS NULL
               AND password_hash IS NOT NULL AND id <> $1 LIMIT 1",
        )
        .bind(account.id.to_string())
        .fetch_optional(&mut *self.inner)
        .await?;
        Ok(other.is_none())
    }

    async fn set_operator(&mut self, id: AccountId, since: Option<DateTime<Utc>>) -> Result<()> {
        sqlx::query("UPDATE accounts SET operator_since = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(since.map(|at| at.timestamp()))
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Disables an account and ends its sessions and mailed links, or enables it.
    pub async fn set_disabled(
        &mut self,
        account: AccountId,
        disabled: bool,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query("UPDATE accounts SET disabled_at = $2 WHERE id = $1")
            .bind(account.to_string())
            .bind(disabled.then(|| now.timestamp()))
            .execute(&mut *self.inner)
            .await?;
        let kind = if disabled { EventKind::AccountDisabled } else { EventKind::AccountEnabled };
        if disabled {
            self.end_sessions_of(account).await?;
            self.end_links_of(account).await?;
        } else {
            self.restore_end_notices(account, now).await?;
        }
        let event = self.record(kind, by, Subject::account(account), EventDetail::Nothing, now).await?;
        self.enqueue_security_notification(account, event, None, now).await
    }

    /// Makes `heir` an owner of every package that nobody but `account` owns.
    async fn hand_packages_over(
        &mut self,
        account: &Account,
        heir: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let done = sqlx::query(
            "INSERT INTO package_owners (package, account, since)
             SELECT o.package, $2, CAST($3 AS BIGINT) FROM package_owners o WHERE o.account = $1
             AND NOT EXISTS (SELECT 1 FROM package_owners x WHERE x.package = o.package AND x.account <> $1)",
        )
        .bind(account.id.to_string())
        .bind(heir.to_string())
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        if done.rows_affected() > 0 {
            let detail = EventDetail::Packages { count: done.rows_affected(), from: account.username.clone() };
            self.record(EventKind::PackagesHandedOver, by, Subject::account(heir), detail, now).await?;
        }
        Ok(())
    }

    /// Makes `heir` an owner of every feed that nobody but `account` owns.
    async fn hand_feeds_over(
        &mut self,
        account: &Account,
        heir: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let feeds: Vec<(String, String)> = sqlx::query_as(
            "SELECT f.id, f.name FROM members m JOIN feeds f ON f.id = m.feed WHERE m.account = $1 AND m.role = 'owner'
             AND NOT EXISTS (SELECT 1 FROM members x WHERE x.feed = m.feed AND x.role = 'owner' AND x.account <> $1)",
        )
        .bind(account.id.to_string())
        .fetch_all(&mut *self.inner)
        .await?;
        for (id, name) in feeds {
            let id = readable(FeedId::parse(&id), "feeds.id")?;
            self.set_member(id, &name, heir, Role::Owner, by, now).await?;
        }
        Ok(())
    }
}
