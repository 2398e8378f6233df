//! Pushes that stop, meet each other, or lose their key on the way.

use std::path::Path;

use latchkey::{
    clock::Clock,
    config::{PushLimits, Settings},
    jobs,
    packages::blobs::BlobKey,
    serve::Patience,
    tokens::Kind,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{
    accounts::Key,
    database::Engine,
    nupkg::nupkg,
    wire::{Reply, multipart, open},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    an_upload_that_stops_leaves_nothing_and_the_next_one_works,
    of_two_equal_pushes_at_once_one_wins,
    of_two_accounts_that_make_one_id_at_once_one_owns_it,
    a_key_revoked_while_the_body_is_coming_publishes_nothing,
    a_push_that_comes_too_many_waits_for_its_turn_and_other_accounts_do_not,
    of_sixteen_equal_pushes_at_once_one_wins_and_the_others_hear_that_it_exists,
    twelve_packages_pushed_at_once_with_one_key_all_arrive,
    what_a_push_left_behind_when_its_process_died_is_removed,
}

/// A push of which only the first half was sent.
struct Half {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Half {
    async fn of(world: &World, key: &Key, file: &[u8]) -> Self {
        let (kind, body) = multipart(file);
        let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", kind.as_str())];
        let mut stream = open(world.address(), "PUT /v3/package", &headers, Some(body.len())).await;
        let (half, rest) = body.split_at(body.len() / 2);
        stream.write_all(half).await.unwrap();
        Self { stream, rest: rest.to_vec() }
    }

    async fn finish(mut self) -> Reply {
        let _ = self.stream.write_all(&self.rest).await;
        Reply::read(&mut self.stream).await
    }
}

/// Waits until so many uploads are under way.
async fn until_under_way(world: &World, count: usize) {
    for _ in 0..1_000 {
        if world.files("uploads") == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{} uploads under way instead of {count}", world.files("uploads"));
}

async fn an_upload_that_stops_leaves_nothing_and_the_next_one_works(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let file = nupkg("A", "1.0.0");
    let half = Half::of(world, &key, &file).await;
    until_under_way(world, 1).await;
    drop(half);
    until_under_way(world, 0).await;
    assert_eq!(world.files("packages"), 0);
    assert_eq!(world.push(&key, &file).await.status, 201);
}

async fn of_two_equal_pushes_at_once_one_wins(world: &World) {
    let ada = world.account("ada").await;
    let [one, other] = [world.key(ada, "nuget:push", "*").await, world.key(ada, "nuget:push", "*").await];
    let file = nupkg("A", "1.0.0");
    let halves = [Half::of(world, &one, &file).await, Half::of(world, &other, &file).await];
    until_under_way(world, 2).await;
    let [one, other] = halves.map(Half::finish);
    let (one, other) = futures_util::join!(one, other);
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!((world.files("packages"), world.files("uploads")), (2, 0), "one package and its nuspec");
}

async fn of_two_accounts_that_make_one_id_at_once_one_owns_it(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let [one, other] = [world.key(ada, "nuget:push", "*").await, world.key(bo, "nuget:push", "*").await];
    let halves =
        [Half::of(world, &one, &nupkg("A", "1.0.0")).await, Half::of(world, &other, &nupkg("a", "2.0.0")).await];
    until_under_way(world, 2).await;
    let [one, other] = halves.map(Half::finish);
    let (one, other) = futures_util::join!(one, other);
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403]);
    assert_eq!((world.files("packages"), world.files("uploads")), (2, 0));
}

async fn a_key_revoked_while_the_body_is_coming_publishes_nothing(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let half = Half::of(world, &key, &nupkg("A", "1.0.0")).await;
    until_under_way(world, 1).await;
    world.revoke(key.token.id).await;
    let reply = half.finish().await;
    assert_eq!((reply.status, reply.phrase.as_str()), (403, "This access token was revoked"));
    assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
}

async fn a_push_that_comes_too_many_waits_for_its_turn_and_other_accounts_do_not(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let mut halves = Vec::new();
    for n in 0..4 {
        halves.push(Half::of(world, &key, &nupkg(&format!("A{n}"), "1.0.0")).await);
    }
    until_under_way(world, 4).await;
    let fifth = Half::of(world, &key, &nupkg("B", "1.0.0")).await;
    let bo = world.account("bo").await;
    let other = world.key(bo, "nuget:push", "*").await;
    assert_eq!(world.push(&other, &nupkg("C", "1.0.0")).await.status, 201);
    assert_eq!(world.files("uploads"), 4, "the fifth waits");
    let replies = futures_util::future::join_all(halves.into_iter().chain([fifth]).map(Half::finish)).await;
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [201; 5]);
}

