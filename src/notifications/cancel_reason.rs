//! Why word of a token's end is no longer owed.

use chrono::{DateTime, Utc};

use crate::tokens::{State, Token, state::state};

/// Why a warning is no longer owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// The token's row is gone.
    Deleted,
    /// Nobody can act on the mail.
    AccountDisabled,
    /// The token ended for good.
    Revoked,
    /// Switched off; switching it on again restores the warning.
    Deactivated,
    /// Retired by the host.
    Retired,
    /// A warning of what is past would mislead.
    Expired,
    /// The token ends at another time now, which has its own warning, or never.
    EndMoved,
    /// A reminder, and the warning is due by now.
    Warned,
    /// A reminder that the account does not ask for.
    Unwanted,
}

impl CancelReason {
    /// The reason in words, as it is kept beside the cancelled warning.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "the token was deleted",
            Self::AccountDisabled => "the account is disabled",
            Self::Revoked => "the token was revoked",
            Self::Deactivated => "the token is deactivated",
            Self::Retired => "the token was retired",
            Self::Expired => "the token expired before a warning could be sent",
            Self::EndMoved => "the token ends at another time",
            Self::Warned => "the warning was due before the reminder could be sent",
            Self::Unwanted => "the account asks for no such reminder",
        }
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
