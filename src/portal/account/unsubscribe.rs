//! Switching reminders off by the link in them. Mail programs send the form by themselves, with no cookie and from no page
//! of ours (RFC 8058), so the secret of the link is all that counts, and all it can do is this. Opening it does nothing.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::CONTENT_TYPE},
    web::{Data, Payload, Query},
};
use askama::Template;
use url::form_urlencoded;

use super::setup::SetupLink;
use crate::{
    accounts::{
        Account,
        one_time_link::{self, LinkPurpose},
    },
    app::App,
    auth::{multipart, read_body},
    web::{
        error::PageError,
        page::{Page, actor, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/account/unsubscribe.html")]
struct Unsubscribe {
    page: Page,
    link: String,
    about: About,
}

/// The one pair of the form (RFC 8058, section 3.1).
const NAME: &str = "List-Unsubscribe";
const VALUE: &str = "One-Click";
/// Largest form, in bytes.
const MAX_FORM: usize = 8 * 1024;

/// What there is to say.
enum About {
    Ask(String),
    NotPressed(String),
    Done(String),
    Dead,
}

/// `GET /unsubscribe?link=…`
pub async fn ask_unsubscribe(app: Data<App>, query: Option<Query<SetupLink>>) -> Result<HttpResponse, PageError> {
    let secret = query.map(|query| query.into_inner().link).unwrap_or_default();
    match owner(&app, &secret).await? {
        Some(account) => draw(&app, secret, About::Ask(account.username)),
        None => draw(&app, secret, About::Dead),
    }
}

/// `POST /unsubscribe?link=…`
pub async fn unsubscribe(
    req: HttpRequest,
    app: Data<App>,
    query: Option<Query<SetupLink>>,
    body: Payload,
) -> Result<HttpResponse, PageError> {
    let secret = query.map(|query| query.into_inner().link).unwrap_or_default();
    let pressed = is_pressed(&req, &read_body(body, MAX_FORM).await?);
    match owner(&app, &secret).await? {
        Some(account) if pressed => {
            let by = actor(&req, &app, Some(&account));
            if !app.store.stop_reminders(&one_time_link::hash(&secret), account.id, &by, app.clock.now()).await? {
                return draw(&app, secret, About::Dead);
            }
            draw(&app, secret, About::Done(account.username))
        }
        Some(account) => draw(&app, secret, About::NotPressed(account.username)),
        None => draw(&app, secret, About::Dead),
    }
}

/// Whether that pair was sent, as either kind of form: mail programs should send the second (RFC 8058, section 3.2).
fn is_pressed(req: &HttpRequest, body: &[u8]) -> bool {
    let kind = req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match multipart::boundary(kind) {
        Some(boundary) => multipart::part_named(body, &boundary, NAME) == Some(VALUE.as_bytes()),
        None => form_urlencoded::parse(body).any(|(name, value)| name == NAME && value == VALUE),
    }
}

async fn owner(app: &App, secret: &str) -> Result<Option<Account>, PageError> {
    let found = app.store.link(&one_time_link::hash(secret), app.clock.now()).await?;
    match found.filter(|link| link.purpose == LinkPurpose::StopReminders).and_then(|link| link.account) {
        Some(account) => Ok(app.store.account(account).await?),
        None => Ok(None),
    }
}

fn draw(app: &App, link: String, about: About) -> Result<HttpResponse, PageError> {
    let (status, title) = match about {
        About::Ask(_) => (StatusCode::OK, "Stop reminders"),
        // A mail program must not take it for done.
        About::NotPressed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Stop reminders"),
        About::Done(_) => (StatusCode::OK, "Reminders are off"),
        About::Dead => (StatusCode::GONE, "This link does not work"),
    };
    answer(status, &Unsubscribe { page: Page::bare(app, title), link, about })
}