async fn of_sixteen_equal_pushes_at_once_one_wins_and_the_others_hear_that_it_exists(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let file = nupkg("A", "1.0.0");
    let replies = futures_util::future::join_all((0..16).map(|_| world.push(&key, &file))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 15]].concat());
}

async fn twelve_packages_pushed_at_once_with_one_key_all_arrive(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let files: Vec<_> = (0..12).map(|n| nupkg(&format!("A{n}"), "1.0.0")).collect();
    let replies = futures_util::future::join_all(files.iter().map(|file| world.push(&key, file))).await;
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [201; 12]);
}

#[actix_web::test]
async fn a_push_whose_turn_does_not_come_is_told_to_come_later() {
    let short = std::time::Duration::from_millis(200);
    let limits = |settings: &mut Settings| settings.pushes = PushLimits { account: 1, all: 1, patience: short };
    let world = World::published_with(Engine::Sqlite, limits, Patience::default()).await;
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let half = Half::of(&world, &key, &nupkg("A", "1.0.0")).await;
    until_under_way(&world, 1).await;
    let late = world.push(&key, &nupkg("B", "1.0.0")).await;
    assert_eq!((late.status, late.header("retry-after")), (429, Some("5")));
    assert_eq!(half.finish().await.status, 201);
    world.end().await;
}

#[actix_web::test]
async fn accounts_whose_uploads_drip_keep_nobody_from_pushing() {
    let world = World::published_with(Engine::Sqlite, |_| (), Patience::default()).await;
    let mut dripping = Vec::new();
    for name in ["ada", "bo", "cy", "di"] {
        let account = world.account(name).await;
        let key = world.key(account, "nuget:push", "*").await;
        for n in 0..4 {
            dripping.push(Half::of(&world, &key, &nupkg(&format!("{name}{n}"), "1.0.0")).await);
        }
    }
    until_under_way(&world, 16).await;
    let eve = world.account("eve").await;
    let key = world.key(eve, "nuget:push", "*").await;
    assert_eq!(world.push(&key, &nupkg("Good", "1.0.0")).await.status, 201);
    let made_way = futures_util::future::join_all(dripping.into_iter().map(Half::finish)).await;
    let refused: Vec<_> = made_way.iter().filter(|reply| reply.status == 429).collect();
    assert_eq!(refused.len(), 1, "one of them made way for it");
    assert!(refused[0].text().contains("hardly moved"), "{}", refused[0].text());
    world.end().await;
}

async fn what_a_push_left_behind_when_its_process_died_is_removed(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    let id = uuid::Uuid::from_u128(7);
    let orphan = BlobKey::new(Kind::NuGet, id, "nupkg");
    world.store().note_upload(id.into(), world.now()).await.unwrap();
    world.app().blobs.put(&orphan, Path::new("Cargo.toml")).await.unwrap();
    // Files are dated by the machine's clock.
    world.clock.advance(Clock::System.now() - world.clock.now());
    jobs::remove_orphans(&world.app()).await.unwrap();
    assert_eq!(world.files("packages/nuget"), 3, "another process may be at it");
    world.clock.advance(jobs::GRACE + chrono::Duration::minutes(1));
    jobs::remove_orphans(&world.app()).await.unwrap();
    assert_eq!((world.files("packages/nuget"), world.app().blobs.exists(&orphan).await.unwrap()), (2, false));
    assert_eq!(world.files("packages/trash"), 1, "nothing is deleted at once");
    world.clock.advance(jobs::IN_TRASH + chrono::Duration::days(1));
    jobs::remove_orphans(&world.app()).await.unwrap();
    assert_eq!((world.files("packages/nuget"), world.files("packages/trash")), (2, 0));
}
