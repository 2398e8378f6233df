//! Every address of the product on one page, below the public path: a line per method and address.
//!
//! The tables are data: they set the server up, and tests that hold for all addresses walk [`addresses`].

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder, Route, guard,
    http::{
        Method,
        header::{ALLOW, LOCATION},
    },
    middleware::from_fn,
    web::{Data, ServiceConfig, resource, route, scope, to},
};

use crate::{
    api,
    app::App,
    feeds::nuget,
    health,
    portal::{self, account, assets, calendar, feeds, operator, packages, tokens},
    well_known,
};

/// Who asks at an address, which decides how it is guarded and what its errors look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Supervisors and load balancers, and others that ask at the root of the host.
    Health,
    /// Anybody: files, and what programs without cookies fetch by a secret in the address.
    Public,
    /// NuGet clients with a key.
    NuGet,
    /// Programs with a key.
    Api,
    /// Mail programs, which press a button without a session.
    MailProgram,
    /// People in a browser.
    Page,
    /// Operators in a browser.
    Operator,
}

/// One method at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The method; GET answers HEAD too.
    pub method: Method,
    /// The pattern, below the public path but for [`Audience::Health`].
    pub path: String,
    /// Who asks there.
    pub audience: Audience,
}

/// All addresses, in the order in which they are tried.
pub fn addresses() -> Vec<Address> {
    let groups: [(&str, Audience, Vec<Line>); 11] = [
        ("", Audience::Health, supervisors()),
        ("", Audience::Public, public()),
        ("/feeds/{feed}/nuget/v3", Audience::NuGet, nuget_feed()),
        ("/v3", Audience::NuGet, nuget_feed()),
        ("/feeds/{feed}/symbols", Audience::NuGet, symbol_files()),
        ("/symbols", Audience::NuGet, symbol_files()),
        ("/api/v1", Audience::Api, http_api_lines()),
        ("/v1", Audience::Api, http_api_lines()),
        ("", Audience::MailProgram, mail_programs()),
        ("", Audience::Page, pages()),
        ("/operator", Audience::Operator, operator_pages()),
    ];
    let groups = groups.into_iter();
    groups
        .flat_map(|(prefix, audience, lines)| lines.into_iter().flat_map(move |line| line.addresses(prefix, audience)))
        .collect()
}

fn supervisors() -> Vec<Line> {
    vec![
        read("/healthz", health::alive),
        read("/readyz", health::ready),
        read("/.well-known/security.txt", well_known::security_txt),
    ]
}

fn public() -> Vec<Line> {
    vec![read("/static/{hash}/{file:.*}", assets::file), read("/calendar/{secret}.ics", calendar::feed::show)]
}

/// For NuGet clients: below every feed, and for `main` under an address of its own.
fn nuget_feed() -> Vec<Line> {
    vec![
        read("/index.json", nuget::service_index::show),
        put("/package", nuget::push::push),
        put("/symbols", nuget::symbols::push_symbols),
        delete("/package/{id}/{version}", nuget::unlist::unlist),
        post("/package/{id}/{version}", nuget::unlist::relist),
        read("/flat/{id}/index.json", nuget::download::versions),
        read("/flat/{id}/{version}/{file}", nuget::download::file),
        read("/registration/{id}/index.json", nuget::registration::index),
        read("/registration/{id}/page/{lower}/{upper}.json", nuget::registration::page),
        read("/registration/{id}/{version}.json", nuget::registration::leaf),
        read("/query", nuget::search::query),
        read("/autocomplete", nuget::search::autocomplete),
    ]
}

/// For debuggers: the symbol files of a feed.
fn symbol_files() -> Vec<Line> {
    vec![read("/{file}/{key}/{again}", nuget::symbols::show_symbol_file)]
}

/// For programs that manage; the same under two prefixes.
fn http_api_lines() -> Vec<Line> {
    vec![
        read("/packages", api::packages::list),
        read("/tokens/current", api::current::show),
        read("/tokens/current/can", api::can::answer),
    ]
}

