//! Every address of the product on one page, below the public path.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder, guard,
    http::header::ALLOW,
    middleware::from_fn,
    web::{Data, ServiceConfig, resource, route, scope, to},
};

use crate::{
    api,
    app::App,
    feeds::nuget,
    portal::{self, account, assets, calendar, feeds, operator, packages, tokens},
};

/// All routes.
pub fn all(cfg: &mut ServiceConfig, app: &Data<App>) {
    cfg.service(resource("/healthz").get(health::alive).head(health::alive));
    cfg.service(resource("/readyz").get(health::ready).head(health::ready));
    cfg.service(
        scope(app.settings.public_url.path())
            .configure(static_files)
            .configure(calendars)
            .configure(nuget_feeds)
            .configure(http_api)
            .configure(mail_programs)
            .configure(|cfg| pages(cfg, app)),
    );
}

fn static_files(cfg: &mut ServiceConfig) {
    cfg.service(resource("/static/{hash}/{file:.*}").get(assets::file).head(assets::file));
}

/// For calendar programs, which have no cookies.
fn calendars(cfg: &mut ServiceConfig) {
    cfg.service(reads("/calendar/{secret}.ics", portal::calendar::feed::show));
}

/// For NuGet clients: every feed, and `main` under an address of its own.
pub fn nuget_feeds(cfg: &mut ServiceConfig) {
    for prefix in ["/feeds/{feed}/nuget/v3", "/v3"] {
        let feed = scope(prefix)
            .service(reads("/index.json", nuget::service_index::show))
            .service(only(resource(["/package", "/package/"]), "PUT").put(nuget::push::push))
            .service(only(resource(["/symbols", "/symbols/"]), "PUT").put(nuget::push::refuse_symbols))
            .service(
                only(resource("/package/{id}/{version}"), "DELETE, POST")
                    .delete(nuget::unlist::unlist)
                    .post(nuget::unlist::relist),
            )
            .service(reads("/flat/{id}/index.json", nuget::download::versions))
            .service(reads("/flat/{id}/{version}/{file}", nuget::download::file))
            .service(reads("/registration/{id}/index.json", nuget::registration::index))
            .service(reads("/registration/{id}/page/{lower}/{upper}.json", nuget::registration::page))
            .service(reads("/registration/{id}/{version}.json", nuget::registration::leaf))
            .service(reads("/query", nuget::search::query))
            .service(reads("/autocomplete", nuget::search::autocomplete))
            .default_service(to(nuget::nothing_here));
        cfg.service(feed);
    }
    cfg.service(resource("/api/v2/{anything:.*}").to(nuget::wrong_source));
}

/// For programs that manage.
pub fn http_api(cfg: &mut ServiceConfig) {
    for prefix in ["/api/v1", "/v1"] {
        let api = scope(prefix)
            .wrap(from_fn(api::tell_end))
            .service(reads("/packages", api::packages::list).default_service(to(api::wrong_method)))
            .service(reads("/tokens/current", api::current::show).default_service(to(api::wrong_method)))
            .service(reads("/tokens/current/can", api::can::answer).default_service(to(api::wrong_method)))
            .default_service(to(api::nothing_here));
        cfg.service(api);
    }
}

/// An address that is only read.
fn reads<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let read = guard::Any(guard::Get()).or(guard::Head());
    only(resource(path), "GET, HEAD").route(route().guard(read).to(handler))
}

/// An address that answers other methods with the ones it knows, whoever asks.
fn only(resource: Resource, allowed: &'static str) -> Resource {
    resource.default_service(to(move || async move {
        HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish()
    }))
}

/// Below no session and no check of where a form comes from: mail programs press this button by themselves.
fn mail_programs(cfg: &mut ServiceConfig) {
    use account::unsubscribe::{show, submit};
    let stop = only(resource("/unsubscribe"), "GET, HEAD, POST").get(show).head(show).post(submit);
    cfg.service(stop);
}

