//! The lines that people paste into their clients and pipelines, with this host's own addresses. `YOUR_KEY` stands for the
//! key: `static/js/secret.js` puts it in its place when a line is copied. Pipelines read the key from their own secrets.

use crate::{
    config::PublicUrl,
    packages::nuget::id::PackageId,
    tokens::{Kind, Patterns, Permission, Permissions, Verb},
};

/// What stands for the key.
const KEY: &str = "YOUR_KEY";
/// Any user name will do beside a key.
const USER: &str = "api";
/// The secret of a build system that holds the key; newer NuGet clients read it by themselves.
const SECRET: &str = "NUGET_API_KEY";

/// A package to write about where nothing says which.
const ANY_PACKAGE: &str = "Contoso.Core";
/// What may stand for the stars of a pattern, the first that makes a name.
const FILLINGS: [&str; 5] = ["Core", "", "Contoso.Core", "1", "Contoso"];

/// A NuGet package that these patterns cover: the usual one, or one made of the first pattern that can be a name. What
/// covers no NuGet package gets a placeholder.
fn example(patterns: &Patterns) -> String {
    if patterns.covers(ANY_PACKAGE) {
        return ANY_PACKAGE.to_owned();
    }
    let names = patterns.iter().flat_map(|pattern| FILLINGS.map(|filling| pattern.replace('*', filling)));
    let mut names = names.filter(|name| PackageId::parse(name).is_ok() && patterns.covers(name));
    names.next().unwrap_or_else(|| "YOUR.PACKAGE".to_owned())
}

/// The addresses that the lines are written with, and what they may do.
pub struct Clients {
    /// The NuGet service index.
    pub source: String,
    /// The symbol server, for debuggers.
    pub symbols: String,
    /// Whether clients have to be told that plain http is meant.
    insecure: bool,
    flat: String,
    npm: String,
    registry: String,
    api: String,
    feed: String,
    permissions: Permissions,
    /// A package that a token's patterns cover, or any.
    package: String,
}

/// A client with its lines.
pub struct Client {
    /// For anchors.
    pub id: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// At least one.
    pub lines: Vec<SnippetLine>,
}

/// Something to paste.
pub struct SnippetLine {
    /// What it does, and what to know before.
    pub what: &'static str,
    /// What the button copies, for those who cannot see what it stands beside.
    pub about: &'static str,
    /// The text itself; more than one line where the client wants that.
    pub text: String,
}

impl Clients {
    /// Lines for one feed and for everything a token may do.
    pub fn of_feed(public: &PublicUrl, feed: &str) -> Self {
        let root = if feed == "main" { "/v3".to_owned() } else { format!("/feeds/{feed}/nuget/v3") };
        let address = |url: String| url.split_once("://").map_or(String::new(), |(_, rest)| rest.to_owned());
        Self {
            source: public.of(&format!("{root}/index.json")),
            symbols: public.of(&if feed == "main" { "/symbols".to_owned() } else { format!("/feeds/{feed}/symbols") }),
            insecure: !public.is_https(),
            flat: public.of(&format!("{root}/flat")),
            npm: address(public.of(&format!("/feeds/{feed}/npm/"))),
            registry: address(public.origin().to_owned()),
            api: public.of("/api/v1"),
            feed: feed.to_owned(),
            permissions: Permission::all().collect(),
            package: ANY_PACKAGE.to_owned(),
        }
    }

    /// Only the lines that a token with these permissions may use, about a package that its patterns cover.
    pub fn for_rights(self, permissions: Permissions, patterns: &Patterns) -> Self {
        Self { permissions, package: example(patterns), ..self }
    }

