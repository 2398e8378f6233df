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
    answer::{Answer, Refused},
    door::{Door, Reader},
    files::{self, NamedFile},
};
use crate::{
    app::App,
    conditional::Condition,
    packages::{blobs::BlobKey, id::PackageId},
    store::StoredPackage,
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
        return files::send(&door, &app, &reader, &found, named).await;
    }
    if nuspec {
        let tag = EntityTag::new_strong(format!("{}-nuspec", found.sha512));
        return send(&door, &app, &reader, (&found.blob.nuspec(), tag), "application/xml").await;
    }
    let tag = EntityTag::new_strong(found.sha512);
    let answer = send(&door, &app, &reader, (&found.blob, tag), "application/octet-stream").await?;
    if answer.status() == StatusCode::OK && is_a_download(&req) {
        app.downloads.count(package.key, found.key);
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
    door: &Door<'_>,
    app: &App,
    reader: &Reader,
    (key, tag): (&BlobKey, EntityTag),
    kind: &'static str,
) -> Answer {
    let condition = door.condition(&tag);
    let mut answer = match condition {
        Condition::Send => door.told(HttpResponse::Ok(), reader.token()),
        Condition::NotModified => door.told(HttpResponse::NotModified(), reader.token()),
        Condition::Failed => return Err(Refused::another_one_wanted()),
    };
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header(ETag(tag));
    if condition == Condition::NotModified {
        return Ok(answer.finish());
    }
    let Some(blob) = app.blobs.get(key).await? else {
        let lost = std::io::Error::other(format!("the file {} of a published version is missing", key.as_str()));
        return Err(Refused::unavailable(&lost));
    };
    Ok(answer.content_type(kind).body(SizedStream::new(blob.size, blob.stream)))
}
