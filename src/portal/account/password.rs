//! Changing the password: every other session ends, tokens keep working.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::device::remember;
use crate::{
    accounts::{
        password::{BadPassword, Verdict, check_new},
        rate_limit::RateLimitDecision,
    },
    app::App,
    auth::{password_hasher::HashQueue, sign_in_attempt::SessionAttempt},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        guard::too_many,
        page::{Page, SignedIn, answer, go_to},
    },
};

#[derive(Template)]
#[template(path = "portal/account/password.html")]
struct Password {
    page: Page,
    problems: Problems,
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    current: String,
    new: String,
    /// For password managers; not read.
    #[serde(default, rename = "username")]
    _username: String,
}

/// `GET /settings/password`
pub async fn show_password(req: HttpRequest, _me: SignedIn) -> Result<HttpResponse, PageError> {
    draw(&req, StatusCode::OK, Problems::default())
}

/// `POST /settings/password`
pub async fn change_password(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<PasswordForm>,
) -> Result<HttpResponse, PageError> {
    if let Err(problem) = proven(&req, &app, &me, &form.current).await? {
        return draw(&req, StatusCode::UNPROCESSABLE_ENTITY, Problems::one("current", problem));
    }
    if let Err(problem) = acceptable(&me, &form) {
        return draw(&req, StatusCode::UNPROCESSABLE_ENTITY, Problems::one("new", problem));
    }
    let hash = app.gate.in_line(HashQueue::Known(me.account.id)).hash(&form.new).await?;
    let mut tx = me.begin(&app).await?;
    let epoch = tx.set_password(me.account.id, &hash, &me.actor, me.now).await?;
    let device = remember(&req, &app, &mut tx, me.account.id, &me.actor, me.now).await?;
    tx.commit().await?;
    me.session.begin(me.account.id, epoch, &me.actor, me.now)?;
    device.mark(go_to(&req, Flash::PasswordChanged.at("/settings/password")))
}

fn acceptable(me: &SignedIn, form: &PasswordForm) -> Result<(), BadPassword> {
    if form.new == form.current {
        return Err(BadPassword::Unchanged);
    }
    check_new(&form.new, &[&me.account.username, &me.account.email])
}

/// Whether the signed-in person knows the password; the error is what to say beside the field.
/// A right one counts as proof for 15 minutes. Only the session's own wrong ones count: what others guess, from the same
/// address too, keeps nobody from proving who they are.
pub async fn proven(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    password: &str,
) -> Result<Result<(), String>, PageError> {
    let place = app.gate.in_line(HashQueue::Known(me.account.id)).enter()?;
    let session = me.session.name().map_or_else(|| me.account.id.to_string(), |name| name.to_string());
    let attempt = SessionAttempt::new(session);
    if let RateLimitDecision::Wait(wait) = attempt.count(&app.limits, &app.store, me.now).await? {
        return Ok(Err(too_many(req, wait)));
    }
    if place.verify(password, me.account.password_hash.as_deref()).await? == Verdict::Wrong {
        return Ok(Err("This is not your password.".to_owned()));
    }
    attempt.forget(&app.limits, &app.store).await?;
    me.session.prove(me.now)?;
    Ok(Ok(()))
}

fn draw(req: &HttpRequest, status: StatusCode, problems: Problems) -> Result<HttpResponse, PageError> {
    let page = Page::in_section(req, "Password", "password");
    answer(status, &Password { page, problems })
}
