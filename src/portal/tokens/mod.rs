//! Access tokens: the list, and one file for each thing a person does with a token.

pub mod activity;
mod acts;
pub mod add;
pub mod bulk;
pub(super) mod chosen;
mod confirm;
mod confirm_first;
pub mod create;
pub mod deactivate;
pub mod delete;
pub mod dismiss;
pub mod edit;
mod fields;
pub mod freeze;
pub mod history;
pub mod list;
mod listing;
pub mod narrow;
pub mod open_refusals;
mod package_search;
mod pattern_preview;
mod prefill;
pub mod preview;
pub mod published;
pub mod reactivate;
pub mod refresh;
pub mod refusals;
mod remedy;
pub mod revoke;
pub(super) mod row;
mod sentence;
pub mod show;
pub mod symbols;
mod token_form;
mod token_request;
pub mod try_it;
mod usage_chart;
pub(super) mod view;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

use super::clients::Clients;
use crate::{
    app::App,
    feeds::{Feed, Membership},
    paths,
    tokens::{Feeds, Secret, Token, TokenId, decision::Role},
    web::{
        error::PageError,
        owner::Owner,
        page::{Page, SignedIn, answer},
    },
};

/// One of the signed-in person's tokens; anything else is not found, whether it exists or not.
async fn find(app: &App, owner: Owner, id: &str) -> Result<Token, PageError> {
    let id = TokenId::parse(id).ok_or(PageError::NotFound)?;
    app.store.token_of(owner.id, id).await?.ok_or(PageError::NotFound)
}

/// The feeds the signed-in person can use.
async fn feeds(app: &App, owner: Owner) -> Result<Vec<Feed>, PageError> {
    Ok(app.store.feeds_of(owner.id).await?.into_iter().map(|membership| membership.feed).collect())
}

#[derive(Template)]
#[template(path = "portal/tokens/created.html")]
struct Created {
    page: Page,
    token: view::Token,
    secret: String,
    /// None where every feed it is limited to is out of reach.
    clients: Option<Clients>,
    replaced: bool,
}

#[derive(Template)]
#[template(path = "portal/tokens/already_done.html")]
struct AlreadyDone {
    page: Page,
    can_refresh: bool,
    token: view::Token,
}

/// The one answer that carries a secret.
async fn show_once(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    token: &Token,
    feeds: &[Feed],
    secret: &Secret,
    replaced: bool,
) -> Result<HttpResponse, PageError> {
    let title = if replaced { "Token refreshed" } else { "Token created" };
    let token = Token { hint: Some(secret.hint().to_owned()), ..token.clone() };
    let page = Created {
        page: Page::in_section(req, title, "tokens"),
        clients: clients(app, &token).await?,
        token: view::Token::in_list(&token, feeds, me),
        secret: secret.reveal().to_owned(),
        replaced,
    };
    answer(StatusCode::OK, &page)
}

/// A token's ready-made lines: about the first feed it is limited to, or `main`, and only what its account may do there.
async fn clients(app: &App, token: &Token) -> Result<Option<Clients>, PageError> {
    let memberships = app.store.feeds_of(token.account).await?;
    let about = match &token.settings.feeds {
        Feeds::All => memberships.iter().find(|seen| seen.feed.is_main()).or(memberships.first()),
        Feeds::Some(ids) => memberships.iter().find(|seen| ids.contains(&seen.feed.id)),
    };
    let Some(Membership { feed, role }) = about else { return Ok(None) };
    let writes = *role >= Some(Role::Writer);
    let permissions = token.settings.permissions.iter().filter(|one| writes || !one.changes_packages()).collect();
    let clients = Clients::of_feed(&app.settings, &feed.name);
    Ok(Some(clients.for_rights(permissions, &token.settings.patterns)))
}

/// The answer to a form that has done its work before.
async fn already_done(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    id: TokenId,
) -> Result<HttpResponse, PageError> {
    let token = app.store.token_of(owner.id, id).await?.ok_or(PageError::NotFound)?;
    let feeds = feeds(app, owner).await?;
    answer(
        StatusCode::OK,
        &AlreadyDone {
            page: Page::in_section(req, "Already done", "tokens"),
            can_refresh: token.can_be_refreshed(),
            token: view::Token::in_list(&token, &feeds, me),
        },
    )
}

/// The path of a token's page.
fn path(token: &Token) -> String {
    paths::token(token.id)
}