/// For people in a browser.
fn pages(cfg: &mut ServiceConfig, app: &Data<App>) {
    let pages = scope("")
        .wrap(from_fn(portal::guard))
        .wrap(portal::sessions(app))
        .wrap(from_fn(portal::outage))
        .service(resource("/").get(portal::landing::show))
        .service(resource("/guide").get(portal::guide::show))
        // Accounts
        .service(resource("/setup").get(account::setup::show).post(account::setup::submit))
        .service(resource("/sign-up").get(account::sign_up::show).post(account::sign_up::submit))
        .service(resource("/sign-in").get(account::sign_in::show).post(account::sign_in::submit))
        .service(resource("/forgot").get(account::forgot::show).post(account::forgot::submit))
        .service(resource("/confirm").get(account::confirm::show).post(account::confirm::submit))
        .service(resource("/reset").get(account::reset::show).post(account::reset::submit))
        .service(resource("/sign-out").post(account::sign_out::submit))
        .service(resource("/settings/password").get(account::password::show).post(account::password::submit))
        .service(resource("/settings/refusals").get(tokens::refusals::show))
        .service(resource("/settings/profile").get(account::profile::show).post(account::profile::submit))
        .service(resource("/settings/profile/address").post(account::address::change))
        .service(resource("/settings/profile/address/withdraw").post(account::address::withdraw))
        .service(resource("/settings/profile/confirm").post(account::address::confirm))
        .service(resource("/settings/sessions").get(account::sessions::show))
        .service(resource("/settings/sessions/end-others").post(account::sessions::end_others))
        .service(resource("/settings/sessions/{name}/end").post(account::sessions::end))
        .service(
            resource("/settings/notifications").get(account::notifications::show).post(account::notifications::submit),
        )
        .service(resource("/settings/calendar").get(calendar::show).post(calendar::make))
        .service(resource("/settings/calendar/end").post(calendar::end))
        // Access tokens
        .service(resource("/settings/tokens").get(tokens::list::show).post(tokens::create::submit))
        .service(resource("/settings/tokens/new").get(tokens::create::show))
        .service(resource("/settings/tokens/selected").get(tokens::selected::show).post(tokens::selected::submit))
        .service(resource("/settings/tokens/dismiss").post(tokens::dismiss::all))
        .service(resource("/settings/tokens/freeze").get(tokens::freeze::show).post(tokens::freeze::submit))
        .service(resource("/settings/tokens/unfreeze").get(tokens::freeze::show_undo).post(tokens::freeze::undo))
        .service(resource("/settings/tokens/preview").post(tokens::preview::show))
        .service(resource("/settings/tokens/{id}").get(tokens::one::show))
        .service(resource("/settings/tokens/{id}/try").post(tokens::try_it::submit))
        .service(resource("/settings/tokens/{id}/narrow").get(tokens::narrow::show).post(tokens::narrow::submit))
        .service(resource("/settings/tokens/{id}/dismiss").post(tokens::dismiss::one))
        .service(resource("/settings/tokens/{id}/record").get(tokens::record::show))
        .service(resource("/settings/tokens/{id}/duplicate").get(tokens::create::duplicate))
        .service(resource("/settings/tokens/{id}/edit").get(tokens::edit::show).post(tokens::edit::submit))
        .service(resource("/settings/tokens/{id}/refresh").get(tokens::refresh::show).post(tokens::refresh::submit))
        .service(
            resource("/settings/tokens/{id}/deactivate").get(tokens::deactivate::show).post(tokens::deactivate::submit),
        )
        .service(
            resource("/settings/tokens/{id}/reactivate").get(tokens::reactivate::show).post(tokens::reactivate::submit),
        )
        .service(resource("/settings/tokens/{id}/revoke").get(tokens::revoke::show).post(tokens::revoke::submit))
        .service(resource("/settings/tokens/{id}/delete").get(tokens::delete::show).post(tokens::delete::submit))
        // Packages and feeds
        .service(resource("/packages").get(packages::list::show))
        .service(resource("/feeds").get(feeds::list::show))
        .service(resource("/feeds/{feed}").get(feeds::one::show))
        .service(resource("/feeds/{feed}/access").get(feeds::access::show).post(feeds::access::submit))
        .service(resource("/feeds/{feed}/members").get(feeds::members::show).post(feeds::members::add))
        .service(resource("/feeds/{feed}/members/{account}").get(feeds::members::one).post(feeds::members::change))
        .service(resource("/feeds/{feed}/packages/{id}").get(packages::one::show))
        .service(resource("/feeds/{feed}/packages/{id}/owners").get(packages::owners::show).post(packages::owners::add))
        .service(
            resource("/feeds/{feed}/packages/{id}/owners/{account}")
                .get(packages::owners::ask_remove)
                .post(packages::owners::remove),
        )
        .service(resource("/feeds/{feed}/packages/{id}/{version}").get(packages::version::show))
        .service(
            resource("/feeds/{feed}/packages/{id}/{version}/unlist")
                .get(packages::listing::ask_unlist)
                .post(packages::listing::unlist),
        )
        .service(
            resource("/feeds/{feed}/packages/{id}/{version}/relist")
                .get(packages::listing::ask_relist)
                .post(packages::listing::relist),
        )
        .service(
            resource("/feeds/{feed}/packages/{id}/{version}/remove")
                .get(packages::remove::show)
                .post(packages::remove::submit),
        )
        .configure(host)
        .default_service(to(portal::not_found));
    cfg.service(pages);
}

