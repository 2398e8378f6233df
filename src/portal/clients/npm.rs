//! The lines for npm, pnpm and yarn, on a developer's machine and in pipelines. Keys go into files of the person, never of
//! the project: pnpm reads no key of an environment variable out of a project's `.npmrc`.

use super::{Client, Clients, FeedAddress, KEY, KindClients, SnippetLine, chosen};
use crate::{
    packages::npm::name::PackageName,
    tokens::{Kind, Patterns, Permission, Verb},
};

/// The secret of a build system that holds the key.
const SECRET: &str = "NPM_TOKEN";
/// What may stand for the stars of a pattern, the first that makes a name.
const FILLINGS: [&str; 4] = ["ui", "", "team", "@team/ui"];

/// npm packages.
pub(super) struct Npm;

impl KindClients for Npm {
    fn address(&self, of: &Clients) -> FeedAddress {
        FeedAddress { id: "npm", label: "Address for npm clients", address: Lines::of(of).registry }
    }

    fn first_package(&self, of: &Clients) -> Vec<SnippetLine> {
        Lines::of(of).first_package()
    }

    fn question(&self, of: &Clients) -> Option<(&'static str, String)> {
        let lines = Lines::of(of);
        let actions = [(lines.push, "npm:push"), (lines.pull, "npm:pull"), (lines.delete, "npm:delete")];
        actions.into_iter().find(|(may, _)| *may).map(|(_, action)| (action, lines.package))
    }

    fn clients(&self, of: &Clients) -> Vec<Client> {
        let lines = Lines::of(of);
        if !lines.pull && !lines.push && !lines.delete {
            return Vec::new();
        }
        vec![
            Client { id: "npm", name: "npm", lines: lines.npm() },
            Client { id: "pnpm", name: "pnpm", lines: lines.pnpm() },
            Client { id: "yarn", name: "Yarn", lines: lines.yarn() },
            Client { id: "npm-github", name: "GitHub Actions, npm", lines: lines.github() },
            Client { id: "npm-gitlab", name: "GitLab CI, npm", lines: lines.gitlab() },
        ]
        .into_iter()
        .filter(|client| !client.lines.is_empty())
        .collect()
    }
}

impl Clients {
    /// The feed as npm clients write it, with a slash at its end.
    pub fn registry(&self) -> String {
        self.address_of(&format!("/feeds/{}/npm/", self.feed))
    }
}

/// What the lines are made of.
struct Lines {
    /// The feed's address as clients want it, with a slash at its end.
    registry: String,
    /// The same as the name of a setting: without the scheme.
    setting: String,
    insecure: bool,
    package: String,
    pull: bool,
    push: bool,
    delete: bool,
}

/// An npm package that these patterns cover: the usual one, or one made of the first pattern that can be a name.
fn example(patterns: &Patterns) -> String {
    if patterns.covers("@team/ui") {
        return "@team/ui".to_owned();
    }
    let names =
        patterns.iter().flat_map(|pattern| FILLINGS.map(|filling| pattern.replace('*', filling).to_lowercase()));
    let mut names = names.filter(|name| PackageName::parse(name).is_ok() && patterns.covers(name));
    names.next().unwrap_or_else(|| "your-package".to_owned())
}

impl Lines {
    fn of(of: &Clients) -> Self {
        let registry = of.registry();
        let setting = registry.split_once(':').map_or("", |(_, rest)| rest).to_owned();
        let has = |verb| of.permissions.has(Permission::of(Kind::Npm, verb));
        Self {
            registry,
            setting,
            insecure: of.insecure,
            package: example(&of.patterns),
            pull: has(Verb::Pull),
            push: has(Verb::Push) || has(Verb::PushVersion),
            delete: has(Verb::Delete),
        }
    }

    /// The setting that sends every package, or those of one scope, to this feed.
    fn registry_line(&self) -> String {
        match self.package.split_once('/') {
            Some((scope, _)) => format!("{scope}:registry={}", self.registry),
            None => format!("registry={}", self.registry),
        }
    }

    fn give_key(&self) -> String {
        format!("npm config set {}:_authToken={KEY}", self.setting)
    }

