//! A host as package clients and users of the HTTP API reach it: by https, straight from where they are.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    time::{Duration as Span, SystemTime},
};

use chrono::{DateTime, Duration, Utc};
use latchkey::{
    config::{PushLimits, Settings},
    serve::Patience,
};

use super::{
    accounts::Key,
    database::Engine,
    wire::{Reply, call, multipart},
    world::World,
};

/// When every test of clients begins.
const START: &str = "2026-11-23T14:00:00Z";

/// The same as a time.
pub fn start() -> DateTime<Utc> {
    START.parse().unwrap()
}

impl World {
    /// A host that clients reach.
    pub async fn published(engine: Engine) -> Self {
        Self::published_with(engine, |_| (), Patience::default()).await
    }

    /// One with other settings and another patience.
    pub async fn published_with(engine: Engine, change: impl FnOnce(&mut Settings), patience: Patience) -> Self {
        let world = Self::still(engine, START).await;
        world.publish("", change, patience).await;
        world
    }

    /// One on SQLite, with a path in its public address.
    pub async fn published_below(path: &str) -> Self {
        let world = Self::still(Engine::Sqlite, START).await;
        world.publish(path, |_| (), Patience::default()).await;
        world
    }

    async fn publish(&self, path: &str, change: impl FnOnce(&mut Settings), patience: Patience) {
        let public_url = format!("https://packages.example.com{path}");
        let flags = [
            ("public-url", public_url.as_str()),
            ("sign-up", "closed"),
            ("max-package-mib", "1"),
            ("connections-per-address", "256"),
        ];
        let change = |settings: &mut Settings| {
            settings.trusted_proxies.clear();
            settings.event_days = None;
            settings.pushes = PushLimits { account: 4, all: 16, patience: Span::from_secs(60) };
            change(settings);
        };
        self.start_with(&flags, change, patience).await;
    }

    /// Another host with an empty database on the same package store.
    pub async fn stranger(&self) -> Self {
        let world = Self::still(Engine::Sqlite, START).await;
        world.master_secret.replace("the master secret of somebody else altogether".to_owned());
        world.share_packages(self).await;
        world
    }

    /// Another host on the same package store, with a copy of the database as it is now.
    pub async fn copy(&self) -> Self {
        let world = self.copied().await;
        world.share_packages(self).await;
        world
    }

    async fn share_packages(&self, host: &Self) {
        symlink(host.folder().join("packages"), self.folder().join("packages")).unwrap();
        self.clock.advance(host.now() - self.now());
        self.publish("", |_| (), Patience::default()).await;
    }

    /// Takes the disk of the packages away: an empty folder is left in its place.
    pub fn unmount_packages(&self) {
        let folder = self.folder().join("packages");
        fs::rename(&folder, self.folder().join("elsewhere")).unwrap();
        fs::create_dir(folder).unwrap();
    }

    /// Puts it back.
    pub fn mount_packages(&self) {
        let folder = self.folder().join("packages");
        fs::remove_dir_all(&folder).unwrap();
        fs::rename(self.folder().join("elsewhere"), folder).unwrap();
    }

    /// Dates every package file back, as if it had been there for long.
    pub fn age_files(&self, days: u64) {
        fn age(path: &Path, at: SystemTime) {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    age(&entry.path(), at);
                } else {
                    fs::File::options().append(true).open(entry.path()).unwrap().set_modified(at).unwrap();
                }
            }
        }
        let at = SystemTime::from(self.now()) - Span::from_secs(days * 86_400);
        age(&self.folder().join("packages/nuget"), at);
    }

    /// How many files uploads and packages take.
    pub fn files(&self, folder: &str) -> usize {
        fn count(path: &Path) -> usize {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
        }
        count(&self.folder().join(folder))
    }

    /// A moment passes, so that what happens next sorts behind what was.
    fn moment(&self) {
        self.pass(Duration::milliseconds(1));
    }

    /// A request without body.
    pub async fn ask(&self, line: &str, headers: &[(&str, &str)]) -> Reply {
        self.moment();
        call(self.address(), line, headers, b"").await
    }

    /// A request with a key in `Authorization: Bearer`.
    pub async fn get(&self, path: &str, key: &Key) -> Reply {
        self.ask(&format!("GET {path}"), &[("Authorization", &format!("Bearer {}", key.text))]).await
    }

    /// A push to `main` with a key in `X-NuGet-ApiKey`.
    pub async fn push(&self, key: &Key, file: &[u8]) -> Reply {
        self.push_to("/v3/package", key, file).await
    }

    /// The same to another feed's address.
    pub async fn push_to(&self, path: &str, key: &Key, file: &[u8]) -> Reply {
        self.moment();
        let (kind, body) = multipart(file);
        let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", &kind)];
        call(self.address(), &format!("PUT {path}"), &headers, &body).await
    }
}
