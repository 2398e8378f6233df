use proptest::prelude::*;

use super::*;
use crate::tokens::{
    AccountId, TokenId, TokenSettings,
    decision::{Action, Ask, Decision, Holder, Package, Presented, Role, decide},
};

fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn feed(n: u8) -> FeedId {
    FeedId::parse(&format!("0190a000-0000-7000-8000-00000000000{n}")).unwrap()
}

fn token(permissions: &str, patterns: &str, feeds: Feeds) -> Token {
    let id = "0190a000-0000-7000-8000-000000000001";
    let new = TokenSettings {
        patterns: Patterns::parse(patterns).unwrap(),
        feeds,
        ..TokenSettings::for_everything("CI", Permissions::parse(permissions).unwrap())
    };
    new.into_token(TokenId::parse(id).unwrap(), AccountId::parse(id).unwrap(), now())
}

fn used(permission: Permission, feed: FeedId, package: &str) -> Used<'_> {
    Used { permission, feed: Some(feed), package }
}

/// What is suggested to a token with these patterns that read these packages.
fn suggested(patterns: &str, names: &[&str]) -> Option<String> {
    let token = token("nuget:pull", patterns, Feeds::All);
    let used: Vec<_> = names.iter().map(|name| used(Permission::of(Kind::NuGet, Verb::Pull), feed(1), name)).collect();
    LeastPrivilege::of(&token, &used, &[feed(1)]).map(|narrower| narrower.patterns.as_str().replace('\n', " "))
}

#[test]
fn everything_gives_way_to_the_beginnings_of_what_was_used() {
    assert_eq!(suggested("*", &["Fabrikam.Core", "Fabrikam.Web"]).as_deref(), Some("Fabrikam.*"));
    assert_eq!(
        suggested("*", &["Fabrikam.Core", "Litware", "@team/ui"]).as_deref(),
        Some("@team/* Fabrikam.* Litware")
    );
    assert_eq!(suggested("*", &["Fabrikam", "fabrikam.Core"]).as_deref(), Some("Fabrikam fabrikam.*"));
    assert_eq!(suggested("*", &["A.B.C.One", "a.b.c.Two"]).as_deref(), Some("A.B.C.*"));
    assert_eq!(suggested("*", &["A.B", "A.B.C"]).as_deref(), Some("A.*"));
}

#[test]
fn named_patterns_stay_as_they_are_or_go() {
    assert_eq!(suggested("Fabrikam.*\nContoso.*", &["Fabrikam.Core"]).as_deref(), Some("Fabrikam.*"));
    assert_eq!(suggested("Fabrikam.*", &["Fabrikam.Core"]), None, "a name somebody chose is not taken apart");
    assert_eq!(suggested("*\nFabrikam.*", &["Fabrikam.Core", "A.B"]).as_deref(), Some("Fabrikam.* A.*"));
    assert_eq!(suggested("*.Core\nB", &["Fabrikam.Core"]).as_deref(), Some("*.Core"), "nothing narrower is within it");
}

