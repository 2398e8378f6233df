//! What may change about a token after it was created: the rules behind edit and refresh, and its lifetime. How a new
//! one comes to be is in `draft`.

use chrono::{DateTime, Duration, Utc};
use thiserror::Error;

use super::{
    AccountId, Kind, Permission, Permissions, Token, TokenId, TokenKind, TokenSettings, Verb,
    expiry::{self, whole_second},
};

/// The permissions of every primary token: NuGet, read and write (MyGet).
pub fn primary_permissions() -> Permissions {
    [Permission::of(Kind::NuGet, Verb::Pull), Permission::of(Kind::NuGet, Verb::Push)].into_iter().collect()
}

/// Why an edit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditRefused {
    /// The token is final.
    #[error("A revoked token cannot be edited. Duplicate it instead.")]
    Revoked,
    /// A permission was added.
    #[error("Permissions can be taken away, not added. Duplicate the token to give the copy more.")]
    MorePermissions,
    /// No permission is left.
    #[error("Keep at least one permission. To stop the token, deactivate or revoke it.")]
    NoPermissions,
    /// The end was put off.
    #[error("The end can be brought forward, not put off. Refresh the token to restart its lifetime.")]
    LaterEnd,
    /// The end is in the past.
    #[error("Choose a day that has not ended yet. To stop the token now, deactivate or revoke it.")]
    PastEnd,
}

impl TokenSettings {
    /// The new token that has these settings; its secret and hint are made when it is stored.
    pub fn into_token(self, id: TokenId, account: AccountId, now: DateTime<Utc>) -> Token {
        let now = whole_second(now);
        let lifetime = lifetime(now, self.expires_at);
        Token { issued_at: Some(now), lifetime, ..Token::unissued(id, account, TokenKind::Personal, self, now) }
    }

    /// The token after an edit that leaves it with these settings.
    pub fn replace_in(self, token: &Token, now: DateTime<Utc>) -> Result<Token, EditRefused> {
        if token.revoked_at.is_some() {
            return Err(EditRefused::Revoked);
        }
        may_keep(self.permissions, token)?;
        may_end(self.expires_at, token, now)?;
        Ok(Token { settings: self, version: token.version + 1, ..token.clone() })
    }
}

/// Refuses permissions that an edit cannot leave: none, or one that the token does not have.
pub fn may_keep(permissions: Permissions, token: &Token) -> Result<(), EditRefused> {
    if permissions.is_empty() {
        Err(EditRefused::NoPermissions)
    } else if permissions.within(token.settings.permissions) {
        Ok(())
    } else {
        Err(EditRefused::MorePermissions)
    }
}

/// Refuses an end that an edit cannot set: a later one than the token has, or one in the past.
pub fn may_end(end: Option<DateTime<Utc>>, token: &Token, now: DateTime<Utc>) -> Result<(), EditRefused> {
    let is_earlier = end.is_some_and(|new| token.settings.expires_at.is_none_or(|old| new < old));
    if end == token.settings.expires_at {
        Ok(())
    } else if !is_earlier {
        Err(EditRefused::LaterEnd)
    } else if end.is_some_and(|new| new <= now) {
        Err(EditRefused::PastEnd)
    } else {
        Ok(())
    }
}

/// Why a refresh is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefreshRefused {
    /// The token is final.
    #[error("A revoked token cannot be refreshed. Duplicate it instead.")]
    Revoked,
    /// Imported keys are replaced, not renewed.
    #[error("A legacy key cannot be refreshed. Create a new token and delete this one.")]
    Legacy,
}

/// The token after a refresh, but for its hint: same permissions, patterns, feeds and end (nuget.org's rule), or a
/// restarted lifetime. An expired token, and one that has no end yet because it was never issued, must restart.
/// The operator's maximum then holds for the new life; a kept end is brought forward to it.
pub fn refresh(
    token: &Token,
    restart: bool,
    now: DateTime<Utc>,
    max_days: Option<i64>,
) -> Result<Token, RefreshRefused> {
    if token.revoked_at.is_some() {
        return Err(RefreshRefused::Revoked);
    }
    if token.kind == TokenKind::Legacy {
        return Err(RefreshRefused::Legacy);
    }
    let now = whole_second(now);
    let wanted = if restart || must_restart(token, now) {
        token.lifetime.map(|life| now + life)
    } else {
        token.settings.expires_at
    };
    let furthest = max_days.map(|days| now + Duration::days(days));
    let expires_at = match (wanted, furthest) {
        (Some(wanted), Some(furthest)) => Some(wanted.min(furthest)),
        (wanted, furthest) => wanted.or(furthest),
    };
    let settings = TokenSettings { expires_at, ..token.settings.clone() };
    Ok(Token { settings, issued_at: Some(now), version: token.version + 1, ..token.clone() })
}

