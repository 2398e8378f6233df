//! One package: its latest version in full, its tags, and every version page by page, the highest first.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;

use super::view::{Facts, Install};
use crate::{
    app::App,
    packages::{
        npm::document::LATEST,
        readme::{Readme, markdown::Piece},
    },
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
#[template(path = "portal/packages/npm/show.html")]
struct ShowPackage {
    page: Page,
    name: String,
    path: String,
    feed: String,
    latest: Option<Latest>,
    /// When the last version was removed, where none is left.
    removed: Option<Time>,
    /// Each with its version.
    tags: Vec<(String, String)>,
    downloads: String,
    owners: Vec<String>,
    owned: bool,
    may_change: bool,
    manages_owners: bool,
    versions: VersionList,
}

struct Latest {
    line: VersionRow,
    facts: Facts,
    install: Install,
    deprecation: Option<DeprecationView>,
    readme: Option<ReadmeView>,
}

/// `GET /feeds/{feed}/packages/npm/{id}`
pub async fn show_package(
    req: HttpRequest,
    app: Data<App>,
    at: PackageAt,
    shown: Option<Query<PackagePath>>,
) -> Result<HttpResponse, PageError> {
    let seen = Seen::of(&req, &app, &at).await?;
    let clients = seen.visitor.clients(&app);
    let versions = VersionList::of(&app, &seen, shown.map(Query::into_inner).unwrap_or_default()).await?;
    let tags = app.store.tags(seen.package.stored.key).await?;
    let latest = tags.get(LATEST).or(seen.package.newest.as_ref());
    let page = ShowPackage {
        page: Page::in_section(&req, seen.name().to_owned(), "packages"),
        path: seen.path(),
        latest: match latest {
            Some(version) => latest_of(&app, &seen, &clients, version).await?,
            None => None,
        },
        removed: versions.removed.clone(),
        tags: tags.into_iter().collect(),
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

async fn latest_of(app: &App, seen: &Seen, clients: &Clients, version: &str) -> Result<Option<Latest>, PageError> {
    let Some(found) = app.store.version_facts(seen.package.stored.key, seen.visitor.account(), version).await? else {
        return Ok(None);
    };
    let Some(facts) = Facts::of(&found)? else { return Ok(None) };
    Ok(Some(Latest {
        line: VersionRow::of(seen, &found.line),
        install: Install::of(seen, clients, &found.line),
        deprecation: DeprecationView::of(app, seen, found.line.deprecation.as_ref()).await?,
        readme: ReadmeView::of(app, seen, &found).await,
        facts,
    }))
}
