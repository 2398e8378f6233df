//! Questions answered together: while one query is under way, the requests that come meanwhile gather, and the next query
//! answers them all, each distinct key once.
//!
//! **Nobody gets an answer that is older than their question.** A request is answered only by a query that began after it
//! arrived:
//! 1. A request arrives when it is in the channel ([`Gatherer::ask`]), and nothing of an answer exists before that.
//! 2. The task takes requests out of the channel only between two queries, and begins a query only after it took all whom
//!    that query answers. Whoever comes later stays in the channel until it has ended; nobody joins a query under way.
//! 3. An answer goes to those for whom it was asked, and is then forgotten: there is no cache.
//!
//! A query sees every change that was committed when it began: on SQLite because each one is a read transaction of its own,
//! on PostgreSQL because each statement takes a snapshot of its own. So whoever asks after a change was acknowledged, by
//! whichever process, is answered by that change. A query that fails answers nobody: its requests fail, and those that
//! gathered meanwhile have a query of their own. The model test below walks through the orders in which all this can happen.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot};

/// Most requests that one query answers; so it ends soon, however many ask.
pub(super) const BATCH: usize = 64;
/// Most requests that wait. There cannot be more than connections, but for those that were given up meanwhile.
const WAITING: usize = 16_384;

/// Asks for many keys with one query.
pub(super) trait Source: Send + 'static {
    /// What is asked for.
    type Key: Clone + Eq + Hash + Send + 'static;
    /// What is found.
    type Answer: Clone + Send + 'static;
    /// Why a query failed.
    type Error: Clone + Send + 'static;

    /// The answers to at most [`BATCH`] distinct keys, in their order, by a query that begins when this is called. It ends
    /// within a time of its own, and leaves nothing behind that the next one could see if it fails.
    fn query(&mut self, keys: &[Self::Key]) -> impl Future<Output = Result<Vec<Self::Answer>, Self::Error>> + Send;

    /// Ends whatever the source holds, also after a query that panicked.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unanswered<E> {
    /// The query failed.
    Failed(E),
    /// Too many wait, or one has waited for too long.
    TooMany,
    /// Nobody answers any more.
    Closed,
}

/// How often was asked and answered since the start.
#[derive(Debug, Default)]
pub struct GatherCounts {
    /// Requests.
    pub asked: AtomicU64,
    /// Queries.
    pub queries: AtomicU64,
    /// Queries that failed.
    pub failed: AtomicU64,
}

/// Where requests gather. Cheap to clone.
pub(super) struct Gatherer<S: Source> {
    messages: mpsc::Sender<Message<S>>,
    counts: Arc<GatherCounts>,
}

enum Message<S: Source> {
    Request(Request<S>),
    Close(oneshot::Sender<()>),
}

struct Request<S: Source> {
    key: S::Key,
    arrived: Instant,
    answer: oneshot::Sender<Result<S::Answer, Unanswered<S::Error>>>,
}

impl<S: Source> Clone for Gatherer<S> {
    fn clone(&self) -> Self {
        Self { messages: self.messages.clone(), counts: Arc::clone(&self.counts) }
    }
}

impl<S: Source> std::fmt::Debug for Gatherer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gatherer")
    }
}

impl<S: Source> Gatherer<S> {
    /// A place to ask, and the task that answers there until it is closed or nobody can ask any more. Requests that have
    /// waited longer than `patience` when their turn comes are given up.
    pub(super) fn new(source: S, patience: Duration) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, messages) = mpsc::channel(WAITING);
        let counts = Arc::<GatherCounts>::default();
        let task = answer_all(source, messages, patience, Arc::clone(&counts));
        (Self { messages: sender, counts }, task)
    }

    /// What was counted.
    pub(super) fn counts(&self) -> &GatherCounts {
        &self.counts
    }

    /// Asks for a key. May be dropped at any time: nobody else notices.
    pub(super) async fn ask(&self, key: S::Key) -> Result<S::Answer, Unanswered<S::Error>> {
        let (answer, answered) = oneshot::channel();
        let request = Request { key, arrived: Instant::now(), answer };
        self.counts.asked.fetch_add(1, Relaxed);
        self.messages.try_send(Message::Request(request)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unanswered::TooMany,
            mpsc::error::TrySendError::Closed(_) => Unanswered::Closed,
        })?;
        answered.await.unwrap_or(Err(Unanswered::Closed))
    }

    /// Ends the task, after the query under way.
    pub(super) async fn close(&self) {
        let (closed, when_closed) = oneshot::channel();
        // If it has ended already there is nothing to wait for.
        if self.messages.send(Message::Close(closed)).await.is_ok() {
            let _ = when_closed.await;
        }
    }
}

async fn answer_all<S: Source>(
    mut source: S,
    mut messages: mpsc::Receiver<Message<S>>,
    patience: Duration,
    counts: Arc<GatherCounts>,
) {
    let mut taken = Vec::with_capacity(BATCH);
    let mut closing = Vec::new();
    while closing.is_empty() && messages.recv_many(&mut taken, BATCH).await > 0 {
        let mut batch = Batch::default();
        for message in taken.drain(..) {
            match message {
                Message::Request(request) if request.answer.is_closed() => {}
                Message::Request(request) if request.arrived.elapsed() > patience => request.fail(Unanswered::TooMany),
                Message::Request(request) => batch.add(request),
                Message::Close(closed) => closing.push(closed),
            }
        }
        batch.answer(&mut source, &counts).await;
    }
    source.close().await;
    for closed in closing {
        // Whoever waited may be gone.
        let _ = closed.send(());
    }
}

impl<S: Source> Request<S> {
    /// Whoever asked may be gone.
    fn fail(self, why: Unanswered<S::Error>) {
        let _ = self.answer.send(Err(why));
    }
}

/// Whom the next query answers.
struct Batch<S: Source> {
    keys: Vec<S::Key>,
    places: HashMap<S::Key, usize>,
    /// With the place of their key.
    requests: Vec<(usize, Request<S>)>,
}

impl<S: Source> Default for Batch<S> {
    fn default() -> Self {
        Self { keys: Vec::new(), places: HashMap::new(), requests: Vec::new() }
    }
}

impl<S: Source> Batch<S> {
    fn add(&mut self, request: Request<S>) {
        let place = *self.places.entry(request.key.clone()).or_insert_with(|| {
            self.keys.push(request.key.clone());
            self.keys.len() - 1
        });
        self.requests.push((place, request));
    }

    async fn answer(self, source: &mut S, counts: &GatherCounts) {
        if self.keys.is_empty() {
            return;
        }
        counts.queries.fetch_add(1, Relaxed);
        // A fault in reading one answer must not keep all later ones from being read.
        match AssertUnwindSafe(source.query(&self.keys)).catch_unwind().await {
            Ok(Ok(answers)) => {
                for (place, request) in self.requests {
                    let answer = answers.get(place).cloned().ok_or(Unanswered::Closed);
                    let _ = request.answer.send(answer);
                }
            }
            Ok(Err(error)) => {
                counts.failed.fetch_add(1, Relaxed);
                self.requests.into_iter().for_each(|(_, request)| request.fail(Unanswered::Failed(error.clone())));
            }
            Err(_) => {
                counts.failed.fetch_add(1, Relaxed);
                source.close().await;
                self.requests.into_iter().for_each(|(_, request)| request.fail(Unanswered::Closed));
            }
        }
    }
}

#[cfg(test)]
#[path = "gather_tests.rs"]
mod tests;
