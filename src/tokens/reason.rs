//! Why a key is refused: the reasons in their order, and the words for each.

use chrono::{DateTime, Utc};
use strum::EnumCount;

use super::{
    Kind, State, Token,
    act::state_when_on,
    ask::{Action, Ask, Package},
};

/// The feed that every host has. It has no owners: the operator runs it.
const MAIN: &str = "main";

/// Why not. The first that applies, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumCount)]
pub enum Reason {
    /// Malformed or unknown.
    NotAToken,
    /// A refresh put another secret in its place.
    Replaced,
    /// Ended for good.
    Revoked,
    /// Switched off.
    Deactivated,
    /// Over.
    Expired,
    /// A legacy token that was idle too long.
    Retired,
    /// The operator disabled the account.
    AccountDisabled,
    /// This host has no door for packages of this kind.
    NotServed,
    /// The token has no permission for this action.
    PermissionMissing,
    /// The token is limited to other feeds.
    FeedNotCovered,
    /// No pattern of the token covers the package.
    PackageNotCovered,
    /// The package would be new, and the token may only add versions.
    OnlyNewVersions,
    /// The account cannot even read this: it is to look like nothing.
    AccountCannotRead,
    /// The account itself has no right to do this.
    AccountMayNot,
}

/// What a reason means for an answer's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Not a live token: 401 (403 for a NuGet key header).
    NotLive,
    /// A live token without the right: 403.
    Forbidden,
    /// To look like nothing: 404.
    NotFound,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::NotAToken,
        Self::Replaced,
        Self::Revoked,
        Self::Deactivated,
        Self::Expired,
        Self::Retired,
        Self::AccountDisabled,
        Self::NotServed,
        Self::PermissionMissing,
        Self::FeedNotCovered,
        Self::PackageNotCovered,
        Self::OnlyNewVersions,
        Self::AccountCannotRead,
        Self::AccountMayNot,
    ];

    /// What it means for the status.
    pub fn class(self) -> Class {
        match self {
            Self::AccountCannotRead => Class::NotFound,
            reason if reason <= Self::AccountDisabled => Class::NotLive,
            _ => Class::Forbidden,
        }
    }

    /// The word in logs, events and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAToken => "not-a-token",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::Deactivated => "deactivated",
            Self::Expired => "expired",
            Self::Retired => "retired",
            Self::AccountDisabled => "account-disabled",
            Self::NotServed => "not-served",
            Self::PermissionMissing => "permission-missing",
            Self::FeedNotCovered => "feed-not-covered",
            Self::PackageNotCovered => "package-not-covered",
            Self::OnlyNewVersions => "only-new-versions",
            Self::AccountCannotRead => "not-found",
            Self::AccountMayNot => "account-may-not",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The HTTP/1.1 reason phrase: the only text of a refusal that NuGet clients print. ASCII.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::NotAToken => "Not a valid access token",
            Self::Replaced => "This access token was replaced by a refresh",
            Self::Revoked => "This access token was revoked",
            Self::Deactivated => "This access token is deactivated",
            Self::Expired => "This access token has expired",
            Self::Retired => "This legacy key was retired",
            Self::AccountDisabled => "The account of this access token is disabled",
            Self::NotServed => "This host does not serve packages of this kind",
            Self::PermissionMissing => "This access token lacks the permission",
            Self::FeedNotCovered => "This access token does not cover the feed",
            Self::PackageNotCovered => "This access token does not cover the package",
            Self::OnlyNewVersions => "This access token may only push new versions of existing packages",
            Self::AccountCannotRead => "Not found",
            Self::AccountMayNot => "The account of this access token may not do this",
        }
    }

    /// What to do about it, for the guide in the portal and in `docs/`.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NotAToken => {
                "Part of the key is missing, or it belongs to another host. Paste the whole key: 49 characters that begin with lk_."
            }
            Self::Replaced => "The token was refreshed. Put the new key in this place too.",
            Self::Revoked => "Somebody ended it for good. Create a new token.",
            Self::Deactivated => "It is switched off. Reactivate it: the same key works again, unless it has expired.",
            Self::Expired => "Refresh the token and put the new key in place.",
            Self::Retired => "Keys of an older system end when they are not used. Create a new token instead.",
            Self::AccountDisabled => "Ask the operator of this host.",
            Self::NotServed => "Use a host that serves packages of this kind, or ask the operator of this one.",
            Self::PermissionMissing => {
                "Permissions are never added to a token. Duplicate it, tick what is missing, and use the new key."
            }
            Self::FeedNotCovered => "Edit the token and add the feed. Also check the feed's address in your client.",
            Self::PackageNotCovered => "Edit the token and add a pattern. It counts from the next request.",
            Self::OnlyNewVersions => "Upload the first version with a token that may upload new packages.",
            Self::AccountCannotRead => {
                "The feed or package does not exist, or your account cannot see it. Check the spelling, then ask the feed's owner."
            }
            Self::AccountMayNot => {
                "The token would do, but your account has no such right here. Ask an owner of the package or the feed; for main, the operator."
            }
        }
    }

    /// The sentence that says which rule failed and how to mend it. ASCII but for what people typed.
    /// An unknown secret learns nothing.
    pub fn sentence(self, token: Option<&Token>, ask: &Ask<'_>, now: DateTime<Utc>) -> String {
        let Some(token) = token else {
            return "This is not a valid access token. Copy the whole key, or create one under Settings, Access Tokens.".to_owned();
        };
        let key = token.called();
        let action = ask.action.words();
        let name = ask.name.unwrap_or("this package");
        let feed = ask.feed.map_or("this feed", |(name, _)| name);
        match self {
            Self::NotAToken => "This is not a valid access token.".to_owned(),
            Self::Replaced => format!(
                "This key of \"{}\" was replaced when the token was refreshed. Use the new key, which begins with {key}.",
                token.settings.name
            ),
            Self::Revoked => format!("{key} was revoked. Create a new token under Settings, Access Tokens."),
            Self::Deactivated => deactivated(token, now),
            Self::Expired => {
                let mend = if token.can_be_refreshed() { "Refresh it" } else { "Replace it by a new token" };
                format!("{key} expired on {}. {mend} under Settings, Access Tokens.", date(token.settings.expires_at))
            }
            Self::Retired => {
                format!(
                    "{key} is a key of an older system and was retired on {}. Create a new token under Settings, Access Tokens.",
                    date(token.retires_at)
                )
            }
            Self::AccountDisabled => format!("The account of {key} is disabled. Ask the operator of this host."),
            Self::NotServed => {
                let packages = ask.action.kind().map_or("such packages", Kind::packages);
                format!("This host does not serve {packages}, whatever {key} may do.")
            }
            Self::PermissionMissing => {
                format!(
                    "{key} may not {action}. It has: {}. Duplicate it with the missing permission.",
                    token.settings.permissions
                )
            }
            Self::FeedNotCovered => {
                format!("{key} is limited to other feeds than {feed}. Edit its feeds under Settings, Access Tokens.")
            }
            Self::PackageNotCovered => {
                format!(
                    "{key} may {action} matching {}; {name} is not among them. Edit its patterns to add it.",
                    listed(token)
                )
            }
            Self::OnlyNewVersions => {
                format!(
                    "{key} may only push new versions of existing packages, and {name} does not exist yet in {feed}. Use a token that may upload new packages."
                )
            }
            Self::AccountCannotRead => "There is nothing here, or the account of this key cannot see it.".to_owned(),
            Self::AccountMayNot if ask.action == Action::Delete(Kind::Container) => {
                format!("The account of {key} may not {action} of {feed}: that takes an owner of the feed.")
            }
            Self::AccountMayNot if ask.package == Package::Others => {
                let owners =
                    if feed == MAIN { "an owner of the package" } else { "an owner of the package or of the feed" };
                format!("The account of {key} may not {action} of others: {name} in {feed} takes {owners}.")
            }
            Self::AccountMayNot => {
                let whom = if feed == MAIN { "the operator of this host" } else { "an owner of the feed" };
                format!(
                    "The account of {key} only reads {feed}; to {action} there it needs the role of writer. Ask {whom}."
                )
            }
        }
    }
}

