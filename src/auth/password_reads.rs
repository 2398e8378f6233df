//! Reading packages with a username and password, where the operator allows it: what clients were given before there were
//! tokens. A password reads and does nothing else, whatever its account may do besides; it is tried as at the sign-in form,
//! and no answer is kept: requests that wait for the same password to be checked share the next check.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use chrono::{DateTime, Duration, Utc};
use rand::Rng;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    Caller, Key, UsageRecorder,
    credential::UserPassword,
    password_check::{Checked, NotChecked, PasswordCheck},
    password_hasher::{Busy, PasswordHasher},
    rate_limiter::RateLimiter,
    sign_in_attempt::SignInAttempt,
};
use crate::{
    accounts::{
        Account,
        rate_limit::{Demand, RateLimitDecision},
    },
    audit::{Actor, EventDetail, EventKind, Subject},
    store::{Result as Stored, Store, StoreError},
    tokens::AccountId,
};

/// Whether passwords read here, and the checks under way.
#[derive(Debug)]
pub struct PasswordReads {
    is_on: bool,
    limits: RateLimiter,
    passwords: PasswordHasher,
    /// Keeps what stands for a password in memory from being compared with anything outside of this process.
    salt: [u8; 32],
    slots: Mutex<HashMap<[u8; 32], Weak<Slot>>>,
}

/// Who gave the right password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordReader {
    /// The account.
    pub account: AccountId,
    /// Its session epoch: another password begins another one.
    pub epoch: i64,
}

/// Why a key or a password was not looked up.
#[derive(Debug, Error)]
pub enum NotLookedUp {
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many passwords are being checked.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// There were too many guesses.
    #[error("There were too many attempts with a wrong password. Try again later, or send an access token.")]
    Wait(Duration),
}

impl From<NotChecked> for NotLookedUp {
    fn from(error: NotChecked) -> Self {
        match error {
            NotChecked::Store(error) => Self::Store(error),
            NotChecked::Busy(busy) => Self::Busy(busy),
        }
    }
}

/// The checks of one password from one address.
#[derive(Debug, Default)]
struct Slot {
    /// How many have begun.
    begun: AtomicU64,
    /// The number of the last one that ended, and what came of it.
    last: tokio::sync::Mutex<(u64, Outcome)>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Outcome {
    Right(PasswordReader),
    #[default]
    Wrong,
    Wait(Duration),
}

impl PasswordReads {
    /// `is_on` is the operator's word; the limits and the line are those of the sign-in form.
    pub fn new(is_on: bool, limits: RateLimiter, passwords: PasswordHasher) -> Self {
        let mut salt = [0; 32];
        crate::random::system().fill_bytes(&mut salt);
        Self { is_on, limits, passwords, salt, slots: Mutex::default() }
    }

    /// Whether passwords read here.
    pub fn are_on(&self) -> bool {
        self.is_on
    }

    /// Looks up who presents a key, or, where that is allowed, a username and password, with the account's part in `feed`.
    ///
    /// # Errors
    /// The database, or too many guesses.
    pub async fn look_up(
        &self,
        store: &Store,
        (key, feed): (Key, &str),
        recorder: UsageRecorder,
        now: DateTime<Utc>,
    ) -> Result<Caller, NotLookedUp> {
        match key.password.as_ref().filter(|_| self.is_on) {
            None => Ok(Caller::look_up(store, key, feed, recorder).await?),
            Some(password) => {
                let reader = self.check(store, password, &recorder, now).await?;
                Ok(self.caller(store, (reader, feed), recorder, now).await?)
            }
        }
    }

    /// Who has given their password, with their part in `feed` at this moment; nobody for none, and once the password was
    /// changed, the account disabled or the operator's word taken back.
    ///
    /// # Errors
    /// The database.
    pub async fn caller(
        &self,
        store: &Store,
        (reader, feed): (Option<PasswordReader>, &str),
        recorder: UsageRecorder,
        now: DateTime<Utc>,
    ) -> Stored<Caller> {
        let known = match reader.filter(|_| self.is_on) {
            Some(PasswordReader { account, epoch }) => store.lookup_account(account, epoch, feed, now).await?,
            None => None,
        };
        Ok(Caller::by_password(known, reader, recorder))
    }

