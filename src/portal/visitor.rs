//! Somebody who looks at a feed that they can read, and what they may do there.

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::clients::Clients;
use crate::{
    app::App,
    feeds::{Feed, Membership},
    packages::StoredPackage,
    store::Transaction,
    tokens::{
        AccountId,
        decision::{Action, Ask, Decision, Holder, Role, decide_for_account},
        is_feed_name,
    },
    web::{
        error::PageError,
        format::Time,
        page::{SignedIn, signed_in},
    },
};

/// Somebody who looks at a feed that they can read.
pub(in crate::portal) struct Visitor {
    /// Who is signed in, if anybody.
    pub(in crate::portal) me: Option<SignedIn>,
    /// The feed.
    pub(in crate::portal) feed: Feed,
    /// The role in it.
    pub(in crate::portal) role: Option<Role>,
    now: DateTime<Utc>,
}

impl Visitor {
    /// Whoever makes a request. A feed they cannot read is not found, like one that does not exist; strangers are asked
    /// to sign in for either. Operators reach `main` whatever their role, because they run it.
    pub(in crate::portal) async fn of(req: &HttpRequest, app: &App, feed: &str) -> Result<Self, PageError> {
        let me = signed_in(req).await?;
        let account = me.as_ref().map(|me| me.account.id);
        let found = if is_feed_name(feed) { app.store.feed(feed, account).await? } else { None };
        let is_operator = me.as_ref().is_some_and(|me| me.account.is_operator);
        match found.filter(|seen| can_read(seen) || (seen.feed.is_main() && is_operator)) {
            Some(Membership { feed, role }) => Ok(Self { me, feed, role, now: app.clock.now() }),
            None if me.is_none() => Err(PageError::SignInFirst),
            None => Err(PageError::NotFound),
        }
    }

    /// The account that looks.
    pub(in crate::portal) fn account(&self) -> Option<AccountId> {
        self.me.as_ref().map(|me| me.account.id)
    }

    /// Begins a change, for which what they are is read again: ask afterwards what they may do.
    pub(in crate::portal) async fn begin(&mut self, app: &App) -> Result<Transaction, PageError> {
        let me = self.me.as_mut().ok_or(PageError::NotFound)?;
        let (tx, role) = begin(app, me, &self.feed).await?;
        self.role = role;
        Ok(tx)
    }

    /// Whether they look after the feed.
    pub(in crate::portal) fn manages(&self) -> bool {
        self.me.as_ref().is_some_and(|me| manages(me, &self.feed, self.role))
    }

    /// Whether they run the host.
    pub(in crate::portal) fn is_operator(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.account.is_operator)
    }

    /// Whether their account may unlist and relist versions of a package, by the rule of every door.
    pub(in crate::portal) fn may_change(&self, package: &StoredPackage) -> bool {
        let Some(me) = &self.me else { return false };
        let disabled = me.account.disabled_at.is_some();
        let holder = Holder { disabled, role: self.role, feed_is_public: self.feed.is_public };
        let feed = Some((self.feed.name.as_str(), Some(self.feed.id)));
        let ask = Ask {
            action: Action::Delete(package.kind),
            feed,
            name: Some(&package.name),
            package: StoredPackage::known_to_its_asker(Some(package)),
            is_served: true,
        };
        decide_for_account(&holder, &ask) == Decision::Allow
    }

    /// An instant as they read it.
    pub(in crate::portal) fn time(&self, at: DateTime<Utc>) -> Time {
        Time::new(at, self.now, self.me.as_ref().map_or(Tz::UTC, |me| me.account.time_zone))
    }

    /// The lines that clients are given.
    pub(in crate::portal) fn clients(&self, app: &App) -> Clients {
        Clients::of_feed(&app.settings, &self.feed.name)
    }

    /// The path of the feed's page.
    pub(in crate::portal) fn path(&self) -> String {
        path(&self.feed.name)
    }
}

fn can_read(seen: &Membership) -> bool {
    seen.role.is_some() || seen.feed.is_public
}

/// The path of a feed's page.
pub(in crate::portal) fn path(feed: &str) -> String {
    format!("/feeds/{feed}")
}

/// Begins a change on somebody's behalf, and reads again inside it whether they run the host and which role they have in
/// the feed: both stay as they are until the change has ended.
pub(in crate::portal) async fn begin(
    app: &App,
    me: &mut SignedIn,
    feed: &Feed,
) -> Result<(Transaction, Option<Role>), PageError> {
    let mut tx = me.begin(app).await?;
    me.account.is_operator = tx.is_operator(me.account.id).await?;
    let role = tx.held_role(feed.id, me.account.id).await?;
    Ok((tx, role))
}

/// Whether somebody looks after a feed: its owners do, and operators after `main`.
pub(in crate::portal) fn manages(me: &SignedIn, feed: &Feed, role: Option<Role>) -> bool {
    role == Some(Role::Owner) || (feed.is_main() && me.account.is_operator)
}
