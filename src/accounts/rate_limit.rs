//! How often one may ask for what costs the host or others something. Counted in the database, so that every node sees
//! the same.
//!
//! A limit of `most` within a stretch lets so many through at once and one more each `within / most`. It is one row:
//! the time when all of it is free again (the generic cell rate algorithm). What is refused writes nothing. What
//! strangers type or come from is folded to 65,536 rows a kind, by a keyed hash, so that no flood makes the table grow
//! without end and nobody finds out whom they share a row with.
//!
//! No limit that a stranger can use up decides alone over somebody else: beside a limit in common there is a reserve.

use std::net::IpAddr;

use chrono::Duration;

use crate::tokens::AccountId;

const MINUTES: Duration = Duration::minutes(5);
const HOUR: Duration = Duration::hours(1);
const DAY: Duration = Duration::hours(24);

/// No limit counts what is longer ago.
pub const LONGEST: Duration = DAY;

/// So many times within a stretch, for one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    pub(crate) kind: &'static str,
    pub(crate) subject: Subject,
    pub(crate) most: i64,
    pub(crate) within: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Something there is one row of already, such as an account: it has a row of its own.
    Own(String),
    /// What strangers typed or come from.
    Folded(String),
}

/// Whether one may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitDecision {
    /// Go on.
    Granted,
    /// Wait for so long.
    Wait(Duration),
}

/// What a request takes from: each limit of its own and, if there is one, the limit in common with others. Once that is
/// used up, it takes from its reserve instead.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    pub(crate) own: Vec<RateLimit>,
    pub(crate) common: Option<RateLimit>,
    pub(crate) reserve: Option<RateLimit>,
}

impl RateLimit {
    fn of_row(kind: &'static str, row: impl ToString, most: i64, within: Duration) -> Self {
        Self { kind, subject: Subject::Own(row.to_string()), most, within }
    }

    pub(crate) fn folded(kind: &'static str, subject: String, most: i64, within: Duration) -> Self {
        Self { kind, subject: Subject::Folded(subject), most, within }
    }

    /// What one costs, in seconds.
    pub(crate) fn cost(&self) -> i64 {
        (self.within.num_seconds() / self.most).max(1)
    }
}

impl From<RateLimit> for Demand {
    fn from(limit: RateLimit) -> Self {
        Self { own: vec![limit], ..Self::default() }
    }
}

impl Demand {
    /// Tries of links by one source that come to nothing.
    pub fn bad_link(address: IpAddr) -> Self {
        Self { own: by_networks("bad links", address, "", 20, HOUR), ..Self::default() }
    }

    /// Tries of one link that makes an account, whoever holds it.
    pub fn link_try(link: &str) -> Self {
        RateLimit::folded("tries of a link", link.to_owned(), 20, DAY).into()
    }

    /// What people ask for who are signed in to nothing: mails to addresses they type, and accounts. 600 an hour are in
    /// common; beyond that each network still has three.
    pub fn request(address: IpAddr) -> Self {
        Self {
            own: by_networks("requests", address, "", 20, HOUR),
            common: Some(RateLimit::of_row("requests", "of all strangers", 600, HOUR)),
            reserve: Some(RateLimit::folded("first requests", widest(address), 3, HOUR)),
        }
    }

    /// Mails that set the password of an address, asked for by one source and by all. The first limit is smaller, so
    /// that one stranger leaves something to the owner; and who looks after many always finds a mail that still works.
    pub fn reset(email: &str, address: IpAddr) -> Self {
        let email = email.to_ascii_lowercase();
        let by_source = format!("{email} by {}", networks(address)[0].0);
        Self {
            own: vec![RateLimit::folded("resets by a source", by_source, 5, DAY)],
            common: Some(RateLimit::folded("resets", email.clone(), 20, DAY)),
            reserve: Some(RateLimit::folded("further resets", email, 1, Duration::minutes(10))),
        }
    }

    /// Mails that set an account's password, asked for with a device that signed in to it before.
    pub fn reset_by_device(account: AccountId) -> Self {
        RateLimit::of_row("resets by devices of", account, 5, DAY).into()
    }

    /// Mails to an address that may be anybody's, whoever had them sent: that it is to be confirmed, or has an account.
    pub fn mail_to(email: &str) -> Self {
        RateLimit::folded("mails", email.to_ascii_lowercase(), 3, HOUR * 6).into()
    }

