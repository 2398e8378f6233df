//! Every address of the product on one page, below the public path: a line per method and address.
//!
//! The tables are data: they set the server up, and tests that hold for all addresses walk [`addresses`].

mod http_api;
mod line;
mod scopes;

use actix_web::http::Method;

pub use self::scopes::{all, container_registries, http_api, npm_feeds, nuget_feeds};
use self::{
    http_api::http_api_lines,
    line::{Line, delete, get, moved, post, put, read},
};
use crate::{
    portal::{self, account, calendar, feeds, operator, packages, tokens},
    probes,
    registry::{container, npm, nuget},
    web::assets,
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
    /// npm clients with a key.
    Npm,
    /// Clients of container registries, registries, and the proxies before them.
    Container,
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
    let groups = [
        ("", Audience::Health, supervisors()),
        ("", Audience::Public, public()),
        ("/feeds/{feed}/nuget/v3", Audience::NuGet, nuget_feed()),
        ("/v3", Audience::NuGet, nuget_feed()),
        ("/feeds/{feed}/symbols", Audience::NuGet, symbol_files()),
        ("/symbols", Audience::NuGet, symbol_files()),
        ("/feeds/{feed}/npm", Audience::Npm, npm_feed()),
        ("", Audience::Container, containers()),
        ("/api/v1", Audience::Api, http_api_lines()),
        ("/v1", Audience::Api, http_api_lines()),
        ("", Audience::MailProgram, mail_programs()),
        ("", Audience::Page, pages()),
        ("", Audience::Public, moved_pages()),
        ("/operator", Audience::Operator, operator_pages()),
    ];
    let groups = groups.into_iter();
    groups
        .flat_map(|(prefix, audience, lines)| lines.into_iter().flat_map(move |line| line.addresses(prefix, audience)))
        .collect()
}

fn supervisors() -> Vec<Line> {
    vec![
        read("/healthz", probes::show_liveness),
        read("/readyz", probes::show_readiness),
        read("/.well-known/security.txt", well_known::show_security_txt),
    ]
}

fn public() -> Vec<Line> {
    vec![
        read("/static/{hash}/{file:.*}", assets::show_asset),
        read("/calendar/{secret}.ics", calendar::feed::show_calendar_feed),
    ]
}

/// For NuGet clients: below every feed, and for `main` under an address of its own.
fn nuget_feed() -> Vec<Line> {
    vec![
        read("/index.json", nuget::service_index::show_service_index),
        put("/package", nuget::push::push_package),
        put("/symbols", nuget::symbols::push_symbols),
        put("/package/{id}/deprecations", nuget::deprecate::deprecate_versions),
        delete("/package/{id}/{version}", nuget::unlist::unlist_version),
        post("/package/{id}/{version}", nuget::unlist::relist_version),
        read("/flat/{id}/index.json", nuget::download::list_versions),
        read("/flat/{id}/{version}/{file}", nuget::download::download_file),
        read("/registration/{id}/index.json", nuget::registration::show_registration),
        read("/registration/{id}/page/{lower}/{upper}.json", nuget::registration::show_registration_page),
        read("/registration/{id}/{version}.json", nuget::registration::show_registration_leaf),
        read("/query", nuget::search::search_packages),
        read("/autocomplete", nuget::search::autocomplete_packages),
    ]
}

/// For debuggers: the symbol files of a feed, with a credential, and below a private address without one.
fn symbol_files() -> Vec<Line> {
    vec![
        read("/{file}/{key}/{again}", nuget::symbols::show_symbol_file),
        read("/-/{address}/{file}/{key}/{again}", nuget::symbols::show_symbol_file),
    ]
}

