//! What can be done with a token in its state, and why not. Pages offer exactly what this allows, and the forms behind
//! them ask it again.

use chrono::{DateTime, Utc};
use strum::IntoStaticStr;
use thiserror::Error;

use super::{State, Token, TokenKind, state::state};

/// Something that is done with one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum TokenAct {
    /// Name, note, patterns and feeds are changed, rights taken away.
    Edit,
    /// A new key.
    Refresh,
    /// Another token with the same settings.
    Duplicate,
    /// Off, settings kept.
    Deactivate,
    /// On again.
    Reactivate,
    /// Ended for good.
    Revoke,
    /// Taken off the list.
    Delete,
}

/// Why it cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CannotAct {
    /// It is final.
    #[error("It is revoked, which is final.")]
    Revoked,
    /// Every account keeps its primary token.
    #[error("The primary token cannot be revoked or deleted.")]
    Primary,
    /// Imported keys are replaced, not renewed.
    #[error("It is a key of an older system, which cannot be refreshed.")]
    Legacy,
    /// Retired, which is final.
    #[error("It was retired, which is final: its key stays refused.")]
    Retired,
    /// Its time is over, and it cannot be refreshed.
    #[error("It has expired and cannot be refreshed: its key stays refused.")]
    EndedLegacy,
    /// Its time is over.
    #[error("It has expired, so its key is refused already.")]
    Expired,
    /// There is nothing to switch off.
    #[error("It is deactivated already.")]
    Off,
    /// There is nothing to switch on.
    #[error("It is not deactivated.")]
    NotDeactivated,
}

