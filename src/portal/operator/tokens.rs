//! The inventory: all tokens of the host, with filters for those that are worth a look, and as CSV.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, ContentType},
    },
    web::{Bytes, Data, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::stream;
use serde::Deserialize;

use super::{BOUND, Operator, ROWS, number, typed};
use crate::{
    app::App,
    portal::tokens::row::TokenRow,
    store::StoreError,
    tokens::{
        Feeds, Permission, ServedKinds, TokenId, Verb,
        inventory::{InventoryFilter, InventoryQuery, InventoryToken},
        state::state,
    },
    web::{
        error::PageError,
        page::{Page, answer},
        paging::{Rows, limit},
        query::with_query,
        toolbar::{Alert, FilterLink, Pager, Toolbar},
    },
};

const HERE: &str = "/operator/tokens";
/// Tokens that are read for the CSV at a time.
const PIECE: usize = 500;

#[derive(Template)]
#[template(path = "portal/operator/tokens.html")]
struct Tokens {
    page: Page,
    alerts: Vec<Alert>,
    toolbar: Toolbar,
    owner: String,
    scope: String,
    scopes: Vec<(String, String)>,
    is_narrowed: bool,
    rows: Vec<InventoryRow>,
    pager: Pager,
    /// The list as CSV.
    export: String,
    /// The query of the list, to come back to.
    from: String,
}

/// A token and whose it is, ready for templates.
struct InventoryRow {
    row: TokenRow,
    owner: String,
    owner_id: String,
}

/// What is looked for, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TokenSearch {
    show: String,
    q: String,
    /// A username.
    owner: String,
    /// A permission, or a kind with its colon.
    scope: String,
    before: String,
}

/// `GET /operator/tokens`
pub async fn list_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    query: Option<Query<TokenSearch>>,
) -> Result<HttpResponse, PageError> {
    let search = query.map(Query::into_inner).unwrap_or_default().tidied(me.served);
    let wanted = search.wanted(&app).await?;
    let found = match &wanted {
        Some(wanted) => app.store.inventory(wanted, TokenId::parse(&search.before), limit(ROWS), me.now).await?,
        None => Vec::new(),
    };
    let found = Rows::new(found, ROWS);
    let next = found.next(|last| search.path(search.filter(), &last.token.id.to_string()));
    let mut pager = Pager::onward(&search.path(search.filter(), ""), &[], search.before.is_empty(), next);
    if let Some(wanted) = &wanted {
        pager.shown = format!("{} of {}", found.shown.len(), counted(&app, wanted, me.now).await?);
    }
    let page = Tokens {
        page: Page::in_section(&req, "Tokens", "operator-tokens"),
        alerts: alerts(&app, me.now).await?,
        toolbar: search.toolbar(&app),
        scopes: scopes(me.served),
        is_narrowed: search.is_narrowed(),
        rows: found.shown.iter().map(|found| InventoryRow::new(found, &me)).collect(),
        pager,
        export: search.path_at("/operator/tokens/export", search.filter(), ""),
        from: with_query("", search.pairs(search.filter(), "")),
        owner: search.owner,
        scope: search.scope,
    };
    answer(StatusCode::OK, &page)
}

async fn counted(app: &App, wanted: &InventoryQuery, now: DateTime<Utc>) -> Result<String, StoreError> {
    Ok(match app.store.count_inventory(wanted, BOUND, now).await? {
        1 => "1 token".to_owned(),
        count => format!("{} tokens", number(count, BOUND)),
    })
}

