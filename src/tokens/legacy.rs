//! Keys of an older system that go on working here: their shapes, what they become, and when an idle one retires.

use chrono::{DateTime, Duration, Utc};
use rand::{Rng, RngExt};
use strum::{EnumCount, EnumString, IntoStaticStr};
use zeroize::Zeroizing;

use super::{
    AccountId, Kind, Permission, Permissions, Secret, SecretHash, Token, TokenId, TokenKind, TokenSettings, Verb,
    expiry::whole_second,
    secret::{HINT, PREFIX},
};

/// A key that pushed nothing for so long retires (nuget.org's rule). One that never pushed counts from its creation.
pub const IDLE: Duration = Duration::days(365);
/// None retires sooner after its import than this.
const SETTLING: Duration = Duration::days(30);
/// The days ahead among which [`Policy::Spread`] chooses (nuget.org's first announcement).
const SPREAD: (i64, i64) = (90, 110);
const DAY: i64 = 24 * 60 * 60;
/// Lengths of a key that is no GUID, in characters.
const TEXT: std::ops::RangeInclusive<usize> = 32..=128;

/// Length of a GUID in characters.
const GUID: usize = 36;

/// What an imported last push says it was done with.
pub const OLDER_SYSTEM: &str = "an older system";

/// What a legacy key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Shape {
    /// 8-4-4-4-12 hexadecimal digits. Case does not matter: systems that made such keys read them as numbers.
    Guid,
    /// 32 to 128 of `[A-Za-z0-9_-]`, compared as they stand.
    Text,
}

words!(Shape);

impl Shape {
    /// Both.
    pub const ALL: [Self; Self::COUNT] = [Self::Guid, Self::Text];
}

/// The plain text of a legacy key. It never prints itself.
pub struct LegacyKey {
    text: Zeroizing<String>,
    shape: Shape,
}

impl LegacyKey {
    /// Reads a key; `None` if it has neither shape. What begins like a key of ours is never a legacy one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with(PREFIX) {
            None
        } else if is_guid(text) {
            Some(Self { text: Zeroizing::new(text.to_ascii_lowercase()), shape: Shape::Guid })
        } else {
            let shaped = TEXT.contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            shaped.then(|| Self { text: Zeroizing::new(text.to_owned()), shape: Shape::Text })
        }
    }

    /// Its shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What is stored and looked up: SHA-256 of the key, of a GUID in lower case.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.text)
    }

    /// The first characters.
    pub fn hint(&self) -> &str {
        &self.text[..HINT]
    }
}

impl std::fmt::Debug for LegacyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LegacyKey({:?}, …)", self.shape)
    }
}

/// What the database would know every possible key in a text by, if it is of one of these shapes.
pub fn possible_keys(text: &str, shapes: &[Shape]) -> Vec<SecretHash> {
    if shapes.is_empty() {
        return Vec::new();
    }
    candidates(text).iter().filter(|key| shapes.contains(&key.shape())).map(LegacyKey::hash).collect()
}

/// Whether a text holds something that looks like a key of one of these shapes, without asking the database: for the log
/// and what is kept of clients. Keys are random, so what has no digit is a word.
pub fn looks_like_key(text: &str, shapes: &[Shape]) -> bool {
    let looks = |key: &LegacyKey| shapes.contains(&key.shape()) && key.text.bytes().any(|b| b.is_ascii_digit());
    !shapes.is_empty() && candidates(text).iter().any(looks)
}

/// Everything in a text that may be such a key: its words, what stands before and behind each hyphen and underscore in
/// them, and GUIDs.
fn candidates(text: &str) -> Vec<LegacyKey> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let words = text.split(|letter| !is_letter(letter)).filter(|word| word.len() >= *TEXT.start());
    words.flat_map(parts).filter_map(LegacyKey::parse).collect()
}

