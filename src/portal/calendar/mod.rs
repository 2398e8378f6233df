//! The private calendar of an account's coming expiries: making its address, shown once, and ending it.

pub mod feed;
mod ics;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use crate::{
    accounts::one_time_link,
    app::App,
    web::{
        error::PageError,
        flash::Flash,
        form::Form,
        format::Time,
        owner::Owner,
        page::{Page, SignedIn, answer, go_to},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/calendar/show.html")]
struct Show {
    page: Page,
    made: Option<Time>,
    address: Option<String>,
}

/// The forms that make an address and end one hold nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `GET /settings/calendar`
pub async fn show_calendar(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    draw(&req, &app, &me, owner, None).await
}

/// `POST /settings/calendar`: a new address, in place of the one before; the one answer that shows it.
pub async fn create_calendar_link(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    reauth::require(&req, &app, &me).await?;
    let secret = one_time_link::generate(&mut crate::random::system());
    let mut tx = me.begin(&app).await?;
    tx.set_calendar_link(owner.id, &one_time_link::hash(&secret), &me.actor, me.now).await?;
    tx.commit().await?;
    let address = app.settings.public_url.of(&format!("/calendar/{secret}.ics"));
    draw(&req, &app, &me, owner, Some(address)).await
}

/// `POST /settings/calendar/end`
pub async fn end_calendar_link(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let mut tx = me.begin(&app).await?;
    tx.end_calendar_link(owner.id, &me.actor, me.now).await?;
    tx.commit().await?;
    Ok(go_to(&req, Flash::CalendarEnded.at("/settings/calendar")))
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    address: Option<String>,
) -> Result<HttpResponse, PageError> {
    let made = app.store.calendar_made_at(owner.id).await?;
    let title = if address.is_some() { "Calendar address made" } else { "Calendar" };
    let page = Show { page: Page::in_section(req, title, "calendar"), made: made.map(|at| me.time(at)), address };
    answer(StatusCode::OK, &page)
}
