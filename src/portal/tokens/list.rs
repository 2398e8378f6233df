//! The list of one's tokens, a page at a time, with banners for those that have expired or soon will.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use chrono::{DateTime, Duration, Utc};

use super::{
    feeds,
    listing::{ListChoice, Listing},
    view,
};
use crate::{
    app::App,
    feeds::Feed,
    notifications::Undelivered,
    store::Result,
    tokens::{
        AccountId, Token, TokenKind,
        listing::{COUNTED, EndingToken, Filter, IN_BANNER, PageStart, TokenPage, TokenQuery},
    },
    web::{
        error::PageError,
        format::{Time, counted},
        owner::Owner,
        page::{Page, SignedIn, answer},
    },
};

/// Tokens a banner names before it counts the rest.
const NAMED: usize = 5;
/// An expired token leaves the banner after this long.
pub(super) const REMEMBERED: Duration = Duration::days(30);

#[derive(Template)]
#[template(path = "portal/tokens/list.html")]
struct ListTokens {
    page: Page,
    ended: Banner,
    ending: Banner,
    undelivered: Option<Undelivered>,
    frozen: Option<Time>,
    tokens: Vec<view::Token>,
    primary: Option<view::Token>,
    created_any: bool,
    finder: Finder,
    result: String,
    earlier: Option<String>,
    later: Option<String>,
    gave_up: bool,
}

/// The tokens a banner names, and how many it leaves out.
struct Banner {
    named: Vec<Ending>,
    more: Option<String>,
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

/// The search field and the links above the list.
struct Finder {
    words: String,
    state: &'static str,
    sort: &'static str,
    filters: Vec<ListChoice>,
    sorts: Vec<ListChoice>,
    narrowed: bool,
    from: String,
}

/// `GET /settings/tokens`
pub async fn list_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> std::result::Result<HttpResponse, PageError> {
    let listing = Listing::of(&req);
    let feeds = feeds(&app, owner).await?;
    let (account, now) = (owner.id, me.now);
    let shown = app.store.token_page(&listing.wanted(account), &listing.from, now).await?;
    let primary = if shown.next.is_none() { primary(&app, &me, owner, &listing).await? } else { None };
    let created_any = !shown.tokens.is_empty() || app.store.has_made_tokens(account).await?;
    let page = ListTokens {
        page: Page::in_section(&req, "Access tokens", "tokens"),
        ended: banner(app.store.expired_tokens(account, now - REMEMBERED, now).await?, &me),
        ending: banner(app.store.expiring_tokens(account, now).await?, &me),
        undelivered: app.store.undelivered_warnings(account, 1).await?.pop(),
        frozen: app.store.frozen_since(account).await?.map(|at| Time::new(at, now, me.account.time_zone)),
        result: result(&app, &me, owner, &listing, &shown, usize::from(primary.is_some())).await?,
        earlier: earlier(&listing, &shown),
        later: shown.next.clone().map(|place| listing.from(PageStart::After(place)).path()),
        gave_up: shown.gave_up,
        finder: Finder::of(&listing),
        primary: primary.map(|token| row(&token, &feeds, &me)),
        tokens: shown.tokens.iter().map(|token| row(token, &feeds, &me)).collect(),
        created_any,
    };
    answer(StatusCode::OK, &page)
}

fn row(token: &Token, feeds: &[Feed], me: &SignedIn) -> view::Token {
    view::Token::in_list(token, feeds, me)
}

/// The primary token stands last, if the list shows it at all.
async fn primary(app: &App, me: &SignedIn, owner: Owner, listing: &Listing) -> Result<Option<Token>> {
    let token = app.store.primary_token(owner.id).await?;
    Ok(token.filter(|token| listing.filter.admits(token, me.now) && contains(token, &listing.words)))
}

/// Whether a token's name, note, hint or patterns contain what was searched for.
fn contains(token: &Token, words: &str) -> bool {
    let words = words.to_lowercase();
    let hint = token.hint.as_deref().unwrap_or_default();
    let texts = [token.settings.name.as_str(), &token.settings.note, hint, token.settings.patterns.as_str()];
    texts.iter().any(|text| text.to_lowercase().contains(&words))
}

/// The page before this one.
fn earlier(listing: &Listing, shown: &TokenPage) -> Option<String> {
    let first = shown.tokens.first().map(|token| listing.sort.position(token));
    let from = first.map_or(PageStart::First, PageStart::Before);
    shown.has_earlier.then(|| listing.from(from).path())
}

/// What the list shows, in one line. `apart` counts the primary token, if it stands below.
async fn result(
    app: &App,
    me: &SignedIn,
    owner: Owner,
    listing: &Listing,
    shown: &TokenPage,
    apart: usize,
) -> Result<String> {
    let here = shown.tokens.len() + apart;
    let is_whole = matches!(listing.from, PageStart::First) && shown.next.is_none();
    let part = match listing.filter {
        Filter::All => String::new(),
        filter => format!(" · {}", filter.label().to_lowercase()),
    };
    if is_whole {
        return Ok(counted(here, "token") + &part);
    }
    if !listing.words.is_empty() {
        return Ok(format!("Showing {here} found{part}"));
    }
    let total = match app.store.count_tokens(owner.id, listing.filter, me.now).await? {
        total if total > COUNTED => "1,000+".to_owned(),
        total => total.to_string(),
    };
    Ok(format!("Showing {here} of {total}{part}"))
}

/// The token that ends (or ended) first at the top.
fn banner(tokens: Vec<EndingToken>, me: &SignedIn) -> Banner {
    let left_out = tokens.len().saturating_sub(NAMED);
    let more = match left_out {
        0 => None,
        _ if tokens.len() as i64 > IN_BANNER => Some(format!("over {}", IN_BANNER as usize - NAMED)),
        _ => Some(left_out.to_string()),
    };
    Banner { named: tokens.into_iter().take(NAMED).map(|token| ending(token, me)).collect(), more }
}

fn ending(token: EndingToken, me: &SignedIn) -> Ending {
    let EndingToken { id, name, hint, kind, ends_at } = token;
    let act = if kind == TokenKind::Legacy { "duplicate" } else { "refresh" };
    Ending { id: id.to_string(), name, hint, act, at: end(ends_at, me) }
}

fn end(at: DateTime<Utc>, me: &SignedIn) -> Time {
    Time::end(at, me.now, me.account.time_zone)
}

impl Finder {
    fn of(listing: &Listing) -> Self {
        Self {
            words: listing.words.clone(),
            state: listing.filter.as_str(),
            sort: listing.sort.as_str(),
            filters: listing.filters(),
            sorts: listing.sorts(),
            narrowed: listing.is_narrowed(),
            from: listing.query(),
        }
    }
}

impl Listing {
    fn wanted(&self, account: AccountId) -> TokenQuery {
        TokenQuery { account, filter: self.filter, sort: self.sort, words: self.words.clone() }
    }
}