    /// Whose password it is, if anybody's. Requests that come while a check is under way wait for the next one, because the
    /// password may have been changed after that one began; all that wait share it.
    async fn check(
        &self,
        store: &Store,
        password: &UserPassword,
        recorder: &UsageRecorder,
        now: DateTime<Utc>,
    ) -> Result<Option<PasswordReader>, NotLookedUp> {
        let slot = self.slot(password, recorder.address);
        let came_after = slot.begun.load(SeqCst);
        let mut last = slot.last.lock().await;
        if last.0 <= came_after {
            let number = slot.begun.fetch_add(1, SeqCst) + 1;
            let outcome = self.try_password(store, password, recorder, now).await?;
            *last = (number, outcome);
        }
        match last.1 {
            Outcome::Right(reader) => Ok(Some(reader)),
            Outcome::Wrong => Ok(None),
            Outcome::Wait(wait) => Err(NotLookedUp::Wait(wait)),
        }
    }

    fn slot(&self, password: &UserPassword, address: IpAddr) -> Arc<Slot> {
        let mut hash = Sha256::new_with_prefix(self.salt);
        for part in [address.to_string().as_bytes(), password.username.as_bytes(), password.password.as_bytes()] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| slot.strong_count() > 0);
        let place = slots.entry(hash.finalize().into()).or_default();
        place.upgrade().unwrap_or_else(|| {
            let slot = Arc::new(Slot::default());
            *place = Arc::downgrade(&slot);
            slot
        })
    }

    async fn try_password(
        &self,
        store: &Store,
        UserPassword { username, password }: &UserPassword,
        recorder: &UsageRecorder,
        now: DateTime<Utc>,
    ) -> Result<Outcome, NotLookedUp> {
        let name = username.trim();
        let account = if name.contains('\0') { None } else { store.account_named(name).await? };
        let id = account.as_ref().map(|account| account.id);
        let attempt = SignInAttempt::new(name, recorder.address, id, None);
        let by = recorder.stranger();
        let check = PasswordCheck { store, limits: &self.limits, passwords: &self.passwords, now };
        Ok(match check.check(&attempt, account, password, &by).await? {
            Checked::Wait(wait) => Outcome::Wait(wait),
            Checked::Wrong => Outcome::Wrong,
            Checked::Right(account, taken) => {
                let by = Actor { account: Some(account.id), ..by };
                let mut tx = store.begin().await?;
                attempt.forget(&self.limits, &mut tx, &taken).await?;
                let is_first = Demand::noted_password_read(account.id, recorder.address);
                if self.limits.take(&mut tx, &is_first, now).await? == RateLimitDecision::Granted {
                    let subject = Subject::account(account.id);
                    tx.record(EventKind::ReadWithPassword, &by, subject, EventDetail::Nothing, now).await?;
                }
                tx.commit().await?;
                if reads_by_password(&account) {
                    Outcome::Right(PasswordReader { account: account.id, epoch: account.session_epoch })
                } else {
                    Outcome::Wrong
                }
            }
        })
    }
}

/// Whether a password alone is enough to read an account's packages. An account with a second factor is to be refused here:
/// whoever has only its password must not get in. There are no second factors yet.
fn reads_by_password(account: &Account) -> bool {
    account.disabled_at.is_none()
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn the_same_password_from_the_same_address_waits_in_one_place_and_leaves_nothing() {
        let reads = PasswordReads::new(true, RateLimiter::new(Zeroizing::new([7; 64])), PasswordHasher::default());
        let of = |username: &str, password: &str| UserPassword::new(username, password);
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = reads.slot(&of("ada", "four quiet otters"), here);
        assert!(Arc::ptr_eq(&first, &reads.slot(&of("ada", "four quiet otters"), here)));
        for (other, address) in [
            (of("ada", "four quiet otters"), there),
            (of("ada", "four quiet otter"), here),
            (of("adafour", " quiet otters"), here),
            (of("bo", "four quiet otters"), here),
        ] {
            assert!(!Arc::ptr_eq(&first, &reads.slot(&other, address)));
        }
        drop(first);
        drop(reads.slot(&of("bo", "x"), here));
        assert_eq!(reads.slots.lock().unwrap().len(), 1);
    }
}