/// Parts of one word that may be a key. The word is ASCII.
fn parts(word: &str) -> Vec<&str> {
    let separators = word.match_indices(['-', '_']);
    let sides = separators.flat_map(|(at, _)| [&word[..at], &word[at + 1..]]);
    let pieces = word.split(['-', '_']);
    let guids = (0..word.len()).filter_map(|at| word.get(at..at + GUID)).filter(|text| is_guid(text));
    let mut parts: Vec<&str> =
        [word].into_iter().chain(sides).chain(pieces).chain(guids).filter(|part| TEXT.contains(&part.len())).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// What the database knows of a key by, one of ours or an older system's; `None` if it has the shape of neither.
pub fn hash_of(key: &str) -> Option<SecretHash> {
    Secret::parse(key).map(|secret| secret.hash()).or_else(|| LegacyKey::parse(key).map(|key| key.hash()))
}

/// Whether a text is a GUID, as older systems made their keys of.
pub fn is_guid(text: &str) -> bool {
    let groups = [8, 4, 4, 4, 12];
    text.split('-').map(str::len).eq(groups) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// How imported keys come to an end. Without a policy they have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
pub enum Policy {
    /// Each retires when it has pushed nothing for 365 days, at the earliest 30 days after its import.
    #[strum(serialize = "idle-365")]
    Idle,
    /// Each gets an expiry of its own, once, 90 to 110 days ahead, so that not all end on one day.
    #[strum(serialize = "spread-90-110")]
    Spread,
}

words!(Policy);

/// A key as an import names it.
#[derive(Clone, Debug)]
pub struct ImportedKey {
    /// Whose it is.
    pub account: AccountId,
    /// What it is called in lists.
    pub name: String,
    /// What is stored of it.
    pub hash: SecretHash,
    /// Its shape.
    pub shape: Shape,
    /// Its first characters; none where only the hash is known.
    pub hint: Option<String>,
    /// When the older system made it.
    pub created_at: DateTime<Utc>,
    /// When it last pushed there.
    pub last_push: Option<DateTime<Utc>>,
}

impl ImportedKey {
    /// The token it becomes when it is imported `now`.
    pub fn to_token(&self, policy: Option<Policy>, id: TokenId, now: DateTime<Utc>, rng: &mut impl Rng) -> Token {
        let now = whole_second(now);
        let settings = TokenSettings {
            expires_at: (policy == Some(Policy::Spread)).then(|| spread(now, rng)),
            ..TokenSettings::for_everything(self.name.as_str(), permissions())
        };
        Token {
            hint: self.hint.clone(),
            issued_at: Some(self.created_at),
            retires_at: (policy == Some(Policy::Idle))
                .then(|| retires_at(self.last_push.unwrap_or(self.created_at), now)),
            ..Token::unissued(id, self.account, TokenKind::Legacy, settings, self.created_at)
        }
    }
}

/// What every legacy key may do: all there was in the older system, and nothing that hosts learn later.
fn permissions() -> Permissions {
    let verbs = [Verb::Pull, Verb::Push, Verb::PushVersion, Verb::Delete];
    verbs.map(|verb| Permission::of(Kind::NuGet, verb)).into_iter().collect()
}

/// When an idle key retires: 365 days after its last push, or after its creation if it never pushed, but not before 30
/// days after its import.
pub fn retires_at(last_push_or_creation: DateTime<Utc>, imported_at: DateTime<Utc>) -> DateTime<Utc> {
    (imported_at + SETTLING).max(last_push_or_creation + IDLE)
}

/// A token of which no push is known: it does not retire before a year from its creation. Versions before December 2026
/// gave such keys 30 days after their import.
pub fn never_pushed(token: Token) -> Token {
    let later = token.created_at + IDLE;
    Token { retires_at: token.retires_at.map(|retires| retires.max(later)), ..token }
}

/// The token after a push with it: its retirement, if it has one ahead, is put off.
pub fn pushed(token: Token, now: DateTime<Utc>) -> Token {
    let later = whole_second(now) + IDLE;
    Token { retires_at: token.retires_at.map(|retires| retires.max(later)), ..token }
}

fn spread(now: DateTime<Utc>, rng: &mut impl Rng) -> DateTime<Utc> {
    now + Duration::seconds(rng.random_range(SPREAD.0 * DAY..=SPREAD.1 * DAY))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::tokens::{State, state::state};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn a_key(last_push: Option<DateTime<Utc>>) -> ImportedKey {
        let key = LegacyKey::parse("5f1d2c3b-0000-4000-8000-00805f9b34fb").unwrap();
        ImportedKey {
            account: AccountId::generate(at("2026-11-23T09:00:00Z"), &mut StdRng::seed_from_u64(1)),
            name: "Legacy key".to_owned(),
            hash: key.hash(),
            shape: key.shape(),
            hint: Some(key.hint().to_owned()),
            created_at: at("2016-05-01T00:00:00Z"),
            last_push,
        }
    }

    fn token(policy: Option<Policy>, last_push: Option<&str>, now: DateTime<Utc>, seed: u64) -> Token {
        let rng = &mut StdRng::seed_from_u64(seed);
        let id = TokenId::generate(now, rng);
        a_key(last_push.map(at)).to_token(policy, id, now, rng)
    }

    #[test]
    fn a_guid_is_the_same_key_in_any_case() {
        let lower = LegacyKey::parse("5f1d2c3b-0000-4000-8000-00805f9b34fb").unwrap();
        let upper = LegacyKey::parse("5F1D2C3B-0000-4000-8000-00805F9B34FB").unwrap();
        assert_eq!((lower.hash(), lower.shape()), (upper.hash(), Shape::Guid));
        assert_eq!(upper.hint(), "5f1d2c3");
    }

    #[test]
    fn a_text_is_another_key_in_another_case() {
        let (lower, upper) = ("a".repeat(32), "A".repeat(32));
        let hash = |text: &str| LegacyKey::parse(text).unwrap().hash();
        assert_ne!(hash(&lower), hash(&upper));
        assert_eq!(LegacyKey::parse(&lower).unwrap().shape(), Shape::Text);
    }

    #[test]
    fn other_shapes_are_no_legacy_keys() {
        let ours = Secret::generate(&mut StdRng::seed_from_u64(7));
        for bad in [
            "",
            &"a".repeat(31),
            &"a".repeat(129),
            "{5f1d2c3b-0000-4000-8000-00805f9b34fb}",
            "5f1d2c3b 0000 4000 8000 00805f9b34fb aa",
            &format!("{}é", "a".repeat(32)),
            &format!("{}\n", "a".repeat(32)),
            ours.reveal(),
            &format!("lk_{}", "a".repeat(60)),
        ] {
            assert!(LegacyKey::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_key_never_prints_itself() {
        let key = LegacyKey::parse("5f1d2c3b-0000-4000-8000-00805f9b34fb").unwrap();
        assert_eq!(format!("{key:?}"), "LegacyKey(Guid, …)");
    }

    #[test]
    fn an_idle_key_retires_a_year_after_its_push_or_a_month_after_its_import() {
        let now = at("2026-11-23T09:00:00Z");
        for (last_push, retires) in [
            (None, "2026-12-23T09:00:00Z"), // it was made in 2016
            (Some("2019-01-01T00:00:00Z"), "2026-12-23T09:00:00Z"),
            (Some("2025-12-23T08:59:59Z"), "2026-12-23T09:00:00Z"),
            (Some("2025-12-23T09:00:01Z"), "2026-12-23T09:00:01Z"),
            (Some("2026-11-20T12:00:00Z"), "2027-11-20T12:00:00Z"),
        ] {
            let token = token(Some(Policy::Idle), last_push, now, 1);
            assert_eq!((token.retires_at, token.end()), (Some(at(retires)), Some(at(retires))), "{last_push:?}");
            assert_eq!(token.warn_from(), Some(at(retires) - Duration::days(10)));
        }
    }

    #[test]
    fn an_idle_key_that_never_pushed_retires_a_year_after_its_creation() {
        let now = at("2026-11-23T09:00:00Z");
        let rng = &mut StdRng::seed_from_u64(1);
        for (created, retires) in [
            ("2026-11-22T12:00:00Z", "2027-11-22T12:00:00Z"),
            ("2025-12-23T09:00:01Z", "2026-12-23T09:00:01Z"),
            ("2025-12-23T08:59:59Z", "2026-12-23T09:00:00Z"),
        ] {
            let key = ImportedKey { created_at: at(created), ..a_key(None) };
            let token = key.to_token(Some(Policy::Idle), TokenId::generate(now, rng), now, rng);
            assert_eq!(token.retires_at, Some(at(retires)), "{created}");
            let too_soon = Token { retires_at: Some(now + SETTLING), ..token };
            assert_eq!(never_pushed(too_soon).retires_at, Some(at(retires)), "{created}");
        }
    }

    #[test]
    fn the_state_follows_from_the_date() {
        let now = at("2026-11-23T09:00:00Z");
        let token = token(Some(Policy::Idle), None, now, 1);
        let end = token.end().unwrap();
        for (then, expected) in [
            (now, State::Active),
            (end - Duration::days(10), State::ExpiresSoon),
            (end - Duration::seconds(1), State::ExpiresSoon),
            (end, State::Retired),
        ] {
            assert_eq!(state(&token, then), expected, "{then}");
        }
    }

    #[test]
    fn a_push_puts_the_retirement_off_and_gives_none_to_a_key_without() {
        let now = at("2026-11-23T09:00:00Z");
        let idle = pushed(token(Some(Policy::Idle), None, now, 1), now + Duration::days(5));
        assert_eq!(idle.retires_at, Some(now + Duration::days(370)));
        assert_eq!(state(&idle, now + Duration::days(31)), State::Active);
        assert_eq!(pushed(token(None, None, now, 1), now).retires_at, None);
    }

    #[test]
    fn without_a_policy_a_key_has_no_end() {
        let token = token(None, None, at("2026-11-23T09:00:00Z"), 1);
        assert_eq!((token.end(), token.warn_from()), (None, None));
        assert!(!token.can_be_refreshed() && token.can_be_deleted());
    }

    #[test]
    fn a_key_is_found_wherever_it_stands_in_a_text() {
        let (guid, text) = ("5f1d2c3b-0000-4000-8000-00805f9b34fb", "oy2abcdefghijklmnopqrstuvwxyz234567abcdefghijk");
        for (key, within) in [
            (guid, guid.to_owned()),
            (guid, guid.to_uppercase()),
            (guid, format!("key={{{guid}}}.")),
            (guid, format!("old-{guid}_x")),
            (guid, format!("a{guid}b")),
            (text, format!("the key ({text})")),
            (text, format!("content/nuget-{text}.txt")),
            (text, format!("{text}_old")),
        ] {
            let hash = LegacyKey::parse(key).unwrap().hash();
            assert!(possible_keys(&within, &Shape::ALL).contains(&hash), "{within}");
            assert!(possible_keys(&within, &[]).is_empty(), "there are no such keys");
        }
        assert!(possible_keys(guid, &[Shape::Text]).is_empty());
        assert!(candidates("a text of short words, lk_Ab3d and 0123456789abcdef").is_empty());
    }

    proptest! {
        #[test]
        fn spread_keys_end_between_90_and_110_days_ahead(seed: u64) {
            let now = at("2026-11-23T09:00:00Z");
            let token = token(Some(Policy::Spread), None, now, seed);
            let end = token.settings.expires_at.unwrap();
            prop_assert!((now + Duration::days(90)..=now + Duration::days(110)).contains(&end));
            prop_assert_eq!(token.warn_from(), Some(end - Duration::days(10)));
            prop_assert_eq!(token.retires_at, None);
        }

        #[test]
        fn nothing_reads_as_a_key_of_both_systems(text in "(lk_)?[A-Za-z0-9_-]{0,130}") {
            let ours = Secret::parse(&text).is_some();
            prop_assert!(!(ours && LegacyKey::parse(&text).is_some()));
        }
    }
}
