//! Packages: the lists of them, one package with its versions, one version, and what its owners do with it.

pub mod list;
pub mod listing;
pub mod moved;
pub mod owners;
pub mod remove;
pub mod show;
pub mod version;
mod view;

use actix_web::HttpRequest;

use super::visitor::Visitor;
use crate::{
    app::App,
    packages::nuget::{PackageDetails, VersionDetails},
    packages::nuget::{id::PackageId, version::Version},
    packages::{ChangeContext, StoredPackage},
    store::Transaction,
    tokens::Kind,
    web::{
        confirm::{Confirm, Fact, Link},
        error::PageError,
    },
};

/// A package that somebody looks at.
struct Seen {
    visitor: Visitor,
    package: PackageDetails,
}

impl Seen {
    /// The package of an address, if its feed can be read by whoever asks.
    async fn of(req: &HttpRequest, app: &App, feed: &str, id: &str) -> Result<Self, PageError> {
        let visitor = Visitor::of(req, app, feed).await?;
        let id = PackageId::parse(id).map_err(|_| PageError::NotFound)?;
        let package = app.store.package_facts(visitor.feed.id, &id, visitor.account()).await?;
        Ok(Self { package: package.ok_or(PageError::NotFound)?, visitor })
    }

    /// A version of it, removed perhaps.
    async fn version(&self, app: &App, version: &str) -> Result<VersionDetails, PageError> {
        let version = Version::parse(version).map_err(|_| PageError::NotFound)?;
        let found = app.store.version_facts(self.package.key, self.visitor.account(), &version).await?;
        found.ok_or(PageError::NotFound)
    }

    /// The path of the package's page.
    fn path(&self) -> String {
        path(&self.visitor.feed.name, Kind::NuGet, &self.package.name)
    }

    /// The path of the page of its owners.
    fn owners_path(&self) -> String {
        format!("{}/-/owners", self.path())
    }

    /// Whether they may unlist and relist its versions.
    fn may_change(&self) -> bool {
        self.visitor.may_change(&self.package.name, self.package.owned)
    }

    /// Whether they may say who owns it.
    fn manages_owners(&self) -> bool {
        self.may_change() || self.visitor.manages()
    }

    /// Begins a change, if they may do something to this moment, which stays so until the change has ended: `may` is one
    /// of the questions here.
    async fn begin(&mut self, app: &App, may: fn(&Self) -> bool) -> Result<Transaction, PageError> {
        let mut tx = self.visitor.begin(app).await?;
        let account = self.visitor.account().ok_or(PageError::NotFound)?;
        let held = tx.held_package(self.visitor.feed.id, &self.stored(), account).await?;
        self.package.owned = held.ok_or(PageError::NotFound)?.owned;
        if may(self) { Ok(tx) } else { Err(PageError::NotFound) }
    }

    /// Whether they may remove its versions for good.
    fn may_remove(&self) -> bool {
        self.visitor.is_operator()
    }

    /// A question about it; `back` is where one comes from.
    fn question(&self, title: String, back: String) -> Confirm {
        let facts =
            vec![Fact::text("Package", self.package.name.clone()), Fact::text("Feed", self.visitor.feed.name.clone())];
        let back = Link::new(back, self.package.name.clone());
        Confirm { section: "packages", title, facts, back, ..Confirm::default() }
    }

    fn stored(&self) -> StoredPackage {
        StoredPackage {
            key: self.package.key,
            kind: Kind::NuGet,
            name: self.package.name.clone(),
            owned: self.package.owned,
        }
    }

    /// A change of one of its versions, for the record; nobody who is not signed in makes one.
    fn doing(&self) -> Result<ChangeContext<'_>, PageError> {
        let me = self.visitor.me.as_ref().ok_or(PageError::NotFound)?;
        Ok(ChangeContext { feed_name: &self.visitor.feed.name, token: None, by: &me.actor, now: me.now })
    }
}

/// The path of a package's page. What belongs to the package follows after `/-/`, so that no name hides it.
pub(super) fn path(feed: &str, kind: Kind, name: &str) -> String {
    format!("/feeds/{feed}/packages/{}/{name}", kind.as_str())
}

/// The path of a version's page.
pub(super) fn version_path(package: &str, version: &impl std::fmt::Display) -> String {
    format!("{package}/-/{version}")
}
