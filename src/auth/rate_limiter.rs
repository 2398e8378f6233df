//! Takes from rate limits, in the database.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    accounts::{
        CLOCK_DRIFT,
        rate_limit::{Demand, RateLimit, RateLimitDecision, Subject},
    },
    store::{Result, Store, Transaction},
};

impl Demand {
    fn limits(&self) -> impl Iterator<Item = &RateLimit> {
        self.own.iter().chain(&self.common).chain(&self.reserve)
    }

    /// The limits to take from now, or how long to wait.
    fn choose(&self, room: &Balance<'_>) -> std::result::Result<Vec<&RateLimit>, Duration> {
        if let Some(wait) = self.own.iter().filter_map(|limit| room.wait(limit)).max() {
            return Err(wait);
        }
        let shared = match (&self.common, &self.reserve) {
            (Some(common), Some(reserve)) if room.wait(common).is_some() => Some(reserve),
            (common, _) => common.as_ref(),
        };
        match shared.and_then(|limit| room.wait(limit)) {
            Some(wait) => Err(wait),
            None => Ok(self.own.iter().chain(shared).collect()),
        }
    }
}

/// What is left of some limits.
struct Balance<'a> {
    limiter: &'a RateLimiter,
    free_at: HashMap<String, i64>,
    now: DateTime<Utc>,
}

impl Balance<'_> {
    /// Until when a limit is not wholly free, in seconds from now. Nobody can use up more than all of it: a row that
    /// says so was written while a clock was ahead, and one more goes through, which dates the row anew.
    fn taken(&self, limit: &RateLimit) -> i64 {
        let free_at = self.free_at.get(&self.limiter.row(limit)).copied().unwrap_or(i64::MIN);
        let taken = free_at.saturating_sub(self.now.timestamp()).max(0);
        let all = limit.within.num_seconds();
        if taken > all + CLOCK_DRIFT.num_seconds() { all - limit.cost() } else { taken }
    }

    /// How long to wait for one more; none if there is one.
    fn wait(&self, limit: &RateLimit) -> Option<Duration> {
        let over = self.taken(limit) + limit.cost() - limit.within.num_seconds();
        (over > 0).then(|| Duration::seconds(over))
    }

    fn used(&self, limit: &RateLimit) -> i64 {
        (self.taken(limit) + limit.cost() - 1) / limit.cost()
    }
}

/// What was taken, to be given back perhaps.
#[derive(Clone, Debug, Default)]
pub struct TakenLimits(Vec<RateLimit>);

/// Takes from limits.
#[derive(Clone)]
pub struct RateLimiter {
    key: Zeroizing<[u8; 64]>,
}

impl std::fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RateLimiter")
    }
}

impl RateLimiter {
    /// With the key that hides what strangers type.
    pub fn new(key: Zeroizing<[u8; 64]>) -> Self {
        Self { key }
    }

    fn row(&self, limit: &RateLimit) -> String {
        match &limit.subject {
            Subject::Own(row) => format!("{} {row}", limit.kind),
            Subject::Folded(text) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes keys of any length");
                mac.update(limit.kind.as_bytes());
                mac.update(&[0]);
                mac.update(text.as_bytes());
                format!("{} {}", limit.kind, hex::encode(&mac.finalize().into_bytes()[..2]))
            }
        }
    }

    fn rows<'a>(&self, demands: impl IntoIterator<Item = &'a Demand>) -> Vec<String> {
        demands.into_iter().flat_map(Demand::limits).map(|limit| self.row(limit)).collect()
    }

    /// Whether each demand could be met now. Nothing is taken.
    pub(crate) async fn ask(
        &self,
        store: &Store,
        demands: &[&Demand],
        now: DateTime<Utc>,
    ) -> Result<Vec<RateLimitDecision>> {
        let free_at = store.rate_limits(&self.rows(demands.iter().copied())).await?;
        let room = Balance { limiter: self, free_at, now };
        Ok(demands.iter().map(|demand| RateLimitDecision::of(demand.choose(&room).err())).collect())
    }

    /// How much of a demand's own limits is used at most.
    pub(crate) async fn used(&self, store: &Store, demand: &Demand, now: DateTime<Utc>) -> Result<i64> {
        let free_at = store.rate_limits(&self.rows([demand])).await?;
        let room = Balance { limiter: self, free_at, now };
        Ok(demand.own.iter().map(|limit| room.used(limit)).max().unwrap_or(0))
    }

    /// Takes what a demand asks for, in a transaction of its own; nothing is written if there is not enough.
    pub async fn take_now(&self, store: &Store, demand: &Demand, now: DateTime<Utc>) -> Result<RateLimitDecision> {
        let asked = self.ask(store, &[demand], now).await?;
        if let [wait @ RateLimitDecision::Wait(_)] = asked[..] {
            return Ok(wait);
        }
        let mut tx = store.begin().await?;
        let decision = self.take(&mut tx, demand, now).await?;
        if decision == RateLimitDecision::Granted {
            tx.commit().await?;
        }
        Ok(decision)
    }

    /// Takes what a demand asks for, or nothing; the change may go on either way.
    pub async fn take(&self, tx: &mut Transaction, demand: &Demand, now: DateTime<Utc>) -> Result<RateLimitDecision> {
        Ok(match self.take_all(tx, &[demand], now).await? {
            Ok(_) => RateLimitDecision::Granted,
            Err(wait) => RateLimitDecision::Wait(wait),
        })
    }

    /// Takes what all demands ask for, or nothing from any.
    pub(crate) async fn take_all(
        &self,
        tx: &mut Transaction,
        demands: &[&Demand],
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<TakenLimits, Duration>> {
        let free_at = tx.rate_limits(&self.rows(demands.iter().copied())).await?;
        let room = Balance { limiter: self, free_at, now };
        let mut chosen = Vec::new();
        for demand in demands {
            match demand.choose(&room) {
                Ok(limits) => chosen.extend(limits.into_iter().cloned()),
                Err(wait) => return Ok(Err(wait)),
            }
        }
        // In one order everywhere, so that nobody waits for each other.
        chosen.sort_by_cached_key(|limit| self.row(limit));
        for (taken, limit) in chosen.iter().enumerate() {
            if !tx.take_from_limit(&self.row(limit), now, limit.cost(), limit.within).await? {
                // Somebody else took the last one since it was read.
                self.give_back(tx, &TakenLimits(chosen[..taken].to_vec())).await?;
                return Ok(Err(Duration::seconds(limit.cost())));
            }
        }
        Ok(Ok(TakenLimits(chosen)))
    }

    /// Gives back what was taken.
    pub async fn give_back(&self, tx: &mut Transaction, taken: &TakenLimits) -> Result<()> {
        for limit in &taken.0 {
            tx.give_back_to_limit(&self.row(limit), limit.cost()).await?;
        }
        Ok(())
    }

    /// Gives back what a demand took whose limits are all its own.
    pub async fn undo(&self, tx: &mut Transaction, demand: &Demand) -> Result<()> {
        self.give_back(tx, &TakenLimits(demand.own.clone())).await
    }

    /// Forgets all that was taken from a demand's own limits.
    pub(crate) async fn free(&self, tx: &mut Transaction, demand: &Demand) -> Result<()> {
        for limit in &demand.own {
            tx.free_limit(&self.row(limit)).await?;
        }
        Ok(())
    }
}

