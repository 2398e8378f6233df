//! One package: its newest version in full, and every version page by page, the highest first.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;

use super::view::{Facts, Install};
use crate::{
    app::App,
    packages::readme::{Readme, markdown::Piece},
    portal::{
        clients::Clients,
        packages::{
            PackageAt, Seen,
            deprecation::DeprecationView,
            readme::ReadmeView,
            versions::{PackagePath, VersionList, owners},
            view::VersionRow,
        },
    },
    web::{
        error::PageError,
        format::{Time, thousands},
        page::{Page, answer},
    },
};

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
    owners: Vec<String>,
    owned: bool,
    may_change: bool,
    manages_owners: bool,
    versions: VersionList,
}

struct Newest {
    line: VersionRow,
    facts: Facts,
    install: Install,
    deprecation: Option<DeprecationView>,
    readme: Option<ReadmeView>,
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
    let versions = VersionList::of(&app, &seen, shown).await?;
    let page = ShowPackage {
        page: Page::in_section(&req, seen.name().to_owned(), "packages"),
        path: seen.path(),
        newest: newest(&app, &seen, &clients).await?,
        removed: versions.removed.clone(),
        downloads: thousands(seen.package.downloads),
        owners: owners(&app, &seen).await?,
        owned: seen.package.stored.owned,
        may_change: seen.may_change(),
        manages_owners: seen.manages_owners(),
        versions,
        feed: seen.visitor.feed.name,
        name: seen.package.stored.name,
    };
    answer(StatusCode::OK, &page)
}

async fn newest(app: &App, seen: &Seen, clients: &Clients) -> Result<Option<Newest>, PageError> {
    let Some(version) = &seen.package.newest else { return Ok(None) };
    let Some(found) = app.store.version_facts(seen.package.stored.key, seen.visitor.account(), version).await? else {
        return Ok(None);
    };
    let Some(facts) = Facts::of(&found)? else { return Ok(None) };
    Ok(Some(Newest {
        line: VersionRow::of(seen, &found.line),
        install: Install::of(seen, clients, &found.line),
        deprecation: DeprecationView::of(app, seen, found.line.deprecation.as_ref()).await?,
        readme: ReadmeView::of(app, seen, &found).await,
        facts,
    }))
}
