//! The decision by example, and its general laws.

use chrono::Duration;
use proptest::prelude::*;

use super::*;
use crate::tokens::{AccountId, FeedId, Feeds, Kind, Patterns, Permission, Permissions, TokenId, TokenSettings};

const FEED: &str = "0190a000-0000-7000-8000-000000000001";
const OTHER_FEED: &str = "0190a000-0000-7000-8000-000000000002";

fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn feed(id: &str) -> Option<FeedId> {
    FeedId::parse(id)
}

fn token(permissions: &str, patterns: &str) -> Token {
    let new = TokenSettings {
        patterns: Patterns::parse(patterns).unwrap(),
        expires_at: Some(now() + Duration::days(89)),
        ..TokenSettings::for_everything("CI", Permissions::parse(permissions).unwrap())
    };
    let made =
        new.into_token(TokenId::parse(FEED).unwrap(), AccountId::parse(FEED).unwrap(), now() - Duration::days(1));
    Token { hint: Some("lk_Ab3d".to_owned()), ..made }
}

const WRITER: Holder = Holder { disabled: false, role: Some(Role::Writer), feed_is_public: false };

fn push<'a>(name: &'a str, package: Package) -> Ask<'a> {
    Ask {
        action: Action::Push(Kind::NuGet),
        feed: Some(("main", feed(FEED))),
        name: Some(name),
        package,
        is_served: true,
    }
}

fn judge(token: &Token, holder: &Holder, ask: &Ask<'_>) -> Decision {
    decide(Some(Presented { token, replaced: false }), holder, ask, now())
}

#[test]
fn a_push_token_pushes_what_its_patterns_cover() {
    let token = token("nuget:push", "Contoso.*");
    assert_eq!(judge(&token, &WRITER, &push("contoso.core", Package::New)), Decision::Allow);
    assert_eq!(judge(&token, &WRITER, &push("Fabrikam.Core", Package::New)), Decision::Deny(Reason::PackageNotCovered));
}

#[test]
fn an_account_by_itself_may_what_its_widest_token_may() {
    let widest = token("nuget:pull nuget:push nuget:delete", "*");
    for role in Role::ALL.into_iter().map(Some).chain([None]) {
        for (feed_is_public, disabled) in [(false, false), (true, false), (false, true), (true, true)] {
            for package in [Package::Unknown, Package::New, Package::Own, Package::Others] {
                for action in [Action::Pull(Kind::NuGet), Action::Push(Kind::NuGet), Action::Delete(Kind::NuGet)] {
                    let holder = Holder { disabled, role, feed_is_public };
                    let ask = Ask { action, ..push("Contoso.Core", package) };
                    assert_eq!(decide_for_account(&holder, &ask), judge(&widest, &holder, &ask));
                }
            }
        }
    }
}

#[test]
fn the_refusal_of_a_package_names_key_patterns_and_package() {
    let token = token("nuget:push", "Contoso.Service.*");
    let sentence = Reason::PackageNotCovered.sentence(Some(&token), &push("Fabrikam.Core", Package::New), now());
    assert_eq!(
        sentence,
        "lk_Ab3d may push NuGet packages matching Contoso.Service.*; Fabrikam.Core is not among them. Edit its patterns to add it."
    );
}

#[test]
fn a_deactivated_key_is_told_what_lets_it_work() {
    let off = |end, until| {
        let on = token("nuget:push", "*");
        let settings = TokenSettings { expires_at: end, ..on.settings.clone() };
        let token = Token { settings, deactivated_at: Some(now()), reactivate_at: until, ..on };
        Reason::Deactivated.sentence(Some(&token), &push("A", Package::New), now() + Duration::hours(1))
    };
    let later = Some(now() + Duration::days(1));
    assert_eq!(off(later, None), "lk_Ab3d is deactivated. Reactivate it under Settings, Access Tokens.");
    assert!(off(later, later).contains("deactivated until "), "{}", off(later, later));
    for until in [None, later] {
        let said = off(Some(now()), until);
        assert!(said.contains("and expired on") && said.contains("Refresh and reactivate it"), "{said}");
    }
}

#[test]
fn who_can_help_is_named_as_far_as_there_is_somebody() {
    let token = token("nuget:push", "*");
    let ask = push("A", Package::New);
    let said = |feed| Reason::AccountMayNot.sentence(Some(&token), &Ask { feed: Some((feed, None)), ..ask }, now());
    assert!(said("main").ends_with("Ask the operator of this host."), "{}", said("main"));
    assert!(said("team").ends_with("Ask an owner of the feed."), "{}", said("team"));
}

#[test]
fn an_unknown_secret_learns_nothing() {
    let sentence = Reason::NotAToken.sentence(None, &push("Contoso.Core", Package::New), now());
    assert!(!sentence.contains("Contoso"), "{sentence}");
}

#[test]
fn new_versions_only_means_that_an_id_cannot_be_created() {
    let token = token("nuget:push-version", "*");
    assert_eq!(judge(&token, &WRITER, &push("A", Package::New)), Decision::Deny(Reason::OnlyNewVersions));
    assert_eq!(judge(&token, &WRITER, &push("A", Package::Own)), Decision::Allow);
    assert_eq!(judge(&token, &WRITER, &push("A", Package::Unknown)), Decision::Allow);
}

