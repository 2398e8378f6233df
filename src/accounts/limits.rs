//! How often one may guess a password, or ask for what costs others something. Counted in the database, so that every
//! node sees the same number, and never in a way that lets a stranger lock somebody out: what a stranger uses up is the
//! stranger's own share, or a share that devices which signed in before do not need.

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
/// What strangers may ask for in an hour, all together.
const BY_STRANGERS: i64 = 600;

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
    fn new(subject: String, most: i64, within: Duration) -> Self {
        Self { subject, most, within }
    }

    /// Tries of links by one source that come to nothing.
    pub fn of_bad_links(address: IpAddr) -> Vec<Self> {
        by_networks("links", address, 20)
    }

    /// Tries of one link that makes an account, whoever holds it.
    pub fn of_tries(link: &str) -> Self {
        Self::new(format!("tries of {}", name_hash(link)), 20, HOUR * 24)
    }

    /// What people ask for who are signed in to nothing: mails to addresses they type, and accounts. The last of these
    /// shares is everybody's, so that many sources together cost the host no more than that.
    pub fn of_requests_by(address: IpAddr) -> Vec<Self> {
        let everybody = Self::new("requests by strangers".to_owned(), BY_STRANGERS, HOUR);
        by_networks("requests", address, 20).into_iter().chain([everybody]).collect()
    }

    /// Mails that set the password of an address, asked for by one source and by all. The first is smaller, so that
    /// one stranger leaves something to the owner.
    pub fn of_resets(email: &str, address: IpAddr) -> [Self; 2] {
        let whom = name_hash(email);
        [
            Self::new(format!("resets for {whom} by {}", source(address)), 5, HOUR * 24),
            Self::new(format!("resets for {whom}"), 20, HOUR * 24),
        ]
    }

    /// Mails that set an account's password, asked for with a device that signed in to it before.
    pub fn of_resets_by_device(account: AccountId) -> Self {
        Self::new(format!("resets for {account} by its devices"), 5, HOUR * 24)
    }

    /// Mails to an address that may be anybody's, whoever had them sent: that it is to be confirmed, or has an account.
    pub fn of_mails_to(email: &str) -> Self {
        Self::new(format!("mails to {}", name_hash(email)), 3, HOUR * 6)
    }

    /// Mails that confirm an account's address.
    pub fn of_confirmations(account: AccountId) -> Self {
        Self::new(format!("confirmations for {account}"), 3, HOUR * 6)
    }

    /// Other addresses given by one account.
    pub fn of_new_addresses(account: AccountId) -> Self {
        Self::new(format!("addresses for {account}"), 5, HOUR * 24)
    }

    /// Takes one from the share, if one is left. Asking in vain costs nothing.
    pub async fn take(&self, change: &mut Change, now: DateTime<Utc>) -> Result<Allowance> {
        // Counted first, so that those who ask at the same time all count.
        change.count_attempt(&self.subject, window(now)).await?;
        let (count, since) = change.attempts(&self.subject, now - self.within).await?;
        if count <= self.most {
            return Ok(Allowance::Granted);
        }
        self.give_back(change, now).await?;
        Ok(Allowance::Wait(since.map_or(self.within, |since| since + self.within + WINDOW - now)))
    }

    /// Takes one from each of the shares, or nothing from any.
    pub async fn take_all(shares: &[Self], change: &mut Change, now: DateTime<Utc>) -> Result<Allowance> {
        for (taken, share) in shares.iter().enumerate() {
            if let wait @ Allowance::Wait(_) = share.take(change, now).await? {
                Self::give_all_back(&shares[..taken], change, now).await?;
                return Ok(wait);
            }
        }
        Ok(Allowance::Granted)
    }

    /// Gives back what was taken at `now`.
    pub async fn give_all_back(shares: &[Self], change: &mut Change, now: DateTime<Utc>) -> Result<()> {
        for share in shares {
            share.give_back(change, now).await?;
        }
        Ok(())
    }

    async fn give_back(&self, change: &mut Change, now: DateTime<Utc>) -> Result<()> {
        change.uncount_attempt(&self.subject, window(now)).await
    }
}

/// The shares of the networks an address is in, within an hour. An IPv6 address comes out of a site's /48 and a
/// household's /56, any of whose /64 one person may use: they have more than one share, but not one for each.
fn by_networks(what: &str, address: IpAddr, most: i64) -> Vec<Share> {
    let share = |network: &str, most| Share::new(format!("{what} by {network}"), most, HOUR);
    let mut shares = vec![share(&source(address), most)];
    if let IpAddr::V6(address) = address {
        let [a, b, c, d, ..] = address.segments();
        shares.push(share(&format!("{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00), most * 2));
        shares.push(share(&format!("{a:x}:{b:x}:{c:x}::/48"), most * 5));
    }
    shares
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

    #[test]
    fn an_ipv6_address_has_part_in_the_shares_of_its_household_and_its_site() {
        let shares = |address: &str| {
            let shares = by_networks("links", address.parse().unwrap(), 20).into_iter();
            shares.map(|share| (share.subject, share.most)).collect::<Vec<_>>()
        };
        let named = |subject: &str, most| (subject.to_owned(), most);
        assert_eq!(shares("192.0.2.7"), [named("links by 192.0.2.7", 20)]);
        assert_eq!(
            shares("2001:db8:1:23f::4"),
            [
                named("links by 2001:db8:1:23f::/64", 20),
                named("links by 2001:db8:1:200::/56", 40),
                named("links by 2001:db8:1::/48", 100),
            ]
        );
    }
}
