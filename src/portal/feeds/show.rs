//! One feed: its address for clients, and its packages with a search.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;

use crate::{
    app::App,
    portal::{
        clients::{Clients, FeedAddress, SnippetLine},
        packages::list::{Listing, PackagesQuery},
        visitor::Visitor,
    },
    tokens::decision::Role,
    web::{
        error::PageError,
        page::{Page, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/feeds/show.html")]
struct ShowFeed {
    page: Page,
    name: String,
    path: String,
    addresses: Vec<FeedAddress>,
    symbols: String,
    is_public: bool,
    role: &'static str,
    manages: bool,
    may_push: bool,
    /// The lines that make its first package.
    push: Vec<SnippetLine>,
    listing: Listing,
}

/// `GET /feeds/{feed}`
pub async fn show_feed(
    req: HttpRequest,
    app: Data<App>,
    feed: Path<String>,
    wanted: Option<Query<PackagesQuery>>,
) -> Result<HttpResponse, PageError> {
    let visitor = Visitor::of(&req, &app, &feed).await?;
    let wanted = wanted.map(Query::into_inner).unwrap_or_default();
    let clients = Clients::of_feed(&app.settings, &visitor.feed.name);
    let listing = Listing::of_feed(&app, &visitor, &wanted).await?;
    let page = ShowFeed {
        page: Page::in_section(&req, format!("Feed {}", visitor.feed.name), "feeds"),
        path: visitor.path(),
        push: clients.first_package(),
        addresses: clients.addresses(),
        symbols: clients.symbols,
        is_public: visitor.feed.is_public,
        role: visitor.role.map_or("", Role::as_str),
        manages: visitor.manages(),
        may_push: visitor.role >= Some(Role::Writer),
        name: visitor.feed.name,
        listing,
    };
    answer(StatusCode::OK, &page)
}