/// What an audit begins with.
async fn alerts(app: &App, now: DateTime<Utc>) -> Result<Vec<Alert>, StoreError> {
    let mut alerts = Vec::new();
    for (filter, words) in [
        (InventoryFilter::BeyondMaximum, "beyond the longest lifetime"),
        (InventoryFilter::NeverExpires, "never expire"),
        (InventoryFilter::Unused, "unused for 90 days"),
    ] {
        let wanted = InventoryQuery { filter, max_days: app.settings.max_token_days, ..InventoryQuery::default() };
        let count = app.store.count_inventory(&wanted, BOUND, now).await?;
        if count > 0 {
            let path = TokenSearch::default().path(filter, "");
            alerts.push(Alert::warn(format!("{} {words}", number(count, BOUND)), path));
        }
    }
    Ok(alerts)
}

/// Kinds and permissions that can be looked for: the words of the address, and what they say.
fn scopes(served: ServedKinds) -> Vec<(String, String)> {
    let mut scopes = Vec::new();
    for kind in served.iter() {
        let any = Permission::of(kind, Verb::Pull).scope().split_once(':').map(|(kind, _)| format!("{kind}:"));
        scopes.extend(any.map(|any| (any, format!("{}: any", kind.label()))));
        let of_kind = Permission::all().filter(|permission| permission.kind() == Some(kind));
        scopes.extend(of_kind.map(|permission| (permission.scope().to_owned(), permission.words().to_owned())));
    }
    let api = Permission::all().filter(|permission| permission.kind().is_none() && served.asks_for(*permission));
    scopes.extend(api.map(|permission| (permission.scope().to_owned(), permission.words().to_owned())));
    scopes
}

impl TokenSearch {
    fn tidied(self, served: ServedKinds) -> Self {
        let Self { show, q, owner, scope, before } = self;
        let scope =
            Some(scope).filter(|scope| scopes(served).iter().any(|(word, _)| word == scope)).unwrap_or_default();
        Self { show, q: typed(&q), owner: typed(&owner), scope, before: typed(&before) }
    }

    fn filter(&self) -> InventoryFilter {
        InventoryFilter::parse(&self.show).unwrap_or_default()
    }

    /// Nothing can be found if there is no such owner.
    async fn wanted(&self, app: &App) -> Result<Option<InventoryQuery>, StoreError> {
        let owner = match self.owner.as_str() {
            "" => None,
            name => match app.store.account_named(name).await? {
                Some(account) => Some(account.id),
                None => return Ok(None),
            },
        };
        Ok(Some(InventoryQuery {
            filter: self.filter(),
            owner,
            scope: self.scope.clone(),
            words: self.q.clone(),
            max_days: app.settings.max_token_days,
        }))
    }

    fn is_narrowed(&self) -> bool {
        self.filter() != InventoryFilter::All || !self.q.is_empty() || !self.owner.is_empty() || !self.scope.is_empty()
    }

    fn pairs<'a>(&'a self, filter: InventoryFilter, before: &'a str) -> [(&'static str, &'a str); 5] {
        let show = if filter == InventoryFilter::All { "" } else { filter.as_str() };
        [("show", show), ("q", &self.q), ("owner", &self.owner), ("scope", &self.scope), ("before", before)]
    }

    fn path_at(&self, path: &str, filter: InventoryFilter, before: &str) -> String {
        with_query(path, self.pairs(filter, before))
    }

    fn path(&self, filter: InventoryFilter, before: &str) -> String {
        self.path_at(HERE, filter, before)
    }

    fn toolbar(&self, app: &App) -> Toolbar {
        let shown = self.filter();
        let link = |filter: InventoryFilter| FilterLink {
            label: filter.label(),
            path: self.path(filter, ""),
            count: None,
            is_chosen: filter == shown,
        };
        let bounded = app.settings.max_token_days.is_some();
        let offered =
            InventoryFilter::ALL.into_iter().filter(|filter| *filter != InventoryFilter::BeyondMaximum || bounded);
        let (in_sight, more): (Vec<_>, Vec<_>) = offered.partition(|filter| {
            matches!(filter, InventoryFilter::All | InventoryFilter::NeverExpires | InventoryFilter::Unused)
        });
        let kept = self.pairs(shown, "").into_iter().filter(|(name, value)| *name != "q" && !value.is_empty());
        Toolbar {
            action: HERE.to_owned(),
            words: self.q.clone(),
            is_live: false,
            placeholder: "Name, owner, key or package",
            kept: kept.map(|(name, value)| (name, value.to_owned())).collect(),
            filters: in_sight.into_iter().map(link).collect(),
            more: more.into_iter().map(link).collect(),
            orders: Vec::new(),
        }
    }
}

