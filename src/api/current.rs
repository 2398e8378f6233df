//! `GET tokens/current`: what a live token is, told to whoever holds it.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    problem::{Answer, ProblemDocument},
    query::Query,
    request::ApiRequest,
    tokens::TokenDocument,
};
use crate::app::App;

/// Show the token that asks
///
/// Any live token may ask this, whatever its permissions.
#[utoipa::path(
    get,
    path = "/tokens/current",
    tag = "The token that asks",
    responses((status = 200, body = TokenDocument), (status = "4XX", body = ProblemDocument))
)]
pub async fn show_current_token(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let known = request.admit()?;
    Query::of(&req, &[])?;
    let memberships = app.store.feeds_of(known.token.account).await?;
    Ok(HttpResponse::Ok().json(TokenDocument::new(&known.token, known, &memberships, request.now())))
}
