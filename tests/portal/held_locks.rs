//! Somebody holds a lock, freezes or is cut off: key checks go on, and a key can be revoked within moments.

use std::{cell::Cell, time::Duration};

use futures_util::{FutureExt, future::join_all};
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use latchkey::{accounts::AccountDeletion, audit::Actor, tokens::decision::Role};

use crate::support::{
    database::{Database, Engine},
    nupkg::nupkg,
    person::{Browser, Key},
    program::Program,
    world::{World, on_both_engines, walk},
};

on_both_engines! {
    who_waits_for_a_lock_keeps_no_key_check_waiting,
}

async fn checked(browser: &Browser, key: &Key) -> u16 {
    let request = browser.bare_request(Method::GET, "/api/v1/tokens/current").bearer_auth(&key.secret);
    request.send().await.unwrap().status().as_u16()
}

/// Another program takes a lock that every change of a token needs, and does not let go.
async fn hold(database: &Database) {
    match database.engine {
        Engine::Sqlite => database.execute("BEGIN IMMEDIATE", &[]).await,
        Engine::Postgres => {
            database.execute("BEGIN", &[]).await;
            database.execute("UPDATE tokens SET note = note", &[]).await;
        }
    }
}

async fn who_waits_for_a_lock_keeps_no_key_check_waiting(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let form = ada.get(&format!("/settings/tokens/{}/deactivate", key.id)).await;
    let form = form.form(&format!("/settings/tokens/{}/deactivate", key.id));
    hold(&world.database).await;
    let ended = Cell::new(0);
    let waiting = join_all((0..30).map(|_| {
        let form = form.clone();
        async {
            let page = ada.submit(form).await;
            ended.set(ended.get() + 1);
            page
        }
    }));
    let checks = async {
        for _ in 0..20 {
            assert_eq!((checked(&ada, &key).await, ended.get()), (200, 0));
        }
    };
    let (pages, ()) = tokio::join!(waiting, checks);
    for page in pages {
        assert_eq!(page.status, 503, "{}", page.body);
        assert!(page.body.contains("Nothing was changed"), "{}", page.body);
    }
    world.database.execute("ROLLBACK", &[]).await;
    ada.must(&key.id, "revoke").await;
    assert_eq!(checked(&ada, &key).await, 401);
}

/// A node that pushes with Ada's key, and another one where she can revoke it.
struct Pushing {
    program: Program,
    ada: Browser,
    key: Key,
}

impl Pushing {
    async fn on(world: &World, database: &str) -> Self {
        let ada = world.ada().await;
        let key = ada.key_with(world, "CI", |form| form.set("patterns", "*")).await;
        let pushing = Self { program: Program::start(world, database).await, ada, key };
        assert_eq!(pushing.push(world, "1.0.0").await, 201);
        pushing
    }

    async fn push(&self, world: &World, version: &str) -> u16 {
        let request = self.program.browser(world).bare_request(Method::PUT, "/v3/package");
        let request =
            request.header("x-nuget-apikey", &self.key.secret).header("content-type", "application/octet-stream");
        request.body(nupkg("Contoso.Core", version)).send().await.map_or(0, |answer| answer.status().as_u16())
    }

    /// Ada revokes the key on the healthy node. The limit is far above what it may take, and below what it would.
    async fn is_revoked(&self, world: &World) {
        let revoking = self.ada.must(&self.key.id, "revoke");
        timeout(Duration::from_secs(4), revoking).await.expect("a revocation waits for nobody");
        assert_eq!(checked(&self.ada, &self.key).await, 401);
        let versions = world.database.number("SELECT COUNT(*) FROM versions", &[]).await;
        assert_eq!(versions, 1, "what was under way came to nothing");
    }
}

