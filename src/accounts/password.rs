//! Passwords: which are accepted, and how they are stored (argon2id).

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt},
};
use rand::Rng;
use subtle::ConstantTimeEq;
use thiserror::Error;

/// Fewest characters (NIST SP 800-63B-4 for a password that is the only factor).
pub const MIN_CHARS: usize = 15;
/// Most characters; longer ones are refused, never cut.
pub const MAX_CHARS: usize = 256;
/// No stored hash may ask for more memory than this, in KiB.
const MOST_MEMORY: u32 = 256 * 1024;
/// The strength meter looks at this many characters; more cannot make a password weaker.
const RATED_CHARS: usize = 72;

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadPassword {
    /// Under [`MIN_CHARS`].
    #[error("Use at least 15 characters. A few unrelated words are easy to remember.")]
    TooShort,
    /// Over [`MAX_CHARS`].
    #[error("Use at most 256 characters.")]
    TooLong,
    /// Contains NUL.
    #[error("Leave out the NUL character.")]
    Nul,
    /// Common, or made of this account's or product's words.
    #[error(
        "This password is easy to guess. Use a few unrelated words, without your name or the name of this service."
    )]
    Guessable,
    /// The same as before.
    #[error("Choose a password that differs from the present one.")]
    Unchanged,
}

/// Checks a new password. `own_words` are the username and address it must not be made of.
pub fn check_new(password: &str, own_words: &[&str]) -> Result<(), BadPassword> {
    match password.chars().count() {
        n if n < MIN_CHARS => return Err(BadPassword::TooShort),
        n if n > MAX_CHARS => return Err(BadPassword::TooLong),
        _ if password.contains('\0') => return Err(BadPassword::Nul),
        _ => {}
    }
    let parts = own_words.iter().flat_map(|word| word.split('@'));
    let words: Vec<&str> = own_words.iter().copied().chain(parts).chain(["latchkey"]).collect();
    let rated: String = password.chars().take(RATED_CHARS).collect();
    if zxcvbn::zxcvbn(&rated, &words).score() < zxcvbn::Score::Four { Err(BadPassword::Guessable) } else { Ok(()) }
}

/// What came of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Right,
    /// It is, and was stored under weaker parameters than today's: store it again.
    RightButWeaklyStored,
    /// It is not.
    Wrong,
}

/// The memory of one check. It is kept for the next one: given back to the allocator each time, the pieces would pile up
/// in the arenas of the blocking pool's threads, up to a gigabyte.
pub(crate) type Memory = Vec<Block>;

/// Hashes under OWASP's first choice: argon2id with 19 MiB, two passes, one lane. The crate's default is the same.
pub(crate) fn hash(password: &str, memory: &mut Memory) -> String {
    let mut salt = [0; 16];
    crate::random::system().fill_bytes(&mut salt);
    let params = Params::default();
    let output = compute(password, &salt, Algorithm::Argon2id, Version::V0x13, &params, memory);
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).expect("the default parameters fit into a PHC string"),
        salt: Some(Salt::new(&salt).expect("16 bytes are a salt")),
        hash: Some(output.expect("argon2 takes passwords of any length we accept")),
    };
    hash.to_string()
}

/// What a password and a salt come to; none for parameters that argon2 refuses.
fn compute(
    password: &str,
    salt: &[u8],
    algorithm: Algorithm,
    version: Version,
    params: &Params,
    memory: &mut Memory,
) -> Option<Output> {
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let argon2 = Argon2::new(algorithm, version, params.clone());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))?;
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut memory[..blocks]).ok()?;
    Output::new(output).ok()
}

/// A hash of nothing in particular, checked for unknown accounts so that they take as long as known ones.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash("nobody has this password", &mut Memory::new()));

pub(crate) fn verify(password: &str, stored: Option<&str>, memory: &mut Memory) -> Verdict {
    let Some(hash) = stored.and_then(|text| PasswordHash::new(text).ok()).filter(is_affordable) else {
        let nobodys = PasswordHash::new(&NOBODYS).expect("we made it");
        matches(password, &nobodys, memory);
        return Verdict::Wrong;
    };
    match matches(password, &hash, memory) {
        false => Verdict::Wrong,
        true if is_weak(&hash) => Verdict::RightButWeaklyStored,
        true => Verdict::Right,
    }
}