/// Below no session and no check of where a form comes from: mail programs press this button by themselves.
fn mail_programs() -> Vec<Line> {
    vec![read("/unsubscribe", account::unsubscribe::show), post("/unsubscribe", account::unsubscribe::submit)]
}

/// For people in a browser.
fn pages() -> Vec<Line> {
    vec![
        get("/", portal::landing::show),
        get("/guide", portal::guide::show),
        // Accounts
        get("/setup", account::setup::show),
        post("/setup", account::setup::submit),
        get("/sign-up", account::sign_up::show),
        post("/sign-up", account::sign_up::submit),
        get("/sign-in", account::sign_in::show),
        post("/sign-in", account::sign_in::submit),
        get("/forgot", account::forgot::show),
        post("/forgot", account::forgot::submit),
        get("/confirm", account::confirm::show),
        post("/confirm", account::confirm::submit),
        get("/reset", account::reset::show),
        post("/reset", account::reset::submit),
        post("/sign-out", account::sign_out::submit),
        get("/settings/password", account::password::show),
        post("/settings/password", account::password::submit),
        get("/settings/refusals", tokens::refusals::show),
        get("/settings/profile", account::profile::show),
        post("/settings/profile", account::profile::submit),
        post("/settings/profile/address", account::address::change),
        post("/settings/profile/address/withdraw", account::address::withdraw),
        post("/settings/profile/confirm", account::address::confirm),
        get("/settings/sessions", account::sessions::show),
        post("/settings/sessions/end-others", account::sessions::end_others),
        post("/settings/sessions/{name}/end", account::sessions::end),
        post("/settings/devices/{id}/forget", account::devices::forget),
        get("/settings/invitations", account::invitations::show),
        post("/settings/invitations/{id}/accept", account::invitations::accept),
        post("/settings/invitations/{id}/decline", account::invitations::decline),
        get("/settings/notifications", account::notifications::show),
        post("/settings/notifications", account::notifications::submit),
        get("/settings/calendar", calendar::show),
        post("/settings/calendar", calendar::make),
        post("/settings/calendar/end", calendar::end),
        // Access tokens
        get("/settings/tokens", tokens::list::show),
        post("/settings/tokens", tokens::create::submit),
        get("/settings/tokens/new", tokens::create::show),
        get("/settings/tokens/selected", tokens::selected::show),
        post("/settings/tokens/selected", tokens::selected::submit),
        post("/settings/tokens/dismiss", tokens::dismiss::all),
        get("/settings/tokens/freeze", tokens::freeze::show),
        post("/settings/tokens/freeze", tokens::freeze::submit),
        get("/settings/tokens/unfreeze", tokens::freeze::show_undo),
        post("/settings/tokens/unfreeze", tokens::freeze::undo),
        post("/settings/tokens/preview", tokens::preview::show),
        get("/settings/tokens/{id}", tokens::one::show),
        post("/settings/tokens/{id}/try", tokens::try_it::submit),
        get("/settings/tokens/{id}/narrow", tokens::narrow::show),
        post("/settings/tokens/{id}/narrow", tokens::narrow::submit),
        post("/settings/tokens/{id}/dismiss", tokens::dismiss::one),
        get("/settings/tokens/{id}/record", tokens::record::show),
        get("/settings/tokens/{id}/duplicate", tokens::create::duplicate),
        get("/settings/tokens/{id}/edit", tokens::edit::show),
        post("/settings/tokens/{id}/edit", tokens::edit::submit),
        get("/settings/tokens/{id}/refresh", tokens::refresh::show),
        post("/settings/tokens/{id}/refresh", tokens::refresh::submit),
        get("/settings/tokens/{id}/deactivate", tokens::deactivate::show),
        post("/settings/tokens/{id}/deactivate", tokens::deactivate::submit),
        get("/settings/tokens/{id}/reactivate", tokens::reactivate::show),
        post("/settings/tokens/{id}/reactivate", tokens::reactivate::submit),
        get("/settings/tokens/{id}/revoke", tokens::revoke::show),
        post("/settings/tokens/{id}/revoke", tokens::revoke::submit),
        get("/settings/tokens/{id}/delete", tokens::delete::show),
        post("/settings/tokens/{id}/delete", tokens::delete::submit),
        // Packages and feeds
        get("/packages", packages::list::show),
        get("/feeds", feeds::list::show),
        get("/feeds/{feed}", feeds::one::show),
        get("/feeds/{feed}/access", feeds::access::show),
        post("/feeds/{feed}/access", feeds::access::submit),
        get("/feeds/{feed}/members", feeds::members::show),
        post("/feeds/{feed}/members", feeds::members::add),
        get("/feeds/{feed}/members/{account}", feeds::members::one),
        post("/feeds/{feed}/members/{account}", feeds::members::change),
        post("/feeds/{feed}/invitations/{id}/withdraw", feeds::members::withdraw),
        get("/feeds/{feed}/packages/{id}", packages::one::show),
        get("/feeds/{feed}/packages/{id}/owners", packages::owners::show),
        post("/feeds/{feed}/packages/{id}/owners", packages::owners::add),
        get("/feeds/{feed}/packages/{id}/owners/{account}", packages::owners::ask_remove),
        post("/feeds/{feed}/packages/{id}/owners/{account}", packages::owners::remove),
        post("/feeds/{feed}/packages/{id}/invitations/{invitation}/withdraw", packages::owners::withdraw),
        get("/feeds/{feed}/packages/{id}/{version}", packages::version::show),
        get("/feeds/{feed}/packages/{id}/{version}/unlist", packages::listing::ask_unlist),
        post("/feeds/{feed}/packages/{id}/{version}/unlist", packages::listing::unlist),
        get("/feeds/{feed}/packages/{id}/{version}/relist", packages::listing::ask_relist),
        post("/feeds/{feed}/packages/{id}/{version}/relist", packages::listing::relist),
        get("/feeds/{feed}/packages/{id}/{version}/remove", packages::remove::show),
        post("/feeds/{feed}/packages/{id}/{version}/remove", packages::remove::submit),
    ]
}