/// For npm clients. A name with a scope comes with its slash as it is or encoded.
fn npm_feed() -> Vec<Line> {
    vec![
        read("/-/ping", npm::account::ping),
        read("/-/whoami", npm::account::show_account),
        read("/-/v1/search", npm::search::search_packages),
        post("/-/v1/login", npm::login::begin_login),
        read("/-/v1/done", npm::login::finish_login),
        post("/-/npm/v1/security/advisories/bulk", npm::audit::list_advisories),
        post("/-/npm/v1/security/audits", npm::audit::audit),
        post("/-/npm/v1/security/audits/quick", npm::audit::audit),
        read("/-/npm/v1/attestations/{spec:.+}", npm::download::show_attestations),
        read("/-/npm/v1/tokens", npm::tokens::list_tokens),
        post("/-/npm/v1/tokens", npm::tokens::refuse_token),
        delete("/-/npm/v1/tokens/token/{key}", npm::tokens::revoke_token),
        delete("/-/user/token/{secret}", npm::tokens::end_secret),
        put("/-/user/{user}", npm::account::refuse_password),
        read("/-/package/{name:@[^/%]+/[^/]+|[^/]+}/dist-tags", npm::tags::list_tags),
        put("/-/package/{name:@[^/%]+/[^/]+|[^/]+}/dist-tags/{tag}", npm::tags::set_tag),
        delete("/-/package/{name:@[^/%]+/[^/]+|[^/]+}/dist-tags/{tag}", npm::tags::remove_tag),
        read("/{name:@[^/%]+/[^/]+|[^/]+}", npm::packument::show_package),
        put("/{name:@[^/%]+/[^/]+|[^/]+}", npm::publish::put_package),
        put("/{name:@[^/%]+/[^/]+|[^/]+}/-rev/{revision}", npm::change::unpublish_versions),
        delete("/{name:@[^/%]+/[^/]+|[^/]+}/-rev/{revision}", npm::change::unpublish_package),
        read("/{name:@[^/%]+/[^/]+|[^/]+}/-/{file:@[^/%]+/[^/]+|[^/]+}", npm::download::download_tarball),
        delete("/{name:@[^/%]+/[^/]+|[^/]+}/-/{file:@[^/%]+/[^/]+|[^/]+}/-rev/{revision}", npm::change::delete_tarball),
        read("/{name:@[^/%]+/[^/]+|[^/]+}/{version}", npm::packument::show_release),
    ]
}

/// For container registries, their clients, and the proxies before them.
fn containers() -> Vec<Line> {
    vec![
        read("/container/token", container::token::issue_token),
        post("/container/token", container::token::issue_token),
        read("/container/certificate.pem", container::keys::show_certificates),
        read("/container/jwks.json", container::keys::show_key_set),
        post("/container/notifications", container::notifications::take_notifications),
        read("/auth/forward", container::forward::check_forwarded_request),
    ]
}

/// Below no session and no check of where a form comes from: mail programs press this button by themselves.
fn mail_programs() -> Vec<Line> {
    vec![
        read("/unsubscribe", account::unsubscribe::ask_unsubscribe),
        post("/unsubscribe", account::unsubscribe::unsubscribe),
    ]
}

