//! Accounts as operators list them.

use crate::accounts::Account;
use chrono::{DateTime, Utc};

/// Which accounts are looked for.
#[derive(Clone, Copy, Debug)]
pub struct AccountQuery<'a> {
    /// Part of a username or address, in any case; empty for any.
    pub text: &'a str,
    /// All, or only some.
    pub only: AccountFilter,
    /// After this username.
    pub after: &'a str,
    /// How many at most.
    pub limit: i64,
}

/// Which accounts are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountFilter {
    /// Every account.
    #[default]
    All,
    /// Those that run the host.
    Operators,
    /// Those that may do nothing.
    Disabled,
}

/// An account in a list.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// The account.
    pub account: Account,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When somebody last signed in to it with its password.
    pub last_sign_in: Option<DateTime<Utc>>,
}

/// What there is to know of an account before something is done to it. Numbers end at the bound they were asked with.
#[derive(Clone, Debug)]
pub struct AccountDetails {
    /// Its tokens, live or not.
    pub tokens: i64,
    /// Its sessions.
    pub sessions: i64,
    /// Packages it owns.
    pub packages: i64,
}

impl AccountFilter {
    /// The word that statements know it by; empty for all.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Operators => "operators",
            Self::Disabled => "disabled",
        }
    }
}
