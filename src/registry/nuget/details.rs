//! What registrations and searches say of a version, from its nuspec: the fields of nuget.org, under the same names.

use serde_json::{Map, Value, json};

use super::{files::NamedFile, response::NuGetError, urls::Urls};
use crate::{
    app::App,
    packages::{
        Deprecation, DeprecationReason, StoredPackage,
        nuget::{StoredNuspec, manifest::package_types, nuspec::License},
    },
    registry::request::Reader,
};

/// Owners that are named.
const MOST_OWNERS: i64 = 100;

/// What both answers carry.
pub(super) fn of(urls: &Urls, package: &StoredPackage, found: &StoredNuspec) -> Map<String, Value> {
    let nuspec = &found.nuspec;
    let text = |text: &Option<String>| json!(text.as_deref().unwrap_or_default());
    let fields = [
        ("id", json!(package.name)),
        ("version", json!(found.stored.version.text)),
        ("description", json!(nuspec.description)),
        ("summary", text(&nuspec.summary)),
        ("tags", json!(nuspec.tags)),
        ("iconUrl", json!(address(urls, found, NamedFile::Icon, nuspec.icon_url.as_deref()))),
        ("projectUrl", text(&nuspec.project_url)),
        ("licenseUrl", json!(address(urls, found, NamedFile::License, nuspec.license_url.as_deref()))),
        ("packageTypes", json!(package_types(nuspec))),
    ];
    let deprecation = found.stored.deprecation.as_ref().map(|said| ("deprecation", deprecation(said)));
    fields.into_iter().chain(deprecation).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Why nobody should use the version any more, by the schema of NuGet's registrations.
fn deprecation(said: &Deprecation) -> Value {
    let reason = match said.reason {
        DeprecationReason::Legacy => "Legacy",
        DeprecationReason::CriticalBugs => "CriticalBugs",
        DeprecationReason::Other => "Other",
    };
    let mut told = json!({ "@type": "deprecation", "reasons": [reason], "message": said.message });
    if let Some(id) = &said.alternative {
        told["alternatePackage"] = json!({ "@type": "alternatePackage", "id": id, "range": "*" });
    }
    told
}

/// What only registrations carry.
pub(super) fn more(urls: &Urls, found: &StoredNuspec) -> Map<String, Value> {
    let nuspec = &found.nuspec;
    let text = |text: Option<&str>| json!(text.unwrap_or_default());
    let expression = match &nuspec.license {
        Some(License::Expression(expression)) => Some(expression.as_str()),
        _ => None,
    };
    let fields = [
        ("title", text(nuspec.title.as_deref())),
        ("authors", json!(nuspec.authors)),
        ("copyright", text(nuspec.copyright.as_deref())),
        ("language", text(nuspec.language.as_deref())),
        ("licenseExpression", text(expression)),
        ("readmeUrl", json!(address(urls, found, NamedFile::Readme, None))),
        ("releaseNotes", text(nuspec.release_notes.as_deref())),
        ("requireLicenseAcceptance", json!(nuspec.require_license_acceptance)),
        (
            "minClientVersion",
            json!(nuspec.min_client_version.as_ref().map(|version| version.normalized()).unwrap_or_default()),
        ),
        ("isPrerelease", json!(found.stored.version.is_prerelease)),
    ];
    let repository = nuspec.repository.as_ref().map(|repository| ("repository", json!(repository)));
    fields.into_iter().chain(repository).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The usernames of a package's owners, for whoever may know them.
pub(super) async fn owners(app: &App, reader: &Reader, package: &StoredPackage) -> Result<Option<Value>, NuGetError> {
    if !reader.sees_people {
        return Ok(None);
    }
    let owners = app.store.owners(package.key, MOST_OWNERS).await?;
    Ok(Some(owners.into_iter().map(|owner| Value::from(owner.username)).collect()))
}

/// Where a file of the package is, or what the nuspec says instead; empty for neither.
fn address(urls: &Urls, found: &StoredNuspec, file: NamedFile, instead: Option<&str>) -> String {
    match file.path(&found.nuspec) {
        Some(_) => urls.file(&found.stored.version.key, file),
        None => instead.unwrap_or_default().to_owned(),
    }
}
