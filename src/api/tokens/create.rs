//! Making a token, which is shown with its secret in this one answer.

use actix_web::{HttpRequest, HttpResponse, http::header::LOCATION, web};

use super::{
    check_covers,
    document::{IssuedToken, TokenDocument, answer},
    invalid, memberships, rules,
    sent::NewToken,
};
use crate::{
    api::{
        body::Body,
        idempotency::RequestName,
        problem::{Answer, Problem, ProblemDocument},
        query::Query,
        request::ApiRequest,
    },
    app::App,
    tokens::{FeedId, Issued, Token, TokenId, TokenLookup},
};

/// Create a token
///
/// Whatever it may do, the token that asks may do itself. Its secret is in this answer alone.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "Tokens",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes no second token when sent again")),
    request_body = NewToken,
    responses(
        (status = 201, body = IssuedToken, headers(("Location" = String), ("ETag" = String))),
        (status = 200, body = IssuedToken, description = "Answered before; the secret is null"),
        (status = "4XX", body = ProblemDocument)
    )
)]
pub async fn create_token(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let (own, by) = request.manage()?;
    Query::of(&req, &[])?;
    let body = Body::of(payload).await?;
    let sent: NewToken = body.read(&req)?;
    let id = TokenId::generate(request.now(), &mut crate::random::system());
    let name = RequestName::of(&req, own, &body, &id.to_string())?;
    name.is_the_same(&app).await?;
    confirmed(&app, own, &request).await?;
    let feeds = memberships(&app, own).await?;
    let reachable: Vec<FeedId> = feeds.iter().map(|membership| membership.feed.id).collect();
    let rules = rules(&app, own, &request, &reachable).await?;
    let mut draft = sent.draft(&own.token.settings, &feeds, &rules).map_err(|error| invalid(&[error]))?;
    if draft.is_unnamed() {
        draft.name = app.store.free_token_name(own.token.account, &draft.default_name(&rules)).await?;
    }
    let settings = draft.new_token(&rules).map_err(|errors| invalid(&errors))?;
    let pasted = app.legacy.in_draft(&app.store, &draft).await?;
    if !pasted.is_empty() {
        return Err(invalid(&pasted));
    }
    check_covers(own, &settings)?;
    let made_by = Some(own.token.id);
    let token = Token { made_by, ..settings.into_token(id, own.token.account, request.now()) };
    let issued = app.store.create_token(token, name.one_time(), &by, request.now()).await?;
    name.is_the_same(&app).await?;
    issued_answer(&request, &app, own, id, issued).await
}

/// Where there is a mail server, an account confirms its address before it gets keys, as on the pages.
pub(super) async fn confirmed(app: &App, own: &TokenLookup, request: &ApiRequest<'_>) -> Result<(), Problem> {
    if app.must_confirm_address(own.token.account, request.now()).await? {
        return Err(Problem::conflict(
            "Confirm your email address first, in a browser. Nothing was created or changed.",
        ));
    }
    Ok(())
}

/// The answer that has the secret, or tells that it can be told no more.
pub(super) async fn issued_answer(
    request: &ApiRequest<'_>,
    app: &App,
    own: &TokenLookup,
    id: TokenId,
    issued: Issued,
) -> Answer {
    let (id, secret) = match issued {
        Issued::Secret(secret) => (id, Some(secret.reveal().to_owned())),
        Issued::AlreadyDone(id) => (id, None),
        Issued::Stale => return Err(Problem::changed()),
    };
    let token = app.store.token_of(own.token.account, id).await?.ok_or_else(Problem::not_found)?;
    let document = TokenDocument::new(&token, own, &memberships(app, own).await?, request.now());
    let is_new = secret.is_some();
    let mut status = if is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    status.insert_header((LOCATION, app.settings.public_url.of(&format!("/api/v1/tokens/{id}"))));
    Ok(answer(status, &token, &IssuedToken::new(document, secret)))
}