/// Whether a refresh cannot keep the end, because it has passed or the token has never run.
pub fn must_restart(token: &Token, now: DateTime<Utc>) -> bool {
    token.issued_at.is_none() || token.settings.expires_at.is_some_and(|end| end <= now)
}

/// The lifetime that a token with this end restarts with.
fn lifetime(now: DateTime<Utc>, expires_at: Option<DateTime<Utc>>) -> Option<Duration> {
    expires_at.map(|end| end - whole_second(now))
}

/// The lifetime of a primary token: 90 days, or the operator's maximum if that is less.
pub fn primary_lifetime(max_days: Option<i64>) -> Duration {
    Duration::days(max_days.unwrap_or(expiry::DEFAULT_DAYS).min(expiry::DEFAULT_DAYS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Patterns;

    fn now() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn token() -> Token {
        let id = "0190a000-0000-7000-8000-000000000001";
        let new = TokenSettings {
            patterns: Patterns::parse("Contoso.*").unwrap(),
            expires_at: Some(now() + Duration::days(10)),
            ..TokenSettings::for_everything("CI", Permissions::parse("nuget:pull nuget:push").unwrap())
        };
        new.into_token(TokenId::parse(id).unwrap(), AccountId::parse(id).unwrap(), now() - Duration::days(80))
    }

    fn ending(expires_at: Option<DateTime<Utc>>) -> Token {
        Token { settings: TokenSettings { expires_at, ..token().settings }, ..token() }
    }

    fn edit() -> TokenSettings {
        token().settings
    }

    #[test]
    fn permissions_can_be_taken_away_but_never_added() {
        let fewer = TokenSettings { permissions: Permissions::parse("nuget:pull").unwrap(), ..edit() };
        assert_eq!(fewer.replace_in(&token(), now()).unwrap().settings.permissions.to_string(), "nuget:pull");
        let more = TokenSettings { permissions: Permissions::parse("nuget:pull nuget:delete").unwrap(), ..edit() };
        assert_eq!(more.replace_in(&token(), now()).unwrap_err(), EditRefused::MorePermissions);
        let none = TokenSettings { permissions: Permissions::default(), ..edit() };
        assert_eq!(none.replace_in(&token(), now()).unwrap_err(), EditRefused::NoPermissions);
    }

    #[test]
    fn the_end_can_be_brought_forward_but_never_put_off() {
        let ending = |expires_at| {
            TokenSettings { expires_at, ..edit() }.replace_in(&token(), now()).map(|token| token.settings.expires_at)
        };
        let sooner = Some(now() + Duration::days(1));
        assert_eq!(ending(sooner), Ok(sooner));
        assert_eq!(ending(None), Err(EditRefused::LaterEnd));
        assert_eq!(ending(Some(now() + Duration::days(11))), Err(EditRefused::LaterEnd));
        assert_eq!(ending(Some(now())), Err(EditRefused::PastEnd));
    }

    #[test]
    fn other_patterns_or_feeds_are_a_wider_token() {
        let narrower = TokenSettings { patterns: Patterns::parse("contoso.*").unwrap(), ..edit() };
        assert!(!narrower.widens(&token().settings));
        let wider = TokenSettings { patterns: Patterns::parse("Contoso.*\nFabrikam.*").unwrap(), ..edit() };
        assert!(wider.widens(&token().settings));
    }

    #[test]
    fn a_refresh_keeps_the_end_unless_it_has_passed_or_a_restart_is_asked_for() {
        let end = |token: &Token, restart, max| {
            refresh(token, restart, now(), max).unwrap().settings.expires_at.map(|end| (end - now()).num_days())
        };
        assert_eq!(end(&token(), false, None), Some(10));
        assert_eq!(end(&token(), true, None), Some(90));
        let expired = ending(Some(now()));
        assert_eq!(end(&expired, false, None), Some(90));
        let endless = Token { lifetime: None, ..ending(None) };
        assert_eq!(end(&endless, true, None), None);
    }

    #[test]
    fn a_lowered_maximum_holds_from_the_next_refresh_on() {
        let end = |token: &Token, restart| {
            refresh(token, restart, now(), Some(7)).unwrap().settings.expires_at.map(|end| (end - now()).num_days())
        };
        let endless = Token { lifetime: None, ..ending(None) };
        assert_eq!(end(&token(), false), Some(7));
        assert_eq!(end(&token(), true), Some(7));
        assert_eq!(end(&endless, false), Some(7));
    }

    #[test]
    fn revoked_and_legacy_tokens_cannot_be_refreshed() {
        let revoked = Token { revoked_at: Some(now()), ..token() };
        assert_eq!(refresh(&revoked, true, now(), None).unwrap_err(), RefreshRefused::Revoked);
        let legacy = Token { kind: TokenKind::Legacy, ..token() };
        assert_eq!(refresh(&legacy, true, now(), None).unwrap_err(), RefreshRefused::Legacy);
    }
}
