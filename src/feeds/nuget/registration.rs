//! Registrations: what each version of a package says of itself, in pages of 64.

use actix_web::{HttpRequest, web};
use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Refused},
    details,
    door::Door,
    download::readable_package,
    files::NamedFile,
};
use crate::{
    app::App,
    packages::{id::PackageId, nuspec::DependencyGroup, range::VersionRange, version::Version},
    store::{ListedVersion, StoredPackage, StoredVersion},
};

/// Versions in one page; up to so many are given in the index itself.
const PAGE: usize = 64;

/// `GET registration/{id}/index.json`
pub async fn index(req: HttpRequest, app: web::Data<App>) -> Answer {
    let door = Door::of(&req, &app)?;
    let (reader, package) = readable_package(&door, &door.id()?).await?;
    let versions = app.store.versions(package.key).await?;
    let mut pages = Vec::new();
    for chunk in versions.chunks(PAGE) {
        let inline = versions.len() <= PAGE;
        pages.push(page_of(&door, &app, &package, chunk, inline).await?);
    }
    if pages.is_empty() {
        return Err(Refused::nothing_here());
    }
    let url = Urls { door: &door, key: package.name.to_ascii_lowercase() }.index();
    let kinds = ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"];
    let total: i64 = versions.iter().map(|listed| listed.downloads).sum();
    let count = pages.len();
    let mut answer = json!({ "@id": url, "@type": kinds, "count": count, "items": pages, "totalDownloads": total });
    if let Some(owners) = details::owners(&app, &reader, &package).await? {
        answer["owners"] = owners;
    }
    door.json(&reader, &answer)
}

/// `GET registration/{id}/page/{lower}/{upper}.json`. A version published since the index was read may lie between.
pub async fn page(req: HttpRequest, app: web::Data<App>) -> Answer {
    let door = Door::of(&req, &app)?;
    let (lower, upper) = (door.version("lower")?, door.version("upper")?);
    let (reader, package) = readable_package(&door, &door.id()?).await?;
    let mut versions = app.store.versions(package.key).await?;
    versions.retain(|listed| (&lower..=&upper).contains(&&listed.version));
    if versions.is_empty() || versions.len() > 2 * PAGE {
        return Err(Refused::nothing_here());
    }
    door.json(&reader, &page_of(&door, &app, &package, &versions, true).await?)
}

/// `GET registration/{id}/{version}.json`
pub async fn leaf(req: HttpRequest, app: web::Data<App>) -> Answer {
    let door = Door::of(&req, &app)?;
    let version = door.version("version")?;
    let (reader, package) = readable_package(&door, &door.id()?).await?;
    let found = app.store.version(package.key, &version).await?.ok_or_else(Refused::nothing_here)?;
    let urls = Urls { door: &door, key: package.name.to_ascii_lowercase() };
    let mut leaf = item(&urls, &package, &found);
    leaf["@type"] = json!(["Package", "catalog:Permalink"]);
    leaf["listed"] = json!(found.listed);
    leaf["published"] = json!(time(&found));
    door.json(&reader, &leaf)
}

/// The addresses of one package.
pub(super) struct Urls<'a> {
    /// The request.
    pub(super) door: &'a Door<'a>,
    /// The package's identity.
    pub(super) key: String,
}

impl Urls<'_> {
    /// Of its registration.
    pub(super) fn index(&self) -> String {
        self.door.url(&format!("/registration/{}/index.json", self.key))
    }

    /// Of one version's registration.
    pub(super) fn leaf(&self, version: &Version) -> String {
        self.door.url(&format!("/registration/{}/{}.json", self.key, version.key()))
    }

    fn page(&self, lower: &Version, upper: &Version) -> String {
        self.door.url(&format!("/registration/{}/page/{}/{}.json", self.key, lower.key(), upper.key()))
    }

    fn content(&self, version: &Version) -> String {
        let (id, version) = (&self.key, version.key());
        self.door.url(&format!("/flat/{id}/{version}/{id}.{version}.nupkg"))
    }

    /// Of a file in one version.
    pub(super) fn file(&self, version: &Version, file: NamedFile) -> String {
        self.door.url(&format!("/flat/{}/{}/{}", self.key, version.key(), file.as_str()))
    }

    fn dependency(&self, id: &PackageId) -> String {
        self.door.url(&format!("/registration/{}/index.json", id.key()))
    }
}

async fn page_of(
    door: &Door<'_>,
    app: &App,
    package: &StoredPackage,
    versions: &[ListedVersion],
    inline: bool,
) -> Result<Value, Refused> {
    let urls = Urls { door, key: package.name.to_ascii_lowercase() };
    let (Some(lower), Some(upper)) = (versions.first(), versions.last()) else { return Ok(Value::Null) };
    let mut page = json!({
        "@id": urls.page(&lower.version, &upper.version),
        "@type": "catalog:CatalogPage",
        "count": versions.len(),
        "lower": lower.version.normalized(),
        "upper": upper.version.normalized(),
        "parent": urls.index(),
    });
    if inline {
        let mut items = Vec::with_capacity(versions.len());
        for listed in versions {
            // A version removed since the list was read is left out.
            if let Some(found) = app.store.version(package.key, &listed.version).await? {
                items.push(item(&urls, package, &found));
            }
        }
        page["items"] = Value::Array(items);
    }
    Ok(page)
}

fn item(urls: &Urls<'_>, package: &StoredPackage, found: &StoredVersion) -> Value {
    json!({
        "@id": urls.leaf(&found.version),
        "@type": "Package",
        "catalogEntry": entry(urls, package, found),
        "packageContent": urls.content(&found.version),
        "registration": urls.index(),
    })
}

fn entry(urls: &Urls<'_>, package: &StoredPackage, found: &StoredVersion) -> Value {
    let groups = found.nuspec.dependency_groups.iter().map(|group| dependencies(urls, group));
    let mut entry = json!({
        "@id": urls.leaf(&found.version),
        "@type": "PackageDetails",
        "published": time(found),
        "listed": found.listed,
        "downloads": found.downloads,
        "packageContent": urls.content(&found.version),
        "packageSize": found.size,
        "packageHash": found.sha512,
        "packageHashAlgorithm": "SHA512",
        "dependencyGroups": groups.collect::<Vec<_>>(),
    });
    if let Some(fields) = entry.as_object_mut() {
        fields.extend(details::of(urls, package, found));
        fields.extend(details::more(urls, found));
    }
    entry
}

fn dependencies(urls: &Urls<'_>, group: &DependencyGroup) -> Value {
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

fn time(found: &StoredVersion) -> String {
    found.published_at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
