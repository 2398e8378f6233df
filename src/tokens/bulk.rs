//! What can be done to several tokens at once, and why some of them have to be left out.

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};

use super::{
    State, Token,
    act::{CannotAct, TokenAct},
    state::state,
};

/// Something done to all selected tokens in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum BulkAction {
    /// Off, settings kept.
    Deactivate,
    /// On again.
    Reactivate,
    /// Off for good.
    Revoke,
}

impl BulkAction {
    /// The word in addresses and forms.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Why a token is left out; `None` if the step can be taken.
    pub fn skip_reason(self, token: &Token, now: DateTime<Utc>) -> Option<&'static str> {
        let state = state(token, now);
        match self {
            Self::Revoke if state == State::Revoked => Some("already revoked"),
            Self::Revoke if !token.can_be_revoked() => Some("the primary token can only be deactivated"),
            _ if state == State::Revoked => Some("revoked, which is final"),
            Self::Revoke => None,
            // What is off for a while can be switched off until further notice.
            Self::Deactivate => TokenAct::Deactivate.check(token, now).err().map(in_few_words),
            Self::Reactivate => TokenAct::Reactivate.check(token, now).err().map(in_few_words),
        }
    }
}

/// Most tokens that one step takes.
pub const MOST_SELECTED: usize = 100;

fn in_few_words(why: CannotAct) -> &'static str {
    match why {
        CannotAct::Off => "already off",
        CannotAct::NotDeactivated => "not switched off",
        CannotAct::Expired | CannotAct::EndedLegacy => "expired, so its key is refused already",
        CannotAct::Retired => "retired, which is final",
        CannotAct::Revoked => "revoked, which is final",
        CannotAct::Primary | CannotAct::Legacy => "cannot be done with this token",
    }
}
