//! The real binary is killed again and again while it sends warnings. At the end every key's owner was mailed, and a
//! mail was taken twice only where a process died between its final dot and the recorded reply, which no sender can
//! close (RFC 1047).
//!
//! `LATCHKEY_DEATHS` says how many deaths there are in all (200 unless it is set).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration as Pause,
};

use chrono::{DateTime, Duration, Utc};
use rand::RngExt;

use super::world::{MASTER, PUBLIC_URL, World};
use crate::support::{
    letter::Letter,
    post_office::{Counter, Stage},
    world::on_both_engines,
};

on_both_engines! {
    threads World::mailing =>
    one_node_that_is_killed_again_and_again_mails_every_key_once,
    three_nodes_that_are_killed_again_and_again_mail_every_key_once,
}

/// Each of the two databases, with one node and with three.
const SETTINGS: usize = 4;
/// Longer than a claim holds, so that the next round may take over what the dead left.
const ROUND: Duration = Duration::minutes(11);
/// A node dies in at most its third conversation of a round.
const CONVERSATIONS: usize = 3;

/// When a node is to die.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// So long after its start, wherever it is then.
    After(Pause),
    /// So long after it reached this stage of its nth conversation.
    At(usize, Stage, Pause),
}

/// What is known of a node's present life.
#[derive(Default)]
struct Life {
    number: usize,
    process: Option<Child>,
    death: Option<Death>,
    conversations: usize,
    under_way: usize,
    stage: Option<Stage>,
}

/// One of the nodes: its door at the post office, and its present life.
struct Node {
    counter: Counter,
    life: Arc<Mutex<Life>>,
}

async fn one_node_that_is_killed_again_and_again_mails_every_key_once(world: &World) {
    survive(world, 1).await;
}

async fn three_nodes_that_are_killed_again_and_again_mail_every_key_once(world: &World) {
    survive(world, 3).await;
}

async fn survive(world: &World, nodes: usize) {
    let wanted = deaths();
    let keys = seed(world, wanted * (CONVERSATIONS + 1) + 30).await;
    world.pass(Duration::days(21));
    share_the_master_secret(world);
    let nodes = open_nodes(world, nodes).await;
    // The mails that a node had handed over, and perhaps not noted, when it died.
    let (mut died, mut gaps) = (0, Vec::new());
    while died < wanted {
        for node in &nodes {
            start(world, node, Some(random_death()));
        }
        for node in &nodes {
            let life = finish(node).await;
            died += usize::from(life.killed);
            if life.killed && matches!(life.stage, Some(Stage::Dot | Stage::Replied)) {
                gaps.push(last_taken(world, node));
            }
        }
        let taken = world.post().taken().len() - gaps.len();
        assert!(taken < keys.len(), "too few mails for {wanted} deaths; there were {died}");
        world.pass(ROUND);
    }
    for _ in 0..2 {
        start(world, &nodes[0], None);
        assert!(!finish(&nodes[0]).await.killed);
        world.pass(ROUND);
    }
    assert_each_was_mailed_once(world, &keys, &gaps);
}

fn deaths() -> usize {
    let all: usize = std::env::var("LATCHKEY_DEATHS").map_or(200, |deaths| deaths.parse().unwrap());
    all.div_ceil(SETTINGS)
}

/// Tokens of many owners, each with a mail of its own.
async fn seed(world: &World, count: usize) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for owner in 0..count.div_ceil(10) {
        let account = world.account(&format!("owner-{owner}")).await;
        for hour in 0..10 {
            let name = format!("key-{owner}-{hour}");
            let life = Duration::days(30) + Duration::hours(hour);
            world.token_with(account, &name, "", life).await;
            names.insert(name);
        }
    }
    names
}

async fn open_nodes(world: &World, count: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    for _ in 0..count {
        let life = Arc::new(Mutex::new(Life::default()));
        let watched = Arc::clone(&life);
        let counter = world.post().counter(Arc::new(move |stage| watch(&watched, stage))).await;
        nodes.push(Node { counter, life });
    }
    nodes
}

fn random_death() -> Death {
    let mut random = rand::rng();
    let pause = |most: u64| Pause::from_micros(rand::rng().random_range(0..most));
    match random.random_range(0..8) {
        0 => Death::After(pause(150_000)),
        any => {
            let stages = [Stage::Connected, Stage::Recipient, Stage::Data, Stage::Dot, Stage::Replied];
            let stage = stages[random.random_range(0..stages.len())];
            // Half of them at that very moment, the others a little later, wherever that is.
            Death::At(random.random_range(1..=CONVERSATIONS), stage, pause(if any < 4 { 1 } else { 15_000 }))
        }
    }
}

