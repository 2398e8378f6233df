//! How much one client may keep open: connections by its address, and behind trusted proxies requests under way.
//!
//! Nobody is turned away at the door, because whoever holds a live key may be behind the same address as a flood: a new
//! connection ends the oldest of its address instead, one that carried a live key never. Proxies speak for many, so theirs
//! are not counted; their clients' requests are.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::Context,
};

use actix_web::HttpRequest;
use futures_util::task::AtomicWaker;
use ipnet::IpNet;

/// Counts what is open. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    trusted: Vec<IpNet>,
    open: Mutex<HashMap<IpAddr, VecDeque<Arc<State>>>>,
    requests: Mutex<HashMap<IpAddr, usize>>,
}

#[derive(Debug, Default)]
struct State {
    ended: AtomicBool,
    carried_live_key: AtomicBool,
    answering: AtomicUsize,
    /// Requests that came since the connection was read last.
    at_once: AtomicUsize,
    task: AtomicWaker,
}

/// An open connection, as those see it that answer its requests.
#[derive(Clone, Debug)]
pub struct Connection(Arc<State>);

/// Counts a connection until it is dropped.
#[derive(Debug)]
pub struct OpenConnection {
    connections: Connections,
    source: IpAddr,
    state: Arc<State>,
}

/// Counts a request of a proxy's client until it is dropped.
#[derive(Debug)]
pub struct OpenRequest {
    connections: Connections,
    source: IpAddr,
}

/// A request is being answered until this is dropped.
#[derive(Debug)]
pub struct Answering(Arc<State>);

impl Connections {
    /// At most so many by one client, but for those with live keys. `trusted` are proxies.
    pub fn new(most: usize, trusted: &[IpNet]) -> Self {
        Self(Arc::new(Inner { most, trusted: trusted.to_owned(), open: Mutex::default(), requests: Mutex::default() }))
    }

    /// One more from this address. If that is one too many, the oldest ends, first among those that ask nothing.
    pub fn open(&self, peer: IpAddr) -> OpenConnection {
        let source = source(peer);
        let state = Arc::<State>::default();
        let mut open = lock(&self.0.open);
        let all = open.entry(source).or_default();
        if !self.is_trusted(peer) {
            self.make_room(all);
        }
        all.push_back(Arc::clone(&state));
        OpenConnection { connections: self.clone(), source, state }
    }

    fn make_room(&self, all: &mut VecDeque<Arc<State>>) {
        let bounded = |state: &Arc<State>| !state.carried_live_key.load(Relaxed);
        if all.iter().filter(|state| bounded(state)).count() < self.0.most {
            return;
        }
        let idle = |state: &Arc<State>| bounded(state) && state.answering.load(Relaxed) == 0;
        let oldest = all.iter().position(idle).or_else(|| all.iter().position(bounded));
        if let Some(state) = oldest.and_then(|at| all.remove(at)) {
            state.ended.store(true, Relaxed);
            state.task.wake();
        }
    }

    /// One more request of a client behind a trusted proxy; none if that is one too many.
    pub fn request(&self, client: IpAddr) -> Option<OpenRequest> {
        let source = source(client);
        let mut requests = lock(&self.0.requests);
        let count = requests.entry(source).or_default();
        (*count < self.0.most).then(|| {
            *count += 1;
            OpenRequest { connections: self.clone(), source }
        })
    }

    /// Whether an address is a proxy's that is believed.
    pub fn is_trusted(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.trusted.iter().any(|network| network.contains(&peer))
    }
}

impl Connection {
    /// The connection a request came by.
    pub fn of(req: &HttpRequest) -> Option<&Self> {
        req.conn_data()
    }

    /// It carried a live key, and so falls under no limit for strangers.
    pub fn carried_live_key(&self) {
        self.0.carried_live_key.store(true, Relaxed);
    }