/// Whether a password has this hash, in constant time for hashes of one kind.
fn matches(password: &str, hash: &PasswordHash, memory: &mut Memory) -> bool {
    let computed = (|| {
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = Version::try_from(hash.version.unwrap_or(Version::V0x13.into())).ok()?;
        compute(password, hash.salt.as_ref()?, algorithm, version, &Params::try_from(hash).ok()?, memory)
    })();
    match (computed, &hash.hash) {
        (Some(computed), Some(stored)) => computed.as_bytes().ct_eq(stored.as_bytes()).into(),
        _ => false,
    }
}

fn is_affordable(hash: &PasswordHash) -> bool {
    Params::try_from(hash)
        .is_ok_and(|params| params.m_cost() <= MOST_MEMORY && params.t_cost() <= 16 && params.p_cost() <= 16)
}

fn is_weak(hash: &PasswordHash) -> bool {
    let today = Params::default();
    let other_algorithm = Some(hash.algorithm) != Ident::new("argon2id").ok();
    other_algorithm
        || Params::try_from(hash)
            .is_ok_and(|params| params.m_cost() < today.m_cost() || params.t_cost() < today.t_cost())
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    const GOOD: &str = "plum orbit gravel whistle";

    fn stored(password: &str) -> String {
        hash(password, &mut Memory::new())
    }

    fn verified(password: &str, stored: Option<&str>) -> Verdict {
        verify(password, stored, &mut Memory::new())
    }

    #[test]
    fn a_password_is_verified_exactly_as_typed() {
        let stored = stored(GOOD);
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(verified(GOOD, Some(&stored)), Verdict::Right);
        assert_eq!(verified(&format!("{GOOD} "), Some(&stored)), Verdict::Wrong);
        assert_eq!(verified(GOOD, None), Verdict::Wrong);
    }

    #[test]
    fn our_hashes_are_what_the_crate_itself_verifies() {
        let stored = stored(GOOD);
        let hash = PasswordHash::new(&stored).unwrap();
        assert!(Argon2::default().verify_password(GOOD.as_bytes(), &hash).is_ok());
        assert!(Argon2::default().verify_password(b"another one", &hash).is_err());
    }

    #[test]
    fn long_passwords_count_to_the_last_character() {
        let long = "é".repeat(255);
        let stored = stored(&format!("{long}a"));
        assert_eq!(verified(&format!("{long}b"), Some(&stored)), Verdict::Wrong);
    }

    #[test]
    fn a_hash_of_weaker_parameters_is_to_be_stored_again() {
        let weak =
            Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, Params::new(8192, 1, 1, None).unwrap());
        let hash: PasswordHash = weak.hash_password(GOOD.as_bytes()).unwrap();
        assert_eq!(verify(GOOD, Some(&hash.to_string()), &mut Memory::new()), Verdict::RightButWeaklyStored);
    }

    #[test]
    fn a_damaged_or_greedy_hash_matches_nothing() {
        for stored in ["", "x", "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"] {
            assert_eq!(verify(GOOD, Some(stored), &mut Memory::new()), Verdict::Wrong);
        }
    }

    #[test]
    fn common_and_own_words_are_refused() {
        let own = ["lovelace", "ada.lovelace@example.com"];
        for bad in [
            "passwordpassword",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaaaa",
            "lovelacelovelace",
            "ada.lovelace@example.com ada.lovelace@example.com",
            "latchkey-latchkey",
            "123456789012345678",
        ] {
            assert_eq!(check_new(bad, &own), Err(BadPassword::Guessable), "{bad}");
        }
        assert_eq!(check_new("fourteen chars", &own), Err(BadPassword::TooShort));
        assert_eq!(check_new(&"é".repeat(257), &own), Err(BadPassword::TooLong));
        assert_eq!(check_new("plum orbit \0 gravel", &own), Err(BadPassword::Nul));
        for good in [GOOD, "correct horse battery staple elephant", "🦊 fährt über den zugefrorenen See"] {
            assert_eq!(check_new(good, &own), Ok(()), "{good}");
        }
    }
}
