//! Feeds: which ones there are for whoever looks, what is in one, and for its owners who may use it.

pub mod access;
pub mod list;
pub mod members;
pub mod show;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::clients::Clients;
use crate::{
    app::App,
    feeds::{Feed, Membership},
    store::Transaction,
    tokens::{
        AccountId, Kind,
        decision::{Action, Ask, Decision, Holder, Package, Role, decide_for_account},
        is_feed_name,
    },
    web::{
        error::PageError,
        format::Time,
        page::{SignedIn, signed_in},
    },
};

/// Somebody who looks at a feed that they can read.
pub(super) struct Visitor {
    /// Who is signed in, if anybody.
    pub(super) me: Option<SignedIn>,
    /// The feed.
    pub(super) feed: Feed,
    /// The role in it.
    pub(super) role: Option<Role>,
    now: DateTime<Utc>,
}

impl Visitor {
    /// Whoever makes a request. A feed they cannot read is not found, like one that does not exist; strangers are asked
    /// to sign in for either. Operators reach `main` whatever their role, because they run it.
    pub(super) async fn of(req: &HttpRequest, app: &App, feed: &str) -> Result<Self, PageError> {
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
    pub(super) fn account(&self) -> Option<AccountId> {
        self.me.as_ref().map(|me| me.account.id)
    }

    /// Begins a change, for which what they are is read again: ask afterwards what they may do.
    pub(super) async fn begin(&mut self, app: &App) -> Result<Transaction, PageError> {
        let me = self.me.as_mut().ok_or(PageError::NotFound)?;
        let (tx, role) = begin(app, me, &self.feed).await?;
        self.role = role;
        Ok(tx)
    }

    /// Whether they look after the feed.
    pub(super) fn manages(&self) -> bool {
        self.me.as_ref().is_some_and(|me| manages(me, &self.feed, self.role))
    }

    /// Whether they run the host.
    pub(super) fn is_operator(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.account.is_operator)
    }

    /// Whether their account may unlist and relist versions of a package, by the rule of every door.
    pub(super) fn may_change(&self, name: &str, owned: bool) -> bool {
        let Some(me) = &self.me else { return false };
        let disabled = me.account.disabled_at.is_some();
        let holder = Holder { disabled, role: self.role, feed_is_public: self.feed.is_public };
        let package = if owned { Package::Own } else { Package::Others };
        let feed = Some((self.feed.name.as_str(), Some(self.feed.id)));
        let ask = Ask { action: Action::Delete(Kind::NuGet), feed, name: Some(name), package };
        decide_for_account(&holder, &ask) == Decision::Allow
    }

    /// An instant as they read it.
    pub(super) fn time(&self, at: DateTime<Utc>) -> Time {
        Time::new(at, self.now, self.me.as_ref().map_or(Tz::UTC, |me| me.account.time_zone))
    }

    /// The address that clients are given.
    pub(super) fn source(&self, app: &App) -> String {
        Clients::of_feed(&app.settings.public_url, &self.feed.name).source
    }

    /// The path of the feed's page.
    pub(super) fn path(&self) -> String {
        path(&self.feed.name)
    }
}

fn can_read(seen: &Membership) -> bool {
    seen.role.is_some() || seen.feed.is_public
}

/// The path of a feed's page.
pub(super) fn path(feed: &str) -> String {
    format!("/feeds/{feed}")
}

/// Somebody who looks after a feed, for the pages that only they have.
struct Manager {
    me: SignedIn,
    feed: Feed,
}

impl Manager {
    /// Whoever makes a request; for everybody else there is nothing here.
    async fn of(req: &HttpRequest, app: &App, feed: &str) -> Result<Self, PageError> {
        let visitor = Visitor::of(req, app, feed).await?;
        let manages = visitor.manages();
        match visitor.me {
            None => Err(PageError::SignInFirst),
            Some(me) if manages => Ok(Self { me, feed: visitor.feed }),
            Some(_) => Err(PageError::NotFound),
        }
    }

    /// Begins a change, if they look after the feed to this moment, which stays so until the change has ended.
    async fn begin(&mut self, app: &App) -> Result<Transaction, PageError> {
        let (tx, role) = begin(app, &mut self.me, &self.feed).await?;
        if manages(&self.me, &self.feed, role) { Ok(tx) } else { Err(PageError::NotFound) }
    }
}

/// Begins a change on somebody's behalf, and reads again inside it whether they run the host and which role they have in
/// the feed: both stay as they are until the change has ended.
async fn begin(app: &App, me: &mut SignedIn, feed: &Feed) -> Result<(Transaction, Option<Role>), PageError> {
    let mut tx = me.begin(app).await?;
    me.account.is_operator = tx.is_operator(me.account.id).await?;
    let role = tx.held_role(feed.id, me.account.id).await?;
    Ok((tx, role))
}

/// Whether somebody looks after a feed: its owners do, and operators after `main`.
fn manages(me: &SignedIn, feed: &Feed, role: Option<Role>) -> bool {
    role == Some(Role::Owner) || (feed.is_main() && me.account.is_operator)
}

/// A role as a label.
fn label(role: Role) -> &'static str {
    match role {
        Role::Reader => "Reader",
        Role::Writer => "Writer",
        Role::Owner => "Owner",
    }
}

/// What a role lets somebody do, in words.
fn words(role: Role) -> &'static str {
    match role {
        Role::Reader => "Reads packages",
        Role::Writer => "Also uploads new packages, and versions of their own",
        Role::Owner => "Also changes everybody’s packages, and looks after members",
    }
}

/// A role as a form offers it.
struct RoleChoice {
    word: &'static str,
    label: &'static str,
    words: &'static str,
}

fn choices(roles: &[Role]) -> Vec<RoleChoice> {
    roles.iter().map(|role| RoleChoice { word: role.as_str(), label: label(*role), words: words(*role) }).collect()
}