/// For people in a browser.
fn pages() -> Vec<Line> {
    vec![
        get("/", portal::landing::show_landing),
        get("/guide", portal::guide::show_guide),
        get("/api/docs", portal::api_docs::show_api_docs),
        // Accounts
        get("/setup", account::setup::show_setup),
        post("/setup", account::setup::set_up_host),
        get("/sign-up", account::sign_up::show_sign_up),
        post("/sign-up", account::sign_up::sign_up),
        get("/sign-in", account::sign_in::show_sign_in),
        post("/sign-in", account::sign_in::sign_in),
        get("/forgot", account::forgot::show_forgot),
        post("/forgot", account::forgot::request_reset),
        get("/confirm", account::confirm::show_confirm),
        post("/confirm", account::confirm::confirm_link),
        get("/reset", account::reset::show_reset),
        post("/reset", account::reset::reset_password),
        post("/sign-out", account::sign_out::sign_out),
        get("/settings/password", account::password::show_password),
        post("/settings/password", account::password::change_password),
        get("/settings/refusals", tokens::refusals::list_refusals),
        get("/settings/profile", account::profile::show_profile),
        post("/settings/profile", account::profile::change_profile),
        post("/settings/profile/address", account::address::change_address),
        post("/settings/profile/address/withdraw", account::address::withdraw_address),
        post("/settings/profile/confirm", account::address::send_confirmation),
        get("/settings/security-log", account::security_log::show_security_log),
        get("/settings/security-log.csv", account::security_log::download_security_log),
        get("/settings/sessions", account::sessions::list_sessions),
        post("/settings/sessions/end-others", account::sessions::end_other_sessions),
        post("/settings/sessions/{name}/end", account::sessions::end_session),
        post("/settings/devices/{id}/forget", account::devices::forget_device),
        get("/settings/invitations", account::invitations::list_invitations),
        post("/settings/invitations/{id}/accept", account::invitations::accept_invitation),
        post("/settings/invitations/{id}/decline", account::invitations::decline_invitation),
        get("/settings/notifications", account::notifications::show_notifications),
        post("/settings/notifications", account::notifications::change_notifications),
        get("/settings/npm-login/{feed}/{code}", packages::npm::login::ask_login),
        post("/settings/npm-login/{feed}/{code}", packages::npm::login::confirm_login),
        get("/settings/calendar", calendar::show_calendar),
        post("/settings/calendar", calendar::create_calendar_link),
        post("/settings/calendar/end", calendar::end_calendar_link),
        // Access tokens
        get("/settings/tokens", tokens::list::list_tokens),
        post("/settings/tokens", tokens::create::create_token),
        get("/settings/tokens/new", tokens::create::show_create_token),
        get("/settings/tokens/selected", tokens::bulk::ask_bulk_change),
        post("/settings/tokens/selected", tokens::bulk::change_selected_tokens),
        post("/settings/tokens/dismiss", tokens::dismiss::dismiss_expired_tokens),
        get("/settings/tokens/freeze", tokens::freeze::ask_freeze),
        post("/settings/tokens/freeze", tokens::freeze::freeze_tokens),
        get("/settings/tokens/unfreeze", tokens::freeze::ask_unfreeze),
        post("/settings/tokens/unfreeze", tokens::freeze::unfreeze_tokens),
        post("/settings/tokens/preview", tokens::preview::preview_patterns),
        get("/settings/tokens/{id}", tokens::show::show_token),
        post("/settings/tokens/{id}/try", tokens::try_it::check_access),
        get("/settings/tokens/{id}/add", tokens::add::ask_addition),
        post("/settings/tokens/{id}/add", tokens::add::add_to_token),
        get("/settings/tokens/{id}/narrow", tokens::narrow::show_narrow),
        post("/settings/tokens/{id}/narrow", tokens::narrow::narrow_token),
        post("/settings/tokens/{id}/dismiss", tokens::dismiss::dismiss_expired_token),
        get("/settings/tokens/{id}/symbols", tokens::symbols::show_symbols_address),
        post("/settings/tokens/{id}/symbols", tokens::symbols::create_symbols_address),
        post("/settings/tokens/{id}/symbols/end", tokens::symbols::end_symbols_address),
        get("/settings/tokens/{id}/record", tokens::history::show_history),
        get("/settings/tokens/{id}/clients", tokens::activity::list_clients),
        get("/settings/tokens/{id}/versions", tokens::published::list_versions),
        get("/settings/tokens/{id}/duplicate", tokens::create::duplicate_token),
        get("/settings/tokens/{id}/edit", tokens::edit::show_edit_token),
        post("/settings/tokens/{id}/edit", tokens::edit::edit_token),
        get("/settings/tokens/{id}/refresh", tokens::refresh::ask_refresh),
        post("/settings/tokens/{id}/refresh", tokens::refresh::refresh_token),
        get("/settings/tokens/{id}/deactivate", tokens::deactivate::ask_deactivate),
        post("/settings/tokens/{id}/deactivate", tokens::deactivate::deactivate_token),
        get("/settings/tokens/{id}/reactivate", tokens::reactivate::ask_reactivate),
        post("/settings/tokens/{id}/reactivate", tokens::reactivate::reactivate_token),
        get("/settings/tokens/{id}/revoke", tokens::revoke::ask_revoke),
        post("/settings/tokens/{id}/revoke", tokens::revoke::revoke_token),
        get("/settings/tokens/{id}/delete", tokens::delete::ask_delete),
        post("/settings/tokens/{id}/delete", tokens::delete::delete_token),
        // Packages and feeds
        get("/packages", packages::list::list_packages),
        get("/feeds", feeds::list::list_feeds),
        get("/feeds/{feed}", feeds::show::show_feed),
        get("/feeds/{feed}/access", feeds::access::show_access),
        post("/feeds/{feed}/access", feeds::access::change_access),
        get("/feeds/{feed}/members", feeds::members::list_members),
        post("/feeds/{feed}/members", feeds::members::add_member),
        get("/feeds/{feed}/members/{account}", feeds::members::show_member),
        post("/feeds/{feed}/members/{account}", feeds::members::change_member),
        post("/feeds/{feed}/invitations/{id}/withdraw", feeds::members::withdraw_invitation),
        get("/feeds/{feed}/packages/{kind:nuget}/{id}", packages::nuget::show::show_package),
        get("/feeds/{feed}/packages/{kind:npm}/{id:@[^/%]+/[^/]+|[^/]+}", packages::npm::show::show_package),
        get(
            "/feeds/{feed}/packages/{kind:container}/{name:.+}/-/{tag}/remove",
            packages::container::remove::ask_remove_tag,
        ),
        post(
            "/feeds/{feed}/packages/{kind:container}/{name:.+}/-/{tag}/remove",
            packages::container::remove::remove_tag,
        ),
        get("/feeds/{feed}/packages/{kind:container}/{name:.+}/-/{tag}", packages::container::tag::show_tag),
        get("/feeds/{feed}/packages/{kind:container}/{name:.+}", packages::container::show::show_repository),
        get("/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners", packages::owners::list_owners),
        post("/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners", packages::owners::add_owner),
        get(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners/{account}",
            packages::owners::ask_remove_owner,
        ),
        post(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners/{account}",
            packages::owners::remove_owner,
        ),
        post(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/invitations/{invitation}/withdraw",
            packages::owners::withdraw_invitation,
        ),
        get(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/deprecation",
            packages::deprecation::ask_deprecation,
        ),
        post(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/deprecation",
            packages::deprecation::deprecate_versions,
        ),
        post(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/deprecation/lift",
            packages::deprecation::lift_deprecation,
        ),
        get("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}", packages::nuget::version::show_version),
        get(
            "/feeds/{feed}/packages/{kind:npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/{version}",
            packages::npm::version::show_version,
        ),
        get(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/{version}/readme",
            packages::readme::show_readme_source,
        ),
        get("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/unlist", packages::listing::ask_unlist_version),
        post("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/unlist", packages::listing::unlist_version),
        get("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/relist", packages::listing::ask_relist_version),
        post("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/relist", packages::listing::relist_version),
        get(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/{version}/remove",
            packages::remove::ask_remove_version,
        ),
        post(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/{version}/remove",
            packages::remove::remove_version,
        ),
    ]
}

