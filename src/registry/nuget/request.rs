//! One request at a NuGet feed: which feed it means, under which address.

use std::ops::Deref;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{
    response::{Answer, NuGetDialect, NuGetError},
    source::no_source,
};
use crate::{
    app::App,
    packages::nuget::{id::PackageId, version::Version},
    registry::request::{FeedRequest, Reader},
    tokens::is_feed_name,
};

/// A request of a NuGet client.
pub(super) struct NuGetRequest<'r> {
    request: FeedRequest<'r, NuGetDialect>,
    /// Whether the short address of `main` was used.
    short: bool,
}

impl<'r> NuGetRequest<'r> {
    /// Reads which feed is meant. A name no feed can have is a mistake in the source.
    pub(super) fn of(req: &'r HttpRequest, app: &'r web::Data<App>) -> Result<Self, NuGetError> {
        let named = req.match_info().get("feed");
        let feed = named.unwrap_or("main");
        if is_feed_name(feed) {
            Ok(Self { request: FeedRequest::new(req, app, feed), short: named.is_none() })
        } else {
            Err(no_source(app, req.path()))
        }
    }

    /// The public address of a path below the feed’s root.
    pub(super) fn url(&self, path: &str) -> String {
        let public = &self.app.settings.public_url;
        if self.short {
            public.of(&format!("/v3{path}"))
        } else {
            public.of(&format!("/feeds/{}/nuget/v3{path}", self.feed))
        }
    }

    /// The id in the address.
    pub(super) fn id(&self) -> Result<PackageId, NuGetError> {
        PackageId::parse(&self.part("id")).map_err(|_| NuGetError::nothing_here())
    }

    /// A version in the address.
    pub(super) fn version(&self, part: &str) -> Result<Version, NuGetError> {
        Version::parse(&self.part(part)).map_err(|_| NuGetError::nothing_here())
    }

    /// A JSON answer to a reader.
    pub(super) fn json(&self, reader: &Reader, value: &Value) -> Answer {
        Ok(self.with_expiry_warning(HttpResponse::Ok(), reader.token()).json(value))
    }
}

impl<'r> Deref for NuGetRequest<'r> {
    type Target = FeedRequest<'r, NuGetDialect>;

    fn deref(&self) -> &Self::Target {
        &self.request
    }
}
