//! Signing up, where the host is open to everybody. With a mail server the address is confirmed first, and the answer is
//! the same whether or not somebody has the name or the address. Without one, the account is there at once.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::{SignUpForm, forgot::sent, register, take_request};
use crate::{
    accounts::{
        SignUp as SignedUp,
        one_time_link::{self, CONFIRMATION},
        rate_limit::{Demand, RateLimitDecision},
    },
    app::App,
    config::SignUp as Policy,
    notifications::MailKind,
    paths,
    web::{
        error::PageError,
        form::{FormError, LATE, Problems, Typed, or_again},
        page::{Page, answer, go_to},
        rate_limited::too_many,
        session::TypedSession,
    },
};

#[derive(Template)]
#[template(path = "portal/account/sign_up.html")]
struct SignUp {
    page: Page,
    username: String,
    email: String,
    zone: String,
    problems: Problems,
}

/// `GET /sign-up`; where nobody makes an account, the page for signing in says who does.
pub async fn show_sign_up(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    if must_be_open(&app).is_err() {
        return Ok(go_to(&req, "/sign-in"));
    }
    draw(&req, StatusCode::OK, SignUpForm { zone: "UTC".to_owned(), ..SignUpForm::default() }, Problems::default())
}

/// `POST /sign-up`
pub async fn sign_up(
    req: HttpRequest,
    app: Data<App>,
    session: Session,
    Typed { form, is_ours }: Typed<SignUpForm>,
) -> Result<HttpResponse, PageError> {
    must_be_open(&app)?;
    if !is_ours {
        return draw(&req, StatusCode::FORBIDDEN, form, Problems::one("", LATE));
    }
    if app.settings.smtp_url.is_some() {
        let outcome = ask(&req, &app, &form).await;
        let outcome = outcome.and_then(|()| Ok(sent(&req, &app, (&form.email, true), SENT)?));
        return or_again(outcome, async |status, problems| draw(&req, status, form, problems)).await;
    }
    let outcome = register(&req, &app, &TypedSession(session), &form, None).await;
    let outcome = outcome.and_then(|device| Ok(device.mark(go_to(&req, paths::TOKENS))?));
    or_again(outcome, async |status, problems| draw(&req, status, form, problems)).await
}

const SENT: &str = "Follow its link within 24 hours, and your account is made. It comes within a minute or two.";

/// Keeps the sign-up and queues the mail that goes on with it. Nobody is asked whether name or address belong to
/// somebody: the answer, and the time it takes, are the same for everybody.
async fn ask(req: &HttpRequest, app: &App, form: &SignUpForm) -> Result<(), FormError> {
    let (username, email, time_zone) = form.read()?;
    let now = app.clock.now();
    let place = app.passwords.for_strangers().enter()?;
    if let RateLimitDecision::Wait(wait) = take_request(req, app).await? {
        return Err(FormError::field("", too_many(req, wait)));
    }
    let password_hash = place.hash(&form.password).await?;
    let mail = app.new_mail(MailKind::SignUp, None, &email);
    let link = one_time_link::hash(&app.mailed_link(mail.id));
    let mut tx = app.store.begin().await?;
    if app.limits.take(&mut tx, &Demand::mail_to(&email), now).await? == RateLimitDecision::Granted {
        let sign_up = SignedUp { username, email, password_hash, time_zone };
        tx.add_sign_up(&link, &sign_up, now, now + CONFIRMATION).await?;
        tx.add_mail(&mail, now).await?;
        tx.commit().await?;
    }
    Ok(())
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
