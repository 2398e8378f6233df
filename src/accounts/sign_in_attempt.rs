//! One guess at a password at the sign-in form: how often it may be made, and in which line it waits.

use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};

use super::{
    password_gate::Line,
    rate_limit::{Demand, RateLimitDecision},
    rate_limiter::{RateLimiter, Taken},
};
use crate::{
    store::{Change, Result, Store},
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
pub enum Chance {
    /// It is tried.
    Granted(Taken),
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
    ) -> Result<std::result::Result<Line, Duration>> {
        if self.device_may(limiter, store, now).await?
            && let Some(account) = self.known
        {
            return Ok(Ok(Line::Known(account)));
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
        Ok(Ok(if often { Line::Guessers } else { Line::Newcomers }))
    }

    async fn device_may(&self, limiter: &RateLimiter, store: &Store, now: DateTime<Utc>) -> Result<bool> {
        let Some(device) = &self.device else { return Ok(false) };
        Ok(limiter.ask(store, &[device], now).await? == [RateLimitDecision::Granted])
    }

    /// Counts the guess and says whether it may be tried. Counted first, so that guesses at the same time all count.
    pub async fn count(&self, limiter: &RateLimiter, store: &Store, line: Line, now: DateTime<Utc>) -> Result<Chance> {
        let mut change = store.begin().await?;
        let device = self.device.as_ref().filter(|_| matches!(line, Line::Known(_)));
        if let Some(device) = device
            && let Ok(taken) = limiter.take_all(&mut change, &[device], now).await?
        {
            change.commit().await?;
            return Ok(Chance::Granted(taken));
        }
        let (source, typed, account) = (&self.source, &self.typed, &self.account);
        Ok(match limiter.take_all(&mut change, &[source, typed, account], now).await? {
            Ok(taken) => {
                change.commit().await?;
                Chance::Granted(taken)
            }
            // The account's share is used up, or one of the others: the latter is told.
            Err(_) => match limiter.take_all(&mut change, &[source, typed], now).await? {
                Ok(_) => {
                    change.commit().await?;
                    Chance::Lost
                }
                Err(wait) => Chance::Wait(wait),
            },
        })
    }

    /// Takes the guess back after the right password: this source's guesses for the account are forgotten, and
    /// nobody's share is used up by people who know their password.
    pub async fn forget(&self, limiter: &RateLimiter, change: &mut Change, taken: &Taken) -> Result<()> {
        limiter.give_back(change, taken).await?;
        for demand in self.device.iter().chain([&self.typed, &self.account]) {
            limiter.free(change, demand).await?;
        }
        Ok(())
    }

    /// Whether this failure is written down: so many an hour of one account are. Whether there is an account or not, it
    /// is counted, and so costs the same.
    pub async fn note_failure(&self, limiter: &RateLimiter, change: &mut Change, now: DateTime<Utc>) -> Result<bool> {
        Ok(limiter.take(change, &self.noted, now).await? == RateLimitDecision::Granted)
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
        let mut change = store.begin().await?;
        limiter.free(&mut change, &self.0).await?;
        change.commit().await
    }
}
