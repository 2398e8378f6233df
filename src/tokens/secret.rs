//! The plain text of a token: how it is made, recognised without a database, hashed and hinted at.
//! It never prints itself.

use rand::{CryptoRng, RngExt, distr::Alphanumeric};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What every secret starts with, so that people and scanners recognise one.
pub const PREFIX: &str = "lk_";
/// Random characters: 40 of 62 carry 238 bits, so a fast hash is enough to store it.
const RANDOM: usize = 40;
const CHECKSUM: usize = 6;
/// Length of a whole secret in characters.
pub const LENGTH: usize = PREFIX.len() + RANDOM + CHECKSUM;
/// Length of the part that lists, mails and logs may show.
pub const HINT: usize = 7;

/// The plain text of a token. It exists between the moment it is made and the answer that shows it,
/// and between a request's header and its hash; it is wiped from memory afterwards.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a new secret: `lk_`, 40 random base-62 characters, and 6 of CRC-32 (the scheme GitHub and npm use).
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str(PREFIX);
        text.extend(rng.sample_iter(Alphanumeric).take(RANDOM).map(char::from));
        let sum = checksum(text.as_bytes());
        text.extend(sum.map(char::from));
        Self(text)
    }

    /// Reads a presented secret. `None` for a wrong prefix, length, alphabet or checksum: such a text was never issued,
    /// and the database need not be asked.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == LENGTH
            && text.starts_with(PREFIX)
            && bytes[PREFIX.len()..].iter().all(u8::is_ascii_alphanumeric)
            && checksum(&bytes[..LENGTH - CHECKSUM]) == bytes[LENGTH - CHECKSUM..];
        shaped.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The plain text, for the one answer that shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// The first characters, by which people tell their tokens apart.
    pub fn hint(&self) -> &str {
        &self.0[..HINT]
    }
}

/// Whether a text that is about to be kept has a secret somewhere in it, or so much of one that the rest can be computed.
pub fn is_in(text: &str) -> bool {
    find(text).is_some()
}

/// What the database knows each secret in a text by. Where less than a whole one is there, but so much that the rest can
/// be computed, it is that of the whole.
pub fn hashes_in(text: &str) -> Vec<SecretHash> {
    let (mut rest, mut found) = (text, Vec::new());
    while let Some(at) = find(rest) {
        let random = &rest[at..at + LENGTH - CHECKSUM];
        let sum = checksum(random.as_bytes()).map(char::from);
        let whole = Zeroizing::new(random.chars().chain(sum).collect::<String>());
        found.push(SecretHash::of(&whole));
        rest = &rest[at + PREFIX.len()..];
    }
    found
}

/// A text with every secret in it cut to its hint; none if there is none in it.
pub fn cut(text: &str) -> Option<String> {
    let (mut rest, mut cut) = (text, String::new());
    while let Some(at) = find(rest) {
        let (before, secret) = rest.split_at(at);
        cut.push_str(before);
        cut.push_str(&secret[..HINT]);
        let end = secret[PREFIX.len()..].find(|c: char| !c.is_ascii_alphanumeric());
        rest = end.map_or("", |end| &secret[PREFIX.len() + end..]);
    }
    (!cut.is_empty()).then(|| cut + rest)
}

/// Where a text has the prefix and the random characters of a secret; the checksum follows from them.
fn find(text: &str) -> Option<usize> {
    let random = |at: usize| text.as_bytes().get(at + PREFIX.len()..at + PREFIX.len() + RANDOM);
    let is_secret = |at: usize| random(at).is_some_and(|random| random.iter().all(u8::is_ascii_alphanumeric));
    text.match_indices(PREFIX).map(|(at, _)| at).find(|at| is_secret(*at))
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a whole secret. It can only be compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    pub(super) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Reads one that another system made.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// CRC-32/IEEE in base 62, digits `0-9A-Za-z`, most significant first, padded to six.
fn checksum(text: &[u8]) -> [u8; CHECKSUM] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(text);
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn secret(seed: u64) -> String {
        Secret::generate(&mut StdRng::seed_from_u64(seed)).reveal().to_owned()
    }

    #[test]
    fn the_checksum_is_crc32_in_base_62() {
        // CRC-32/IEEE of "123456789" is 0xCBF43926 = 3421780262.
        assert_eq!(&checksum(b"123456789"), b"3jZRME");
    }

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::generate(&mut StdRng::seed_from_u64(1));
        let printed = format!("{secret:?} {:?}", secret.hash());
        assert_eq!(printed, "Secret(…) SecretHash(…)");
    }

    #[test]
    fn a_secret_is_found_inside_a_text() {
        assert!(is_in(&format!("lk_ my key: {}é", secret(3))));
        assert!(!is_in("the key lk_Ab3d of the build machine, lk_"));
    }

    #[test]
    fn a_secret_without_its_checksum_is_found_and_cut() {
        let (one, two) = (secret(4), secret(5));
        for end in LENGTH - CHECKSUM..=LENGTH {
            let text = format!("é {}, lk_ and {two}.", &one[..end]);
            assert!(is_in(&text));
            assert_eq!(cut(&text).unwrap(), format!("é {}, lk_ and {}.", &one[..HINT], &two[..HINT]));
        }
        assert_eq!(cut(&one[..LENGTH - CHECKSUM - 1]), None);
    }

    #[test]
    fn the_hash_of_a_secret_in_a_text_is_that_of_the_whole() {
        let (one, two) = (secret(6), secret(7));
        let expected = [Secret::parse(&one).unwrap().hash(), Secret::parse(&two).unwrap().hash()];
        let text = format!("\u{e9} {one}, lk_ and {}.", &two[..LENGTH - CHECKSUM]);
        assert_eq!(hashes_in(&text), expected);
        assert!(hashes_in("lk_Ab3d").is_empty());
    }

    #[test]
    fn a_text_of_another_shape_is_no_secret() {
        let good = secret(2);
        for bad in [
            "",
            "lk_",
            &good[..48],
            &format!("{good}0"),
            &good.replacen("lk_", "LK_", 1),
            &format!(" {good}"),
            &format!("{good}\n"),
        ] {
            assert!(Secret::parse(bad).is_none(), "{bad:?}");
        }
        assert!(Secret::parse(&"é".repeat(24)).is_none());
    }

    proptest! {
        #[test]
        fn every_secret_made_is_recognised(seed: u64) {
            let text = secret(seed);
            prop_assert_eq!(text.len(), LENGTH);
            let parsed = Secret::parse(&text).unwrap();
            prop_assert_eq!(parsed.reveal(), &text);
            prop_assert_eq!(parsed.hint(), &text[..7]);
        }

        #[test]
        fn every_single_slip_of_the_finger_is_noticed(seed: u64, at in 0..LENGTH, with in "[0-9A-Za-z_]") {
            let mut text = secret(seed);
            prop_assume!(text[at..=at] != with);
            text.replace_range(at..=at, &with);
            prop_assert!(Secret::parse(&text).is_none());
        }

        #[test]
        fn two_swapped_neighbours_are_noticed(seed: u64, at in 0..LENGTH - 1) {
            let mut bytes = secret(seed).into_bytes();
            prop_assume!(bytes[at] != bytes[at + 1]);
            bytes.swap(at, at + 1);
            prop_assert!(Secret::parse(&String::from_utf8(bytes).unwrap()).is_none());
        }
    }
}
