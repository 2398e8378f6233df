//! Registrations: what each version of a package says of itself, in pages of 64.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::SecondsFormat;
use futures_util::{
    StreamExt,
    stream::{self, LocalBoxStream},
};
use serde_json::{Value, json};

use super::{
    details,
    download::readable_package,
    request::NuGetRequest,
    response::{Answer, NuGetError},
    stored,
    urls::Urls,
};
use crate::{
    app::App,
    packages::{
        ListedVersion, StoredPackage,
        nuget::{StoredNuspec, manifest::normalized, nuspec::DependencyGroup, range::VersionRange},
    },
    registry::long_response::{Listing, head_of},
};

/// Versions in one page; up to so many are given in the index itself.
const PAGE: usize = 64;

/// `GET registration/{id}/index.json`
pub async fn show_registration(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let (reader, package) = readable_package(&request, &request.id()?).await?;
    let versions = app.store.versions(package.key).await?;
    if versions.is_empty() {
        return Err(NuGetError::nothing_here());
    }
    let urls = Urls::of(&request, &package);
    let kinds = ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"];
    let total: i64 = versions.iter().map(|listed| listed.downloads).sum();
    let mut index = json!({ "@id": urls.index(), "@type": kinds, "totalDownloads": total });
    if let Some(owners) = details::owners(&app, &reader, &package).await? {
        index["owners"] = owners;
    }
    if versions.len() > PAGE {
        let pages: Vec<Value> = versions.chunks(PAGE).map(|chunk| page_of(&urls, chunk)).collect();
        index["count"] = json!(pages.len());
        index["items"] = Value::Array(pages);
        return request.json(&reader, &index);
    }
    index["count"] = json!(1);
    let page = head_of(&page_of(&urls, &versions), "items");
    let head = head_of(&index, "items") + &page;
    let answer = request.with_expiry_warning(HttpResponse::Ok(), reader.token());
    Listing { head, items: items(&app, urls, package, versions), tail: "]}]}" }.answer(answer, "application/json").await
}

/// `GET registration/{id}/page/{lower}/{upper}.json`. A version published since the index was read may lie between.
pub async fn show_registration_page(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let (lower, upper) = (request.version("lower")?.number(), request.version("upper")?.number());
    let (reader, package) = readable_package(&request, &request.id()?).await?;
    let mut versions = app.store.versions(package.key).await?;
    versions.retain(|listed| (&lower..=&upper).contains(&&listed.version));
    if versions.is_empty() || versions.len() > 2 * PAGE {
        return Err(NuGetError::nothing_here());
    }
    let urls = Urls::of(&request, &package);
    let head = head_of(&page_of(&urls, &versions), "items");
    let answer = request.with_expiry_warning(HttpResponse::Ok(), reader.token());
    Listing { head, items: items(&app, urls, package, versions), tail: "]}" }.answer(answer, "application/json").await
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
    request.json(&reader, &leaf)
}

/// A page without its items.
fn page_of(urls: &Urls, versions: &[ListedVersion]) -> Value {
    let (Some(lower), Some(upper)) = (versions.first(), versions.last()) else { return Value::Null };
    json!({
        "@id": urls.page(&lower.version.key, &upper.version.key),
        "@type": "catalog:CatalogPage",
        "count": versions.len(),
        "lower": normalized(&lower.version),
        "upper": normalized(&upper.version),
        "parent": urls.index(),
    })
}

/// The items of a page, each made when it is wanted. A version removed since the list was read is left out.
fn items(
    app: &web::Data<App>,
    urls: Urls,
    package: StoredPackage,
    versions: Vec<ListedVersion>,
) -> LocalBoxStream<'static, Result<Value, NuGetError>> {
    let (app, about) = (app.clone(), Rc::new((urls, package)));
    let items = stream::iter(versions).filter_map(move |listed| {
        let (app, about) = (app.clone(), Rc::clone(&about));
        async move { read_item(&app, &about.0, &about.1, &listed.version.key).await.transpose() }
    });
    items.boxed_local()
}

async fn read_item(
    app: &App,
    urls: &Urls,
    package: &StoredPackage,
    version_key: &str,
) -> Result<Option<Value>, NuGetError> {
    let _turn = app.long_answers.turn().await.ok_or_else(NuGetError::too_many_at_once)?;
    let found = stored::by_key(&app.store, package.key, version_key).await?;
    Ok(found.map(|found| item(urls, package, &found)))
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
        "downloads": found.stored.downloads,
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
