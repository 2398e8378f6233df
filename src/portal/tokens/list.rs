//! The list of one's tokens, with banners for those that have expired or soon will.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use chrono::Duration;

use super::{feeds, view};
use crate::{
    app::App,
    portal::{
        error::PageError,
        page::{Page, SignedIn, answer},
        words::{Time, counted},
    },
    tokens::{State, Token, TokenKind, state::state},
};

/// Tokens a banner names before it counts the rest.
const NAMED: usize = 5;
/// An expired token leaves the banner after this long.
const REMEMBERED: Duration = Duration::days(30);

#[derive(Template)]
#[template(path = "portal/tokens/list.html")]
struct List {
    page: Page,
    ended: Vec<Ending>,
    ended_left_out: usize,
    ending: Vec<Ending>,
    ending_left_out: usize,
    tokens: Vec<view::Token>,
    count: String,
    created_any: bool,
}

/// A token in a banner.
struct Ending {
    id: String,
    name: String,
    hint: String,
    /// What gives it a new life: `refresh`, or `duplicate` where that cannot be.
    act: &'static str,
    at: Time,
}

/// `GET /settings/tokens`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let feeds = feeds(&app, &me).await?;
    let tokens = app.store.tokens_of(me.account.id).await?;
    let (ended, ended_left_out) =
        banner(&tokens, &me, |token| state(token, me.now) == State::Expired && is_recent(token, &me));
    let (ending, ending_left_out) = banner(&tokens, &me, |token| state(token, me.now) == State::ExpiresSoon);
    let page = List {
        page: Page::in_section(&req, "Access tokens", "tokens"),
        ended,
        ended_left_out,
        ending,
        ending_left_out,
        count: counted(tokens.len(), "token"),
        created_any: tokens.iter().any(|token| token.kind != TokenKind::Primary),
        tokens: tokens.iter().map(|token| view::Token::in_list(token, &feeds, &me)).collect(),
    };
    answer(StatusCode::OK, &page)
}

fn is_recent(token: &Token, me: &SignedIn) -> bool {
    token.expires_at.is_some_and(|end| me.now - end < REMEMBERED)
}

/// The tokens of a banner, the one that ends (or ended) first at the top, and how many are left out.
fn banner(tokens: &[Token], me: &SignedIn, belongs: impl Fn(&Token) -> bool) -> (Vec<Ending>, usize) {
    let mut named: Vec<(&Token, _)> =
        tokens.iter().filter(|token| belongs(token)).filter_map(|token| Some((token, token.end()?))).collect();
    named.sort_by_key(|(_, end)| *end);
    let left_out = named.len().saturating_sub(NAMED);
    let ending = named.into_iter().take(NAMED).map(|(token, end)| Ending {
        id: token.id.to_string(),
        name: token.name.clone(),
        hint: token.called().to_owned(),
        act: if token.can_be_refreshed() { "refresh" } else { "duplicate" },
        at: Time::end(end, me.now, me.account.time_zone),
    });
    (ending.collect(), left_out)
}
