//! What holds at every address there is, whoever asks: a body is bounded in time and size, whether it is wanted or not.

use std::time::{Duration, Instant};

use latchkey::{auth::Rate, routes, serve::Patience};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    database::Engine,
    wire::{Reply, open, until_connections},
    world::World,
};

/// A second at most for everything.
fn impatient() -> Patience {
    let rate = Rate { bytes: 64 * 1024, window: Duration::from_secs(1) };
    Patience { body: rate, linger: rate, ..Patience::default() }
}

/// A part of a path, filled with the first word it may be, or with something.
fn filled(part: &str) -> &str {
    let is_words = |words: &&str| words.bytes().all(|b| b.is_ascii_lowercase() || b"-|".contains(&b));
    match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        None => {
            if part.contains('{') {
                "1"
            } else {
                part
            }
        }
        Some(part) => {
            let words = part.split_once(':').map(|(_, words)| words).filter(is_words);
            words.and_then(|words| words.split('|').next()).unwrap_or("1")
        }
    }
}

/// The parts of a pattern between slashes; those within braces belong to a part.
fn parts(pattern: &str) -> Vec<&str> {
    let mut depth = 0;
    let is_end = |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == '/' && depth == 0
    };
    pattern.split(is_end).collect()
}

/// Every method at every address, and methods it does not know; parameters are filled with something.
fn request_lines() -> Vec<String> {
    let mut lines = Vec::new();
    for address in routes::addresses() {
        let path: Vec<_> = parts(&address.path).into_iter().map(filled).collect();
        let path = if path.len() < 2 { "/".to_owned() } else { path.join("/") };
        lines.extend([address.method.as_str(), "POST", "PATCH"].map(|method| format!("{method} {path}")));
    }
    lines.push("POST /no/such/address".to_owned());
    lines.sort();
    lines.dedup();
    assert!(lines.len() > 150, "{}", lines.len());
    lines
}

#[actix_web::test]
async fn no_address_lets_a_body_drip_for_ever() {
    let world =
        World::published_with(Engine::Sqlite, |settings| settings.connections_per_address = 10_000, impatient()).await;
    let key = world.key(world.account("ada").await, "nuget:push nuget:pull", "*").await;
    let bearer = format!("Bearer {}", key.text);
    let began = Instant::now();
    let drips = request_lines().into_iter().map(|line| {
        let (at, bearer) = (world.address(), &bearer);
        async move {
            let form = ("Content-Type", "application/x-www-form-urlencoded");
            let stream = open(at, &line, &[("Authorization", bearer), form], None).await;
            let (mut answer, mut body) = stream.into_split();
            while body.write_all(b"1\r\nx\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
                assert!(began.elapsed() < Duration::from_secs(45), "{line}: it drips still");
            }
            let mut bytes = Vec::new();
            let _ = answer.read_to_end(&mut bytes).await;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    });
    let answers = futures_util::future::join_all(drips).await;
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 ") || answer.is_empty()), "{answers:?}");
    assert!(!answers.iter().any(|answer| answer.starts_with("HTTP/1.1 5")), "{answers:?}");
    until_connections(world.address(), 0).await;
    world.end().await;
}

#[actix_web::test]
async fn every_address_answers_a_large_body_and_closes() {
    let world =
        World::published_with(Engine::Sqlite, |settings| settings.connections_per_address = 10_000, impatient()).await;
    for line in request_lines() {
        let kind = ("Content-Type", "multipart/form-data; boundary=x");
        let mut stream = open(world.address(), &line, &[kind], Some(2_000_000)).await;
        let piece = [b'x'; 50_000];
        for _ in 0..40 {
            stream.write_all(&piece).await.unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        let reply = Reply::read(&mut stream).await;
        assert!(reply.status < 500, "{line}: {}", reply.status);
    }
    until_connections(world.address(), 0).await;
    world.end().await;
}
