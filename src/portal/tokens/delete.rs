//! Deleting a token: gone from the list, together with its key. Its record stays.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{ConfirmForm, feeds, find, view};
use crate::{
    app::App,
    portal::{
        error::PageError,
        form::{Form, Problems},
        page::{Done, Page, SignedIn, answer, go_to},
    },
    tokens::Token,
};

#[derive(Template)]
#[template(path = "portal/tokens/delete.html")]
struct Delete {
    page: Page,
    token: view::Token,
    problems: Problems,
}

/// `GET /settings/tokens/{id}/delete`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    draw(&req, &app, &me, &token, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/tokens/{id}/delete`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    if !token.can_be_deleted() {
        let problems =
            Problems::one("", "The primary token cannot be deleted. Deactivate it, or refresh it to end its key.");
        return draw(&req, &app, &me, &token, StatusCode::CONFLICT, problems).await;
    }
    app.store.delete_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, &Done::Deleted.at("/settings/tokens")))
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    token: &Token,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = Delete {
        page: Page::in_section(req, format!("Delete {}", token.name), "tokens"),
        token: view::Token::in_list(token, &feeds(app, me).await?, me),
        problems,
    };
    answer(status, &page)
}
