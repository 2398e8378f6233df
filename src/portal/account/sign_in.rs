//! Signing in: the same answer, in the same time, for a wrong password and for an account that does not exist.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::device::{self, marked};
use crate::{
    access::client_address,
    accounts::{
        limits::{Chance, Guess},
        password::Verdict,
    },
    app::App,
    audit::{EventDetail, EventKind, Subject},
    config::SignUp,
    portal::{
        error::PageError,
        form::{Form, Problems},
        guard::too_many,
        page::{Page, actor, answer, go_to, own_path, signed_in},
        session::TypedSession,
    },
    store::Account,
};

const WRONG: &str = "Username or password is wrong.";
const HOME: &str = "/settings/tokens";

#[derive(Template)]
#[template(path = "portal/sign_in.html")]
struct SignIn {
    page: Page,
    username: String,
    next: String,
    sign_up_open: bool,
    problems: Problems,
}

/// The query that leads back to the page somebody wanted.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInForm {
    username: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub async fn show(req: HttpRequest, app: Data<App>, query: Option<Query<Next>>) -> Result<HttpResponse, PageError> {
    if signed_in(&req).await?.is_some() {
        return Ok(go_to(&req, HOME));
    }
    let next = query.map(|query| query.into_inner().next).unwrap_or_default();
    draw(&req, &app, StatusCode::OK, String::new(), own_path(&next).unwrap_or_default().to_owned(), Problems::default())
}

/// `POST /sign-in`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    session: Session,
    Form(form): Form<SignInForm>,
) -> Result<HttpResponse, PageError> {
    let SignInForm { username, password, next } = form;
    let name = username.trim();
    let account = if name.contains('\0') { None } else { app.store.account_named(name).await? };
    let guess = guess(&req, &app, name, account.as_ref());
    let now = app.clock.now();
    let chance = guess.count(&app.store, now).await?;
    if let Chance::Wait(wait) = chance {
        let problem = too_many(&req, wait);
        return draw(&req, &app, StatusCode::TOO_MANY_REQUESTS, username, next, Problems::one("", problem));
    }
    let known = account.as_ref().map(|account| account.id);
    match verified(&app, account, &password).await?.filter(|_| chance == Chance::Granted) {
        Some(account) => {
            guess.forget(&app.store, now).await?;
            welcome(&req, &app, &TypedSession(session), (&account, guess.is_from_known_device()), &next).await
        }
        None => {
            // Not what was typed: it may be a password.
            if known.is_none() {
                tracing::warn!("sign-in failed: there is no such account");
            }
            if let Some(account) = known {
                let mut change = app.store.begin().await?;
                change
                    .record(
                        EventKind::SignInFailed,
                        &actor(&req, &app, None),
                        Subject::account(account),
                        EventDetail::Nothing,
                        now,
                    )
                    .await?;
                change.commit().await?;
            }
            draw(&req, &app, StatusCode::UNPROCESSABLE_ENTITY, username, next, Problems::one("", WRONG))
        }
    }
}

fn guess(req: &HttpRequest, app: &App, name: &str, account: Option<&Account>) -> Guess {
    let known = account.is_some_and(|account| device::is_of(req, app, account.id));
    let account = account.map(|account| account.id);
    Guess::new(name, client_address(req, &app.settings.trusted_proxies), known).at(account)
}

/// The account, if it is enabled and this is its password.
async fn verified(app: &App, account: Option<Account>, password: &str) -> Result<Option<Account>, PageError> {
    let stored = account
        .as_ref()
        .filter(|account| account.disabled_at.is_none())
        .and_then(|account| account.password_hash.as_deref());
    let verdict = app.gate.verify(password, stored).await?;
    if let (Some(account), Some(stored), Verdict::RightButWeaklyStored) = (&account, stored, verdict) {
        let hash = app.gate.hash(password).await?;
        let mut change = app.store.begin().await?;
        change.raise_password(account.id, stored, &hash).await?;
        change.commit().await?;
    }
    Ok(account.filter(|_| verdict != Verdict::Wrong))
}

async fn welcome(
    req: &HttpRequest,
    app: &App,
    session: &TypedSession,
    (account, device_is_known): (&Account, bool),
    next: &str,
) -> Result<HttpResponse, PageError> {
    let now = app.clock.now();
    let mut change = app.store.begin().await?;
    let by = actor(req, app, Some(account));
    let event = change.record_sign_in(account.id, &by, now).await?;
    if !device_is_known {
        change.owe_happening(account.id, event, None, now).await?;
    }
    change.commit().await?;
    session.begin(account.id, account.session_epoch, &by, now)?;
    marked(app, account.id, go_to(req, own_path(next).unwrap_or(HOME)))
}

fn draw(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    username: String,
    next: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let sign_up_open = app.settings.sign_up == SignUp::Open;
    answer(status, &SignIn { page: Page::new(req, "Sign in"), username, next, sign_up_open, problems })
}
