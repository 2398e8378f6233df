//! Turns at work that takes a processor for a while and that accounts can ask for as often as they like: one at a time
//! for each account, a few for all, and never on a thread that answers requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::tokens::AccountId;

/// How long one waits for a turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes turns, in the order of asking; who asks for many waits for their own, and keeps nobody else waiting.
#[derive(Debug)]
pub struct AccountLimiter {
    all: Arc<Semaphore>,
    accounts: Mutex<HashMap<AccountId, Weak<Semaphore>>>,
}

/// A turn, until it is dropped or the work done in it ends.
#[derive(Debug)]
pub struct AccountTurn {
    _shared: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl AccountLimiter {
    /// So many accounts at the same time.
    pub fn of(at_once: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(at_once)), accounts: Mutex::default() }
    }

    /// Waits for a turn of an account; none if that takes longer than ten seconds.
    pub async fn turn(&self, account: AccountId) -> Option<AccountTurn> {
        let (own, all) = (self.own(account), Arc::clone(&self.all));
        let turn = async {
            Some(AccountTurn { _own: own.acquire_owned().await.ok()?, _shared: all.acquire_owned().await.ok()? })
        };
        tokio::time::timeout(PATIENCE, turn).await.ok()?
    }

    fn own(&self, account: AccountId) -> Arc<Semaphore> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.retain(|_, own| own.strong_count() > 0);
        accounts.get(&account).and_then(Weak::upgrade).unwrap_or_else(|| {
            let own = Arc::new(Semaphore::new(1));
            accounts.insert(account, Arc::downgrade(&own));
            own
        })
    }
}

impl AccountTurn {
    /// Does the work on a thread of its own. The turn ends with the work, also if nobody waits for it any more; none if
    /// the work panicked.
    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let work = move || {
            let done = work();
            drop(self);
            done
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, poll};

    use super::*;

    fn account(number: u128) -> AccountId {
        AccountId::from(uuid::Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn the_thread_of_requests_goes_on_while_the_work_is_done() {
        let (send, receive) = std::sync::mpsc::channel();
        let turn = AccountLimiter::of(1).turn(account(1)).await.unwrap();
        // On this thread, which sends only later, the work would wait for ever.
        let working = turn.run(move || receive.recv_timeout(Duration::from_secs(60)));
        let (done, sent) = tokio::join!(working, async { send.send("meanwhile") });
        assert_eq!((done, sent), (Some(Ok("meanwhile")), Ok(())));
    }

    #[tokio::test]
    async fn an_account_has_one_turn_at_a_time_and_leaves_the_rest_to_others() {
        let limiter = AccountLimiter::of(2);
        let first = limiter.turn(account(1)).await;
        let mut second = Box::pin(limiter.turn(account(1)));
        assert!(poll!(&mut second).is_pending());
        let other = limiter.turn(account(2)).now_or_never().flatten();
        assert!(first.is_some() && other.is_some());
        assert!(limiter.turn(account(3)).now_or_never().is_none(), "two at once");
        drop(first);
        assert!(second.await.is_some());
        drop(other);
        drop(limiter.turn(account(4)).await);
        assert_eq!(limiter.accounts.lock().unwrap().len(), 1, "who waits no more is forgotten");
    }
}
