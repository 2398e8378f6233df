//! Addresses that are nearly those of a feed. Slashes too many are taken; who asks where no feed is, is told where one is.
//! What is said follows from the asked address alone, so that it tells nothing about which feeds there are.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode, Uri,
        header::{HeaderMap, USER_AGENT},
        uri::PathAndQuery,
    },
    middleware::Next,
    web::Data,
};

use super::response::{Answer, NuGetError};
use crate::{app::App, tokens::is_feed_name};

/// Headers that only NuGet clients send.
const OF_CLIENTS: [&str; 4] =
    ["x-nuget-apikey", "x-nuget-client-version", "x-nuget-protocol-version", "x-nuget-session-id"];
/// The reason phrase where another feed than `main` is meant.
const OF_A_FEED: &str = "This is not a NuGet source: those of feeds end in /nuget/v3/index.json";
/// First words of addresses of pages; what follows may be anybody's name.
const PAGES: [&str; 4] = ["feeds", "operator", "packages", "settings"];

/// Wraps every address: a feed's with slashes too many becomes the one that is meant. Sources are put together from parts
/// that end and begin with slashes, and some clients add one of their own.
pub async fn take_slashes<B: MessageBody>(mut req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let public = req.app_data::<Data<App>>().map_or("", |app| app.settings.public_url.path());
    if let Some(meant) = without_slashes(req.uri(), public) {
        req.match_info_mut().get_mut().update(&meant);
        req.head_mut().uri = meant;
    }
    next.call(req).await
}

/// The address of a feed without slashes too many; none if it has none, or is no feed's.
fn without_slashes(uri: &Uri, public: &str) -> Option<Uri> {
    let path = uri.path().strip_prefix(public)?;
    if !path.contains("//") && !path.ends_with('/') {
        return None;
    }
    let segments: Vec<&str> = segments(path).collect();
    let is_of_a_feed = matches!(segments.as_slice(), ["v3" | "symbols", ..] | ["feeds", _, "nuget" | "symbols", ..]);
    let meant = format!("{public}/{}", segments.join("/"));
    if !is_of_a_feed || meant == uri.path() {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{meant}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Wraps the pages: a client that looks for a feed there is told where one is.
pub async fn tell_the_source<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let app = req.app_data::<Data<App>>().cloned().expect("the server is built with an App");
    let path = req.path().strip_prefix(app.settings.public_url.path()).unwrap_or_default();
    if is_from_a_client(req.headers()) || is_meant_for_a_feed(path) {
        let with_expiry_warning = no_source(&app, path).error_response();
        return Ok(req.into_response(with_expiry_warning).map_into_right_body());
    }
    Ok(next.call(req).await?.map_into_left_body())
}

/// Any address below a feed's that is none.
pub async fn no_address(req: HttpRequest, app: Data<App>) -> Answer {
    Err(no_source(&app, req.path()))
}

/// Any address outside the public path.
pub async fn outside(req: HttpRequest, app: Data<App>) -> Answer {
    if is_from_a_client(req.headers()) || is_meant_for_a_feed(req.path()) {
        return Err(no_source(&app, req.path()));
    }
    Ok(HttpResponse::NotFound().finish())
}

/// 404 with the source that is likely to be meant.
pub(super) fn no_source(app: &App, path: &str) -> NuGetError {
    let public = &app.settings.public_url;
    let of = |feed: &str| public.of(&format!("/feeds/{feed}/nuget/v3/index.json"));
    let main = public.of("/v3/index.json");
    let (phrase, use_this) = match feed_meant(path).as_deref() {
        Some("main") => (of_main(&main), format!("Use {main} as the source.")),
        Some(feed) => (OF_A_FEED, format!("Use {} as the source.", of(feed))),
        None => {
            let other = of("NAME");
            (of_main(&main), format!("Use {main} as the source; that of another feed than main is {other}."))
        }
    };
    NuGetError::new(StatusCode::NOT_FOUND, phrase, format!("This is not a NuGet source. {use_this}"))
}

/// The reason phrase where `main` is meant; clients show nothing of an answer but that. The server takes fixed texts alone,
/// so one is made for each public address and lives as long as the process.
fn of_main(index: &str) -> &'static str {
    static PHRASES: Mutex<BTreeMap<String, &str>> = Mutex::new(BTreeMap::new());
    let mut phrases = PHRASES.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || &*format!("This is not a NuGet source. Use {index} as the source").leak();
    phrases.entry(index.to_owned()).or_insert_with(make)
}

fn is_from_a_client(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).map(|agent| agent.as_bytes().to_ascii_lowercase()).unwrap_or_default();
    let is_named = |name: &[u8]| agent.windows(name.len()).any(|window| window == name);
    OF_CLIENTS.iter().any(|name| headers.contains_key(*name)) || is_named(b"nuget") || is_named(b"paket")
}

/// Whether an address, which is none, is one that clients ask of a source, or a source of other hosts.
fn is_meant_for_a_feed(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let segments: Vec<&str> = segments(&path).collect();
    match segments.as_slice() {
        // A package may be called anything.
        ["feeds", _, "packages", ..] => false,
        [.., last] if asks_a_source(last) => true,
        ["nuget" | "v2" | "v3", ..] | ["api", "v2" | "v3" | "nuget", ..] => true,
        ["feeds" | "feed", _, "nuget" | "v2" | "v3" | "api", ..] => true,
        [first, "nuget", ..] => !PAGES.contains(first),
        _ => false,
    }
}

