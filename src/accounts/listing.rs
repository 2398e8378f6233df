//! Accounts as operators list them.

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};

use crate::accounts::Account;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum AccountFilter {
    /// Every account: the empty word.
    #[default]
    #[strum(serialize = "")]
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

words!(AccountFilter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_has_a_word() {
        for filter in [AccountFilter::All, AccountFilter::Operators, AccountFilter::Disabled] {
            assert_eq!(AccountFilter::parse(filter.as_str()), Some(filter));
        }
        assert_eq!((AccountFilter::All.as_str(), AccountFilter::parse("others")), ("", None));
    }
}
