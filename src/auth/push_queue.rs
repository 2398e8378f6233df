//! How many pushes run at once: some per account, more in all. The others wait their turn for a while.
//!
//! The next turn is the account's that has the fewest, then the token's, then whoever came first. Where everything is taken
//! while somebody waits whose account has less than its share, uploads that hardly move are ended: they could otherwise
//! keep everybody out by dripping.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, interval, sleep_until},
};

use super::Rate;
use crate::{
    config::PushLimits,
    tokens::{AccountId, TokenId},
};

/// An upload slower than this is ended when others wait for its place.
const WHILE_OTHERS_WAIT: Rate = Rate { bytes: 5 * 64 * 1024, window: Duration::from_secs(5) };
/// How often those who wait look for uploads that hardly move.
const LOOK: Duration = Duration::from_secs(1);
/// Pushes that may wait, as a multiple of those that may run.
const WAITING: usize = 16;

/// The pushes that run, and those that wait. Cheap to clone; clones are the same queue.
#[derive(Clone, Debug)]
pub struct PushQueue {
    state: Arc<Mutex<State>>,
    limits: PushLimits,
    slowest: Rate,
}

/// Leave to push; it ends when this is dropped.
#[derive(Debug)]
pub struct PushPermit {
    queue: PushQueue,
    id: u64,
    upload: Arc<Upload>,
}

/// Too many wait, or the turn did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

#[derive(Debug, Default)]
struct State {
    last_id: u64,
    running: Vec<Push>,
    /// In the order in which they came.
    waiting: Vec<(Push, oneshot::Sender<()>)>,
}

#[derive(Debug)]
struct Push {
    id: u64,
    account: AccountId,
    token: TokenId,
    upload: Arc<Upload>,
    /// When its speed was last looked at, and what had come by then.
    seen: (Instant, u64),
}

/// How far the body of a push has come.
#[derive(Debug, Default)]
struct Upload {
    bytes: AtomicU64,
    /// The body is here.
    whole: AtomicBool,
    ended: Notify,
}

impl PushQueue {
    /// An empty one.
    pub fn new(limits: PushLimits) -> Self {
        Self { state: Arc::default(), limits, slowest: WHILE_OTHERS_WAIT }
    }

    /// Waits for leave to push with this token of this account.
    pub async fn turn(&self, account: AccountId, token: TokenId) -> Result<PushPermit, QueueFull> {
        let (permit, mut turn) = self.join(account, token)?;
        let end = Instant::now() + self.limits.patience;
        let mut looks = interval(LOOK.min(self.slowest.window));
        loop {
            tokio::select! {
                biased;
                given = &mut turn => return given.map(|()| permit).map_err(|_| QueueFull),
                () = sleep_until(end) => return Err(QueueFull),
                _ = looks.tick() => self.lock().end_slow_uploads(&self.limits, self.slowest),
            }
        }
    }

