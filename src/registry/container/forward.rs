//! What a proxy in front of a container registry asks at every request (nginx's `auth_request`, Caddy's and Traefik's
//! forward auth): whether the token behind the proof that a client carries may do this now. The registry itself believes
//! a proof until it ends; with this, a revoked key is refused at the next request.
//!
//! The *key* is judged, not what the proof allows: the registry does that, and tells clients what to ask for.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AUTHORIZATION, HeaderMap},
    web::Data,
};

use super::{
    claims::{self, key_behind, reader_behind},
    decide_on,
    proxy_headers::{METHODS, TARGETS, one_of},
    refusal::ContainerError,
    service,
};
use crate::{
    app::App,
    auth::{Caller, Key, PasswordReader, UsageRecorder},
    packages::container::{
        name,
        proof::Claims,
        repository_path::{Wanted, parse},
        scope::Verbs,
    },
    tokens::{
        SecretHash,
        decision::{Class, Reason},
    },
};

/// What is said to whoever shows nothing that is of use.
const SIGN_IN: &str = "Sign in with docker login: any username, and an access token of this host as the password.";

/// `GET /auth/forward`: 200, 401 or 403, and nothing else while the database answers.
///
/// # Errors
/// What the client is to be told instead.
pub async fn check_forwarded_request(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, ContainerError> {
    if service::is_named(req.headers()) {
        service::check(&req, &app).await?;
    } else {
        check_registry_request(&req, &app).await?;
    }
    Ok(HttpResponse::Ok().finish())
}

async fn check_registry_request(req: &HttpRequest, app: &Data<App>) -> Result<(), ContainerError> {
    if app.settings.registry_services.is_empty() {
        return Err(ContainerError::denied("This host serves no containers."));
    }
    let headers = req.headers();
    let wanted = one_of(headers, &METHODS).zip(one_of(headers, &TARGETS));
    let wanted = wanted.and_then(|(method, target)| Some((method, parse(method, target)?)));
    let Some((method, wanted)) = wanted else {
        return Err(ContainerError::denied("The address is not one of a registry, or not in its plain form."));
    };
    if !headers.contains_key(AUTHORIZATION) {
        // The registry sends its own challenge.
        return Ok(());
    }
    let again = |service: Option<&str>, sentence: &str| sign_in_again(app, service, (method, &wanted), sentence);
    let Some(proof) = bearer(headers) else { return Err(again(None, SIGN_IN)) };
    let Some(claims) = claims::verify(app, proof, app.clock.now()).await? else {
        return Err(again(None, "This proof has ended or is not of this host. Try again."));
    };
    match judge(req, app, &claims, &wanted).await? {
        Judgement::May => Ok(()),
        Judgement::SignInAgain(sentence) => Err(again(Some(&claims.aud), &sentence)),
        Judgement::MayNot(sentence) => Err(ContainerError::denied(sentence)),
    }
}

enum Judgement {
    May,
    /// The key is dead, or the layer to mount is not the key's to read: clients then ask for another proof, or upload.
    SignInAgain(String),
    MayNot(String),
}

async fn judge(
    req: &HttpRequest,
    app: &Data<App>,
    claims: &Claims,
    wanted: &Wanted,
) -> Result<Judgement, ContainerError> {
    let asker = match (key_behind(claims), reader_behind(claims)) {
        (Some(key), _) => Asker::Key(key),
        (None, Some(reader)) => Asker::Reader(reader),
        (None, None) => return for_anybody(app, wanted).await,
    };
    match wanted {
        Wanted::Nothing => for_asker(req, app, asker, None).await,
        Wanted::Repository { name, verbs, from } => {
            let first = for_asker(req, app, asker, Some((name, *verbs))).await?;
            match (first, from) {
                (Judgement::May, Some(from)) => {
                    Ok(match for_asker(req, app, asker, Some((from, Verbs::PULL))).await? {
                        Judgement::MayNot(sentence) => Judgement::SignInAgain(sentence),
                        other => other,
                    })
                }
                (first, _) => Ok(first),
            }
        }
    }
}

/// Whoever has shown no key reads public feeds.
async fn for_anybody(app: &App, wanted: &Wanted) -> Result<Judgement, ContainerError> {
    let Wanted::Repository { name, verbs, .. } = wanted else { return Ok(Judgement::May) };
    let feed = name::check(name).ok().filter(|_| *verbs == Verbs::PULL);
    let is_public = match feed {
        Some(feed) => app.store.feed(feed, None).await?.is_some_and(|found| found.feed.is_public),
        None => false,
    };
    Ok(if is_public { Judgement::May } else { Judgement::SignInAgain(SIGN_IN.to_owned()) })
}

/// Whoever got the proof: the holder of a key, or somebody with a password.
#[derive(Clone, Copy)]
enum Asker {
    Key(SecretHash),
    Reader(PasswordReader),
}

/// The token or the account behind the proof, by what is true of it now. Uses are noted where proofs are given; here,
/// refusals are.
async fn for_asker(
    req: &HttpRequest,
    app: &Data<App>,
    asker: Asker,
    wanted: Option<(&str, Verbs)>,
) -> Result<Judgement, ContainerError> {
    let Some(feed) = wanted.map_or(Some(""), |(name, _)| name::check(name).ok()) else {
        return Ok(Judgement::MayNot(name::NEEDS_FEED.to_owned()));
    };
    let recorder = UsageRecorder::of(req, &app.usage_buffer, &app.settings.trusted_proxies);
    let now = app.clock.now();
    let caller = match asker {
        Asker::Key(key) => Caller::look_up(&app.store, Key::proven(key), feed, recorder).await?,
        Asker::Reader(reader) => app.password_reads.caller(&app.store, (Some(reader), feed), recorder, now).await?,
    };
    let Some((name, verbs)) = wanted else {
        let alive = caller.admit_to_ask(now).map(drop);
        return Ok(alive.map_or_else(|refusal| Judgement::SignInAgain(refusal.sentence), |()| Judgement::May));
    };
    let found = caller.known().and_then(|known| known.feed);
    for verb in verbs.each() {
        let ask = decide_on(verb, Some((feed, found)), name);
        if caller.would_allow(&ask, now).is_ok() {
            continue;
        }
        if let Err(refusal) = caller.ask(&ask, now) {
            let is_dead = refusal.reason == Reason::NotAToken || refusal.reason.class() == Class::NotLive;
            let judged = if is_dead { Judgement::SignInAgain } else { Judgement::MayNot };
            return Ok(judged(refusal.sentence));
        }
    }
    Ok(Judgement::May)
}

/// 401 with the registry's challenge. With `error=` clients would lose the sentence; but a HEAD has no body, and there
/// `insufficient_scope` makes podman ask the token service, which tells it.
fn sign_in_again(
    app: &App,
    service: Option<&str>,
    (method, wanted): (&str, &Wanted),
    sentence: &str,
) -> ContainerError {
    let service = service.or_else(|| app.settings.registry_services.first().map(String::as_str)).unwrap_or_default();
    let realm = app.settings.public_url.of("/container/token");
    let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{service}\"");
    if let Wanted::Repository { name, verbs, .. } = wanted {
        challenge.push_str(&format!(",scope=\"repository:{name}:{}\"", verbs.words()));
    }
    if method == "HEAD" {
        challenge.push_str(",error=\"insufficient_scope\"");
    }
    ContainerError::unauthorized(sentence).challenged(challenge)
}

/// The proof, if there is exactly one credential and it is one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = one_of(headers, &["authorization"])?;
    let (scheme, proof) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| proof.trim())
}