#[test]
fn a_package_of_others_takes_a_feed_owner() {
    let token = token("nuget:push nuget:delete", "*");
    let owner = Holder { role: Some(Role::Owner), ..WRITER };
    for action in [Action::Push(Kind::NuGet), Action::Delete(Kind::NuGet)] {
        let ask = Ask { action, ..push("A", Package::Others) };
        assert_eq!(judge(&token, &WRITER, &ask), Decision::Deny(Reason::AccountMayNot));
        assert_eq!(judge(&token, &owner, &ask), Decision::Allow);
    }
}

#[test]
fn a_reader_cannot_publish_whatever_the_token_says() {
    let reader = Holder { role: Some(Role::Reader), ..WRITER };
    let token = token("nuget:pull nuget:push nuget:delete", "*");
    for package in [Package::Unknown, Package::New, Package::Own, Package::Others] {
        assert_eq!(judge(&token, &reader, &push("A", package)), Decision::Deny(Reason::AccountMayNot));
    }
}

#[test]
fn a_feed_without_the_account_looks_like_no_feed() {
    let token = token("nuget:pull", "*");
    let stranger = Holder { role: None, ..WRITER };
    let ask = |feed| Ask {
        action: Action::Pull(Kind::NuGet),
        feed: Some(("x", feed)),
        name: None,
        package: Package::Unknown,
        is_served: true,
    };
    assert_eq!(judge(&token, &stranger, &ask(feed(OTHER_FEED))), Decision::Deny(Reason::AccountCannotRead));
    assert_eq!(judge(&token, &stranger, &ask(None)), Decision::Deny(Reason::AccountCannotRead));
    let public = Holder { feed_is_public: true, ..stranger };
    assert_eq!(judge(&token, &public, &ask(feed(OTHER_FEED))), Decision::Allow);
}

#[test]
fn what_anybody_may_read_a_live_token_may_read_whatever_it_covers() {
    let public = Holder { role: None, feed_is_public: true, ..WRITER };
    let mut narrow = token("nuget:push", "Contoso.*");
    narrow.settings.feeds = Feeds::Some(vec![]);
    let read = Ask { action: Action::Pull(Kind::NuGet), ..push("Fabrikam", Package::Others) };
    assert_eq!(judge(&narrow, &public, &read), Decision::Allow);
    assert_eq!(judge(&narrow, &WRITER, &read), Decision::Deny(Reason::PermissionMissing));
    assert_eq!(judge(&narrow, &Holder { disabled: true, ..public }, &read), Decision::Deny(Reason::AccountDisabled));
    narrow.deactivated_at = Some(now());
    assert_eq!(judge(&narrow, &public, &read), Decision::Deny(Reason::Deactivated));
}

#[test]
fn a_kind_without_a_door_here_is_refused_before_rights_are_looked_at() {
    for kind in Kind::ALL {
        for action in [Action::Pull(kind), Action::Push(kind), Action::Delete(kind)] {
            for (is_served, reason) in [(true, Reason::PermissionMissing), (false, Reason::NotServed)] {
                let ask = Ask { action, is_served, ..push("a", Package::Own) };
                assert_eq!(judge(&token("", "*"), &WRITER, &ask), Decision::Deny(reason), "{action:?}");
            }
        }
    }
}

#[test]
fn a_token_limited_to_feeds_cannot_tell_other_feeds_from_none() {
    let mut token = token("nuget:pull", "*");
    token.settings.feeds = Feeds::Some(vec![feed(FEED).unwrap()]);
    let ask = |feed| Ask {
        action: Action::Pull(Kind::NuGet),
        feed: Some(("x", feed)),
        name: None,
        package: Package::Unknown,
        is_served: true,
    };
    assert_eq!(judge(&token, &WRITER, &ask(feed(FEED))), Decision::Allow);
    assert_eq!(judge(&token, &WRITER, &ask(feed(OTHER_FEED))), Decision::Deny(Reason::FeedNotCovered));
    assert_eq!(judge(&token, &WRITER, &ask(None)), Decision::Deny(Reason::FeedNotCovered));
}

#[test]
fn write_only_cannot_read_except_for_containers() {
    let ask = |kind| Ask { action: Action::Pull(kind), ..push("a/b", Package::Own) };
    let lacks = |permission, kind| lacks_right(&token(permission, "*"), &ask(kind), Patterns::covers);
    assert_eq!(lacks("nuget:push", Kind::NuGet), Some(Reason::PermissionMissing));
    assert_eq!(lacks("container:push", Kind::Container), None);
}

#[test]
fn a_token_is_valid_until_the_second_it_expires() {
    let mut token = token("nuget:pull", "*");
    let end = token.settings.expires_at.unwrap();
    let at = |token: &Token, now| admit(Some(Presented { token, replaced: false }), false, now);
    assert_eq!(at(&token, end - Duration::milliseconds(1)), Decision::Allow);
    assert_eq!(at(&token, end), Decision::Deny(Reason::Expired));
    token.settings.expires_at = None;
    assert_eq!(at(&token, end), Decision::Allow);
}

