//! Where the checking of passwords waits its turn, so that it never takes the whole machine, and so that those who are
//! known do not wait behind those who are not.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::{
    accounts::password::{Memory, Verdict, hash, verify},
    tokens::AccountId,
};

/// Checks that run at once. One costs some 35 ms of a core and 19 MiB.
const AT_ONCE: usize = 2;
/// One more for those who have a known device or a session: they wait for nobody else.
const KNOWN_AT_ONCE: usize = 1;
/// Checks that run or wait; more are turned away. Newcomers wait for some two seconds at most.
const NEWCOMERS_IN_LINE: usize = 130;
const GUESSERS_IN_LINE: usize = 32;
const KNOWN_IN_LINE: usize = 64;
/// The same of one account among the known.
const OF_ONE_ACCOUNT: usize = 8;
/// The same for what strangers ask for beside signing in. It is short, so that they take nobody's place.
const STRANGERS_IN_LINE: usize = 8;

/// Too many passwords are being checked. Try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Too many people are signing in at this moment. Try again in a few seconds.")]
pub struct Busy;

/// Where somebody waits for a password to be checked. Who waits in one line takes nobody's place in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashQueue {
    /// With a device that signed in to this account before, or with a session of it. A turn of their own is theirs.
    Known(AccountId),
    /// Sign-ins from where nobody guessed much lately, and whatever the host itself does.
    Newcomers,
    /// Sign-ins from where somebody guessed several times within minutes.
    Guessers,
    /// What strangers ask for beside signing in: sign-ups and links.
    Strangers,
}

/// Hashes and checks passwords on the blocking pool, a few at a time.
#[derive(Clone)]
pub struct PasswordHasher {
    line: HashQueue,
    shared: Arc<Shared>,
}

struct Shared {
    known: Arc<Semaphore>,
    newcomers: Arc<Semaphore>,
    guessers: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    /// How many wait among the known, by account.
    accounts: Mutex<HashMap<AccountId, usize>>,
    running: Arc<Semaphore>,
    running_known: Arc<Semaphore>,
    memories: Mutex<Vec<Memory>>,
}

/// A place in a line, until it is dropped.
pub struct HashPermit {
    line: HashQueue,
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        let of = |places| Arc::new(Semaphore::new(places));
        let shared = Shared {
            known: of(KNOWN_IN_LINE),
            newcomers: of(NEWCOMERS_IN_LINE),
            guessers: of(GUESSERS_IN_LINE),
            strangers: of(STRANGERS_IN_LINE),
            accounts: Mutex::default(),
            running: of(AT_ONCE),
            running_known: of(KNOWN_AT_ONCE),
            memories: Mutex::default(),
        };
        Self { line: HashQueue::Newcomers, shared: Arc::new(shared) }
    }
}

impl std::fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHasher")
    }
}

impl PasswordHasher {
    /// The same gate, with the line where strangers wait who sign up or follow a link.
    pub fn for_strangers(&self) -> Self {
        self.in_line(HashQueue::Strangers)
    }

    /// The same gate, with this line.
    pub fn in_line(&self, line: HashQueue) -> Self {
        Self { line, shared: Arc::clone(&self.shared) }
    }

    /// How many checks run or wait.
    pub fn waiting(&self) -> usize {
        let Shared { known, newcomers, guessers, strangers, .. } = &*self.shared;
        let lines = [
            (known, KNOWN_IN_LINE),
            (newcomers, NEWCOMERS_IN_LINE),
            (guessers, GUESSERS_IN_LINE),
            (strangers, STRANGERS_IN_LINE),
        ];
        lines.map(|(line, places)| places.saturating_sub(line.available_permits())).iter().sum()
    }

    /// Takes a place in the line.
    pub fn enter(&self) -> Result<HashPermit, Busy> {
        let Shared { known, newcomers, guessers, strangers, .. } = &*self.shared;
        let line = match self.line {
            HashQueue::Known(_) => known,
            HashQueue::Newcomers => newcomers,
            HashQueue::Guessers => guessers,
            HashQueue::Strangers => strangers,
        };
        let place = Arc::clone(line).try_acquire_owned().map_err(|_| Busy)?;
        if let HashQueue::Known(account) = self.line {
            self.shared.one_more_of(account)?;
        }
        Ok(HashPermit { line: self.line, shared: Arc::clone(&self.shared), _place: place })
    }

