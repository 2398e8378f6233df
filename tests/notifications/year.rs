//! A simulated year: keys with random lives are edited, refreshed, switched off and on and revoked, the host restarts
//! now and then, and a plain model says hour by hour who has to be warned and who has to be told that a key has expired.
//! Each mail goes out then, and no other.
//!
//! `LATCHKEY_YEAR_KEYS` says how many keys there are on each database (500 unless it is set).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use latchkey::tokens::TokenId;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use super::world::World;

on_both_engines! {
    threads World::mailing =>
    in_a_year_of_changes_and_restarts_every_mail_of_an_end_goes_out_in_its_hour_and_no_other_does,
}
use crate::support::{letter::Letter, world::on_both_engines};

const HOURS: i64 = 365 * 24;
const RESTARTS: i64 = 30;
const OWNERS: usize = 100;

/// What somebody does with a key.
#[derive(Clone, Copy, Debug)]
enum Act {
    Create,
    BringForward,
    Refresh { restart: bool },
    Deactivate,
    Reactivate,
    Revoke,
}

/// What the model knows of a key.
#[derive(Clone, Debug)]
struct Key {
    id: TokenId,
    life: Duration,
    issued_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    on: bool,
    revoked: bool,
    /// The ends its owner was warned of.
    warned: BTreeSet<DateTime<Utc>>,
    /// The ends that came, and its owner was told, or need not be because the key was off then.
    over: BTreeSet<DateTime<Utc>>,
}

impl Key {
    /// The rule as the documentation tells it: ten days before; one day before where the life is ten days or shorter;
    /// never where it is one day or shorter. The mail goes out in that hour.
    fn due(&self) -> Option<DateTime<Utc>> {
        let life = self.ends_at - self.issued_at;
        let ahead = if life > Duration::days(10) { Duration::days(10) } else { Duration::days(1) };
        let due = self.ends_at - ahead;
        (life > Duration::days(1)).then(|| due - Duration::seconds(due.timestamp().rem_euclid(3600)))
    }

    fn is_owed(&self, now: DateTime<Utc>) -> bool {
        let live = self.on && !self.revoked && now < self.ends_at;
        live && !self.warned.contains(&self.ends_at) && self.due().is_some_and(|due| due <= now)
    }

    fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.on && !self.revoked && self.ends_at <= now && !self.over.contains(&self.ends_at)
    }
}

async fn in_a_year_of_changes_and_restarts_every_mail_of_an_end_goes_out_in_its_hour_and_no_other_does(world: &World) {
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let mut owners = Vec::new();
    for owner in 0..OWNERS {
        owners.push(world.account(&format!("owner-{owner}")).await);
    }
    let mut plans = plans(&mut random);
    let mut keys: BTreeMap<usize, Key> = BTreeMap::new();
    let mut read = 0;
    for hour in 0..HOURS {
        for (name, act) in plans.remove(&hour).unwrap_or_default() {
            if matches!(act, Act::Create) {
                let life = a_life(&mut random);
                let (id, _) = world.token_with(owners[name % OWNERS], &name.to_string(), "", life).await;
                let now = world.clock.now();
                let key = Key {
                    id,
                    life,
                    issued_at: now,
                    ends_at: now + life,
                    on: true,
                    revoked: false,
                    warned: BTreeSet::new(),
                    over: BTreeSet::new(),
                };
                keys.insert(name, key);
            } else if let Some(key) = keys.get_mut(&name) {
                act_on(world, key, act, &mut random).await;
            }
        }
        if hour % (HOURS / RESTARTS) == 0 {
            world.restart().await;
        }
        world.tick().await;
        let (warned, expired) = newly_told(world, &mut read);
        let now = world.clock.now();
        let mail_content: Vec<_> = keys.iter().filter(|(_, key)| key.is_owed(now)).map(|(name, _)| *name).collect();
        let over: Vec<_> = keys.iter().filter(|(_, key)| key.has_expired(now)).map(|(name, _)| *name).collect();
        assert_eq!(warned, mail_content, "warned at {now}, seed {seed}");
        assert_eq!(expired, over, "told of what has expired at {now}, seed {seed}");
        for name in mail_content {
            let key = keys.get_mut(&name).unwrap();
            key.warned.insert(key.ends_at);
        }
        for name in over {
            let key = keys.get_mut(&name).unwrap();
            key.over.insert(key.ends_at);
        }
        world.pass(Duration::hours(1));
    }
    assert!(read > plans_made() / 4, "a year in which little happened: {read} mails");
}

