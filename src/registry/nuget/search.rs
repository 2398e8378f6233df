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
        FoundPackage, ListedVersion, PackageSearch, SearchResult, SearchScope, Shows, StoredPackage, VersionNumber,
        kept::{KeptAnswer, KeptKind},
        newest,
        nuget::{id::PackageId, manifest::normalized, version::Version},
        search::{NameRanges, SearchQuery},
    },
    registry::long_response::{Listing, head_of},
    registry::{request::Reader, search},
    tokens::Kind,
};

const MOST_SKIPPED: usize = 3_000;
const MOST_TAKEN: usize = 1_000;
const USUALLY_TAKEN: usize = 20;

/// Which versions a client wants to hear of.
#[derive(Clone, Copy)]
struct VersionsWanted {
    prerelease: bool,
    semver2: bool,
}

impl VersionsWanted {
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
    let wanted = VersionsWanted::of(&query)?;
    let SearchResult { total, hits: found } = find(&request, &reader, &query, wanted).await?;
    let answer = request.with_expiry_warning(HttpResponse::Ok(), reader.token());
    let about = Rc::new((app.clone(), request.url(""), reader));
    let hits = stream::iter(found).filter_map(move |found| {
        let about = Rc::clone(&about);
        async move {
            let (app, base, reader) = &*about;
            hit(app, base, reader, &found, wanted).await.transpose()
        }
    });
    let head = head_of(&json!({ "totalHits": total }), "data");
    Listing { head, items: hits.boxed_local(), tail: "]}" }.answer(answer, "application/json").await
}

/// `GET autocomplete`: ids that begin with `q`, as clients drop all others; or the versions of one `id`.
pub async fn autocomplete_packages(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let query = Query::of(&req)?;
    let wanted = VersionsWanted::of(&query)?;
    if query.has("id") {
        return versions_of(&request, &app, &query, wanted).await;
    }
    let reader = request.reader().await?;
    let SearchResult { total, hits } = complete(&request, &reader, &query, wanted).await?;
    let ids: Vec<&str> = hits.iter().map(|found| found.package.name.as_str()).collect();
    request.json(&reader, &json!({ "totalHits": total, "data": ids }))
}

async fn versions_of(request: &NuGetRequest<'_>, app: &App, query: &Query, wanted: VersionsWanted) -> Answer {
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

/// The packages that a search finds.
async fn find(
    request: &NuGetRequest<'_>,
    reader: &Reader,
    query: &Query,
    wanted: VersionsWanted,
) -> Result<SearchResult<FoundPackage>, NuGetError> {
    find_by(request, reader, query, wanted, (&SearchQuery::parse(query.typed()), false)).await
}

/// The packages whose id begins as typed.
async fn complete(
    request: &NuGetRequest<'_>,
    reader: &Reader,
    query: &Query,
    wanted: VersionsWanted,
) -> Result<SearchResult<FoundPackage>, NuGetError> {
    find_by(request, reader, query, wanted, (&SearchQuery::beginning(query.typed()), true)).await
}

async fn find_by(
    request: &NuGetRequest<'_>,
    reader: &Reader,
    query: &Query,
    wanted: VersionsWanted,
    (typed, completes): (&SearchQuery, bool),
) -> Result<SearchResult<FoundPackage>, NuGetError> {
    let package_type = query.text("packageType")?.to_ascii_lowercase();
    let (skip, take) = (query.number("skip", 0, MOST_SKIPPED)?, query.number("take", USUALLY_TAKEN, MOST_TAKEN)?);
    let owner = one_of(&typed.owners)?;
    let version = typed.version.as_deref().map(Version::parse).transpose();
    let is_no_type = !package_type.is_empty() && PackageId::parse(&package_type).is_err();
    let (Ok(version), false) = (version, is_no_type || (!owner.is_empty() && !reader.sees_people)) else {
        return Ok(SearchResult { total: 0, hits: Vec::new() });
    };
    let search = PackageSearch {
        scope: SearchScope::Feed(reader.feed),
        feed: None,
        kind: Some(Kind::NuGet),
        query: typed,
        completes,
        version_key: &version.map(|version| version.key()).unwrap_or_default(),
        owner,
        shows: Shows::to_client(wanted.prerelease, !wanted.semver2),
        package_type: &package_type,
        deprecated: None,
        names: &NameRanges::all(),
        skip,
        take,
    };
    search::find(request, reader, search).await
}

/// The one owner that a search names; empty for none.
fn one_of(owners: &[String]) -> Result<&str, NuGetError> {
    match owners {
        [] => Ok(""),
        [owner] => Ok(owner),
        _ => Err(NuGetError::bad("A parameter cannot be read", "Search for one owner at a time.")),
    }
}

/// One package of the result. A package without a version for this client is left out.
async fn hit(
    app: &App,
    base: &str,
    reader: &Reader,
    found: &FoundPackage,
    wanted: VersionsWanted,
) -> Result<Option<String>, NuGetError> {
    let VersionsWanted { prerelease, semver2 } = wanted;
    let package = &found.package;
    let kind = KeptKind::Hit(format!("{base} {prerelease} {semver2} {}", found.downloads));
    let kept = match app.kept.get(package.key, &kind, found.revision) {
        Some(kept) => kept,
        None => {
            let answer = KeptAnswer::of(make_hit(app, base, package, wanted).await?.unwrap_or_default().into_bytes());
            app.kept.keep(package.key, kind, found.revision, &answer);
            answer
        }
    };
    let mut hit = String::from_utf8_lossy(&kept.bytes).into_owned();
    if hit.is_empty() {
        return Ok(None);
    }
    if let Some(owners) = details::owners(app, reader, package).await? {
        hit.pop();
        hit += &format!(",\"owners\":{owners}}}");
    }
    Ok(Some(hit))
}

/// The same for everybody who reads the package, made anew.
async fn make_hit(
    app: &App,
    base: &str,
    package: &StoredPackage,
    wanted: VersionsWanted,
) -> Result<Option<String>, NuGetError> {
    let _turn = app.long_answers.turn().await.ok_or_else(NuGetError::too_many_at_once)?;
    let mut versions = app.store.versions(package.key).await?;
    versions.retain(|listed| wanted.has(listed));
    let Some(newest) = latest(&versions, wanted).cloned() else { return Ok(None) };
    let Some(found) = stored::by_key(&app.store, package.key, &newest.key).await? else { return Ok(None) };
    let urls = Urls { base: base.to_owned(), key: package.name.to_ascii_lowercase() };
    let listed: Vec<Value> = versions.iter().map(|listed| version_of(&urls, listed)).collect();
    let mut hit = json!({
        "@id": urls.index(),
        "@type": "Package",
        "registration": urls.index(),
        "title": found.nuspec.title.as_deref().unwrap_or(&package.name),
        "authors": [found.nuspec.authors],
        "totalDownloads": versions.iter().map(|listed| listed.downloads).sum::<i64>(),
        "verified": false,
        "vulnerabilities": [],
        "versions": listed,
    });
    if let Some(fields) = hit.as_object_mut() {
        fields.extend(details::of(&urls, package, &found));
    }
    Ok(Some(hit.to_string()))
}

/// A client that wants prereleases gets the highest version of all.
fn latest(versions: &[ListedVersion], wanted: VersionsWanted) -> Option<&VersionNumber> {
    let all = versions.iter().map(|listed| &listed.version);
    if wanted.prerelease { all.max() } else { newest(all) }
}

fn version_of(urls: &Urls, listed: &ListedVersion) -> Value {
    json!({ "@id": urls.leaf(&listed.version.key), "version": listed.version.to_string(), "downloads": listed.downloads })
}
