//! Narrowing a token to what it was used for: the advice on its page, and the page that shows before and after.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::{sentence::feed_names, token_request::TokenRequest, view};
use crate::{
    app::App,
    feeds::Feed,
    tokens::{
        Edited, FeedId, Kind, Permission, Token, TokenSettings, Verb,
        least_privilege::{LeastPrivilege, Used, WATCHED_FOR, is_known_well},
        state::state,
    },
    usage::PermissionUse,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::sentence,
        page::{Page, SignedIn, answer, go_to},
    },
};

/// Names of packages that the advice lists before it counts the rest.
const NAMED: usize = 5;

/// What the token's page says of the suggestion.
pub(super) struct Advice {
    pub sentence: String,
}

/// A suggestion with what it is founded on.
struct Suggestion {
    narrower: LeastPrivilege,
    work: Vec<PermissionUse>,
}

#[derive(Template)]
#[template(path = "portal/tokens/narrow.html")]
struct NarrowPage {
    page: Page,
    token: view::Token,
    version: i64,
    /// None where there is nothing to narrow.
    plan: Option<Plan>,
    problems: Problems,
}

/// Before and after, side by side.
struct Plan {
    sentence: String,
    rows: [Row; 3],
    /// Whether reads of packages that are not covered any more will be refused.
    cuts_reading: bool,
    /// Says which suggestion this is.
    line: String,
}

/// A setting: what it holds now and then, marked where the other column does not have it.
struct Row {
    label: &'static str,
    before: Vec<Item>,
    after: Vec<Item>,
}

struct Item {
    text: String,
    changed: bool,
}

/// What the page sends: the version it showed, and the suggestion.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NarrowForm {
    version: String,
    after: String,
}

