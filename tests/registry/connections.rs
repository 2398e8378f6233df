//! Connections that do not do what they are there for, how many of them one address may have, and what the HTTP layer says
//! by itself.

use std::time::Duration;

use latchkey::{auth::Rate, serve::Patience};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use crate::support::{
    database::Engine,
    nupkg::zip,
    wire::{Reply, connections_of, open, until_connections},
    world::World,
};

fn impatient() -> Patience {
    let rate = Rate { bytes: 64 * 1024, window: Duration::from_secs(1) };
    Patience { head: Duration::from_secs(1), body: rate, write: rate, linger: rate, ..Patience::default() }
}

/// Sends a request on a connection that stays open, and gives the beginning of the answer.
async fn ask(stream: &mut TcpStream, line: &str, key: &str) -> String {
    let request = format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    let mut rest = [0; 8192];
    let _ = timeout(Duration::from_millis(200), stream.read(&mut rest)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn downloads_that_never_read_are_cut() {
    let world =
        World::published_with(Engine::Sqlite, |settings| settings.max_package_bytes = 64 << 20, impatient()).await;
    let key = world.key(world.account("ada").await, "nuget:push nuget:pull", "*").await;
    let nuspec = "<package><metadata><id>Big</id><version>1.0.0</version><authors>a</authors><description>d</description></metadata></package>";
    let file = zip(&[("Big.nuspec", nuspec.as_bytes()), ("content/big.bin", &vec![7; 24 << 20])]);
    let pushed = world.push(&key, &file).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    until_connections(world.address(), 0).await;
    let mut unread = Vec::new();
    for _ in 0..10 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(world.address()).await.unwrap();
        let request = format!(
            "GET /v3/flat/big/1.0.0/big.1.0.0.nupkg HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
            key.text
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        unread.push(stream);
    }
    sleep(Duration::from_millis(500)).await;
    assert_eq!(connections_of(world.address()), 10);
    until_connections(world.address(), 0).await;
    drop(unread);
    world.end().await;
}

#[actix_web::test]
async fn silent_connections_of_one_address_are_bounded_and_those_with_live_keys_stay() {
    let patience = Patience { head: Duration::from_secs(60), ..Patience::default() };
    let world = World::published_with(Engine::Sqlite, |settings| settings.connections_per_address = 10, patience).await;
    let key = world.key(world.account("ada").await, "api:read", "*").await;
    let mut with_key = TcpStream::connect(world.address()).await.unwrap();
    assert_eq!(ask(&mut with_key, "GET /api/v1/tokens/current", &key.text).await, "HTTP/1.1 200 OK");
    let mut silent = Vec::new();
    for n in 0..100 {
        // On a busy machine the server may end one before its client saw it open.
        let Ok(mut stream) = TcpStream::connect(world.address()).await else { continue };
        if n % 2 == 0 {
            let head = "POST /unsubscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
        }
        silent.push(stream);
    }
    until_connections(world.address(), 11).await;
    assert_eq!(ask(&mut with_key, "GET /api/v1/tokens/current", &key.text).await, "HTTP/1.1 200 OK");
    // A newcomer is served, whoever is behind the same address.
    assert_eq!(world.ask("GET /healthz", &[]).await.status, 200);
    assert_eq!(world.get("/api/v1/tokens/current", &key).await.status, 200);
    drop(silent);
    world.end().await;
}

#[actix_web::test]
async fn behind_a_proxy_each_client_has_its_own_share_of_requests() {
    let proxy = "127.0.0.0/8".parse().unwrap();
    let settings = |settings: &mut latchkey::config::Settings| {
        settings.connections_per_address = 8;
        settings.trusted_proxies = vec![proxy];
    };
    let world = World::published_with(Engine::Sqlite, settings, Patience::default()).await;
    let key = world.key(world.account("ada").await, "api:read", "*").await;
    let (flood, other) = (("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.10"));
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(open(world.address(), "POST /unsubscribe", &[flood], Some(9)).await);
    }
    sleep(Duration::from_millis(300)).await;
    let refused = world.ask("GET /healthz", &[flood]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("5")));
    assert!(refused.header("x-request-id").is_some(), "{}", refused.head());
    assert_eq!(world.ask("GET /healthz", &[other]).await.status, 200);
    let bearer = format!("Bearer {}", key.text);
    let asked = world.ask("GET /api/v1/tokens/current", &[flood, ("Authorization", &bearer)]).await;
    assert_eq!(asked.status, 200, "a live key falls under no limit for strangers");
    assert_eq!(world.ask("GET /healthz", &[flood, ("Authorization", "Bearer lk_nothing")]).await.status, 429);
    drop(silent);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(world.ask("GET /healthz", &[flood]).await.status, 200);
    world.end().await;
}

