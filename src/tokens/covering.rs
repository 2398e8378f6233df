//! What a token may hand on: through the HTTP API it makes, changes and ends only tokens that could do nothing that it
//! could not do itself.

use thiserror::Error;

use super::{Kind, Permission, Permissions, TokenField, TokenSettings, Verb};

/// What a token would have that the one that asks does not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotCovered {
    /// A permission.
    #[error("The token that asks may not {} itself.", .0.words())]
    Permission(Permission),
    /// A package name.
    #[error("“{0}” reaches further than the patterns of the token that asks.")]
    Pattern(String),
    /// A feed.
    #[error("The token that asks is limited to feeds, and this reaches others.")]
    Feed,
    /// A later end.
    #[error("The token that asks ends before that.")]
    End,
}

impl NotCovered {
    /// The setting it is about.
    pub fn field(&self) -> TokenField {
        match self {
            Self::Permission(_) => TokenField::Permissions,
            Self::Pattern(_) => TokenField::Patterns,
            Self::Feed => TokenField::Feeds,
            Self::End => TokenField::End,
        }
    }
}

impl TokenSettings {
    /// Whether a token of these settings could do at any time all that one of `other` could, or everything that it could
    /// not, in the order of the settings.
    pub fn covers(&self, other: &Self) -> Result<(), Vec<NotCovered>> {
        let own = with_lesser(self.permissions);
        let permission = other.permissions.effective().iter().find(|permission| !own.has(*permission));
        let pattern = other.patterns.iter().find(|pattern| !self.patterns.covers(pattern)).map(str::to_owned);
        let ends_later = match (self.expires_at, other.expires_at) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(others)) => others > own,
        };
        let missing: Vec<_> = [
            permission.map(NotCovered::Permission),
            pattern.map(NotCovered::Pattern),
            other.feeds.adds_to(&self.feeds).then_some(NotCovered::Feed),
            ends_later.then_some(NotCovered::End),
        ]
        .into_iter()
        .flatten()
        .collect();
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }
}

