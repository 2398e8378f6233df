//! Usernames, e-mail addresses, feed names and time zones: which texts are accepted, and as what.

use chrono_tz::Tz;
use thiserror::Error;

use crate::tokens::{legacy, secret};

/// Why a text is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadIdentity {
    /// Not a username.
    #[error("Use 2 to 40 letters, digits, dots, dashes or underscores, beginning and ending with a letter or digit.")]
    Username,
    /// Not an address we can write to.
    #[error("Write one address such as ada@example.com.")]
    Email,
    /// Not a feed name.
    #[error(
        "A feed name has 2 to 40 lower-case letters and digits, with single dots, dashes or underscores between them."
    )]
    FeedName,
    /// What looks like a key, which would then stand on pages and in logs.
    #[error("This looks like a key. Choose another name, and never write a key where names are shown.")]
    Key,
    /// Not an IANA time zone.
    #[error("Choose a time zone from the list, such as Europe/Berlin.")]
    TimeZone,
}

/// Reads a username: 2 to 40 of `[A-Za-z0-9._-]`, a letter or digit at both ends.
pub fn username(text: &str) -> Result<String, BadIdentity> {
    let text = text.trim();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    let good = (2..=40).contains(&text.len())
        && text.bytes().all(allowed)
        && edge(text.bytes().next())
        && edge(text.bytes().last());
    match good {
        true if is_key(text) => Err(BadIdentity::Key),
        true => Ok(text.to_owned()),
        false => Err(BadIdentity::Username),
    }
}

/// Reads an e-mail address: one plain ASCII address, local part up to 64 characters, 254 in all, a domain with a dot.
/// Quoted local parts and address literals are refused; so is anything that could start another header.
pub fn email(text: &str) -> Result<String, BadIdentity> {
    let text = text.trim().trim_end_matches('.');
    let (local, domain) = text.rsplit_once('@').ok_or(BadIdentity::Email)?;
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
    let dotted = |part: &str, allowed: fn(u8) -> bool| {
        !part.is_empty() && part.split('.').all(|piece| !piece.is_empty() && piece.bytes().all(allowed))
    };
    let label = |piece: &str| piece.len() <= 63 && !piece.starts_with('-') && !piece.ends_with('-');
    let good = text.len() <= 254
        && (1..=64).contains(&local.len())
        && !local.starts_with('-')
        && local.split('.').all(|piece| !piece.is_empty() && piece.bytes().all(atom))
        && dotted(domain, |b| b.is_ascii_alphanumeric() || b == b'-')
        && domain.contains('.')
        && domain.split('.').all(label);
    // An address may hold a GUID, but no key of ours.
    if good && !secret::is_in(text) { Ok(text.to_owned()) } else { Err(BadIdentity::Email) }
}

/// Reads a feed name: `[a-z0-9]+([._-][a-z0-9]+)*`, 2 to 40 characters, so that it can be the first part of a repository name.
pub fn feed_name(text: &str) -> Result<&str, BadIdentity> {
    let piece = |piece: &str| !piece.is_empty() && piece.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let good = (2..=40).contains(&text.len()) && text.split(['.', '_', '-']).all(piece);
    if good { Ok(text) } else { Err(BadIdentity::FeedName) }
}

/// Reads the name of a feed that is to be made: one that looks like no key.
pub fn new_feed_name(text: &str) -> Result<&str, BadIdentity> {
    feed_name(text).and_then(|name| if is_key(name) { Err(BadIdentity::Key) } else { Ok(name) })
}

fn is_key(name: &str) -> bool {
    secret::is_in(name) || legacy::is_guid(name)
}

/// Reads an IANA time zone name.
pub fn time_zone(text: &str) -> Result<Tz, BadIdentity> {
    text.trim().parse().map_err(|_| BadIdentity::TimeZone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_accepted_as_typed() {
        for good in ["ada@example.com", "a+tag@x.org", "o'brien@example.co.uk", "Ada@Example.COM"] {
            assert_eq!(email(good).as_deref(), Ok(good));
        }
        assert_eq!(email(" ada@example.com. ").as_deref(), Ok("ada@example.com"));
    }

    #[test]
    fn addresses_that_could_steer_a_mail_are_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "ada",
            "a@b@example.com",
            "Bob <b@example.com>",
            "a@example.com,b@example.com",
            "a@localhost",
            "a@[127.0.0.1]",
            "\"a b\"@example.com",
            "a\r\nBcc: x@example.com",
            "a\0@example.com",
            "mıke@example.com",
            "a@exämple.com",
            "a＠example.com",
            "-oQ@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@-x.com",
            &long,
        ] {
            assert_eq!(email(bad), Err(BadIdentity::Email), "{bad:?}");
        }
    }

    #[test]
    fn usernames_are_short_plain_words() {
        for good in ["ada", "a1", "Ada.Lovelace-2_x"] {
            assert_eq!(username(good).as_deref(), Ok(good));
        }
        for bad in ["", "a", "-ada", "ada.", "a b", "a@b", "ädä", &"a".repeat(41)] {
            assert_eq!(username(bad), Err(BadIdentity::Username), "{bad:?}");
        }
    }

    #[test]
    fn no_name_and_no_address_is_a_key() {
        let guid = "5f1d2c3b-0000-4000-8000-00805f9b34fb";
        assert_eq!(username(guid), Err(BadIdentity::Key));
        assert_eq!((new_feed_name(guid), feed_name(guid)), (Err(BadIdentity::Key), Ok(guid)));
        assert!(email(&format!("{guid}@example.com")).is_ok(), "directories make such addresses");
        let key = crate::tokens::Secret::generate(&mut crate::random::system()).reveal().to_owned();
        assert_eq!(email(&format!("{key}@example.com")), Err(BadIdentity::Email));
    }

    #[test]
    fn feed_names_fit_into_repository_names() {
        for good in ["main", "team-a", "a.b_c", "42"] {
            assert_eq!(feed_name(good), Ok(good));
        }
        for bad in ["a", "Main", "a--b", "-a", "a.", "a/b", ""] {
            assert_eq!(feed_name(bad), Err(BadIdentity::FeedName), "{bad:?}");
        }
    }
}
