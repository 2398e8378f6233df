//! The operators' pages: the state of the host, its accounts, tokens, record and feeds. Anybody else finds nothing here.

pub mod account;
pub mod account_status;
pub mod accounts;
pub mod bulk_tokens;
pub mod delete_account;
pub mod events;
pub mod feeds;
pub mod find_token;
pub mod invitations;
pub mod jobs;
pub mod mail;
pub mod overview;
pub mod password_link;
pub mod people;
pub mod token;
pub mod tokens;

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpRequest, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    middleware::Next,
};

use crate::{
    accounts::{Account, AccountSummary},
    app::App,
    audit::NamedAccount,
    tokens::AccountId,
    web::{
        confirm::{Confirm, Link},
        error::PageError,
        format::{self, Time},
        page::SignedIn,
    },
};

/// Rows of a page.
const ROWS: usize = 50;
/// Nothing is counted further than this.
const BOUND: i64 = 1_000;

/// The operator behind a request. To everybody else who is signed in, the page does not exist.
pub struct Operator(pub SignedIn);

impl FromRequest for Operator {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(req, payload);
        Box::pin(async move {
            let me = signed_in.await?;
            let actor = me.actor.as_operator();
            if me.account.is_operator { Ok(Self(SignedIn { actor, ..me })) } else { Err(PageError::NotFound) }
        })
    }
}

/// Stands before every operator page: nothing of a stranger's form is looked at, so every address answers alike.
pub async fn only<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match Operator::extract(req.request()).await {
        Ok(_) => Ok(next.call(req).await?.map_into_left_body()),
        Err(error) => Ok(req.into_response(error.error_response()).map_into_right_body()),
    }
}

impl Deref for Operator {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

/// An account, ready for templates.
struct AccountView {
    id: String,
    username: String,
    email: String,
    zone: &'static str,
    is_operator: bool,
    /// Whether nobody has chosen its password yet.
    is_invited: bool,
    disabled: Option<Time>,
    created: Time,
    seen: Option<Time>,
}

impl AccountView {
    fn new(line: &AccountSummary, me: &Operator) -> Self {
        let AccountSummary { account, created_at, last_sign_in } = line;
        Self {
            id: account.id.to_string(),
            username: account.username.clone(),
            email: account.email.clone(),
            zone: account.time_zone.name(),
            is_operator: account.is_operator,
            is_invited: account.password_hash.is_none(),
            disabled: account.disabled_at.map(|at| me.time(at)),
            created: me.time(*created_at),
            seen: last_sign_in.map(|at| me.time(at)),
        }
    }
}

/// An account by name, perhaps one that is gone.
struct NameView {
    id: String,
    name: String,
    gone: bool,
}

impl From<NamedAccount> for NameView {
    fn from(named: NamedAccount) -> Self {
        let NamedAccount { id, name, gone } = named;
        let name = if name.is_empty() { "An account".to_owned() } else { name };
        Self { id: id.to_string(), name, gone }
    }
}

/// The account of a path, or nothing.
async fn find_account(app: &App, id: &str) -> Result<AccountSummary, PageError> {
    let id = AccountId::parse(id).ok_or(PageError::NotFound)?;
    app.store.account_line(id).await?.ok_or(PageError::NotFound)
}

/// A question about an account.
fn about_account(account: &Account, title: &str) -> Confirm {
    Confirm {
        section: "operator-accounts",
        title: format!("{title} {}", account.username),
        back: Link::new(format!("/operator/accounts/{}", account.id), account.username.clone()),
        ..Confirm::default()
    }
}

/// A number with its thousands apart; `1,000+` where counting ended at the bound.
fn number(count: i64, bound: i64) -> String {
    let text = format::thousands(count.min(bound));
    if count >= bound { text + "+" } else { text }
}

/// `1 token`, `1,000+ tokens`.
fn counted(count: i64, thing: &str) -> String {
    if count == 1 { format::counted(1, thing) } else { format!("{} {thing}s", number(count, BOUND)) }
}

/// What somebody typed into a search, without what no name can hold.
fn typed(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(254).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable_and_end_at_their_bound() {
        assert_eq!([0, 7, 999, 1_000, 1_001].map(|count| number(count, 1_000)), ["0", "7", "999", "1,000+", "1,000+"]);
        assert_eq!(number(12_345, 10_000_000), "12,345");
        assert_eq!([counted(1, "token"), counted(0, "token")], ["1 token", "0 tokens"]);
    }
}