    fn npm(&self) -> Vec<SnippetLine> {
        let Self { package, registry, .. } = self;
        chosen([
            (
                true,
                "Keep the key in your own .npmrc. npm, pnpm and Yarn 1 read it there.",
                "the command that stores the key for npm",
                self.give_key(),
            ),
            (
                true,
                "Keep this as .npmrc beside package.json, for everybody in the team: it holds no key.",
                "the .npmrc file",
                self.registry_line(),
            ),
            (self.push, "Publish a package", "the npm publish command", format!("npm publish --registry {registry}")),
            (
                self.pull,
                "Install a package",
                "the npm install command",
                format!("npm install {package} --registry {registry}"),
            ),
            (
                self.delete,
                "Tell people not to use a version any more, or take it away for good",
                "the npm commands that end a version",
                format!(
                    "npm deprecate {package}@1.0.0 \"Use 1.0.1\" --registry {registry}\nnpm unpublish {package}@1.0.0 --registry {registry}"
                ),
            ),
        ])
    }

    fn pnpm(&self) -> Vec<SnippetLine> {
        let Self { package, registry, .. } = self;
        chosen([
            (
                self.push,
                "Publish a package, with the key where npm has it",
                "the pnpm publish command",
                format!("pnpm publish --registry {registry}"),
            ),
            (
                self.pull,
                "Install a package. pnpm waits with versions that are younger than its minimumReleaseAge.",
                "the pnpm add command",
                format!("pnpm add {package} --registry {registry}"),
            ),
        ])
    }

    fn yarn(&self) -> Vec<SnippetLine> {
        let package = &self.package;
        let use_it = match (self.push, self.pull) {
            (true, true) => format!("yarn npm publish\nyarn add {package}"),
            (true, false) => "yarn npm publish".to_owned(),
            _ => format!("yarn add {package}"),
        };
        chosen([
            (
                self.push || self.pull,
                "Yarn 2 and later: keep this as .yarnrc.yml, and the key in the environment variable NPM_TOKEN. Yarn leaves out versions of the last day unless npmMinimalAgeGate is 0.",
                "the .yarnrc.yml file",
                self.yarnrc(),
            ),
            (self.push || self.pull, "Then publish or install", "the yarn commands", use_it),
        ])
    }

    fn yarnrc(&self) -> String {
        let host = self.registry.split('/').nth(2).unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let over_http = if self.insecure { format!("unsafeHttpWhitelist:\n  - \"{host}\"\n") } else { String::new() };
        format!(
            "npmRegistryServer: \"{}\"\nnpmMinimalAgeGate: 0\n{over_http}npmRegistries:\n  \"{}\":\n    npmAlwaysAuth: true\n    npmAuthToken: \"${{{SECRET}-}}\"",
            self.registry,
            self.setting.trim_end_matches('/'),
        )
    }

    fn first_package(&self) -> Vec<SnippetLine> {
        let commands = format!("{}\nnpm publish --registry {}", self.give_key(), self.registry);
        chosen([(true, "npm", "the npm commands", commands)])
    }

    fn github(&self) -> Vec<SnippetLine> {
        let step = |name: &str, run: &str| {
            format!(
                "- uses: actions/setup-node@v4\n  with:\n    node-version: 24\n    registry-url: {}\n- name: {name}\n  run: {run}\n  env:\n    NODE_AUTH_TOKEN: ${{{{ secrets.{SECRET} }}}}",
                self.registry
            )
        };
        chosen([
            (
                self.push || self.pull,
                "Store the key as a secret of the repository: under Settings, Secrets and variables, Actions, or by this line, which asks for it",
                "the command that stores the npm key as a secret",
                format!("gh secret set {SECRET}"),
            ),
            (self.pull, "Steps that install", "the install steps for GitHub Actions", step("Install", "npm ci")),
            (
                self.push,
                "Steps that publish",
                "the npm publish steps for GitHub Actions",
                step("Publish", "npm publish"),
            ),
        ])
    }

    fn gitlab(&self) -> Vec<SnippetLine> {
        let job = |name: &str, script: &str| {
            format!(
                "{name}:\n  image: node:24\n  script:\n    - npm config set {}:_authToken=\"${SECRET}\"\n    - {script} --registry {}",
                self.setting, self.registry
            )
        };
        chosen([
            (
                self.pull,
                "Store the key under Settings, CI/CD, Variables as NPM_TOKEN, masked and hidden. A job that installs:",
                "the npm install job for GitLab CI",
                job("install", "npm ci"),
            ),
            (
                self.push,
                "Store the key under Settings, CI/CD, Variables as NPM_TOKEN, masked and hidden. A job that publishes:",
                "the npm publish job for GitLab CI",
                job("publish", "npm publish"),
            ),
        ])
    }
}
