//! The mail that says what happened in an account: what, when, from where, and what to do if it was somebody else.

mod words;

use askama::Template;
use chrono_tz::Tz;

use self::words::{token, words};
use super::{
    Unwritable,
    action::Envelope,
    line::{may, moment, one_line, packages_of},
};
use crate::{
    accounts::{Account, client_name},
    audit::{Cause, EventKind, TokenFacts},
    notifications::SecurityNotification,
    paths,
    tokens::expiry::end_in,
};

#[derive(Template)]
#[template(path = "mail/security/subject.txt")]
struct Subject<'a> {
    mail: &'a Happened<'a>,
}

#[derive(Template)]
#[template(path = "mail/security/text.txt")]
struct Text<'a> {
    mail: &'a Happened<'a>,
}

#[derive(Template)]
#[template(path = "mail/security/html.html")]
struct Html<'a> {
    mail: &'a Happened<'a>,
}

struct Happened<'a> {
    username: &'a str,
    host: &'a str,
    title: String,
    lines: Vec<EventLine>,
    remedy: Remedy,
    reset_url: String,
    tokens_url: String,
    sessions_url: String,
    packages_url: String,
}

/// What must not be missed among other things, the gravest first.
const GRAVE: [EventKind; 4] =
    [EventKind::AddressChanged, EventKind::PasswordChanged, EventKind::AddressChangeAsked, EventKind::SignedIn];

/// What to do if it was not the owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// A new password locks out whoever it was.
    NewPassword,
    /// Those who run the host did it: they can be asked.
    AskThem,
    /// This address is the account's no more, so that a new password would be mailed elsewhere.
    TellThem,
    /// Another owner of a package did it, and any owner can take it back.
    TakeBack,
}

