//! The flat container: which versions there are, the package itself, and its nuspec.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::{
        Method, StatusCode,
        header::{CACHE_CONTROL, ETag, EntityTag, RANGE},
    },
    web,
};
use serde_json::json;

use super::{
    files::{self, NamedFile},
    request::NuGetRequest,
    response::{Answer, NuGetError},
    stored,
};
use crate::{
    app::App,
    conditional::Condition,
    packages::{
        StoredPackage,
        blobs::BlobKey,
        nuget::{files::nuspec_beside, id::PackageId},
    },
    registry::request::Reader,
};

/// The package of the address, if the reader may see it.
pub(super) async fn readable_package(
    request: &NuGetRequest<'_>,
    id: &PackageId,
) -> Result<(Reader, StoredPackage), NuGetError> {
    request.look_up(id.as_str()).await?.ok_or_else(NuGetError::nothing_here)
}

/// `GET flat/{id}/index.json`: every version, unlisted ones included.
pub async fn list_versions(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let (reader, package) = readable_package(&request, &request.id()?).await?;
    let versions = app.store.versions(package.key).await?;
    if versions.is_empty() {
        return Err(NuGetError::nothing_here());
    }
    let keys: Vec<String> = versions.into_iter().map(|listed| listed.version.key).collect();
    request.json(&reader, &json!({ "versions": keys }))
}

/// `GET flat/{id}/{version}/{id}.{version}.nupkg`, `…/{id}.nuspec`, or `…/icon`, `…/readme`, `…/license`
pub async fn download_file(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let (id, version) = (request.id()?, request.version("version")?);
    let asked = request.part("file").to_ascii_lowercase();
    let (nuspec, named) = (asked == format!("{}.nuspec", id.key()), NamedFile::parse(&asked));
    if !nuspec && named.is_none() && asked != format!("{}.{}.nupkg", id.key(), version.key()) {
        return Err(NuGetError::nothing_here());
    }
    let (reader, package) = readable_package(&request, &id).await?;
    let found = stored::version(&app.store, package.key, &version).await?.ok_or_else(NuGetError::nothing_here)?;
    if let Some(named) = named {
        return files::send(&request, &app, &reader, &found, named).await;
    }
    if nuspec {
        let tag = EntityTag::new_strong(format!("{}-nuspec", found.stored.sha512));
        return send(&request, &app, &reader, (&nuspec_beside(&found.stored.blob), tag), "application/xml").await;
    }
    let tag = EntityTag::new_strong(found.stored.sha512);
    let answer = send(&request, &app, &reader, (&found.stored.blob, tag), "application/octet-stream").await?;
    if answer.status() == StatusCode::OK && is_a_download(&req) {
        app.downloads.count(package.key, found.stored.key);
    }
    Ok(answer)
}

/// Whoever only looks, or comes back for the rest, is not counted again.
fn is_a_download(req: &HttpRequest) -> bool {
    let range = req.headers().get(RANGE).and_then(|value| value.to_str().ok());
    req.method() == Method::GET && range.is_none_or(|range| range.trim().starts_with("bytes=0-"))
}

/// Sends a file, or says that the client has it, or that it is not the one the client wants.
pub(super) async fn send(
    request: &NuGetRequest<'_>,
    app: &App,
    reader: &Reader,
    (key, tag): (&BlobKey, EntityTag),
    kind: &'static str,
) -> Answer {
    let condition = request.condition(&tag);
    let mut answer = match condition {
        Condition::Send => request.with_expiry_warning(HttpResponse::Ok(), reader.token()),
        Condition::NotModified => request.with_expiry_warning(HttpResponse::NotModified(), reader.token()),
        Condition::Failed => return Err(NuGetError::another_one_wanted()),
    };
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header(ETag(tag));
    if condition == Condition::NotModified {
        return Ok(answer.finish());
    }
    let Some(blob) = app.blobs.get(key).await? else {
        let lost = std::io::Error::other(format!("the file {} of a published version is missing", key.as_str()));
        return Err(NuGetError::unavailable(&lost));
    };
    Ok(answer.content_type(kind).body(SizedStream::new(blob.size, blob.stream)))
}
