//! The account's tokens: looked at, made, changed and ended by a program, within what its own token covers.

pub mod acts;
pub mod create;
mod document;
pub mod edit;
pub mod list;
mod sent;

use actix_web::HttpRequest;

pub use self::document::TokenDocument;
use super::{
    problem::{FieldProblem, Problem},
    request::ApiRequest,
};
use crate::{
    app::App,
    audit::Actor,
    feeds::Membership,
    tokens::{
        Token, TokenField, TokenId, TokenLookup, TokenSettings,
        act::{CannotAct, TokenAct},
        covering::NotCovered,
        draft::{FieldError, Rules},
    },
};

/// A token that a program changes by the right of its own.
pub(super) struct Managed<'c> {
    /// What asks.
    pub own: &'c TokenLookup,
    pub by: Actor,
    /// What is changed.
    pub token: Token,
}

impl<'c> Managed<'c> {
    /// The token that the address names.
    ///
    /// # Errors
    /// 403 where the token that asks may not manage, or does not cover the other; 404 where the account has none of this id;
    /// 409 where the act cannot be done with it.
    async fn of(app: &App, request: &'c ApiRequest<'_>, req: &HttpRequest, act: TokenAct) -> Result<Self, Problem> {
        let (own, by) = request.manage()?;
        let token = named(app, own, req).await?;
        own.token.settings.covers(&token.settings).map_err(|missing| Problem::forbidden(not_covered(&missing)))?;
        act.check(&token, request.now()).map_err(cannot)?;
        Ok(Self { own, by, token })
    }
}

/// The token of the account that the address names.
async fn named(app: &App, own: &TokenLookup, req: &HttpRequest) -> Result<Token, Problem> {
    let id = req.match_info().get("id").and_then(TokenId::parse).ok_or_else(Problem::not_found)?;
    app.store.token_of(own.token.account, id).await?.ok_or_else(Problem::not_found)
}

fn cannot(why: CannotAct) -> Problem {
    Problem::conflict(format!("{why} {}", why.advice()).trim_end().to_owned())
}

fn not_covered(missing: &[NotCovered]) -> String {
    let all: Vec<_> = missing.iter().map(ToString::to_string).collect();
    format!("{} A token changes only tokens that it covers itself.", all.join(" "))
}

/// What a draft is held against: the account's time zone and feeds.
async fn rules<'f>(
    app: &App,
    own: &TokenLookup,
    request: &ApiRequest<'_>,
    reachable: &'f [crate::tokens::FeedId],
) -> Result<Rules<'f>, Problem> {
    let account = app.store.account(own.token.account).await?.ok_or_else(Problem::not_found)?;
    let max_days = app.settings.max_token_days;
    Ok(Rules { now: request.now(), zone: account.time_zone, max_days, feeds: reachable, by_operator: false })
}

/// Refuses settings that the token that asks does not cover, naming each.
fn check_covers(own: &TokenLookup, settings: &TokenSettings) -> Result<(), Problem> {
    let told = |missing: &NotCovered| FieldProblem { pointer: pointer(missing.field()), detail: missing.to_string() };
    let covered = own.token.settings.covers(settings);
    covered.map_err(|missing| Problem::outside(missing.iter().map(told).collect()))
}

fn invalid(errors: &[FieldError]) -> Problem {
    let told = |error: &FieldError| FieldProblem {
        pointer: error.field.map_or_else(|| "#".to_owned(), pointer),
        detail: error.to_string(),
    };
    Problem::invalid(errors.iter().map(told).collect())
}

fn pointer(field: TokenField) -> String {
    let name = match field {
        TokenField::Name => "name",
        TokenField::Note => "note",
        TokenField::Permissions => "permissions",
        TokenField::Patterns => "patterns",
        TokenField::Feeds => "feeds",
        TokenField::End => "expires_at",
    };
    format!("#/{name}")
}

/// The account's feeds, by which names become ids and ids names.
async fn memberships(app: &App, own: &TokenLookup) -> Result<Vec<Membership>, Problem> {
    Ok(app.store.feeds_of(own.token.account).await?)
}
