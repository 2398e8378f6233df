//! What a token can do, in one sentence: "Can read and upload `Contoso.*` in all feeds until 26 Feb 2027." Every page
//! that is about one token says it, the form of a new one too.

use chrono::{DateTime, Duration, Utc};

use crate::{
    feeds::Feed,
    tokens::{
        Feeds, Kind, Patterns, Permission, Permissions, ServedKinds, State, Token, TokenSettings, Verb,
        draft::FieldError,
        expiry::{end_in, in_words},
        state::state,
    },
    web::{confirm::Piece, page::SignedIn},
};

/// Patterns that are named.
const NAMED: usize = 3;
/// An end that is nearer than this is told with its hour.
const NEAR: Duration = Duration::days(2);

/// Who reads it, and which feeds they can name.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub feeds: &'a [Feed],
    pub me: &'a SignedIn,
}

impl Reader<'_> {
    /// Of a token as it is: what it can do, or could do before it ended.
    pub fn of_token(self, token: &Token) -> Vec<Piece> {
        let live = state(token, self.me.now).is_live();
        let waits = state(token, self.me.now) == State::NotIssued;
        let mut pieces = self.access(if live || waits { "Can" } else { "Could" }, &token.settings);
        pieces.extend(self.end_of(token));
        pieces.extend(unserved(token.settings.permissions, self.me.served));
        pieces
    }

    /// Of settings that a token would have: `lead` is "Can", or "Can then" for one that there is.
    pub fn of_settings(self, lead: &str, settings: &TokenSettings) -> Vec<Piece> {
        let mut pieces = self.access(lead, settings);
        pieces.extend(match settings.expires_at {
            Some(at) => [text(" until "), strong(self.day(at)), text(".")],
            None => [text(" with "), strong("no expiry date"), text(".")],
        });
        pieces.extend(unserved(settings.permissions, self.me.served));
        pieces
    }

    fn end_of(self, token: &Token) -> Vec<Piece> {
        match (state(token, self.me.now), token.end()) {
            (State::NotIssued, _) => vec![text(" once it has a "), strong("key"), text(".")],
            (State::Deactivated, _) => vec![text(" until it was "), strong("deactivated"), text(".")],
            (State::Revoked, _) => vec![text(" until it was "), strong("revoked"), text(".")],
            (State::Expired | State::Retired, Some(at)) => vec![text(" until "), strong(self.day(at)), text(".")],
            (_, Some(at)) => {
                let left = format!(", {} from now.", in_words(at - self.me.now));
                vec![text(" until "), strong(self.day(at)), text(left)]
            }
            (_, None) => vec![text(" with "), strong("no expiry date"), text(".")],
        }
    }

    fn day(self, at: DateTime<Utc>) -> String {
        let text = end_in(at, self.me.account.time_zone, "%-d %b %Y");
        let day = text.split_once(',').map(|(day, _)| day.to_owned());
        if at - self.me.now < NEAR { text } else { day.unwrap_or(text) }
    }

    /// `Can read and upload Contoso.* in all feeds`, without its end.
    fn access(self, lead: &str, settings: &TokenSettings) -> Vec<Piece> {
        let clauses = clauses(settings.permissions, self.me.served);
        let api = api(settings.permissions);
        let mut pieces = vec![text(format!("{lead} "))];
        if !clauses.is_empty() {
            pieces.extend(packages(&clauses, &settings.patterns));
            pieces.extend([text(" in "), strong(self.feeds(&settings.feeds))]);
        }
        match api {
            Some(words) if clauses.is_empty() => pieces.push(strong(words)),
            Some(words) => pieces.extend([text(", and "), strong(words)]),
            None if clauses.is_empty() => pieces.push(strong("do nothing on this host yet")),
            None => {}
        }
        pieces
    }

    fn feeds(self, covered: &Feeds) -> String {
        match covered {
            Feeds::All => "all feeds".to_owned(),
            some => feed_names(some, self.feeds),
        }
    }
}

/// Of a form that is not complete yet: what is missing.
pub(super) fn of_errors(errors: &[FieldError]) -> Vec<Piece> {
    let mut fields: Vec<_> = errors.iter().filter_map(|error| error.field).map(|field| field.words()).collect();
    fields.dedup();
    let missing = if fields.is_empty() { "what it may do".to_owned() } else { listed(&fields) };
    vec![Piece::Quiet(format!("What it can do is said here once this is complete: {missing}."))]
}

/// Verbs with the kinds of packages that they are about.
type Clause = (Vec<Verb>, Vec<Kind>);

/// What may be done with packages that this host serves: kinds of which the same may be done share a clause.
fn clauses(permissions: Permissions, served: ServedKinds) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    for kind in served.iter() {
        let verbs = verbs(permissions.effective(), kind);
        match clauses.iter_mut().find(|(known, _)| *known == verbs) {
            _ if verbs.is_empty() => {}
            Some((_, kinds)) => kinds.push(kind),
            None => clauses.push((verbs, vec![kind])),
        }
    }
    clauses
}