/// Pages that moved: their addresses before December 2026.
fn moved_pages() -> Vec<Line> {
    vec![
        moved("/feeds/{feed}/packages/{id}", packages::moved::redirect_package_page),
        moved("/feeds/{feed}/packages/{id}/{part}", packages::moved::redirect_package_page),
        moved("/feeds/{feed}/packages/{id}/owners/{account}", packages::moved::redirect_package_page),
        moved("/feeds/{feed}/packages/{id}/invitations/{invitation}/withdraw", packages::moved::redirect_package_page),
        moved(
            "/feeds/{feed}/packages/{id}/{version}/{verb:unlist|relist|remove}",
            packages::moved::redirect_package_page,
        ),
    ]
}

/// For operators, below `/operator`.
fn operator_pages() -> Vec<Line> {
    vec![
        get("", operator::overview::show_overview),
        get("/accounts", operator::accounts::list_accounts),
        get("/accounts/new", operator::people::show_add_person),
        post("/accounts/new", operator::people::add_person),
        get("/accounts/import", operator::people::show_add_people),
        post("/accounts/import", operator::people::add_people),
        get("/accounts/invitations", operator::invitations::list_invitations),
        get("/accounts/invitations/{id}/{verb:resend|withdraw}", operator::invitations::ask_invitation_change),
        post("/accounts/invitations/{id}/{verb:resend|withdraw}", operator::invitations::change_invitation),
        get("/accounts/{id}", operator::account::show_account),
        get(
            "/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}",
            operator::account_status::ask_account_status,
        ),
        post(
            "/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}",
            operator::account_status::change_account_status,
        ),
        get("/accounts/{id}/delete", operator::delete_account::ask_delete_account),
        post("/accounts/{id}/delete", operator::delete_account::delete_account),
        get("/accounts/{id}/password", operator::password_link::ask_password_link),
        post("/accounts/{id}/password", operator::password_link::create_password_link),
        get("/tokens", operator::tokens::list_tokens),
        get("/tokens/export", operator::tokens::export_tokens),
        get("/tokens/find", operator::find_token::show_find_token),
        post("/tokens/find", operator::find_token::find_token),
        get("/tokens/selected", operator::bulk_tokens::ask_bulk_change),
        post("/tokens/selected", operator::bulk_tokens::change_selected_tokens),
        get("/tokens/{id}", operator::token::show_token),
        get("/tokens/{id}/revoke", operator::token::ask_revoke_token),
        post("/tokens/{id}/revoke", operator::token::revoke_token),
        get("/tokens/{id}/deactivate", operator::token::ask_deactivate_token),
        post("/tokens/{id}/deactivate", operator::token::deactivate_token),
        get("/events", operator::events::list_events),
        get("/feeds", operator::feeds::list_feeds),
        post("/feeds", operator::feeds::add_feed),
        get("/jobs", operator::jobs::list_jobs),
        get("/mail", operator::mail::list_mail),
        get("/mail/{id}/{verb:retry|drop}", operator::mail::ask_mail_change),
        post("/mail/{id}/{verb:retry|drop}", operator::mail::change_mail),
        get("/feeds/new", operator::feeds::show_add_feed),
        get("/feeds/{feed}/delete", operator::feeds::ask_delete_feed),
        post("/feeds/{feed}/delete", operator::feeds::delete_feed),
    ]
}
