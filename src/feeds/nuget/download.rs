//! The flat container: which versions there are, the package itself, and its nuspec.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::{
        Method, StatusCode,
        header::{CACHE_CONTROL, ETAG, HeaderMap, IF_NONE_MATCH, RANGE},
    },
    web,
};
use serde_json::json;

use super::{
    answer::{Answer, Refused},
    door::{Door, Reader},
    files::{self, NamedFile},
};
use crate::{
    app::App,
    packages::{blobs::BlobKey, id::PackageId},
    store::{StoredPackage, StoredVersion},
};

/// The package of the address, if the reader may see it.
pub(super) async fn readable_package(door: &Door<'_>, id: &PackageId) -> Result<(Reader, StoredPackage), Refused> {
    door.look_up(id).await?.ok_or_else(Refused::nothing_here)
}

/// `GET flat/{id}/index.json`: every version, unlisted ones included.
pub async fn versions(req: HttpRequest, app: web::Data<App>) -> Answer {
    let door = Door::of(&req, &app)?;
    let (reader, package) = readable_package(&door, &door.id()?).await?;
    let versions = app.store.versions(package.key).await?;
    if versions.is_empty() {
        return Err(Refused::nothing_here());
    }
    let keys: Vec<String> = versions.iter().map(|listed| listed.version.key()).collect();
    door.json(&reader, &json!({ "versions": keys }))
}

/// `GET flat/{id}/{version}/{id}.{version}.nupkg`, `…/{id}.nuspec`, or `…/icon`, `…/readme`, `…/license`
pub async fn file(req: HttpRequest, app: web::Data<App>) -> Answer {
    let door = Door::of(&req, &app)?;
    let (id, version) = (door.id()?, door.version("version")?);
    let asked = door.part("file").to_ascii_lowercase();
    let (nuspec, named) = (asked == format!("{}.nuspec", id.key()), NamedFile::parse(&asked));
    if !nuspec && named.is_none() && asked != format!("{}.{}.nupkg", id.key(), version.key()) {
        return Err(Refused::nothing_here());
    }
    let (reader, package) = readable_package(&door, &id).await?;
    let found = app.store.version(package.key, &version).await?.ok_or_else(Refused::nothing_here)?;
    if let Some(named) = named {
        files::send(&door, &app, &reader, &found, (named, req.headers())).await
    } else if nuspec {
        send(&door, &app, &reader, &found.blob.nuspec(), "application/xml").await
    } else {
        let answer = send_package(&door, &app, &reader, &found, req.headers()).await?;
        if answer.status() == StatusCode::OK && is_a_download(&req) {
            app.downloads.count(package.key, found.key);
        }
        Ok(answer)
    }
}

/// Whoever only looks, or comes back for the rest, is not counted again.
fn is_a_download(req: &HttpRequest) -> bool {
    let range = req.headers().get(RANGE).and_then(|value| value.to_str().ok());
    req.method() == Method::GET && range.is_none_or(|range| range.trim().starts_with("bytes=0-"))
}

/// Whether the client has the content of this tag already.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag))
}

async fn send_package(
    door: &Door<'_>,
    app: &App,
    reader: &Reader,
    found: &StoredVersion,
    headers: &HeaderMap,
) -> Answer {
    let tag = format!("\"{}\"", found.sha512);
    let mut answer = if is_known(headers, &tag) {
        door.told(HttpResponse::NotModified(), reader.token())
            .insert_header((CACHE_CONTROL, "private, no-cache"))
            .finish()
    } else {
        send(door, app, reader, &found.blob, "application/octet-stream").await?
    };
    let tag = tag.parse().map_err(|_| Refused::nothing_here())?;
    answer.headers_mut().insert(ETAG, tag);
    Ok(answer)
}

async fn send(door: &Door<'_>, app: &App, reader: &Reader, key: &BlobKey, kind: &'static str) -> Answer {
    let Some(blob) = app.blobs.get(key).await? else {
        let lost = std::io::Error::other(format!("the file {} of a published version is missing", key.as_str()));
        return Err(Refused::unavailable(&lost));
    };
    let mut answer = door.told(HttpResponse::Ok(), reader.token());
    answer.content_type(kind).insert_header((CACHE_CONTROL, "private, no-cache"));
    Ok(answer.body(SizedStream::new(blob.size, blob.stream)))
}
