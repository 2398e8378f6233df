//! Keys in use on three processes at once, at every door, while what they may do is changed. A use that begins after a
//! change was acknowledged is judged by that change, whichever process it reaches, on both databases.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use latchkey::{
    audit::Actor,
    clock::Clock,
    tokens::{AccountId, Edited, FeedId, Patterns, TokenSettings, decision::Role},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::support::{
    accounts::Key,
    database::Engine,
    nupkg::nupkg,
    program::Program,
    wire::{basic, call, multipart},
    world::{World, on_both_engines},
};

on_both_engines! {
    threads ready =>
    a_use_that_begins_after_a_change_is_judged_by_it_on_every_process,
}

/// Keys that are used and changed.
const KEYS: usize = 8;
/// What each of them may do.
const PERMISSIONS: &str = "nuget:pull,nuget:push,npm:pull,api:read";
/// Connections to each process.
const CONNECTIONS: usize = 6;

/// Uses that are judged in one run; `LATCHKEY_TEST_USES` asks for more.
fn uses() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a longer run is asked for in the environment")]
    let asked = std::env::var("LATCHKEY_TEST_USES").ok();
    asked.map_or(10_000, |asked| asked.parse().unwrap())
}

/// A world at the time of this machine, as the programs have no other, and without a server of its own.
async fn ready(engine: Engine) -> World {
    let world = World::still(engine, &Clock::System.now().to_rfc3339()).await;
    world.open_with(&[], |_| ()).await;
    world
}

/// What is true of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Truth {
    revoked: bool,
    off: bool,
    disabled: bool,
    covers: bool,
    member: bool,
}

const GOOD: Truth = Truth { revoked: false, off: false, disabled: false, covers: true, member: true };

impl Truth {
    fn lives(self) -> bool {
        !self.revoked && !self.off && !self.disabled
    }

    fn may_read(self) -> bool {
        self.lives() && self.covers && self.member
    }
}

/// A key in use.
#[derive(Clone)]
struct State {
    /// None while a change is under way.
    truth: Option<Truth>,
    secret: String,
    /// The one before it, which a refresh has ended.
    replaced: Option<String>,
    changes: u64,
}

struct Subject {
    account: AccountId,
    key: Mutex<Key>,
    state: Mutex<State>,
}

impl Subject {
    fn now(&self) -> State {
        self.state.lock().unwrap().clone()
    }
}

/// What the users of all keys came to.
#[derive(Default)]
struct Tally {
    judged: AtomicU64,
    unanswered: AtomicU64,
    enough: AtomicBool,
    wrong: Mutex<Vec<String>>,
}

/// One way to use a key.
#[derive(Clone, Copy, Debug)]
enum Door {
    NuGet,
    NuGetPush,
    Npm,
    Api,
    Can,
}

const DOORS: [Door; 5] = [Door::NuGet, Door::NuGetPush, Door::Npm, Door::Api, Door::Can];

impl Door {
    fn request(self, secret: &str) -> String {
        let (line, header) = match self {
            Self::NuGet => {
                ("GET /feeds/team/nuget/v3/flat/contoso.core/index.json", format!("Authorization: {}", basic(secret)))
            }
            Self::NuGetPush => ("PUT /feeds/team/nuget/v3/package", format!("X-NuGet-ApiKey: {secret}")),
            Self::Npm => ("GET /feeds/team/npm/-/whoami", format!("Authorization: Bearer {secret}")),
            Self::Api => ("GET /api/v1/tokens/current", format!("Authorization: Bearer {secret}")),
            Self::Can => (
                "GET /api/v1/tokens/current/can?action=nuget:pull&feed=team&package=Contoso.Core",
                format!("Authorization: Bearer {secret}"),
            ),
        };
        let length = if matches!(self, Self::NuGetPush) { "Content-Length: 0\r\n" } else { "" };
        format!("{line} HTTP/1.1\r\nHost: a\r\n{header}\r\n{length}\r\n")
    }

