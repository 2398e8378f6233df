//! Passwords: which are accepted, how they are stored (argon2id), and the gate that keeps checking them from taking
//! the whole machine.

use std::sync::{Arc, LazyLock};

use argon2::{
    Argon2, Params,
    password_hash::{
        PasswordHasher, PasswordVerifier,
        phc::{Ident, PasswordHash},
    },
};
use thiserror::Error;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Fewest characters (NIST SP 800-63B-4 for a password that is the only factor).
pub const MIN_CHARS: usize = 15;
/// Most characters; longer ones are refused, never cut.
pub const MAX_CHARS: usize = 256;
/// Checks that run at once. One costs some 35 ms of a core and 19 MiB.
const AT_ONCE: usize = 2;
/// Checks that run or wait; more are turned away.
const IN_LINE: usize = 34;
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

/// Too many passwords are being checked. Try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Too many people are signing in at this moment. Try again in a few seconds.")]
pub struct Busy;

/// Hashes and checks passwords on the blocking pool, a few at a time.
#[derive(Clone, Debug)]
pub struct PasswordGate {
    line: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Default for PasswordGate {
    fn default() -> Self {
        Self { line: Arc::new(Semaphore::new(IN_LINE)), running: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl PasswordGate {
    /// Hashes a password for storage, with its own salt.
    pub async fn hash(&self, password: &str) -> Result<String, Busy> {
        let password = Zeroizing::new(password.to_owned());
        self.run(move || hash(&password)).await
    }

    /// Checks a password against a stored hash, or against none in the same time.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, Busy> {
        let password = Zeroizing::new(password.to_owned());
        let stored = stored.map(ToOwned::to_owned);
        self.run(move || verify(&password, stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _place = Arc::clone(&self.line).try_acquire_owned().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

/// OWASP's first choice: argon2id with 19 MiB, two passes, one lane. The crate's default is the same.
fn argon2() -> Argon2<'static> {
    Argon2::default()
}

fn hash(password: &str) -> String {
    let hash: PasswordHash =
        argon2().hash_password(password.as_bytes()).expect("argon2 takes passwords of any length we accept");
    hash.to_string()
}

/// A hash of nothing in particular, checked for unknown accounts so that they take as long as known ones.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash("nobody has this password"));

fn verify(password: &str, stored: Option<&str>) -> Verdict {
    let Some(hash) = stored.and_then(|text| PasswordHash::new(text).ok()).filter(is_affordable) else {
        let nobodys = PasswordHash::new(&NOBODYS).expect("we made it");
        let _ = argon2().verify_password(password.as_bytes(), &nobodys);
        return Verdict::Wrong;
    };
    match argon2().verify_password(password.as_bytes(), &hash) {
        Err(_) => Verdict::Wrong,
        Ok(()) if is_weak(&hash) => Verdict::RightButWeaklyStored,
        Ok(()) => Verdict::Right,
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
    use super::*;

    const GOOD: &str = "plum orbit gravel whistle";

    #[tokio::test]
    async fn a_password_is_verified_exactly_as_typed() {
        let gate = PasswordGate::default();
        let stored = gate.hash(GOOD).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(gate.verify(GOOD, Some(&stored)).await, Ok(Verdict::Right));
        assert_eq!(gate.verify(&format!("{GOOD} "), Some(&stored)).await, Ok(Verdict::Wrong));
        assert_eq!(gate.verify(GOOD, None).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn long_passwords_count_to_the_last_character() {
        let gate = PasswordGate::default();
        let long = "é".repeat(255);
        let stored = gate.hash(&format!("{long}a")).await.unwrap();
        assert_eq!(gate.verify(&format!("{long}b"), Some(&stored)).await, Ok(Verdict::Wrong));
    }

    #[test]
    fn a_hash_of_weaker_parameters_is_to_be_stored_again() {
        let weak =
            Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, Params::new(8192, 1, 1, None).unwrap());
        let hash: PasswordHash = weak.hash_password(GOOD.as_bytes()).unwrap();
        assert_eq!(verify(GOOD, Some(&hash.to_string())), Verdict::RightButWeaklyStored);
    }

    #[test]
    fn a_damaged_or_greedy_hash_matches_nothing() {
        for stored in ["", "x", "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"] {
            assert_eq!(verify(GOOD, Some(stored)), Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn more_than_a_line_of_checks_is_turned_away() {
        let gate = PasswordGate::default();
        let _all = Arc::clone(&gate.line).acquire_many_owned(34).await.unwrap();
        assert_eq!(gate.verify(GOOD, None).await, Err(Busy));
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
