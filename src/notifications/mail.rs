//! Mails: what each says, and who may send it.

use crate::{
    accounts::{
        Account,
        one_time_link::{CONFIRMATION, INVITED, LinkPurpose, RESET},
    },
    notifications::{
        SecurityNotification,
        end_notice::{EndNotice, EndingTokenOfMail},
    },
    tokens::{AccountId, MailId, TokenId},
};
use chrono::{DateTime, Duration, Utc};

/// What a mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// Tokens end or have ended: the notices bound to it.
    End(EndNotice),
    /// How to set a new password, if the address is an account's.
    PasswordReset,
    /// How somebody who was invited chooses a password.
    Invitation,
    /// How to go on with a sign-up, or that there is an account already.
    SignUp,
    /// How to confirm an account's address.
    ConfirmAddress,
    /// How to give an account this address.
    NewAddress,
    /// What happened in an account: the notices bound to it.
    Happened,
    /// An account was deleted, and its keys are refused.
    AccountDeleted,
}

const WORDS: &[(MailKind, &str)] = &[
    (MailKind::End(EndNotice::Warning), "warnings"),
    (MailKind::End(EndNotice::Expired), "expired"),
    (MailKind::End(EndNotice::Reminder1), "reminder-1"),
    (MailKind::End(EndNotice::Reminder30), "reminder-30"),
    (MailKind::PasswordReset, "password reset"),
    (MailKind::Invitation, "invitation"),
    (MailKind::SignUp, "sign-up"),
    (MailKind::ConfirmAddress, "confirm address"),
    (MailKind::NewAddress, "new address"),
    (MailKind::Happened, "happened"),
    (MailKind::AccountDeleted, "account deleted"),
];

impl MailKind {
    /// The word by which it is stored.
    pub fn as_str(self) -> &'static str {
        WORDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        WORDS.iter().find(|(_, word)| *word == text).map(|(kind, _)| *kind)
    }

    /// What it is, for those who run the host.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::End(EndNotice::Warning) => "Warning that tokens expire",
            Self::End(EndNotice::Expired) => "Tokens have expired",
            Self::End(EndNotice::Reminder1) => "Reminder a day before",
            Self::End(EndNotice::Reminder30) => "Reminder 30 days before",
            Self::PasswordReset => "Link for a new password",
            Self::Invitation => "Invitation",
            Self::SignUp => "Sign-up",
            Self::ConfirmAddress => "Confirm an address",
            Self::NewAddress => "Confirm a new address",
            Self::Happened => "What happened in an account",
            Self::AccountDeleted => "An account was deleted",
        }
    }

    /// Whether it holds a one-time link. Its content is not kept but written again, alike, at every attempt.
    pub fn holds_link(self) -> bool {
        !matches!(self, Self::End(_) | Self::Happened | Self::AccountDeleted)
    }

    /// What goes out first: where somebody waits for a link, then what happened, then whose token ends (or ended)
    /// first, for which binding puts the end's time here.
    pub fn priority(self) -> i64 {
        i64::from(!self.holds_link())
    }

    /// The urgency from which on mails go out, with those that hold a link or without.
    pub fn least_priority(links: bool) -> i64 {
        i64::from(!links)
    }
}

/// A mail to be queued.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Its id.
    pub id: MailId,
    /// With angle brackets.
    pub message_id: String,
    /// What it says.
    pub kind: MailKind,
    /// Whose it is; none while it is not known whether anybody has the address.
    pub account: Option<AccountId>,
    /// The address.
    pub recipient: String,
}

/// Word of a token's end that the mail server refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// The token it was about.
    pub token: TokenId,
    /// The address.
    pub recipient: String,
    /// The server's words.
    pub reply: String,
}

/// A mail this worker may send until its lease ends.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    /// Its id.
    pub id: MailId,
    /// What it says.
    pub kind: MailKind,
    /// Whose it is; none while it is not known whether anybody has the address.
    pub account: Option<AccountId>,
    /// The address.
    pub recipient: String,
    /// With angle brackets.
    pub message_id: String,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// The whole message, once it may have been handed to a server; empty for one that holds a link.
    pub content: Option<String>,
    /// How many attempts have begun, this one included.
    pub attempt: i64,
    /// The number of this claim.
    pub fence: i64,
    /// Since when a server has put it off.
    pub refused_at: Option<DateTime<Utc>>,
    /// When it was claimed.
    pub claimed_at: DateTime<Utc>,
}

/// What a mail has to say.
#[derive(Clone, Debug)]
pub enum MailContent {
    /// Tokens end or have ended.
    Ends(EndNotice, Account, Vec<EndingTokenOfMail>),
    /// A link that sets a new password.
    PasswordReset(Account),
    /// A link by which somebody who was invited chooses a password.
    Invitation(Account),
    /// A link that makes an account of a sign-up.
    SignUp,
    /// The address belongs to this account already.
    AlreadyThere(Account),
    /// A link that confirms the account's address.
    ConfirmAddress(Account),
    /// A link that gives the account the mail's address.
    NewAddress(Account),
    /// What happened in the account.
    Happened(Account, Vec<SecurityNotification>),
    /// The account of this address was deleted.
    AccountDeleted,
}

impl MailContent {
    /// For whom a link is made at the first attempt, what it is good for, and for how long. The link of a sign-up is made
    /// when somebody signs up.
    pub fn link(&self) -> Option<(&Account, LinkPurpose, Duration)> {
        match self {
            Self::PasswordReset(account) => Some((account, LinkPurpose::PasswordReset, RESET)),
            Self::Invitation(account) => Some((account, LinkPurpose::Invitation, INVITED)),
            Self::ConfirmAddress(account) => Some((account, LinkPurpose::ConfirmAddress, CONFIRMATION)),
            Self::NewAddress(account) => Some((account, LinkPurpose::NewAddress, CONFIRMATION)),
            _ => None,
        }
    }
}

/// How somebody gets the link.
#[derive(Clone, Debug)]
pub enum InvitationWay<'a> {
    /// By this mail, which makes its link when it is sent.
    Mail(&'a NewMail),
    /// An operator hands it over: the SHA-256 of its secret.
    Handed(&'a [u8]),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_is_read_by_its_word() {
        for (kind, word) in WORDS {
            assert_eq!((kind.as_str(), MailKind::parse(word)), (*word, Some(*kind)));
        }
        for notice in EndNotice::ALL {
            assert_ne!(MailKind::End(notice).as_str(), "", "{notice:?}");
        }
        assert_eq!((MailKind::SignUp.as_str(), MailKind::parse("signup")), ("sign-up", None));
    }
}
