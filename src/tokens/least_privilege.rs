//! What a token could do without, judged by what it was used for. A suggestion is never wider than the token, and allows
//! all that it was used for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use super::{FeedId, Feeds, Kind, PatternSet, Patterns, Permission, Permissions, Token, Verb, pattern::Pattern};

/// A token is watched this long before anything is suggested.
pub const WATCHED_FOR: Duration = Duration::days(30);
/// A suggestion with more new patterns than this would not be read.
const MOST_NEW: usize = 10;
/// One thing a token was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used<'a> {
    /// The least permission that would have done.
    pub permission: Permission,
    /// In which feed; none where no feed was concerned.
    pub feed: Option<FeedId>,
    /// With which package; empty for none in particular.
    pub package: &'a str,
}

/// Settings that would have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeastPrivilege {
    /// Which permissions stay.
    pub permissions: Permissions,
    /// Which packages stay covered.
    pub patterns: Patterns,
    /// Which feeds stay covered.
    pub feeds: Feeds,
}

impl LeastPrivilege {
    /// What would have done for all that a token was used for; none where that is what it has, or where it was not used.
    /// `reachable` are the feeds its account can use.
    pub fn of(token: &Token, used: &[Used<'_>], reachable: &[FeedId]) -> Option<Self> {
        let narrower = Self {
            permissions: permissions(token.settings.permissions, used),
            patterns: patterns(&token.settings.patterns, used).unwrap_or_else(|| token.settings.patterns.clone()),
            feeds: feeds(&token.settings.feeds, used, reachable),
        };
        (!used.is_empty() && !narrower.is_as(token) && narrower.narrows(token)).then_some(narrower)
    }

    /// Whether nothing of it goes beyond what a token has.
    pub fn narrows(&self, token: &Token) -> bool {
        !self.permissions.is_empty()
            && self.permissions.within(token.settings.permissions)
            && PatternSet::of(&token.settings.patterns).includes(&self.patterns)
            && !self.feeds.adds_to(&token.settings.feeds)
    }

    fn is_as(&self, token: &Token) -> bool {
        self.permissions == token.settings.permissions
            && self.patterns == token.settings.patterns
            && self.feeds == token.settings.feeds
    }

    /// As one line, by which a form says which suggestion it was about.
    pub fn to_line(&self) -> String {
        format!("{};{};{}", self.permissions, self.patterns.as_str(), self.feeds.to_text()).replace('\n', " ")
    }
}

/// Whether a token was watched long enough: the record is whole since `whole_since`, and nothing was added to the token
/// since `widened_at`.
pub fn is_known_well(whole_since: DateTime<Utc>, widened_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    whole_since.max(widened_at.unwrap_or(whole_since)) <= now - WATCHED_FOR
}

/// Without those that nothing needed. What has no door yet cannot be judged, and stays; of containers, which a host may not
/// serve, nothing is known before the first use.
fn permissions(has: Permissions, used: &[Used<'_>]) -> Permissions {
    let needs = |permission: &Permission| {
        let served = match permission.kind() {
            Some(Kind::Container) => used.iter().any(|used| used.permission.kind() == Some(Kind::Container)),
            Some(_) => true,
            None => *permission == Permission::ApiRead,
        };
        !served || used.iter().any(|used| sufficing(has, used.permission) == Some(*permission))
    };
    has.iter().filter(needs).collect()
}

/// The permission by which a token may do what takes `least`: that one if it has it.
fn sufficing(has: Permissions, least: Permission) -> Option<Permission> {
    match least {
        _ if has.has(least) => Some(least),
        Permission::Package { kind, verb: Verb::PushVersion } => Some(Permission::of(kind, Verb::Push)),
        Permission::Package { kind: Kind::Container, verb: Verb::Pull } => {
            Some(Permission::of(Kind::Container, Verb::Push))
        }
        Permission::ApiRead => Some(Permission::ApiManage),
        _ => None,
    }
}

/// Named patterns stay if they covered something. Those that begin with `*` give way to the beginnings of the names that
/// only they covered. `None` where no package was used, or the new ones would be too many to read.
fn patterns(has: &Patterns, used: &[Used<'_>]) -> Option<Patterns> {
    let (set, all): (PatternSet, Vec<&str>) = (PatternSet::of(has), has.iter().collect());
    let (mut kept, mut stays) = (BTreeSet::new(), BTreeSet::new());
    let (mut loose, mut new) = (Vec::new(), Vec::new());
    for name in used.iter().map(|used| used.package).filter(|name| !name.is_empty()) {
        let named: Vec<usize> = set.covering(name).into_iter().filter(|&at| !all[at].starts_with('*')).collect();
        if named.is_empty() {
            loose.push(name);
        }
        kept.extend(named);
    }
    for (pattern, names) in beginnings(loose.into_iter()) {
        if Pattern::parse(&pattern).is_ok() && set.covers(&pattern) {
            new.push(pattern);
        } else {
            stays.extend(names.iter().flat_map(|name| set.covering(name)));
        }
    }
    if new.len() > MOST_NEW {
        return None;
    }
    let lines: Vec<&str> =
        kept.into_iter().chain(stays).map(|at| all[at]).chain(new.iter().map(String::as_str)).collect();
    Patterns::parse(&lines.join("\n")).ok()
}

/// Names by what they have in common, as patterns: `Fabrikam.Core` and `Fabrikam.Web` by `Fabrikam.*`, a name of one word by
/// itself.
fn beginnings<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<String, Vec<&'n str>> {
    let mut families: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        let family = name.find(SEPARATORS).map_or(name, |end| &name[..=end]);
        families.entry(family.to_ascii_lowercase()).or_default().push(name);
    }
    families.into_values().map(|names| (in_common(&names), names)).collect()
}

const SEPARATORS: [char; 2] = ['.', '/'];

/// The pattern for the names of one family.
fn in_common(names: &[&str]) -> String {
    let first = names[0];
    let shared = names.iter().map(|name| shared_length(first, name)).min().unwrap_or_default();
    match first[..shared].rfind(SEPARATORS) {
        Some(end) => format!("{}*", &first[..=end]),
        None => first.to_owned(),
    }
}

fn shared_length(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
}

/// Without those in which nothing was done.
fn feeds(has: &Feeds, used: &[Used<'_>], reachable: &[FeedId]) -> Feeds {
    let was_used = |feed: &FeedId| used.iter().any(|used| used.feed == Some(*feed));
    let (all, some) = match has {
        Feeds::All => (reachable, reachable.iter().copied().filter(was_used).collect::<Vec<_>>()),
        Feeds::Some(feeds) => (feeds.as_slice(), feeds.iter().copied().filter(was_used).collect()),
    };
    if some.is_empty() || some.len() == all.len() { has.clone() } else { Feeds::Some(some) }
}

#[cfg(test)]
#[path = "least_privilege_tests.rs"]
mod tests;