impl InventoryRow {
    fn new(found: &InventoryToken, me: &Operator) -> Self {
        let InventoryToken { token, owner } = found;
        Self { row: TokenRow::new(token, &[], me), owner: owner.clone(), owner_id: token.account.to_string() }
    }
}

/// `GET /operator/tokens/export`: the same list, whole, as CSV.
pub async fn export_tokens(
    app: Data<App>,
    me: Operator,
    query: Option<Query<TokenSearch>>,
) -> Result<HttpResponse, PageError> {
    let search = query.map(Query::into_inner).unwrap_or_default().tidied(me.served);
    let wanted = search.wanted(&app).await?;
    let now = me.now;
    let pieces = stream::try_unfold((wanted, None, true), move |(wanted, before, is_first)| {
        let app = app.clone();
        async move {
            let Some(query) = wanted else { return Ok::<_, StoreError>(None) };
            let found = app.store.inventory(&query, before, PIECE as i64, now).await?;
            let last = found.last().map(|found| found.token.id).filter(|_| found.len() == PIECE);
            let text = csv_of(&found, is_first, now);
            Ok(Some((Bytes::from(text), (last.is_some().then_some(query), last, false))))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(ContentType("text/csv; charset=utf-8".parse().map_err(|_| PageError::NotFound)?))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"tokens.csv\""))
        .streaming(pieces))
}

const COLUMNS: [&str; 12] = [
    "id",
    "name",
    "key begins with",
    "owner",
    "state",
    "permissions",
    "packages",
    "feeds",
    "created",
    "last used",
    "expires",
    "note",
];

/// Rows as CSV (RFC 4180). Writing into memory does not fail.
fn csv_of(found: &[InventoryToken], with_head: bool, now: DateTime<Utc>) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    if with_head {
        let _ = csv.write_record(COLUMNS);
    }
    for found in found {
        let _ = csv.write_record(cells(found, now).map(|cell| safe(&cell)));
    }
    csv.into_inner().unwrap_or_default()
}

fn cells(found: &InventoryToken, now: DateTime<Utc>) -> [String; 12] {
    let InventoryToken { token, owner } = found;
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let feeds = match &token.settings.feeds {
        Feeds::All => "*".to_owned(),
        Feeds::Some(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    [
        token.id.to_string(),
        token.settings.name.clone(),
        token.hint.clone().unwrap_or_default(),
        owner.clone(),
        state(token, now).label().to_owned(),
        token.settings.permissions.iter().map(Permission::scope).collect::<Vec<_>>().join(" "),
        token.settings.patterns.iter().collect::<Vec<_>>().join(" "),
        feeds,
        time(token.created_at),
        token.last_use.as_ref().map(|last| time(last.at)).unwrap_or_default(),
        token.end().map_or_else(|| "never".to_owned(), time),
        token.settings.note.clone(),
    ]
}

/// A cell that no spreadsheet takes for a formula.
fn safe(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_a_formula() {
        assert_eq!(["=1+1", "@a", "-", "CI"].map(safe), ["'=1+1", "'@a", "'-", "CI"]);
    }

    #[test]
    fn every_kind_that_is_served_can_be_looked_for() {
        let words: Vec<_> = scopes(ServedKinds::default()).into_iter().map(|(word, _)| word).collect();
        assert!(words.contains(&"nuget:".to_owned()) && words.contains(&"nuget:push".to_owned()), "{words:?}");
    }
}
