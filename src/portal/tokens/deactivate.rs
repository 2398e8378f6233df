//! Deactivating a token: refused from the next request on, until it is reactivated.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{ConfirmForm, feeds, find, path, view};
use crate::{
    app::App,
    portal::{
        error::PageError,
        form::{Form, Problems},
        page::{Done, Page, SignedIn, answer, go_to},
    },
    store::Edited,
    tokens::Token,
};

#[derive(Template)]
#[template(path = "portal/tokens/deactivate.html")]
struct Deactivate {
    page: Page,
    token: view::Token,
    problems: Problems,
}

/// `GET /settings/tokens/{id}/deactivate`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    draw(&req, &app, &me, &token, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/tokens/{id}/deactivate`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    if token.revoked_at.is_some() {
        return draw(
            &req,
            &app,
            &me,
            &token,
            StatusCode::CONFLICT,
            Problems::one("", "It is revoked, which is final."),
        )
        .await;
    }
    // Switching off wins over whatever changed meanwhile.
    match app.store.deactivate_token(&token, &me.actor, me.now).await? {
        Edited::Done => Ok(go_to(&req, &Done::Deactivated.at(&path(&token)))),
        Edited::Stale => {
            draw(
                &req,
                &app,
                &me,
                &token,
                StatusCode::CONFLICT,
                Problems::one("", "It was changed a moment ago. Try again."),
            )
            .await
        }
    }
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    token: &Token,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = Deactivate {
        page: Page::in_section(req, format!("Deactivate {}", token.name), "tokens"),
        token: view::Token::in_list(token, &feeds(app, me).await?, me),
        problems,
    };
    answer(status, &page)
}
