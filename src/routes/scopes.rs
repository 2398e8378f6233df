//! How the tables of addresses set the server up: what stands around each, and what answers where no line fits.

use actix_web::{
    HttpResponse, Resource, guard,
    http::header::LOCATION,
    middleware::from_fn,
    web::{Data, ServiceConfig, resource, route, scope, to},
};

use super::{
    containers, http_api_lines,
    line::{only, register},
    mail_programs, moved_pages, npm_feed, nuget_feed, operator_pages, pages, public, supervisors, symbol_files,
};
use crate::{
    api,
    app::App,
    portal::{self, operator},
    registry::{npm, nuget},
    web,
};

/// People type the public address without the slash at its end.
fn bare_path(cfg: &mut ServiceConfig, app: &Data<App>) {
    let path = app.settings.public_url.path().to_owned();
    if !path.is_empty() {
        let home = format!("{path}/");
        let lead = move || {
            let answer = HttpResponse::PermanentRedirect().insert_header((LOCATION, home.as_str())).finish();
            async { answer }
        };
        cfg.service(resource(path).route(route().guard(guard::Any(guard::Get()).or(guard::Head())).to(lead)));
    }
}

/// Sets all routes up.
pub fn all(cfg: &mut ServiceConfig, app: &Data<App>) {
    cfg.configure(|cfg| register(cfg, supervisors(), only));
    cfg.configure(|cfg| bare_path(cfg, app));
    cfg.service(
        scope(app.settings.public_url.path())
            .configure(|cfg| register(cfg, public(), only))
            .configure(nuget_feeds)
            .configure(container_registries)
            .configure(npm_feeds)
            .configure(http_api)
            .configure(|cfg| register(cfg, mail_programs(), only))
            .configure(|cfg| all_pages(cfg, app))
            .wrap(from_fn(nuget::source::take_slashes)),
    );
    cfg.default_service(to(nuget::source::outside));
}

/// The NuGet doors.
pub fn nuget_feeds(cfg: &mut ServiceConfig) {
    for prefix in ["/feeds/{feed}/nuget/v3", "/v3"] {
        let feed = scope(prefix).configure(|cfg| register(cfg, nuget_feed(), only));
        cfg.service(feed.default_service(to(nuget::source::no_address)));
    }
    for prefix in ["/feeds/{feed}/symbols", "/symbols"] {
        let files = scope(prefix).configure(|cfg| register(cfg, symbol_files(), only));
        cfg.service(files.default_service(to(nuget::source::no_address)));
    }
}

/// The token service of container registries, and what their proxies ask.
pub fn container_registries(cfg: &mut ServiceConfig) {
    register(cfg, containers(), only);
}

/// The npm doors.
pub fn npm_feeds(cfg: &mut ServiceConfig) {
    let feed = scope("/feeds/{feed}/npm")
        .configure(|cfg| register(cfg, npm_feed(), |resource, _| resource.default_service(to(npm::wrong_method))));
    cfg.service(feed.default_service(to(npm::no_address)));
}

/// An address of the API tells the methods that it knows.
fn known_to_api(resource: Resource, allowed: String) -> Resource {
    resource.default_service(to(move || {
        let answer = api::wrong_method(&allowed);
        async { answer }
    }))
}

/// The HTTP API.
pub fn http_api(cfg: &mut ServiceConfig) {
    for prefix in ["/api/v1", "/v1"] {
        let api = scope(prefix)
            .wrap(from_fn(api::tell_end))
            .configure(|cfg| register(cfg, http_api_lines(), known_to_api))
            .default_service(to(api::nothing_here));
        cfg.service(api);
    }
}

/// Pages draw their own "wrong method"; to others than operators nothing below `/operator` exists.
fn all_pages(cfg: &mut ServiceConfig, app: &Data<App>) {
    let operators = scope("/operator")
        .wrap(from_fn(operator::only))
        .configure(|cfg| register(cfg, operator_pages(), |resource, _| resource))
        .default_service(to(portal::guard::not_found));
    let pages = scope("")
        .wrap(from_fn(portal::guard::guard))
        .wrap(web::session::middleware(app))
        .wrap(from_fn(portal::guard::outage))
        .wrap(from_fn(nuget::source::tell_the_source))
        .configure(|cfg| register(cfg, pages(), |resource, _| resource))
        .configure(|cfg| register(cfg, moved_pages(), only))
        .service(operators)
        .default_service(to(portal::guard::not_found));
    cfg.service(pages);
}
