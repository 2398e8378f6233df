//! One guess at a password at the sign-in form: how often it may be made, and in which line it waits.

use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};

use super::{
    password_hasher::HashQueue,
    rate_limiter::{RateLimiter, TakenLimits},
};
use crate::{
    accounts::rate_limit::{Demand, RateLimitDecision},
    store::{Result, Store, Transaction},
    tokens::{AccountId, DeviceId},
};

/// A source that guessed so often within minutes waits behind those that did not.
const OFTEN: i64 = 5;

/// One guess.
#[derive(Clone, Debug)]
pub struct SignInAttempt {
    device: Option<Demand>,
    source: Demand,
    /// For the name as typed.
    typed: Demand,
    /// For the account behind it: it has one share, whether its username or its address is typed.
    account: Demand,
    noted: Demand,
    known: Option<AccountId>,
}

/// What becomes of a guess.
#[derive(Clone, Debug)]
pub enum SignInDecision {
    /// It is tried.
    Granted(TakenLimits),
    /// It is answered like a wrong one, whether it is or not: that there were too many for the account under its other
    /// name would tell that both names are of one account.
    Lost,
    /// Wait for so long.
    Wait(Duration),
}

impl SignInAttempt {
    /// A guess for a name, from an address. `account` is the one of that name, `device` one of that account's that the
    /// guess comes from. Work and rows are alike whether there is an account or not.
    pub fn new(name: &str, address: IpAddr, account: Option<AccountId>, device: Option<DeviceId>) -> Self {
        let name = name.to_ascii_lowercase();
        let whom = account.map_or_else(|| format!("nobody {name}"), |id| format!("account {id}"));
        Self {
            device: device.map(|id| Demand::guess_with("device", id)),
            source: Demand::guess_by(address),
            typed: Demand::guess_for(&format!("name {name}"), address),
            account: Demand::guess_for(&whom, address),
            noted: Demand::noted_failure(&whom),
            known: account,
        }
    }

    /// Where the guess waits to be tried, or how long it has to wait before; nothing is written. A known device is past
    /// all that strangers can use up, as long as it does not guess too often itself.
    pub async fn line(
        &self,
        limiter: &RateLimiter,
        store: &Store,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<HashQueue, Duration>> {
        if self.device_may(limiter, store, now).await?
            && let Some(account) = self.known
        {
            return Ok(Ok(HashQueue::Known(account)));
        }
        let asked = limiter.ask(store, &[&self.source, &self.typed], now).await?;
        let wait = asked.into_iter().find_map(|decision| match decision {
            RateLimitDecision::Wait(wait) => Some(wait),
            RateLimitDecision::Granted => None,
        });
        if let Some(wait) = wait {
            return Ok(Err(wait));
        }
        let often = limiter.used(store, &self.source, now).await? >= OFTEN;
        Ok(Ok(if often { HashQueue::Guessers } else { HashQueue::Newcomers }))
    }

    async fn device_may(&self, limiter: &RateLimiter, store: &Store, now: DateTime<Utc>) -> Result<bool> {
        let Some(device) = &self.device else { return Ok(false) };
        Ok(limiter.ask(store, &[device], now).await? == [RateLimitDecision::Granted])
    }

    /// Counts the guess and says whether it may be tried. Counted first, so that guesses at the same time all count.
    pub async fn count(
        &self,
        limiter: &RateLimiter,
        store: &Store,
        line: HashQueue,
        now: DateTime<Utc>,
    ) -> Result<SignInDecision> {
        let mut tx = store.begin().await?;
        let device = self.device.as_ref().filter(|_| matches!(line, HashQueue::Known(_)));
        if let Some(device) = device
            && let Ok(taken) = limiter.take_all(&mut tx, &[device], now).await?
        {
            tx.commit().await?;
            return Ok(SignInDecision::Granted(taken));
        }
        let (source, typed, account) = (&self.source, &self.typed, &self.account);
        Ok(match limiter.take_all(&mut tx, &[source, typed, account], now).await? {
            Ok(taken) => {
                tx.commit().await?;
                SignInDecision::Granted(taken)
            }
            // The account's share is used up, or one of the others: the latter is told.
            Err(_) => match limiter.take_all(&mut tx, &[source, typed], now).await? {
                Ok(_) => {
                    tx.commit().await?;
                    SignInDecision::Lost
                }
                Err(wait) => SignInDecision::Wait(wait),
            },
        })
    }

    /// Takes the guess back after the right password: this source's guesses for the account are forgotten, and
    /// nobody's share is used up by people who know their password.
    pub async fn forget(&self, limiter: &RateLimiter, tx: &mut Transaction, taken: &TakenLimits) -> Result<()> {
        limiter.give_back(tx, taken).await?;
        for demand in self.device.iter().chain([&self.typed, &self.account]) {
            limiter.free(tx, demand).await?;
        }
        Ok(())
    }

    /// Whether this failure is written down: so many an hour of one account are. Whether there is an account or not, it
    /// is counted, and so costs the same.
    pub async fn note_failure(&self, limiter: &RateLimiter, tx: &mut Transaction, now: DateTime<Utc>) -> Result<bool> {
        Ok(limiter.take(tx, &self.noted, now).await? == RateLimitDecision::Granted)
    }
}

/// A guess at the password of whoever is signed in already: only the session's own guesses count.
pub struct SessionAttempt(Demand);

impl SessionAttempt {
    /// A guess with a session, by its name or, for want of one, by its account.
    pub fn new(session: impl ToString) -> Self {
        Self(Demand::guess_with("session", session))
    }

    /// Counts it, or says how long to wait; then nothing is written.
    pub async fn count(&self, limiter: &RateLimiter, store: &Store, now: DateTime<Utc>) -> Result<RateLimitDecision> {
        limiter.take_now(store, &self.0, now).await
    }

    /// Forgets the wrong ones after the right password.
    pub async fn forget(&self, limiter: &RateLimiter, store: &Store) -> Result<()> {
        let mut tx = store.begin().await?;
        limiter.free(&mut tx, &self.0).await?;
        tx.commit().await
    }
}
