//! What can be done to several tokens at once, and why some of them have to be left out.

use chrono::{DateTime, Utc};

use super::{State, Token, state::state};

/// Something done to all selected tokens in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Off, settings kept.
    Deactivate,
    /// On again.
    Reactivate,
    /// Off for good.
    Revoke,
}

impl BulkAction {
    /// Reads the word in addresses and forms.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "deactivate" => Some(Self::Deactivate),
            "reactivate" => Some(Self::Reactivate),
            "revoke" => Some(Self::Revoke),
            _ => None,
        }
    }

    /// Why a token is left out; `None` if the step can be taken.
    pub fn skip_reason(self, token: &Token, now: DateTime<Utc>) -> Option<&'static str> {
        let state = state(token, now);
        match self {
            Self::Revoke if state == State::Revoked => Some("already revoked"),
            Self::Revoke if !token.can_be_revoked() => Some("the primary token can only be deactivated"),
            _ if state == State::Revoked => Some("revoked, which is final"),
            // What is off for a while can be switched off until further notice.
            Self::Deactivate if state == State::Deactivated && token.reactivate_at.is_none() => Some("already off"),
            Self::Reactivate if state != State::Deactivated => Some("not switched off"),
            _ => None,
        }
    }
}

/// Most tokens that one step takes.
pub const MOST_SELECTED: usize = 100;
