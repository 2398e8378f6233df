//! Registrations: what each version of a package says of itself, in pages of 64, kept until the package changes.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::SecondsFormat;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, LocalBoxStream},
};
use serde_json::{Value, json};

use super::{
    details,
    download::readable_package,
    kept::{kept_or_made, send_kept},
    request::NuGetRequest,
    response::{Answer, NuGetError},
    stored,
    urls::Urls,
};
use crate::{
    app::App,
    packages::{
        StoredPackage, VersionNumber, VersionSet,
        kept::{KeptAnswer, KeptKind},
        nuget::{StoredNuspec, manifest::normalized, nuspec::DependencyGroup, range::VersionRange},
    },
    registry::long_response::{Listing, head_of},
};

/// Versions in one page; up to so many are given in the index itself.
const PAGE: usize = 64;
/// Versions of a page that are looked for: more is no page of ours, whatever was published since the index was read.
const MOST_IN_PAGE: i64 = 2 * PAGE as i64 + 1;

/// Bytes of an answer that is kept; a longer one is made for each client, piece by piece.
const MOST_KEPT: usize = 1024 * 1024;
/// Versions that are read at a time.
const BATCH: i64 = 16;

/// `GET registration/{id}/index.json`
pub async fn show_registration(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let (reader, package) = readable_package(&request, &request.id()?).await?;
    let owners = details::owners(&app, &reader, &package).await?;
    let urls = Urls::of(&request, &package);
    let kind = KeptKind::Registration(format!("{} {owners:?}", urls.base));
    let made = async {
        let Some((head, range)) = head_of_index(&app, &urls, &package, owners.as_ref()).await? else {
            return Err(NuGetError::nothing_here());
        };
        match range {
            Some(range) => whole(&app, &urls, &package, head, (range, "]}]}")).await,
            None => Ok(Some(head.into_bytes())),
        }
    };
    if let Some(kept) = kept_or_made(&app, package.key, kind, made).await? {
        return send_kept(&request, &reader, kept);
    }
    let index = head_of_index(&app, &urls, &package, owners.as_ref()).await?.ok_or_else(NuGetError::nothing_here)?;
    let (head, Some(range)) = index else { return Err(NuGetError::nothing_here()) };
    let answer = request.with_expiry_warning(HttpResponse::Ok(), reader.token());
    Listing { head, items: items(&app, urls, package, range), tail: "]}]}" }.answer(answer, "application/json").await
}

/// `GET registration/{id}/page/{lower}/{upper}.json`. A version published since the index was read may lie between.
pub async fn show_registration_page(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let (lower, upper) = (request.version("lower")?.number(), request.version("upper")?.number());
    let (reader, package) = readable_package(&request, &request.id()?).await?;
    let urls = Urls::of(&request, &package);
    let range = VersionSet::between(&lower, &upper);
    let kind = KeptKind::Registration(format!("{} {} {}", urls.base, lower.key, upper.key));
    let made = async {
        let head = head_of_range(&app, &urls, &package, &range).await?.ok_or_else(NuGetError::nothing_here)?;
        whole(&app, &urls, &package, head, (range.clone(), "]}")).await
    };
    if let Some(kept) = kept_or_made(&app, package.key, kind, made).await? {
        return send_kept(&request, &reader, kept);
    }
    let head = head_of_range(&app, &urls, &package, &range).await?.ok_or_else(NuGetError::nothing_here)?;
    let answer = request.with_expiry_warning(HttpResponse::Ok(), reader.token());
    Listing { head, items: items(&app, urls, package, range), tail: "]}" }.answer(answer, "application/json").await
}

/// The index up to its first item, and the versions of which the items are; without those where they have pages of their
/// own, and then it is all of it.
async fn head_of_index(
    app: &App,
    urls: &Urls,
    package: &StoredPackage,
    owners: Option<&Value>,
) -> Result<Option<(String, Option<VersionSet>)>, NuGetError> {
    let versions: Vec<VersionNumber> =
        app.store.versions(package.key).await?.into_iter().map(|listed| listed.version).collect();
    let (Some(first), Some(last)) = (versions.first(), versions.last()) else { return Ok(None) };
    let kinds = ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"];
    let mut index = json!({ "@id": urls.index(), "@type": kinds });
    if let Some(owners) = owners {
        index["owners"] = owners.clone();
    }
    if versions.len() > PAGE {
        let pages: Vec<Value> = versions.chunks(PAGE).map(|chunk| page_of(urls, chunk)).collect();
        index["count"] = json!(pages.len());
        index["items"] = Value::Array(pages);
        return Ok(Some((index.to_string(), None)));
    }
    index["count"] = json!(1);
    let page = head_of(&page_of(urls, &versions), "items");
    Ok(Some((head_of(&index, "items") + &page, Some(VersionSet::between(first, last)))))
}

/// A page up to its first item.
async fn head_of_range(
    app: &App,
    urls: &Urls,
    package: &StoredPackage,
    range: &VersionSet,
) -> Result<Option<String>, NuGetError> {
    let versions = app.store.version_numbers(package, range, MOST_IN_PAGE).await?;
    let is_page = !versions.is_empty() && versions.len() <= 2 * PAGE;
    Ok(is_page.then(|| head_of(&page_of(urls, &versions), "items")))
}

