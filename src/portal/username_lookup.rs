//! Accounts by a username that somebody typed, so that nobody finds out who has an account by trying names.

use actix_web::HttpRequest;

use crate::{
    accounts::Account,
    accounts::{
        identity,
        rate_limit::{Demand, RateLimitDecision},
    },
    app::App,
    store::Transaction,
    web::{error::PageError, form::Problems, page::SignedIn, rate_limited::too_many},
};

/// The account of a username that was typed into a field; what is wrong with it is noted there. What comes to nothing is
/// counted: [`found`] gives back what a good one took.
pub async fn account_called(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    field: &'static str,
    username: &str,
    problems: &mut Problems,
) -> Result<Option<Account>, PageError> {
    let name = username.trim();
    let demand = Demand::wrong_username(me.account.id);
    if let RateLimitDecision::Wait(wait) = app.limits.take_now(&app.store, &demand, me.now).await? {
        problems.note(field, too_many(req, wait));
        return Ok(None);
    }
    // Addresses are nobody's business here.
    let is_username = identity::username(name).is_ok();
    let found = if is_username { app.store.account_named(name).await? } else { None };
    let missing = match name {
        "" => "Enter a username.",
        _ => "No account with this username.",
    };
    Ok(problems.keep(field, found.ok_or(missing)))
}

/// Notes that a username that was typed came to something.
pub async fn found(app: &App, tx: &mut Transaction, me: &SignedIn) -> Result<(), PageError> {
    Ok(app.limits.undo(tx, &Demand::wrong_username(me.account.id)).await?)
}