    /// What dotnet of SDK 9 and later asks for where a source is reached by plain http; older ones do not know it.
    fn over_http(&self) -> &'static str {
        if self.insecure { " --allow-insecure-connections" } else { "" }
    }

    /// Whether the host is reached by plain http.
    pub fn insecure(&self) -> bool {
        self.insecure
    }

    /// Whether any of the lines says so.
    pub fn says_insecure(&self) -> bool {
        self.insecure && (self.push() || self.pull() || self.delete())
    }

    fn push(&self) -> bool {
        self.permissions
            .has_any([Permission::of(Kind::NuGet, Verb::Push), Permission::of(Kind::NuGet, Verb::PushVersion)])
    }

    fn pull(&self) -> bool {
        self.permissions.has(Permission::of(Kind::NuGet, Verb::Pull))
    }

    fn delete(&self) -> bool {
        self.permissions.has(Permission::of(Kind::NuGet, Verb::Delete))
    }

    fn is_about(&self, kind: Kind) -> bool {
        kind.is_served() && self.permissions.kinds().any(|own| own == kind)
    }

    /// Every client that these permissions are good for.
    pub fn list(&self) -> Vec<Client> {
        let all = [
            ("nuget", "NuGet.exe", self.nuget()),
            ("dotnet", "dotnet", self.dotnet()),
            ("visual-studio", "Visual Studio", self.visual_studio()),
            ("docker", "Docker", self.docker()),
            ("npm", "npm", self.npm()),
            ("curl", "curl", self.curl()),
            ("github", "GitHub Actions", self.github()),
            ("gitlab", "GitLab CI", self.gitlab()),
            ("azure", "Azure Pipelines", self.azure()),
        ];
        all.into_iter()
            .map(|(id, name, lines)| Client { id, name, lines })
            .filter(|client| !client.lines.is_empty())
            .collect()
    }

    fn nuget(&self) -> Vec<SnippetLine> {
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
        format!(
            "nuget sources add -Name latchkey -Source {} -UserName {USER} -Password {KEY}\nnuget install {} -Source latchkey",
            self.source, self.package
        )
    }

    fn nuget_delete(&self) -> String {
        format!("nuget delete {} 1.0.0 -Source {} -ApiKey {KEY} -NonInteractive", self.package, self.source)
    }

    fn dotnet(&self) -> Vec<SnippetLine> {
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
            (true, true) => delete("latchkey"),
            (true, false) => format!("{}\n{}", self.add_source(KEY), delete("latchkey")),
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

    /// Adds one version of a package with dotnet. By plain http it takes only what comes from a source that was added with
    /// leave to do so.
    pub fn dotnet_install(&self, id: &str, version: &str, is_public: bool) -> String {
        let add = |source: &str| format!("dotnet add package {id} --version {version} --source {source}");
        match (self.insecure, is_public) {
            (false, _) => add(&self.source),
            (true, false) => format!("{}\n{}", self.add_source(KEY), add("latchkey")),
            (true, true) => {
                format!(
                    "dotnet nuget add source {} --name latchkey{}\n{}",
                    self.source,
                    self.over_http(),
                    add("latchkey")
                )
            }
        }
    }

    /// Adds the feed to dotnet and adds a package from it.
    pub fn dotnet_source(&self) -> String {
        format!("{}\ndotnet add package {} --source latchkey", self.add_source(KEY), self.package)
    }

    fn add_source(&self, key: &str) -> String {
        format!(
            "dotnet nuget add source {} --name latchkey --username {USER} --password {key} --store-password-in-clear-text{}",
            self.source,
            self.over_http()
        )
    }

    fn visual_studio(&self) -> Vec<SnippetLine> {
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
        format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <add key="latchkey" value="{}"{insecure} />
  </packageSources>
  <packageSourceCredentials>
    <latchkey>
      <add key="Username" value="{USER}" />
      <add key="ClearTextPassword" value="%{SECRET}%" />
    </latchkey>
  </packageSourceCredentials>
</configuration>"#,
            self.source
        )
    }

    fn docker(&self) -> Vec<SnippetLine> {
        let registry = &self.registry;
        let image = format!("{registry}/{}/app:1.0", self.feed);
        let verb = if self.permissions.has(Permission::of(Kind::Container, Verb::Push)) { "push" } else { "pull" };
        chosen([(
            self.is_about(Kind::Container),
            "Docker asks for the password; answer with your key. This host does not answer Docker yet: the lines work as soon as it does.",
            "the docker commands",
            format!("docker login {registry} --username {USER}\ndocker {verb} {image}"),
        )])
    }

    fn npm(&self) -> Vec<SnippetLine> {
        let verb = if self
            .permissions
            .has_any([Permission::of(Kind::Npm, Verb::Push), Permission::of(Kind::Npm, Verb::PushVersion)])
        {
            "publish"
        } else {
            "install @team/ui"
        };
        let scheme = if self.insecure { "http" } else { "https" };
        let npm = &self.npm;
        chosen([(
            self.is_about(Kind::Npm),
            "This host does not answer npm yet: the lines work as soon as it does.",
            "the npm commands",
            format!("npm config set //{npm}:_authToken {KEY}\nnpm {verb} --registry {scheme}://{npm}"),
        )])
    }

    fn curl(&self) -> Vec<SnippetLine> {
        let Self { api, flat, feed, package, .. } = self;
        let lower = package.to_lowercase();
        let ask = format!("curl -H \"Authorization: Bearer {KEY}\"");
        chosen([
            (
                true,
                "Ask what this token is",
                "the curl command that asks about the token",
                format!("{ask} {api}/tokens/current"),
            ),
            (
                self.is_about(Kind::NuGet),
                "Ask whether it may do something, before your build does",
                "the curl command that asks for a right",
                format!(
                    "{ask} \"{api}/tokens/current/can?action={}&package={package}&feed={feed}\"",
                    self.some_action()
                ),
            ),
            (
                self.pull(),
                "List the packages it may read",
                "the curl command that lists packages",
                format!("{ask} {api}/packages"),
            ),
            (
                self.pull(),
                "Download a package",
                "the curl download command",
                format!("curl -u {USER}:{KEY} -O {flat}/{lower}/1.0.0/{lower}.1.0.0.nupkg"),
            ),
        ])
    }

    /// What a pipeline most likely asks for.
    fn some_action(&self) -> &'static str {
        match () {
            () if self.push() => "nuget:push",
            () if self.pull() => "nuget:pull",
            () => "nuget:delete",
        }
    }

    fn push_from_pipeline(&self, packages: &str) -> String {
        let (source, over_http) = (&self.source, self.over_http());
        format!(
            "dotnet nuget push \"{packages}\" --source {source} --api-key \"${SECRET}\" --skip-duplicate{over_http}"
        )
    }

    fn restore_in_pipeline(&self, indent: &str) -> String {
        format!("{}\n{indent}dotnet restore", self.add_source(&format!("\"${SECRET}\"")))
    }

    fn github(&self) -> Vec<SnippetLine> {
        let env = format!("  env:\n    {SECRET}: ${{{{ secrets.{SECRET} }}}}");
        chosen([
            (
                self.push() || self.pull(),
                "Store the key as a secret of the repository: under Settings, Secrets and variables, Actions, or by this line, which asks for it",
                "the command that stores the secret",
                format!("gh secret set {SECRET}"),
            ),
            (
                self.pull(),
                "A step that restores",
                "the restore step for GitHub Actions",
                format!("- name: Restore\n  run: |\n    {}\n{env}", self.restore_in_pipeline("    ")),
            ),
            (
                self.push(),
                "A step that publishes",
                "the publish step for GitHub Actions",
                format!("- name: Publish\n  run: {}\n{env}", self.push_from_pipeline("out/*.nupkg")),
            ),
        ])
    }

    fn gitlab(&self) -> Vec<SnippetLine> {
        let job = |name: &str, script: &str| {
            format!("{name}:\n  image: mcr.microsoft.com/dotnet/sdk\n  script:\n    - {script}")
        };
        let restore = self.restore_in_pipeline("    - ");
        chosen([
            (
                self.pull(),
                "Store the key under Settings, CI/CD, Variables as NUGET_API_KEY, masked and hidden. A job that restores:",
                "the restore job for GitLab CI",
                job("restore", &restore),
            ),
            (
                self.push(),
                "Store the key under Settings, CI/CD, Variables as NUGET_API_KEY, masked and hidden. A job that publishes:",
                "the publish job for GitLab CI",
                job("publish", &self.push_from_pipeline("out/*.nupkg")),
            ),
        ])
    }

    fn azure(&self) -> Vec<SnippetLine> {
        let step = |script: &str| format!("- bash: {script}\n  env:\n    {SECRET}: $({SECRET})");
        chosen([
            (
                self.pull(),
                "Store the key as a secret variable NUGET_API_KEY of the pipeline. A step that restores:",
                "the restore step for Azure Pipelines",
                step(&format!("|\n    {}", self.restore_in_pipeline("    "))),
            ),
            (
                self.push(),
                "Store the key as a secret variable NUGET_API_KEY of the pipeline. A step that publishes:",
                "the publish step for Azure Pipelines",
                step(&self.push_from_pipeline("$(Build.ArtifactStagingDirectory)/*.nupkg")),
            ),
        ])
    }
}

/// The lines whose first part holds.
fn chosen<const N: usize>(lines: [(bool, &'static str, &'static str, String); N]) -> Vec<SnippetLine> {
    let chosen = lines.into_iter().filter(|(fits, ..)| *fits);
    chosen.map(|(_, what, about, text)| SnippetLine { what, about, text }).collect()
}

#[cfg(test)]
#[path = "clients_tests.rs"]
mod tests;
