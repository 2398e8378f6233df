//! Signing in: the same answer, in the same time, for a wrong password and for an account that does not exist.

use actix_session::Session;
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::device::{self, remember};
use crate::{
    accounts::Account,
    app::App,
    auth::{
        client_address,
        password_check::{Checked, PasswordCheck},
        rate_limiter::TakenLimits,
        sign_in_attempt::SignInAttempt,
    },
    config::SignUp,
    paths,
    web::{
        error::PageError,
        flash::{Flash, To},
        form::{LATE, Problems, Typed},
        late_form::LateForm,
        page::{Page, Say, actor, answer, go_to, own_path, signed_in},
        rate_limited::too_many,
        session::TypedSession,
    },
};

const WRONG: &str = "Username or password is wrong.";
const HOME: &str = paths::TOKENS;

#[derive(Template)]
#[template(path = "portal/account/sign_in.html")]
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
    /// A path of ours, or a form that came too late; see [`LateForm`].
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub async fn show_sign_in(
    req: HttpRequest,
    app: Data<App>,
    query: Option<Query<Next>>,
) -> Result<HttpResponse, PageError> {
    if signed_in(&req).await?.is_some() {
        return Ok(go_to(&req, HOME));
    }
    let next = query.map(|query| query.into_inner().next).unwrap_or_default();
    draw(&req, &app, StatusCode::OK, String::new(), own_path(&next).unwrap_or_default().to_owned(), Problems::default())
}

/// The answer to a form whose sender is not signed in any more: what was typed goes on with the sign-in.
pub fn first(req: &HttpRequest, app: &App, late: Option<&LateForm>) -> Result<HttpResponse, PageError> {
    let typed = late.is_some_and(LateForm::has_text);
    req.extensions_mut().insert(Say(if typed { Flash::SignedOutTyping } else { Flash::SignedOut }));
    let next = late.map(LateForm::to_text).unwrap_or_default();
    draw(req, app, StatusCode::FORBIDDEN, String::new(), next, Problems::default())
}

/// `POST /sign-in`. Whoever has to wait, for a turn or because of too many guesses, leaves nothing behind.
pub async fn sign_in(
    req: HttpRequest,
    app: Data<App>,
    session: Session,
    Typed { form, is_ours }: Typed<SignInForm>,
) -> Result<HttpResponse, PageError> {
    let SignInForm { username, password, next } = form;
    if !is_ours {
        return draw(&req, &app, StatusCode::FORBIDDEN, username, next, Problems::one("", LATE));
    }
    let Visitor { account, attempt } = Visitor::of(&req, &app, username.trim()).await?;
    let App { store, limits, passwords, clock, .. } = &**app;
    let check = PasswordCheck { store, limits, passwords, now: clock.now() };
    match check.check(&attempt, account, &password, &actor(&req, &app, None)).await? {
        Checked::Right(account, taken) => {
            let admitted = Admitted { account: &account, attempt: &attempt, taken };
            admitted.welcome(&req, &app, &TypedSession(session), &next).await
        }
        Checked::Wrong => draw(&req, &app, StatusCode::UNPROCESSABLE_ENTITY, username, next, Problems::one("", WRONG)),
        Checked::Wait(too_often) => {
            let problems = Problems::one("", too_many(&req, too_often));
            draw(&req, &app, StatusCode::TOO_MANY_REQUESTS, username, next, problems)
        }
    }
}

/// Who tries to sign in, as far as that is known before the password is.
struct Visitor {
    account: Option<Account>,
    attempt: SignInAttempt,
}

impl Visitor {
    async fn of(req: &HttpRequest, app: &App, name: &str) -> Result<Self, PageError> {
        let account = if name.contains('\0') { None } else { app.store.account_named(name).await? };
        let id = account.as_ref().map(|account| account.id);
        let device = device::of(req, app).await?;
        let own = device.filter(|device| Some(device.account) == id).map(|device| device.id);
        let attempt = SignInAttempt::new(name, client_address(req, &app.settings.trusted_proxies), id, own);
        Ok(Self { account, attempt })
    }
}

/// Somebody who gave the right password.
struct Admitted<'a> {
    account: &'a Account,
    attempt: &'a SignInAttempt,
    taken: TakenLimits,
}

impl Admitted<'_> {
    async fn welcome(
        self,
        req: &HttpRequest,
        app: &App,
        session: &TypedSession,
        next: &str,
    ) -> Result<HttpResponse, PageError> {
        let Self { account, attempt, taken } = self;
        let (now, by) = (app.clock.now(), actor(req, app, Some(account)));
        let mut tx = app.store.begin().await?;
        attempt.forget(&app.limits, &mut tx, &taken).await?;
        let is_first = !tx.was_used_before(account.id).await?;
        let event = tx.record_sign_in(account.id, &by, now).await?;
        let device = remember(req, app, &mut tx, account.id, &by, now).await?;
        // The very first sign-in is the owner's own, from the only device there is.
        if device.is_new && !is_first {
            tx.enqueue_security_notification(account.id, event, None, now).await?;
        }
        tx.commit().await?;
        session.begin(account.id, account.session_epoch, &by, now)?;
        let to = match LateForm::parse(next) {
            Some(late) => late.kept_in(session, app).await?,
            None => To::from(own_path(next).unwrap_or(HOME)),
        };
        device.mark(go_to(req, to))
    }
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
