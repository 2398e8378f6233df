//! The other thing that a proxy asks at `/auth/forward`: whether a key may read some service behind it, such as a folder
//! of files or the read side of another kind of registry. Which permission that takes, and under which name of which
//! feed, the proxy says, in headers of ours that are believed from trusted proxies alone.

use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, HeaderMap},
    web::Data,
};

use super::{
    proxy_headers::{METHODS, one_of},
    refusal::ContainerError,
};
use crate::{
    app::App,
    auth::{Credentials, Key, NotLookedUp, UsageRecorder},
    tokens::{
        Permission, Verb,
        decision::{Action, Ask, Class, Package, Reason},
        is_feed_name, secret,
    },
};

/// Which permission to read it takes, such as `npm:pull`.
const PERMISSION: &str = "x-latchkey-permission";
/// The feed; `main` unless it is said.
const FEED: &str = "x-latchkey-feed";
/// What the service is called among the packages of the feed: patterns of tokens are held against it.
const PACKAGE: &str = "x-latchkey-package";
/// Characters of the longest name.
const LONGEST: usize = 255;

/// Whether the proxy asks about a service, and not about a registry.
pub(super) fn is_named(headers: &HeaderMap) -> bool {
    [PERMISSION, FEED, PACKAGE].iter().any(|name| headers.contains_key(*name))
}

/// What the proxy says about the service.
struct Service<'r> {
    action: Action,
    feed: &'r str,
    package: &'r str,
}

impl<'r> Service<'r> {
    /// # Errors
    /// What is wrong with the proxy's configuration.
    fn read(headers: &'r HeaderMap) -> Result<Self, ContainerError> {
        let wrong = |what: &str| ContainerError::denied(format!("The proxy has to send {what}."));
        let permission = one_of(headers, &[PERMISSION]).and_then(Permission::parse);
        let kind = permission.filter(|permission| permission.verb() == Some(Verb::Pull)).and_then(Permission::kind);
        let kind = kind.ok_or_else(|| wrong("X-Latchkey-Permission with a permission to read, such as npm:pull"))?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/@".contains(c);
        let package = one_of(headers, &[PACKAGE])
            .filter(|name| (1..=LONGEST).contains(&name.len()) && name.chars().all(is_plain))
            .ok_or_else(|| wrong("X-Latchkey-Package with the name of the service"))?;
        let feed = if headers.contains_key(FEED) { one_of(headers, &[FEED]) } else { Some("main") };
        let feed = feed.filter(|feed| is_feed_name(feed));
        let feed = feed.ok_or_else(|| wrong("the name of a feed in X-Latchkey-Feed, or nothing for main"))?;
        Ok(Self { action: Action::Pull(kind), feed, package })
    }
}

/// Whether the key of this request may read the service.
///
/// # Errors
/// 401 without a live key, 403 for everything else.
pub(super) async fn check(req: &HttpRequest, app: &Data<App>) -> Result<(), ContainerError> {
    let peer = req.peer_addr().map(|peer| peer.ip().to_canonical());
    if !peer.is_some_and(|peer| app.settings.trusted_proxies.iter().any(|network| network.contains(&peer))) {
        return Err(ContainerError::denied("This proxy is not among the trusted ones of LATCHKEY_TRUSTED_PROXIES."));
    }
    let headers = req.headers();
    let service = Service::read(headers)?;
    if !matches!(one_of(headers, &METHODS), Some("GET" | "HEAD")) {
        return Err(ContainerError::denied("This service can only be read."));
    }
    let realm = app.settings.public_url.host();
    let sign_in =
        |sentence: &str| ContainerError::unauthorized(sentence).challenged(format!("Basic realm=\"{realm}\""));
    let Some(key) = key(headers, app).await? else {
        return Err(sign_in("Send an access token of this host, as the password of any username."));
    };
    let recorder = UsageRecorder::of(req, &app.usage_buffer, &app.settings.trusted_proxies);
    let now = app.clock.now();
    let caller = app.password_reads.look_up(&app.store, (key, service.feed), recorder, now).await;
    let caller = caller.map_err(|error| match error {
        NotLookedUp::Store(error) => error.into(),
        // Proxies make a fault of every status but 401 and 403.
        too_many => ContainerError::denied(too_many.to_string()),
    })?;
    let Service { action, feed, package } = service;
    let feed = Some((feed, caller.known().and_then(|known| known.feed)));
    let is_served = action.kind().is_none_or(|kind| app.settings.served_kinds().has(kind));
    let ask = Ask { action, feed, name: Some(package), package: Package::Unknown, is_served };
    match caller.ask(&ask, now) {
        Ok(_) => Ok(()),
        Err(refusal) if refusal.reason == Reason::NotAToken || refusal.reason.class() == Class::NotLive => {
            Err(sign_in(&refusal.sentence))
        }
        Err(refusal) => Err(ContainerError::denied(refusal.sentence)),
    }
}

/// The one key. Cargo sends it alone in `Authorization`, without a scheme.
async fn key(headers: &HeaderMap, app: &Data<App>) -> Result<Option<Key>, ContainerError> {
    let bare = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(text) = bare.filter(|text| text.starts_with(secret::PREFIX)) {
        return match one_of(headers, &["authorization"]) {
            Some(_) => Ok(Some(Key::of_bearer(text))),
            None => Err(ContainerError::unauthorized("Send one credential.")),
        };
    }
    let credentials = Credentials::read(headers)?;
    let in_use = app.legacy.in_use(&app.store, &credentials).await?;
    Ok(credentials.into_key(&in_use)?)
}
