//! Finding a token by a key somebody sent in, or by the hint that lists and mails show. A key is sent by POST, is looked
//! up by its hash, and is not shown again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{Operator, ROWS, find_account, number};
use crate::{
    app::App,
    portal::tokens::view,
    tokens::{AccountId, Token, TokenId, legacy::hash_of},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        page::{Page, answer, go_to},
        paging::{Rows, limit},
        query::with_query,
    },
};

/// Tokens that may share a hint, shown at most.
const ALIKE: i64 = 20;
/// Characters of a hint.
const HINT: usize = 7;

#[derive(Template)]
#[template(path = "portal/operator/tokens.html")]
struct Tokens {
    page: Page,
    hint: String,
    owner: Option<(String, String)>,
    found: Vec<FoundToken>,
    next: Option<String>,
    problems: Problems,
}

/// A token in the list.
struct FoundToken {
    token: view::Token,
    owner: String,
    owner_id: String,
}

/// What is looked for: a hint, or an account's tokens.
#[derive(Debug, Default, Deserialize)]
pub struct TokenSearch {
    #[serde(default)]
    hint: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    before: String,
}

/// The form: a whole key, or a hint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindForm {
    key: String,
}

/// `GET /operator/tokens`
pub async fn list_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    query: Option<Query<TokenSearch>>,
) -> Result<HttpResponse, PageError> {
    let TokenSearch { hint, account, before } = query.map(Query::into_inner).unwrap_or_default();
    if !account.is_empty() {
        return of_account(&req, &app, &me, &account, &before).await;
    }
    // Whatever else was put into the address is not looked up and not shown: it might be a key.
    let hint = Some(hint).filter(|hint| is_hint(hint)).unwrap_or_default();
    let tokens = if hint.is_empty() { Vec::new() } else { app.store.tokens_with_hint(&hint, ALIKE).await? };
    let page = Tokens {
        page: Page::in_section(&req, "Tokens", "operator-tokens"),
        found: found(&app, &me, &tokens).await?,
        hint,
        owner: None,
        next: None,
        problems: Problems::default(),
    };
    answer(StatusCode::OK, &page)
}

/// `POST /operator/tokens`: leads to the token of a key, or to those of a hint.
pub async fn find_token(
    req: HttpRequest,
    app: Data<App>,
    _me: Operator,
    Form(FindForm { key }): Form<FindForm>,
) -> Result<HttpResponse, PageError> {
    let key = key.trim();
    if is_hint(key) {
        return Ok(go_to(&req, &with_query("/operator/tokens", [("hint", key)])));
    }
    let known = match hash_of(key) {
        Some(hash) => app.store.lookup_token(hash, "").await?,
        None => return refuse(&req, SHAPE),
    };
    match known {
        Some(known) => {
            let done = if known.replaced_at.is_some() { Flash::KeyReplaced } else { Flash::KeyFound };
            Ok(go_to(&req, done.at(&format!("/operator/tokens/{}", known.token.id))))
        }
        None => refuse(&req, UNKNOWN),
    }
}

const SHAPE: &str = "This is neither a whole key nor its first 7 characters. A key made here has 49 characters; a mistyped or cut one is not found.";
const UNKNOWN: &str =
    "This host never issued this key, or its token was deleted. Look for its first 7 characters in the events.";

fn refuse(req: &HttpRequest, why: &'static str) -> Result<HttpResponse, PageError> {
    let page = Tokens {
        page: Page::in_section(req, "Not found", "operator-tokens"),
        hint: String::new(),
        owner: None,
        found: Vec::new(),
        next: None,
        problems: Problems::one("key", why),
    };
    answer(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Whether this can be the beginning of a key, and is no more than that.
pub(super) fn is_hint(text: &str) -> bool {
    text.len() == HINT && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

async fn of_account(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    id: &str,
    before: &str,
) -> Result<HttpResponse, PageError> {
    let owner = find_account(app, id).await?.account;
    let before = match TokenId::parse(before) {
        Some(id) => app.store.token_of(owner.id, id).await?.map(|token| (token.created_at, token.id)),
        None => None,
    };
    let tokens = Rows::new(app.store.tokens_made_before(owner.id, before, limit(ROWS)).await?, ROWS);
    let next = tokens.next(|last| with_query("/operator/tokens", [("account", id), ("before", &last.id.to_string())]));
    let page = Tokens {
        page: Page::in_section(req, format!("Tokens of {}", owner.username), "operator-tokens"),
        hint: String::new(),
        found: found(app, me, &tokens.shown).await?,
        owner: Some((owner.id.to_string(), owner.username)),
        next,
        problems: Problems::default(),
    };
    answer(StatusCode::OK, &page)
}

/// Tokens with their owners' names; feeds are named on the page of each.
async fn found(app: &App, me: &Operator, tokens: &[Token]) -> Result<Vec<FoundToken>, PageError> {
    let mut names: Vec<(AccountId, String)> = Vec::new();
    let mut found = Vec::new();
    for token in tokens {
        if !names.iter().any(|(id, _)| *id == token.account) {
            let name = app.store.account(token.account).await?.map(|account| account.username);
            names.push((token.account, name.unwrap_or_default()));
        }
        let owner = names.iter().find(|(id, _)| *id == token.account).map(|(_, name)| name.clone());
        found.push(FoundToken {
            token: view::Token::in_list(token, &[], me),
            owner: owner.unwrap_or_default(),
            owner_id: token.account.to_string(),
        });
    }
    Ok(found)
}

impl Tokens {
    /// How many were found, in words.
    fn count(&self) -> String {
        let count = i64::try_from(self.found.len()).unwrap_or(ALIKE);
        match (&self.owner, count) {
            (Some(_), _) => String::new(),
            (None, 1) => "One token has this hint".to_owned(),
            (None, count) => format!("{} tokens have this hint", number(count, ALIKE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_never_a_whole_key() {
        assert!(is_hint("lk_Ab3d"));
        for other in ["", "lk_Ab3", "lk_Ab3dE", "lk_Ab3 ", "lk_Ab3d0123456789012345678901234567890123456789xx"] {
            assert!(!is_hint(other), "{other}");
        }
    }
}
