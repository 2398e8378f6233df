//! The private address at which debuggers, which send no credential, read the symbols that a token may read: making it,
//! shown once, and ending it.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::token_request::TokenRequest;
use crate::{
    accounts::one_time_link,
    feeds::Feed,
    tokens::{Kind, Permission, State, Token, Verb, state::state},
    web::{
        error::PageError,
        flash::Flash,
        form::Form,
        format::Time,
        page::{Page, answer, go_to},
        reauth,
    },
};

/// Feeds whose addresses are shown.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "portal/tokens/symbols.html")]
struct SymbolsAddress {
    page: Page,
    /// The path of the token's page, and its name.
    back: String,
    name: String,
    made: Option<Time>,
    /// Why it can have none now; empty if it can.
    cannot: &'static str,
    addresses: Vec<FeedAddress>,
}

/// Where the symbols of a feed are.
struct FeedAddress {
    feed: String,
    url: String,
}

/// The forms that make an address and end one hold nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `GET /settings/tokens/{id}/symbols`
pub async fn show_symbols_address(of: TokenRequest) -> Result<HttpResponse, PageError> {
    draw(&of, StatusCode::OK, Vec::new()).await
}

/// `POST /settings/tokens/{id}/symbols`: a new address, in place of the one before; the one answer that shows it.
pub async fn create_symbols_address(
    of: TokenRequest,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let feeds = covered_feeds(&of).await?;
    if !why_not(&of, &feeds).is_empty() {
        return draw(&of, StatusCode::CONFLICT, Vec::new()).await;
    }
    reauth::require(&of.req, &of.app, &of.me).await?;
    let secret = one_time_link::generate(&mut crate::random::system());
    let mut tx = of.me.begin(&of.app).await?;
    tx.set_symbols_address(&of.token, &one_time_link::hash(&secret), &of.me.actor, of.me.now).await?;
    tx.commit().await?;
    draw(&of, StatusCode::OK, feeds.iter().take(SHOWN).map(|feed| address(&of, feed, &secret)).collect()).await
}

/// `POST /settings/tokens/{id}/symbols/end`
pub async fn end_symbols_address(of: TokenRequest, Form(Nothing {}): Form<Nothing>) -> Result<HttpResponse, PageError> {
    let mut tx = of.me.begin(&of.app).await?;
    tx.end_symbols_address(&of.token, &of.me.actor, of.me.now).await?;
    tx.commit().await?;
    Ok(go_to(&of.req, Flash::SymbolsAddressEnded.at(&format!("{}/symbols", of.path()))))
}

fn address(of: &TokenRequest, feed: &Feed, secret: &str) -> FeedAddress {
    let root = if feed.name == "main" { String::new() } else { format!("/feeds/{}", feed.name) };
    let url = of.app.settings.public_url.of(&format!("{root}/symbols/-/{secret}"));
    FeedAddress { feed: feed.name.clone(), url }
}

/// The feeds that the token covers, of those that its owner can use.
async fn covered_feeds(of: &TokenRequest) -> Result<Vec<Feed>, PageError> {
    let mut feeds = of.feeds().await?;
    feeds.retain(|feed| of.token.settings.feeds.cover(Some(feed.id)));
    Ok(feeds)
}

/// Why the token can have no address; empty if it can.
fn why_not(of: &TokenRequest, feeds: &[Feed]) -> &'static str {
    match state(&of.token, of.me.now) {
        State::Revoked | State::Retired => "The token has ended for good, so nothing can be read with it.",
        State::NotIssued => "The token has no key yet. Refresh it first.",
        _ if !may_read_symbols(&of.token) => {
            "The token may not read NuGet packages, so it may not read their symbols. Make another one that may."
        }
        _ if feeds.is_empty() => "The token is limited to feeds that you cannot use. Edit its feeds first.",
        _ => "",
    }
}

/// Whether symbols are among what a token may read.
pub(super) fn may_read_symbols(token: &Token) -> bool {
    token.settings.permissions.has(Permission::of(Kind::NuGet, Verb::Pull))
}

async fn draw(of: &TokenRequest, status: StatusCode, addresses: Vec<FeedAddress>) -> Result<HttpResponse, PageError> {
    let made = of.app.store.symbols_address_made_at(of.token.id).await?;
    let title = if addresses.is_empty() { "Symbols address" } else { "Symbols address made" };
    let page = SymbolsAddress {
        page: Page::in_section(&of.req, title, "tokens"),
        back: of.path(),
        name: of.token.settings.name.clone(),
        made: made.map(|at| of.me.time(at)),
        cannot: why_not(of, &covered_feeds(of).await?),
        addresses,
    };
    answer(status, &page)
}
