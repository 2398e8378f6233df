//! One version of a package: what it says of itself, who published it, or that it was removed.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::view::{Facts, Install};
use crate::{
    app::App,
    packages::readme::{Readme, markdown::Piece},
    portal::packages::{Seen, VersionAt, deprecation::DeprecationView, readme::ReadmeView, view::VersionRow},
    web::{
        error::PageError,
        page::{Page, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/packages/nuget/version.html")]
struct ShowVersion {
    page: Page,
    name: String,
    package_path: String,
    feed: String,
    version: VersionRow,
    facts: Option<Facts>,
    install: Install,
    deprecation: Option<DeprecationView>,
    readme: Option<ReadmeView>,
    sha512: String,
    /// How many symbol files debuggers find.
    symbols: i64,
    /// Where they find them.
    symbol_server: String,
    may_change: bool,
    may_remove: bool,
}

/// `GET /feeds/{feed}/packages/nuget/{id}/-/{version}`
pub async fn show_version(req: HttpRequest, app: Data<App>, at: VersionAt) -> Result<HttpResponse, PageError> {
    let seen = Seen::of(&req, &app, &at.package).await?;
    let found = seen.version(&app, &at.version).await?;
    let symbols = app.store.count_symbol_files(seen.package.stored.key, &found.line.version.key).await?;
    let clients = seen.visitor.clients(&app);
    let there = found.line.removed_at.is_none();
    let page = ShowVersion {
        page: Page::in_section(&req, format!("{} {}", seen.name(), found.line.version), "packages"),
        package_path: seen.path(),
        version: VersionRow::of(&seen, &found.line),
        facts: Facts::of(&found)?,
        deprecation: DeprecationView::of(&app, &seen, found.line.deprecation.as_ref()).await?,
        readme: ReadmeView::of(&app, &seen, &found).await,
        install: Install::of(&seen, &clients, &found.line),
        symbol_server: clients.symbols,
        may_change: there && seen.may_change(),
        may_remove: there && seen.may_remove(),
        sha512: found.sha512,
        symbols,
        feed: seen.visitor.feed.name,
        name: seen.package.stored.name,
    };
    answer(StatusCode::OK, &page)
}
