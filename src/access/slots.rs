//! How many costly requests run at once: a few per token, some more per account and in all. Nobody queues.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::tokens::{AccountId, TokenId};

/// Counts what runs. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Slots {
    running: Arc<Mutex<HashMap<(AccountId, TokenId), usize>>>,
    bounds: Bounds,
}

/// How many may run at once. The account's share is less than all, so that nobody can keep everybody out.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// By one token.
    pub token: usize,
    /// By all tokens of one account.
    pub account: usize,
    /// By everybody.
    pub all: usize,
}

/// Leave to run; it ends when this is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    holder: (AccountId, TokenId),
}

impl Slots {
    /// At most so many at once.
    pub fn new(bounds: Bounds) -> Self {
        Self { running: Arc::default(), bounds }
    }

    /// Leave for one more with this token of this account; none when too many run.
    pub fn take(&self, account: AccountId, token: TokenId) -> Option<Slot> {
        let mut running = self.running();
        let of_token = running.get(&(account, token)).copied().unwrap_or(0);
        let of_account: usize = running.iter().filter(|((holder, _), _)| *holder == account).map(|(_, n)| n).sum();
        let all: usize = running.values().sum();
        let Bounds { token: most_of_token, account: most_of_account, all: most } = self.bounds;
        if of_token >= most_of_token || of_account >= most_of_account || all >= most {
            return None;
        }
        *running.entry((account, token)).or_default() += 1;
        Some(Slot { slots: self.clone(), holder: (account, token) })
    }

    fn running(&self) -> MutexGuard<'_, HashMap<(AccountId, TokenId), usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut running = self.slots.running();
        if let Some(count) = running.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_token_an_account_and_all_together_have_their_bounds() {
        let mut rng = StdRng::seed_from_u64(1);
        let [a, b, c] = [0; 3].map(|_| TokenId::generate(DateTime::UNIX_EPOCH, &mut rng));
        let [ada, bo] = [0; 2].map(|_| AccountId::generate(DateTime::UNIX_EPOCH, &mut rng));
        let slots = Slots::new(Bounds { token: 2, account: 3, all: 4 });
        let held = [slots.take(ada, a), slots.take(ada, a)];
        assert!(held.iter().all(Option::is_some) && slots.take(ada, a).is_none());
        let more = slots.take(ada, b);
        assert!(more.is_some() && slots.take(ada, b).is_none());
        let last = slots.take(bo, c);
        assert!(last.is_some() && slots.take(bo, c).is_none());
        drop(held);
        assert!(slots.take(ada, a).is_some() && slots.running().len() == 2);
    }
}
