//! What keys do, kept in memory on the request path and added to the rows in batches, so that no request waits for it.
//! A crash loses at most the last ten seconds.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};

use crate::{
    store::{Result, Store},
    tokens::{
        AccountId, FeedId, LastUse, Permission, TokenId,
        decision::{Action, Reason},
    },
    usage::{ClientUse, PermissionUse, RefusedUse, TokenUse, UsageEvent, hour_of},
};

/// A batch holds SQLite's write lock for a moment only.
const BATCH: usize = 50;
/// Between two batches others get at the lock, who only look for it now and then.
const BREATH: Duration = Duration::from_millis(20);

/// Batches that a page waits for.
const PAGE_BATCHES: usize = 2;

/// How many different entries are kept in memory between two writings. What finds no room is dropped, and the rows say so.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Of all tokens together.
    pub all: usize,
    /// Of one token.
    pub token: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { all: 100_000, token: 2_000 }
    }
}

/// Uses and refusals that are not written yet.
#[derive(Debug, Default)]
pub struct UsageBuffer {
    room: Capacity,
    pending: Mutex<Pending>,
    looked_up: Mutex<LookedUp>,
}

/// Refused look-ups of the hour under way: token, feed and package.
#[derive(Debug, Default)]
struct LookedUp {
    hour: i64,
    noted: HashSet<(TokenId, String, String)>,
}

/// Refused look-ups that are remembered; beyond, the store alone knows which were noted.
const LOOK_UPS: usize = 10_000;

#[derive(Debug, Default)]
struct Pending {
    tokens: HashMap<TokenId, TokenUsage>,
    entries: usize,
    /// Deeds that found no room since the last writing.
    dropped: u64,
    /// When a token that is not among these found no room.
    lost: Option<DateTime<Utc>>,
}

/// What one token did.
#[derive(Debug)]
struct TokenUsage {
    account: AccountId,
    last: Option<LastUse>,
    lost: Option<DateTime<Utc>>,
    counts: HashMap<Entry, Span>,
}

/// What is counted. Equal entries are one.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Entry {
    DailyUse { day: i64, refused: bool },
    ClientUse { client: String, address: String },
    PermissionUse { permission: Permission, feed: Option<FeedId>, package: String },
    Refusal(Box<Refusal>),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Refusal {
    reason: Reason,
    occasion: Option<DateTime<Utc>>,
    action: Option<Action>,
    feed: String,
    package: String,
    client: String,
    address: String,
}

/// How often something happened, and when first and last.
#[derive(Clone, Copy, Debug)]
struct Span {
    times: i64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
}

impl UsageBuffer {
    /// With another bound than usual.
    pub fn with_room(room: Capacity) -> Self {
        Self { room, ..Self::default() }
    }

    /// Whether no equal look-up by this token was refused on this node in the same hour.
    pub(super) fn is_first_look_up(&self, token: TokenId, line: &RefusedUse) -> bool {
        let hour = hour_of(line.last_at);
        let mut looked_up = self.looked_up.lock().unwrap_or_else(PoisonError::into_inner);
        if looked_up.hour != hour || looked_up.noted.len() >= LOOK_UPS {
            *looked_up = LookedUp { hour, noted: HashSet::new() };
        }
        looked_up.noted.insert((token, line.feed.clone(), line.package.to_ascii_lowercase()))
    }

    /// Adds what a token did at `at`.
    pub fn note(&self, notes: impl IntoIterator<Item = TokenUse>, at: DateTime<Utc>) {
        let mut pending = self.lock();
        for note in notes {
            pending.add(note, at, self.room);
        }
    }

    /// Writes all that was noted. What cannot be written is kept for the next time.
    pub async fn write(&self, store: &Store) -> Result<usize> {
        self.write_losses(store).await?;
        self.write_all(store).await
    }

    async fn write_losses(&self, store: &Store) -> Result<()> {
        let (lost, dropped) = {
            let mut pending = self.lock();
            (pending.lost.take(), std::mem::take(&mut pending.dropped))
        };
        if dropped > 0 {
            tracing::warn!(
                dropped,
                "more different uses of tokens than memory has room for; some are not on their pages"
            );
        }
        let Some(at) = lost else { return Ok(()) };
        let written = async {
            let mut tx = store.begin().await?;
            tx.watch_again_from(at).await?;
            tx.commit().await
        };
        let written = written.await;
        if written.is_err() {
            let mut pending = self.lock();
            pending.lost = pending.lost.max(lost);
        }
        written
    }

    /// Writes what was noted of one account's tokens, so that its pages show it: refusals first, and no more than a page
    /// can wait for. The rest comes with [`Self::write`]. Tells whether there was anything.
    pub async fn write_for(&self, store: &Store, account: AccountId) -> Result<bool> {
        let mut taken = self.take(|owner| owner == account);
        let any = !taken.notes.is_empty();
        taken.notes.sort_by_key(|note| matches!(note.event, UsageEvent::Refusal(_)));
        for _ in 0..PAGE_BATCHES {
            taken.write_batch(store).await?;
        }
        Ok(any)
    }

    async fn write_all(&self, store: &Store) -> Result<usize> {
        let mut taken = self.take(|_| true);
        let count = taken.notes.len();
        taken.notes.sort_by_key(|note| note.token);
        while taken.write_batch(store).await? {
            tokio::time::sleep(BREATH).await;
        }
        Ok(count)
    }

