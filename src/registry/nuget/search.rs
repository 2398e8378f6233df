//! Search and autocomplete. They show what is listed, and of that only what the key's patterns cover.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{
    details,
    query::Query,
    request::NuGetRequest,
    response::{Answer, NuGetError},
    stored,
    urls::Urls,
};
use crate::{
    app::App,
    packages::{
        FoundPackage, ListedVersion, PackageSearch, StoredPackage, VersionNumber, newest,
        nuget::{id::PackageId, manifest::normalized},
        search_query::{search_words, take_owners},
    },
    registry::long_response::{Listing, head_of},
    registry::request::Reader,
    tokens::{Kind, PatternSet},
};

const MOST_SKIPPED: usize = 3_000;
const MOST_TAKEN: usize = 1_000;
const USUALLY_TAKEN: usize = 20;
/// Packages that are read from the database at a time.
const ROWS: usize = 2_000;

/// Which versions a client wants to hear of.
#[derive(Clone, Copy)]
struct SearchQuery {
    prerelease: bool,
    semver2: bool,
}

impl SearchQuery {
    fn of(query: &Query) -> Result<Self, NuGetError> {
        Ok(Self { prerelease: query.flag("prerelease")?, semver2: query.knows_semver2()? })
    }

    fn has(self, listed: &ListedVersion) -> bool {
        let version = &listed.version;
        listed.listed && (self.prerelease || !version.is_prerelease) && (self.semver2 || version.is_plain)
    }
}

/// `GET query`
pub async fn search_packages(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let reader = request.reader().await?;
    let query = Query::of(&req)?;
    let wanted = SearchQuery::of(&query)?;
    let (total, found) = find(&app, &reader, &query, wanted).await?;
    let answer = request.with_expiry_warning(HttpResponse::Ok(), reader.token());
    let about = Rc::new((app.clone(), request.url(""), reader));
    let hits = stream::iter(found).filter_map(move |package| {
        let about = Rc::clone(&about);
        async move {
            let (app, base, reader) = &*about;
            hit(app, base.clone(), reader, &package, wanted).await.transpose()
        }
    });
    let head = head_of(&json!({ "totalHits": total }), "data");
    Listing { head, items: hits.boxed_local(), tail: "]}" }.answer(answer, "application/json").await
}

/// `GET autocomplete`: ids that match `q`, or the versions of one `id`.
pub async fn autocomplete_packages(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let query = Query::of(&req)?;
    let wanted = SearchQuery::of(&query)?;
    if query.has("id") {
        return versions_of(&request, &app, &query, wanted).await;
    }
    let reader = request.reader().await?;
    let (total, found) = find(&app, &reader, &query, wanted).await?;
    let ids: Vec<&str> = found.iter().map(|package| package.name.as_str()).collect();
    request.json(&reader, &json!({ "totalHits": total, "data": ids }))
}

async fn versions_of(request: &NuGetRequest<'_>, app: &App, query: &Query, wanted: SearchQuery) -> Answer {
    let id = PackageId::parse(query.text("id")?)
        .map_err(|error| NuGetError::bad("A parameter cannot be read", error.to_string()))?;
    let Some((reader, package)) = request.look_up(id.as_str()).await? else {
        return Ok(HttpResponse::Ok().json(json!({ "totalHits": 0, "data": [] })));
    };
    let versions = app.store.versions(package.key).await?;
    let shown: Vec<&str> =
        versions.iter().filter(|listed| wanted.has(listed)).map(|listed| normalized(&listed.version)).collect();
    request.json(&reader, &json!({ "totalHits": shown.len(), "data": shown }))
}

/// How many packages a search finds, and the asked ones of them. They are looked at in pages, while no connection to the
/// database is held.
async fn find(
    app: &App,
    reader: &Reader,
    query: &Query,
    wanted: SearchQuery,
) -> Result<(usize, Vec<StoredPackage>), NuGetError> {
    let text = query.text("q")?.to_lowercase();
    let exactly = ["packageid:", "id:"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or_default();
    let mut words = if exactly.is_empty() { search_words(&text) } else { Vec::new() };
    let owners = take_owners(&mut words);
    let owner = one_of(&owners)?;
    let package_type = query.text("packageType")?.to_ascii_lowercase();
    let (skip, take) = (query.number("skip", 0, MOST_SKIPPED)?, query.number("take", USUALLY_TAKEN, MOST_TAKEN)?);
    let is_no_type = !package_type.is_empty() && PackageId::parse(&package_type).is_err();
    if is_no_type || (!owner.is_empty() && !reader.sees_people) {
        return Ok((0, Vec::new()));
    }
    let search = PackageSearch {
        feed: reader.feed,
        kind: Kind::NuGet,
        words: &words,
        exactly: exactly.trim(),
        owner,
        prerelease: wanted.prerelease,
        plain_only: !wanted.semver2,
        package_type: &package_type,
    };
    let set = reader.patterns().map(PatternSet::of);
    let (mut total, mut found, mut after) = (0, Vec::new(), None);
    loop {
        let page = search_page(app, &search, after.as_ref()).await?;
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

/// The one owner that a search names; empty for none.
fn one_of(owners: &[String]) -> Result<&str, NuGetError> {
    match owners {
        [] => Ok(""),
        [owner] => Ok(owner),
        _ => Err(NuGetError::bad("A parameter cannot be read", "Search for one owner at a time.")),
    }
}

async fn search_page(
    app: &App,
    search: &PackageSearch<'_>,
    after: Option<&FoundPackage>,
) -> Result<Vec<FoundPackage>, NuGetError> {
    let _turn = app.long_answers.turn().await.ok_or_else(NuGetError::too_many_at_once)?;
    Ok(app.store.search(search, after, ROWS).await?)
}

/// One package of the result. A package without a version for this client is left out.
async fn hit(
    app: &App,
    base: String,
    reader: &Reader,
    package: &StoredPackage,
    wanted: SearchQuery,
) -> Result<Option<Value>, NuGetError> {
    let _turn = app.long_answers.turn().await.ok_or_else(NuGetError::too_many_at_once)?;
    let mut versions = app.store.versions(package.key).await?;
    versions.retain(|listed| wanted.has(listed));
    let Some(newest) = latest(&versions, wanted).cloned() else { return Ok(None) };
    let Some(found) = stored::by_key(&app.store, package.key, &newest.key).await? else { return Ok(None) };
    let urls = Urls { base, key: package.name.to_ascii_lowercase() };
    let listed: Vec<Value> = versions.iter().map(|listed| version_of(&urls, listed)).collect();
    let mut hit = json!({
        "@id": urls.index(),
        "@type": "Package",
        "registration": urls.index(),
        "title": found.nuspec.title.as_deref().unwrap_or(&package.name),
        "authors": [found.nuspec.authors],
        "totalDownloads": versions.iter().map(|listed| listed.downloads).sum::<i64>(),
        "verified": false,
        "versions": listed,
    });
    if let Some(fields) = hit.as_object_mut() {
        fields.extend(details::of(&urls, package, &found));
    }
    if let Some(owners) = details::owners(app, reader, package).await? {
        hit["owners"] = owners;
    }
    Ok(Some(hit))
}

/// A client that wants prereleases gets the highest version of all.
fn latest(versions: &[ListedVersion], wanted: SearchQuery) -> Option<&VersionNumber> {
    let all = versions.iter().map(|listed| &listed.version);
    if wanted.prerelease { all.max() } else { newest(all) }
}

fn version_of(urls: &Urls, listed: &ListedVersion) -> Value {
    json!({ "@id": urls.leaf(&listed.version.key), "version": listed.version.to_string(), "downloads": listed.downloads })
}
