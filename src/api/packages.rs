//! `GET packages`: what any pull permission lets the token read, in every feed where its account has a role.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    problem::{Answer, Problem, ProblemDocument},
    query::Query,
    request::ApiRequest,
};
use crate::{
    app::App,
    packages::FeedPackage,
    tokens::{
        Kind, PackageKey, PatternSet, Permission, TokenLookup, Verb,
        decision::{Action, Ask, Decision, Holder, Package, decide_in_list},
    },
};

const MOST: usize = 1_000;
const USUALLY: usize = 100;
/// Packages that are read from the database at a time.
const ROWS: usize = 500;

/// The permissions of which one suffices.
fn scope() -> String {
    Kind::ALL.map(|kind| Permission::of(kind, Verb::Pull).scope()).join(" ")
}

/// A package of a feed.
#[derive(Serialize, ToSchema)]
#[schema(as = Package)]
pub struct PackageDocument {
    /// The name of the feed.
    feed: String,
    /// `nuget`, `npm` or `container`.
    kind: &'static str,
    /// The name of the package.
    id: String,
    /// Its newest listed version, if one is listed.
    latest_version: Option<String>,
    /// How many of its versions are listed.
    listed_versions: i64,
}

/// A page of packages.
#[derive(Serialize, ToSchema)]
pub struct PackageList {
    /// The packages, in the order in which they were made.
    packages: Vec<PackageDocument>,
    /// For `after` in the request for the next page; null at the end.
    next: Option<String>,
}

/// List packages
///
/// What any permission to read lets the token that asks read, in every feed where its account has a role.
#[utoipa::path(
    get,
    path = "/packages",
    tag = "Packages",
    params(
        ("after" = Option<String>, Query, description = "The next of the page before"),
        ("limit" = Option<u16>, Query, description = "1 to 1,000; 100 if left out")
    ),
    responses((status = 200, body = PackageList), (status = "4XX", body = ProblemDocument))
)]
pub async fn list_packages(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = ApiRequest::of(&req, &app, "").await?;
    let known = request.admit()?;
    reads_anything(&request)?;
    let query = Query::of(&req, &["after", "limit"])?;
    let (after, limit) = (after(&query)?, limit(&query)?);
    let mut found = readable(&app, known, after, limit + 1, request.now()).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|package| package.key.to_string());
    let packages = found.iter().map(item).collect();
    Ok(HttpResponse::Ok().json(PackageList { packages, next }))
}

/// At most `limit` packages that the token may read, after one. They are looked at in pages, while no connection to the
/// database is held.
async fn readable(
    app: &App,
    known: &TokenLookup,
    mut after: Option<PackageKey>,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<FeedPackage>, Problem> {
    let set = PatternSet::of(&known.token.settings.patterns);
    let mut found = Vec::new();
    loop {
        let page = app.store.packages_for(known.token.account, after, ROWS).await?;
        after = page.last().map(|package| package.key);
        let whole = page.len() == ROWS;
        let room = limit - found.len();
        found.extend(page.into_iter().filter(|package| may_read(known, package, &set, now)).take(room));
        if !whole || found.len() == limit {
            return Ok(found);
        }
    }
}

fn reads_anything(request: &ApiRequest<'_>) -> Result<(), Problem> {
    let asks = Kind::ALL.map(|kind| Ask::of_account(Action::Pull(kind)));
    let ask = asks.iter().find(|ask| request.would_allow(ask).is_ok()).unwrap_or(&asks[0]);
    request.ask(ask).map(drop).map_err(|refusal| request.problem(&refusal, &scope()))
}

fn may_read(known: &TokenLookup, package: &FeedPackage, set: &PatternSet, now: DateTime<Utc>) -> bool {
    let ask = Ask {
        action: Action::Pull(package.kind),
        feed: Some((&package.feed_name, Some(package.feed))),
        name: Some(&package.name),
        package: Package::Unknown,
        is_served: true,
    };
    let holder = Holder { disabled: known.holder.disabled, ..package.holder };
    decide_in_list(Some(known.presented()), &holder, &ask, set, now) == Decision::Allow
}

fn item(package: &FeedPackage) -> PackageDocument {
    PackageDocument {
        feed: package.feed_name.clone(),
        kind: package.kind.as_str(),
        id: package.name.clone(),
        latest_version: package.latest.clone(),
        listed_versions: package.listed_versions,
    }
}

fn after(query: &Query) -> Result<Option<PackageKey>, Problem> {
    let cursor = query.get("after").map(|text| PackageKey::parse(text).ok_or(()));
    cursor.transpose().map_err(|()| Problem::bad("after must be the value of next from the answer before."))
}

fn limit(query: &Query) -> Result<usize, Problem> {
    let Some(text) = query.get("limit") else { return Ok(USUALLY) };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let limit = text.parse().ok().filter(|limit| digits && (1..=MOST).contains(limit));
    limit.ok_or_else(|| Problem::bad(format!("limit must be a number from 1 to {MOST}.")))
}
