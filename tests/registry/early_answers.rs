//! Answers that are given before the end of a body. Clients such as NuGet go on sending all the same and read afterwards:
//! the answer must still be there, and its connection gone soon after.

use std::time::Duration;

use latchkey::{
    config::{PushLimits, Settings},
    serve::Patience,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{
    accounts::Key,
    database::Engine,
    nupkg::nupkg,
    wire::{Reply, open, until_connections},
    world::World,
};

const MB: usize = 1_000_000;

/// A request with a large body, announced by its length or not.
struct Large<'a> {
    line: &'a str,
    headers: &'a [(&'a str, &'a str)],
    bytes: usize,
    chunked: bool,
}

impl Large<'_> {
    /// Sends everything, whatever the server says meanwhile, and reads only then.
    async fn send(&self, world: &World) -> Reply {
        let mut stream = open(world.address(), self.line, self.headers, (!self.chunked).then_some(self.bytes)).await;
        let what = format!("{} of {} bytes, chunked: {}", self.line, self.bytes, self.chunked);
        self.send_body(&mut stream).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let reply = tokio::time::timeout(Duration::from_secs(5), Reply::read(&mut stream)).await;
        reply.unwrap_or_else(|_| panic!("{what}: no answer, or no end of it"))
    }

    async fn send_body(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let piece = vec![b'x'; 50_000];
        for _ in 0..self.bytes / piece.len() {
            if self.chunked {
                stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
            }
            stream.write_all(&piece).await?;
            if self.chunked {
                stream.write_all(b"\r\n").await?;
            }
        }
        stream.write_all(if self.chunked { b"0\r\n\r\n" } else { b"" }).await
    }
}

/// A host on which one push at a time may run, and the others do not wait.
async fn world() -> (World, Key, Key) {
    let limits = |settings: &mut Settings| {
        settings.pushes = PushLimits { account: 1, all: 1, patience: Duration::from_millis(1) };
    };
    let world = World::published_with(Engine::Sqlite, limits, Patience::default()).await;
    let ada = world.account("ada").await;
    let (push, read) = (world.key(ada, "nuget:push", "*").await, world.key(ada, "nuget:pull", "*").await);
    (world, push, read)
}

#[actix_web::test]
async fn every_early_refusal_reaches_a_client_that_sends_on_and_leaves_no_connection() {
    let (world, push, read) = world().await;
    let busy = world.account("busy").await;
    let busy = world.key(busy, "nuget:push", "*").await;
    let basic = crate::support::wire::basic(&read.text);
    let (good, poor) = (("X-NuGet-ApiKey", push.text.as_str()), ("X-NuGet-ApiKey", read.text.as_str()));
    let text = ("Content-Type", "text/plain");
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, Headers<'_>, u16); 8] = [
        ("PUT /v3/package", &[], 401),
        ("PUT /v3/package", &[poor], 403),
        ("PUT /v3/package", &[good, ("Authorization", &basic)], 400),
        ("PUT /v3/package", &[good, ("Content-Type", "application/octet-stream")], 413),
        ("PUT /v3/package", &[good, text], 415),
        ("PUT /v3/nothing", &[good], 404),
        ("PUT /healthz", &[], 405),
        ("POST /sign-in", &[text], 403),
    ];
    for chunked in [false, true] {
        for (line, headers, status) in cases {
            let reply = Large { line, headers, bytes: 5 * MB, chunked }.send(&world).await;
            // What a length announces is refused before what it holds is looked at.
            let status = if status == 415 && !chunked && line.ends_with("package") { 413 } else { status };
            assert_eq!(reply.status, status, "{line}, chunked: {chunked}");
            assert_eq!(reply.header("connection"), Some("close"), "{line}");
            assert!(reply.header("x-request-id").is_some(), "{}", reply.head());
        }
        let (kind, body) = crate::support::wire::multipart(&nupkg("A", "1.0.0"));
        let headers = [("X-NuGet-ApiKey", busy.text.as_str()), ("Content-Type", kind.as_str())];
        let mut under_way = open(world.address(), "PUT /v3/package", &headers, Some(body.len())).await;
        under_way.write_all(&body[..body.len() / 2]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let reply = Large { line: "PUT /v3/package", headers: &[good], bytes: 5 * MB, chunked }.send(&world).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("5")));
    }
    until_connections(world.address(), 0).await;
    world.store().close().await;
    for chunked in [false, true] {
        let reply = Large { line: "PUT /v3/package", headers: &[good], bytes: 5 * MB, chunked }.send(&world).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("2")));
    }
    until_connections(world.address(), 0).await;
    world.end().await;
}

#[actix_web::test]
async fn refused_uploads_of_thirty_and_sixty_megabytes_show_their_reason() {
    let (world, _, read) = world().await;
    let unknown = format!("lk_{}", "a".repeat(46));
    for chunked in [false, true] {
        for bytes in [30 * MB, 60 * MB] {
            for key in [&read.text, &unknown] {
                let headers = [("X-NuGet-ApiKey", key.as_str())];
                let reply = Large { line: "PUT /v3/package", headers: &headers, bytes, chunked }.send(&world).await;
                let (status, _, told) = reply.told();
                assert_eq!((status, told.is_some()), (403, true), "{bytes} bytes, chunked: {chunked}");
            }
        }
    }
    until_connections(world.address(), 0).await;
    world.end().await;
}

#[actix_web::test]
async fn whoever_stops_sending_or_drips_after_the_answer_is_cut_off() {
    let (world, _, read) = world().await;
    let headers = [("X-NuGet-ApiKey", read.text.as_str())];
    let mut streams = Vec::new();
    for length in [Some(60 * MB), None] {
        for _ in 0..4 {
            let mut stream = open(world.address(), "PUT /v3/package", &headers, length).await;
            let body: &[u8] = if length.is_some() { &[0; 10_000] } else { b"5\r\nhello\r\n" };
            stream.write_all(body).await.unwrap();
            streams.push(stream);
        }
    }
    let dripping = streams.split_off(4);
    let drips = dripping.into_iter().map(|mut stream| async move {
        while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let gone = async {
        until_connections(world.address(), 0).await;
        futures_util::future::join_all(drips).await
    };
    // The clients keep their ends of the connections all the while.
    assert_eq!(gone.await.len(), 4);
    drop(streams);
    world.end().await;
}
