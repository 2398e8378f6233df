//! Rows of the release of November 2026, whose kinds and details were sentences. They are read here and nowhere else.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{Cause, EventDetail, EventKind, Subject, TokenDetail, TokenFacts};
use crate::tokens::TokenField;

/// The sentences by which that release named kinds.
const SENTENCES: [(&str, EventKind); 49] = [
    ("token created", EventKind::TokenCreated),
    ("token edited", EventKind::TokenEdited),
    ("token refreshed", EventKind::TokenRefreshed),
    ("token deactivated", EventKind::TokenDeactivated),
    ("token reactivated", EventKind::TokenReactivated),
    ("token revoked", EventKind::TokenRevoked),
    ("token deleted", EventKind::TokenDeleted),
    ("legacy key imported", EventKind::TokenImported),
    ("legacy key retired", EventKind::TokenRetired),
    ("account created", EventKind::AccountCreated),
    ("account disabled", EventKind::AccountDisabled),
    ("account enabled", EventKind::AccountEnabled),
    ("account deleted", EventKind::AccountDeleted),
    ("account made operator", EventKind::OperatorMade),
    ("account no longer operator", EventKind::OperatorUnmade),
    ("packages handed over", EventKind::PackagesHandedOver),
    ("signed in", EventKind::SignedIn),
    ("sign-in failed", EventKind::SignInFailed),
    ("password changed", EventKind::PasswordChanged),
    ("calendar address made", EventKind::CalendarMade),
    ("calendar address ended", EventKind::CalendarEnded),
    ("password link made", EventKind::PasswordLinkMade),
    ("password reset mailed", EventKind::PasswordResetMailed),
    ("address confirmed", EventKind::AddressConfirmed),
    ("address change asked", EventKind::AddressChangeAsked),
    ("address change withdrawn", EventKind::AddressChangeWithdrawn),
    ("address changed", EventKind::AddressChanged),
    ("session ended", EventKind::SessionEnded),
    ("time zone changed", EventKind::TimeZoneChanged),
    ("feed created", EventKind::FeedCreated),
    ("feed deleted", EventKind::FeedDeleted),
    ("member changed", EventKind::MemberChanged),
    ("member removed", EventKind::MemberRemoved),
    ("version published", EventKind::VersionPublished),
    ("version unlisted", EventKind::VersionUnlisted),
    ("version relisted", EventKind::VersionRelisted),
    ("version removed", EventKind::VersionRemoved),
    ("package removed", EventKind::PackageRemoved),
    ("package owner added", EventKind::OwnerAdded),
    ("package owner removed", EventKind::OwnerRemoved),
    ("feed made public", EventKind::FeedOpened),
    ("feed made private", EventKind::FeedClosed),
    ("everybody's role changed", EventKind::EveryoneChanged),
    ("expiry warning sent", EventKind::WarningSent),
    ("expiry reminder sent", EventKind::ReminderSent),
    ("expiry notice sent", EventKind::ExpiredSent),
    ("reminders changed", EventKind::RemindersChanged),
    ("mail tried again", EventKind::MailRetried),
    ("mail dropped", EventKind::MailDropped),
];

/// All sentences that named a kind then, each with the kind.
pub fn sentences() -> impl Iterator<Item = (&'static str, EventKind)> {
    SENTENCES.into_iter()
}

/// Reads a row of that release; none if its sentence named no kind. A detail that is not what that release wrote is
/// kept as text.
pub fn read(sentence: &str, detail: &str, subject: &Subject<'_>) -> Option<(EventKind, EventDetail)> {
    let (_, kind) = SENTENCES.iter().find(|(known, _)| *known == sentence)?;
    if detail.is_empty() {
        return Some((*kind, EventDetail::Nothing));
    }
    let text = || EventDetail::Text { text: detail.to_owned() };
    Some((*kind, facts(*kind, detail, subject).unwrap_or_else(text)))
}

