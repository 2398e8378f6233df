//! `npm search`: packages by their words, those that fit best first.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};
use chrono::SecondsFormat;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    release::manifest,
    request::NpmRequest,
    response::{Answer, NpmError},
};
use crate::{
    app::App,
    packages::{
        PackageSearch, SearchResult, SearchScope, Shows, StoredPackage,
        manifest::Manifest,
        npm::document::LATEST,
        search::{NameRanges, SearchQuery},
    },
    registry::{request::Reader, search},
    tokens::Kind,
};

/// Packages in an answer.
const MOST: usize = 100;
/// Packages that are left out before those in the answer.
const MOST_SKIPPED: usize = 1_000;
/// Owners that are named.
const MOST_OWNERS: i64 = 20;

/// `GET -/v1/search`
pub async fn search_packages(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let reader = request.reader().await?;
    let query: HashMap<String, String> = form_urlencoded::parse(req.query_string().as_bytes()).into_owned().collect();
    let typed = SearchQuery::parse(query.get("text").map_or("", String::as_str));
    let search = PackageSearch {
        scope: SearchScope::Feed(reader.feed),
        feed: None,
        kind: Some(Kind::Npm),
        query: &typed,
        completes: false,
        version_key: typed.version.as_deref().unwrap_or_default(),
        owner: "",
        shows: Shows::Listed,
        package_type: "",
        deprecated: None,
        names: &NameRanges::all(),
        skip: number(&query, "from", 0, MOST_SKIPPED),
        take: number(&query, "size", 20, MOST),
    };
    let SearchResult { total, hits } = search::find(&request, &reader, search).await?;
    let mut objects = Vec::new();
    for found in hits {
        objects.extend(object(&request, &reader, &found.package).await?);
    }
    let time = request.now().to_rfc3339_opts(SecondsFormat::Millis, true);
    request.json(reader.token(), &json!({ "objects": objects, "total": total, "time": time }))
}

/// A number of the query; what is none, or too much, is the nearest that is served.
fn number(query: &HashMap<String, String>, name: &str, default: usize, most: usize) -> usize {
    query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default).min(most)
}

/// A package of the result, by its latest version. npm and pnpm fail without the names of people, even of nobody.
async fn object(request: &NpmRequest<'_>, reader: &Reader, package: &StoredPackage) -> Result<Option<Value>, NpmError> {
    let store = &request.app.store;
    let Some(latest) = store.tags(package.key).await?.remove(LATEST) else { return Ok(None) };
    let Some(release) = store.release(package.key, &latest).await? else { return Ok(None) };
    let manifest = manifest(&release)?;
    let owners = if reader.sees_people { store.owners(package.key, MOST_OWNERS).await? } else { Vec::new() };
    let people: Vec<Value> = owners.iter().map(|owner| json!({ "username": owner.username })).collect();
    let publisher = people.first().cloned().unwrap_or_else(|| json!({ "username": "" }));
    let links = json!({ "npm": request.app.settings.public_url.of(&format!("/feeds/{}/packages/npm/{}", request.feed, package.name)) });
    let score = json!({ "final": 1, "detail": { "quality": 1, "popularity": 1, "maintenance": 1 } });
    Ok(Some(json!({
        "package": {
            "name": package.name,
            "version": release.version.text,
            "description": manifest.summary(),
            "keywords": manifest.tags(),
            "date": release.published_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "links": links,
            "publisher": publisher,
            "maintainers": people,
        },
        "score": score,
        "searchScore": 1,
    })))
}
