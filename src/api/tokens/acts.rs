//! What is done with a token as a whole: a new key, off and on again, ended, off the list.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Managed,
    create::{confirmed, issued_answer},
    document::{IssuedToken, TokenDocument, answer, etag},
    memberships,
};
use crate::{
    api::{
        body::Body,
        idempotency::RequestName,
        if_match,
        problem::{Answer, FieldProblem, Problem, ProblemDocument},
        query::Query,
        request::ApiRequest,
    },
    app::App,
    store::Made,
    tokens::{Edited, Token, TokenId, TokenLookup, act::TokenAct, expiry::whole_second, lifecycle},
};

/// Longest pause, in days.
const LONGEST_PAUSE: i64 = 365;

/// How a token is refreshed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Refresh {
    /// Whether its lifetime starts again; else its end stays. An expired token has to restart.
    restart: bool,
}

/// How long a token is off.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deactivate {
    /// When it is on again by itself, within a year; left out, when somebody reactivates it.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
}

/// How a token is revoked.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Revoke {
    /// Whether the tokens that it made go on; else they are revoked with it.
    keep_made: bool,
}

/// Refresh a token
///
/// A new secret for the same rights; the old one is refused from the next request on. A token refreshes only what it made.
#[utoipa::path(
    post,
    path = "/tokens/{id}/refresh",
    tag = "Tokens",
    params(
        ("id" = String, Path, description = "Id of the token"),
        ("Idempotency-Key" = Option<String>, Header, description = "Issues no second secret when sent again"),
        ("If-Match" = Option<String>, Header, description = "The ETag it must still have")
    ),
    request_body = Option<Refresh>,
    responses(
        (status = 201, body = IssuedToken, headers(("ETag" = String))),
        (status = 200, body = IssuedToken, description = "Answered before; the secret is null"),
        (status = "4XX", body = ProblemDocument)
    )
)]
pub async fn refresh_token(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let Managed { own, by, token } = Managed::of(&app, &request, &req, TokenAct::Refresh).await?;
    Query::of(&req, &[])?;
    let body = Body::of(payload).await?;
    let sent: Refresh = body.read_or_default(&req)?;
    let fallback = TokenId::generate(request.now(), &mut crate::random::system()).to_string();
    let name = RequestName::of(&req, own, &body, &fallback)?;
    name.is_the_same(&app).await?;
    if token.made_by != Some(own.token.id) {
        return Err(Problem::forbidden("A token refreshes only tokens that it made. Refresh this one in a browser."));
    }
    confirmed(&app, own, &request).await?;
    let refreshed = lifecycle::refresh(&token, sent.restart, request.now(), app.settings.max_token_days)
        .map_err(|refused| Problem::conflict(refused.to_string()))?;
    super::check_covers(own, &refreshed.settings)?;
    if !name.was_answered(&app).await? {
        if_match::check(&req, &etag(&token))?;
    }
    let issued = app.store.refresh_token(refreshed, name.one_time(), &by, request.now()).await?;
    issued_answer(&request, &app, own, token.id, issued).await
}

/// Deactivate a token
///
/// Its key is refused from the next request on, until it is reactivated or its time has come.
#[utoipa::path(
    post,
    path = "/tokens/{id}/deactivate",
    tag = "Tokens",
    params(("id" = String, Path, description = "Id of the token")),
    request_body = Option<Deactivate>,
    responses((status = 200, body = TokenDocument), (status = "4XX", body = ProblemDocument))
)]
pub async fn deactivate_token(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let Managed { own, by, token } = Managed::of(&app, &request, &req, TokenAct::Deactivate).await?;
    Query::of(&req, &[])?;
    let sent: Deactivate = Body::of(payload).await?.read_or_default(&req)?;
    let until = sent.until.as_deref().map(|text| end_of_pause(text, request.now())).transpose()?;
    app.store.pause_token(&token, until, &by, request.now()).await?;
    as_it_is(&request, &app, own, token.id).await
}

/// Reactivate a token
///
/// The same key works again from the next request on.
#[utoipa::path(
    post,
    path = "/tokens/{id}/reactivate",
    tag = "Tokens",
    params(("id" = String, Path, description = "Id of the token")),
    responses((status = 200, body = TokenDocument), (status = "4XX", body = ProblemDocument))
)]
pub async fn reactivate_token(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let Managed { own, by, token } = Managed::of(&app, &request, &req, TokenAct::Reactivate).await?;
    Query::of(&req, &[])?;
    match app.store.reactivate_token(&token, &by, request.now()).await? {
        Edited::Done | Edited::Unchanged => as_it_is(&request, &app, own, token.id).await,
        Edited::Stale => Err(Problem::changed()),
    }
}

/// Revoke a token
///
/// Its key is refused from the next request on, for good, and so are those of the tokens that it made.
#[utoipa::path(
    post,
    path = "/tokens/{id}/revoke",
    tag = "Tokens",
    params(("id" = String, Path, description = "Id of the token")),
    request_body = Option<Revoke>,
    responses((status = 200, body = TokenDocument), (status = "4XX", body = ProblemDocument))
)]
pub async fn revoke_token(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let Managed { own, by, token } = Managed::of(&app, &request, &req, TokenAct::Revoke).await?;
    Query::of(&req, &[])?;
    let sent: Revoke = Body::of(payload).await?.read_or_default(&req)?;
    let made = if sent.keep_made { Made::Kept } else { Made::Too };
    app.store.revoke_token(&token, made, &by, request.now()).await?;
    as_it_is(&request, &app, own, token.id).await
}

/// Delete a token
///
/// Its key is refused from the next request on, and it is gone from the list; so are the keys of the tokens that it made
/// refused.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "Tokens",
    params(
        ("id" = String, Path, description = "Id of the token"),
        ("If-Match" = Option<String>, Header, description = "The ETag it must still have")
    ),
    responses((status = 204, description = "Gone"), (status = "4XX", body = ProblemDocument))
)]
pub async fn delete_token(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let Managed { by, token, .. } = Managed::of(&app, &request, &req, TokenAct::Delete).await?;
    Query::of(&req, &[])?;
    if_match::check(&req, &etag(&token))?;
    app.store.delete_token(&token, &by, request.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The answer to a change: the token as it is now.
async fn as_it_is(request: &ApiRequest<'_>, app: &App, own: &TokenLookup, id: TokenId) -> Answer {
    let token: Token = app.store.token_of(own.token.account, id).await?.ok_or_else(Problem::not_found)?;
    let document = TokenDocument::new(&token, own, &memberships(app, own).await?, request.now());
    Ok(answer(HttpResponse::Ok(), &token, &document))
}

fn end_of_pause(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let until = DateTime::parse_from_rfc3339(text).ok().map(|until| whole_second(until.to_utc()));
    let furthest = now + chrono::Duration::days(LONGEST_PAUSE);
    until.filter(|until| *until > now && *until <= furthest).ok_or_else(|| {
        let detail = "Give a time within the next year, such as 2027-02-21T08:00:00Z.".to_owned();
        Problem::invalid(vec![FieldProblem { pointer: "#/until".to_owned(), detail }])
    })
}
