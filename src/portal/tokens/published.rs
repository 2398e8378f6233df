//! The versions that were published with a token: a few on its page, and a page for the rest.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{token_request::TokenRequest, view};
use crate::{
    app::App,
    packages::Published,
    portal::package_path::{self, version_path},
    tokens::Token,
    web::{
        error::PageError,
        format::Time,
        page::{Page, SignedIn, answer},
    },
};

/// Versions on the page of all of them.
const MOST: usize = 500;

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
}

/// `GET /settings/tokens/{id}/versions`
pub async fn list_versions(of: TokenRequest) -> Result<HttpResponse, PageError> {
    let (published, _) = versions(&of.app, &of.me, &of.token, MOST).await?;
    let title = format!("Published with {}", of.token.settings.name);
    let page = Page::in_section(&of.req, title, "tokens");
    answer(StatusCode::OK, &Versions { page, token: of.summary().await?, published, more_versions: false })
}

/// The newest versions, and whether there are more.
pub(super) async fn versions(
    app: &App,
    me: &SignedIn,
    token: &Token,
    most: usize,
) -> Result<(Vec<VersionRow>, bool), PageError> {
    let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
    let mut found = app.store.published_with(token.id, limit).await?;
    let more = found.len() > most;
    found.truncate(most);
    Ok((found.into_iter().map(|version| VersionRow::new(version, me)).collect(), more))
}

impl VersionRow {
    fn new(version: Published, me: &SignedIn) -> Self {
        let Published { kind, package, version, feed, at, listed, removed } = version;
        let path =
            (kind.is_served() && !removed).then(|| version_path(&package_path::path(&feed, kind, &package), &version));
        let state = match (removed, listed) {
            (true, _) => "Removed",
            (false, false) => "Unlisted",
            (false, true) => "",
        };
        Self { package, version, feed, time: me.time(at), path, state }
    }
}
