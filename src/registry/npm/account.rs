//! What clients ask about whoever they are used by.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{
    request::NpmRequest,
    response::{Answer, NpmError},
};
use crate::{app::App, tokens::decision::Action};

/// `GET -/ping`
pub async fn ping(req: HttpRequest, app: web::Data<App>) -> Answer {
    NpmRequest::of(&req, &app)?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// `GET -/whoami`: the account of a live key, whatever that key may do.
pub async fn show_account(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let caller = request.caller().await?;
    let known = caller.admit(request.now());
    let known = known.map_err(|refusal| NpmError::of(refusal, Action::Look, app.settings.public_url.host()))?;
    request.json(Some(&known.token), &json!({ "username": known.username }))
}

/// `PUT -/user/{user}`: signing in with a password at a terminal, which is not served. What was sent is not read.
pub async fn refuse_password() -> Answer {
    let sentence = "This registry takes no passwords. Create an access token under Settings, Access Tokens, and put it into .npmrc as _authToken of this registry.";
    Err(NpmError::new(StatusCode::UNAUTHORIZED, "No passwords here", sentence))
}
