//! Whether a client that deprecates sends back what it has read: nothing else of a document can be changed so.

use serde_json::Value;

use super::{
    packument::{Facts, revision},
    release::{Form, document},
    request::NpmRequest,
    response::NpmError,
};
use crate::{
    packages::{
        StoredPackage,
        npm::{document::Document, fingerprint::fingerprint, name::PackageName},
    },
    tokens::TokenLookup,
};

/// Versions that are read at a time.
const PAGE: i64 = 50;
/// Fields of the package as a whole that other requests change, or none.
const OTHERS: [&str; 3] = ["dist-tags", "maintainers", "time"];

/// Refuses a document that differs from the package in anything but what is said of its versions.
pub(super) async fn check_unchanged(
    request: &NpmRequest<'_>,
    known: &TokenLookup,
    (package, name): (&StoredPackage, &PackageName),
    sent: &Document,
) -> Result<(), NpmError> {
    let facts = Facts::of(request.app, known.holder.role.is_some(), package).await?;
    if sent.revision.as_ref().is_some_and(|seen| *seen != revision(facts.revision(), package.key)) {
        return Err(NpmError::changed_meanwhile(&package.name));
    }
    let own = facts.own_fields(request.app, name).await?;
    for field in OTHERS {
        if sent.other(field).is_some_and(|sent| fingerprint(&sent) != fingerprint(&own[field])) {
            return Err(nothing_but_deprecations(field));
        }
    }
    let mut above = Vec::new();
    let mut known_versions = 0;
    loop {
        let page = request.app.store.releases(package.key, &above, PAGE).await?;
        for release in &page {
            let Some(sent) = sent.versions.get(&release.version.text) else { continue };
            known_versions += 1;
            let mut own = document(request, name, release, Form::Full)?;
            if let Value::Object(fields) = &mut own {
                fields.remove("deprecated");
            }
            if sent.rest() != fingerprint(&own) {
                return Err(nothing_but_deprecations(&format!("version {}", release.version.text)));
            }
        }
        match page.last() {
            Some(last) if page.len() as i64 == PAGE => above.clone_from(&last.version.sort_key),
            _ => break,
        }
    }
    if known_versions == sent.versions.len() { Ok(()) } else { Err(nothing_but_deprecations("list of versions")) }
}

fn nothing_but_deprecations(what: &str) -> NpmError {
    let sentence = format!(
        "The {what} in this document is not the one that is published. Without a tarball only deprecations can be changed; \
         tags have a command of their own."
    );
    NpmError::bad("Only deprecations can be changed so", sentence)
}
