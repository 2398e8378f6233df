//! One package: its newest version in full, and every version page by page, the highest first.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::view::{Facts, Install};
use crate::{
    app::App,
    packages::{VersionNumber, VersionSummary, rules},
    portal::{
        clients::Clients,
        packages::{PackageAt, Seen, view::VersionRow},
    },
    tokens::Kind,
    web::{
        error::PageError,
        format::{Time, thousands},
        page::{Page, answer},
        paging::{Rows, limit},
        query::with_query,
    },
};

/// Versions on one page.
const PAGE: usize = 50;
/// Owners that are named.
const OWNERS: i64 = 20;

#[derive(Template)]
#[template(path = "portal/packages/nuget/show.html")]
struct ShowPackage {
    page: Page,
    name: String,
    path: String,
    feed: String,
    newest: Option<Newest>,
    /// When the last version was removed, where none is left.
    removed: Option<Time>,
    downloads: String,
    listed: String,
    unlisted: String,
    owners: Vec<String>,
    owned: bool,
    may_change: bool,
    manages_owners: bool,
    versions: Vec<VersionRow>,
    next: Option<String>,
    first: bool,
    from: String,
    not_a_version: bool,
}

struct Newest {
    line: VersionRow,
    facts: Facts,
    install: Install,
}

/// Which versions are shown.
#[derive(Debug, Default, Deserialize)]
pub struct PackagePath {
    /// Below this one.
    #[serde(default)]
    after: String,
    /// From this one on, as somebody types it.
    #[serde(default)]
    from: String,
}

impl PackagePath {
    /// The first version that is not shown; none for the highest page.
    fn below(&self) -> Option<Bound> {
        number(&self.after).map(Bound::Below).or_else(|| number(&self.from).map(Bound::From))
    }
}

fn number(typed: &str) -> Option<VersionNumber> {
    rules(Kind::NuGet).version(typed.trim())
}

/// Where a page of versions begins.
enum Bound {
    Below(VersionNumber),
    From(VersionNumber),
}

/// `GET /feeds/{feed}/packages/nuget/{id}`
pub async fn show_package(
    req: HttpRequest,
    app: Data<App>,
    at: PackageAt,
    shown: Option<Query<PackagePath>>,
) -> Result<HttpResponse, PageError> {
    let seen = Seen::of(&req, &app, &at).await?;
    let shown = shown.map(Query::into_inner).unwrap_or_default();
    let clients = seen.visitor.clients(&app);
    let lines = Rows::new(lines(&app, &seen, shown.below()).await?, PAGE);
    let page = ShowPackage {
        page: Page::in_section(&req, seen.name().to_owned(), "packages"),
        path: seen.path(),
        newest: newest(&app, &seen, &clients).await?,
        removed: lines.shown.iter().filter_map(|line| line.removed_at).max().map(|at| seen.visitor.time(at)),
        downloads: thousands(seen.package.downloads),
        listed: thousands(seen.package.listed),
        unlisted: thousands(seen.package.unlisted),
        owners: owners(&app, &seen).await?,
        owned: seen.package.stored.owned,
        may_change: seen.may_change(),
        manages_owners: seen.manages_owners(),
        next: lines.next(|last| with_query(&seen.path(), [("after", last.version.key.clone())])),
        versions: lines.shown.iter().map(|line| VersionRow::of(&seen, line)).collect(),
        first: shown.below().is_none(),
        not_a_version: !shown.from.trim().is_empty() && number(&shown.from).is_none(),
        from: shown.from.chars().take(64).collect(),
        feed: seen.visitor.feed.name,
        name: seen.package.stored.name,
    };
    answer(StatusCode::OK, &page)
}

async fn lines(app: &App, seen: &Seen, bound: Option<Bound>) -> Result<Vec<VersionSummary>, PageError> {
    let account = seen.visitor.account();
    let (below, first) = match bound {
        None => (None, None),
        Some(Bound::Below(version)) => (Some(version), None),
        Some(Bound::From(version)) => {
            let first = app.store.version_facts(seen.package.stored.key, account, &version.key).await?;
            (Some(version), first.map(|first| first.line))
        }
    };
    let rest = app.store.version_lines(seen.package.stored.key, account, below.as_ref(), limit(PAGE)).await?;
    Ok(first.into_iter().chain(rest).collect())
}

async fn newest(app: &App, seen: &Seen, clients: &Clients) -> Result<Option<Newest>, PageError> {
    let Some(version) = &seen.package.newest else { return Ok(None) };
    let Some(found) = app.store.version_facts(seen.package.stored.key, seen.visitor.account(), version).await? else {
        return Ok(None);
    };
    Ok(Facts::of(&found)?.map(|facts| Newest {
        line: VersionRow::of(seen, &found.line),
        install: Install::of(seen, clients, &found.line),
        facts,
    }))
}

/// Who owns it, for people who are signed in.
async fn owners(app: &App, seen: &Seen) -> Result<Vec<String>, PageError> {
    if seen.visitor.me.is_none() {
        return Ok(Vec::new());
    }
    let owners = app.store.owners(seen.package.stored.key, OWNERS).await?;
    Ok(owners.into_iter().map(|owner| owner.username).collect())
}
