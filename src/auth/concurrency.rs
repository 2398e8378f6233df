//! Turns at costly work, in the order of asking: a few at a time, so that it leaves the rest of the host to others.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Semaphore, SemaphorePermit};

/// How long one waits for a turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes turns. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimiter(Arc<Semaphore>);

impl ConcurrencyLimiter {
    /// So many at the same time.
    pub fn of(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// Waits for a turn, which ends when it is dropped; none if that takes longer than ten seconds.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turn_within(PATIENCE).await
    }

    async fn turn_within(&self, patience: Duration) -> Option<SemaphorePermit<'_>> {
        tokio::time::timeout(patience, self.0.acquire()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_all_turns_taken_waits_for_one_and_gives_up_in_the_end() {
        let limiter = ConcurrencyLimiter::of(2);
        let first = limiter.turn().await;
        let second = limiter.turn().await;
        assert!(first.is_some() && second.is_some());
        assert!(limiter.turn_within(Duration::from_millis(10)).await.is_none());
        let (third, ()) = tokio::join!(limiter.turn(), async { drop(first) });
        assert!(third.is_some());
    }
}