    /// Hashes a password for storage, with its own salt.
    pub async fn hash(&self, password: &str) -> Result<String, Busy> {
        self.enter()?.hash(password).await
    }

    /// Checks a password against a stored hash, or against none in the same time.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, Busy> {
        self.enter()?.verify(password, stored).await
    }
}

impl HashPermit {
    /// Hashes a password for storage, with its own salt, when it is its turn.
    pub async fn hash(&self, password: &str) -> Result<String, Busy> {
        let password = Zeroizing::new(password.to_owned());
        self.run(move |memory| hash(&password, memory)).await
    }

    /// Checks a password against a stored hash, or against none in the same time, when it is its turn.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, Busy> {
        let password = Zeroizing::new(password.to_owned());
        let stored = stored.map(ToOwned::to_owned);
        self.run(move |memory| verify(&password, stored.as_deref(), memory)).await
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Busy> {
        let turn = |of: &Arc<Semaphore>| Arc::clone(of).acquire_owned();
        let turn = match self.line {
            HashQueue::Known(_) => tokio::select! {
                turn = turn(&self.shared.running) => turn,
                turn = turn(&self.shared.running_known) => turn,
            },
            _ => turn(&self.shared.running).await,
        };
        turn.map_err(|_| Busy)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Memory) -> T + Send + 'static) -> Result<T, Busy> {
        let turn = self.turn().await?;
        let shared = Arc::clone(&self.shared);
        let work = move || {
            let _turn = turn;
            let mut memory = shared.memories().pop().unwrap_or_default();
            let done = work(&mut memory);
            let mut kept = shared.memories();
            if kept.len() < AT_ONCE {
                kept.push(memory);
            }
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        if let HashQueue::Known(account) = self.line {
            self.shared.one_less_of(account);
        }
    }
}

impl Shared {
    fn memories(&self) -> MutexGuard<'_, Vec<Memory>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one_more_of(&self, account: AccountId) -> Result<(), Busy> {
        let mut accounts = self.accounts();
        let waiting = accounts.entry(account).or_default();
        if *waiting >= OF_ONE_ACCOUNT {
            return Err(Busy);
        }
        *waiting += 1;
        Ok(())
    }

    fn one_less_of(&self, account: AccountId) {
        let mut accounts = self.accounts();
        if let Some(waiting) = accounts.get_mut(&account) {
            *waiting -= 1;
            if *waiting == 0 {
                accounts.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "plum orbit gravel whistle";

    #[tokio::test]
    async fn the_memory_of_a_check_is_kept_for_the_next() {
        let gate = PasswordHasher::default();
        for _ in 0..3 {
            gate.verify(GOOD, None).await.unwrap();
        }
        assert_eq!(gate.shared.memories().len(), 1);
    }

    fn account(number: u128) -> AccountId {
        AccountId::from(uuid::Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn more_than_a_line_of_checks_is_turned_away() {
        let gate = PasswordHasher::default();
        let _all: Vec<_> = (0..NEWCOMERS_IN_LINE).map(|_| gate.enter().unwrap()).collect();
        assert_eq!(gate.verify(GOOD, None).await, Err(Busy));
        for line in [HashQueue::Guessers, HashQueue::Strangers, HashQueue::Known(account(1))] {
            assert_eq!(gate.in_line(line).verify(GOOD, None).await, Ok(Verdict::Wrong), "{line:?}");
        }
    }

    #[tokio::test]
    async fn who_is_known_waits_for_no_stranger() {
        let gate = PasswordHasher::default();
        let _turns = Arc::clone(&gate.shared.running).acquire_many_owned(2).await.unwrap();
        let known = gate.in_line(HashQueue::Known(account(1)));
        assert_eq!(known.verify(GOOD, None).await, Ok(Verdict::Wrong));
    }

    #[test]
    fn one_account_does_not_take_every_place_of_the_known() {
        let gate = PasswordHasher::default();
        let one = gate.in_line(HashQueue::Known(account(1)));
        let places: Vec<_> = (0..OF_ONE_ACCOUNT).map(|_| one.enter().unwrap()).collect();
        assert!(one.enter().is_err());
        assert!(gate.in_line(HashQueue::Known(account(2))).enter().is_ok());
        drop(places);
        assert!(one.enter().is_ok());
        assert!(gate.shared.accounts().is_empty());
    }
}
