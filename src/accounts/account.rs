//! An account, and what is known of it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use strum::{EnumString, IntoStaticStr};

use crate::tokens::AccountId;

/// What an account stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum AccountKind {
    /// Somebody who signs in.
    Person,
    /// A machine that a person or an organisation manages; it never signs in.
    Service,
    /// Several people together; it never signs in.
    Organisation,
}

words!(AccountKind);

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// A person, a service or an organisation.
    pub kind: AccountKind,
    /// As typed at sign-up.
    pub username: String,
    /// As typed at sign-up.
    pub email: String,
    /// PHC string; none for accounts that never sign in.
    pub password_hash: Option<String>,
    /// Where its days end.
    pub time_zone: Tz,
    /// Whether it runs the host.
    pub is_operator: bool,
    /// Since when it may do nothing.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Sessions of an earlier epoch have ended.
    pub session_epoch: i64,
}

/// A new account, its parts checked by `accounts`.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Unique without regard to ASCII case.
    pub username: String,
    /// Unique without regard to ASCII case.
    pub email: String,
    /// PHC string; none for somebody who is yet to choose one.
    pub password_hash: Option<String>,
    /// Where its days end.
    pub time_zone: Tz,
    /// Whether it runs the host.
    pub operator: bool,
    /// Whether an operator says whose the address is, or a mail to it was followed.
    pub vouched: bool,
    /// The operator's bound on token lifetimes, for the primary token.
    pub max_token_days: Option<i64>,
}

/// What came of a sign-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// There is a new account.
    Made(AccountId),
    /// The username belongs to somebody.
    UsernameTaken,
    /// The address belongs to somebody.
    EmailTaken,
}

/// The session epoch of a new account.
pub const FIRST_EPOCH: i64 = 1;

/// What is known of an account's address beside the address itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressState {
    /// Since when it is confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The address that is to take its place once it is confirmed, and when it was asked for.
    pub asked: Option<(String, DateTime<Utc>)>,
    /// Whether nobody vouched for the address and no mail to it was followed yet.
    pub is_unproven: bool,
}

/// Somebody who has not chosen a password yet.
#[derive(Clone, Debug)]
pub struct InvitedAccount {
    /// The account.
    pub account: Account,
    /// When they were invited last.
    pub invited_at: DateTime<Utc>,
    /// The operator's username; none if that account is gone, or for a command.
    pub invited_by: Option<String>,
    /// Until when the link works that they have; none if they have none.
    pub link_until: Option<DateTime<Utc>>,
    /// Whether a mail with a link waits to be sent.
    pub mail_waits: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_words_stay_as_they_are() {
        for (kind, word) in [
            (AccountKind::Person, "person"),
            (AccountKind::Service, "service"),
            (AccountKind::Organisation, "organisation"),
        ] {
            assert_eq!((kind.as_str(), AccountKind::parse(word)), (word, Some(kind)));
        }
        assert_eq!(AccountKind::parse("Person"), None);
    }
}
