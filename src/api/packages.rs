//! `GET packages`: what any pull permission lets the token read, in every feed where its account has a role.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{
    problem::{Answer, Problem},
    query::Query,
    visit::Visit,
};
use crate::{
    app::App,
    packages::listing::newest,
    store::{FeedPackage, Known},
    tokens::{
        Kind, PackageKey,
        decision::{Action, Ask, Decision, Holder, Package, decide},
    },
};

const MOST: usize = 1_000;
const USUALLY: usize = 100;
/// The permissions of which one suffices.
const SCOPE: &str = "nuget:pull container:pull npm:pull";

/// The handler.
pub async fn list(req: HttpRequest, app: web::Data<App>) -> Answer {
    let visit = Visit::of(&req, &app, "").await?;
    let known = visit.admit()?;
    reads_anything(&visit)?;
    let query = Query::of(&req, &["after", "limit"])?;
    let (after, limit) = (after(&query)?, limit(&query)?);
    let now = visit.now();
    let visible = |package: &FeedPackage| may_read(known, package, now);
    let mut found = app.store.packages_for(known.token.account, after, limit + 1, visible).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|package| package.key.to_string());
    let mut items = Vec::with_capacity(found.len());
    for package in &found {
        items.push(item(&app, package).await?);
    }
    Ok(HttpResponse::Ok().json(json!({ "packages": items, "next": next })))
}

fn reads_anything(visit: &Visit<'_>) -> Result<(), Problem> {
    let asks = Kind::ALL.map(|kind| Ask::of_account(Action::Pull(kind)));
    let ask = asks.iter().find(|ask| visit.could(ask).is_ok()).unwrap_or(&asks[0]);
    visit.ask(ask).map(drop).map_err(|refusal| visit.problem(&refusal, SCOPE))
}

fn may_read(known: &Known, package: &FeedPackage, now: chrono::DateTime<chrono::Utc>) -> bool {
    let ask = Ask {
        action: Action::Pull(package.kind),
        feed: Some((&package.feed_name, Some(package.feed))),
        name: Some(&package.name),
        package: Package::Unknown,
    };
    let holder = Holder { disabled: known.holder.disabled, ..package.holder };
    decide(Some(known.presented()), &holder, &ask, now) == Decision::Allow
}

async fn item(app: &App, package: &FeedPackage) -> Result<Value, Problem> {
    let versions = app.store.versions(package.key).await?;
    let latest = newest(versions.iter().filter(|listed| listed.listed).map(|listed| &listed.version));
    Ok(json!({
        "feed": package.feed_name,
        "kind": package.kind.as_str(),
        "id": package.name,
        "latest_version": latest.map(ToString::to_string),
        "listed_versions": package.listed_versions,
    }))
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
