//! Who one is here, and the time zone that one's times are shown in. Its forms about the address are in `address`.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::zones::{Region, regions};
use crate::{
    accounts::{Account, identity},
    app::App,
    notifications::Undelivered,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::Time,
        late_form,
        page::{Page, SignedIn, answer, go_to},
    },
};

#[derive(Template)]
#[template(path = "portal/account/profile.html")]
struct Profile {
    page: Page,
    account: Account,
    now: Time,
    regions: Vec<Region>,
    confirmed: Option<Time>,
    asked: Option<(String, Time)>,
    mails_are_files: bool,
    /// The last warning that did not arrive.
    undelivered: Option<Undelivered>,
    typed: Typed,
    problems: Problems,
}

/// What stands in the fields.
pub(super) struct Typed {
    /// IANA name.
    pub(super) zone: String,
    /// The new address.
    pub(super) email: String,
}

impl Typed {
    /// Before anything was typed.
    pub(super) fn nothing(account: &Account) -> Self {
        Self { zone: account.time_zone.name().to_owned(), email: String::new() }
    }
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneForm {
    zone: String,
}

/// The form that gives another address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressForm {
    pub(super) email: String,
    pub(super) password: String,
}

/// `GET /settings/profile`
pub async fn show_profile(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let mut typed = Typed::nothing(&me.account);
    if let Some(form) = late_form::typed::<ZoneForm>(&req, "/settings/profile") {
        typed.zone = form.zone;
    }
    if let Some(form) = late_form::typed::<AddressForm>(&req, "/settings/profile/address") {
        typed.email = form.email;
    }
    draw(&req, &app, StatusCode::OK, me, typed, Problems::default()).await
}

/// `POST /settings/profile`
pub async fn change_profile(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<ZoneForm>,
) -> Result<HttpResponse, PageError> {
    let zone = match identity::time_zone(&form.zone) {
        Ok(zone) => zone,
        Err(problem) => {
            let typed = Typed { zone: form.zone, email: String::new() };
            return draw(&req, &app, StatusCode::UNPROCESSABLE_ENTITY, me, typed, Problems::one("zone", problem)).await;
        }
    };
    if zone == me.account.time_zone {
        return Ok(go_to(&req, Flash::Unchanged.at("/settings/profile")));
    }
    let mut tx = me.begin(&app).await?;
    tx.set_time_zone(me.account.id, zone, &me.actor, me.now).await?;
    tx.commit().await?;
    Ok(go_to(&req, Flash::TimeZoneSaved.at("/settings/profile")))
}

pub(super) async fn draw(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    me: SignedIn,
    typed: Typed,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let time = |at| me.time(at);
    let address = app.store.address_state(me.account.id, me.now).await?;
    let page = Profile {
        page: Page::in_section(req, "Profile", "profile"),
        now: time(me.now),
        regions: regions(me.now),
        confirmed: address.confirmed_at.map(time),
        asked: address.asked.map(|(email, at)| (email, time(at))),
        mails_are_files: app.settings.smtp_url.is_none(),
        undelivered: app.store.undelivered_warnings(me.account.id, 1).await?.pop(),
        account: me.account,
        typed,
        problems,
    };
    answer(status, &page)
}