/// A switched-off token whose time is over besides is not mended by switching it on.
fn deactivated(token: &Token, now: DateTime<Utc>) -> String {
    let key = token.called();
    match (state_when_on(token, now), token.reactivate_at) {
        (State::Expired, _) if token.can_be_refreshed() => {
            format!(
                "{key} is deactivated, and expired on {}. Refresh and reactivate it under Settings, Access Tokens.",
                date(token.settings.expires_at)
            )
        }
        (State::Expired | State::Retired, _) => {
            format!(
                "{key} is deactivated, and ended on {}. Create a new token under Settings, Access Tokens.",
                date(token.end())
            )
        }
        (_, Some(until)) => {
            format!("{key} is deactivated until {}. Reactivate it under Settings, Access Tokens.", date(Some(until)))
        }
        (_, None) => format!("{key} is deactivated. Reactivate it under Settings, Access Tokens."),
    }
}

fn date(instant: Option<DateTime<Utc>>) -> String {
    instant.map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// The token's patterns for a sentence: the first five, then a count.
fn listed(token: &Token) -> String {
    let shown: Vec<_> = token.settings.patterns.iter().take(5).collect();
    match token.settings.patterns.iter().count() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_say_of_every_refusal_what_the_portal_says() {
        let papers = include_str!("../../docs/tokens.md");
        for reason in Reason::ALL {
            let status = match reason.class() {
                Class::NotLive => 401,
                Class::Forbidden => 403,
                Class::NotFound => 404,
            };
            let row = format!("| {} | {status} | {} |", reason.phrase(), reason.advice());
            assert!(papers.lines().any(|line| line == row), "docs/tokens.md lacks the row\n{row}");
        }
    }
}
