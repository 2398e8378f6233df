//! One token as an operator sees it, and ending it: for good, or until its owner switches it on again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{Operator, events::EventView, find_account};
use crate::{
    accounts::Account,
    app::App,
    audit::EventFilter,
    portal::tokens::view,
    tokens::{Token, TokenId, bulk::BulkAction},
    web::{
        confirm::{Confirm, ConfirmForm, Link},
        error::PageError,
        flash::Flash,
        form::Form,
        format::Time,
        page::{Page, answer, go_to},
    },
};

/// Lines of the record that are shown; the page of events shows the rest.
const LINES: usize = 15;

#[derive(Template)]
#[template(path = "portal/operator/token.html")]
struct ShowToken {
    page: Page,
    token: view::Token,
    owner: Account,
    created: Time,
    can_be_revoked: bool,
    can_be_deactivated: bool,
    events: Vec<EventView>,
    more_events: bool,
}

/// What an operator does to somebody's token.
#[derive(Clone, Copy, Debug)]
enum Change {
    Revoke,
    Deactivate,
}

const PRIMARY: &str = "The primary token cannot be revoked. Deactivate it, or disable the account.";

/// `GET /operator/tokens/{id}`
pub async fn show_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let (token, owner) = found(&app, &id).await?;
    let filter = EventFilter { token: Some(token.id), ..EventFilter::default() };
    let events = app.store.events(&filter, None, LINES).await?;
    let page = ShowToken {
        page: Page::in_section(&req, token.name.clone(), "operator-tokens"),
        token: drawn(&app, &me, &token).await?,
        owner,
        created: me.time(token.created_at),
        can_be_revoked: token.can_be_revoked(),
        can_be_deactivated: BulkAction::Deactivate.skip_reason(&token, me.now).is_none(),
        more_events: events.next.is_some(),
        events: events.events.into_iter().map(|event| EventView::new(event, &me)).collect(),
    };
    answer(StatusCode::OK, &page)
}

/// `GET /operator/tokens/{id}/revoke`
pub async fn ask_revoke_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    question(&app, &me, &id, Change::Revoke).await?.ask(&req)
}

/// `POST /operator/tokens/{id}/revoke`
pub async fn revoke_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (token, _) = found(&app, &id).await?;
    if !token.can_be_revoked() && token.revoked_at.is_none() {
        return question(&app, &me, &id, Change::Revoke).await?.refuse(&req, PRIMARY);
    }
    app.store.revoke_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Revoked.at(&path(&token))))
}

/// `GET /operator/tokens/{id}/deactivate`
pub async fn ask_deactivate_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    question(&app, &me, &id, Change::Deactivate).await?.ask(&req)
}

/// `POST /operator/tokens/{id}/deactivate`
pub async fn deactivate_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (token, _) = found(&app, &id).await?;
    app.store.deactivate_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Deactivated.at(&path(&token))))
}

async fn question(app: &App, me: &Operator, id: &str, change: Change) -> Result<Confirm, PageError> {
    let (token, owner) = found(app, id).await?;
    let owner = owner.username;
    let (title, verb, button, lede) = match change {
        Change::Revoke => (
            "Revoke",
            "revoke",
            "Revoke for good",
            format!(
                "Its key is refused from the next request on, for good. {owner} sees in the token’s record that you did it."
            ),
        ),
        Change::Deactivate => (
            "Deactivate",
            "deactivate",
            "Deactivate",
            format!(
                "Its key is refused from the next request on, until {owner} reactivates it. The token’s record says that you did it."
            ),
        ),
    };
    Ok(Confirm {
        section: "operator-tokens",
        title: format!("{title} {} of {owner}", token.name),
        lede,
        facts: drawn(app, me, &token).await?.facts(),
        button: button.to_owned(),
        is_danger: true,
        action: format!("{}/{verb}", path(&token)),
        back: Link::new(path(&token), token.name.clone()),
        ..Confirm::default()
    })
}

async fn found(app: &App, id: &str) -> Result<(Token, Account), PageError> {
    let id = TokenId::parse(id).ok_or(PageError::NotFound)?;
    let token = app.store.token(id).await?.ok_or(PageError::NotFound)?;
    let owner = find_account(app, &token.account.to_string()).await?.account;
    Ok((token, owner))
}

/// The token with the names of its owner's feeds.
async fn drawn(app: &App, me: &Operator, token: &Token) -> Result<view::Token, PageError> {
    let feeds: Vec<_> = app.store.feeds_of(token.account).await?.into_iter().map(|seen| seen.feed).collect();
    Ok(view::Token::whole(token, &feeds, me))
}

fn path(token: &Token) -> String {
    format!("/operator/tokens/{}", token.id)
}
