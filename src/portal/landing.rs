//! The start page: what this is, for strangers; the way to their tokens, for people who are signed in.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use crate::{
    app::App,
    config::SignUp,
    paths,
    web::{
        error::PageError,
        page::{Page, answer, go_to, signed_in},
    },
};

#[derive(Template)]
#[template(path = "portal/landing.html")]
struct Landing {
    page: Page,
    sign_up_open: bool,
}

/// `GET /`
pub async fn show_landing(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    if signed_in(&req).await?.is_some() {
        return Ok(go_to(&req, paths::TOKENS));
    }
    let sign_up_open = app.settings.sign_up == SignUp::Open;
    answer(StatusCode::OK, &Landing { page: Page::new(&req, "Access tokens for packages"), sign_up_open })
}