/// Waits until a change is held up by our own lock.
async fn until_somebody_waits(other: &Database) {
    let waiting =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while other.number(waiting, &[]).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Where a push is stopped: at the summary of its package, in the middle of its change, and at the token's row, its end.
const PLACES: [&str; 2] = ["UPDATE packages SET name = name", "UPDATE tokens SET note = note"];

#[actix_web::test]
async fn a_node_frozen_in_the_middle_of_a_push_keeps_nobody_from_revoking() {
    for place in PLACES {
        walk(World::new(Engine::Postgres), async |world: &World| {
            let pushing = Pushing::on(world, world.database.url()).await;
            let other = Database::beside(world.database.url()).await;
            world.database.execute("BEGIN", &[]).await;
            world.database.execute(place, &[]).await;
            let freeze = async {
                until_somebody_waits(&other).await;
                pushing.program.signal("STOP");
                world.database.execute("COMMIT", &[]).await;
                pushing.is_revoked(world).await;
                pushing.program.signal("CONT");
            };
            let (pushed, ()) = tokio::join!(pushing.push(world, "2.0.0"), freeze);
            assert!([401, 403, 503].contains(&pushed), "{place}: {pushed}");
            assert_eq!(checked(&pushing.program.browser(world), &pushing.key).await, 401);
        })
        .await;
    }
}

#[actix_web::test]
async fn a_node_cut_off_in_the_middle_of_a_push_keeps_nobody_from_revoking() {
    for place in PLACES {
        walk(World::new(Engine::Postgres), async |world: &World| {
            let wire = Wire::to(world.database.url()).await;
            let pushing = Pushing::on(world, &wire.url).await;
            let other = Database::beside(world.database.url()).await;
            world.database.execute("BEGIN", &[]).await;
            world.database.execute(place, &[]).await;
            let cut = async {
                until_somebody_waits(&other).await;
                wire.cut();
                world.database.execute("COMMIT", &[]).await;
                pushing.is_revoked(world).await;
            };
            // Nobody answers the node; its client is given up with the test.
            let pushed =
                timeout(Duration::from_secs(20), pushing.push(world, "2.0.0")).map(|pushed| pushed.unwrap_or(0));
            tokio::select! {
                pushed = pushed => assert_ne!(pushed, 201, "{place}"),
                () = cut => {}
            }
        })
        .await;
    }
}

/// A line to the database server that can be cut: nothing more arrives on either side, and neither is told.
struct Wire {
    url: String,
    cut: watch::Sender<bool>,
}

impl Wire {
    async fn to(url: &str) -> Self {
        let (before, rest) = url.rsplit_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{name}", listener.local_addr().unwrap());
        let (cut, is_cut) = watch::channel(false);
        let server = server.to_owned();
        actix_web::rt::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.unwrap();
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                actix_web::rt::spawn(carry(near_in, far_out, is_cut.clone()));
                actix_web::rt::spawn(carry(far_in, near_out, is_cut.clone()));
            }
        });
        Self { url, cut }
    }

    fn cut(&self) {
        self.cut.send_replace(true);
    }
}

async fn carry(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, cut: watch::Receiver<bool>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if *cut.borrow() {
            // Both ends stay open for as long as the test goes on.
            std::future::pending::<()>().await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    if *cut.borrow() {
        std::future::pending::<()>().await;
    }
}

/// Runs a step that a lock of ours holds up, a second one beside it, and lets both go on.
async fn beside<A, B>(
    world: &World,
    lock: &'static str,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let other = Database::beside(world.database.url()).await;
    world.database.execute("BEGIN", &[]).await;
    world.database.execute(lock, &[]).await;
    let then = async {
        until_somebody_waits(&other).await;
        let release = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            world.database.execute("COMMIT", &[]).await;
        };
        tokio::join!(second, release).0
    };
    tokio::join!(first, then)
}

async fn deleted(world: &World, username: &str) -> AccountDeletion {
    let app = world.app();
    let account = app.store.account_named(username).await.unwrap().unwrap();
    app.store.delete_account(account.id, None, &[], &Actor::host("test"), world.now()).await.unwrap()
}

#[actix_web::test]
async fn an_account_that_is_deleted_while_it_publishes_leaves_no_package_without_an_owner() {
    walk(World::new(Engine::Postgres), async |world: &World| {
        let pushing = Pushing::on(world, world.database.url()).await;
        world.database.execute("DELETE FROM packages", &[]).await;
        let (pushed, answer) =
            beside(world, "UPDATE tokens SET note = note", pushing.push(world, "2.0.0"), deleted(world, "ada")).await;
        assert_eq!(pushed, 201);
        assert!(matches!(answer, AccountDeletion::NeedsHeir(_)), "{answer:?}");
        assert_eq!(world.database.number("SELECT COUNT(*) FROM package_owners", &[]).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn an_owner_who_is_deleted_while_the_other_one_goes_leaves_no_feed_without_an_owner() {
    walk(World::new(Engine::Postgres), async |world: &World| {
        world.ada().await;
        world.bo().await;
        world.add_feed("team", "ada", false).await;
        let app = world.app();
        let feed = app.store.feed("team", None).await.unwrap().unwrap().feed;
        let bo = app.store.account_named("bo").await.unwrap().unwrap();
        let member = async |role| {
            let mut tx = app.store.begin().await.unwrap();
            let change = tx.change_member(&feed, bo.id, role, &Actor::host("test"), world.now()).await.unwrap();
            tx.commit().await.unwrap();
            change
        };
        member(Some(Role::Owner)).await;
        let (left, answer) = beside(world, "UPDATE members SET role = role", member(None), deleted(world, "ada")).await;
        let owners = "SELECT COUNT(*) FROM members WHERE role = 'owner'";
        assert_eq!(world.database.number(owners, &[]).await, 1, "{left:?} {answer:?}");
    })
    .await;
}
