//! Who was asked to become an owner of a package or feed. Nobody becomes one without saying yes, within
//! [`INVITATION_LASTS`], while whoever asked still has the right to ask.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    feeds::{Accepted, Feed, INVITATION_LASTS, OwnerInvitation},
    packages::{ChangeContext, StoredPackage},
    store::{
        Result, Store, Transaction, instant, readable,
        sql::{Direction, List},
    },
    tokens::{
        AccountId, FeedId, InvitationId, PackageKey,
        decision::{Action, Ask, Decision, Holder, Package, Role, decide_for_account},
        permission::Kind,
    },
};

row! {
    struct InvitationRow {
        id: String,
        feed: String,
        feed_name: String,
        public_since: Option<i64>,
        package: Option<String>,
        package_kind: Option<String>,
        package_name: Option<String>,
        account: String,
        username: String,
        inviter: String,
        inviter_name: String,
        expires_at: i64,
    }
}

impl InvitationRow {
    fn read(self) -> Result<OwnerInvitation> {
        let feed = readable(FeedId::parse(&self.feed), "owner_invitations.feed")?;
        let package = match (self.package, self.package_kind, self.package_name) {
            (Some(key), Some(kind), Some(name)) => {
                let key = readable(PackageKey::parse(&key), "owner_invitations.package")?;
                let kind = readable(Kind::parse(&kind), "packages.kind")?;
                Some(StoredPackage { key, kind, name, owned: false })
            }
            _ => None,
        };
        Ok(OwnerInvitation {
            id: readable(InvitationId::parse(&self.id), "owner_invitations.id")?,
            feed: Feed { id: feed, name: self.feed_name, is_public: self.public_since.is_some() },
            package,
            account: readable(AccountId::parse(&self.account), "owner_invitations.account")?,
            username: self.username,
            inviter: readable(AccountId::parse(&self.inviter), "owner_invitations.inviter")?,
            inviter_name: self.inviter_name,
            expires_at: instant(self.expires_at),
        })
    }
}

/// The open invitations of which this holds, at most a hundred.
fn invitations(which: &str) -> String {
    let list = List::of(
        "i.id, i.feed, f.name AS feed_name, f.public_since, i.package, p.kind AS package_kind, p.name AS package_name, i.account, a.username,
         i.inviter, b.username AS inviter_name, i.expires_at",
        "owner_invitations i JOIN feeds f ON f.id = i.feed LEFT JOIN packages p ON p.id = i.package
         JOIN accounts a ON a.id = i.account JOIN accounts b ON b.id = i.inviter",
    );
    list.filter("i.expires_at > $2").filter(which).order("i.id", Direction::Ascending).limit("100").sql()
}

static TO_ACCOUNT: LazyLock<String> = LazyLock::new(|| invitations("i.account = $1"));
static TO_PACKAGE: LazyLock<String> = LazyLock::new(|| invitations("i.package = $1"));
static TO_FEED: LazyLock<String> = LazyLock::new(|| invitations("i.feed = $1 AND i.package IS NULL"));
static ONE: LazyLock<String> = LazyLock::new(|| invitations("i.id = $1"));

impl Store {
    /// What an account was asked to own.
    pub async fn owner_invitations_of(&self, account: AccountId, now: DateTime<Utc>) -> Result<Vec<OwnerInvitation>> {
        self.invitations(TO_ACCOUNT.as_str(), account.to_string(), now).await
    }

    /// Who was asked to own a package.
    pub async fn owner_invitations_to_package(
        &self,
        package: PackageKey,
        now: DateTime<Utc>,
    ) -> Result<Vec<OwnerInvitation>> {
        self.invitations(TO_PACKAGE.as_str(), package.to_string(), now).await
    }

    /// Who was asked to own a feed.
    pub async fn owner_invitations_to_feed(&self, feed: FeedId, now: DateTime<Utc>) -> Result<Vec<OwnerInvitation>> {
        self.invitations(TO_FEED.as_str(), feed.to_string(), now).await
    }

    async fn invitations(&self, sql: &'static str, which: String, now: DateTime<Utc>) -> Result<Vec<OwnerInvitation>> {
        let rows: Vec<InvitationRow> =
            sqlx::query_as(sql).bind(which).bind(now.timestamp()).fetch_all(&self.pool).await?;
        rows.into_iter().map(InvitationRow::read).collect()
    }
}

