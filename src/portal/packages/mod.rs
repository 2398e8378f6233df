//! Packages: the lists of them, one package with its versions, one version, and what its owners do with it. A kind has a
//! folder with the two pages that say what only it knows; the rest is shared.

pub mod container;
pub mod deprecation;
mod filter_links;
pub mod list;
pub mod listing;
mod marked;
pub mod moved;
pub mod npm;
pub mod nuget;
pub mod owners;
pub mod readme;
pub mod remove;
mod row;
mod versions;
mod view;

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::Deserialize;

use super::{
    package_path::{path, version_path},
    visitor::Visitor,
};
use crate::{
    app::App,
    packages::{ChangeContext, PackageDetails, StoredPackage, VersionDetails, VersionSummary, rules},
    store::Transaction,
    tokens::Kind,
    web::{
        confirm::{Confirm, Fact, Link},
        error::PageError,
    },
};

/// The package that an address names: `/feeds/{feed}/packages/{kind}/{id}`.
pub struct PackageAt {
    feed: String,
    kind: Kind,
    name: String,
}

/// The version that an address names, below its package: `…/-/{version}`.
pub struct VersionAt {
    package: PackageAt,
    version: String,
}

/// The parts of an address, as the router gives them.
#[derive(Deserialize)]
struct Parts {
    feed: String,
    kind: String,
    id: String,
    version: Option<String>,
}

impl Parts {
    /// The package, and the version if the address names one.
    fn of(req: &HttpRequest) -> Option<(PackageAt, Option<String>)> {
        let Self { feed, kind, id, version } = req.match_info().load().ok()?;
        Some((PackageAt { feed, kind: Kind::parse(&kind)?, name: id }, version))
    }
}

impl FromRequest for PackageAt {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Parts::of(req).map(|(package, _)| package).ok_or(PageError::NotFound))
    }
}

impl FromRequest for VersionAt {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let at = Parts::of(req).and_then(|(package, version)| Some(Self { package, version: version? }));
        ready(at.ok_or(PageError::NotFound))
    }
}

/// A package that somebody looks at.
struct Seen {
    visitor: Visitor,
    package: PackageDetails,
}

impl Seen {
    /// The package of an address, if its feed can be read by whoever asks.
    async fn of(req: &HttpRequest, app: &App, at: &PackageAt) -> Result<Self, PageError> {
        let visitor = Visitor::of(req, app, &at.feed).await?;
        rules(at.kind).check_name(&at.name).map_err(|_| PageError::NotFound)?;
        let key = at.name.to_ascii_lowercase();
        let package = app.store.package_facts(visitor.feed.id, at.kind, &key, visitor.account()).await?;
        Ok(Self { package: package.ok_or(PageError::NotFound)?, visitor })
    }

    /// The package and version of an address, for whom `may` holds; for everybody else, and once it was removed, there is
    /// nothing here.
    async fn version_at(
        req: &HttpRequest,
        app: &App,
        at: &VersionAt,
        may: fn(&Self) -> bool,
    ) -> Result<(Self, VersionSummary), PageError> {
        let seen = Self::of(req, app, &at.package).await?;
        let line = seen.version(app, &at.version).await?.line;
        if may(&seen) && line.removed_at.is_none() { Ok((seen, line)) } else { Err(PageError::NotFound) }
    }

    /// A version of it, removed perhaps.
    async fn version(&self, app: &App, version: &str) -> Result<VersionDetails, PageError> {
        let StoredPackage { key, kind, .. } = self.package.stored;
        let version = rules(kind).version(version).ok_or(PageError::NotFound)?;
        let found = app.store.version_facts(key, self.visitor.account(), &version.key).await?;
        found.ok_or(PageError::NotFound)
    }

    /// Its name as first published.
    fn name(&self) -> &str {
        &self.package.stored.name
    }

    /// The path of the package's page.
    fn path(&self) -> String {
        path(&self.visitor.feed.name, self.package.stored.kind, self.name())
    }

    /// The path of the page of its owners.
    fn owners_path(&self) -> String {
        format!("{}/-/owners", self.path())
    }

    /// Whether they may unlist and relist its versions.
    fn may_change(&self) -> bool {
        self.visitor.may_change(&self.package.stored)
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
        let held = tx.held_package(self.visitor.feed.id, &self.package.stored, account).await?;
        self.package.stored = held.ok_or(PageError::NotFound)?;
        if may(self) { Ok(tx) } else { Err(PageError::NotFound) }
    }

    /// Whether they may remove its versions for good.
    fn may_remove(&self) -> bool {
        self.visitor.is_operator()
    }

    /// A question about it; `back` is where one comes from.
    fn question(&self, title: String, back: String) -> Confirm {
        let facts =
            vec![Fact::text("Package", self.name().to_owned()), Fact::text("Feed", self.visitor.feed.name.clone())];
        let back = Link::new(back, self.name().to_owned());
        Confirm { section: "packages", title, facts, back, ..Confirm::default() }
    }

    /// A change of one of its versions, for the record; nobody who is not signed in makes one.
    fn change(&self) -> Result<ChangeContext<'_>, PageError> {
        let me = self.visitor.me.as_ref().ok_or(PageError::NotFound)?;
        Ok(ChangeContext { feed_name: &self.visitor.feed.name, token: None, by: &me.actor, now: me.now })
    }
}