struct EventLine {
    title: String,
    said: String,
    /// When, by whom if not the owner, and from where.
    facts: Vec<(&'static str, String)>,
    url: Option<String>,
}

/// The whole message. Nothing is left out; what was done to several tokens in one step shares a line.
pub fn security_mail(
    to: &Envelope<'_>,
    account: &Account,
    events: &[SecurityNotification],
) -> Result<String, Unwritable> {
    let groups = in_steps(events);
    let lines: Vec<_> = groups.iter().map(|group| EventLine::of(group, account.time_zone, to)).collect();
    let title = title(&groups, &lines);
    let mail = Happened {
        username: &account.username,
        host: to.host(),
        title,
        lines,
        remedy: remedy(events),
        reset_url: to.public_url.of("/forgot"),
        tokens_url: to.public_url.of(paths::TOKENS),
        sessions_url: to.public_url.of("/settings/sessions"),
        packages_url: to.public_url.of("/packages"),
    };
    to.seal(&Subject { mail: &mail }, &Text { mail: &mail }, &Html { mail: &mail })
}

/// The events, those that one step on several tokens made in one group.
fn in_steps(events: &[SecurityNotification]) -> Vec<Vec<&SecurityNotification>> {
    let mut groups: Vec<Vec<&SecurityNotification>> = Vec::new();
    for one in events {
        let same = groups.iter_mut().find(|group| group.first().is_some_and(|first| is_one_step(first, one)));
        match same {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

fn is_one_step(one: &SecurityNotification, other: &SecurityNotification) -> bool {
    let with_others =
        |of: &SecurityNotification| of.detail.token().and_then(|told| told.cause) == Some(Cause::WithOthers);
    let key = |of: &SecurityNotification| (of.kind, of.at, of.by.clone(), of.address.clone(), of.client.clone());
    with_others(one) && with_others(other) && key(one) == key(other)
}

impl EventLine {
    fn of(group: &[&SecurityNotification], zone: Tz, to: &Envelope<'_>) -> Self {
        match group {
            [first, _, ..] => Self::of_step(first, group, zone),
            [one] => Self::new(one, zone, to),
            [] => Self { title: String::new(), said: String::new(), facts: Vec::new(), url: None },
        }
    }

    /// One step on several tokens.
    fn of_step(first: &SecurityNotification, group: &[&SecurityNotification], zone: Tz) -> Self {
        let (done, said) = match first.kind {
            EventKind::TokenRevoked => ("were revoked", "Their keys are refused for good:"),
            EventKind::TokenReactivated => ("are on again", "Their keys work again, unless they have expired:"),
            _ => ("were deactivated", "Their keys are refused until you reactivate the tokens:"),
        };
        let named: Vec<_> = group.iter().map(|one| token(one)).collect();
        Self {
            title: format!("{} access tokens {done}", group.len()),
            said: format!("{said} {}", named.join(", ")),
            facts: facts(first, moment_of(first, zone)),
            url: None,
        }
    }

    fn new(one: &SecurityNotification, zone: Tz, to: &Envelope<'_>) -> Self {
        let (title, said) = words(one, zone);
        let mut facts = facts(one, moment_of(one, zone));
        let given = token_facts(one).filter(|_| gives_access(one.kind));
        facts.extend(given.into_iter().flat_map(|token| rights(token, zone)));
        facts.extend(token_facts(one).and_then(noted));
        let url = one.token.filter(|_| one.token_name.is_some());
        Self { title, said, facts, url: url.map(|id| to.public_url.of(&paths::token(id))) }
    }
}

fn moment_of(one: &SecurityNotification, zone: Tz) -> String {
    moment(one.at, zone, &one.at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string())
}

/// Where its owner noted that its key lives.
fn noted(token: &TokenFacts) -> Option<(&'static str, String)> {
    let note = token.note.split_whitespace().collect::<Vec<_>>().join(" ");
    (!note.is_empty()).then(|| ("Note", one_line(&note)))
}

/// What is gravest stands first; of the rest only how much it is.
fn title(groups: &[Vec<&SecurityNotification>], lines: &[EventLine]) -> String {
    let count = lines.len();
    let is_of = |group: &[&SecurityNotification], kind| group.iter().any(|one| one.kind == kind);
    let grave = GRAVE.iter().find_map(|kind| groups.iter().position(|group| is_of(group, *kind)));
    match (lines, grave) {
        ([only], _) => only.title.clone(),
        (_, Some(at)) if count == 2 => format!("{}, and one more thing", lines[at].title),
        (_, Some(at)) => format!("{}, and {} more things", lines[at].title, count - 1),
        (_, None) => format!("{count} things happened in your account"),
    }
}

fn remedy(events: &[SecurityNotification]) -> Remedy {
    if events.iter().any(|one| one.kind == EventKind::AddressChanged) {
        Remedy::TellThem
    } else if events.iter().all(|one| is_about_a_package(one.kind)) {
        Remedy::TakeBack
    } else if events.iter().all(by_the_host) {
        Remedy::AskThem
    } else {
        Remedy::NewPassword
    }
}

/// Whether an operator did it, on a page or by a command. Those who run the host have no address there.
fn by_the_host(one: &SecurityNotification) -> bool {
    one.by.is_some() || one.address.is_empty()
}

fn facts(one: &SecurityNotification, when: String) -> Vec<(&'static str, String)> {
    let client = one_line(&client_name::in_words(&one.client));
    let mut facts = vec![("When", when)];
    if let (Some(by), true) = (&one.by, is_by_another_owner(one.kind)) {
        facts.push(("By", by.clone()));
    } else if let Some(operator) = &one.by {
        facts.push(("By", format!("{operator}, an operator of this host")));
    } else if let Some(token) = &one.by_token {
        facts.push(("By", format!("a program, with the token “{}”", one_line(token))));
    } else if one.address.is_empty() {
        facts.push(("By", format!("the host itself ({client})")));
    }
    match (one.address.as_str(), client.as_str()) {
        ("", _) => {}
        (address, "") => facts.push(("From", address.to_owned())),
        (address, client) => facts.push(("From", format!("{address}, with {client}"))),
    }
    facts
}

/// Whether who did it is no operator, but an owner of the package or feed.
fn is_by_another_owner(kind: EventKind) -> bool {
    matches!(kind, EventKind::OwnerInvited) || is_about_a_package(kind)
}

/// Whether it is about what the account owns with others, not about the account.
fn is_about_a_package(kind: EventKind) -> bool {
    matches!(kind, EventKind::VersionDeprecated | EventKind::DeprecationLifted)
}

/// The token as the event found it.
fn token_facts(one: &SecurityNotification) -> Option<&TokenFacts> {
    one.detail.token()?.token.as_ref()
}

fn gives_access(kind: EventKind) -> bool {
    use EventKind::{TokenCreated, TokenEdited, TokenReactivated, TokenRefreshed};
    matches!(kind, TokenCreated | TokenRefreshed | TokenEdited | TokenReactivated)
}

/// What a token could do then, and until when.
fn rights(token: &TokenFacts, zone: Tz) -> Vec<(&'static str, String)> {
    let Some(rights) = &token.rights else { return Vec::new() };
    let patterns: Vec<_> = rights.patterns.iter().map(String::as_str).collect();
    let end = rights.ends_at.map(|end| moment(end, zone, &end_in(end, zone, "%-d %B %Y")));
    let mut facts = vec![("May", rights.permissions().map_or_else(|| one_line(&rights.permissions), may))];
    facts.push(("Packages", packages_of(&patterns)));
    facts.extend(rights.feeds.as_ref().map(|feeds| ("Feeds", feeds.join(", "))));
    facts.push(("Expires", end.unwrap_or_else(|| "never".to_owned())));
    facts
}
