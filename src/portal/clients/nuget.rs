//! The lines for NuGet clients on a developer's machine: NuGet.exe, dotnet, Visual Studio.

use super::{Client, Clients, FeedAddress, KEY, KindClients, SECRET, SnippetLine, USER, chosen};
use crate::{
    packages::nuget::id::PackageId,
    tokens::{Kind, Patterns, Permission, Verb},
};

/// A package to write about where nothing says which.
pub(super) const ANY_PACKAGE: &str = "Contoso.Core";
/// What may stand for the stars of a pattern, the first that makes a name.
const FILLINGS: [&str; 5] = ["Core", "", "Contoso.Core", "1", "Contoso"];

/// NuGet packages.
pub(super) struct NuGet;

impl KindClients for NuGet {
    fn address(&self, of: &Clients) -> FeedAddress {
        FeedAddress { id: "source", label: "Address for NuGet clients", address: of.source.clone() }
    }

    fn first_package(&self, of: &Clients) -> Vec<SnippetLine> {
        chosen([
            (true, "dotnet", "the dotnet command", of.dotnet_push()),
            (true, "NuGet.exe", "the NuGet.exe command", of.nuget_push()),
        ])
    }

    fn question(&self, of: &Clients) -> Option<(&'static str, String)> {
        let actions = [(of.push(), "nuget:push"), (of.pull(), "nuget:pull"), (of.delete(), "nuget:delete")];
        actions.into_iter().find(|(may, _)| *may).map(|(_, action)| (action, of.package.clone()))
    }

    fn clients(&self, of: &Clients) -> Vec<Client> {
        let all = [
            ("dotnet", "dotnet", of.dotnet()),
            ("nuget", "NuGet.exe", of.nuget()),
            ("visual-studio", "Visual Studio", of.visual_studio()),
            ("github", "GitHub Actions", of.github()),
            ("gitlab", "GitLab CI", of.gitlab()),
            ("azure", "Azure Pipelines", of.azure()),
        ];
        let clients = all.into_iter().map(|(id, name, lines)| Client { id, name, lines });
        clients.filter(|client| !client.lines.is_empty()).collect()
    }
}

/// A NuGet package that these patterns cover: the usual one, or one made of the first pattern that can be a name. What
/// covers no NuGet package gets a placeholder.
pub(super) fn example(patterns: &Patterns) -> String {
    if patterns.covers(ANY_PACKAGE) {
        return ANY_PACKAGE.to_owned();
    }
    let names = patterns.iter().flat_map(|pattern| FILLINGS.map(|filling| pattern.replace('*', filling)));
    let mut names = names.filter(|name| PackageId::parse(name).is_ok() && patterns.covers(name));
    names.next().unwrap_or_else(|| "YOUR.PACKAGE".to_owned())
}

impl Clients {
    pub(super) fn push(&self) -> bool {
        self.permissions
            .has_any([Permission::of(Kind::NuGet, Verb::Push), Permission::of(Kind::NuGet, Verb::PushVersion)])
    }

    pub(super) fn pull(&self) -> bool {
        self.permissions.has(Permission::of(Kind::NuGet, Verb::Pull))
    }

    pub(super) fn delete(&self) -> bool {
        self.permissions.has(Permission::of(Kind::NuGet, Verb::Delete))
    }

    /// What clients call the feed. Each feed has a name of its own: they refuse to add two of one name.
    fn source_name(&self) -> String {
        if self.feed == "main" { "latchkey".to_owned() } else { format!("latchkey-{}", self.feed) }
    }