#[test]
fn nothing_is_suggested_where_nothing_is_known() {
    assert_eq!(suggested("*", &[]), None);
    assert_eq!(suggested("*", &[""]), None, "a search names no package");
    let names: Vec<String> = (0..=MOST_NEW).map(|n| format!("N{n}.X")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(suggested("*", &names), None, "nobody reads that many");
}

#[test]
fn permissions_that_nothing_needed_go() {
    for (has, least, left) in [
        ("nuget:pull nuget:push nuget:delete", Permission::of(Kind::NuGet, Verb::Pull), "nuget:pull"),
        ("nuget:push nuget:push-version", Permission::of(Kind::NuGet, Verb::PushVersion), "nuget:push-version"),
        ("nuget:push nuget:delete", Permission::of(Kind::NuGet, Verb::PushVersion), "nuget:push"),
        ("nuget:pull nuget:delete npm:push", Permission::of(Kind::NuGet, Verb::Pull), "nuget:pull"),
        (
            "nuget:pull nuget:delete container:push",
            Permission::of(Kind::NuGet, Verb::Pull),
            "nuget:pull container:push",
        ),
        ("nuget:delete api:read api:manage", Permission::ApiRead, "api:read api:manage"),
    ] {
        let token = token(has, "A", Feeds::All);
        let narrower = LeastPrivilege::of(&token, &[Used { permission: least, feed: None, package: "" }], &[]).unwrap();
        assert_eq!(narrower.permissions.to_string(), left);
    }
}

#[test]
fn feeds_in_which_nothing_was_done_go() {
    let suggested = |has: Feeds| {
        let token = token("nuget:pull", "A", has);
        LeastPrivilege::of(&token, &[used(Permission::of(Kind::NuGet, Verb::Pull), feed(1), "A")], &[feed(1), feed(2)])
            .map(|it| it.feeds)
    };
    assert_eq!(suggested(Feeds::All), Some(Feeds::Some(vec![feed(1)])));
    assert_eq!(suggested(Feeds::Some(vec![feed(1), feed(2)])), Some(Feeds::Some(vec![feed(1)])));
    assert_eq!(suggested(Feeds::Some(vec![feed(1)])), None);
}

#[test]
fn a_token_is_watched_for_thirty_days_first() {
    let days = |n| now() - Duration::days(n);
    assert!(is_known_well(days(30), None, now()) && is_known_well(days(90), Some(days(30)), now()));
    assert!(!is_known_well(days(29), None, now()) && !is_known_well(days(90), Some(days(29)), now()));
}

#[test]
fn stubborn_patterns_keep_no_suggestion_back() {
    let patterns: Vec<_> = (0..99).map(|i| format!("a*{}{i}b", "a".repeat(50))).collect();
    let names: Vec<_> = (0..990).map(|i| format!("{}{i}", "a".repeat(90))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).chain(["Contoso.Core"]).collect();
    let narrower = suggested(&format!("{}\nContoso.*", patterns.join("\n")), &names);
    assert_eq!(narrower.as_deref(), Some("Contoso.*"));
}

/// What a key asks at a door for such a use.
fn ask(used: &Used<'_>) -> Option<(Action, Package)> {
    let action = Action::parse(used.permission.scope())?;
    let exists = used.permission.verb() == Some(Verb::PushVersion);
    Some((action, if exists { Package::Own } else { Package::New }))
}

fn may(token: &Token, used: &Used<'_>) -> bool {
    let (action, package) = ask(used).unwrap();
    let holder = Holder { disabled: false, role: Some(Role::Owner), feed_is_public: false };
    let name = Some(used.package).filter(|name| !name.is_empty());
    let ask = Ask { action, feed: used.feed.map(|feed| ("main", Some(feed))), name, package, is_served: true };
    decide(Some(Presented { token, replaced: false }), &holder, &ask, now()) == Decision::Allow
}

prop_compose! {
    fn any_token()(
        permissions in proptest::sample::subsequence(Permission::all().collect::<Vec<_>>(), 1..=13),
        patterns in proptest::collection::vec("(\\*|[abAB]{1,2}|[abAB]\\.\\*|\\*\\.[ab]|[ab]\\*|@a/\\*)", 1..5),
        feeds in proptest::option::of(proptest::sample::subsequence(vec![1u8, 2, 3], 1..=3)),
    ) -> Token {
        let feeds = feeds.map_or(Feeds::All, |feeds| Feeds::Some(feeds.into_iter().map(feed).collect()));
        let permissions: Permissions = permissions.into_iter().collect();
        token(&permissions.to_string(), &patterns.join("\n"), feeds)
    }
}

prop_compose! {
    fn any_use()(
        permission in proptest::sample::select(Permission::all().take(13).collect::<Vec<_>>()),
        feed_number in proptest::option::of(1u8..=3),
        package in "(|[abAB]{1,2}|[abAB](\\.[abAB]){1,3}|@a/[ab])",
    ) -> (Permission, Option<FeedId>, String) {
        (permission, feed_number.map(feed), package)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn narrowing_never_widens_and_never_takes_what_was_used(
        token in any_token(),
        uses in proptest::collection::vec(any_use(), 0..8),
        probes in proptest::collection::vec("(@a/)?[abAB]{1,2}(\\.[abAB]{1,2}){0,3}", 20),
    ) {
        let uses: Vec<_> = uses.iter().map(|(permission, feed, package)| Used { permission: *permission, feed: *feed, package }).collect();
        let uses: Vec<_> = uses.into_iter().filter(|used| may(&token, used)).collect();
        let reachable = [feed(1), feed(2), feed(3)];
        if let Some(narrower) = LeastPrivilege::of(&token, &uses, &reachable) {
            let LeastPrivilege { permissions, patterns, feeds } = narrower.clone();
            let settings = TokenSettings { permissions, patterns, feeds, ..token.settings.clone() };
            let after = Token { settings, ..token.clone() };
            for used in &uses {
                prop_assert!(may(&after, used), "{used:?} with {narrower:?}");
            }
            for name in probes.iter().filter(|name| after.settings.patterns.covers(name)) {
                prop_assert!(token.settings.patterns.covers(name), "{name} with {narrower:?}");
            }
            prop_assert!(after.settings.permissions.within(token.settings.permissions) && !after.settings.feeds.adds_to(&token.settings.feeds));
            prop_assert_eq!(LeastPrivilege::of(&after, &uses, &reachable), None, "what is narrow enough is left alone");
        }
    }
}
