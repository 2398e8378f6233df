//! The list of one's tokens, a page at a time, under one line that says what needs care.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{feeds, listing::Listing, open_refusals::open_refusals, remedy::Remedy, row::TokenRow};
use crate::{
    app::App,
    feeds::Feed,
    paths,
    store::Result,
    tokens::{
        AccountId, Token, TokenId,
        listing::{COUNTED, FOLDED_AFTER, Filter, IN_ALERT, PageStart, Sort, TokenPage, TokenQuery},
    },
    usage::RefusalOfToken,
    web::{
        error::PageError,
        format::{Time, counted},
        owner::Owner,
        page::{Page, SignedIn, answer, note_open_refusals},
        toolbar::{Alert, Pager, Toolbar},
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/list.html")]
struct ListTokens {
    page: Page,
    alerts: Vec<Alert>,
    /// How many expired tokens the alerts count, which can be put away.
    expired: usize,
    is_frozen: bool,
    rows: Vec<TokenRow>,
    /// The primary token, where nothing else was ever made.
    only_primary: Option<TokenRow>,
    toolbar: Toolbar,
    pager: Pager,
    /// What the usual list leaves out: "12 tokens", and where they are.
    folded: Option<(String, String)>,
    empty: Option<EmptyPage>,
    /// Where a step goes back to.
    from: String,
}

/// Why a page has no rows.
struct EmptyPage {
    words: String,
    filter: Filter,
    narrowed: bool,
    /// Where a search that gave up goes on.
    further: Option<String>,
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
    let open = open_refusals(&app, &me, owner).await?;
    note_open_refusals(&req, open.len());
    let refused = Refused::of(&open);
    let expired = app.store.expired_token_ids(account, now - FOLDED_AFTER, now).await?;
    let since = app.store.frozen_since(account).await?;
    let counts = counts(&app, account, now).await?;
    let alerts = alerts(&app, &me, account, (expired.len(), counts.of(Filter::Expiring), &refused, since)).await?;
    let pager = pager(&app, (account, now), &listing, &shown, (&counts, usize::from(primary.is_some()))).await?;
    let mut rows = rows(&shown.tokens, &feeds, &me, &refused);
    mark_ended(&mut rows, listing.sort);
    for row in &mut rows {
        row.can_dismiss = expired.iter().any(|id| id.to_string() == row.id);
    }
    let row = primary.map(|token| row(&token, &feeds, &me, &refused));
    let mut only_primary = None;
    match row {
        Some(row) if created_any => rows.push(row),
        row => only_primary = row,
    }
    let page = ListTokens {
        page: Page::in_section(&req, "Access tokens", "tokens"),
        alerts,
        expired: expired.len(),
        is_frozen: since.is_some(),
        empty: (rows.is_empty() && created_any).then(|| EmptyPage::of(&listing, &shown)),
        rows,
        only_primary,
        toolbar: if created_any { toolbar(&listing, &counts) } else { Toolbar::default() },
        pager,
        folded: folded(&app, &listing, &shown, account, now).await?,
        from: listing.query(),
    };
    answer(StatusCode::OK, &page)
}

/// What tokens were refused lately, by token: how often, and the page that mends the newest.
struct Refused<'a>(HashMap<TokenId, (i64, &'a Remedy)>);

impl<'a> Refused<'a> {
    fn of(open: &'a [(RefusalOfToken, Remedy)]) -> Self {
        let mut by_token: HashMap<TokenId, (i64, &Remedy)> = HashMap::new();
        for (refusal, remedy) in open {
            by_token.entry(refusal.token.id).or_insert((0, remedy)).0 += refusal.line.times;
        }
        Self(by_token)
    }
}

fn row(token: &Token, feeds: &[Feed], me: &SignedIn, refused: &Refused<'_>) -> TokenRow {
    let row = TokenRow::new(token, feeds, me);
    match refused.0.get(&token.id) {
        Some((times, remedy)) => row.refused(*times, remedy.step()),
        None => row,
    }
}

fn rows(tokens: &[Token], feeds: &[Feed], me: &SignedIn, refused: &Refused<'_>) -> Vec<TokenRow> {
    tokens.iter().map(|token| row(token, feeds, me, refused)).collect()
}

/// In the order of ends, a heading stands before those that have ended.
fn mark_ended(rows: &mut [TokenRow], sort: Sort) {
    let first = rows.iter().position(|row| row.has_ended).filter(|_| sort == Sort::Expires);
    if let Some(row) = first.and_then(|first| rows.get_mut(first)) {
        row.begins_ended = true;
    }
}

