//! Editing a token: its key stays the same, permissions only shrink, the end only comes nearer.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    Managed, check_covers,
    document::{TokenDocument, answer},
    invalid, memberships, rules,
    sent::TokenChanges,
};
use crate::{
    api::{
        body::Body,
        if_match,
        problem::{Answer, Problem, ProblemDocument},
        query::Query,
        request::ApiRequest,
    },
    app::App,
    tokens::{Edited, FeedId, act::TokenAct},
};

/// Edit a token
///
/// What is left out stays (RFC 7396). Permissions are taken away, never added, and the end is brought forward, never put off;
/// for more, create another token.
#[utoipa::path(
    patch,
    path = "/tokens/{id}",
    tag = "Tokens",
    params(
        ("id" = String, Path, description = "Id of the token"),
        ("If-Match" = Option<String>, Header, description = "The ETag it must still have")
    ),
    request_body = TokenChanges,
    responses(
        (status = 200, body = TokenDocument, headers(("ETag" = String))),
        (status = "4XX", body = ProblemDocument)
    )
)]
pub async fn edit_token(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let Managed { own, by, token } = Managed::of(&app, &request, &req, TokenAct::Edit).await?;
    Query::of(&req, &[])?;
    let sent: TokenChanges = Body::of(payload).await?.read(&req)?;
    if_match::check(&req, &super::document::etag(&token))?;
    let feeds = memberships(&app, own).await?;
    let reachable: Vec<FeedId> = feeds.iter().map(|membership| membership.feed.id).collect();
    let rules = rules(&app, own, &request, &reachable).await?;
    let draft = sent.draft(&token, &feeds).map_err(|error| invalid(&[error]))?;
    let edit = draft.edit(&token, &rules).map_err(|errors| invalid(&errors))?;
    let pasted = app.legacy.in_draft(&app.store, &draft).await?;
    if !pasted.is_empty() {
        return Err(invalid(&pasted));
    }
    check_covers(own, &edit)?;
    let changed = edit.replace_in(&token, request.now()).map_err(|refused| invalid(&[refused.into()]))?;
    let token = match app.store.edit_token(&changed, &by, request.now()).await? {
        Edited::Done => changed,
        Edited::Unchanged => token,
        Edited::Stale => return Err(Problem::changed()),
    };
    let document = TokenDocument::new(&token, own, &feeds, request.now());
    Ok(answer(HttpResponse::Ok(), &token, &document))
}
