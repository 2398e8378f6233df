//! `npm search`: packages by their words, the most downloaded first.

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
        FoundPackage, PackageSearch, StoredPackage, manifest::Manifest, npm::document::LATEST,
        search_query::search_words,
    },
    registry::request::Reader,
    tokens::{Kind, PatternSet},
};

/// Characters of a search text.
const LONGEST: usize = 500;
/// Packages in an answer.
const MOST: usize = 100;
/// Packages that are left out before those in the answer.
const MOST_SKIPPED: usize = 1_000;
/// Packages that are looked at at a time.
const ROWS: usize = 500;
/// Owners that are named.
const MOST_OWNERS: i64 = 20;

/// `GET -/v1/search`
pub async fn search_packages(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let reader = request.reader().await?;
    let query: HashMap<String, String> = form_urlencoded::parse(req.query_string().as_bytes()).into_owned().collect();
    let text: String =
        query.get("text").map_or("", String::as_str).chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let (size, from) = (number(&query, "size", 20, MOST), number(&query, "from", 0, MOST_SKIPPED));
    let (total, found) = find(&app, &reader, &search_words(&text), (from, size)).await?;
    let mut objects = Vec::new();
    for package in found {
        objects.extend(object(&request, &reader, &package).await?);
    }
    let time = request.now().to_rfc3339_opts(SecondsFormat::Millis, true);
    request.json(reader.token(), &json!({ "objects": objects, "total": total, "time": time }))
}

/// A number of the query; what is none, or too much, is the nearest that is served.
fn number(query: &HashMap<String, String>, name: &str, default: usize, most: usize) -> usize {
    query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default).min(most)
}

/// How many packages a search finds, and the asked ones of them. They are looked at in pages, while no connection to the
/// database is held.
async fn find(
    app: &App,
    reader: &Reader,
    words: &[String],
    (skip, take): (usize, usize),
) -> Result<(usize, Vec<StoredPackage>), NpmError> {
    let search = PackageSearch {
        feed: reader.feed,
        kind: Kind::Npm,
        words,
        exactly: "",
        owner: "",
        prerelease: true,
        plain_only: false,
        package_type: "",
    };
    let set = reader.patterns().map(PatternSet::of);
    let (mut total, mut found, mut after): (_, _, Option<FoundPackage>) = (0, Vec::new(), None);
    loop {
        let page = {
            let _turn = app.long_answers.turn().await.ok_or_else(NpmError::too_many_at_once)?;
            app.store.search(&search, after.as_ref(), ROWS).await?
        };
        after = page.last().cloned();
        let whole = page.len() == ROWS;
        for FoundPackage { package, .. } in page {
            if set.as_ref().is_none_or(|set| set.covers(&package.name)) {
                if (skip..skip + take).contains(&total) {
                    found.push(package);
                }
                total += 1;
            }
        }
        if !whole {
            return Ok((total, found));
        }
    }
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
