//! One answer for every link that does not work: never made, mistyped, used, replaced or over.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

use crate::{
    accounts::rate_limit::{Demand, RateLimitDecision},
    app::App,
    auth::client_address,
    web::{
        error::PageError,
        page::{Page, answer},
        rate_limited::too_many,
    },
};

#[derive(Template)]
#[template(path = "portal/account/dead_link.html")]
struct DeadLink {
    page: Page,
}

/// The answer.
pub(super) fn draw(req: &HttpRequest) -> Result<HttpResponse, PageError> {
    answer(StatusCode::GONE, &DeadLink { page: Page::new(req, "This link does not work") })
}

/// The answer to a form with such a link. Too many of them by one source have to wait.
pub(super) async fn count(req: &HttpRequest, app: &App) -> Result<HttpResponse, PageError> {
    let demand = Demand::bad_link(client_address(req, &app.settings.trusted_proxies));
    if let RateLimitDecision::Wait(wait) = app.limits.take_now(&app.store, &demand, app.clock.now()).await? {
        drop(too_many(req, wait));
    }
    draw(req)
}