    /// What dotnet of SDK 9 and later asks for where a source is reached by plain http; older ones do not know it.
    pub(super) fn over_http(&self) -> &'static str {
        if self.insecure { " --allow-insecure-connections" } else { "" }
    }

    pub(super) fn nuget(&self) -> Vec<SnippetLine> {
        chosen([
            (self.push(), "Upload a package", "the NuGet.exe upload command", self.nuget_push()),
            (
                self.pull(),
                "Read packages: add the feed once, then install by name",
                "the NuGet.exe source commands",
                self.nuget_source(),
            ),
            (self.delete(), "Hide a version", "the NuGet.exe delete command", self.nuget_delete()),
        ])
    }

    /// Uploads with NuGet.exe.
    pub fn nuget_push(&self) -> String {
        format!("nuget push {}.1.0.0.nupkg -Source {} -ApiKey {KEY}", self.package, self.source)
    }

    /// Adds the feed to NuGet.exe and installs from it.
    pub fn nuget_source(&self) -> String {
        let name = self.source_name();
        format!(
            "nuget sources add -Name {name} -Source {} -UserName {USER} -Password {KEY}\nnuget install {} -Source {name}",
            self.source, self.package
        )
    }

    fn nuget_delete(&self) -> String {
        format!("nuget delete {} 1.0.0 -Source {} -ApiKey {KEY} -NonInteractive", self.package, self.source)
    }

    pub(super) fn dotnet(&self) -> Vec<SnippetLine> {
        chosen([
            (self.push(), "Upload a package", "the dotnet upload command", self.dotnet_push()),
            (
                self.push(),
                "Or let the client read the key from the environment, as NuGet 7.6 and later do",
                "the upload with the key in the environment",
                format!(
                    "export {SECRET}={KEY}\ndotnet nuget push {}.1.0.0.nupkg --source {}{}",
                    self.package,
                    self.source,
                    self.over_http()
                ),
            ),
            (
                self.pull(),
                "Read packages. Outside Windows, dotnet can only read a password stored in clear text.",
                "the dotnet source commands",
                self.dotnet_source(),
            ),
            (
                self.pull(),
                "Or, where the feed was added before, give it this key",
                "the dotnet command that changes the key",
                self.update_source(),
            ),
            (self.delete(), self.about_delete(), "the dotnet delete command", self.dotnet_delete()),
        ])
    }

    /// By plain http, dotnet deletes only from a source that was added with leave to do so; it knows no option for it.
    fn dotnet_delete(&self) -> String {
        let package = &self.package;
        let delete = |source: &str| {
            format!("dotnet nuget delete {package} 1.0.0 --source {source} --api-key {KEY} --non-interactive")
        };
        match (self.insecure, self.pull()) {
            (false, _) => delete(&self.source),
            (true, true) => delete(&self.source_name()),
            (true, false) => format!("{}\n{}", self.add_source(KEY), delete(&self.source_name())),
        }
    }

    fn about_delete(&self) -> &'static str {
        if self.insecure && self.pull() { "Hide a version, in the feed that you added above" } else { "Hide a version" }
    }

    /// Uploads with dotnet.
    pub fn dotnet_push(&self) -> String {
        let Self { package, source, .. } = self;
        let over_http = self.over_http();
        format!("dotnet nuget push {package}.1.0.0.nupkg --source {source} --api-key {KEY}{over_http}")
    }

    /// Adds one version of a package with dotnet, from the feed that was added once; a public one is added here, because
    /// that takes no key. `dotnet add package` knows sources by their addresses alone, and with one of them it would look
    /// for nothing elsewhere, such as for what the package depends on.
    pub fn dotnet_install(&self, id: &str, version: &str, is_public: bool) -> String {
        let add = format!("dotnet add package {id} --version {version}");
        let (name, over_http) = (self.source_name(), self.over_http());
        match is_public {
            true => format!("dotnet nuget add source {} --name {name}{over_http}\n{add}", self.source),
            false => add,
        }
    }

    /// Adds the feed to dotnet and adds a package from it.
    pub fn dotnet_source(&self) -> String {
        format!("{}\ndotnet add package {}", self.add_source(KEY), self.package)
    }

    pub(super) fn add_source(&self, key: &str) -> String {
        let Self { source, .. } = self;
        self.with_credentials(&format!("add source {source} --name {}", self.source_name()), key)
    }

    /// A source that was added keeps its old key until it is told another: to add it again is an error.
    fn update_source(&self) -> String {
        let Self { source, .. } = self;
        self.with_credentials(&format!("update source {} --source {source}", self.source_name()), KEY)
    }

    fn with_credentials(&self, command: &str, key: &str) -> String {
        let over_http = self.over_http();
        format!("dotnet nuget {command} --username {USER} --password {key} --store-password-in-clear-text{over_http}")
    }

    pub(super) fn visual_studio(&self) -> Vec<SnippetLine> {
        chosen([
            (
                self.pull(),
                "Under Tools, Options, NuGet Package Manager, Package Sources: add a source with this address. Asked for a name and password, answer with api and your key.",
                "the address of the feed",
                self.source.clone(),
            ),
            (
                self.pull(),
                "Or keep this as nuget.config beside your solution, for everybody in the team: it holds no key. Each takes an own one from the environment variable NUGET_API_KEY.",
                "the nuget.config file",
                self.nuget_config(),
            ),
        ])
    }

    fn nuget_config(&self) -> String {
        let insecure = if self.insecure { " allowInsecureConnections=\"true\"" } else { "" };
        let name = self.source_name();
        format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <add key="{name}" value="{}"{insecure} />
  </packageSources>
  <packageSourceCredentials>
    <{name}>
      <add key="Username" value="{USER}" />
      <add key="ClearTextPassword" value="%{SECRET}%" />
    </{name}>
  </packageSourceCredentials>
</configuration>"#,
            self.source
        )
    }
}
