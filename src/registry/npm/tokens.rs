//! `npm token list`, `npm token revoke` and `npm logout`: a key shows and ends itself, and no other one.

use actix_web::{HttpRequest, http::StatusCode, web};
use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::{
    request::NpmRequest,
    response::{Answer, NpmError},
};
use crate::{
    app::App,
    auth::Caller,
    store::Made,
    tokens::{
        Secret, Token, TokenLookup,
        act::{CannotAct, TokenAct},
        decision::Action,
    },
};

/// `GET -/npm/v1/tokens`
pub async fn list_tokens(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let caller = request.caller().await?;
    let known = live(&request, &caller)?;
    request.json(Some(&known.token), &json!({ "objects": [described(&known.token)], "total": 1, "urls": {} }))
}

/// `POST -/npm/v1/tokens`
pub async fn refuse_token() -> Answer {
    let sentence = "Create access tokens in a browser, under Settings, Access Tokens.";
    Err(NpmError::new(StatusCode::FORBIDDEN, "Tokens are created in a browser", sentence))
}

/// `DELETE -/npm/v1/tokens/token/{key}`
pub async fn revoke_token(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let caller = request.caller().await?;
    let known = live(&request, &caller)?;
    if known.token.id.to_string() != request.part("key") {
        return Err(only_itself());
    }
    revoke(&request, &caller, known).await
}

/// `DELETE -/user/token/{secret}`: the secret in the address is the one that is presented. The log shows none of it.
pub async fn end_secret(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let caller = request.caller().await?;
    let known = live(&request, &caller)?;
    let named = Secret::parse(&request.part("secret")).map(|secret| secret.hash());
    let found = match named {
        Some(hash) => app.store.lookup_token(hash, request.feed).await?,
        None => None,
    };
    if found.is_none_or(|found| found.token.id != known.token.id || found.replaced_at.is_some()) {
        return Err(only_itself());
    }
    revoke(&request, &caller, known).await
}

fn live<'c>(request: &NpmRequest<'_>, caller: &'c Caller) -> Result<&'c TokenLookup, NpmError> {
    if caller.password_reader().is_some() {
        let sentence = "A password is no access token. Look at your tokens under Settings, Access Tokens.";
        return Err(NpmError::new(StatusCode::FORBIDDEN, "Not with a password", sentence));
    }
    let known = caller.admit(request.now());
    known.map_err(|refusal| NpmError::of(refusal, Action::Look, request.app.settings.public_url.host()))
}

fn only_itself() -> NpmError {
    let sentence = "An access token can end itself here, and no other one. End others under Settings, Access Tokens.";
    NpmError::new(StatusCode::FORBIDDEN, "Not this token", sentence)
}

async fn revoke(request: &NpmRequest<'_>, caller: &Caller, known: &TokenLookup) -> Answer {
    TokenAct::Revoke.check(&known.token, request.now()).map_err(cannot)?;
    request.app.store.revoke_token(&known.token, Made::Too, &caller.actor(known), request.now()).await?;
    request.json(None, &json!({ "ok": true }))
}

fn cannot(why: CannotAct) -> NpmError {
    NpmError::new(StatusCode::FORBIDDEN, "This token cannot be revoked", format!("{why} {}", why.advice()))
}

/// A token as npm prints it.
fn described(token: &Token) -> Value {
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let is_readonly = !token.settings.permissions.iter().any(|permission| permission.changes_packages());
    json!({
        "key": token.id.to_string(),
        "token": token.hint,
        "name": token.settings.name,
        "created": time(token.created_at),
        "updated": token.issued_at.map(time),
        "expiry": token.settings.expires_at.map(time),
        "readonly": is_readonly,
        "automation": false,
        "cidr_whitelist": null,
    })
}
