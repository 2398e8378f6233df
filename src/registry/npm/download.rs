//! Tarballs, and the provenance that came with them.

use actix_web::{HttpRequest, http::header::EntityTag, web};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use super::{
    release::{PROVENANCE, manifest},
    request::NpmRequest,
    response::{Answer, NpmError},
};
use crate::{
    app::App,
    packages::npm::{document::LONGEST_PROVENANCE, files::provenance_beside, name::PackageName},
    registry::send::{note_download, send},
};

/// `GET {name}/-/{file}`: `ui-1.0.0.tgz`, or with the scope before it, as old lockfiles have it.
pub async fn download_tarball(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let name = request.name()?;
    let version = version_in(&name, &request.part("file")).ok_or_else(NpmError::nothing_here)?;
    let (reader, package) = request.readable(&name).await?;
    let found = app.store.version(package.key, &version).await?.ok_or_else(NpmError::nothing_here)?;
    let tag = EntityTag::new_strong(found.sha512);
    let answer = send(&request, &reader, (&found.blob, tag), "application/octet-stream").await?;
    note_download(&request, &reader, (package.key, found.key), &answer);
    Ok(answer)
}

/// The version of which a file is the tarball.
pub(super) fn version_in(name: &PackageName, file: &str) -> Option<String> {
    let file = match file.rsplit_once('/') {
        Some((scope, file)) if name.as_str() == format!("{scope}/{}", name.bare()) => file,
        Some(_) => return None,
        None => file,
    };
    let version = file.strip_prefix(name.bare())?.strip_prefix('-')?.strip_suffix(".tgz")?;
    Some(version.to_owned())
}

/// `GET -/npm/v1/attestations/{name}@{version}`
pub async fn show_attestations(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let asked = request.part("spec");
    let (name, version) = asked.rsplit_once('@').ok_or_else(NpmError::nothing_here)?;
    let name = PackageName::parse(name).map_err(|_| NpmError::nothing_here())?;
    let (reader, package) = request.readable(&name).await?;
    let release = app.store.release(package.key, version).await?.ok_or_else(NpmError::nothing_here)?;
    let found = app.store.version(package.key, version).await?.ok_or_else(NpmError::nothing_here)?;
    if !manifest(&release)?.has_provenance {
        return Err(NpmError::nothing_here());
    }
    let blob = app.blobs.get(&provenance_beside(&found.blob)).await?.ok_or_else(NpmError::nothing_here)?;
    let mut text = Vec::new();
    let mut stream = blob.stream;
    while let Some(piece) = stream.try_next().await.map_err(|error| NpmError::unavailable(&error))? {
        text.extend_from_slice(&piece);
        if text.len() > LONGEST_PROVENANCE {
            return Err(NpmError::nothing_here());
        }
    }
    let bundle: Value = serde_json::from_slice(&text).unwrap_or_default();
    request.json(reader.token(), &json!({ "attestations": [{ "predicateType": PROVENANCE, "bundle": bundle }] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_out_of_every_name_that_lockfiles_have() {
        let (ui, scoped) = (PackageName::parse("ui").unwrap(), PackageName::parse("@team/ui").unwrap());
        assert_eq!(version_in(&ui, "ui-1.0.0.tgz").as_deref(), Some("1.0.0"));
        assert_eq!(version_in(&scoped, "ui-1.0.0-beta.1.tgz").as_deref(), Some("1.0.0-beta.1"));
        assert_eq!(version_in(&scoped, "@team/ui-1.0.0.tgz").as_deref(), Some("1.0.0"));
        for other in ["ui-1.0.0.tar", "xui-1.0.0.tgz", "ui.tgz", "@other/ui-1.0.0.tgz", "../ui-1.0.0.tgz", ""] {
            assert_eq!(version_in(&scoped, other), None, "{other}");
        }
    }
}
