//! `GET tokens/current`: what a live token is, told to whoever holds it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::{
    problem::{Answer, Problem},
    query::Query,
    request::{ApiRequest, rfc3339},
};
use crate::{
    app::App,
    tokens::{Feeds, State, Token, state::state},
};

/// The handler.
pub async fn show_current_token(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let known = request.admit()?;
    Query::of(&req, &[])?;
    let token = &known.token;
    let document = json!({
        "id": token.id.to_string(),
        "name": token.settings.name,
        "hint": token.hint,
        "state": if state(token, request.now()) == State::ExpiresSoon { "expires soon" } else { "active" },
        "account": known.username,
        "permissions": token.settings.permissions.iter().map(|permission| permission.scope()).collect::<Vec<_>>(),
        "patterns": token.settings.patterns.iter().collect::<Vec<_>>(),
        "feeds": feeds(&app, token).await?,
        "expires_at": token.end().map(rfc3339),
        "warn_from": token.warn_from().map(rfc3339),
    });
    Ok(HttpResponse::Ok().json(document))
}

/// The covered feeds by name, `*` for all; those the account has lost its role in are left out.
async fn feeds(app: &App, token: &Token) -> Result<Vec<String>, Problem> {
    let Feeds::Some(_) = &token.settings.feeds else { return Ok(vec!["*".to_owned()]) };
    let memberships = app.store.feeds_of(token.account).await?;
    let covered = memberships.into_iter().filter(|membership| token.settings.feeds.cover(Some(membership.feed.id)));
    Ok(covered.map(|membership| membership.feed.name).collect())
}
