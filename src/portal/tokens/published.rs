//! The versions that were published with a token: a few on its page, and a page for the rest.

use actix_web::{HttpResponse, http::StatusCode, web::Query};
use askama::Template;
use serde::Deserialize;

use super::{token_request::TokenRequest, view};
use crate::{
    app::App,
    packages::Published,
    paths,
    portal::package_path::{self, version_path},
    tokens::{Token, VersionKey},
    web::{
        error::PageError,
        format::Time,
        page::{Page, SignedIn, answer},
        paging::{Rows, limit},
        toolbar::Pager,
    },
};

/// Versions on a page of all of them.
const MOST: usize = 50;

/// Where a page of the versions begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct From {
    before: String,
}

/// A version that a token published.
pub(super) struct VersionRow {
    pub package: String,
    pub version: String,
    pub feed: String,
    pub time: Time,
    /// Its page; none where there is nothing to see.
    pub path: Option<String>,
    pub state: &'static str,
}

#[derive(Template)]
#[template(path = "portal/tokens/published.html")]
struct Versions {
    page: Page,
    token: view::Token,
    published: Vec<VersionRow>,
    more_versions: bool,
    pager: Pager,
}

/// `GET /settings/tokens/{id}/versions`
pub async fn list_versions(of: TokenRequest, from: Option<Query<From>>) -> Result<HttpResponse, PageError> {
    let before = from.and_then(|from| VersionKey::parse(&from.before));
    let found = Rows::new(of.app.store.published_with(of.token.id, before, limit(MOST)).await?, MOST);
    let action = paths::of_token(of.token.id, "versions");
    let next = found.next(|last| format!("{action}?before={}", last.key));
    let title = format!("Published with {}", of.token.settings.name);
    let page = Versions {
        page: Page::in_section(&of.req, title, "tokens"),
        token: of.summary().await?,
        published: found.shown.into_iter().map(|version| VersionRow::new(version, &of.me)).collect(),
        more_versions: false,
        pager: Pager::onward(&action, &[], before.is_none(), next),
    };
    answer(StatusCode::OK, &page)
}

/// The newest versions, and whether there are more.
pub(super) async fn versions(
    app: &App,
    me: &SignedIn,
    token: &Token,
    most: usize,
) -> Result<(Vec<VersionRow>, bool), PageError> {
    let found = Rows::new(app.store.published_with(token.id, None, limit(most)).await?, most);
    Ok((found.shown.into_iter().map(|version| VersionRow::new(version, me)).collect(), found.more))
}

impl VersionRow {
    fn new(version: Published, me: &SignedIn) -> Self {
        let Published { key: _, kind, package, version, feed, at, listed, removed } = version;
        let path = (!removed).then(|| version_path(&package_path::path(&feed, kind, &package), &version));
        let state = match (removed, listed) {
            (true, _) => "Removed",
            (false, false) => "Unlisted",
            (false, true) => "",
        };
        Self { package, version, feed, time: me.time(at), path, state }
    }
}