impl TokenAct {
    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The word on buttons.
    pub fn label(self) -> &'static str {
        match self {
            Self::Edit => "Edit",
            Self::Refresh => "Refresh",
            Self::Duplicate => "Duplicate",
            Self::Deactivate => "Deactivate",
            Self::Reactivate => "Reactivate",
            Self::Revoke => "Revoke",
            Self::Delete => "Delete",
        }
    }

    /// Whether it can be done with this token at `now`.
    pub fn check(self, token: &Token, now: DateTime<Utc>) -> Result<(), CannotAct> {
        let state = state(token, now);
        match self {
            Self::Revoke | Self::Delete if token.kind == TokenKind::Primary => Err(CannotAct::Primary),
            Self::Delete | Self::Duplicate => Ok(()),
            _ if state == State::Revoked => Err(CannotAct::Revoked),
            Self::Revoke => Ok(()),
            Self::Refresh if token.kind == TokenKind::Legacy => Err(CannotAct::Legacy),
            Self::Refresh => Ok(()),
            Self::Reactivate if state != State::Deactivated => Err(CannotAct::NotDeactivated),
            Self::Edit | Self::Reactivate => not_ended_for_good(token, now),
            Self::Deactivate => {
                not_ended_for_good(token, now)?;
                match state {
                    State::Expired => Err(CannotAct::Expired),
                    State::Deactivated if token.reactivate_at.is_none() => Err(CannotAct::Off),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// The state that a token would be in if it were not switched off.
pub fn state_when_on(token: &Token, now: DateTime<Utc>) -> State {
    state(&Token { deactivated_at: None, reactivate_at: None, ..token.clone() }, now)
}

/// Whether there is an act that lets its key, or a new one, work; it may be switched off besides.
fn not_ended_for_good(token: &Token, now: DateTime<Utc>) -> Result<(), CannotAct> {
    match state_when_on(token, now) {
        State::Retired => Err(CannotAct::Retired),
        State::Expired if !token.can_be_refreshed() => Err(CannotAct::EndedLegacy),
        _ => Ok(()),
    }
}

impl CannotAct {
    /// What to do instead with a token of one's own, in a sentence; empty where there is nothing to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Revoked => "Duplicate it to make a new token with the same settings.",
            Self::Primary => "Deactivate it instead. A refresh, too, ends the key it has.",
            Self::Legacy | Self::Retired | Self::EndedLegacy => {
                "Make a new token in its place, put its key where the old one is, then delete this one."
            }
            Self::Expired => "Refresh it to get a new key, or revoke it if nobody needs it.",
            Self::Off => "Reactivate it when it is wanted again.",
            Self::NotDeactivated => "",
        }
    }

    /// The act that helps, if one does.
    pub fn instead(self) -> Option<TokenAct> {
        match self {
            Self::Revoked | Self::Legacy | Self::Retired | Self::EndedLegacy => Some(TokenAct::Duplicate),
            Self::Primary => Some(TokenAct::Deactivate),
            Self::Expired => Some(TokenAct::Refresh),
            Self::Off => Some(TokenAct::Reactivate),
            Self::NotDeactivated => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::tokens::{AccountId, Permissions, TokenId, TokenSettings};

    fn ending(expires_at: Option<DateTime<Utc>>, token: Token) -> Token {
        Token { settings: TokenSettings { expires_at, ..token.settings.clone() }, ..token }
    }

    const ALL: [TokenAct; 6] = [
        TokenAct::Edit,
        TokenAct::Refresh,
        TokenAct::Deactivate,
        TokenAct::Reactivate,
        TokenAct::Revoke,
        TokenAct::Delete,
    ];

    fn now() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn live() -> Token {
        let id = "0190a000-0000-7000-8000-000000000001";
        let new = TokenSettings {
            expires_at: Some(now() + Duration::days(90)),
            ..TokenSettings::for_everything("CI", Permissions::parse("nuget:pull").unwrap())
        };
        new.into_token(TokenId::parse(id).unwrap(), AccountId::parse(id).unwrap(), now())
    }

    #[test]
    fn each_state_allows_what_makes_sense_in_it() {
        use TokenAct::{Deactivate, Delete, Edit, Reactivate, Refresh, Revoke};
        let past = Some(now() - Duration::hours(1));
        let off = Token { deactivated_at: past, ..live() };
        let paused = Token { reactivate_at: Some(now() + Duration::hours(1)), ..off.clone() };
        let pause_over = Token { reactivate_at: past, ..off.clone() };
        let expired = ending(past, live());
        let both = ending(past, off.clone());
        let revoked = Token { revoked_at: past, ..off.clone() };
        let primary = Token { kind: TokenKind::Primary, ..live() };
        let unissued = Token { issued_at: None, ..ending(None, primary.clone()) };
        let legacy = Token { kind: TokenKind::Legacy, ..ending(None, live()) };
        let retired = Token { retires_at: past, ..legacy.clone() };
        let off_retired = Token { deactivated_at: past, ..retired.clone() };
        let ended = ending(past, legacy.clone());
        for (what, token, acts) in [
            ("live", live(), &[Edit, Refresh, Deactivate, Revoke, Delete][..]),
            ("off", off, &[Edit, Refresh, Reactivate, Revoke, Delete]),
            ("paused", paused, &[Edit, Refresh, Deactivate, Reactivate, Revoke, Delete]),
            ("pause over", pause_over, &[Edit, Refresh, Deactivate, Revoke, Delete]),
            ("expired", expired, &[Edit, Refresh, Revoke, Delete]),
            ("off and expired", both, &[Edit, Refresh, Reactivate, Revoke, Delete]),
            ("revoked", revoked, &[Delete]),
            ("primary", primary, &[Edit, Refresh, Deactivate]),
            ("not issued", unissued, &[Edit, Refresh, Deactivate]),
            ("legacy", legacy, &[Edit, Deactivate, Revoke, Delete]),
            ("retired", retired, &[Revoke, Delete]),
            ("off and retired", off_retired, &[Revoke, Delete]),
            ("legacy, expired", ended, &[Revoke, Delete]),
        ] {
            let can: Vec<_> = ALL.into_iter().filter(|act| act.check(&token, now()).is_ok()).collect();
            assert_eq!(can, acts, "{what}");
        }
    }
}
