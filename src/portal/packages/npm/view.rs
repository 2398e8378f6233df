//! An npm version as its pages show it. What a package says of itself was written by a stranger: texts are escaped by the
//! templates, and only addresses of the web become links.

use serde_json::Value;

use crate::{
    packages::{VersionDetails, VersionSummary, manifest::Manifest, npm::manifest::NpmManifest},
    portal::{
        clients::{Client, Clients},
        packages::{
            Seen,
            view::{ProjectLink, link},
        },
    },
    store::StoreError,
};

/// Fields that say what a package needs, with what pages call them.
const NEEDS: [(&str, &str); 3] = [
    ("dependencies", "To run"),
    ("peerDependencies", "Beside it, from whoever uses it"),
    ("optionalDependencies", "If it can be had"),
];

/// What a version says of itself.
pub struct Facts {
    pub description: String,
    pub authors: String,
    pub tags: Vec<String>,
    pub license: Option<String>,
    pub project: Option<ProjectLink>,
    pub files: u64,
    /// Whether something runs when it is installed.
    pub runs_scripts: bool,
    pub has_provenance: bool,
    pub groups: Vec<Group>,
    pub dependencies: usize,
}

/// Dependencies of one sort.
pub struct Group {
    pub what: &'static str,
    pub dependencies: Vec<(String, String)>,
}

/// The lines that install a version.
pub struct Install {
    /// A tab for each client.
    pub tabs: Vec<Client>,
    /// Whether the client needs a key, which no line here has.
    pub needs_key: bool,
}

impl Facts {
    /// What a version says; none if it was removed.
    ///
    /// # Errors
    /// When what was kept of it cannot be read.
    pub(super) fn of(version: &VersionDetails) -> Result<Option<Self>, StoreError> {
        let manifest: Option<NpmManifest> = version.manifest.as_ref().map(|kept| kept.read()).transpose()?;
        Ok(manifest.as_ref().map(Self::new))
    }

    fn new(manifest: &NpmManifest) -> Self {
        let groups = NEEDS.map(|(field, what)| Group { what, dependencies: manifest.dependencies(field) });
        Self {
            description: manifest.summary().to_owned(),
            authors: manifest.authors().to_owned(),
            tags: manifest.tags().to_vec(),
            license: manifest.text("license").map(str::to_owned),
            project: manifest.text("homepage").or_else(|| repository(manifest)).and_then(link),
            files: manifest.files,
            runs_scripts: manifest.has_install_script,
            has_provenance: manifest.has_provenance,
            dependencies: groups.iter().map(|group| group.dependencies.len()).sum(),
            groups: groups.into(),
        }
    }
}

/// The address of the sources, without what git puts before it.
fn repository(manifest: &NpmManifest) -> Option<&str> {
    let address = match manifest.package.get("repository")? {
        Value::String(address) => address,
        Value::Object(repository) => repository.get("url")?.as_str()?,
        _ => return None,
    };
    Some(address.strip_prefix("git+").unwrap_or(address))
}

impl Install {
    /// For a version, with the address of its feed.
    pub(super) fn of(seen: &Seen, clients: &Clients, version: &VersionSummary) -> Self {
        let spec = format!("{}@{}", seen.name(), version.version);
        let registry = clients.registry();
        let tab = |id, name, about, text| Client::of_line((id, name), ("Add it to a project", about), text);
        Self {
            tabs: vec![
                tab("npm", "npm", "the npm command", format!("npm install {spec} --registry {registry}")),
                tab("pnpm", "pnpm", "the pnpm command", format!("pnpm add {spec} --registry {registry}")),
                tab("yarn", "Yarn", "the Yarn command", format!("yarn add {spec}")),
            ],
            needs_key: !seen.visitor.feed.is_public,
        }
    }
}