/// What the server says to these bytes before it closes.
async fn talk(world: &World, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    Reply::read(&mut stream).await
}

#[actix_web::test]
async fn what_the_http_layer_answers_by_itself_carries_the_same_headers() {
    let world = World::published_with(Engine::Sqlite, |_| (), impatient()).await;
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(300_000));
    let usual = world.ask("GET /healthz", &[]).await;
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n"[..], 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (large.as_bytes(), 431),
        (b"GET / HTTP/1.1\r\nHost:", 408),
    ] {
        let reply = talk(&world, bytes).await;
        assert_eq!(reply.status, status, "{}", reply.head());
        for name in usual.head().lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, _)| name) {
            assert!(name == "content-type" || reply.header(name).is_some(), "{name} is missing: {}", reply.head());
        }
        assert_eq!((reply.header("content-length"), reply.body.len()), (Some("0"), 0));
    }
    until_connections(world.address(), 0).await;
    world.end().await;
}

#[actix_web::test]
async fn security_txt_says_where_to_report_if_the_operator_does() {
    let contact = Some("mailto:security@example.com".to_owned());
    let world =
        World::published_with(Engine::Sqlite, |settings| settings.security_contact = contact, Patience::default())
            .await;
    let text = world.ask("GET /.well-known/security.txt", &[]).await.text();
    assert_eq!(text, "Contact: mailto:security@example.com\nExpires: 2027-05-22T14:00:00Z\nPreferred-Languages: en\n");
    world.end().await;
    let world = World::published_with(Engine::Sqlite, |_| (), Patience::default()).await;
    assert_eq!(world.ask("GET /.well-known/security.txt", &[]).await.status, 404);
    world.end().await;
}

#[actix_web::test]
async fn a_body_ends_where_it_was_announced_whatever_the_request_wants_to_upgrade_to() {
    let world = World::published_with(Engine::Sqlite, |_| (), Patience::default()).await;
    let form = "link=x&csrf=x";
    for upgrade in ["", "Connection: Upgrade\r\nUpgrade: websocket\r\n"] {
        let head = format!(
            "POST /unsubscribe HTTP/1.1\r\nHost: x\r\n{upgrade}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            form.len()
        );
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(format!("{head}{form}").as_bytes()).await.unwrap();
        // The client waits: nothing more comes.
        let mut answer = [0; 12];
        timeout(Duration::from_secs(10), stream.read_exact(&mut answer)).await.expect("an answer").unwrap();
        assert_eq!(&answer[..9], b"HTTP/1.1 ", "{upgrade}");
    }
    let bare = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(talk(&world, bare).await.status, 200);
    world.end().await;
}

#[actix_web::test]
async fn many_requests_on_one_connection_let_others_have_their_turn() {
    const REQUESTS: usize = 2_000;
    let world = World::published_with(Engine::Sqlite, |_| (), Patience::default()).await;
    let (send, mut answered) = tokio::sync::watch::channel(0);
    let mut floods = Vec::new();
    for _ in 0..20 {
        let (at, send) = (world.address(), send.clone());
        floods.push(tokio::spawn(async move {
            let stream = TcpStream::connect(at).await.unwrap();
            let (mut from, mut to) = stream.into_split();
            let flood = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(REQUESTS);
            let reading = async {
                let mut answer = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = from.read(&mut answer).await {
                    let heads = answer[..read].windows(9).filter(|nine| nine == b"HTTP/1.1 ").count();
                    send.send_modify(|all| *all += heads);
                }
            };
            let _ = tokio::join!(to.write_all(flood.as_bytes()), reading);
        }));
    }
    answered.wait_for(|all| *all > 100).await.unwrap();
    assert_eq!(world.ask("GET /healthz", &[]).await.status, 200);
    let meanwhile = *answered.borrow();
    assert!(meanwhile < 20 * REQUESTS / 2, "somebody else had to wait for {meanwhile} answers");
    floods.iter().for_each(tokio::task::JoinHandle::abort);
    world.end().await;
}