/// A whole answer; none if it is too long to be kept.
async fn whole(
    app: &App,
    urls: &Urls,
    package: &StoredPackage,
    head: String,
    (range, tail): (VersionSet, &str),
) -> Result<Option<Vec<u8>>, NuGetError> {
    let mut text = head;
    let (mut above, mut comma) = (Vec::new(), "");
    loop {
        let batch = read_batch(app, package, &range, &above).await?;
        for found in &batch {
            text += comma;
            text += &item(urls, package, found).to_string();
            comma = ",";
        }
        if text.len() > MOST_KEPT {
            return Ok(None);
        }
        match batch.last() {
            Some(last) if batch.len() as i64 == BATCH => above.clone_from(&last.stored.version.sort_key),
            _ => break,
        }
    }
    Ok(Some((text + tail).into_bytes()))
}

/// `GET registration/{id}/{version}.json`
pub async fn show_registration_leaf(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let version = request.version("version")?;
    let (reader, package) = readable_package(&request, &request.id()?).await?;
    let found = stored::version(&app.store, package.key, &version).await?.ok_or_else(NuGetError::nothing_here)?;
    let urls = Urls::of(&request, &package);
    let mut leaf = item(&urls, &package, &found);
    leaf["@type"] = json!(["Package", "catalog:Permalink"]);
    leaf["listed"] = json!(found.stored.listed);
    leaf["published"] = json!(time(&found));
    send_kept(&request, &reader, KeptAnswer::of(leaf.to_string().into_bytes()))
}

/// A page without its items.
fn page_of(urls: &Urls, versions: &[VersionNumber]) -> Value {
    let (Some(lower), Some(upper)) = (versions.first(), versions.last()) else { return Value::Null };
    json!({
        "@id": urls.page(&lower.key, &upper.key),
        "@type": "catalog:CatalogPage",
        "count": versions.len(),
        "lower": normalized(lower),
        "upper": normalized(upper),
        "parent": urls.index(),
    })
}

/// The items of a page, read a batch at a time when they are wanted.
fn items(
    app: &web::Data<App>,
    urls: Urls,
    package: StoredPackage,
    range: VersionSet,
) -> LocalBoxStream<'static, Result<Value, NuGetError>> {
    let about = Rc::new((app.clone(), urls, package, range));
    let batches = stream::try_unfold(Some(Vec::new()), move |above: Option<Vec<u8>>| {
        let about = Rc::clone(&about);
        async move {
            let Some(above) = above else { return Ok(None) };
            let (app, urls, package, range) = &*about;
            let batch = read_batch(app, package, range, &above).await?;
            let last = batch.last().map(|found| found.stored.version.sort_key.clone());
            let next = last.filter(|_| batch.len() as i64 == BATCH);
            let items: Vec<Result<Value, NuGetError>> =
                batch.iter().map(|found| Ok(item(urls, package, found))).collect();
            Ok::<_, NuGetError>(Some((stream::iter(items), next)))
        }
    });
    batches.try_flatten().boxed_local()
}

async fn read_batch(
    app: &App,
    package: &StoredPackage,
    range: &VersionSet,
    above: &[u8],
) -> Result<Vec<StoredNuspec>, NuGetError> {
    let _turn = app.long_answers.turn().await.ok_or_else(NuGetError::too_many_at_once)?;
    stored::in_range(&app.store, package.key, range, (above, BATCH)).await
}

fn item(urls: &Urls, package: &StoredPackage, found: &StoredNuspec) -> Value {
    json!({
        "@id": urls.leaf(&found.stored.version.key),
        "@type": "Package",
        "catalogEntry": entry(urls, package, found),
        "packageContent": urls.content(&found.stored.version.key),
        "registration": urls.index(),
    })
}

fn entry(urls: &Urls, package: &StoredPackage, found: &StoredNuspec) -> Value {
    let groups = found.nuspec.dependency_groups.iter().map(|group| dependencies(urls, group));
    let mut entry = json!({
        "@id": urls.leaf(&found.stored.version.key),
        "@type": "PackageDetails",
        "published": time(found),
        "listed": found.stored.listed,
        "packageContent": urls.content(&found.stored.version.key),
        "packageSize": found.stored.size,
        "packageHash": found.stored.sha512,
        "packageHashAlgorithm": "SHA512",
        "dependencyGroups": groups.collect::<Vec<_>>(),
    });
    if let Some(fields) = entry.as_object_mut() {
        fields.extend(details::of(urls, package, found));
        fields.extend(details::more(urls, found));
    }
    entry
}

fn dependencies(urls: &Urls, group: &DependencyGroup) -> Value {
    let needs = group.dependencies.iter().map(|needed| {
        json!({
            "@type": "PackageDependency",
            "id": needed.id,
            "range": needed.range.as_ref().map_or("(, )", VersionRange::as_str),
            "registration": urls.dependency(&needed.id),
        })
    });
    let mut found = json!({ "@type": "PackageDependencyGroup", "dependencies": needs.collect::<Vec<_>>() });
    if let Some(framework) = &group.target_framework {
        found["targetFramework"] = json!(framework);
    }
    found
}

fn time(found: &StoredNuspec) -> String {
    found.stored.published_at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