    fn take(&self, whose: impl Fn(AccountId) -> bool) -> Taken<'_> {
        let mut pending = self.lock();
        let taken: Vec<_> = pending.tokens.extract_if(|_, usage| whose(usage.account)).collect();
        pending.entries -= taken.iter().map(|(_, usage)| usage.counts.len()).sum::<usize>();
        drop(pending);
        Taken {
            usage_buffer: self,
            notes: taken.into_iter().flat_map(|(token, usage)| usage.into_notes(token)).collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes on their way to the rows. What is not written when this is dropped goes back, also when whoever waited for it
/// has gone.
struct Taken<'a> {
    usage_buffer: &'a UsageBuffer,
    notes: Vec<TokenUse>,
}

impl Taken<'_> {
    /// Writes the last ones; whether there are more.
    async fn write_batch(&mut self, store: &Store) -> Result<bool> {
        let rest = self.notes.len().saturating_sub(BATCH);
        let batch = &mut self.notes[rest..];
        if batch.is_empty() {
            return Ok(false);
        }
        batch.sort_by_key(|note| note.token);
        let mut tx = store.begin_giving_way().await?;
        tx.write_notes(batch).await?;
        tx.commit().await?;
        self.notes.truncate(rest);
        Ok(rest > 0)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut pending = self.usage_buffer.lock();
        // What found room once finds it again, even if that is a little more than the bound.
        let roomy = Capacity { all: usize::MAX, token: usize::MAX };
        for note in self.notes.drain(..) {
            pending.add(note, DateTime::<Utc>::MIN_UTC, roomy);
        }
    }
}

impl Pending {
    fn add(&mut self, note: TokenUse, at: DateTime<Utc>, room: Capacity) {
        let TokenUse { token, account, event } = note;
        let full = self.entries >= room.all;
        if full && !self.tokens.contains_key(&token) {
            (self.dropped, self.lost) = (self.dropped + 1, Some(at));
            return;
        }
        let usage = self.tokens.entry(token).or_insert_with(|| TokenUsage::of(account));
        match usage.add(event, !full && usage.counts.len() < room.token) {
            Added::Counted => {}
            Added::New => self.entries += 1,
            Added::Dropped { work } => {
                self.dropped += 1;
                usage.lost = if work { usage.lost.max(Some(at)) } else { usage.lost };
            }
        }
    }
}

/// What became of an event.
enum Added {
    Counted,
    New,
    Dropped { work: bool },
}

impl TokenUsage {
    fn of(account: AccountId) -> Self {
        Self { account, last: None, lost: None, counts: HashMap::new() }
    }

    fn add(&mut self, event: UsageEvent, room: bool) -> Added {
        let (entry, span) = match event {
            UsageEvent::Last(last) => {
                if self.last.as_ref().is_none_or(|known| known.at <= last.at) {
                    self.last = Some(last);
                }
                return Added::Counted;
            }
            UsageEvent::Lost(at) => {
                self.lost = self.lost.max(Some(at));
                return Added::Counted;
            }
            UsageEvent::DailyUse { day, refused, times } => (Entry::DailyUse { day, refused }, Span::of_day(times)),
            UsageEvent::ClientUse(place) => Entry::of_place(place),
            UsageEvent::PermissionUse(work) => Entry::of_work(work),
            UsageEvent::Refusal(line) => Entry::of_refusal(line),
        };
        match self.counts.get_mut(&entry) {
            Some(known) => {
                known.add(span);
                Added::Counted
            }
            None if room || matches!(entry, Entry::DailyUse { .. }) => {
                self.counts.insert(entry, span);
                Added::New
            }
            None => Added::Dropped { work: matches!(entry, Entry::PermissionUse { .. }) },
        }
    }

    fn into_notes(self, token: TokenId) -> impl Iterator<Item = TokenUse> {
        let Self { account, last, lost, counts } = self;
        let counted = counts.into_iter().map(|(entry, span)| entry.into_event(span));
        let events = last.map(UsageEvent::Last).into_iter().chain(lost.map(UsageEvent::Lost)).chain(counted);
        events.map(move |event| TokenUse { token, account, event })
    }
}

impl Entry {
    fn of_place(place: ClientUse) -> (Self, Span) {
        let ClientUse { client, address, first_at, last_at, uses } = place;
        (Self::ClientUse { client, address }, Span { times: uses, first_at, last_at })
    }

    fn of_work(work: PermissionUse) -> (Self, Span) {
        let PermissionUse { permission, feed, package, last_at, uses } = work;
        (Self::PermissionUse { permission, feed, package }, Span { times: uses, first_at: last_at, last_at })
    }

    fn of_refusal(line: RefusedUse) -> (Self, Span) {
        let RefusedUse { reason, occasion, action, feed, package, client, address, first_at, last_at, times } = line;
        let refusal = Refusal { reason, occasion, action, feed, package, client, address };
        (Self::Refusal(Box::new(refusal)), Span { times, first_at, last_at })
    }

    fn into_event(self, span: Span) -> UsageEvent {
        let Span { times, first_at, last_at } = span;
        match self {
            Self::DailyUse { day, refused } => UsageEvent::DailyUse { day, refused, times },
            Self::ClientUse { client, address } => {
                UsageEvent::ClientUse(ClientUse { client, address, first_at, last_at, uses: times })
            }
            Self::PermissionUse { permission, feed, package } => {
                UsageEvent::PermissionUse(PermissionUse { permission, feed, package, last_at, uses: times })
            }
            Self::Refusal(refusal) => {
                let Refusal { reason, occasion, action, feed, package, client, address } = *refusal;
                let line =
                    RefusedUse { reason, occasion, action, feed, package, client, address, first_at, last_at, times };
                UsageEvent::Refusal(line)
            }
        }
    }
}

impl Span {
    /// Only the count of a day matters.
    fn of_day(times: i64) -> Self {
        Self { times, first_at: DateTime::<Utc>::MAX_UTC, last_at: DateTime::<Utc>::MIN_UTC }
    }

    fn add(&mut self, other: Self) {
        self.times += other.times;
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
    }
}