/// `GET /settings/tokens/{id}/narrow`
pub async fn show_narrow(of: TokenRequest) -> Result<HttpResponse, PageError> {
    draw(&of, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/tokens/{id}/narrow`
pub async fn narrow_token(of: TokenRequest, Form(form): Form<NarrowForm>) -> Result<HttpResponse, PageError> {
    let of = of.with_latest_uses().await?;
    let suggestion = suggestion(&of.app, &of.me, &of.token, &of.feeds().await?).await?;
    let shown =
        suggestion.filter(|new| form.version == of.token.version.to_string() && new.narrower.to_line() == form.after);
    let changed = shown.and_then(|shown| narrowed(&of.token, shown.narrower, &of.me));
    let Some(changed) = changed else { return stale(&of).await };
    match of.app.store.edit_token(&changed, &of.me.actor, of.me.now).await? {
        Edited::Done => Ok(go_to(&of.req, Flash::Narrowed.at(&of.path()))),
        Edited::Unchanged => Ok(go_to(&of.req, Flash::Unchanged.at(&of.path()))),
        Edited::Stale => stale(&of.reloaded().await?).await,
    }
}

/// The token as it will be; none if that would be more than it is now, or is refused as an edit.
fn narrowed(token: &Token, narrower: LeastPrivilege, me: &SignedIn) -> Option<Token> {
    if !narrower.narrows(token) {
        return None;
    }
    let LeastPrivilege { permissions, patterns, feeds } = narrower;
    TokenSettings { permissions, patterns, feeds, ..token.settings.clone() }.replace_in(token, me.now).ok()
}

/// 409: the token was changed, or used for something else, since the page was drawn.
async fn stale(of: &TokenRequest) -> Result<HttpResponse, PageError> {
    let text = "The token was changed or used for something else in the meantime, so nothing was narrowed. This is how it looks now.";
    draw(of, StatusCode::CONFLICT, Problems::one("", text)).await
}

impl Advice {
    /// What would do for the token, if it was watched long enough and could do with less.
    pub(super) async fn about(
        app: &App,
        me: &SignedIn,
        token: &Token,
        feeds: &[Feed],
    ) -> Result<Option<Self>, PageError> {
        let suggestion = suggestion(app, me, token, feeds).await?;
        Ok(suggestion.map(|suggestion| Self { sentence: suggestion.sentence(token, feeds) }))
    }
}

async fn suggestion(app: &App, me: &SignedIn, token: &Token, feeds: &[Feed]) -> Result<Option<Suggestion>, PageError> {
    if !state(token, me.now).is_live() {
        return Ok(None);
    }
    let watched = app.store.work_of(token, me.now - WATCHED_FOR).await?;
    if watched.overflowed || !is_known_well(watched.since, watched.widened_at.max(token.issued_at), me.now) {
        return Ok(None);
    }
    let used: Vec<_> = watched.work.iter().map(used).collect();
    let reachable: Vec<FeedId> = feeds.iter().map(|feed| feed.id).collect();
    let narrower = LeastPrivilege::of(token, &used, &reachable);
    Ok(narrower.map(|narrower| Suggestion { narrower, work: watched.work }))
}

fn used(work: &PermissionUse) -> Used<'_> {
    Used { permission: work.permission, feed: work.feed, package: &work.package }
}

impl Suggestion {
    /// "In the last 30 days it did not delete NuGet packages; touched only Fabrikam.Core."
    fn sentence(&self, token: &Token, feeds: &[Feed]) -> String {
        let LeastPrivilege { permissions, patterns, feeds: covered } = &self.narrower;
        let unused: Vec<_> =
            token.settings.permissions.iter().filter(|own| !permissions.has(*own)).map(Permission::words).collect();
        let unused = (!unused.is_empty()).then(|| format!("did not {}", listed(&unused, "or")));
        let names = (*patterns != token.settings.patterns).then(|| format!("touched only {}", self.names()));
        let within =
            (*covered != token.settings.feeds).then(|| format!("was used only in {}", feed_names(covered, feeds)));
        let parts: Vec<_> = [unused, names, within].into_iter().flatten().collect();
        format!("In the last {} days it {}.", WATCHED_FOR.num_days(), parts.join("; "))
    }

    /// The packages it was used for: a few, then a count.
    fn names(&self) -> String {
        let mut names: Vec<&str> =
            self.work.iter().map(|work| work.package.as_str()).filter(|name| !name.is_empty()).collect();
        names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
        names.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        let rest = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        if rest == 0 { listed(&names, "and") } else { format!("{} and {rest} more", names.join(", ")) }
    }

    fn plan(&self, token: &Token, feeds: &[Feed]) -> Plan {
        let LeastPrivilege { permissions, patterns, feeds: covered } = self.narrower.clone();
        let settings = TokenSettings { permissions, patterns, feeds: covered, ..token.settings.clone() };
        let after = Token { settings, ..token.clone() };
        let may = |token: &Token| token.settings.permissions.iter().map(|own| sentence(own.words())).collect();
        let packages = |token: &Token| token.settings.patterns.iter().map(pattern).collect();
        let names = |token: &Token| feed_names(&token.settings.feeds, feeds).split(", ").map(str::to_owned).collect();
        Plan {
            sentence: self.sentence(token, feeds),
            rows: [
                Row::new("May", may(token), may(&after)),
                Row::new("Packages", packages(token), packages(&after)),
                Row::new("Feeds", names(token), names(&after)),
            ],
            cuts_reading: after.settings.patterns != token.settings.patterns
                && after.settings.permissions.has(Permission::of(Kind::NuGet, Verb::Pull)),
            line: self.narrower.to_line(),
        }
    }
}

fn pattern(text: &str) -> String {
    if text == "*" { "All packages".to_owned() } else { text.to_owned() }
}

impl Row {
    fn new(label: &'static str, before: Vec<String>, after: Vec<String>) -> Self {
        let marked = |own: &[String], other: &[String]| {
            own.iter().map(|text| Item { text: text.clone(), changed: !other.contains(text) }).collect()
        };
        Self { label, before: marked(&before, &after), after: marked(&after, &before) }
    }
}

/// `a, b or c`.
fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

async fn draw(of: &TokenRequest, status: StatusCode, problems: Problems) -> Result<HttpResponse, PageError> {
    let (token, feeds) = (&of.token, of.feeds().await?);
    let suggestion = suggestion(&of.app, &of.me, token, &feeds).await?;
    let page = NarrowPage {
        page: Page::in_section(&of.req, format!("Narrow {}", token.settings.name), "tokens"),
        token: view::Token::whole(token, &feeds, &of.me),
        version: token.version,
        plan: suggestion.map(|suggestion| suggestion.plan(token, &feeds)),
        problems,
    };
    answer(status, &page)
}
