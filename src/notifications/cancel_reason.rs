//! Why word of a token's end is no longer owed.

use chrono::{DateTime, Utc};
use strum::IntoStaticStr;

use crate::tokens::{State, Token, state::state};

/// Why a warning is no longer owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
pub enum CancelReason {
    /// The token's row is gone.
    #[strum(serialize = "the token was deleted")]
    Deleted,
    /// Nobody can act on the mail.
    #[strum(serialize = "the account is disabled")]
    AccountDisabled,
    /// The token ended for good.
    #[strum(serialize = "the token was revoked")]
    Revoked,
    /// Switched off; switching it on again restores the warning.
    #[strum(serialize = "the token is deactivated")]
    Deactivated,
    /// Retired by the host.
    #[strum(serialize = "the token was retired")]
    Retired,
    /// A warning of what is past would mislead.
    #[strum(serialize = "the token expired before a warning could be sent")]
    Expired,
    /// The token ends at another time now, which has its own warning, or never.
    #[strum(serialize = "the token ends at another time")]
    EndMoved,
    /// A reminder, and the warning is due by now.
    #[strum(serialize = "the warning was due before the reminder could be sent")]
    Warned,
    /// A reminder that the account does not ask for.
    #[strum(serialize = "the account asks for no such reminder")]
    Unwanted,
}

impl CancelReason {
    /// The reason in words, as it is kept beside the cancelled warning.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Why a token in this state is owed no warning; `None` for a live one.
    fn of_state(state: State) -> Option<Self> {
        match state {
            State::Active | State::ExpiresSoon => None,
            State::NotIssued => Some(Self::EndMoved),
            State::Expired => Some(Self::Expired),
            State::Deactivated => Some(Self::Deactivated),
            State::Revoked => Some(Self::Revoked),
            State::Retired => Some(Self::Retired),
        }
    }
}

/// Why the warning that a token ends at `end` is no longer owed at `now`; `None` while it is.
pub fn warning_cancel_reason(
    token: &Token,
    end: DateTime<Utc>,
    account_disabled: bool,
    now: DateTime<Utc>,
) -> Option<CancelReason> {
    if account_disabled {
        return Some(CancelReason::AccountDisabled);
    }
    match CancelReason::of_state(state(token, now)) {
        Some(reason @ (CancelReason::Revoked | CancelReason::Deactivated)) => Some(reason),
        _ if token.end() != Some(end) => Some(CancelReason::EndMoved),
        reason => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_reasons_stay_as_they_are() {
        let words = [
            (CancelReason::Deleted, "the token was deleted"),
            (CancelReason::AccountDisabled, "the account is disabled"),
            (CancelReason::Revoked, "the token was revoked"),
            (CancelReason::Deactivated, "the token is deactivated"),
            (CancelReason::Retired, "the token was retired"),
            (CancelReason::Expired, "the token expired before a warning could be sent"),
            (CancelReason::EndMoved, "the token ends at another time"),
            (CancelReason::Warned, "the warning was due before the reminder could be sent"),
            (CancelReason::Unwanted, "the account asks for no such reminder"),
        ];
        for (reason, word) in words {
            assert_eq!(reason.as_str(), word);
        }
    }
}
