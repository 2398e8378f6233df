//! What is said of each kind of event: a title and a sentence.

use chrono_tz::Tz;

use super::token_facts;
use crate::{
    audit::{Cause, EventDetail, EventKind, TokenDetail},
    mail::line::{moment, one_line, short_name},
    notifications::SecurityNotification,
    tokens::TokenField,
};

/// `“CI” (lk_Ab3d…)`.
pub(super) fn token(one: &SecurityNotification) -> String {
    let name = token_facts(one).map(|facts| facts.name.as_str()).or(one.token_name.as_deref()).unwrap_or_default();
    let name = if name.is_empty() { String::new() } else { format!("“{}”", short_name(name)) };
    let hint = one.hint.as_ref().map(|hint| format!("({hint}…)")).unwrap_or_default();
    format!("{name} {hint}").trim().to_owned()
}

/// What happened, in a few words and in a sentence.
pub(super) fn words(one: &SecurityNotification, zone: Tz) -> (String, String) {
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
        EventKind::VersionDeprecated | EventKind::DeprecationLifted => return deprecation(one),
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

/// What another owner says of a package. Their words are a stranger's: nothing in them becomes a link.
fn deprecation(one: &SecurityNotification) -> (String, String) {
    let EventDetail::Deprecation(facts) = &one.detail else { return (sentence(one.kind.label()), String::new()) };
    let name = one.package.as_deref().map(one_line).unwrap_or_default();
    let feed = one.feed.as_deref().map(|feed| format!(" in {}", one_line(feed))).unwrap_or_default();
    let (what, is) = match (&facts.version, facts.count) {
        (Some(version), _) => (format!("{name} {}{feed}", one_line(version)), "is"),
        (None, count) => (format!("{count} versions of {name}{feed}"), "are"),
    };
    let Some(message) = &facts.message else {
        return (format!("{what} {is} no longer deprecated"), "Clients no longer warn of it.".to_owned());
    };
    let instead = facts.alternative.as_ref().map(|other| format!(" {} is named to be used instead.", one_line(other)));
    let said = format!("Clients say so: “{}”.{}", without_links(&one_line(message)), instead.unwrap_or_default());
    (format!("{what} {is} deprecated"), said)
}

/// A text in which mail programs find no address to make a link of.
fn without_links(text: &str) -> String {
    text.replace("://", ":\u{2009}//").replace("www.", "www\u{2009}.").replace('@', "\u{2009}@")
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
