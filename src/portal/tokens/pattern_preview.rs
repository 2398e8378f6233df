//! What the form of a token comes to, while it is filled in: which of one's packages the patterns cover, what is odd about
//! them, the packages to tick, and the token that has the same name already.

use std::collections::HashSet;

use super::{
    package_search::{PackagesWanted, find_packages},
    token_form::TokenForm,
};
use crate::{
    app::App,
    feeds::Membership,
    packages::PackageName,
    tokens::{
        AccountId, Kind, PatternSet, Patterns, Permission, Permissions, TokenId, Verb, decision::Role, draft,
        pattern_lint::remarks, preset::Kinds,
    },
    web::{
        error::PageError,
        form::Problems,
        format::{counted, thousands},
        owner::Owner,
    },
};

/// Package names that are read at most; beyond, counts say "more than".
const MOST: usize = 10_000;
/// Covered packages that are named.
const NAMED: usize = 5;
/// Packages to tick that are shown.
const SHOWN: usize = 100;
/// Remarks that are shown.
const REMARKS: usize = 8;
/// Feeds whose packages are read.
const FEEDS: usize = 200;

/// What the page says beside the patterns.
#[derive(Default)]
pub struct Preview {
    /// One line for each kind of packages; none while there is no pattern.
    pub lines: Vec<PatternLine>,
    pub remarks: Vec<LintNote>,
    pub picks: PackagePicker,
    /// What another token of the same name is called in lists.
    pub same_name: Option<String>,
}

/// How much of one kind is covered.
#[derive(Debug, PartialEq, Eq)]
pub struct PatternLine {
    /// `3 of your 12`, to be set in bold.
    pub count: String,
    /// The rest of the sentence.
    pub rest: String,
    /// The first covered names.
    pub names: Vec<String>,
    pub left_out: usize,
}

/// A remark, marked if it points at a likely mistake.
pub struct LintNote {
    pub text: String,
    pub is_mistake: bool,
}

/// The packages to tick.
#[derive(Default)]
pub struct PackagePicker {
    pub find: String,
    pub packages: Vec<PackageChoice>,
    pub left_out: usize,
    /// Whether there is any package at all, found or not.
    pub any: bool,
    /// Whether the form says yet what the token may do.
    pub is_about: bool,
}

/// A package to tick.
pub struct PackageChoice {
    pub name: String,
    /// Whether a pattern is exactly this name.
    pub listed: bool,
}

/// A package name, its lower case, and what the account may do with it.
struct KnownPackages {
    key: String,
    name: String,
    may_publish: bool,
}

/// The names of one kind that a token could reach.
struct CandidatePackages {
    kind: Kind,
    names: Vec<KnownPackages>,
    /// Whether there are more than were read.
    more: bool,
    reads: bool,
    writes: bool,
    /// Those that the search finds, by name, those first that fit best.
    found: Vec<String>,
}

impl Preview {
    /// What the form comes to. `edited` is the token that is edited. Patterns are held against packages when it is the
    /// account's turn, and by another thread than that of requests.
    pub async fn of(app: &App, owner: Owner, form: &TokenForm, edited: Option<TokenId>) -> Result<Self, PageError> {
        let turn = app.previews.turn(owner.id).await.ok_or(PageError::TooManyAtOnce)?;
        let same_name = same_name(app, owner, form, edited).await?;
        let without_feed = without_feed(app, owner, form).await?;
        let (form, universes) = (form.clone(), universes(app, owner, form).await?);
        let compute = move || Self { same_name, ..Self::computed(&form, universes, without_feed) };
        turn.run(compute).await.ok_or_else(|| anyhow::anyhow!("a preview broke").into())
    }

    fn computed(form: &TokenForm, universes: Vec<CandidatePackages>, without_feed: Option<&str>) -> Self {
        let universes: Vec<_> = universes.into_iter().map(CandidatePackages::in_order).collect();
        let (patterns, wrong) = Patterns::read(&form.all_patterns());
        let mut preview = Self { picks: PackagePicker::of(form, &universes), ..Self::default() };
        if let Some(patterns) = patterns {
            let set = PatternSet::of(&patterns);
            preview.remarks = notes(&patterns, &set, &universes);
            preview.lines = match without_feed {
                Some(why) => {
                    vec![PatternLine { count: String::new(), rest: why.to_owned(), names: Vec::new(), left_out: 0 }]
                }
                None => universes.iter().map(|universe| universe.line(&patterns, &set)).collect(),
            };
        }
        if form.all_patterns().trim().is_empty() {
            return preview;
        }
        let wrong = wrong.iter().take(REMARKS).map(|error| LintNote { text: error.to_string(), is_mistake: true });
        preview.remarks.splice(0..0, wrong);
        preview.remarks.truncate(REMARKS);
        preview
    }
}