    /// Mails that confirm an account's address.
    pub fn confirmation(account: AccountId) -> Self {
        RateLimit::of_row("confirmations for", account, 3, HOUR * 6).into()
    }

    /// Other addresses given by one account.
    pub fn new_address(account: AccountId) -> Self {
        RateLimit::of_row("addresses for", account, 5, DAY).into()
    }

    /// Usernames that one account types for people, and that come to nothing.
    pub fn wrong_username(account: AccountId) -> Self {
        RateLimit::of_row("wrong usernames by", account, 20, HOUR).into()
    }

    /// Guesses at a password with something that only its owner has: a device or a session.
    pub(crate) fn guess_with(kind: &'static str, row: impl ToString) -> Self {
        let row = row.to_string();
        let (few, many) = match kind {
            "device" => ("guesses by device", "guesses an hour by device"),
            _ => ("guesses by session", "guesses an hour by session"),
        };
        let own = vec![RateLimit::of_row(few, &row, 10, MINUTES), RateLimit::of_row(many, &row, 30, HOUR)];
        Self { own, ..Self::default() }
    }

    /// Guesses by one source, for whatever accounts.
    pub(crate) fn guess_by(address: IpAddr) -> Self {
        Self { own: by_networks("guesses", address, "", 50, MINUTES), ..Self::default() }
    }

    /// Guesses for one account, or for one name, with nothing that is known: by one source, and by all. Once all
    /// together have used up theirs, each network still has three an hour.
    pub(crate) fn guess_for(whom: &str, address: IpAddr) -> Self {
        Self {
            own: by_networks("guesses for one", address, whom, 10, MINUTES),
            common: Some(RateLimit::folded("guesses for", whom.to_owned(), 100, HOUR)),
            reserve: Some(RateLimit::folded("first guesses for", format!("{whom} by {}", widest(address)), 3, HOUR)),
        }
    }

    /// Packages read with a password that are written down: once a day for each account and network.
    pub(crate) fn noted_password_read(account: AccountId, address: IpAddr) -> Self {
        RateLimit::folded("password reads by", format!("{account} by {}", widest(address)), 1, DAY).into()
    }

    /// Failed sign-ins of one account that are written down.
    pub(crate) fn noted_failure(whom: &str) -> Self {
        RateLimit::folded("noted failures", whom.to_owned(), 20, HOUR).into()
    }
}

/// The networks an address counts in, the narrowest first, and how many times the narrowest's limit each has. An IPv6
/// address comes out of a site's /48 and a household's /56, any of whose /64 one person may use: they have more than
/// one share, but not one for each.
fn networks(address: IpAddr) -> Vec<(String, i64)> {
    match address {
        IpAddr::V4(address) => vec![(address.to_string(), 1)],
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            vec![
                (format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"), 1),
                (format!("{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00), 2),
                (format!("{a:x}:{b:x}:{c:x}::/48"), 6),
            ]
        }
    }
}

fn widest(address: IpAddr) -> String {
    networks(address).pop().map(|(network, _)| network).unwrap_or_default()
}

fn by_networks(kind: &'static str, address: IpAddr, whom: &str, most: i64, within: Duration) -> Vec<RateLimit> {
    let limit = |(network, times)| RateLimit::folded(kind, format!("{network} {whom}"), most * times, within);
    networks(address).into_iter().map(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(address: &str) -> Vec<(String, i64)> {
        networks(address.parse().unwrap())
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_source() {
        assert_eq!(named("2001:db8:1:2:3::4")[0], named("2001:db8:1:2::99")[0]);
        assert_ne!(named("2001:db8:1:3::4")[0], named("2001:db8:1:2::4")[0]);
        assert_eq!(named("192.0.2.7"), [("192.0.2.7".to_owned(), 1)]);
    }

    #[test]
    fn an_ipv6_address_counts_for_its_household_and_its_site() {
        let expected = [("2001:db8:1:23f::/64", 1), ("2001:db8:1:200::/56", 2), ("2001:db8:1::/48", 6)];
        assert_eq!(named("2001:db8:1:23f::4"), expected.map(|(network, times)| (network.to_owned(), times)));
    }
}
