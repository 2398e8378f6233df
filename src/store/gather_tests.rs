//! Gathering under shuttle, which runs its tasks in one order after the other. The model: a number that only grows stands
//! for what the database holds, a query sees it at some moment between its beginning and its end, and whoever asks must
//! never be told less than what was acknowledged before they asked.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use futures_util::{FutureExt as _, poll};
use shuttle::{
    check_dfs, check_pct, check_random,
    future::{block_on, spawn, yield_now},
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(3600);

/// What the database holds, and what of that was acknowledged.
#[derive(Default)]
struct Database {
    truth: AtomicU64,
    acknowledged: AtomicU64,
    queries: AtomicU64,
}

impl Database {
    async fn change(&self) {
        let changed = self.truth.fetch_add(1, SeqCst) + 1;
        yield_now().await;
        self.acknowledged.fetch_max(changed, SeqCst);
    }
}

/// Looks at the database while each query is under way; every so many queries fail.
struct Model {
    database: Arc<Database>,
    failing: Option<u64>,
}

impl Source for Model {
    type Key = u8;
    type Answer = (u8, u64);
    type Error = &'static str;

    async fn query(&mut self, keys: &[u8]) -> Result<Vec<(u8, u64)>, &'static str> {
        let number = self.database.queries.fetch_add(1, SeqCst) + 1;
        assert!(!keys.is_empty() && keys.len() <= BATCH);
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "each key once");
        yield_now().await;
        let seen = self.database.truth.load(SeqCst);
        yield_now().await;
        if self.failing.is_some_and(|failing| number.is_multiple_of(failing)) {
            return Err("cut off");
        }
        Ok(keys.iter().map(|key| (*key, seen)).collect())
    }

    async fn close(&mut self) {}
}

/// Keeps what it saw for the next query: the fault that all this is about.
struct Cached {
    model: Model,
    kept: Option<u64>,
}

impl Source for Cached {
    type Key = u8;
    type Answer = (u8, u64);
    type Error = &'static str;

    async fn query(&mut self, keys: &[u8]) -> Result<Vec<(u8, u64)>, &'static str> {
        let fresh = self.model.query(keys).await?;
        let kept = self.kept.replace(self.model.database.truth.load(SeqCst));
        Ok(fresh.into_iter().map(|(key, seen)| (key, kept.unwrap_or(seen))).collect())
    }

    async fn close(&mut self) {}
}

/// One use: what is told is about the key that was asked for, and not older than what was acknowledged before.
async fn use_key<S>(gatherer: &Gatherer<S>, database: &Database, key: u8)
where
    S: Source<Key = u8, Answer = (u8, u64), Error = &'static str>,
{
    let before = database.acknowledged.load(SeqCst);
    match gatherer.ask(key).await {
        Ok((told, seen)) => {
            assert_eq!(told, key);
            assert!(seen >= before, "stale: {seen} was told after {before} had been acknowledged");
        }
        Err(why) => assert_eq!(why, Unanswered::Failed("cut off")),
    }
}

/// `users` ask `times` times each, while somebody makes `changes`; one more asks and goes away.
fn race<S>(source: impl Fn(Arc<Database>) -> S, users: u8, times: u8, changes: u8, one_gives_up: bool)
where
    S: Source<Key = u8, Answer = (u8, u64), Error = &'static str>,
{
    block_on(async {
        let database = Arc::new(Database::default());
        let (gatherer, task) = Gatherer::new(source(Arc::clone(&database)), PATIENCE);
        let task = spawn(task);
        let mut all = Vec::new();
        for user in 0..users {
            let (gatherer, database) = (gatherer.clone(), Arc::clone(&database));
            all.push(spawn(async move {
                for time in 0..times {
                    use_key(&gatherer, &database, (user + time) % 2).await;
                }
            }));
        }
        let changing = Arc::clone(&database);
        all.push(spawn(async move {
            for _ in 0..changes {
                changing.change().await;
            }
        }));
        if one_gives_up {
            let mut asking = Box::pin(gatherer.ask(0));
            assert!(poll!(&mut asking).is_pending());
            yield_now().await;
        }
        for one in all {
            one.await.unwrap();
        }
        gatherer.close().await;
        task.await.unwrap();
        assert_eq!(gatherer.ask(0).await, Err(Unanswered::Closed));
    });
}

fn model(failing: Option<u64>) -> impl Fn(Arc<Database>) -> Model + Clone {
    move |database| Model { database, failing }
}

#[test]
fn nobody_is_told_what_was_true_before_they_asked_in_any_order_of_a_small_race() {
    check_dfs(|| race(model(None), 2, 1, 1, false), Some(20_000));
}

#[test]
fn nobody_is_told_what_was_true_before_they_asked_in_many_orders_of_a_large_race() {
    check_random(|| race(model(None), 4, 3, 6, true), 1_000);
    check_pct(|| race(model(None), 4, 3, 6, true), 1_000, 3);
}

#[test]
fn a_query_that_fails_is_told_to_those_it_was_for_and_everybody_is_answered() {
    check_random(|| race(model(Some(2)), 4, 3, 4, true), 1_000);
}

#[test]
#[should_panic(expected = "stale")]
fn the_model_notices_an_answer_that_was_kept() {
    check_random(|| race(|database| Cached { model: model(None)(database), kept: None }, 3, 3, 3, false), 1_000);
}

/// Panics when asked for nought.
struct Panicking;

impl Source for Panicking {
    type Key = u8;
    type Answer = u8;
    type Error = ();

    async fn query(&mut self, keys: &[u8]) -> Result<Vec<u8>, ()> {
        if keys == [0] { panic!("a fault in reading") } else { Ok(keys.to_vec()) }
    }

    async fn close(&mut self) {}
}

#[tokio::test]
async fn a_panic_ends_one_query_and_not_the_ones_after_it() {
    let (gatherer, task) = Gatherer::new(Panicking, PATIENCE);
    let task = tokio::spawn(task);
    assert_eq!(gatherer.ask(0).await, Err(Unanswered::Closed));
    assert_eq!(gatherer.ask(7).await, Ok(7));
    gatherer.close().await;
    task.await.unwrap();
}

#[tokio::test]
async fn who_has_waited_for_too_long_is_given_up_and_who_finds_no_room_at_once() {
    let database = Arc::new(Database::default());
    let (gatherer, task) = Gatherer::new(Model { database: Arc::clone(&database), failing: None }, Duration::ZERO);
    let mut asking: Vec<_> = (0..WAITING).map(|_| Box::pin(gatherer.ask(1))).collect();
    for one in &mut asking {
        assert!(poll!(one).is_pending());
    }
    assert_eq!(gatherer.ask(1).now_or_never(), Some(Err(Unanswered::TooMany)));
    let task = tokio::spawn(task);
    for one in asking {
        assert_eq!(one.await, Err(Unanswered::TooMany));
    }
    gatherer.close().await;
    task.await.unwrap();
    assert_eq!(database.queries.load(SeqCst), 0);
}