/// For operators, below `/operator`.
fn operator_pages() -> Vec<Line> {
    vec![
        get("", operator::overview::show),
        get("/accounts", operator::accounts::show),
        get("/accounts/new", operator::people::show),
        post("/accounts/new", operator::people::submit),
        get("/accounts/import", operator::people::show_list),
        post("/accounts/import", operator::people::submit_list),
        get("/accounts/invitations", operator::invitations::list),
        get("/accounts/invitations/{id}/{verb:resend|withdraw}", operator::invitations::ask),
        post("/accounts/invitations/{id}/{verb:resend|withdraw}", operator::invitations::submit),
        get("/accounts/{id}", operator::account::show),
        get("/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}", operator::standing::show),
        post("/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}", operator::standing::submit),
        get("/accounts/{id}/delete", operator::delete_account::show),
        post("/accounts/{id}/delete", operator::delete_account::submit),
        get("/accounts/{id}/password", operator::password_link::show),
        post("/accounts/{id}/password", operator::password_link::submit),
        get("/tokens", operator::tokens::show),
        post("/tokens", operator::tokens::find),
        get("/tokens/{id}", operator::token::show),
        get("/tokens/{id}/revoke", operator::token::ask_revoke),
        post("/tokens/{id}/revoke", operator::token::revoke),
        get("/tokens/{id}/deactivate", operator::token::ask_deactivate),
        post("/tokens/{id}/deactivate", operator::token::deactivate),
        get("/events", operator::events::show),
        get("/feeds", operator::feeds::list),
        post("/feeds", operator::feeds::add),
        get("/jobs", operator::jobs::show),
        get("/mail", operator::mail::list),
        get("/mail/{id}/{verb:retry|drop}", operator::mail::ask),
        post("/mail/{id}/{verb:retry|drop}", operator::mail::submit),
        get("/feeds/new", operator::feeds::ask_new),
        get("/feeds/{feed}/delete", operator::feeds::ask_delete),
        post("/feeds/{feed}/delete", operator::feeds::delete),
    ]
}

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

