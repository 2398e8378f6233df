//! Asking for a new password by mail: the same answer, in the same time, whether or not somebody has the address.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::device;
use crate::{
    accounts::{
        identity,
        rate_limit::{Demand, RateLimitDecision},
    },
    app::App,
    auth::client_address,
    notifications::MailKind,
    web::{
        error::PageError,
        form::{LATE, Problems, Typed},
        page::{Page, answer},
        rate_limited::too_many,
    },
};

const SENT: &str = "Its link works for 30 minutes. It comes within a minute or two; at most five are sent a day.";

#[derive(Template)]
#[template(path = "portal/account/forgot.html")]
struct Forgot {
    page: Page,
    email: String,
    mails_are_files: bool,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "portal/account/forgot/mail_sent.html")]
struct MailSent<'a> {
    page: Page,
    email: &'a str,
    certain: bool,
    text: &'static str,
    mails_are_files: bool,
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgotForm {
    email: String,
}

/// `GET /forgot`
pub async fn show_forgot(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    draw(&req, &app, StatusCode::OK, String::new(), Problems::default())
}

/// `POST /forgot`: queues a mail. Whose address it is, is found out when that is written.
pub async fn request_reset(
    req: HttpRequest,
    app: Data<App>,
    Typed { form, is_ours }: Typed<ForgotForm>,
) -> Result<HttpResponse, PageError> {
    if !is_ours {
        return draw(&req, &app, StatusCode::FORBIDDEN, form.email, Problems::one("", LATE));
    }
    let email = match identity::email(&form.email) {
        Ok(email) => email,
        Err(problem) => {
            let problems = Problems::one("email", problem);
            return draw(&req, &app, StatusCode::UNPROCESSABLE_ENTITY, form.email, problems);
        }
    };
    if let RateLimitDecision::Wait(wait) = ask(&req, &app, &email).await? {
        let problems = Problems::one("", too_many(&req, wait));
        return draw(&req, &app, StatusCode::TOO_MANY_REQUESTS, form.email, problems);
    }
    sent(&req, &app, (&email, false), SENT)
}

/// Queues the mail, or says how long to wait. Whether the address has had too many is not told. A device that signed in
/// to the account before has a share of its own, which no stranger uses up.
async fn ask(req: &HttpRequest, app: &App, email: &str) -> Result<RateLimitDecision, PageError> {
    let (now, source) = (app.clock.now(), client_address(req, &app.settings.trusted_proxies));
    let mailed = match device::account_with(req, app, email).await? {
        Some(account) => Demand::reset_by_device(account.id),
        None => {
            let asked = app.limits.take_now(&app.store, &Demand::request(source), now).await?;
            if asked != RateLimitDecision::Granted {
                return Ok(asked);
            }
            Demand::reset(email, source)
        }
    };
    let mut tx = app.store.begin().await?;
    if app.limits.take(&mut tx, &mailed, now).await? == RateLimitDecision::Granted {
        tx.add_mail(&app.new_mail(MailKind::PasswordReset, None, email), now).await?;
        tx.commit().await?;
    }
    Ok(RateLimitDecision::Granted)
}

/// The page that says that a mail is on its way, or where it lies on a host that mails nobody. It is not certain that
/// there is one where only somebody who is known here gets it.
pub(super) fn sent(
    req: &HttpRequest,
    app: &App,
    (email, certain): (&str, bool),
    text: &'static str,
) -> Result<HttpResponse, PageError> {
    let mails_are_files = app.settings.smtp_url.is_none();
    let title = if mails_are_files { "Ask the operator for the link" } else { "Check your email" };
    answer(StatusCode::OK, &MailSent { page: Page::new(req, title), email, certain, text, mails_are_files })
}

fn draw(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    email: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let mails_are_files = app.settings.smtp_url.is_none();
    answer(status, &Forgot { page: Page::new(req, "Forgot your password?"), email, mails_are_files, problems })
}
