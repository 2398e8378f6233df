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
    store::Made,
    tokens::{
        Token, TokenId,
        act::{CannotAct, TokenAct},
    },
    web::{
        confirm::{Confirm, ConfirmForm, Link},
        error::PageError,
        flash::Flash,
        form::Form,
        format::Time,
        page::{Page, answer, go_to},
        query::with_query,
        toolbar::Pager,
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
    pager: Pager,
}

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
    let all_events = with_query("/operator/events", [("token", token.id.to_string())]);
    let page = ShowToken {
        page: Page::in_section(&req, token.settings.name.clone(), "operator-tokens"),
        token: drawn(&app, &me, &token).await?,
        owner,
        created: me.time(token.created_at),
        can_be_revoked: TokenAct::Revoke.check(&token, me.now).is_ok(),
        can_be_deactivated: TokenAct::Deactivate.check(&token, me.now).is_ok(),
        pager: Pager { later: events.next.map(|_| ("All events", all_events)), ..Pager::default() },
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
    ask(&req, &app, &me, &id, TokenAct::Revoke).await
}

/// `POST /operator/tokens/{id}/revoke`
pub async fn revoke_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (token, owner) = found(&app, &id).await?;
    match TokenAct::Revoke.check(&token, me.now) {
        // Pressed twice, it is what was wanted.
        Ok(()) | Err(CannotAct::Revoked) => {}
        Err(why) => return question(&app, &me, &token, owner, TokenAct::Revoke).await?.cannot(&req, &reason(why)),
    }
    app.store.revoke_token(&token, Made::Too, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Revoked.at(&path(&token))))
}

/// `GET /operator/tokens/{id}/deactivate`
pub async fn ask_deactivate_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    ask(&req, &app, &me, &id, TokenAct::Deactivate).await
}

/// `POST /operator/tokens/{id}/deactivate`
pub async fn deactivate_token(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (token, owner) = found(&app, &id).await?;
    match TokenAct::Deactivate.check(&token, me.now) {
        Ok(()) | Err(CannotAct::Off) => {}
        Err(why) => return question(&app, &me, &token, owner, TokenAct::Deactivate).await?.cannot(&req, &reason(why)),
    }
    app.store.deactivate_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Deactivated.at(&path(&token))))
}

/// Asks about it, or says why it cannot be done.
async fn ask(req: &HttpRequest, app: &App, me: &Operator, id: &str, act: TokenAct) -> Result<HttpResponse, PageError> {
    let (token, owner) = found(app, id).await?;
    let possible = act.check(&token, me.now);
    let question = question(app, me, &token, owner, act).await?;
    match possible {
        Ok(()) => question.ask(req),
        Err(why) => question.without_form(reason(why), None).ask(req),
    }
}

/// Why it cannot be done, and what an operator can do instead.
fn reason(why: CannotAct) -> String {
    let instead = match why {
        CannotAct::Primary => " Deactivate it, or disable the account.",
        CannotAct::Expired => " Revoke it, so that its owner cannot refresh it.",
        _ => "",
    };
    format!("{why}{instead}")
}

async fn question(
    app: &App,
    me: &Operator,
    token: &Token,
    owner: Account,
    act: TokenAct,
) -> Result<Confirm, PageError> {
    let owner = owner.username;
    let (button, lede) = match act {
        TokenAct::Revoke => (
            "Revoke for good",
            format!(
                "Its key is refused from the next request on, for good. {owner} sees in the token’s record that you did it."
            ),
        ),
        _ => (
            "Deactivate",
            format!(
                "Its key is refused from the next request on, until {owner} reactivates it. The token’s record says that you did it."
            ),
        ),
    };
    Ok(Confirm {
        section: "operator-tokens",
        title: format!("{} {} of {owner}", act.label(), token.settings.name),
        lede,
        facts: drawn(app, me, token).await?.facts(),
        button: button.to_owned(),
        is_danger: true,
        action: format!("{}/{}", path(token), act.as_str()),
        back: Link::new(path(token), token.settings.name.clone()),
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
