//! Reactivating a token: the same key works again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{ConfirmForm, confirmed, feeds, find, path, view};
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
#[template(path = "portal/tokens/reactivate.html")]
struct Reactivate {
    page: Page,
    token: view::Token,
    ask_password: bool,
    problems: Problems,
}

/// `GET /settings/tokens/{id}/reactivate`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    draw(&req, &app, &me, &token, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/tokens/{id}/reactivate`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    if token.revoked_at.is_some() {
        return draw(
            &req,
            &app,
            &me,
            &token,
            StatusCode::CONFLICT,
            Problems::one("", "It is revoked, which is final. Duplicate it instead."),
        )
        .await;
    }
    if let Err(problems) = confirmed(&req, &app, &me, &form.password).await? {
        return draw(&req, &app, &me, &token, StatusCode::UNPROCESSABLE_ENTITY, problems).await;
    }
    match app.store.reactivate_token(&token, &me.actor, me.now).await? {
        Edited::Done => Ok(go_to(&req, &Done::Reactivated.at(&path(&token)))),
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
    let page = Reactivate {
        page: Page::in_section(req, format!("Reactivate {}", token.name), "tokens"),
        token: view::Token::in_list(token, &feeds(app, me).await?, me),
        ask_password: me.must_prove(),
        problems,
    };
    answer(status, &page)
}