/// For operators; to others nothing below this address exists.
fn host(cfg: &mut ServiceConfig) {
    let standing = "/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}";
    let pages = scope("/operator")
        .wrap(from_fn(operator::only))
        .service(resource("").get(operator::overview::show))
        .service(resource("/accounts").get(operator::accounts::show))
        .service(resource("/accounts/{id}").get(operator::account::show))
        .service(resource(standing).get(operator::standing::show).post(operator::standing::submit))
        .service(
            resource("/accounts/{id}/delete")
                .get(operator::delete_account::show)
                .post(operator::delete_account::submit),
        )
        .service(
            resource("/accounts/{id}/password")
                .get(operator::password_link::show)
                .post(operator::password_link::submit),
        )
        .service(resource("/tokens").get(operator::tokens::show).post(operator::tokens::find))
        .service(resource("/tokens/{id}").get(operator::token::show))
        .service(resource("/tokens/{id}/revoke").get(operator::token::ask_revoke).post(operator::token::revoke))
        .service(
            resource("/tokens/{id}/deactivate").get(operator::token::ask_deactivate).post(operator::token::deactivate),
        )
        .service(resource("/events").get(operator::events::show))
        .service(resource("/feeds").get(operator::feeds::list).post(operator::feeds::add))
        .service(resource("/jobs").get(operator::jobs::show))
        .service(resource("/mail").get(operator::mail::list))
        .service(resource("/mail/{id}/{verb:retry|drop}").get(operator::mail::ask).post(operator::mail::submit))
        .service(resource("/feeds/new").get(operator::feeds::ask_new))
        .service(resource("/feeds/{feed}/delete").get(operator::feeds::ask_delete).post(operator::feeds::delete))
        .default_service(to(portal::not_found));
    cfg.service(pages);
}

mod health {
    //! For load balancers and supervisors.

    use actix_web::{HttpResponse, Responder, web::Data};

    use crate::app::App;

    /// The process answers.
    pub(super) async fn alive() -> impl Responder {
        HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
    }

    /// The process and its database answer.
    pub(super) async fn ready(app: Data<App>) -> impl Responder {
        match app.store.ping().await {
            Ok(()) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"),
            Err(_) => HttpResponse::ServiceUnavailable()
                .insert_header(("retry-after", "2"))
                .content_type("text/plain; charset=utf-8")
                .body("the database does not answer\n"),
        }
    }
}
