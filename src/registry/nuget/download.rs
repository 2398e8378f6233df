//! The flat container: which versions there are, the package itself, and its nuspec.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, ETag, EntityTag},
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
        kept::{KeptAnswer, KeptKind},
        nuget::{files::nuspec_beside, id::PackageId},
    },
    registry::{
        request::Reader,
        send::{is_a_download, send},
    },
    tokens::PackageKey,
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
    let kept = versions_of(&app, package.key).await?;
    let tag = EntityTag::new_strong(kept.tag);
    let mut answer = match request.condition(&tag) {
        Condition::Send => request.with_expiry_warning(HttpResponse::Ok(), reader.token()),
        Condition::NotModified => request.with_expiry_warning(HttpResponse::NotModified(), reader.token()),
        Condition::Failed => return Err(NuGetError::another_one_wanted()),
    };
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header(ETag(tag.clone()));
    if request.condition(&tag) == Condition::NotModified {
        return Ok(answer.finish());
    }
    Ok(answer.content_type("application/json").body(kept.bytes))
}

/// The list of versions, kept for the revision that is read first: what changes meanwhile is asked for again.
async fn versions_of(app: &App, package: PackageKey) -> Result<KeptAnswer, NuGetError> {
    let revision = app.store.package_revision(package).await?;
    if let Some(kept) = app.kept.get(package, KeptKind::Versions, revision) {
        return Ok(kept);
    }
    let versions = app.store.versions(package).await?;
    if versions.is_empty() {
        return Err(NuGetError::nothing_here());
    }
    let keys: Vec<String> = versions.into_iter().map(|listed| listed.version.key).collect();
    let answer = KeptAnswer::of(json!({ "versions": keys }).to_string().into_bytes());
    app.kept.keep(package, KeptKind::Versions, revision, &answer);
    Ok(answer)
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
        return send(&request, &reader, (&nuspec_beside(&found.stored.blob), tag), "application/xml").await;
    }
    let tag = EntityTag::new_strong(found.stored.sha512);
    let answer = send(&request, &reader, (&found.stored.blob, tag), "application/octet-stream").await?;
    if answer.status() == StatusCode::OK && is_a_download(&req) {
        app.downloads.count(package.key, found.stored.key);
    }
    Ok(answer)
}