/// What needs somebody: one entry each, with a count and the way to it.
async fn alerts(
    app: &App,
    me: &SignedIn,
    account: AccountId,
    (expired, expiring, refused, frozen): (usize, i64, &Refused<'_>, Option<DateTime<Utc>>),
) -> Result<Vec<Alert>> {
    let undelivered = app.store.undelivered_warnings(account, 1).await?;
    let part = |filter: Filter| Listing { filter, sort: Sort::Expires, ..Listing::default() }.path();
    let frozen = frozen.map(|at| {
        let since = Time::new(at, me.now, me.account.time_zone).text;
        Alert { verb: "Undo the freeze", ..Alert::bad(format!("Frozen since {since}"), paths::UNFREEZE_TOKENS) }
    });
    let all = [
        undelivered.first().map(|_| Alert::bad("A warning email was not delivered", "/settings/profile#undelivered")),
        frozen,
        (expired > 0).then(|| Alert::bad(format!("{} expired", bounded(expired)), part(Filter::Expired))),
        (expiring > 0).then(|| {
            let verb = if expiring == 1 { "expires" } else { "expire" };
            Alert::warn(format!("{} {verb} soon", number(expiring)), part(Filter::Expiring))
        }),
        (!refused.0.is_empty())
            .then(|| Alert::bad(format!("{} refused lately", refused.0.len()), "/settings/refusals")),
    ];
    Ok(all.into_iter().flatten().collect())
}

/// Expired tokens, as their alert counts them: "100+" where counting ended.
fn bounded(count: usize) -> String {
    if count as i64 > IN_ALERT { format!("{IN_ALERT}+") } else { count.to_string() }
}

/// The primary token stands last, if the list shows it at all.
async fn primary(app: &App, me: &SignedIn, owner: Owner, listing: &Listing) -> Result<Option<Token>> {
    let token = app.store.primary_token(owner.id).await?;
    Ok(token.filter(|token| listing.shown_filter().admits(token, me.now) && contains(token, &listing.words)))
}

/// Whether a token's name, note, hint or patterns contain what was searched for.
fn contains(token: &Token, words: &str) -> bool {
    let words = words.to_lowercase();
    let hint = token.hint.as_deref().unwrap_or_default();
    let texts = [token.settings.name.as_str(), &token.settings.note, hint, token.settings.patterns.as_str()];
    texts.iter().any(|text| text.to_lowercase().contains(&words))
}

/// How many tokens the parts in sight hold.
struct Counts([(Filter, i64); Listing::IN_SIGHT.len()]);

async fn counts(app: &App, account: AccountId, now: DateTime<Utc>) -> Result<Counts> {
    let mut counts = Listing::IN_SIGHT.map(|filter| (filter, 0));
    for (filter, count) in &mut counts {
        *count = app.store.count_tokens(account, *filter, now).await?;
    }
    Ok(Counts(counts))
}

impl Counts {
    fn known(&self, filter: Filter) -> Option<i64> {
        self.0.iter().find(|(own, _)| *own == filter).map(|(_, count)| *count)
    }

    fn of(&self, filter: Filter) -> i64 {
        self.known(filter).unwrap_or_default()
    }
}

fn toolbar(listing: &Listing, counts: &Counts) -> Toolbar {
    let (mut filters, more) = listing.filters();
    for (filter, part) in filters.iter_mut().zip(Listing::IN_SIGHT) {
        filter.count = Some(number(counts.of(part)));
    }
    Toolbar {
        action: paths::TOKENS.to_owned(),
        words: listing.words.clone(),
        is_live: false,
        placeholder: "Name, key or package",
        kept: listing.kept(),
        filters,
        more,
        orders: listing.orders(),
    }
}

fn number(count: i64) -> String {
    if count > COUNTED { "1,000+".to_owned() } else { count.to_string() }
}

/// The foot of the list. `apart` counts the primary token, if it stands last.
async fn pager(
    app: &App,
    (account, now): (AccountId, DateTime<Utc>),
    listing: &Listing,
    shown: &TokenPage,
    (counts, apart): (&Counts, usize),
) -> Result<Pager> {
    let here = shown.tokens.len() + apart;
    let is_whole = matches!(listing.from, PageStart::First) && shown.next.is_none();
    let text = if is_whole {
        counted(here, "token")
    } else if !listing.words.is_empty() {
        format!("{here} found on this page")
    } else {
        let total = match counts.known(listing.filter) {
            Some(total) => total,
            None => app.store.count_tokens(account, listing.filter, now).await?,
        };
        format!("{here} of {} tokens", number(total))
    };
    let first = shown.tokens.first().map(|token| listing.sort.position(token, now));
    let before = first.map_or(PageStart::First, PageStart::Before);
    Ok(Pager {
        shown: text,
        earlier: shown.has_earlier.then(|| ("Previous", listing.from(before).path())),
        later: shown.next.clone().map(|place| {
            let label = if shown.gave_up { "Search further" } else { "Next" };
            (label, listing.from(PageStart::After(place)).path())
        }),
    })
}

/// Tokens that ended long ago are a link at the end of the usual list.
async fn folded(
    app: &App,
    listing: &Listing,
    shown: &TokenPage,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Option<(String, String)>> {
    if listing.is_narrowed() || shown.next.is_some() {
        return Ok(None);
    }
    let count = app.store.count_folded_tokens(account, now).await?;
    let everything = Listing { filter: Filter::Everything, from: PageStart::First, ..listing.clone() };
    let what = if count == 1 { "1 token".to_owned() } else { format!("{} tokens", number(count)) };
    Ok((count > 0).then(|| (what, everything.path())))
}

impl EmptyPage {
    fn of(listing: &Listing, shown: &TokenPage) -> Self {
        let next = shown.next.clone().filter(|_| shown.gave_up);
        Self {
            words: listing.words.clone(),
            filter: listing.filter,
            narrowed: listing.is_narrowed(),
            further: next.map(|place| listing.from(PageStart::After(place)).path()),
        }
    }
}

impl Listing {
    fn wanted(&self, account: AccountId) -> TokenQuery {
        TokenQuery { account, filter: self.shown_filter(), sort: self.sort, words: self.words.clone() }
    }
}
