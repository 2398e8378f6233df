//! How often one may guess a password, or ask for what costs others something. Counted in the database, so that every node sees the same number, and never in
//! a way that lets a stranger lock somebody out: what a stranger uses up is the stranger's own share, or a share that
//! devices which signed in before do not need.

use std::net::IpAddr;

use chrono::{DateTime, Duration, DurationRound, Utc};
use sha2::{Digest, Sha256};

use crate::{
    store::{Change, Result, Store},
    tokens::AccountId,
};

/// Guesses are counted in windows this long.
const WINDOW: Duration = Duration::minutes(5);
const HOUR: Duration = Duration::hours(1);
/// Guesses by one source for one account within [`WINDOW`].
const BY_SOURCE_FOR_ACCOUNT: i64 = 10;
/// Guesses by one source within [`WINDOW`].
const BY_SOURCE: i64 = 50;
/// Guesses for one account by sources that are not known to it, within an hour.
const BY_STRANGERS_FOR_ACCOUNT: i64 = 100;

/// One guess at a password.
#[derive(Clone, Debug)]
pub struct Guess {
    source: String,
    /// What it is counted for: the name as typed, and the account behind it.
    typed: String,
    account: Option<String>,
    known_device: bool,
}

/// What becomes of a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    /// It is tried.
    Granted,
    /// It is answered like a wrong one, whether it is or not: that there were too many for the account under its other
    /// name would tell that both names are of one account.
    Lost,
    /// Wait for so long.
    Wait(Duration),
}

/// A share that is used up by asking: so many times within a stretch, whoever or whatever is behind its name.
#[derive(Clone, Debug)]
pub struct Share {
    subject: String,
    most: i64,
    within: Duration,
}

/// What is left of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// Go on.
    Granted,
    /// Wait for so long.
    Wait(Duration),
}

impl Guess {
    /// A guess for a name, from an address. `known_device` says that this device signed in to that very account before.
    pub fn new(name: &str, address: IpAddr, known_device: bool) -> Self {
        Self { source: source(address), typed: name_hash(name), account: None, known_device }
    }

    /// The same, counted for the account too: it has one share, whether its username or its address is typed.
    pub fn at(self, account: Option<AccountId>) -> Self {
        Self { account: account.map(|id| format!("account {id}")), ..self }
    }

    /// Whether this device signed in to the account before.
    pub fn is_from_known_device(&self) -> bool {
        self.known_device
    }

    /// Counts the guess and says whether it may be tried. Counted first, so that guesses at the same time all count.
    pub async fn count(&self, store: &Store, now: DateTime<Utc>) -> Result<Chance> {
        let window = window(now);
        let mut change = store.begin().await?;
        let by_source = change.count_attempt(&format!("source {}", self.source), window).await?;
        let for_typed = self.count_for(&self.typed, &mut change, now).await?;
        let for_account = match &self.account {
            Some(account) => self.count_for(account, &mut change, now).await?,
            None => Allowance::Granted,
        };
        change.commit().await?;
        Ok(match (for_typed, for_account) {
            (Allowance::Wait(wait), _) => Chance::Wait(wait),
            _ if by_source > BY_SOURCE => Chance::Wait(window + WINDOW - now),
            (_, Allowance::Wait(_)) => Chance::Lost,
            _ => Chance::Granted,
        })
    }

    async fn count_for(&self, whom: &str, change: &mut Change, now: DateTime<Utc>) -> Result<Allowance> {
        let window = window(now);
        if change.count_attempt(&self.by_source_for(whom), window).await? > BY_SOURCE_FOR_ACCOUNT {
            return Ok(Allowance::Wait(window + WINDOW - now));
        }
        if self.known_device {
            return Ok(Allowance::Granted);
        }
        change.count_attempt(&by_strangers(whom), window).await?;
        let (strangers, since) = change.attempts(&by_strangers(whom), now - HOUR).await?;
        if strangers <= BY_STRANGERS_FOR_ACCOUNT {
            return Ok(Allowance::Granted);
        }
        Ok(Allowance::Wait(since.map_or(HOUR, |since| since + HOUR + WINDOW - now)))
    }

    /// Takes the guess back after the right password: this source's guesses for the account are forgotten, and
    /// nobody's share is used up by people who know their password. `now` is as it was counted.
    pub async fn forget(&self, store: &Store, now: DateTime<Utc>) -> Result<()> {
        let mut change = store.begin().await?;
        change.uncount_attempt(&format!("source {}", self.source), window(now)).await?;
        for whom in [&self.typed].into_iter().chain(&self.account) {
            change.forget_attempts(&self.by_source_for(whom)).await?;
            if !self.known_device {
                change.uncount_attempt(&by_strangers(whom), window(now)).await?;
            }
        }
        change.commit().await
    }

    fn by_source_for(&self, whom: &str) -> String {
        let device = if self.known_device { "known" } else { "new" };
        format!("{device} {} for {whom}", self.source)
    }
}

fn by_strangers(whom: &str) -> String {
    format!("strangers for {whom}")
}

impl Share {
    /// Links tried by one source that are not good.
    pub fn of_bad_links(address: IpAddr) -> Self {
        Self { subject: format!("links by {}", source(address)), most: 20, within: HOUR }
    }

    /// Mails that one source, signed in to nothing, has sent to addresses it typed.
    pub fn of_mails_by(address: IpAddr) -> Self {
        Self { subject: format!("mails by {}", source(address)), most: 20, within: HOUR }
    }

    /// Mails to one address that set a password.
    pub fn of_resets(email: &str) -> Self {
        Self { subject: format!("resets for {}", name_hash(email)), most: 5, within: HOUR * 24 }
    }

    /// Mails to one address that confirm a sign-up.
    pub fn of_sign_ups(email: &str) -> Self {
        Self { subject: format!("sign-ups for {}", name_hash(email)), most: 3, within: HOUR * 6 }
    }

    /// Mails that confirm an account's address.
    pub fn of_confirmations(account: AccountId) -> Self {
        Self { subject: format!("confirmations for {account}"), most: 3, within: HOUR * 6 }
    }

    /// Other addresses given by one account.
    pub fn of_new_addresses(account: AccountId) -> Self {
        Self { subject: format!("addresses for {account}"), most: 5, within: HOUR * 24 }
    }

    /// Takes one from the share. If none is left, `change` must not be committed, so that asking in vain costs nothing.
    pub async fn take(&self, change: &mut Change, now: DateTime<Utc>) -> Result<Allowance> {
        change.count_attempt(&self.subject, window(now)).await?;
        let (count, since) = change.attempts(&self.subject, now - self.within).await?;
        if count <= self.most {
            return Ok(Allowance::Granted);
        }
        Ok(Allowance::Wait(since.map_or(self.within, |since| since + self.within + WINDOW - now)))
    }
}

/// The window that an instant is in.
fn window(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(WINDOW).unwrap_or(now)
}

/// Anything may be typed as a name, a password by mistake too: only a short hash of it is kept.
fn name_hash(name: &str) -> String {
    hex::encode(&Sha256::digest(name.to_ascii_lowercase())[..8])
}

/// Who counts as one source: an IPv4 address, or the /64 an IPv6 address is in.
fn source(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_source() {
        assert_eq!(source("2001:db8:1:2:3::4".parse().unwrap()), source("2001:db8:1:2::99".parse().unwrap()));
        assert_ne!(source("2001:db8:1:3::4".parse().unwrap()), source("2001:db8:1:2::4".parse().unwrap()));
        assert_eq!(source("192.0.2.7".parse().unwrap()), "192.0.2.7");
    }
}