    fn join(&self, account: AccountId, token: TokenId) -> Result<(PushPermit, oneshot::Receiver<()>), QueueFull> {
        let mut state = self.lock();
        let of_account = state.waiting.iter().filter(|(push, _)| push.account == account).count();
        if of_account >= self.limits.account * WAITING || state.waiting.len() >= self.limits.all * WAITING {
            return Err(QueueFull);
        }
        state.last_id += 1;
        let (id, upload) = (state.last_id, Arc::<Upload>::default());
        let (give, turn) = oneshot::channel();
        let push = Push { id, account, token, upload: Arc::clone(&upload), seen: (Instant::now(), 0) };
        state.waiting.push((push, give));
        state.give_turns(&self.limits);
        Ok((PushPermit { queue: self.clone(), id, upload }, turn))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PushPermit {
    /// So many bytes of the body came.
    pub fn received(&self, bytes: usize) {
        self.upload.bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// The body is here: what follows is our work.
    pub fn is_whole(&self) {
        self.upload.whole.store(true, Relaxed);
    }

    /// Waits until the push has to make way.
    pub async fn ended(&self) {
        self.upload.ended.notified().await;
    }
}

impl Drop for PushPermit {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.running.retain(|push| push.id != self.id);
        state.waiting.retain(|(push, _)| push.id != self.id);
        state.give_turns(&self.queue.limits);
    }
}

impl State {
    fn of_account(&self, account: AccountId) -> usize {
        self.running.iter().filter(|push| push.account == account).count()
    }

    fn of_token(&self, token: TokenId) -> usize {
        self.running.iter().filter(|push| push.token == token).count()
    }

    fn give_turns(&mut self, limits: &PushLimits) {
        while self.running.len() < limits.all {
            let mut may_run: Vec<usize> = (0..self.waiting.len()).collect();
            may_run.retain(|at| self.of_account(self.waiting[*at].0.account) < limits.account);
            let next = may_run.into_iter().min_by_key(|at| {
                let push = &self.waiting[*at].0;
                (self.of_account(push.account), self.of_token(push.token), push.id)
            });
            let Some(at) = next else { return };
            let (mut push, give) = self.waiting.remove(at);
            push.seen = (Instant::now(), 0);
            if give.send(()).is_ok() {
                self.running.push(push);
            }
        }
    }

    /// Ends one upload that hardly moves, if somebody waits who would get its place and whose account has fewer.
    fn end_slow_uploads(&mut self, limits: &PushLimits, slowest: Rate) {
        let fewest = self.waiting.iter().map(|(push, _)| self.of_account(push.account)).min();
        let Some(fewest) = fewest.filter(|_| self.running.len() >= limits.all) else { return };
        let now = Instant::now();
        let mut slow = Vec::new();
        for push in &mut self.running {
            if now - push.seen.0 < slowest.window {
                continue;
            }
            let bytes = push.upload.bytes.load(Relaxed);
            if bytes - push.seen.1 < slowest.bytes as u64 && !push.upload.whole.load(Relaxed) {
                slow.push((push.account, push.id));
            } else {
                push.seen = (now, bytes);
            }
        }
        let worst = slow.into_iter().max_by_key(|(account, id)| (self.of_account(*account), *id));
        if let Some((account, id)) = worst.filter(|(account, _)| self.of_account(*account) > fewest) {
            tracing::info!(%account, "an upload that hardly moved made way for others");
            let ended = self.running.extract_if(.., |push| push.id == id);
            ended.for_each(|push| push.upload.ended.notify_one());
            self.give_turns(limits);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use rand::{SeedableRng, rngs::StdRng};
    use tokio::time::{sleep, timeout};

    use super::*;

    const SHORT: Duration = Duration::from_millis(40);

    fn queue(account: usize, all: usize, patience: Duration) -> PushQueue {
        let slowest = Rate { bytes: 10, window: SHORT };
        PushQueue { slowest, ..PushQueue::new(PushLimits { account, all, patience }) }
    }

    fn people<const N: usize>() -> [(AccountId, TokenId); N] {
        let mut rng = StdRng::seed_from_u64(1);
        [(); N].map(|()| {
            let account = AccountId::generate(DateTime::UNIX_EPOCH, &mut rng);
            (account, TokenId::generate(DateTime::UNIX_EPOCH, &mut rng))
        })
    }

    async fn turn(queue: &PushQueue, (account, token): (AccountId, TokenId)) -> Result<PushPermit, QueueFull> {
        queue.turn(account, token).await
    }

    #[tokio::test]
    async fn whoever_comes_too_many_waits_and_gets_the_next_place() {
        let queue = queue(2, 4, Duration::from_secs(60));
        let [ada] = people();
        let [one, _two] = [turn(&queue, ada).await.unwrap(), turn(&queue, ada).await.unwrap()];
        let mut third = Box::pin(turn(&queue, ada));
        assert!(timeout(SHORT, &mut third).await.is_err());
        drop(one);
        assert!(third.await.is_ok());
    }

    #[tokio::test]
    async fn the_account_with_the_fewest_is_next() {
        let queue = queue(2, 3, Duration::from_secs(60));
        let [ada, bo, cy] = people();
        let held = [turn(&queue, ada).await, turn(&queue, ada).await, turn(&queue, bo).await];
        let (mut bo_again, mut cy_first) = (Box::pin(turn(&queue, bo)), Box::pin(turn(&queue, cy)));
        assert!(timeout(SHORT / 4, &mut bo_again).await.is_err());
        assert!(timeout(SHORT / 4, &mut cy_first).await.is_err());
        let [one, _two, _three] = held;
        drop(one);
        assert!(cy_first.await.is_ok());
        assert!(bo_again.await.is_ok(), "the place of cy's push, which has ended");
    }

    #[tokio::test]
    async fn the_queue_and_the_wait_have_an_end() {
        let queue = queue(1, 1, SHORT);
        let [ada] = people();
        let _held = turn(&queue, ada).await.unwrap();
        let waiting: Vec<_> = (0..WAITING).map(|_| queue.join(ada.0, ada.1).unwrap()).collect();
        assert_eq!(queue.join(ada.0, ada.1).err(), Some(QueueFull));
        drop(waiting);
        assert_eq!(turn(&queue, ada).await.err(), Some(QueueFull), "its turn does not come");
        assert!(queue.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn an_upload_that_hardly_moves_makes_way_for_another_account() {
        let queue = queue(2, 3, Duration::from_secs(60));
        let [slow, quick, new] = people();
        let dripping = [turn(&queue, slow).await.unwrap(), turn(&queue, slow).await.unwrap()];
        let moving = turn(&queue, quick).await.unwrap();
        let waiting = turn(&queue, new);
        let keeps_moving = async {
            loop {
                moving.received(1_000);
                sleep(SHORT / 8).await;
            }
        };
        let permit = tokio::select! {
            permit = waiting => permit,
            () = keeps_moving => unreachable!(),
        };
        assert!(permit.is_ok());
        let [one, two] = &dripping;
        let ended = [timeout(SHORT, one.ended()).await.is_ok(), timeout(SHORT, two.ended()).await.is_ok()];
        assert_eq!(ended.iter().filter(|ended| **ended).count(), 1, "one, and not the account's last");
        assert!(timeout(SHORT, moving.ended()).await.is_err());
    }

    #[tokio::test]
    async fn slow_uploads_are_left_alone_while_only_their_own_account_waits() {
        let queue = queue(2, 2, SHORT * 4);
        let [ada] = people();
        let held = [turn(&queue, ada).await.unwrap(), turn(&queue, ada).await.unwrap()];
        assert_eq!(turn(&queue, ada).await.err(), Some(QueueFull));
        let [one, two] = &held;
        assert!(
            timeout(SHORT, futures_util::future::select(Box::pin(one.ended()), Box::pin(two.ended()))).await.is_err()
        );
    }
}
