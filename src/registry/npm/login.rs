//! `npm login`: the client shows an address where a person lets it in, and asks until that is done. Nothing is kept before
//! somebody who is signed in has said yes.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, http::header::RETRY_AFTER, web};
use chrono::Duration;
use rand::Rng;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::{
    request::NpmRequest,
    response::{Answer, NpmError},
};
use crate::{
    app::App,
    audit::Actor,
    auth::{client_address, client_name},
    packages::npm::login_code::{LOGINS, LoginCode},
    store::ClientLogin,
    tokens::{Feeds, Issued, Kind, Patterns, Permission, TokenId, TokenSettings, Verb},
};

/// How long the token of a login lives.
const LIFE: Duration = Duration::hours(12);
/// Bytes of the secret that a client asks with.
const SECRET: usize = 32;

/// `POST -/v1/login`: an address for the person, which holds the hash of the secret, and one for the client, which holds the
/// secret.
pub async fn begin_login(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let mut secret = [0; SECRET];
    crate::random::system().fill_bytes(&mut secret);
    let secret = hex::encode(secret);
    let seal = app.settings.master.derive(LOGINS);
    let code = LoginCode::of(&secret, request.now()).sealed(&*seal, request.feed);
    let page = format!("/settings/npm-login/{}/{code}", request.feed);
    Ok(HttpResponse::Ok().json(json!({
        "loginUrl": app.settings.public_url.of(&page),
        "doneUrl": format!("{}/-/v1/done?secret={secret}", request.base()),
    })))
}

/// `GET -/v1/done`: the token, once and only to whoever holds the secret; 202 until somebody has said yes.
pub async fn finish_login(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let query: HashMap<String, String> = form_urlencoded::parse(req.query_string().as_bytes()).into_owned().collect();
    let secret = query.get("secret").map_or("", String::as_str);
    let found = app.store.take_client_login(&Sha256::digest(secret), request.feed, request.now()).await?;
    let Some(login) = found else {
        return Ok(HttpResponse::Accepted().insert_header((RETRY_AFTER, "1")).json(json!({})));
    };
    let issued = issue(&request, &req, &login).await?;
    match issued {
        Issued::Secret(secret) => Ok(HttpResponse::Ok().json(json!({ "token": secret.reveal() }))),
        Issued::AlreadyDone(_) | Issued::Stale => Err(NpmError::nothing_here()),
    }
}

async fn issue(request: &NpmRequest<'_>, req: &HttpRequest, login: &ClientLogin) -> Result<Issued, NpmError> {
    let (app, now) = (request.app, request.now());
    let allowed = [Verb::Pull, Verb::Push].map(|verb| Permission::of(Kind::Npm, verb));
    let settings = TokenSettings {
        name: app.store.free_token_name(login.account, "npm login").await?,
        note: format!("Made by npm login for the feed {}.", request.feed),
        permissions: allowed.into_iter().collect(),
        patterns: Patterns::all(),
        feeds: Feeds::Some(vec![login.feed]),
        expires_at: Some(now + LIFE),
    };
    let id = TokenId::generate(now, &mut crate::random::system());
    let token = settings.into_token(id, login.account, now);
    let by = Actor {
        account: Some(login.account),
        token: None,
        address: client_address(req, &app.settings.trusted_proxies).to_string(),
        client: client_name(req),
        session: None,
        key: None,
    };
    Ok(app.store.create_token(token, &id.to_string(), &by, now).await?)
}
