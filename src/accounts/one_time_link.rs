//! The secrets of links that work once: 256 random bits, of which only the SHA-256 is kept.

use chrono::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use rand::CryptoRng;
use sha2::{Digest, Sha256};
use strum::{EnumString, IntoStaticStr};

use crate::tokens::{AccountId, MailId};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum LinkPurpose {
    /// Makes the first operator.
    Setup,
    /// Sets a password; an operator handed it over.
    #[strum(serialize = "password link")]
    PasswordLink,
    /// Sets a password; its owner asked for it by mail.
    #[strum(serialize = "password reset")]
    PasswordReset,
    /// Sets the first password of somebody who was invited.
    Invitation,
    /// Makes an account of a sign-up.
    SignUp,
    /// Confirms an account's address.
    #[strum(serialize = "confirm address")]
    ConfirmAddress,
    /// Gives an account another address.
    #[strum(serialize = "new address")]
    NewAddress,
    /// Switches an account's reminders off. It is not used up.
    #[strum(serialize = "stop reminders")]
    StopReminders,
}

words!(LinkPurpose);

/// A link, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeLink {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose it is; none where there is no account yet.
    pub account: Option<AccountId>,
    /// The address it is about, if it is about one.
    pub email: Option<String>,
}

impl OneTimeLink {
    /// A link for an account.
    pub fn of(account: AccountId, purpose: LinkPurpose) -> Self {
        Self { purpose, account: Some(account), email: None }
    }

    /// The link that makes the first operator.
    pub fn setup() -> Self {
        Self { purpose: LinkPurpose::Setup, account: None, email: None }
    }
}

/// Makes the secret part of a link.
pub fn generate(rng: &mut impl CryptoRng) -> String {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How long a mailed link works that sets a password.
pub const RESET: Duration = Duration::minutes(30);
/// How long a mailed link works that confirms an address.
pub const CONFIRMATION: Duration = Duration::hours(24);
/// How long a mailed link works that switches reminders off: as long as anybody keeps the mail at hand.
pub const UNSUBSCRIBING: Duration = Duration::days(365);
/// How long a link works by which somebody who was invited chooses a password.
pub const INVITED: Duration = Duration::days(7);
/// How long a link works that an operator hands over.
pub const HANDED_OVER: Duration = Duration::hours(24);

/// The secret of the link in a mail: 256 bits that follow from a key and the mail's id.
pub fn of_mail(key: &[u8], mail: MailId) -> String {
    of_seed(key, &mail.to_string())
}

/// The secret of a link that follows from a key and a text that need not be secret.
pub fn of_seed(key: &[u8], seed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(seed.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Where a password is set. The secret stands in the query, which no log of ours holds.
pub fn password_path(secret: &str) -> String {
    format!("/reset?link={secret}")
}

/// Where an address is confirmed.
pub fn confirm_path(secret: &str) -> String {
    format!("/confirm?link={secret}")
}

/// Where reminders are switched off, with no session and no password.
pub fn stop_reminders_path(secret: &str) -> String {
    format!("/unsubscribe?link={secret}")
}

/// What is kept of it.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_words_stay_as_they_are() {
        let words = [
            (LinkPurpose::Setup, "setup"),
            (LinkPurpose::PasswordLink, "password link"),
            (LinkPurpose::PasswordReset, "password reset"),
            (LinkPurpose::Invitation, "invitation"),
            (LinkPurpose::SignUp, "sign-up"),
            (LinkPurpose::ConfirmAddress, "confirm address"),
            (LinkPurpose::NewAddress, "new address"),
            (LinkPurpose::StopReminders, "stop reminders"),
        ];
        for (purpose, word) in words {
            assert_eq!((purpose.as_str(), LinkPurpose::parse(word)), (word, Some(purpose)));
        }
        assert_eq!(LinkPurpose::parse("password-link"), None);
    }
}
