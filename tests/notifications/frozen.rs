//! The real binary is frozen in the middle of a mail, for longer than its claim holds. Meanwhile another process sends the
//! mail; the frozen one wakes up, goes on where it was, and sends no second one. Only where it was frozen after the final
//! dot had gone out the mail is there twice, as the same message.

use std::{
    collections::BTreeMap,
    process::{Child, Command},
    sync::{Arc, Mutex},
    time::Duration as Pause,
};

use chrono::Duration;
use latchkey::{
    cli::mail,
    config::{SecretText, Settings},
};

use super::{
    crash_loop::{command, message_id, share_the_master_secret},
    world::World,
};
use crate::support::{
    database::Engine,
    post_office::{Counter, Stage},
    world::on_both_engines,
};

on_both_engines! {
    threads World::mailing =>
    a_worker_frozen_for_longer_than_its_claim_sends_nothing_twice,
    a_worker_that_wakes_up_with_the_servers_word_keeps_others_from_sending_again,
}

/// Claimed and connected; the recipient named; DATA said; the dot sent and not yet answered.
const STAGES: [Stage; 4] = [Stage::Connected, Stage::Recipient, Stage::Data, Stage::Dot];
/// The time a mail may take, by the clock of the machine.
const OPTIONS: &str = "&timeout=1";
const LONGER: Pause = Pause::from_millis(1_200);

/// A process that is frozen as soon as its first conversation comes to a stage.
struct Sleeper {
    stage: Stage,
    counter: Counter,
    life: Arc<Mutex<Life>>,
}

#[derive(Default)]
struct Life {
    process: Option<Child>,
    frozen: bool,
}

async fn a_worker_frozen_for_longer_than_its_claim_sends_nothing_twice(world: &World) {
    for (number, _) in STAGES.iter().enumerate() {
        let owner = world.account(&format!("owner-{number}")).await;
        world.token(owner, "CI").await;
    }
    world.pass(Duration::days(20));
    share_the_master_secret(world);
    let mut sleepers = Vec::new();
    // One after the other: each claims the first mail that nobody holds.
    for stage in STAGES {
        let sleeper = Sleeper::freeze_at(world, stage).await;
        sleeper.until(|life| life.frozen).await;
        sleepers.push(sleeper);
    }
    let handed_over = usize::from(STAGES.contains(&Stage::Dot));
    assert_eq!(world.post().taken().len(), handed_over);
    world.tick().await;
    assert_eq!(world.post().taken().len(), handed_over, "every mail is claimed");

    tokio::time::sleep(LONGER).await;
    world.pass(Duration::minutes(10));
    world.tick().await;
    assert_eq!(world.post().taken().len(), handed_over + STAGES.len());
    for sleeper in &sleepers {
        sleeper.signal("CONT");
    }
    for sleeper in sleepers {
        sleeper.ended().await;
    }
    world.pass(Duration::hours(2));
    world.tick().await;

    let mut copies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in world.post().taken() {
        copies.entry(message_id(&mail.message)).or_default().push(mail.message);
    }
    let mut counts: Vec<_> = copies.values().map(Vec::len).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 1, 2]);
    assert!(copies.values().all(|same| same.iter().all(|copy| *copy == same[0])));
}

async fn a_worker_that_wakes_up_with_the_servers_word_keeps_others_from_sending_again(world: &World) {
    let owner = world.account("ada").await;
    world.token(owner, "CI").await;
    world.pass(Duration::days(20));
    share_the_master_secret(world);
    let sleeper = Sleeper::freeze_at(world, Stage::Replied).await;
    sleeper.until(|life| life.frozen).await;
    sleeper.signal("CONT");
    sleeper.ended().await;
    for _ in 0..3 {
        world.pass(Duration::hours(1));
        world.tick().await;
    }
    assert_eq!(world.post().taken().len(), 1);
}

#[tokio::test]
async fn a_machine_that_slept_within_a_mail_does_not_end_it() {
    let world = World::mailing_by(Engine::Sqlite, |_| None).await;
    for (stage, taken) in [(Stage::Connected, 0), (Stage::Recipient, 0), (Stage::Data, 0), (Stage::Dot, 1)] {
        let clock = world.clock.clone();
        let sleeping = move |at| {
            if at == stage {
                clock.advance(Duration::minutes(2));
            }
        };
        let counter = world.post().counter(Arc::new(sleeping)).await;
        let smtp_url = Some(SecretText::new(format!("smtp://127.0.0.1:{}?tls=none", counter.port)));
        let settings = Settings { smtp_url, ..world.app().settings.clone() };
        let said = mail::test(&settings, &world.clock, "ada@example.com").await.map_err(|error| error.to_string());
        assert_eq!((said.is_ok(), world.post().taken().len()), (taken == 1, taken), "{stage:?}: {said:?}");
    }
}

impl Sleeper {
    async fn freeze_at(world: &World, stage: Stage) -> Self {
        let life = Arc::new(Mutex::new(Life::default()));
        let watched = Arc::clone(&life);
        let watcher = move |at| {
            let mut life = watched.lock().unwrap();
            if at == stage && !life.frozen {
                signal(life.process.as_ref().unwrap(), "STOP");
                life.frozen = true;
            }
        };
        let counter = world.post().counter(Arc::new(watcher)).await;
        let mut start = command(world, counter.port, OPTIONS);
        // Held until the process is noted: its first conversation may begin at once.
        let mut noted = life.lock().unwrap();
        noted.process = Some(start.spawn().unwrap());
        drop(noted);
        Self { stage, counter, life }
    }

    fn signal(&self, name: &str) {
        signal(self.life.lock().unwrap().process.as_ref().unwrap(), name);
    }

    async fn until(&self, reached: impl Fn(&mut Life) -> bool) {
        for _ in 0..6_000 {
            if reached(&mut self.life.lock().unwrap()) {
                return;
            }
            tokio::time::sleep(Pause::from_millis(5)).await;
        }
        panic!("it did not come to that at {:?}, port {}", self.stage, self.counter.port);
    }

    async fn ended(&self) {
        self.until(|life| life.process.as_mut().unwrap().try_wait().unwrap().is_some()).await;
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        if let Some(process) = &mut self.life.lock().unwrap().process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.id().to_string()).status();
    assert!(sent.unwrap().success());
}