impl Preview {
    /// Without remarks that stand at the field already.
    #[must_use]
    pub fn without(mut self, problems: &Problems) -> Self {
        let told = problems.all("patterns");
        self.remarks.retain(|remark| !told.contains(&remark.text.as_str()));
        self
    }
}

/// Why no package is covered, if none of the chosen feeds is one that the account can use.
async fn without_feed(app: &App, owner: Owner, form: &TokenForm) -> Result<Option<&'static str>, PageError> {
    if form.feeds != "some" {
        return Ok(None);
    }
    let memberships = app.store.feeds_of(owner.id).await?;
    let is_chosen = |membership: &Membership| form.feed.contains(&membership.feed.id.to_string());
    Ok(match memberships.iter().any(is_chosen) {
        true => None,
        false if form.feed.is_empty() => Some("No package is covered: choose a feed."),
        false => Some("No package is covered: the chosen feeds are gone, or you are not a member any more."),
    })
}

/// The kinds that the form is about so far, with what may be done with each.
fn kinds(form: &TokenForm) -> Vec<Kind> {
    let chosen: Vec<_> = form.permissions().unwrap_or_default().kinds().collect();
    if chosen.is_empty() {
        Kinds::parse(&form.kind).map_or(vec![Kind::NuGet], |kinds| kinds.list().to_vec())
    } else {
        chosen
    }
}

async fn universes(app: &App, owner: Owner, form: &TokenForm) -> Result<Vec<CandidatePackages>, PageError> {
    let permissions = form.permissions().unwrap_or_default();
    let memberships = app.store.feeds_of(owner.id).await?;
    let chosen = |membership: &&Membership| form.feeds != "some" || form.feed.contains(&membership.feed.id.to_string());
    let memberships: Vec<_> = memberships.iter().filter(chosen).take(FEEDS).collect();
    let mut all = Vec::new();
    for kind in kinds(form) {
        let (reads, writes) = uses(permissions, kind);
        let (names, more) = known(app, writes.then_some(owner.id), kind, &memberships).await?;
        let wanted = PackagesWanted { kind, only_writes: writes && !reads };
        let found = find_packages(app, owner, wanted, (memberships.as_slice(), form.find.trim())).await?;
        all.push(CandidatePackages { kind, names, more, reads: reads || !writes, writes, found });
    }
    Ok(all)
}

/// Whether packages of a kind are read, and whether they are changed.
fn uses(permissions: Permissions, kind: Kind) -> (bool, bool) {
    let own = |permission: &Permission| permission.kind() == Some(kind);
    let is_read = |permission: &Permission| permission.verb() == Some(Verb::Pull);
    let reads = permissions.iter().filter(own).any(|permission| is_read(&permission));
    let writes = permissions.iter().filter(own).any(|permission| !is_read(&permission));
    (reads, writes)
}

/// The names of a kind in these feeds, feed by feed, and whether there are more than [`MOST`]. What may be published is
/// known for `owner` only.
async fn known(
    app: &App,
    owner: Option<AccountId>,
    kind: Kind,
    feeds: &[&Membership],
) -> Result<(Vec<KnownPackages>, bool), PageError> {
    let mut names: Vec<KnownPackages> = Vec::new();
    for Membership { feed, role } in feeds {
        let room = i64::try_from(MOST + 1 - names.len()).unwrap_or(1);
        let found = app.store.package_names(feed.id, kind, owner, room).await?;
        names.extend(found.into_iter().map(|PackageName { name, owned }| {
            let may_publish = *role == Some(Role::Owner) || (*role == Some(Role::Writer) && owned);
            KnownPackages { key: name.to_ascii_lowercase(), name, may_publish }
        }));
        if names.len() > MOST {
            break;
        }
    }
    let more = names.len() > MOST;
    names.truncate(MOST);
    Ok((names, more))
}

impl CandidatePackages {
    /// The same in the order of names, each once.
    fn in_order(mut self) -> Self {
        self.names.sort_by(|a, b| a.key.cmp(&b.key).then(b.may_publish.cmp(&a.may_publish)));
        self.names.dedup_by(|later, first| later.key == first.key);
        self
    }

    /// The names that count, in order: what is only written to counts where it may be written to.
    fn counted(&self) -> impl Iterator<Item = &KnownPackages> + Clone {
        self.names.iter().filter(|known| self.reads || known.may_publish)
    }

