//! The secrets of links that work once: 256 random bits, of which only the SHA-256 is kept.

use chrono::{DateTime, Duration, Utc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use rand::CryptoRng;
use sha2::{Digest, Sha256};

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject},
    store::{LinkPurpose, OneTimeLink, Result, Transaction},
    tokens::{AccountId, MailId},
};

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
const HANDED_OVER: Duration = Duration::hours(24);

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

/// Makes a one-time link by which somebody sets a new password for an account, whoever they are: hand it over in
/// private. It works for 24 hours and replaces an unused one before it. Gives its path below the public address; the
/// record says who made it.
pub async fn for_password(tx: &mut Transaction, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<String> {
    let secret = generate(&mut crate::random::system());
    tx.add_link(&hash(&secret), &OneTimeLink::of(account, LinkPurpose::PasswordLink), now, now + HANDED_OVER).await?;
    tx.record(EventKind::PasswordLinkMade, by, Subject::account(account), EventDetail::Nothing, now).await?;
    Ok(password_path(&secret))
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
