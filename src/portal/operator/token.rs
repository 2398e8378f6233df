//! One token as an operator sees it, and ending it: for good, or until its owner switches it on again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{Operator, account, events::EventView};
use crate::{
    accounts::Account,
    app::App,
    audit::EventFilter,
    portal::tokens::view,
    tokens::{Token, TokenId, bulk::BulkAction},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
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

#[derive(Template)]
#[template(path = "portal/operator/token/confirm.html")]
struct Confirm {
    page: Page,
    token: view::Token,
    owner: Account,
    verb: &'static str,
    button: &'static str,
    problems: Problems,
}

/// An act that is asked about first.
struct TokenQuestion {
    verb: &'static str,
    title: &'static str,
    button: &'static str,
}

const REVOKE: TokenQuestion = TokenQuestion { verb: "revoke", title: "Revoke", button: "Revoke for good" };
const DEACTIVATE: TokenQuestion = TokenQuestion { verb: "deactivate", title: "Deactivate", button: "Deactivate" };
const PRIMARY: &str = "The primary token cannot be revoked. Deactivate it, or disable the account.";

/// What the page sends: nothing but that it was read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmForm {}

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
    ask(&req, &app, &me, &id, REVOKE).await
}

/// `POST /operator/tokens/{id}/revoke`
pub async fn revoke_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(ConfirmForm {}): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (token, owner) = found(&app, &id).await?;
    if !token.can_be_revoked() && token.revoked_at.is_none() {
        let token = drawn(&app, &me, &token).await?;
        return draw(&req, token, owner, REVOKE, StatusCode::CONFLICT, Problems::one("", PRIMARY));
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
    ask(&req, &app, &me, &id, DEACTIVATE).await
}

/// `POST /operator/tokens/{id}/deactivate`
pub async fn deactivate_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(ConfirmForm {}): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (token, _) = found(&app, &id).await?;
    app.store.deactivate_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Deactivated.at(&path(&token))))
}

async fn ask(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    id: &str,
    question: TokenQuestion,
) -> Result<HttpResponse, PageError> {
    let (token, owner) = found(app, id).await?;
    draw(req, drawn(app, me, &token).await?, owner, question, StatusCode::OK, Problems::default())
}

fn draw(
    req: &HttpRequest,
    token: view::Token,
    owner: Account,
    question: TokenQuestion,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let TokenQuestion { verb, title, button } = question;
    let title = format!("{title} {} of {}", token.name, owner.username);
    let page = Page::in_section(req, title, "operator-tokens");
    answer(status, &Confirm { page, token, owner, verb, button, problems })
}

async fn found(app: &App, id: &str) -> Result<(Token, Account), PageError> {
    let id = TokenId::parse(id).ok_or(PageError::NotFound)?;
    let token = app.store.token(id).await?.ok_or(PageError::NotFound)?;
    let owner = account(app, &token.account.to_string()).await?.account;
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
