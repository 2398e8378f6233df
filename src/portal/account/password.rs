//! Changing the password: every other session ends, tokens keep working.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::device::remember;
use crate::{
    accounts::password::{BadPassword, check_new},
    app::App,
    auth::password_hasher::HashQueue,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, FormError, Problems, or_again},
        page::{Page, SignedIn, answer, go_to},
        reauth::prove,
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
    let outcome = change(&req, &app, &me, &form).await;
    or_again(outcome, async |status, problems| draw(&req, status, problems)).await
}

async fn change(req: &HttpRequest, app: &App, me: &SignedIn, form: &PasswordForm) -> Result<HttpResponse, FormError> {
    prove(req, app, me, ("current", &form.current)).await?;
    acceptable(me, form).map_err(|problem| FormError::field("new", problem))?;
    let hash = app.passwords.in_line(HashQueue::Known(me.account.id)).hash(&form.new).await?;
    let mut tx = me.begin(app).await?;
    let epoch = tx.set_password(me.account.id, &hash, &me.actor, me.now).await?;
    let device = remember(req, app, &mut tx, me.account.id, &me.actor, me.now).await?;
    tx.commit().await?;
    me.session.begin(me.account.id, epoch, &me.actor, me.now)?;
    Ok(device.mark(go_to(req, Flash::PasswordChanged.at("/settings/password")))?)
}

fn acceptable(me: &SignedIn, form: &PasswordForm) -> Result<(), BadPassword> {
    if form.new == form.current {
        return Err(BadPassword::Unchanged);
    }
    check_new(&form.new, &[&me.account.username, &me.account.email])
}

fn draw(req: &HttpRequest, status: StatusCode, problems: Problems) -> Result<HttpResponse, PageError> {
    let page = Page::in_section(req, "Password", "password");
    answer(status, &Password { page, problems })
}