    /// Whether an answer lets the key in, where `truth` says how far.
    fn agrees(self, truth: Truth, status: u16, body: &str) -> bool {
        let let_in = !matches!(status, 401 | 403 | 404);
        match self {
            Self::NuGet => let_in == truth.may_read(),
            Self::NuGetPush => let_in == (truth.lives() && truth.member),
            Self::Npm | Self::Api => let_in == truth.lives(),
            Self::Can => let_in == truth.lives() && (!let_in || body.contains("\"allowed\":true") == truth.may_read()),
        }
    }
}

async fn a_use_that_begins_after_a_change_is_judged_by_it_on_every_process(world: &World) {
    let programs = [
        Program::start(world, world.database.url()).await,
        Program::start(world, world.database.url()).await,
        Program::start(world, world.database.url()).await,
    ];
    let nodes = programs.each_ref().map(|program| program.url["http://".len()..].parse::<SocketAddr>().unwrap());
    let ada = world.account("ada").await;
    let feed = world.feed("team", false, ada).await;
    let publisher = world.key(ada, "nuget:push", "*").await;
    let (kind, body) = multipart(&nupkg("Contoso.Core", "1.0.0"));
    let headers = [("X-NuGet-ApiKey", publisher.text.as_str()), ("Content-Type", kind.as_str())];
    let pushed = call(nodes[0], "PUT /feeds/team/nuget/v3/package", &headers, &body).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());

    let mut subjects = Vec::new();
    for number in 0..KEYS {
        subjects.push(Arc::new(subject(world, feed, number).await));
    }
    let (subjects, tally) = (Arc::new(subjects), Arc::new(Tally::default()));
    let mut users = Vec::new();
    for (number, node) in nodes.into_iter().flat_map(|node| [node; CONNECTIONS]).enumerate() {
        users.push(tokio::spawn(use_keys(node, number, Arc::clone(&subjects), Arc::clone(&tally))));
    }
    let (target, mut changes) = (uses(), 0_usize);
    while tally.judged.load(SeqCst) < target && tally.wrong.lock().unwrap().is_empty() {
        let subject = &subjects[changes % KEYS];
        change(world, feed, subject, changes / KEYS).await;
        changes += 1;
        // Every key is used after each of its changes, also where the machine is slow.
        let soon = tally.judged.load(SeqCst) + 20;
        while tally.judged.load(SeqCst) < soon && !users.iter().all(tokio::task::JoinHandle::is_finished) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    tally.enough.store(true, SeqCst);
    for user in users {
        user.await.unwrap();
    }
    let wrong = std::mem::take(&mut *tally.wrong.lock().unwrap());
    assert!(wrong.is_empty(), "judged by an old truth: {wrong:#?}");
    assert_eq!(tally.unanswered.load(SeqCst), 0);
    let judged = tally.judged.load(SeqCst);
    assert!(judged >= target && changes > KEYS, "{judged} uses, {changes} changes");
}

async fn subject(world: &World, feed: FeedId, number: usize) -> Subject {
    let account = world.account(&format!("user{number}")).await;
    world.member(("team", feed), account, Role::Writer).await;
    let key = world.key(account, PERMISSIONS, "Contoso.*").await;
    let state = State { truth: Some(GOOD), secret: key.text.clone(), replaced: None, changes: 0 };
    Subject { account, key: Mutex::new(key), state: Mutex::new(state) }
}