fn plans_made() -> usize {
    std::env::var("LATCHKEY_YEAR_KEYS").map_or(500, |keys| keys.parse().unwrap())
}

/// Who does what in which hour.
fn plans(random: &mut StdRng) -> BTreeMap<i64, Vec<(usize, Act)>> {
    let mut plans: BTreeMap<i64, Vec<(usize, Act)>> = BTreeMap::new();
    for name in 0..plans_made() {
        let born = random.random_range(0..HOURS * 9 / 10);
        plans.entry(born).or_default().push((name, Act::Create));
        let mut hour = born;
        while random.random_ratio(1, 2) {
            hour += random.random_range(1..60 * 24);
            let act = match random.random_range(0..10) {
                0..=2 => Act::BringForward,
                3..=5 => Act::Refresh { restart: random.random_ratio(1, 2) },
                6..=7 => Act::Deactivate,
                8 => Act::Reactivate,
                _ => Act::Revoke,
            };
            plans.entry(hour).or_default().push((name, act));
            if matches!(act, Act::Deactivate) && random.random_ratio(3, 4) {
                plans.entry(hour + random.random_range(1..200)).or_default().push((name, Act::Reactivate));
            }
        }
    }
    plans
}

/// From a few hours to 400 days; one in four is short.
fn a_life(random: &mut impl Rng) -> Duration {
    let most = if random.random_ratio(1, 4) { 15 * 24 * 60 } else { 400 * 24 * 60 };
    Duration::minutes(random.random_range(90..most))
}

async fn act_on(world: &World, key: &mut Key, act: Act, random: &mut StdRng) {
    let now = world.clock.now();
    let expired = key.ends_at <= now;
    match act {
        _ if key.revoked => {}
        Act::BringForward if !expired && key.ends_at - now > Duration::hours(3) => {
            let minutes = (key.ends_at - now).num_minutes();
            key.ends_at = now + Duration::minutes(random.random_range(60..minutes));
            world.bring_forward(key.id, key.ends_at).await;
        }
        Act::Refresh { restart } => {
            let restart = restart || expired;
            world.refresh(key.id, restart).await;
            key.issued_at = now;
            if restart {
                key.ends_at = now + key.life;
            }
        }
        Act::Deactivate if key.on => {
            world.deactivate(key.id).await;
            key.on = false;
        }
        Act::Reactivate if !key.on => {
            world.reactivate(key.id).await;
            key.on = true;
            if expired {
                key.over.insert(key.ends_at);
            }
        }
        Act::Revoke => {
            world.revoke(key.id).await;
            key.revoked = true;
        }
        _ => {}
    }
}

/// The names of the keys that the mails since the last look warn of, and of those that have expired by their word.
fn newly_told(world: &World, read: &mut usize) -> (Vec<usize>, Vec<usize>) {
    let (mut warned, mut expired) = (Vec::new(), Vec::new());
    let mails = world.post().taken_since(*read);
    *read += mails.len();
    for mail in mails {
        let letter = Letter::read(&mail.message);
        let over = letter.header("Subject").ends_with(" expired");
        let name = |line: &str| line.strip_suffix("…)")?.split_once(" (")?.0.parse::<usize>().ok();
        let told = if over { &mut expired } else { &mut warned };
        told.extend(letter.text.lines().filter_map(name));
    }
    warned.sort_unstable();
    expired.sort_unstable();
    (warned, expired)
}
