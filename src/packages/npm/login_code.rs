//! The address that `npm login` shows: it says which client is let in, by the hash of a secret that only that client holds,
//! and until when. Nothing of it is kept before somebody has said yes, so it carries the host's own seal.

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// How long a person may take to let the client in. npm itself waits for five minutes.
pub const LIFE: Duration = Duration::minutes(10);

/// What the key of seals is derived for.
pub const LOGINS: &str = "npm logins";

const HASH: usize = 32;
const TIME: usize = 8;
const SEAL: usize = 16;

/// What an address holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginCode {
    /// SHA-256 of the client's secret.
    pub secret_hash: Vec<u8>,
    /// When the client began.
    pub begun_at: DateTime<Utc>,
}

impl LoginCode {
    /// For the client that holds a secret.
    pub fn of(secret: &str, begun_at: DateTime<Utc>) -> Self {
        Self { secret_hash: Sha256::digest(secret).to_vec(), begun_at }
    }

    /// As it stands in the address of a feed.
    pub fn sealed(&self, key: &[u8], feed: &str) -> String {
        let mut bytes = self.secret_hash.clone();
        bytes.extend(self.begun_at.timestamp().to_be_bytes());
        let seal = seal(key, feed, &bytes).finalize().into_bytes();
        bytes.extend(&seal[..SEAL]);
        hex::encode(bytes)
    }

    /// Reads what this host has sealed for a feed; none for anything else.
    pub fn open(text: &str, key: &[u8], feed: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() == HASH + TIME + SEAL)?;
        let (said, found) = bytes.split_at(HASH + TIME);
        seal(key, feed, said).verify_truncated_left(found).ok()?;
        let (secret_hash, time) = said.split_at(HASH);
        let begun_at = DateTime::from_timestamp(i64::from_be_bytes(time.try_into().ok()?), 0)?;
        Some(Self { secret_hash: secret_hash.to_vec(), begun_at })
    }

    /// Whether it lets nobody in any more.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        now >= self.begun_at + LIFE
    }
}

fn seal(key: &[u8], feed: &str, said: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(feed.as_bytes());
    mac.update(&[0]);
    mac.update(said);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_host_has_sealed_for_a_feed_is_read() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let code = LoginCode::of("secret", now);
        let text = code.sealed(b"key", "main");
        assert_eq!(LoginCode::open(&text, b"key", "main"), Some(code.clone()));
        assert_eq!(LoginCode::open(&text, b"key", "other"), None);
        assert_eq!(LoginCode::open(&text, b"another key", "main"), None);
        for at in 0..text.len() {
            let digit = if &text[at..=at] == "0" { "1" } else { "0" };
            let changed = format!("{}{digit}{}", &text[..at], &text[at + 1..]);
            assert_eq!(LoginCode::open(&changed, b"key", "main"), None, "{at}");
        }
        for odd in ["", "00", &text[2..], &format!("{text}00"), "zz"] {
            assert_eq!(LoginCode::open(odd, b"key", "main"), None, "{odd}");
        }
        assert!(!code.is_over(now + LIFE - Duration::seconds(1)) && code.is_over(now + LIFE));
    }
}
