//! Setting a new password by a one-time link. Opening the link shows a form and uses nothing up; it never signs in.

use actix_session::SessionExt;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{dead_link, device::remember, setup::SetupLink};
use crate::{
    accounts::{
        Account,
        one_time_link::{self, LinkPurpose},
        password::check_new,
    },
    app::App,
    audit::{EventDetail, EventKind, Subject},
    auth::password_hasher::HashQueue,
    web::{
        error::PageError,
        flash::Flash,
        form::{LATE, Problems, Typed},
        page::{Page, actor, answer, go_to},
        session::TypedSession,
    },
};

#[derive(Template)]
#[template(path = "portal/account/reset.html")]
struct Reset {
    page: Page,
    username: String,
    link: String,
    is_first: bool,
    problems: Problems,
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetForm {
    link: String,
    password: String,
    /// For password managers; not read.
    #[serde(default, rename = "username")]
    _username: String,
}

/// `GET /reset?link=…`
pub async fn show_reset(
    req: HttpRequest,
    app: Data<App>,
    query: Result<Query<SetupLink>, actix_web::Error>,
) -> Result<HttpResponse, PageError> {
    let secret = query.map(|query| query.into_inner().link).unwrap_or_default();
    match account_of(&app, &secret).await? {
        Some((account, _)) => draw(&req, StatusCode::OK, account, secret, Problems::default()),
        None => dead_link::draw(&req),
    }
}

/// `POST /reset`
pub async fn reset_password(
    req: HttpRequest,
    app: Data<App>,
    Typed { form, is_ours }: Typed<ResetForm>,
) -> Result<HttpResponse, PageError> {
    let Some((account, purpose)) = account_of(&app, &form.link).await? else {
        return dead_link::count(&req, &app).await;
    };
    if !is_ours {
        return draw(&req, StatusCode::FORBIDDEN, account, form.link, Problems::one("", LATE));
    }
    if let Err(problem) = check_new(&form.password, &[&account.username, &account.email]) {
        let problems = Problems::one("password", problem);
        return draw(&req, StatusCode::UNPROCESSABLE_ENTITY, account, form.link, problems);
    }
    // Whoever holds the link has proved who they are: strangers keep no place from them.
    let hash = app.passwords.in_line(HashQueue::Known(account.id)).hash(&form.password).await?;
    let (now, by) = (app.clock.now(), actor(&req, &app, Some(&account)));
    let mut tx = app.store.begin().await?;
    let Some(used) = tx.use_link(&one_time_link::hash(&form.link), purpose, now).await? else {
        return dead_link::draw(&req);
    };
    let is_first = account.password_hash.is_none();
    if is_first {
        let (kind, subject) = (EventKind::AccountInvitationAccepted, Subject::account(account.id));
        tx.record(kind, &by, subject, EventDetail::Nothing, now).await?;
    }
    tx.set_password(account.id, &hash, &by, now).await?;
    // Whoever has the mail has the address, unless an operator read it out of a file.
    if used.email.is_some() && app.settings.smtp_url.is_some() {
        tx.confirm_address(account.id, &by, now).await?;
    }
    // Whoever chose the password is no stranger when they sign in with it.
    let device = remember(&req, &app, &mut tx, account.id, &by, now).await?;
    tx.commit().await?;
    TypedSession(req.get_session()).end_if_of(account.id);
    let done = if is_first { Flash::PasswordChosen } else { Flash::PasswordSet };
    device.mark(go_to(&req, done.at("/sign-in")))
}

/// The account whose password a link sets, if the link is still good.
async fn account_of(app: &App, secret: &str) -> Result<Option<(Account, LinkPurpose)>, PageError> {
    let found = app.store.link(&one_time_link::hash(secret), app.clock.now()).await?;
    let sets =
        |purpose| matches!(purpose, LinkPurpose::PasswordLink | LinkPurpose::PasswordReset | LinkPurpose::Invitation);
    let Some((account, purpose)) = found.and_then(|found| Some((found.account?, found.purpose))) else {
        return Ok(None);
    };
    let account = if sets(purpose) { app.store.account(account).await? } else { None };
    Ok(account.map(|account| (account, purpose)))
}

fn draw(
    req: &HttpRequest,
    status: StatusCode,
    account: Account,
    link: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let is_first = account.password_hash.is_none();
    let page = Page::new(req, if is_first { "Choose a password" } else { "Set a new password" });
    answer(status, &Reset { page, username: account.username, link, is_first, problems })
}
