//! What is told of one version: its `package.json`, with what is ours to say of it.

use serde_json::{Map, Value, json};

use super::{request::NpmRequest, response::NpmError};
use crate::{
    packages::{
        Release,
        npm::{manifest::NpmManifest, name::PackageName},
    },
    store::StoreError,
};

/// What an installation needs to know of a version, and no more.
const TO_INSTALL: [&str; 18] = [
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "dependenciesMeta",
    "bin",
    "directories",
    "engines",
    "os",
    "cpu",
    "libc",
    "funding",
    "type",
    "main",
    "license",
];

/// Which form of a package is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// All that there is.
    Full,
    /// What an installation needs.
    Abbreviated,
}

/// Reads what was kept of a version.
pub(super) fn manifest(release: &Release) -> Result<NpmManifest, NpmError> {
    Ok(release.manifest.read::<NpmManifest>().map_err(StoreError::from)?)
}

/// A version as clients read it.
pub(super) fn document(
    request: &NpmRequest<'_>,
    name: &PackageName,
    release: &Release,
    form: Form,
) -> Result<Value, NpmError> {
    let manifest = manifest(release)?;
    let number = release.version.text.as_str();
    let mut document: Map<String, Value> = match form {
        Form::Full => manifest.package.clone(),
        Form::Abbreviated => {
            let field = |field: &str| Some((field.to_owned(), manifest.package.get(field)?.clone()));
            TO_INSTALL.into_iter().filter_map(field).collect()
        }
    };
    document.insert("name".to_owned(), json!(name.as_str()));
    document.insert("version".to_owned(), json!(number));
    document.insert("dist".to_owned(), dist(request, name, release, &manifest));
    let more = [
        ("_id", (form == Form::Full).then(|| json!(format!("{name}@{number}")))),
        ("deprecated", release.deprecation.as_ref().map(|said| json!(said.text()))),
        ("hasInstallScript", manifest.has_install_script.then_some(Value::Bool(true))),
        ("_hasShrinkwrap", manifest.has_shrinkwrap.then_some(Value::Bool(true))),
    ];
    document.extend(more.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    Ok(Value::Object(document))
}

fn dist(request: &NpmRequest<'_>, name: &PackageName, release: &Release, manifest: &NpmManifest) -> Value {
    let number = release.version.text.as_str();
    let mut dist = json!({
        "integrity": format!("sha512-{}", release.sha512),
        "shasum": manifest.shasum,
        "tarball": request.tarball(name, number),
        "fileCount": manifest.files,
        "unpackedSize": manifest.unpacked,
    });
    if manifest.has_provenance {
        let url = format!("{}/-/npm/v1/attestations/{name}@{number}", request.base());
        dist["attestations"] = json!({ "url": url, "provenance": { "predicateType": PROVENANCE } });
    }
    dist
}

/// What a bundle says that came with a package.
pub(super) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
