//! The lines that people paste into their clients and pipelines, with this host's own addresses. `YOUR_KEY` stands for the
//! key: `static/js/secret.js` puts it in its place when a line is copied. Pipelines read the key from their own secrets.

mod container;
mod npm;
mod nuget;
mod pipelines;
#[cfg(test)]
mod tests;

use crate::{
    config::{PublicUrl, Settings},
    tokens::{Kind, Patterns, Permission, Permissions, ServedKinds},
};

/// What stands for the key.
const KEY: &str = "YOUR_KEY";
/// Any user name will do beside a key.
const USER: &str = "api";
/// The secret of a build system that holds the key; newer NuGet clients read it by themselves.
const SECRET: &str = "NUGET_API_KEY";

/// The addresses that the lines are written with, and what they may do.
pub struct Clients {
    /// The NuGet service index.
    pub source: String,
    /// The symbol server, for debuggers.
    pub symbols: String,
    /// Whether clients have to be told that plain http is meant.
    insecure: bool,
    flat: String,
    /// Where NuGet packages are put.
    push_address: String,
    api: String,
    feed: String,
    permissions: Permissions,
    public: PublicUrl,
    /// The container registry that this host gives access to, as its clients write it.
    registry: Option<String>,
    patterns: Patterns,
    /// A package that a token's patterns cover, or any.
    package: String,
}

/// What each kind of packages has to say to its clients.
trait KindClients {
    /// Where they find a feed.
    fn address(&self, of: &Clients) -> FeedAddress;
    /// The lines that make the first package of a feed.
    fn first_package(&self, of: &Clients) -> Vec<SnippetLine>;
    /// What a pipeline most likely asks before it does it: a scope string and a package; none without such permissions.
    fn question(&self, of: &Clients) -> Option<(&'static str, String)>;
    /// Every client that the permissions are good for.
    fn clients(&self, of: &Clients) -> Vec<Client>;
}

/// The clients of a kind.
fn clients_of(kind: Kind) -> &'static dyn KindClients {
    match kind {
        Kind::NuGet => &nuget::NuGet,
        Kind::Npm => &npm::Npm,
        Kind::Container => &container::Container,
    }
}

/// Where the clients of one kind find a feed.
pub struct FeedAddress {
    /// For anchors.
    pub id: &'static str,
    /// What it is.
    pub label: &'static str,
    /// The address.
    pub address: String,
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

impl Client {
    /// A client with one line: its id and name, what the line does and what its button copies, and the text.
    pub fn of_line(
        (id, name): (&'static str, &'static str),
        (what, about): (&'static str, &'static str),
        text: String,
    ) -> Self {
        Self { id, name, lines: vec![SnippetLine { what, about, text }] }
    }
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

impl SnippetLine {
    /// The text in parts, each with whether it is an option, which is not to be broken at its hyphens.
    pub fn parts(&self) -> Vec<(&str, bool)> {
        let words = self.text.split_inclusive([' ', '\n']);
        let parts = words.flat_map(|word| {
            let end = word.trim_end_matches([' ', '\n']).len();
            [(&word[..end], word.starts_with('-')), (&word[end..], false)]
        });
        parts.filter(|(part, _)| !part.is_empty()).collect()
    }
}

impl Clients {
    /// Lines for one feed and for everything a token may do.
    pub fn of_feed(settings: &Settings, feed: &str) -> Self {
        Self::at(&settings.public_url, settings.registry_services.first().map(String::as_str), feed)
    }

    fn at(public: &PublicUrl, registry: Option<&str>, feed: &str) -> Self {
        let root = if feed == "main" { "/v3".to_owned() } else { format!("/feeds/{feed}/nuget/v3") };
        Self {
            source: public.of(&format!("{root}/index.json")),
            symbols: public.of(&if feed == "main" { "/symbols".to_owned() } else { format!("/feeds/{feed}/symbols") }),
            insecure: !public.is_https(),
            flat: public.of(&format!("{root}/flat")),
            push_address: public.of(&format!("{root}/package")),
            api: public.of("/api/v1"),
            feed: feed.to_owned(),
            permissions: Permission::all().collect(),
            public: public.clone(),
            registry: registry.map(str::to_owned),
            patterns: Patterns::all(),
            package: nuget::ANY_PACKAGE.to_owned(),
        }
    }

    /// Only the lines that a token with these permissions may use, about a package that its patterns cover.
    pub fn for_rights(self, permissions: Permissions, patterns: &Patterns) -> Self {
        Self { permissions, package: nuget::example(patterns), patterns: patterns.clone(), ..self }
    }

    /// Whether any of the lines says so.
    pub fn says_insecure(&self) -> bool {
        self.insecure && (self.push() || self.pull() || self.delete())
    }

    fn kinds(&self) -> impl Iterator<Item = &'static dyn KindClients> {
        ServedKinds { containers: self.registry.is_some() }.iter().map(clients_of)
    }

    /// Every client that these permissions are good for.
    pub fn list(&self) -> Vec<Client> {
        let of_kinds = self.kinds().flat_map(|kind| kind.clients(self));
        of_kinds.chain([Client { id: "curl", name: "curl", lines: self.curl() }]).collect()
    }

    /// Where the clients of each kind find the feed.
    pub fn addresses(&self) -> Vec<FeedAddress> {
        self.kinds().map(|kind| kind.address(self)).collect()
    }

    /// The lines that make the first package of the feed, whatever its kind.
    pub fn first_package(&self) -> Vec<SnippetLine> {
        self.kinds().flat_map(|kind| kind.first_package(self)).collect()
    }

    fn address_of(&self, path: &str) -> String {
        self.public.of(path)
    }

    fn curl(&self) -> Vec<SnippetLine> {
        let Self { api, flat, push_address, feed, package, .. } = self;
        let lower = package.to_lowercase();
        let ask = format!("curl -H \"Authorization: Bearer {KEY}\"");
        let question = self.kinds().find_map(|kind| kind.question(self));
        let (action, about) = question.clone().unwrap_or_default();
        chosen([
            (
                true,
                "Ask what this token is",
                "the curl command that asks about the token",
                format!("{ask} {api}/tokens/current"),
            ),
            (
                question.is_some(),
                "Ask whether it may do something, before your build does",
                "the curl command that asks for a right",
                format!("{ask} \"{api}/tokens/current/can?action={action}&package={about}&feed={feed}\""),
            ),
            (
                self.pull(),
                "List the packages it may read",
                "the curl command that lists packages",
                format!("{ask} {api}/packages"),
            ),
            (
                self.push(),
                "Upload a package",
                "the curl upload command",
                format!("curl -H \"X-NuGet-ApiKey: {KEY}\" -T {package}.1.0.0.nupkg {push_address}"),
            ),
            (
                self.pull(),
                "Download a package",
                "the curl download command",
                format!("curl -u {USER}:{KEY} -O {flat}/{lower}/1.0.0/{lower}.1.0.0.nupkg"),
            ),
        ])
    }
}

/// The lines whose first part holds.
fn chosen<const N: usize>(lines: [(bool, &'static str, &'static str, String); N]) -> Vec<SnippetLine> {
    let chosen = lines.into_iter().filter(|(fits, ..)| *fits);
    chosen.map(|(_, what, about, text)| SnippetLine { what, about, text }).collect()
}
