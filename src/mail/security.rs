//! The mail that says what happened in an account: what, when, from where, and what to do if it was somebody else.

use askama::Template;
use chrono_tz::Tz;

use super::{
    Unwritable,
    action::Envelope,
    line::{may, moment, one_line, packages_of, short_name},
};
use crate::{
    accounts::{Account, client_name},
    audit::{Cause, EventDetail, EventKind, TokenDetail, TokenFacts},
    notifications::SecurityNotification,
    paths,
    tokens::{TokenField, expiry::end_in},
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
    if let (EventKind::OwnerInvited, Some(by)) = (one.kind, &one.by) {
        facts.push(("By", by.clone()));
    } else if let Some(operator) = &one.by {
        facts.push(("By", format!("{operator}, an operator of this host")));
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

/// `“CI” (lk_Ab3d…)`.
fn token(one: &SecurityNotification) -> String {
    let name = token_facts(one).map(|facts| facts.name.as_str()).or(one.token_name.as_deref()).unwrap_or_default();
    let name = if name.is_empty() { String::new() } else { format!("“{}”", short_name(name)) };
    let hint = one.hint.as_ref().map(|hint| format!("({hint}…)")).unwrap_or_default();
    format!("{name} {hint}").trim().to_owned()
}

/// What happened, in a few words and in a sentence.
fn words(one: &SecurityNotification, zone: Tz) -> (String, String) {
    let token = token(one);
    let (title, said) = match one.kind {
        EventKind::PasswordChanged => {
            ("Your password was changed".to_owned(), "Every session has ended; your tokens go on working.")
        }
        EventKind::PasswordChosen => {
            ("Your password was chosen".to_owned(), "The account can be used with it from now on.")
        }
        EventKind::AddressChangeAsked => return address_asked(&one.detail),
        EventKind::AddressChanged => return address_changed(&one.detail),
        EventKind::SignedIn => (
            "Somebody signed in from a new device".to_owned(),
            "This browser had not signed in to your account before.",
        ),
        EventKind::TokenCreated => {
            (format!("A new access token: {token}"), "Its key was shown once, to whoever created it.")
        }
        EventKind::TokenRefreshed if one.detail.token().is_some_and(|told| told.first_key) => (
            format!("The access token {token} has its first key"),
            "The key was shown once, to whoever refreshed the token.",
        ),
        EventKind::TokenRefreshed => (format!("The access token {token} has a new key"), "Its old key is refused."),
        EventKind::TokenEdited if one.detail.token().is_some_and(only_feeds) => {
            (format!("Feeds were added to the access token {token}"), "It is good for more feeds now.")
        }
        EventKind::TokenEdited => {
            (format!("Packages were added to the access token {token}"), "Patterns or feeds were added to it.")
        }
        EventKind::TokenReactivated => (format!("The access token {token} is on again"), of_its_key(one)),
        EventKind::TokenRevoked => (format!("The access token {token} was revoked"), "Its key is refused for good."),
        EventKind::TokenDeleted => {
            (format!("The access token {token} was deleted"), "Its key is refused for good, and it is off your list.")
        }
        EventKind::SymbolsAddressMade => (
            format!("A symbols address was made for the access token {token}"),
            "It was done from your account. Debuggers that know the address read the symbols that the token may read.",
        ),
        EventKind::TokenDeactivated => return switched_off(one, &token, zone),
        EventKind::TokensFrozen if one.detail.token().is_some_and(|told| told.cause == Some(Cause::Restore)) => (
            "Your access tokens were frozen after a backup was restored".to_owned(),
            "Keys that the backup brought back are refused until you undo the freeze.",
        ),
        EventKind::TokensUnfrozen => (
            "The freeze of your access tokens was undone".to_owned(),
            "The keys that it switched off work again, unless they have expired.",
        ),
        EventKind::TokensFrozen => (
            "All your access tokens were frozen".to_owned(),
            "Every key that was on is refused until the freeze is undone.",
        ),
        EventKind::AccountDisabled => {
            ("Your account was disabled".to_owned(), "Nobody can sign in to it, and its keys are refused.")
        }
        EventKind::AccountEnabled => {
            ("Your account is enabled again".to_owned(), "You can sign in, and keys that are on work again.")
        }
        EventKind::OwnerInvited => return owner_invited(one),
        EventKind::AccountInvited | EventKind::AccountInvitedAgain | EventKind::AccountInvitationWithdrawn => {
            return invitation_act(one.kind, &one.detail);
        }
        kind if kind.gives_access() => (access(one), "It was done from your account."),
        kind => (sentence(kind.label()), ""),
    };
    (title, said.to_owned())
}

/// What became of the key of a token that is on again.
fn of_its_key(one: &SecurityNotification) -> &'static str {
    let end = token_facts(one).and_then(|token| token.rights.as_ref()?.ends_at);
    match one.hint {
        None => "It has no key yet.",
        Some(_) if end.is_some_and(|end| end <= one.at) => "Its time is over, so its key stays refused.",
        Some(_) => "Its key works again.",
    }
}

/// Whether an edit added feeds and no patterns.
fn only_feeds(told: &TokenDetail) -> bool {
    told.changed.contains(&TokenField::Feeds) && !told.changed.contains(&TokenField::Patterns)
}

/// Who got which access, in a few words.
fn access(one: &SecurityNotification) -> String {
    let text = |text: &Option<String>, or: &str| text.as_deref().map_or_else(|| or.to_owned(), one_line);
    let (whom, feed) = (text(&one.whom, "You"), text(&one.feed, "a feed"));
    let is_now = if one.whom.is_some() { "is now" } else { "are now" };
    let role = match &one.detail {
        EventDetail::Role { role: Some(role) } => role.as_str(),
        _ => "without a role",
    };
    match one.kind {
        EventKind::CalendarMade => "A private calendar address was made".to_owned(),
        EventKind::PasswordLinkMade => format!("A link was made that sets a password: {}", text(&one.whom, "yours")),
        EventKind::OperatorMade => format!("{whom} {is_now} an operator of this host"),
        EventKind::FeedCreated => format!("The feed {feed} was created"),
        EventKind::FeedOpened => format!("The feed {feed} is public now"),
        EventKind::EveryoneChanged => format!("Everybody is now {role} in the feed {feed}"),
        EventKind::MemberChanged => format!("{whom} {is_now} {role} in the feed {feed}"),
        _ => format!("{whom} {is_now} an owner of {} in {feed}", text(&one.package, "a package")),
    }
}

fn switched_off(one: &SecurityNotification, token: &str, zone: Tz) -> (String, String) {
    let until = one.detail.token().and_then(|told| told.until);
    let until = until.map(|at| moment(at, zone, &at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string()));
    let said = match until {
        Some(at) => format!("Its key is refused until {at}."),
        None => "Its key is refused until you reactivate the token.".to_owned(),
    };
    (format!("The access token {token} was deactivated"), said)
}

fn address_asked(detail: &EventDetail) -> (String, String) {
    let asked =
        if let EventDetail::Address { address } = detail { one_line(address) } else { "Another one".to_owned() };
    let said =
        format!("{asked} was asked for. Until it is confirmed, everything stays as it is; a new password stops it.");
    ("Email change requested".to_owned(), said)
}

/// Tells whoever is invited, and whoever did it in case it was not them.
fn owner_invited(one: &SecurityNotification) -> (String, String) {
    let what = match &one.detail {
        EventDetail::Ownership { feed, package: Some(package) } => {
            format!("{} in {}", one_line(package), one_line(feed))
        }
        EventDetail::Ownership { feed, package: None } => format!("the feed {}", one_line(feed)),
        _ => "something".to_owned(),
    };
    match &one.whom {
        Some(whom) => (
            format!("{} is invited to own {what}", one_line(whom)),
            "It was done from your account. They become an owner when they accept within seven days.".to_owned(),
        ),
        None => (
            format!("You are invited to own {what}"),
            "You become an owner when you accept under Settings, Invitations, within seven days. Until then nothing changes.".to_owned(),
        ),
    }
}

/// What an operator did about somebody who is to choose a password.
fn invitation_act(kind: EventKind, detail: &EventDetail) -> (String, String) {
    let who = if let EventDetail::Account { username } = detail { one_line(username) } else { String::new() };
    let link = "Its owner chooses a password by a link that works for seven days. Until then nobody can use it.";
    let (title, said) = match kind {
        EventKind::AccountInvitedAgain => (format!("You made a new link for the account {who}"), link),
        EventKind::AccountInvitationWithdrawn => {
            (format!("You withdrew the account {who}"), "Its link no longer works, and the account is removed.")
        }
        _ => (format!("You added the account {who}"), link),
    };
    (title, said.to_owned())
}

fn address_changed(detail: &EventDetail) -> (String, String) {
    let from_to = match detail {
        EventDetail::Addresses { from, to } => format!("From {} to {}. ", one_line(from), one_line(to)),
        _ => String::new(),
    };
    let said = format!("{from_to}Mails go to the new one from now on; this is the last one here.");
    ("The address of your account was changed".to_owned(), said)
}

/// Words that begin with a capital.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