fn facts(kind: EventKind, detail: &str, subject: &Subject<'_>) -> Option<EventDetail> {
    use EventKind as Kind;
    match kind {
        Kind::TokenEdited => changed(detail),
        Kind::TokenDeleted => Some(named(detail)),
        Kind::TokenDeactivated | Kind::TokenReactivated | Kind::TokenRevoked => step(detail),
        Kind::TokenRetired => at(detail.rsplit_once(" It ended at ")?.1.strip_suffix('.')?).map(ends),
        Kind::WarningSent | Kind::ReminderSent | Kind::ExpiredSent => {
            at(detail.strip_prefix("The token ")?.split_once(" at ")?.1.strip_suffix('.')?).map(ends)
        }
        Kind::AccountDeleted => Some(EventDetail::Account { username: detail.to_owned() }),
        Kind::AddressChangeAsked | Kind::AddressChangeWithdrawn => {
            Some(EventDetail::Address { address: detail.to_owned() })
        }
        Kind::AddressChanged => {
            let (from, to) = detail.strip_prefix("From ")?.strip_suffix('.')?.split_once(" to ")?;
            Some(EventDetail::Addresses { from: from.to_owned(), to: to.to_owned() })
        }
        Kind::SessionEnded => session(detail),
        Kind::TimeZoneChanged => Some(EventDetail::TimeZone { zone: detail.to_owned() }),
        Kind::RemindersChanged => reminders(detail),
        Kind::MemberChanged | Kind::EveryoneChanged => role(detail),
        Kind::PackageRemoved => versions(detail, subject),
        Kind::PackagesHandedOver => {
            let (count, from) = detail.split_once(" of ")?;
            Some(EventDetail::Packages { count: count.parse().ok()?, from: from.to_owned() })
        }
        _ => is_subject(detail, subject).then_some(EventDetail::Nothing),
    }
}

fn changed(detail: &str) -> Option<EventDetail> {
    let field = |part| match part {
        "name" => Some(TokenField::Name),
        "note" => Some(TokenField::Note),
        "permissions" => Some(TokenField::Permissions),
        "packages" => Some(TokenField::Patterns),
        "feeds" => Some(TokenField::Feeds),
        "end" => Some(TokenField::End),
        _ => None,
    };
    let changed = detail.split(", ").map(field).collect::<Option<Vec<_>>>()?;
    Some(EventDetail::Token(TokenDetail { changed, ..TokenDetail::default() }))
}

fn named(name: &str) -> EventDetail {
    let token = TokenFacts { name: name.to_owned(), note: String::new(), rights: None };
    EventDetail::Token(TokenDetail { token: Some(token), ..TokenDetail::default() })
}

fn step(detail: &str) -> Option<EventDetail> {
    let because = |cause| TokenDetail { cause: Some(cause), ..TokenDetail::default() };
    let told = match detail {
        "with others" => because(Cause::WithOthers),
        "all tokens were frozen" => because(Cause::Freeze),
        "the freeze was undone" => because(Cause::Unfreeze),
        "by itself" => because(Cause::PauseOver),
        _ => TokenDetail { until: Some(at(detail.strip_prefix("until ")?)?), ..TokenDetail::default() },
    };
    Some(EventDetail::Token(told))
}

fn session(detail: &str) -> Option<EventDetail> {
    if let Some(count) = detail.strip_suffix(" other session").or_else(|| detail.strip_suffix(" other sessions")) {
        return Some(EventDetail::Sessions { count: count.replace(',', "").parse().ok()? });
    }
    let (client, address) = detail.rsplit_once(", from ")?;
    Some(EventDetail::Session { client: client.to_owned(), address: address.to_owned() })
}

fn reminders(detail: &str) -> Option<EventDetail> {
    let (thirty_days, one_day) = match detail {
        "30 days and 1 day before" => (true, true),
        "30 days before" => (true, false),
        "1 day before" => (false, true),
        "none" => (false, false),
        _ => return None,
    };
    Some(EventDetail::Reminders { thirty_days, one_day })
}

fn role(detail: &str) -> Option<EventDetail> {
    match detail {
        "none" => Some(EventDetail::Role { role: None }),
        "reader" | "writer" | "owner" => Some(EventDetail::Role { role: Some(detail.to_owned()) }),
        _ => None,
    }
}

/// `Contoso.Core, 3 versions, in main`.
fn versions(detail: &str, subject: &Subject<'_>) -> Option<EventDetail> {
    let rest = detail.strip_prefix(subject.package?)?.strip_prefix(", ")?;
    let rest = rest.strip_suffix(subject.feed?)?.strip_suffix(", in ")?;
    let count = rest.strip_suffix(" version").or_else(|| rest.strip_suffix(" versions"))?;
    Some(EventDetail::Versions { count: count.parse().ok()? })
}