/// The last word of a service index, or of a question in the protocol that NuGet spoke before.
fn asks_a_source(last: &str) -> bool {
    let questions = ["findpackagesbyid(", "packages(", "search(", "getupdates("];
    matches!(last, "index.json" | "$metadata") || questions.iter().any(|question| last.starts_with(question))
}

/// The feed that an address names, whether or not there is one.
fn feed_meant(path: &str) -> Option<String> {
    let path = path.to_ascii_lowercase();
    let segments: Vec<&str> = segments(&path).collect();
    let after = |words: &[&str]| segments.iter().position(|word| words.contains(word)).map(|at| at + 1);
    let before_nuget = || segments.iter().position(|word| *word == "nuget")?.checked_sub(1);
    let is_fixed =
        |word: &str| matches!(word, "api" | "v1" | "v2" | "v3" | "nuget" | "packages" | "package" | "index.json");
    let is_a_name = |at: usize| {
        let name = segments.get(at).filter(|name| is_feed_name(name) && !is_fixed(name))?;
        Some((*name).to_owned())
    };
    // What clients ask below `/nuget` begins with the id of a package.
    let ends_there = |at: &usize| segments.get(at + 1).is_none_or(|next| is_fixed(next));
    after(&["feeds", "feed"])
        .and_then(is_a_name)
        .or_else(|| before_nuget().and_then(is_a_name))
        .or_else(|| after(&["nuget"]).filter(ends_there).and_then(is_a_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str, public: &str) -> Option<String> {
        without_slashes(&text.parse().unwrap(), public).map(|uri| uri.to_string())
    }

    #[test]
    fn slashes_too_many_are_taken_out_of_a_feeds_addresses_and_of_no_others() {
        for (asked, expected) in [
            ("/v3/index.json/", "/v3/index.json"),
            ("//v3//index.json", "/v3/index.json"),
            ("/v3/autocomplete/?q=a//b", "/v3/autocomplete?q=a//b"),
            ("/v3/package//", "/v3/package"),
            ("/v3/", "/v3"),
            ("/symbols//a.pdb/0//a.pdb", "/symbols/a.pdb/0/a.pdb"),
            ("/feeds/team/symbols//a.pdb/0/a.pdb", "/feeds/team/symbols/a.pdb/0/a.pdb"),
            ("/feeds//team/nuget/v3//flat//a/index.json", "/feeds/team/nuget/v3/flat/a/index.json"),
        ] {
            assert_eq!(meant(asked, "").as_deref(), Some(expected), "{asked}");
            assert_eq!(meant(&format!("/keys{asked}"), "/keys"), Some(format!("/keys{expected}")), "{asked}");
        }
        for asked in
            ["/v3/index.json", "/feeds/team/", "/settings//tokens", "/v3/query?q=//", "/", "//", "/api/v1/packages/"]
        {
            assert_eq!(meant(asked, ""), None, "{asked}");
        }
        assert_eq!(meant("/v3//index.json", "/keys"), None);
    }

    #[test]
    fn the_feed_that_a_wrong_address_names_is_told_whatever_its_form() {
        for (path, feed) in [
            ("/feeds/team", Some("team")),
            ("/feeds/team/nuget", Some("team")),
            ("/feeds/Team/v3/index.json", Some("team")),
            ("/feeds/team/nuget/api/v2/package/", Some("team")),
            ("/nuget/team/v3/index.json", Some("team")),
            ("/api/packages/team/nuget/index.json", Some("team")),
            ("/team/nuget/v3/index.json", Some("team")),
            ("/nuget/v3/index.json", None),
            ("/nuget/Contoso.Core/1.0.0", None),
            ("/feeds/team/nuget/Contoso.Core/1.0.0", Some("team")),
            ("/nuget", None),
            ("/", None),
            ("/api/v2/package", None),
            ("/V3/index.json", None),
            ("/feeds/a..b/nuget", None),
            ("/feeds/lk_/nuget", None),
        ] {
            assert_eq!(feed_meant(path).as_deref(), feed, "{path}");
        }
    }

    #[test]
    fn addresses_of_pages_and_files_are_not_taken_for_sources() {
        for path in [
            "/",
            "/feeds/nuget",
            "/feeds/v3",
            "/feeds/main/packages/NuGet",
            "/feeds/main/packages/index.json",
            "/feeds/main/packages/a/owners/b",
            "/feeds/main/packages/nuget/index.json",
            "/feeds/main/packages/nuget/NuGet/-/1.0.0",
            "/operator/feeds/nuget/delete",
            "/settings/tokens",
            "/guide",
            "/packages",
        ] {
            assert!(!is_meant_for_a_feed(path), "{path}");
        }
        for path in [
            "/nuget",
            "/index.json",
            "/V3/index.json",
            "/nuget/v3/index.json",
            "/api/v2",
            "/api/v2/package/",
            "/api/v3/index.json",
            "/feeds/main/nuget",
            "/feeds/main/index.json",
            "/feeds/main/FindPackagesById()",
            "/Packages(Id='A',Version='1.0.0')",
            "/$metadata",
            "/main/nuget/v3/index.json",
        ] {
            assert!(is_meant_for_a_feed(path), "{path}");
        }
    }
}
