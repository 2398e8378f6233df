//! The flat container: which versions there are, the package itself, and its nuspec.

use actix_web::{HttpRequest, http::header::EntityTag, web};
use serde_json::json;

use super::{
    files::{self, NamedFile},
    kept::{kept_or_made, send_kept},
    request::NuGetRequest,
    response::{Answer, NuGetError},
    stored,
};
use crate::{
    app::App,
    packages::{
        StoredPackage,
        kept::KeptKind,
        nuget::{files::nuspec_beside, id::PackageId},
    },
    registry::{
        request::Reader,
        send::{note_download, send},
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
    let kept = kept_or_made(&app, package.key, KeptKind::Versions, versions_of(&app, package.key)).await?;
    send_kept(&request, &reader, kept.ok_or_else(NuGetError::nothing_here)?)
}

async fn versions_of(app: &App, package: PackageKey) -> Result<Option<Vec<u8>>, NuGetError> {
    let versions = app.store.versions(package).await?;
    let keys: Vec<String> = versions.into_iter().map(|listed| listed.version.key).collect();
    Ok((!keys.is_empty()).then(|| json!({ "versions": keys }).to_string().into_bytes()))
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
    note_download(&request, &reader, (package.key, found.stored.key), &answer);
    Ok(answer)
}