/// Without new versions alone, where every upload is allowed.
fn verbs(permissions: Permissions, kind: Kind) -> Vec<Verb> {
    let has = |verb: &Verb| permissions.has(Permission::of(kind, *verb));
    let needless = |verb: &Verb| *verb == Verb::PushVersion && has(&Verb::Push);
    Verb::ALL.into_iter().filter(|verb| has(verb) && !needless(verb)).collect()
}

fn packages(clauses: &[Clause], patterns: &Patterns) -> Vec<Piece> {
    let all = patterns.covers_all();
    let mut pieces = Vec::new();
    for (at, (verbs, kinds)) in clauses.iter().enumerate() {
        if at > 0 {
            pieces.push(text(if at + 1 == clauses.len() { ", and " } else { ", " }));
        }
        let words: Vec<_> = verbs.iter().map(|verb| said(*verb)).collect();
        let every = if all { "all " } else { "" };
        pieces.push(strong(format!("{} {every}{}", listed(&words), things(kinds))));
    }
    if !all {
        pieces.push(text(" matching "));
        pieces.extend(named(patterns));
    }
    pieces
}

/// `NuGet and npm packages`, `NuGet packages and container images`.
fn things(kinds: &[Kind]) -> String {
    let of_packages: Vec<_> = kinds.iter().filter(|kind| **kind != Kind::Container).map(|kind| kind.label()).collect();
    let packages = (!of_packages.is_empty()).then(|| format!("{} packages", listed(&of_packages)));
    let images = kinds.contains(&Kind::Container).then(|| Kind::Container.packages().to_owned());
    packages.into_iter().chain(images).collect::<Vec<_>>().join(" and ")
}

fn said(verb: Verb) -> &'static str {
    match verb {
        Verb::PushVersion => "publish new versions of",
        verb => verb.in_brief(),
    }
}

/// The first patterns, and how many there are besides.
fn named(patterns: &Patterns) -> Vec<Piece> {
    let all: Vec<_> = patterns.iter().collect();
    let shown = if all.len() > NAMED { NAMED - 1 } else { all.len() };
    let mut pieces = Vec::new();
    for (at, pattern) in all.iter().take(shown).enumerate() {
        if at > 0 {
            pieces.push(text(if at + 1 == all.len() { " and " } else { ", " }));
        }
        pieces.push(Piece::Code((*pattern).to_owned()));
    }
    if shown < all.len() {
        pieces.push(text(format!(" and {} more patterns", all.len() - shown)));
    }
    pieces
}

/// What it may do with the management API.
fn api(permissions: Permissions) -> Option<&'static str> {
    match () {
        () if permissions.has(Permission::ApiManage) => Some("manage your tokens through the API"),
        () if permissions.has(Permission::ApiRead) => Some("look at your tokens through the API"),
        () => None,
    }
}

/// That it has permissions for what this host does not serve.
fn unserved(permissions: Permissions, served: ServedKinds) -> Option<Piece> {
    let all: Vec<_> = permissions.kinds().filter(|kind| !served.has(*kind)).map(Kind::label).collect();
    (!all.is_empty()).then(|| {
        let rest = format!(" It has permissions for {} too (not served here yet).", listed(&all));
        Piece::Quiet(rest)
    })
}

/// `a, b and c`.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} and {end}", first.join(", ")),
    }
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

fn strong(text: impl Into<String>) -> Piece {
    Piece::Strong(text.into())
}

/// The covered feeds by name.
pub fn feed_names(covered: &Feeds, feeds: &[Feed]) -> String {
    match covered {
        Feeds::All => "All feeds".to_owned(),
        Feeds::Some(ids) => {
            let names: Vec<_> =
                feeds.iter().filter(|feed| ids.contains(&feed.id)).map(|feed| feed.name.as_str()).collect();
            if names.is_empty() { "no feed you can reach".to_owned() } else { names.join(", ") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(permissions: &str, patterns: &str) -> String {
        let (permissions, served) = (Permissions::parse(permissions).unwrap(), ServedKinds::default());
        let pieces = packages(&clauses(permissions, served), &Patterns::parse(patterns).unwrap());
        let rest = unserved(permissions, served);
        pieces.iter().chain(rest.as_ref()).map(Piece::plain).collect()
    }

    #[test]
    fn verbs_and_patterns_are_said_as_people_say_them() {
        let nuget = " NuGet packages matching";
        for (permissions, patterns, sentence) in [
            ("nuget:pull", "Contoso.*", format!("read{nuget} Contoso.*")),
            ("nuget:pull nuget:push", "A\nB", format!("read and upload{nuget} A and B")),
            ("nuget:pull nuget:push-version", "A\nB\nC", format!("read and publish new versions of{nuget} A, B and C")),
            ("nuget:push nuget:push-version", "A\nB\nC\nD", format!("upload{nuget} A, B and 2 more patterns")),
        ] {
            assert_eq!(said_of(permissions, patterns), sentence);
        }
        let all = said_of("nuget:pull nuget:push nuget:delete", "*");
        assert!(all.starts_with("read, upload and delete all ") && all.ends_with("packages"), "{all}");
    }

    #[test]
    fn what_is_not_served_is_not_promised() {
        let rest = " It has permissions for Container too (not served here yet).";
        assert_eq!(said_of("container:push", "*"), rest);
    }
}