    /// Those of them that the patterns cover.
    fn covered(&self, set: &PatternSet) -> Vec<&KnownPackages> {
        self.counted().filter(|known| set.covers(&known.key)).collect()
    }

    fn line(&self, patterns: &Patterns, set: &PatternSet) -> PatternLine {
        let kind = if self.kind == Kind::Container { "container" } else { self.kind.label() };
        let total = self.counted().count();
        let covered = self.covered(set);
        let of = |whose: &str| match self.more {
            true => format!("{} of the first {}", thousands(covered.len() as i64), thousands(total as i64)),
            false => format!("{} of {whose} {}", thousands(covered.len() as i64), thousands(total as i64)),
        };
        let (count, whose) = match (total, self.reads) {
            (1, true) if covered.len() == 1 => ("Your one".to_owned(), format!(" {kind} package")),
            (1, false) if covered.len() == 1 => ("The one".to_owned(), format!(" {kind} package you may publish")),
            (1, true) => ("Not your one".to_owned(), format!(" {kind} package")),
            (1, false) => ("Not the one".to_owned(), format!(" {kind} package you may publish")),
            (0, true) => (String::new(), format!("There is no {kind} package yet")),
            (0, false) => (String::new(), format!("There is no {kind} package yet that you may publish")),
            (_, true) => (of("your"), format!(" {kind} packages")),
            (_, false) => (of("the"), format!(" {kind} packages you may publish")),
        };
        let whose = if self.more { format!("{whose} (there are more)") } else { whose };
        let later = match (patterns.iter().any(|pattern| pattern.contains('*')), total) {
            (true, 0) => "; future ones that match will be covered",
            (true, 1) if covered.is_empty() => "; future ones that match will be covered",
            (true, _) => ", and future ones that match",
            (false, _) => "",
        };
        let publish = match covered.iter().filter(|known| known.may_publish).count() {
            few if self.writes && self.reads && few < covered.len() => format!(" You may publish {few} of them."),
            _ => String::new(),
        };
        let names: Vec<_> = covered.iter().take(NAMED).map(|known| known.name.clone()).collect();
        PatternLine { count, rest: format!("{whose}{later}.{publish}"), left_out: covered.len() - names.len(), names }
    }
}

fn notes(patterns: &Patterns, set: &PatternSet, universes: &[CandidatePackages]) -> Vec<LintNote> {
    let kinds: Vec<_> = universes.iter().map(|universe| universe.kind).collect();
    let names = universes.iter().flat_map(CandidatePackages::counted).map(|known| known.name.as_str());
    let remarks = remarks(patterns, set, &kinds, names);
    remarks.iter().map(|remark| LintNote { text: remark.to_string(), is_mistake: remark.is_mistake() }).collect()
}

impl PackagePicker {
    fn of(form: &TokenForm, universes: &[CandidatePackages]) -> Self {
        let patterns = form.all_patterns();
        let find = form.find.trim().to_ascii_lowercase();
        let all = || universes.iter().flat_map(CandidatePackages::counted);
        // What the index finds by its words stands before names that only hold what was typed.
        let by_words = universes.iter().flat_map(|universe| universe.found.iter().map(String::as_str));
        let by_letters = all().filter(|known| known.key.contains(&find)).map(|known| known.name.as_str());
        let mut seen = HashSet::new();
        let found: Vec<&str> =
            by_words.chain(by_letters).filter(|name| seen.insert(name.to_ascii_lowercase())).collect();
        let left_out = found.len().saturating_sub(SHOWN);
        let listed = |name: &str| patterns.lines().any(|line| line.trim().eq_ignore_ascii_case(name));
        let packages =
            found.into_iter().take(SHOWN).map(|name| PackageChoice { listed: listed(name), name: name.to_owned() });
        Self {
            find: form.find.clone(),
            packages: packages.collect(),
            left_out,
            any: all().next().is_some(),
            is_about: form.permissions().is_ok(),
        }
    }

    /// What is not shown, in words.
    pub fn rest(&self) -> String {
        format!("{} not shown. Search for them, or write a pattern.", counted(self.left_out, "package"))
    }
}

/// Another token of the form's name, by its hint.
async fn same_name(
    app: &App,
    owner: Owner,
    form: &TokenForm,
    edited: Option<TokenId>,
) -> Result<Option<String>, PageError> {
    let Ok(name) = draft::name(&form.name) else { return Ok(None) };
    Ok(app.store.hint_of_name(owner.id, &name, edited).await?)
}