/// Whether the detail only repeats what the subject says.
fn is_subject(detail: &str, subject: &Subject<'_>) -> bool {
    let Some(feed) = subject.feed else { return false };
    let told = match (subject.package, subject.version) {
        (Some(package), Some(version)) => format!("{package} {version} in {feed}"),
        (Some(package), None) => format!("{package} in {feed}"),
        _ => feed.to_owned(),
    };
    told == detail
}

fn ends(at: DateTime<Utc>) -> EventDetail {
    EventDetail::TokenEnd { at }
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M UTC").ok().map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sentence: &str, detail: &str) -> EventDetail {
        let subject =
            Subject { feed: Some("main"), package: Some("Contoso.Core"), version: Some("1.0.0"), ..Subject::default() };
        read(sentence, detail, &subject).unwrap().1
    }

    #[test]
    fn every_sentence_names_another_kind() {
        let mut kinds: Vec<_> = sentences().map(|(_, kind)| kind.code()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), SENTENCES.len());
        assert!(sentences().all(|(sentence, _)| EventKind::parse(sentence).is_none()));
    }

    #[test]
    fn details_become_facts() {
        let end = "2027-03-01T09:30:00Z".parse().unwrap();
        let token = |told| EventDetail::Token(told);
        let none = TokenDetail::default;
        for (sentence, detail, facts) in [
            ("token edited", "name, packages, end", {
                let changed = vec![TokenField::Name, TokenField::Patterns, TokenField::End];
                token(TokenDetail { changed, ..none() })
            }),
            ("token deactivated", "until 2027-03-01 09:30 UTC", token(TokenDetail { until: Some(end), ..none() })),
            ("token revoked", "with others", token(TokenDetail { cause: Some(Cause::WithOthers), ..none() })),
            ("token reactivated", "by itself", token(TokenDetail { cause: Some(Cause::PauseOver), ..none() })),
            ("token created", "", EventDetail::Nothing),
            ("expiry warning sent", "The token expires at 2027-03-01 09:30 UTC.", ends(end)),
            ("expiry notice sent", "The token expired at 2027-03-01 09:30 UTC.", ends(end)),
            (
                "legacy key retired",
                "No package was pushed with it for a year, or none since it was imported. It ended at 2027-03-01 09:30 UTC.",
                ends(end),
            ),
            ("account deleted", "ada", EventDetail::Account { username: "ada".to_owned() }),
            (
                "address changed",
                "From a@example.com to b@example.com.",
                EventDetail::Addresses { from: "a@example.com".to_owned(), to: "b@example.com".to_owned() },
            ),
            (
                "session ended",
                "Firefox 140 on Windows, from 203.0.113.9",
                EventDetail::Session { client: "Firefox 140 on Windows".to_owned(), address: "203.0.113.9".to_owned() },
            ),
            ("session ended", "1 other session", EventDetail::Sessions { count: 1 }),
            ("session ended", "2 other sessions", EventDetail::Sessions { count: 2 }),
            ("everybody's role changed", "none", EventDetail::Role { role: None }),
            ("version published", "Contoso.Core 1.0.0 in main", EventDetail::Nothing),
            ("package removed", "Contoso.Core, 3 versions, in main", EventDetail::Versions { count: 3 }),
            ("packages handed over", "2 of ada", EventDetail::Packages { count: 2, from: "ada".to_owned() }),
            ("reminders changed", "30 days before", EventDetail::Reminders { thirty_days: true, one_day: false }),
        ] {
            assert_eq!(told(sentence, detail), facts, "{sentence}: {detail}");
        }
    }

    #[test]
    fn a_detail_that_nobody_wrote_is_kept_as_text() {
        for (sentence, detail) in [
            ("token edited", "name, colour"),
            ("token deactivated", "until tomorrow"),
            ("version published", "Fabrikam.Core 1.0.0 in main"),
            ("member changed", "king"),
            ("legacy key retired", "It ended at 2027-03-01 09:30 UTC."),
            ("mail dropped", "Sign-up to ada@example.com"),
        ] {
            assert_eq!(told(sentence, detail), EventDetail::Text { text: detail.to_owned() }, "{sentence}");
        }
        assert_eq!(read("profile polished", "", &Subject::default()), None);
    }
}
