//! `GET tokens/current/can`: whether the token could do something now, and if not, why.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    problem::{Answer, Problem, ProblemDocument},
    query::Query,
    request::{ApiRequest, rfc3339},
};
use crate::{app::App, auth::AccessCheck, tokens::is_feed_name};

/// What a token may do.
#[derive(Serialize, ToSchema)]
pub struct Access {
    /// Whether it may.
    allowed: bool,
    /// If not, which rule failed.
    reason: Option<&'static str>,
    /// The same in a sentence that says how to mend it.
    message: String,
    /// When the token ends; null for never.
    expires_at: Option<String>,
}

/// Ask what the token that asks may do
///
/// Any live token may ask this. Nothing is done, and it is not counted as a use.
#[utoipa::path(
    get,
    path = "/tokens/current/can",
    tag = "The token that asks",
    params(
        ("action" = String, Query, description = "Such as nuget:push"),
        ("package" = Option<String>, Query, description = "Its name"),
        ("feed" = Option<String>, Query, description = "Its name; main if left out")
    ),
    responses((status = 200, body = Access), (status = "4XX", body = ProblemDocument))
)]
pub async fn check_access(req: HttpRequest, app: web::Data<App>) -> Answer {
    let feed = Query::of(&req, &["action", "package", "feed"]).ok();
    let feed = feed.as_ref().map_or("main", feed_of);
    let request = ApiRequest::of(&req, &app, feed).await.map_err(Problem::about_can)?;
    let known = request.admit_to_ask().map_err(Problem::about_can)?;
    let query = Query::of(&req, &["action", "package", "feed"])?;
    let question = question(&query)?;
    let ask = question.ask(known, question.facts(&app.store, known).await?, app.settings.served_kinds());
    let (reason, message) = match request.would_allow(&ask) {
        Ok(_) => (None, format!("{} may do this.", known.token.called())),
        Err(refusal) => (Some(refusal.reason.as_str()), refusal.sentence),
    };
    let (allowed, expires_at) = (reason.is_none(), known.token.end().map(rfc3339));
    Ok(HttpResponse::Ok().json(Access { allowed, reason, message, expires_at }))
}

/// The asked feed; `main` where none is named, and where the name is none.
fn feed_of(query: &Query) -> &str {
    query.get("feed").filter(|name| is_feed_name(name)).unwrap_or("main")
}

fn question(query: &Query) -> Result<AccessCheck<'_>, Problem> {
    let scope = query.get("action").ok_or_else(|| Problem::bad("Name an action, such as action=nuget:push."))?;
    let question = AccessCheck::parse(scope, query.get("feed").unwrap_or("main"), query.get("package"));
    question.map_err(|error| Problem::bad(error.to_string()))
}
