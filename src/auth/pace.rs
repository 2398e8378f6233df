//! How fast the other side of a connection must go while it is waited for.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// The slowest speed that is borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bytes that must move …
    pub bytes: usize,
    /// … in every such stretch of waiting.
    pub window: Duration,
}

/// Measures one direction of a connection. Only time spent waiting for the other side counts, not what we take ourselves.
#[derive(Debug)]
pub struct Pace {
    least: Rate,
    bytes: usize,
    waited: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// Nothing has moved yet.
    pub fn new(least: Rate) -> Self {
        Self { least, bytes: 0, waited: Duration::ZERO, waiting_since: None, timer: None }
    }

    /// So many bytes moved.
    pub fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The other side owes nothing more for now.
    pub fn rest(&mut self) {
        self.waiting_since = None;
        self.waited = Duration::ZERO;
        self.bytes = 0;
    }

    /// The other side is waited for: ready once it is too slow; until then, the task is woken to ask again.
    pub fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let since = *self.waiting_since.get_or_insert_with(Instant::now);
            let left = self.least.window.saturating_sub(self.waited);
            let end = since + left;
            if end <= Instant::now() {
                if self.bytes < self.least.bytes {
                    return Poll::Ready(());
                }
                self.rest();
                continue;
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if timer.deadline() != end {
                timer.as_mut().reset(end);
            }
            std::task::ready!(timer.as_mut().poll(cx));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{sleep, timeout};

    use super::*;

    const WINDOW: Duration = Duration::from_millis(60);
    const LEAST: Rate = Rate { bytes: 10, window: WINDOW };

    /// Waits for the other side for a twelfth of a window.
    async fn is_cut(pace: &mut Pace) -> bool {
        timeout(WINDOW / 12, poll_fn(|cx| pace.poll_too_slow(cx))).await.is_ok()
    }

    #[tokio::test]
    async fn who_trickles_is_cut_and_who_keeps_the_pace_is_not() {
        let (mut slow, mut steady) = (Pace::new(LEAST), Pace::new(LEAST));
        let mut cut = false;
        for _ in 0..30 {
            cut |= is_cut(&mut slow).await;
            slow.moved(0);
            assert!(!is_cut(&mut steady).await);
            steady.moved(LEAST.bytes);
        }
        assert!(cut);
    }

    #[tokio::test]
    async fn time_that_we_take_ourselves_does_not_count() {
        let mut pace = Pace::new(LEAST);
        for _ in 0..3 {
            assert!(!is_cut(&mut pace).await);
            pace.moved(0);
            sleep(WINDOW * 2).await;
        }
    }
}