    /// One more request came; whether another one came with it, so that this one has waited for its answer.
    pub fn is_pipelined(&self) -> bool {
        self.0.at_once.fetch_add(1, Relaxed) > 0
    }

    /// One of its requests is being answered.
    pub fn answering(&self) -> Answering {
        self.0.answering.fetch_add(1, Relaxed);
        Answering(Arc::clone(&self.0))
    }
}

impl OpenConnection {
    /// For those that answer its requests.
    pub fn connection(&self) -> Connection {
        Connection(Arc::clone(&self.state))
    }

    /// Whether it is to end; if not, the task is woken once it is.
    pub fn poll_ended(&self, cx: &Context<'_>) -> bool {
        self.state.task.register(cx.waker());
        self.state.ended.load(Relaxed)
    }

    /// It is read again: what comes now did not come together with what came before.
    pub fn note_read(&self) {
        self.state.at_once.store(0, Relaxed);
    }

    /// Whether no request is being answered.
    pub fn is_idle(&self) -> bool {
        self.state.answering.load(Relaxed) == 0
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut open = lock(&self.connections.0.open);
        if let Some(all) = open.get_mut(&self.source) {
            all.retain(|state| !Arc::ptr_eq(state, &self.state));
            if all.is_empty() {
                open.remove(&self.source);
            }
        }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut requests = lock(&self.connections.0.requests);
        if let Some(count) = requests.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                requests.remove(&self.source);
            }
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Relaxed);
    }
}

/// Who counts as one client: an IPv4 address, or the /64 an IPv6 address is in.
pub(super) fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn connections(most: usize) -> Connections {
        Connections::new(most, &["10.0.0.0/8".parse().unwrap()])
    }

    fn open(connections: &Connections, address: &str) -> OpenConnection {
        connections.open(address.parse().unwrap())
    }

    fn ended(connection: &OpenConnection) -> bool {
        connection.poll_ended(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn one_connection_too_many_ends_the_oldest_of_its_address() {
        let all = connections(2);
        let [a, b, other] = ["203.0.113.9", "203.0.113.9", "203.0.113.10"].map(|address| open(&all, address));
        assert!(![&a, &b, &other].into_iter().any(ended));
        let c = open(&all, "203.0.113.9");
        assert_eq!([&a, &b, &c, &other].map(ended), [true, false, false, false]);
    }

    #[test]
    fn those_that_are_being_answered_go_last_and_those_with_live_keys_never() {
        let all = connections(2);
        let [key, busy, idle] = [(); 3].map(|()| {
            let one = open(&all, "2001:db8::1");
            one.connection().carried_live_key();
            one
        });
        for anonymous in [&busy, &idle] {
            anonymous.state.carried_live_key.store(false, Relaxed);
        }
        let answering = busy.connection().answering();
        let new = open(&all, "2001:db8::2");
        assert_eq!([&key, &busy, &idle, &new].map(ended), [false, false, true, false]);
        drop((idle, answering));
        let newer = open(&all, "2001:db8::3");
        assert_eq!([&key, &busy, &new, &newer].map(ended), [false, true, false, false]);
    }

    #[test]
    fn a_closed_connection_makes_room() {
        let all = connections(1);
        drop(open(&all, "203.0.113.9"));
        let one = open(&all, "203.0.113.9");
        assert!(!ended(&one) && lock(&all.0.open).len() == 1);
        drop(one);
        assert!(lock(&all.0.open).is_empty());
    }

    #[test]
    fn of_a_proxy_requests_are_counted_by_client_and_connections_not_at_all() {
        let all = connections(1);
        let [a, b] = [(); 2].map(|()| open(&all, "10.0.0.1"));
        assert!(!ended(&a) && !ended(&b));
        let [client, other] = ["203.0.113.9".parse().unwrap(), "203.0.113.10".parse().unwrap()];
        let first = all.request(client);
        assert!(first.is_some() && all.request(client).is_none() && all.request(other).is_some());
        drop(first);
        assert!(all.request(client).is_some());
    }
}
