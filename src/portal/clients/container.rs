//! The lines for Docker, Podman and Skopeo, about the registry that this host gives access to.

use super::{Client, Clients, FeedAddress, KEY, KindClients, SnippetLine, USER, chosen};
use crate::{
    packages::container::name,
    tokens::{Kind, Patterns, Permission, Verb},
};

/// What may stand for the stars of a pattern, the first that makes a name.
const FILLINGS: [&str; 3] = ["app", "", "team"];

/// Container images.
pub(super) struct Container;

impl KindClients for Container {
    fn address(&self, of: &Clients) -> FeedAddress {
        let address = format!("{}/{}", Lines::of(of).registry, of.feed);
        FeedAddress { id: "container", label: "What names of container images begin with", address }
    }

    fn first_package(&self, of: &Clients) -> Vec<SnippetLine> {
        let lines = Lines::of(of);
        let commands = format!("{}\n{}", lines.signs_in("docker"), lines.pushes("docker"));
        chosen([(true, "Docker", "the Docker commands", commands)])
    }

    fn question(&self, of: &Clients) -> Option<(&'static str, String)> {
        let lines = Lines::of(of);
        let actions =
            [(lines.push, "container:push"), (lines.pull, "container:pull"), (lines.delete, "container:delete")];
        actions.into_iter().find(|(may, _)| *may).map(|(_, action)| (action, lines.repository))
    }

    fn clients(&self, of: &Clients) -> Vec<Client> {
        let lines = Lines::of(of);
        let engine = |id: &'static str, name: &'static str| Client { id, name, lines: lines.engine(id) };
        match (lines.push || lines.pull, lines.delete) {
            (true, _) => vec![engine("docker", "Docker"), engine("podman", "Podman"), lines.skopeo()],
            (false, true) => vec![lines.skopeo()],
            (false, false) => Vec::new(),
        }
    }
}

/// What the lines are made of.
struct Lines {
    registry: String,
    /// With its feed.
    repository: String,
    pull: bool,
    push: bool,
    delete: bool,
}

/// A repository of the feed that these patterns cover: the usual one, or one made of the first pattern that can be a name.
fn example(feed: &str, patterns: &Patterns) -> String {
    let fill = |pattern: &str, filling: &str| match pattern.strip_prefix("*/") {
        Some(rest) => format!("{feed}/{}", rest.replace('*', filling)),
        None => pattern.replace('*', filling),
    };
    let made = patterns.iter().flat_map(|pattern| FILLINGS.map(|filling| fill(pattern, filling).to_lowercase()));
    let mut names = std::iter::once(format!("{feed}/app")).chain(made);
    let is_good = |name: &String| name::check(name) == Ok(feed) && patterns.covers(name);
    names.find(is_good).unwrap_or_else(|| format!("{feed}/your-image"))
}

impl Lines {
    fn of(of: &Clients) -> Self {
        let permissions = of.permissions.effective();
        let has = |verb| permissions.has(Permission::of(Kind::Container, verb));
        Self {
            registry: of.registry.clone().unwrap_or_default(),
            repository: example(&of.feed, &of.patterns),
            pull: has(Verb::Pull),
            push: has(Verb::Push),
            delete: has(Verb::Delete),
        }
    }

    fn image(&self) -> String {
        format!("{}/{}:1.0", self.registry, self.repository)
    }

    fn signs_in(&self, program: &str) -> String {
        format!("{program} login {} -u {USER} -p {KEY}", self.registry)
    }

    fn pushes(&self, program: &str) -> String {
        let local = self.repository.rsplit('/').next().unwrap_or_default();
        format!("{program} tag {local}:1.0 {0}\n{program} push {0}", self.image())
    }

    /// Docker, or Podman, which takes the same.
    fn engine(&self, program: &'static str) -> Vec<SnippetLine> {
        chosen([
            (true, "Sign in. The key is kept in your own configuration.", "the login command", self.signs_in(program)),
            (self.push, "Push an image that you have built", "the push commands", self.pushes(program)),
            (self.pull, "Pull an image", "the pull command", format!("{program} pull {}", self.image())),
        ])
    }

    fn skopeo(&self) -> Client {
        let image = self.image();
        let lines = chosen([
            (true, "Sign in", "the skopeo login command", self.signs_in("skopeo")),
            (
                self.push,
                "Push an image from a folder, without an engine",
                "the skopeo push command",
                format!("skopeo copy oci:app:1.0 docker://{image}"),
            ),
            (
                self.pull,
                "Look at an image, and copy it into a folder",
                "the skopeo commands that read",
                format!("skopeo inspect docker://{image}\nskopeo copy docker://{image} oci:app:1.0"),
            ),
            (
                self.delete,
                "Delete an image, with every tag on it",
                "the skopeo delete command",
                format!("skopeo delete docker://{image}"),
            ),
        ]);
        Client { id: "skopeo", name: "Skopeo", lines }
    }
}
