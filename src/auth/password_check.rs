//! Trying a password, at the form or by a package client: the same limits, the same line and the same work, whether there
//! is such an account or not.

use chrono::{DateTime, Duration, Utc};
use thiserror::Error;

use super::{
    password_hasher::{Busy, HashPermit, PasswordHasher},
    rate_limiter::{RateLimiter, TakenLimits},
    sign_in_attempt::{SignInAttempt, SignInDecision},
};
use crate::{
    accounts::{Account, password::Verdict},
    audit::{Actor, EventDetail, EventKind, Subject},
    store::{Result as Stored, Store, StoreError},
};

/// What a password is tried with.
#[derive(Clone, Copy, Debug)]
pub struct PasswordCheck<'c> {
    /// Where accounts are.
    pub store: &'c Store,
    /// How often passwords may be guessed.
    pub limits: &'c RateLimiter,
    /// Where the checking waits its turn.
    pub passwords: &'c PasswordHasher,
    /// When.
    pub now: DateTime<Utc>,
}

/// What came of it.
#[derive(Debug)]
pub enum Checked {
    /// It is the password of this account, which is enabled; what the guess took is to be given back.
    Right(Box<Account>, TakenLimits),
    /// It is not, or there is no such account, or it is disabled.
    Wrong,
    /// It was not tried: there were too many guesses, and there may be more after so long. Nothing is left behind.
    Wait(Duration),
}

/// Why it could not be tried.
#[derive(Debug, Error)]
pub enum NotChecked {
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many wait.
    #[error(transparent)]
    Busy(#[from] Busy),
}

impl PasswordCheck<'_> {
    /// Tries a password for the account that was found by the typed name, if any was. A failure is written down as `by`'s.
    ///
    /// # Errors
    /// The database, or too many who wait to be checked.
    pub async fn check(
        &self,
        attempt: &SignInAttempt,
        account: Option<Account>,
        password: &str,
        by: &Actor,
    ) -> Result<Checked, NotChecked> {
        let Self { store, limits, now, .. } = *self;
        let line = match attempt.line(limits, store, now).await? {
            Ok(line) => line,
            Err(too_often) => return Ok(Checked::Wait(too_often)),
        };
        let place = self.passwords.in_line(line).enter()?;
        let chance = attempt.count(limits, store, line, now).await?;
        if let SignInDecision::Wait(too_often) = chance {
            return Ok(Checked::Wait(too_often));
        }
        let known = account.as_ref().map(|account| account.id);
        match (self.verified(&place, account, password).await?, chance) {
            (Some(account), SignInDecision::Granted(taken)) => Ok(Checked::Right(Box::new(account), taken)),
            _ => {
                if known.is_none() {
                    // Not what was typed: it may be a password.
                    tracing::warn!("sign-in failed: there is no such account");
                }
                self.note_failure(attempt, known.map(Subject::account), by).await?;
                Ok(Checked::Wrong)
            }
        }
    }

    /// The account, if it is enabled and this is its password.
    async fn verified(
        &self,
        place: &HashPermit,
        account: Option<Account>,
        password: &str,
    ) -> Result<Option<Account>, NotChecked> {
        let stored = account
            .as_ref()
            .filter(|account| account.disabled_at.is_none())
            .and_then(|account| account.password_hash.as_deref());
        let verdict = place.verify(password, stored).await?;
        if let (Some(account), Some(stored), Verdict::RightButWeaklyStored) = (&account, stored, verdict) {
            let hash = place.hash(password).await?;
            let mut tx = self.store.begin().await?;
            tx.raise_password(account.id, stored, &hash).await?;
            tx.commit().await?;
        }
        Ok(account.filter(|_| verdict != Verdict::Wrong))
    }

    /// Writes a failure down. One transaction, whether there is such an account or not, so that the time does not tell.
    async fn note_failure(&self, attempt: &SignInAttempt, subject: Option<Subject<'_>>, by: &Actor) -> Stored<()> {
        let mut tx = self.store.begin().await?;
        if attempt.note_failure(self.limits, &mut tx, self.now).await? {
            if let Some(subject) = subject {
                tx.record(EventKind::SignInFailed, by, subject, EventDetail::Nothing, self.now).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}
