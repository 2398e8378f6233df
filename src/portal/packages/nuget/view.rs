//! A NuGet version as its pages show it. What a package says of itself was written by a stranger: texts are escaped by the
//! templates, and only addresses of the web become links.

use crate::{
    packages::{
        VersionDetails, VersionSummary,
        nuget::{
            manifest::normalized,
            nuspec::{Dependency, License, Nuspec},
        },
    },
    portal::{
        clients::{Client, Clients},
        packages::{
            Seen,
            view::{ProjectLink, link},
        },
    },
    store::StoreError,
};

/// What a version says of itself.
pub struct Facts {
    pub title: Option<String>,
    pub description: String,
    pub release_notes: Option<String>,
    pub authors: String,
    pub tags: Vec<String>,
    pub license: Option<String>,
    pub license_link: Option<ProjectLink>,
    pub project: Option<ProjectLink>,
    pub package_types: Vec<String>,
    pub groups: Vec<Group>,
    pub dependencies: usize,
}

/// Dependencies for one target framework.
pub struct Group {
    pub framework: String,
    pub dependencies: Vec<(String, String)>,
}

/// The lines that install a version.
pub struct Install {
    /// A tab for each client.
    pub tabs: Vec<Client>,
    /// Whether the feed has to be added with a key, which no line here does.
    pub needs_key: bool,
}

impl Facts {
    /// What a version says; none if it was removed.
    ///
    /// # Errors
    /// When what was kept of it cannot be read.
    pub(super) fn of(version: &VersionDetails) -> Result<Option<Self>, StoreError> {
        let nuspec: Option<Nuspec> = version.manifest.as_ref().map(|kept| kept.read()).transpose()?;
        Ok(nuspec.as_ref().map(Self::new))
    }

    fn new(nuspec: &Nuspec) -> Self {
        let (license, file) = match &nuspec.license {
            Some(License::Expression(expression)) => (Some(expression.clone()), None),
            Some(License::File(path)) => (None, Some(format!("In the package, {path}"))),
            None => (None, None),
        };
        // NuGet puts an address that says nothing beside either.
        let link = if nuspec.license.is_none() { nuspec.license_url.as_deref().and_then(link) } else { None };
        let groups = groups(nuspec);
        Self {
            title: nuspec.title.clone().filter(|title| !title.eq_ignore_ascii_case(nuspec.id.as_str())),
            description: nuspec.description.clone(),
            release_notes: nuspec.release_notes.clone(),
            authors: nuspec.authors.clone(),
            tags: nuspec.tags.clone(),
            license: license.or(file),
            license_link: link,
            project: nuspec.project_url.as_deref().and_then(self::link),
            package_types: nuspec.package_types.iter().map(|kind| kind.name.clone()).collect(),
            dependencies: groups.iter().map(|group| group.dependencies.len()).sum(),
            groups,
        }
    }
}

fn groups(nuspec: &Nuspec) -> Vec<Group> {
    let group = nuspec.dependency_groups.iter().map(|group| Group {
        framework: group.target_framework.clone().unwrap_or_else(|| "Every framework".to_owned()),
        dependencies: group.dependencies.iter().map(dependency).collect(),
    });
    group.collect()
}

fn dependency(needed: &Dependency) -> (String, String) {
    (needed.id.to_string(), needed.range.clone().map_or_else(|| "any version".to_owned(), String::from))
}

impl Install {
    /// For a version, with the lines of its feed.
    pub(super) fn of(seen: &Seen, clients: &Clients, version: &VersionSummary) -> Self {
        let (id, version) = (seen.name(), normalized(&version.version));
        let (source, is_public) = (&clients.source, seen.visitor.feed.is_public);
        let reference = format!("<PackageReference Include=\"{id}\" Version=\"{version}\" />");
        let nuget = format!("nuget install {id} -Version {version} -Source {source}");
        Self {
            tabs: vec![
                Client::of_line(
                    ("dotnet", "dotnet"),
                    ("Add it to a project", "the dotnet command"),
                    clients.dotnet_install(id, version, is_public),
                ),
                Client::of_line(
                    ("reference", "PackageReference"),
                    ("Write it into a project file", "the PackageReference"),
                    reference,
                ),
                Client::of_line(("nuget", "NuGet.exe"), ("Install it into a folder", "the NuGet.exe command"), nuget),
            ],
            needs_key: !is_public,
        }
    }
}