/// Follows a node's conversation, and ends the node when its time has come.
fn watch(life: &Arc<Mutex<Life>>, stage: Stage) {
    let mut now = life.lock().unwrap();
    if stage == Stage::Over {
        now.under_way -= 1;
        return;
    }
    now.stage = Some(stage);
    now.under_way += usize::from(stage == Stage::Connected);
    now.conversations += usize::from(stage == Stage::Connected);
    match now.death {
        Some(Death::At(conversation, at, pause)) if at == stage && conversation == now.conversations => {
            if pause < Pause::from_micros(2) {
                kill(&mut now);
            } else {
                let number = now.number;
                drop(now);
                kill_later(life, number, pause);
            }
        }
        _ => {}
    }
}

fn kill(life: &mut Life) {
    if let Some(process) = &mut life.process {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

fn kill_later(life: &Arc<Mutex<Life>>, number: usize, pause: Pause) {
    let life = Arc::clone(life);
    thread::spawn(move || {
        thread::sleep(pause);
        let mut life = life.lock().unwrap();
        if life.number == number {
            kill(&mut life);
        }
    });
}

/// Starts a node's next life: it sends all that is due, then ends, unless it is killed before.
fn start(world: &World, node: &Node, death: Option<Death>) {
    let mut command = command(world, node.counter.port, "");
    let mut life = node.life.lock().unwrap();
    let number = life.number + 1;
    let under_way = life.under_way;
    *life = Life { number, process: Some(command.spawn().unwrap()), death, under_way, ..Life::default() };
    drop(life);
    if let Some(Death::After(pause)) = death {
        kill_later(&node.life, number, pause);
    }
}

/// The real binary, which sends all that is due through a door of the post office and ends.
pub(super) fn command(world: &World, port: u16, options: &str) -> Command {
    let mut command = binary(world, port, options);
    command.args(["jobs", "run", "expiry-warnings", "--now", &at(world.clock.now())]).env("LATCHKEY_TIME_TRAVEL", "1");
    command
}

/// The real binary with the settings of a world.
pub(super) fn binary(world: &World, port: u16, options: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.env_clear().envs([("LATCHKEY_DATABASE_URL", world.database.url())]);
    command.env("LATCHKEY_DATA_DIR", world.folder()).env("LATCHKEY_SECRET_FILE", secret_file(world));
    command.env("LATCHKEY_PUBLIC_URL", PUBLIC_URL).env("LATCHKEY_MAIL_FROM", "packages@example.com");
    command.env("LATCHKEY_SMTP_URL", format!("smtp://127.0.0.1:{port}?tls=none{options}"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command
}

/// How a life ended.
struct End {
    killed: bool,
    stage: Option<Stage>,
}

/// Waits for a node's end, and for the post office to have read all that it sent before.
async fn finish(node: &Node) -> End {
    for _ in 0..30_000 {
        if let Some(end) = ended(&mut node.life.lock().unwrap()) {
            return end;
        }
        tokio::time::sleep(Pause::from_millis(2)).await;
    }
    panic!("a node did not end");
}

fn ended(life: &mut Life) -> Option<End> {
    let status = life.process.as_mut()?.try_wait().unwrap().filter(|_| life.under_way == 0)?;
    assert!(status.code().is_none_or(|code| code == 0), "the binary failed: {status}");
    life.process = None;
    Some(End { killed: status.code().is_none(), stage: life.stage })
}

fn last_taken(world: &World, node: &Node) -> String {
    let taken = world.post().taken();
    let last = taken.iter().rfind(|mail| mail.port == node.counter.port).unwrap();
    message_id(&last.message)
}

fn assert_each_was_mailed_once(world: &World, keys: &BTreeSet<String>, gaps: &[String]) {
    let mut copies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in world.post().taken() {
        copies.entry(message_id(&mail.message)).or_default().push(mail.message);
    }
    let mut mailed = Vec::new();
    for (id, same) in &copies {
        let gaps = gaps.iter().filter(|gap| *gap == id).count();
        assert!(same.len() <= 1 + gaps, "{id} was taken {} times; {gaps} nodes died in its gap", same.len());
        assert!(same.iter().all(|copy| copy == &same[0]), "{id} said two things");
        let text = Letter::read(&same[0]).text;
        mailed.extend(keys.iter().filter(|name| text.lines().any(|line| line.starts_with(&format!("{name} (")))));
    }
    mailed.sort();
    assert_eq!(mailed, keys.iter().collect::<Vec<_>>(), "every key in one mail");
}

pub(super) fn message_id(message: &str) -> String {
    Letter::read(message).header("Message-ID")
}

pub(super) fn share_the_master_secret(world: &World) {
    let mut file = OpenOptions::new();
    file.write(true)
        .create_new(true)
        .mode(0o600)
        .open(secret_file(world))
        .unwrap()
        .write_all(MASTER.as_bytes())
        .unwrap();
}

fn secret_file(world: &World) -> PathBuf {
    world.folder().join("shared.secret")
}

fn at(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
