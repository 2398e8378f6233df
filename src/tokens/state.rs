//! The state of a token, computed from its dates and the clock. Page, door, API and job all ask this one function.

use chrono::{DateTime, Utc};

use super::Token;

/// The state of a token at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A primary token before its first refresh: it has no secret yet.
    NotIssued,
    /// In use.
    Active,
    /// Still active; its end is near (see [`super::expiry::warn_from`]).
    ExpiresSoon,
    /// Its time is over; it can be refreshed.
    Expired,
    /// Switched off; it can be switched on again.
    Deactivated,
    /// Ended for good.
    Revoked,
    /// A legacy token the host retired because it was idle.
    Retired,
}

impl State {
    /// Whether a secret of a token in this state opens doors.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::ExpiresSoon)
    }

    /// Whether a secret that was given out opens doors, or will do so again once the token is switched on.
    pub fn may_work_again(self) -> bool {
        self.is_live() || self == Self::Deactivated
    }

    /// The word on badges.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotIssued => "Not issued",
            Self::Active => "Active",
            Self::ExpiresSoon => "Expires soon",
            Self::Expired => "Expired",
            Self::Deactivated => "Deactivated",
            Self::Revoked => "Revoked",
            Self::Retired => "Retired",
        }
    }
}

/// The state at `now`. What is final comes first; a deactivated token stays so whether or not it has expired.
pub fn state(token: &Token, now: DateTime<Utc>) -> State {
    if token.revoked_at.is_some() {
        State::Revoked
    } else if is_off(token, now) {
        State::Deactivated
    } else if token.issued_at.is_none() {
        State::NotIssued
    } else if token.settings.expires_at.is_some_and(|end| now >= end) {
        State::Expired
    } else if token.retires_at.is_some_and(|retired| now >= retired) {
        State::Retired
    } else if token.warn_from().is_some_and(|from| now >= from) {
        State::ExpiresSoon
    } else {
        State::Active
    }
}

/// Whether the token is switched off at `now`. One that was switched off for a while is on again from its time on,
/// whether or not anybody has noted that yet.
fn is_off(token: &Token, now: DateTime<Utc>) -> bool {
    token.deactivated_at.is_some() && token.reactivate_at.is_none_or(|at| now < at)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::tokens::{AccountId, Permissions, TokenId, TokenSettings};

    #[test]
    fn a_token_that_is_off_for_a_while_is_on_from_its_second_on() {
        let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let id = "0190a000-0000-7000-8000-000000000001";
        let new = TokenSettings {
            expires_at: Some(now + Duration::days(90)),
            ..TokenSettings::for_everything("CI", Permissions::parse("nuget:pull").unwrap())
        };
        let token = new.into_token(TokenId::parse(id).unwrap(), AccountId::parse(id).unwrap(), now);
        let off = Token { deactivated_at: Some(now), ..token };
        assert_eq!(state(&off, now + Duration::days(80)), State::Deactivated);
        let at = now + Duration::minutes(15);
        let paused = Token { reactivate_at: Some(at), ..off };
        let second = Duration::seconds(1);
        assert_eq!(state(&paused, at - second), State::Deactivated);
        assert_eq!(state(&paused, at), State::Active);
        assert_eq!(state(&paused, at + second), State::Active);
        assert_eq!(state(&paused, now + Duration::days(90)), State::Expired);
        assert_eq!(state(&Token { revoked_at: Some(now), ..paused }, at), State::Revoked);
    }
}