/// Uses one key after the other by one connection until there were enough uses.
async fn use_keys(node: SocketAddr, number: usize, subjects: Arc<Vec<Arc<Subject>>>, tally: Arc<Tally>) {
    let mut connection = BufReader::new(TcpStream::connect(node).await.unwrap());
    for round in number.. {
        if tally.enough.load(SeqCst) {
            return;
        }
        let (subject, door) = (&subjects[round % KEYS], DOORS[(round / KEYS + number) % DOORS.len()]);
        let before = subject.now();
        // Every fourth use is one of a key that was replaced, if there is such a one.
        let replaced = before.replaced.as_ref().filter(|_| round % 4 == 0);
        let (status, body) = ask(&mut connection, &door.request(replaced.unwrap_or(&before.secret))).await;
        let after = subject.now();
        let Some(mut truth) = before.truth.filter(|_| after.truth.is_some() && after.changes == before.changes) else {
            continue;
        };
        truth.revoked |= replaced.is_some();
        if status >= 429 {
            tally.unanswered.fetch_add(1, SeqCst);
        } else if door.agrees(truth, status, &body) {
            tally.judged.fetch_add(1, SeqCst);
        } else {
            tally.wrong.lock().unwrap().push(format!("{door:?}: {status} where {truth:?}: {body}"));
            return;
        }
    }
}

/// A request on a connection that stays open, and its answer.
async fn ask(connection: &mut BufReader<TcpStream>, request: &str) -> (u16, String) {
    connection.get_mut().write_all(request.as_bytes()).await.unwrap();
    let (mut status, mut length, mut line) = (0, 0, String::new());
    loop {
        line.clear();
        connection.read_line(&mut line).await.unwrap();
        match line.trim_end().to_ascii_lowercase().split_once(' ') {
            Some(("http/1.1", rest)) => status = rest[..3].parse().unwrap(),
            Some(("content-length:", text)) => length = text.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// Makes the next change of a key, and lets its users know when it is acknowledged.
async fn change(world: &World, feed: FeedId, subject: &Subject, turn: usize) {
    let mut truth = subject.now().truth.unwrap();
    subject.state.lock().unwrap().truth = None;
    let key = subject.key.lock().unwrap().clone();
    let mut changed = None;
    match turn % 11 {
        0 | 1 => {
            truth.off = !truth.off;
            if truth.off { world.deactivate(key.token.id).await } else { world.reactivate(key.token.id).await }
        }
        2 | 3 => {
            truth.covers = !truth.covers;
            edit(world, &key, if truth.covers { "Contoso.*" } else { "Fabrikam.*" }).await;
        }
        4 | 5 => {
            truth.member = !truth.member;
            set_role(world, feed, subject.account, truth.member.then_some(Role::Writer)).await;
        }
        6 | 7 => {
            truth.disabled = !truth.disabled;
            world.set_account_disabled(subject.account, truth.disabled).await;
        }
        8 => changed = Some(world.refreshed(&Key { token: world.read(key.token.id).await, ..key }).await),
        9 => {
            world.revoke(key.token.id).await;
            truth.revoked = true;
        }
        _ => {
            changed = Some(world.key(subject.account, PERMISSIONS, "Contoso.*").await);
            truth.revoked = false;
        }
    }
    let mut state = subject.state.lock().unwrap();
    if let Some(key) = changed {
        state.replaced = Some(std::mem::replace(&mut state.secret, key.text.clone()));
        *subject.key.lock().unwrap() = key;
    }
    (state.truth, state.changes) = (Some(truth), state.changes + 1);
}

async fn edit(world: &World, key: &Key, patterns: &str) {
    let before = world.read(key.token.id).await;
    let edit = TokenSettings { patterns: Patterns::parse(patterns).unwrap(), ..before.settings.clone() };
    let after = edit.replace_in(&before, world.now()).unwrap();
    let edited = world.store().edit_token(&after, &Actor::host("test"), world.now()).await.unwrap();
    assert_eq!(edited, Edited::Done);
}

async fn set_role(world: &World, feed: FeedId, account: AccountId, role: Option<Role>) {
    let mut tx = world.tx().await;
    let feed = latchkey::feeds::Feed { id: feed, name: "team".to_owned(), is_public: false };
    tx.change_member(&feed, account, role, &Actor::host("test"), world.now()).await.unwrap();
    tx.commit().await.unwrap();
}
