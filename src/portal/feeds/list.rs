//! The feeds that somebody can read.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::App,
    feeds::FeedSummary,
    portal::visitor::path,
    tokens::decision::Role,
    web::{
        error::PageError,
        format::thousands,
        page::{Page, answer, signed_in},
        paging::{Rows, limit},
        query::with_query,
        toolbar::Pager,
    },
};

/// Feeds on one page.
const PAGE: usize = 100;
/// Packages are counted so far; more are as good as many.
const MANY: i64 = 1_000;

#[derive(Template)]
#[template(path = "portal/feeds/list.html")]
struct ListFeeds {
    page: Page,
    feeds: Vec<FeedRow>,
    pager: Pager,
    first: bool,
    may_create: bool,
}

struct FeedRow {
    name: String,
    path: String,
    is_public: bool,
    role: &'static str,
    packages: String,
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
pub struct FeedPath {
    #[serde(default)]
    after: String,
}

/// `GET /feeds`
pub async fn list_feeds(
    req: HttpRequest,
    app: Data<App>,
    at: Option<Query<FeedPath>>,
) -> Result<HttpResponse, PageError> {
    let me = signed_in(&req).await?;
    let after = at.map(|at| at.into_inner().after).unwrap_or_default();
    let after = if crate::tokens::is_feed_name(&after) { after.as_str() } else { "" };
    let account = me.as_ref().map(|me| me.account.id);
    let feeds = Rows::new(app.store.feed_lines(account, after, limit(PAGE), MANY).await?, PAGE);
    let next = feeds.next(|last| with_query("/feeds", [("after", &last.seen.feed.name)]));
    let page = ListFeeds {
        page: Page::in_section(&req, "Feeds", "feeds"),
        pager: Pager::onward("/feeds", &[], after.is_empty(), next),
        first: after.is_empty(),
        feeds: feeds.shown.into_iter().map(row).collect(),
        may_create: me.is_some_and(|me| me.account.is_operator),
    };
    answer(StatusCode::OK, &page)
}

fn row(line: FeedSummary) -> FeedRow {
    let packages = match line.packages {
        1 => "1 package".to_owned(),
        few if few <= MANY => format!("{} packages", thousands(few)),
        _ => format!("{}+ packages", thousands(MANY)),
    };
    FeedRow {
        path: path(&line.seen.feed.name),
        name: line.seen.feed.name,
        is_public: line.seen.feed.is_public,
        role: line.seen.role.map_or("", Role::as_str),
        packages,
    }
}
