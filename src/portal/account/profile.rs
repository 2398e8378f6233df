//! Who one is here, and the time zone that one's times are shown in.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::zones::{Region, regions};
use crate::{
    accounts::identity,
    app::App,
    portal::{
        error::PageError,
        form::{Form, Problems},
        page::{Done, Page, SignedIn, answer, go_to},
        words::Time,
    },
    store::Account,
};

#[derive(Template)]
#[template(path = "portal/profile.html")]
struct Profile {
    page: Page,
    account: Account,
    now: Time,
    regions: Vec<Region>,
    zone: String,
    problems: Problems,
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneForm {
    zone: String,
}

/// `GET /settings/profile`
pub async fn show(req: HttpRequest, me: SignedIn) -> Result<HttpResponse, PageError> {
    let zone = me.account.time_zone.name().to_owned();
    draw(&req, StatusCode::OK, me, zone, Problems::default())
}

/// `POST /settings/profile`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<ZoneForm>,
) -> Result<HttpResponse, PageError> {
    let zone = match identity::time_zone(&form.zone) {
        Ok(zone) => zone,
        Err(problem) => {
            return draw(&req, StatusCode::UNPROCESSABLE_ENTITY, me, form.zone, Problems::one("zone", problem));
        }
    };
    if zone != me.account.time_zone {
        let mut change = app.store.begin().await?;
        change.set_time_zone(me.account.id, zone, &me.actor, me.now).await?;
        change.commit().await?;
    }
    Ok(go_to(&req, &Done::TimeZoneSaved.at("/settings/profile")))
}

fn draw(
    req: &HttpRequest,
    status: StatusCode,
    me: SignedIn,
    zone: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = Page::in_section(req, "Profile", "profile");
    let now = Time::new(me.now, me.now, me.account.time_zone);
    answer(status, &Profile { page, now, regions: regions(me.now), zone, account: me.account, problems })
}
