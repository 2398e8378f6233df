//! The public addresses of one package in its feed.

use super::{files::NamedFile, request::NuGetRequest};
use crate::packages::{StoredPackage, nuget::id::PackageId};

/// The addresses of one package.
#[derive(Clone)]
pub(super) struct Urls {
    /// The public address of the feed's root.
    pub(super) base: String,
    /// The package's identity.
    pub(super) key: String,
}

impl Urls {
    pub(super) fn of(request: &NuGetRequest<'_>, package: &StoredPackage) -> Self {
        Self { base: request.url(""), key: package.name.to_ascii_lowercase() }
    }

    /// Of its registration.
    pub(super) fn index(&self) -> String {
        self.url(format_args!("/registration/{}/index.json", self.key))
    }

    /// Of one version's registration.
    pub(super) fn leaf(&self, version_key: &str) -> String {
        self.url(format_args!("/registration/{}/{version_key}.json", self.key))
    }

    pub(super) fn page(&self, lower: &str, upper: &str) -> String {
        self.url(format_args!("/registration/{}/page/{lower}/{upper}.json", self.key))
    }

    pub(super) fn content(&self, version: &str) -> String {
        let id = &self.key;
        self.url(format_args!("/flat/{id}/{version}/{id}.{version}.nupkg"))
    }

    fn url(&self, path: std::fmt::Arguments<'_>) -> String {
        format!("{}{path}", self.base)
    }

    /// Of a file in one version.
    pub(super) fn file(&self, version_key: &str, file: NamedFile) -> String {
        self.url(format_args!("/flat/{}/{version_key}/{}", self.key, file.as_str()))
    }

    pub(super) fn dependency(&self, id: &PackageId) -> String {
        self.url(format_args!("/registration/{}/index.json", id.key()))
    }
}