impl Transaction {
    /// Asks somebody to own a package or a feed, in place of an earlier invitation to the same; they are owed word of it.
    /// `false` if they own it already.
    pub async fn invite_owner(
        &mut self,
        (feed, package): (&Feed, Option<&StoredPackage>),
        (account, inviter): (AccountId, AccountId),
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let owns = match package {
            Some(package) => self.owns(package.key, account).await?,
            None => self.is_owner(feed.id, account).await?,
        };
        if owns {
            return Ok(false);
        }
        let key = package.map(|package| package.key.to_string());
        sqlx::query("DELETE FROM owner_invitations WHERE feed = $1 AND COALESCE(package, '') = $2 AND account = $3")
            .bind(feed.id.to_string())
            .bind(key.as_deref().unwrap_or_default())
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await?;
        sqlx::query(
            "INSERT INTO owner_invitations (id, feed, package, account, inviter, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(InvitationId::generate(now, &mut crate::random::system()).to_string())
        .bind(feed.id.to_string())
        .bind(key)
        .bind(account.to_string())
        .bind(inviter.to_string())
        .bind(now.timestamp())
        .bind((now + INVITATION_LASTS).timestamp())
        .execute(&mut *self.inner)
        .await?;
        let event = self.record_invitation(EventKind::OwnerInvited, (feed, package), account, by, now).await?;
        self.enqueue_security_notification(account, event, None, now).await?;
        Ok(true)
    }

    /// Makes whoever was asked an owner, once, and only if the right to ask is still there.
    pub async fn accept_owner_invitation(
        &mut self,
        id: InvitationId,
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Accepted> {
        self.lock_account(account).await?;
        let Some(invitation) = self.take_invitation(id, account, now).await? else { return Ok(Accepted::Gone) };
        let OwnerInvitation { feed, package, inviter, .. } = &invitation;
        if !self.may_make_owners(*inviter, feed, package.as_ref()).await? {
            return Ok(Accepted::InviterLostRight(invitation));
        }
        match package {
            Some(_) if self.role_in(feed.id, account).await? < Some(Role::Writer) => {
                return Ok(Accepted::NotAWriter(invitation));
            }
            Some(package) => {
                let change = ChangeContext { feed_name: &feed.name, token: None, by, now };
                self.add_owner(&change, package, account).await?;
            }
            None => drop(self.change_member(feed, account, Some(Role::Owner), by, now).await?),
        }
        Ok(Accepted::Done(invitation))
    }

    /// Says no to an invitation. `false` if there is none.
    pub async fn decline_owner_invitation(
        &mut self,
        id: InvitationId,
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Some(one) = self.take_invitation(id, account, now).await? else { return Ok(false) };
        let about = (&one.feed, one.package.as_ref());
        self.record_invitation(EventKind::OwnerDeclined, about, account, by, now).await?;
        Ok(true)
    }

    /// Takes an invitation back. `false` if it is not one to this package or feed, or is gone.
    pub async fn withdraw_owner_invitation(
        &mut self,
        id: InvitationId,
        (feed, package): (&Feed, Option<&StoredPackage>),
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let withdrawn: Option<String> = sqlx::query_scalar(
            "DELETE FROM owner_invitations WHERE id = $1 AND feed = $2 AND COALESCE(package, '') = $3 RETURNING account",
        )
        .bind(id.to_string())
        .bind(feed.id.to_string())
        .bind(package.map(|package| package.key.to_string()).unwrap_or_default())
        .fetch_optional(&mut *self.inner)
        .await?;
        let Some(account) = withdrawn else { return Ok(false) };
        let account = readable(AccountId::parse(&account), "owner_invitations.account")?;
        self.record_invitation(EventKind::OwnerInvitationWithdrawn, (feed, package), account, by, now).await?;
        Ok(true)
    }

    /// Removes an account's invitation, so that it is answered once, and gives it.
    async fn take_invitation(
        &mut self,
        id: InvitationId,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<Option<OwnerInvitation>> {
        let row: Option<InvitationRow> = sqlx::query_as(ONE.as_str())
            .bind(id.to_string())
            .bind(now.timestamp())
            .fetch_optional(&mut *self.inner)
            .await?;
        let Some(found) = row.map(InvitationRow::read).transpose()? else { return Ok(None) };
        let taken = sqlx::query("DELETE FROM owner_invitations WHERE id = $1 AND account = $2")
            .bind(id.to_string())
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await?;
        Ok((taken.rows_affected() == 1).then_some(found))
    }

    /// Whether an account may make owners of a feed, or of a package in it: by the rules of the pages, read now.
    pub async fn may_make_owners(
        &mut self,
        account: AccountId,
        feed: &Feed,
        package: Option<&StoredPackage>,
    ) -> Result<bool> {
        let Some(found) = self.account(account).await?.filter(|found| found.disabled_at.is_none()) else {
            return Ok(false);
        };
        let role = self.role_in(feed.id, account).await?;
        if role == Some(Role::Owner) || (feed.is_main() && found.is_operator) {
            return Ok(true);
        }
        let Some(package) = package else { return Ok(false) };
        let owned = if self.owns(package.key, account).await? { Package::Own } else { Package::Others };
        let holder = Holder { disabled: false, role, feed_is_public: feed.is_public };
        let at = Some((feed.name.as_str(), Some(feed.id)));
        let ask = Ask {
            action: Action::Delete(package.kind),
            feed: at,
            name: Some(&package.name),
            package: owned,
            is_served: true,
        };
        Ok(decide_for_account(&holder, &ask) == Decision::Allow)
    }

    async fn owns(&mut self, package: PackageKey, account: AccountId) -> Result<bool> {
        let owns = "SELECT CAST(1 AS BIGINT) FROM package_owners WHERE package = $1 AND account = $2 LIMIT 1";
        let owns = sqlx::query_scalar(owns).bind(package.to_string()).bind(account.to_string());
        let owns: Option<i64> = owns.fetch_optional(&mut *self.inner).await?;
        Ok(owns.is_some())
    }

    async fn record_invitation(
        &mut self,
        kind: EventKind,
        (feed, package): (&Feed, Option<&StoredPackage>),
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<crate::tokens::EventId> {
        let name = package.map(|package| package.name.as_str());
        let subject = Subject { feed: Some(&feed.name), package: name, ..Subject::account(account) };
        let detail = EventDetail::Ownership { feed: feed.name.clone(), package: name.map(str::to_owned) };
        self.record(kind, by, subject, detail, now).await
    }
}
