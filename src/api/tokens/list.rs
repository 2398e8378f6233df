//! Looking at the account's tokens.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    super::{
        problem::{Answer, Problem, ProblemDocument},
        query::Query,
        request::ApiRequest,
    },
    TokenDocument,
    document::answer,
    memberships, named,
};
use crate::{
    app::App,
    tokens::{
        AccountId,
        listing::{Filter, PageStart, Position, Sort, TokenQuery},
    },
};

/// A page of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenList {
    /// At most 26.
    tokens: Vec<TokenDocument>,
    /// For `after` in the request for the next page; null at the end.
    next: Option<String>,
}

/// Which tokens are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by hand, so that each mistake is told")]
pub struct TokenListQuery {
    /// `everything` (usual), `all` but those that ended over 30 days ago, `active`, `expiring`, `expired`, `deactivated`,
    /// `revoked`, `never-used`, `unused`.
    state: Option<String>,
    /// `newest` (usual), `expires`, `used` or `name`.
    sort: Option<String>,
    /// Only those whose name, note, hint or patterns contain this.
    q: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// List tokens
///
/// The tokens of the account, in pages. The primary token comes first on the first page of a list without filter.
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "Tokens",
    params(TokenListQuery),
    responses((status = 200, body = TokenList), (status = "4XX", body = ProblemDocument))
)]
pub async fn list_tokens(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let own = request.look()?;
    let query = Query::of(&req, &["state", "sort", "q", "after"])?;
    let wanted = wanted(own.token.account, &query)?;
    let from = start(&query, wanted.sort)?;
    let is_whole = matches!(wanted.filter, Filter::Everything | Filter::All) && wanted.words.is_empty();
    let primary = match from {
        PageStart::First if is_whole => app.store.primary_token(own.token.account).await?,
        _ => None,
    };
    let page = app.store.token_page(&wanted, &from, request.now()).await?;
    let memberships = memberships(&app, own).await?;
    let shown = primary.iter().chain(&page.tokens);
    let tokens = shown.map(|token| TokenDocument::new(token, own, &memberships, request.now())).collect();
    Ok(HttpResponse::Ok().json(TokenList { tokens, next: page.next.map(|place| place.to_string()) }))
}

/// Show a token
#[utoipa::path(
    get,
    path = "/tokens/{id}",
    tag = "Tokens",
    params(("id" = String, Path, description = "Id of the token")),
    responses(
        (status = 200, body = TokenDocument, headers(("ETag" = String, description = "For If-Match"))),
        (status = "4XX", body = ProblemDocument)
    )
)]
pub async fn show_token(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let own = request.look()?;
    Query::of(&req, &[])?;
    let token = named(&app, own, &req).await?;
    let document = TokenDocument::new(&token, own, &memberships(&app, own).await?, request.now());
    Ok(answer(HttpResponse::Ok(), &token, &document))
}

fn wanted(account: AccountId, query: &Query) -> Result<TokenQuery, Problem> {
    let filter = query.get("state").map_or(Some(Filter::Everything), Filter::parse);
    let sort = query.get("sort").map_or(Some(Sort::Newest), Sort::parse);
    Ok(TokenQuery {
        account,
        filter: filter.ok_or_else(|| one_of("state", &Filter::ALL.map(Filter::as_str)))?,
        sort: sort.ok_or_else(|| one_of("sort", &Sort::ALL.map(Sort::as_str)))?,
        words: query.get("q").unwrap_or_default().trim().to_owned(),
    })
}

fn start(query: &Query, sort: Sort) -> Result<PageStart, Problem> {
    let Some(after) = query.get("after") else { return Ok(PageStart::First) };
    let place = Position::parse(after, sort).map(PageStart::After);
    place.ok_or_else(|| Problem::bad("after must be the value of next from the answer before, with the same sort."))
}

fn one_of(name: &str, known: &[&str]) -> Problem {
    Problem::bad(format!("{name} must be one of: {}.", known.join(", ")))
}
