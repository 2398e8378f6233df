//! The first account: whoever holds the link that the program printed becomes the operator.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{SignUpForm, dead_link, register};
use crate::{
    accounts::one_time_link::{self, LinkPurpose},
    app::App,
    paths,
    web::{
        error::PageError,
        form::{LATE, Problems, Typed, or_again},
        page::{Page, answer, go_to},
        session::TypedSession,
    },
};

#[derive(Template)]
#[template(path = "portal/account/setup.html")]
struct Setup {
    page: Page,
    setup: String,
    username: String,
    email: String,
    zone: String,
    problems: Problems,
}

/// The query of a link that works once.
#[derive(Deserialize)]
pub struct SetupLink {
    pub(super) link: String,
}

/// `GET /setup?link=…`: shows the form, uses nothing up.
pub async fn show_setup(
    req: HttpRequest,
    app: Data<App>,
    query: Result<Query<SetupLink>, actix_web::Error>,
) -> Result<HttpResponse, PageError> {
    let secret = query.map(|query| query.into_inner().link).map_err(|_| PageError::NotFound)?;
    if !app.store.link_is_good(&one_time_link::hash(&secret), LinkPurpose::Setup, app.clock.now()).await? {
        return dead_link::draw(&req);
    }
    draw(
        &req,
        StatusCode::OK,
        SignUpForm { setup: secret, zone: "UTC".to_owned(), ..SignUpForm::default() },
        Problems::default(),
    )
}

/// `POST /setup`
pub async fn set_up_host(
    req: HttpRequest,
    app: Data<App>,
    session: Session,
    Typed { form, is_ours }: Typed<SignUpForm>,
) -> Result<HttpResponse, PageError> {
    let link = one_time_link::hash(&form.setup);
    if !app.store.link_is_good(&link, LinkPurpose::Setup, app.clock.now()).await? {
        return dead_link::draw(&req);
    }
    if !is_ours {
        return draw(&req, StatusCode::FORBIDDEN, form, Problems::one("", LATE));
    }
    let outcome = register(&req, &app, &TypedSession(session), &form, Some(link)).await;
    let outcome = outcome.and_then(|device| Ok(device.mark(go_to(&req, paths::TOKENS))?));
    or_again(outcome, async |status, problems| draw(&req, status, form, problems)).await
}

fn draw(
    req: &HttpRequest,
    status: StatusCode,
    form: SignUpForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let SignUpForm { username, email, zone, setup, .. } = form;
    answer(status, &Setup { page: Page::new(req, "Set up this host"), setup, username, email, zone, problems })
}
