//! Switching reminders off by the link in them. Mail programs send the form by themselves, with no cookie and from no page
//! of ours (RFC 8058), so the secret of the link is all that counts, and all it can do is this. Opening it does nothing.

use actix_multipart::Multipart;
use actix_web::{
    Either, HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form, Query},
};
use askama::Template;
use futures_util::TryStreamExt;
use serde::Deserialize;

use super::setup::Link;
use crate::{
    accounts::link,
    app::App,
    portal::{
        error::PageError,
        page::{Page, actor, answer},
    },
    store::{Account, Purpose, Reminders},
};

#[derive(Template)]
#[template(path = "portal/unsubscribe.html")]
struct Unsubscribe {
    page: Page,
    link: String,
    about: About,
}

/// The one pair of the form (RFC 8058, section 3.1).
const NAME: &str = "List-Unsubscribe";
const VALUE: &str = "One-Click";

/// What there is to say.
enum About {
    Ask(String),
    NotPressed(String),
    Done(String),
    Dead,
}

/// What mail programs send, and our button.
#[derive(Debug, Deserialize)]
pub struct OneClick {
    #[serde(rename = "List-Unsubscribe")]
    press: String,
}

/// `GET /unsubscribe?link=…`
pub async fn show(app: Data<App>, query: Option<Query<Link>>) -> Result<HttpResponse, PageError> {
    let secret = query.map(|query| query.into_inner().link).unwrap_or_default();
    match owner(&app, &secret).await? {
        Some(account) => draw(&app, secret, About::Ask(account.username)),
        None => draw(&app, secret, About::Dead),
    }
}

/// `POST /unsubscribe?link=…`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    query: Option<Query<Link>>,
    form: Option<Either<Form<OneClick>, Multipart>>,
) -> Result<HttpResponse, PageError> {
    let secret = query.map(|query| query.into_inner().link).unwrap_or_default();
    let pressed = is_pressed(form).await;
    match owner(&app, &secret).await? {
        Some(account) if pressed => {
            let by = actor(&req, &app, Some(&account));
            app.store.set_reminders(account.id, Reminders::default(), &by, app.clock.now()).await?;
            draw(&app, secret, About::Done(account.username))
        }
        Some(account) => draw(&app, secret, About::NotPressed(account.username)),
        None => draw(&app, secret, About::Dead),
    }
}

/// Whether that pair was sent, as either kind of form: mail programs should send the second (RFC 8058, section 3.2).
async fn is_pressed(form: Option<Either<Form<OneClick>, Multipart>>) -> bool {
    match form {
        None => false,
        Some(Either::Left(form)) => form.press == VALUE,
        Some(Either::Right(mut parts)) => {
            while let Ok(Some(mut part)) = parts.try_next().await {
                if part.name() == Some(NAME) {
                    return matches!(part.bytes(VALUE.len()).await, Ok(Ok(value)) if value == VALUE);
                }
            }
            false
        }
    }
}

async fn owner(app: &App, secret: &str) -> Result<Option<Account>, PageError> {
    let found = app.store.link(&link::hash(secret), app.clock.now()).await?;
    match found.filter(|link| link.purpose == Purpose::StopReminders).and_then(|link| link.account) {
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