#[test]
fn phrases_and_fixed_sentences_are_ascii_and_distinct() {
    let token = token("nuget:push", "A.*");
    let phrases: std::collections::HashSet<_> = Reason::ALL.iter().map(|reason| reason.phrase()).collect();
    assert_eq!(phrases.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        assert!(reason.phrase().is_ascii());
        assert!(reason.sentence(Some(&token), &push("A.B", Package::New), now()).is_ascii());
    }
}

prop_compose! {
    fn any_token()(bits in 0u16..(1 << 14), patterns in "(A|B|\\*|A\\*)(\n(A|B\\*))?", feeds in 0..3, off: bool, revoked: bool, expired: bool) -> Token {
        let mut token = token("", "*");
        token.settings.permissions = Permission::all().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, p)| p).collect();
        token.settings.patterns = Patterns::parse(&patterns).unwrap();
        token.settings.feeds = match feeds { 0 => Feeds::All, 1 => Feeds::Some(vec![feed(FEED).unwrap()]), _ => Feeds::Some(vec![]) };
        token.deactivated_at = off.then(now);
        token.revoked_at = revoked.then(now);
        if expired { token.settings.expires_at = Some(now()); }
        token
    }
}

fn any_ask() -> impl Strategy<Value = Ask<'static>> {
    let kind = prop::sample::select(&Kind::ALL[..]);
    let action = (0..5, kind).prop_map(|(which, kind)| match which {
        0 => Action::Pull(kind),
        1 => Action::Push(kind),
        2 => Action::Delete(kind),
        3 => Action::Look,
        _ => Action::Manage,
    });
    let package = prop::sample::select(vec![Package::Unknown, Package::New, Package::Own, Package::Others]);
    let name = prop::option::of(prop::sample::select(vec!["A", "B", "C"]));
    (action, name, package, 0..3).prop_map(|(action, name, package, which)| Ask {
        action,
        name,
        package,
        feed: match which {
            0 => None,
            1 => Some(("main", feed(FEED))),
            _ => Some(("none", None)),
        },
        is_served: true,
    })
}

fn any_holder() -> impl Strategy<Value = Holder> {
    let role = prop::option::of(prop::sample::select(&Role::ALL[..]));
    (any::<bool>(), role, any::<bool>()).prop_map(|(disabled, role, feed_is_public)| Holder {
        disabled,
        role,
        feed_is_public,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn only_live_tokens_of_enabled_accounts_are_ever_allowed(token in any_token(), holder in any_holder(), ask in any_ask()) {
        if judge(&token, &holder, &ask) == Decision::Allow {
            prop_assert!(state(&token, now()).is_live() && !holder.disabled);
        }
    }

    #[test]
    fn a_replaced_secret_opens_nothing(token in any_token(), holder in any_holder(), ask in any_ask()) {
        prop_assert_eq!(decide(Some(Presented { token: &token, replaced: true }), &holder, &ask, now()), Decision::Deny(Reason::Replaced));
    }

    #[test]
    fn taking_away_never_allows_more(token in any_token(), holder in any_holder(), ask in any_ask(), keep in 0u16..(1 << 14)) {
        let mut narrower = token.clone();
        narrower.settings.permissions = token.settings.permissions.iter().enumerate().filter(|(at, _)| keep & (1 << at) != 0).map(|(_, kept)| kept).collect();
        if judge(&narrower, &holder, &ask) == Decision::Allow {
            prop_assert_eq!(judge(&token, &holder, &ask), Decision::Allow);
        }
    }

    #[test]
    fn a_smaller_role_never_allows_more(token in any_token(), holder in any_holder(), ask in any_ask(), role in prop::option::of(prop::sample::select(&Role::ALL[..]))) {
        let smaller = Holder { role: role.min(holder.role), ..holder };
        if judge(&token, &smaller, &ask) == Decision::Allow {
            prop_assert_eq!(judge(&token, &holder, &ask), Decision::Allow);
        }
    }

    #[test]
    fn one_of_many_is_judged_as_by_itself(token in any_token(), holder in any_holder(), ask in any_ask()) {
        let set = PatternSet::of(&token.settings.patterns);
        let listed = decide_in_list(Some(Presented { token: &token, replaced: false }), &holder, &ask, &set, now());
        prop_assert_eq!(listed, judge(&token, &holder, &ask));
    }

    #[test]
    fn what_is_not_covered_is_never_allowed(token in any_token(), holder in any_holder(), ask in any_ask()) {
        let open = holder.feed_is_public && matches!(ask.action, Action::Pull(_));
        if !open && judge(&token, &holder, &ask) == Decision::Allow {
            prop_assert!(ask.name.is_none_or(|name| token.settings.patterns.covers(name)));
            prop_assert!(ask.feed.is_none_or(|(_, id)| token.settings.feeds.cover(id)));
        }
    }
}