/// The HTTP API.
pub fn http_api(cfg: &mut ServiceConfig) {
    for prefix in ["/api/v1", "/v1"] {
        let api = scope(prefix)
            .wrap(from_fn(api::tell_end))
            .configure(|cfg| {
                register(cfg, http_api_lines(), |resource, _| resource.default_service(to(api::wrong_method)))
            })
            .default_service(to(api::nothing_here));
        cfg.service(api);
    }
}

/// Pages draw their own "wrong method"; to others than operators nothing below `/operator` exists.
fn all_pages(cfg: &mut ServiceConfig, app: &Data<App>) {
    let operators = scope("/operator")
        .wrap(from_fn(operator::only))
        .configure(|cfg| register(cfg, operator_pages(), |resource, _| resource))
        .default_service(to(portal::not_found));
    let pages = scope("")
        .wrap(from_fn(portal::guard))
        .wrap(portal::sessions(app))
        .wrap(from_fn(portal::outage))
        .wrap(from_fn(nuget::source::tell_the_source))
        .configure(|cfg| register(cfg, pages(), |resource, _| resource))
        .service(operators)
        .default_service(to(portal::not_found));
    cfg.service(pages);
}

/// A line of the tables.
struct Line {
    methods: &'static [Method],
    path: &'static str,
    route: Route,
}

impl Line {
    fn addresses(self, prefix: &str, audience: Audience) -> impl Iterator<Item = Address> + use<> {
        let path = format!("{prefix}{}", self.path);
        let methods = self.methods.iter().filter(|method| **method != Method::HEAD);
        methods.map(move |method| Address { method: method.clone(), path: path.clone(), audience })
    }
}

fn line<F, Args>(methods: &'static [Method], path: &'static str, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let first = guard::Any(guard::Method(methods[0].clone()));
    let any = methods[1..].iter().fold(first, |any, method| any.or(guard::Method(method.clone())));
    Line { methods, path, route: route().guard(any).to(handler) }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $methods:expr;)+) => {
        $($(#[$doc])*
        fn $name<F, Args>(path: &'static str, handler: F) -> Line
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            line($methods, path, handler)
        })+
    };
}

methods! {
    /// A page: HEAD reaches it as GET.
    get = &[Method::GET];
    /// An address that is only read, by programs.
    read = &[Method::GET, Method::HEAD];
    post = &[Method::POST];
    put = &[Method::PUT];
    delete = &[Method::DELETE];
}

/// Enters the lines, those of one address as one resource; `finish` says what it answers to other methods.
fn register(cfg: &mut ServiceConfig, lines: Vec<Line>, finish: fn(Resource, String) -> Resource) {
    let mut lines = lines.into_iter().peekable();
    while let Some(Line { methods, path, route }) = lines.next() {
        let mut known: Vec<&str> = methods.iter().map(Method::as_str).collect();
        let mut whole = resource(path).route(route);
        while let Some(more) = lines.next_if(|line| line.path == path) {
            known.extend(more.methods.iter().map(Method::as_str));
            whole = whole.route(more.route);
        }
        cfg.service(finish(whole, known.join(", ")));
    }
}

/// An address that answers other methods with the ones it knows, whoever asks.
fn only(resource: Resource, allowed: String) -> Resource {
    resource.default_service(to(move || {
        let allowed = allowed.clone();
        async move { HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish() }
    }))
}