/// With the permissions that are parts of others.
fn with_lesser(permissions: Permissions) -> Permissions {
    let versions = |kind: Kind| {
        let of_new = permissions.has(Permission::of(kind, Verb::Push)) && kind.has_new_versions();
        of_new.then(|| Permission::of(kind, Verb::PushVersion))
    };
    let look = permissions.has(Permission::ApiManage).then_some(Permission::ApiRead);
    permissions.effective().iter().chain(Kind::ALL.into_iter().filter_map(versions)).chain(look).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, Utc};
    use proptest::prelude::*;

    use super::*;
    use crate::tokens::{
        AccountId, FeedId, Feeds, Patterns, TokenId,
        decision::{Action, Ask, Decision, Holder, Package, Presented, Role, decide},
    };

    const ID: &str = "0190a000-0000-7000-8000-000000000001";

    fn now() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn feed(n: u8) -> FeedId {
        FeedId::parse(&format!("0190a000-0000-7000-8000-00000000000{n}")).unwrap()
    }

    fn patterns(words: &str) -> Patterns {
        Patterns::parse(&words.replace(' ', "\n")).unwrap()
    }

    fn settings() -> TokenSettings {
        TokenSettings {
            patterns: patterns("Contoso.* @team/*"),
            feeds: Feeds::Some(vec![feed(1), feed(2)]),
            expires_at: Some(now() + Duration::days(30)),
            ..TokenSettings::for_everything("CI", Permissions::parse("nuget:pull nuget:push api:manage").unwrap())
        }
    }

    #[test]
    fn a_token_covers_itself_and_whatever_does_less() {
        let own = settings();
        for less in [
            own.clone(),
            TokenSettings { permissions: Permissions::parse("nuget:push-version api:read").unwrap(), ..own.clone() },
            TokenSettings { patterns: patterns("contoso.core.* Contoso.*.Web @team/ui"), ..own.clone() },
            TokenSettings { feeds: Feeds::Some(vec![feed(2)]), ..own.clone() },
            TokenSettings { expires_at: Some(now()), ..own.clone() },
        ] {
            assert_eq!(own.covers(&less), Ok(()), "{less:?}");
        }
    }

    #[test]
    fn whatever_does_more_is_named() {
        let own = settings();
        let more = TokenSettings {
            permissions: Permissions::parse("nuget:pull npm:pull").unwrap(),
            patterns: patterns("Contoso.Core Cont*"),
            feeds: Feeds::All,
            expires_at: None,
            ..own.clone()
        };
        let npm = NotCovered::Permission(Permission::of(Kind::Npm, Verb::Pull));
        let named = vec![npm, NotCovered::Pattern("Cont*".to_owned()), NotCovered::Feed, NotCovered::End];
        assert_eq!(own.covers(&more), Err(named));
        let container = TokenSettings { permissions: Permissions::parse("container:push").unwrap(), ..own.clone() };
        assert!(container.covers(&own).is_err());
        assert_eq!(
            TokenSettings { permissions: Permissions::parse("container:pull").unwrap(), ..own }
                .covers(&container)
                .map_err(|all| all.len()),
            Err(1)
        );
    }

    fn any_settings() -> impl Strategy<Value = TokenSettings> {
        let all: Vec<_> = Permission::all().collect();
        let permissions = proptest::sample::subsequence(all, 1..5);
        let pattern = prop::sample::select(vec!["*", "A.*", "a.b.*", "*.C", "A.*.C", "A.B.C", "@t/*", "@t/u", "t/*"]);
        let feeds = prop_oneof![Just(None), proptest::sample::subsequence(vec![1_u8, 2, 3], 1..3).prop_map(Some)];
        let end = prop_oneof![Just(None), (-1_i64..4).prop_map(Some)];
        (permissions, prop::collection::vec(pattern, 1..3), feeds, end).prop_map(
            |(permissions, patterns, feeds, end)| TokenSettings {
                patterns: Patterns::parse(&patterns.join("\n")).unwrap(),
                feeds: feeds.map_or(Feeds::All, |feeds| Feeds::Some(feeds.into_iter().map(feed).collect())),
                expires_at: end.map(|days| now() + Duration::days(days)),
                ..TokenSettings::for_everything("CI", permissions.into_iter().collect())
            },
        )
    }

    /// Two that have some settings in common, so that one often covers the other.
    fn any_pair() -> impl Strategy<Value = (TokenSettings, TokenSettings)> {
        (any_settings(), any_settings(), any::<[bool; 4]>()).prop_map(|(own, other, same)| {
            let permissions = if same[0] { own.permissions } else { other.permissions };
            let patterns = if same[1] { own.patterns.clone() } else { other.patterns.clone() };
            let feeds = if same[2] { own.feeds.clone() } else { other.feeds.clone() };
            let expires_at = if same[3] { own.expires_at } else { other.expires_at };
            (own, TokenSettings { permissions, patterns, feeds, expires_at, ..other })
        })
    }

    /// Every question with these names and feeds, now and later.
    fn questions() -> Vec<(Action, &'static str, u8, Package, i64)> {
        let actions =
            Kind::ALL.into_iter().flat_map(|kind| [Action::Pull(kind), Action::Push(kind), Action::Delete(kind)]);
        let mut questions = Vec::new();
        for action in actions.chain([Action::Look, Action::Manage]) {
            for name in ["A.B.C", "a.b", "A.x.C", "@t/u", "t/x", "B"] {
                for (feed, package, days) in [(1, Package::New, 0), (2, Package::Own, 1), (3, Package::Others, 3)] {
                    questions.push((action, name, feed, package, days));
                }
            }
        }
        questions
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_a_covered_token_may_do_the_one_that_covers_it_may_do((own, other) in any_pair()) {
            if own.covers(&other).is_err() {
                return Ok(());
            }
            let id = (TokenId::parse(ID).unwrap(), AccountId::parse(ID).unwrap());
            let made = now() - Duration::days(9);
            let (own, other) = (own.into_token(id.0, id.1, made), other.into_token(id.0, id.1, made));
            for role in [Some(Role::Owner), Some(Role::Writer), Some(Role::Reader), None] {
                let holder = Holder { disabled: false, role, feed_is_public: false };
                for (action, name, number, package, days) in questions() {
                    let is_of_api = action.kind().is_none();
                    let ask = Ask {
                        action,
                        feed: (!is_of_api).then(|| ("feed", Some(feed(number)))),
                        name: (!is_of_api).then_some(name),
                        package,
                        is_served: true,
                    };
                    let may = |token| {
                        let presented = Presented { token, replaced: false };
                        decide(Some(presented), &holder, &ask, now() + Duration::days(days)) == Decision::Allow
                    };
                    prop_assert!(!may(&other) || may(&own), "{ask:?} {own:?} {other:?}");
                }
            }
        }
    }
}
