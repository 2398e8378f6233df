//! Signing up, where the host is open to everybody.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::{SignUpForm, register};
use crate::{
    app::App,
    config::SignUp as Policy,
    portal::{
        error::PageError,
        form::{Form, Problems},
        page::{Page, answer, go_to},
        session::TypedSession,
    },
};

#[derive(Template)]
#[template(path = "portal/sign_up.html")]
struct SignUp {
    page: Page,
    username: String,
    email: String,
    zone: String,
    problems: Problems,
}

/// `GET /sign-up`
pub async fn show(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    must_be_open(&app)?;
    draw(&req, StatusCode::OK, SignUpForm { zone: "UTC".to_owned(), ..SignUpForm::default() }, Problems::default())
}

/// `POST /sign-up`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    session: Session,
    Form(form): Form<SignUpForm>,
) -> Result<HttpResponse, PageError> {
    must_be_open(&app)?;
    match register(&req, &app, &TypedSession(session), &form, None).await? {
        Ok(()) => Ok(go_to(&req, "/settings/tokens")),
        Err(problems) => draw(&req, StatusCode::UNPROCESSABLE_ENTITY, form, problems),
    }
}

fn must_be_open(app: &App) -> Result<(), PageError> {
    if app.settings.sign_up == Policy::Open { Ok(()) } else { Err(PageError::NotFound) }
}

fn draw(
    req: &HttpRequest,
    status: StatusCode,
    form: SignUpForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let SignUpForm { username, email, zone, .. } = form;
    answer(status, &SignUp { page: Page::new(req, "Create an account"), username, email, zone, problems })
}
