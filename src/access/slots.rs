//! How many costly requests run at once: a few per token, some more in all. Nobody queues.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::tokens::TokenId;

/// Counts what runs. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Slots {
    running: Arc<Mutex<HashMap<TokenId, usize>>>,
    per_token: usize,
    in_all: usize,
}

/// Leave to run; it ends when this is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    token: TokenId,
}

impl Slots {
    /// At most so many at once.
    pub fn new(per_token: usize, in_all: usize) -> Self {
        Self { running: Arc::default(), per_token, in_all }
    }

    /// Leave for one more with this token; none when too many run.
    pub fn take(&self, token: TokenId) -> Option<Slot> {
        let mut running = self.running();
        if running.values().sum::<usize>() >= self.in_all || running.get(&token).is_some_and(|&n| n >= self.per_token) {
            return None;
        }
        *running.entry(token).or_default() += 1;
        Some(Slot { slots: self.clone(), token })
    }

    fn running(&self) -> MutexGuard<'_, HashMap<TokenId, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut running = self.slots.running();
        if let Some(count) = running.get_mut(&self.token) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.token);
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
    fn a_token_has_its_bound_and_all_together_have_theirs() {
        let mut rng = StdRng::seed_from_u64(1);
        let [a, b] = [0, 1].map(|_| TokenId::generate(DateTime::UNIX_EPOCH, &mut rng));
        let slots = Slots::new(2, 3);
        let held = [slots.take(a), slots.take(a)];
        assert!(held.iter().all(Option::is_some) && slots.take(a).is_none());
        let other = slots.take(b);
        assert!(other.is_some() && slots.take(b).is_none());
        drop(held);
        assert!(slots.take(a).is_some() && slots.running().len() == 1);
    }
}