impl RateLimitDecision {
    fn of(wait: Option<Duration>) -> Self {
        wait.map_or(Self::Granted, Self::Wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::rate_limit::LONGEST;

    const HOUR: Duration = Duration::hours(1);

    fn limiter() -> RateLimiter {
        RateLimiter::new(Zeroizing::new([7; 64]))
    }

    #[test]
    fn what_strangers_type_has_so_many_rows_and_no_more() {
        let row = |kind, text: String| limiter().row(&RateLimit::folded(kind, text, 1, HOUR));
        let rows: std::collections::HashSet<_> = (0..200).map(|number| row("a", number.to_string())).collect();
        assert!(rows.iter().all(|row| row.len() == "a 0000".len()), "{rows:?}");
        assert!(rows.len() > 190, "they differ nearly always");
        assert_ne!(row("a", "x".to_owned())[2..], row("b", "x".to_owned())[2..], "each kind has its own");
        let elsewhere = RateLimiter::new(Zeroizing::new([8; 64])).row(&RateLimit::folded("a", "x".to_owned(), 1, HOUR));
        assert_ne!(row("a", "x".to_owned()), elsewhere, "without the host's key nobody can tell what was typed");
    }

    #[test]
    fn whole_seconds_are_what_one_costs() {
        let address = "2001:db8::1".parse().unwrap();
        for demand in [
            Demand::bad_link(address),
            Demand::request(address),
            Demand::reset("a@example.com", address),
            Demand::guess_by(address),
            Demand::guess_for("a", address),
            Demand::guess_with("device", 1),
            Demand::noted_failure("a"),
        ] {
            for limit in demand.limits() {
                assert_eq!(limit.cost() * limit.most, limit.within.num_seconds(), "{limit:?}");
                assert!(limit.within <= LONGEST, "{limit:?}");
            }
        }
    }

    #[test]
    fn a_reserve_is_taken_from_once_the_common_limit_is_used_up() {
        let (limiter, now) = (limiter(), DateTime::UNIX_EPOCH);
        let demand = Demand::guess_for("ada", "192.0.2.7".parse().unwrap());
        let kinds = |free_at: &[(&RateLimit, i64)]| {
            let free_at = free_at.iter().map(|(limit, at)| (limiter.row(limit), *at)).collect();
            let room = Balance { limiter: &limiter, free_at, now };
            demand.choose(&room).map(|chosen| chosen.iter().map(|limit| limit.kind).collect::<Vec<_>>())
        };
        let (own, common, reserve) =
            (&demand.own[0], demand.common.as_ref().unwrap(), demand.reserve.as_ref().unwrap());
        assert_eq!(kinds(&[]), Ok(vec!["guesses for one", "guesses for"]));
        assert_eq!(kinds(&[(common, 3600)]), Ok(vec!["guesses for one", "first guesses for"]));
        assert_eq!(kinds(&[(common, 3600), (reserve, 3600)]), Err(Duration::minutes(20)));
        assert_eq!(kinds(&[(own, 300)]), Err(Duration::seconds(30)));
        assert_eq!(kinds(&[(own, 360)]), Err(Duration::seconds(90)), "clocks of two nodes may differ by a minute");
        assert!(kinds(&[(own, 361)]).is_ok(), "a clock was ahead");
    }
}
