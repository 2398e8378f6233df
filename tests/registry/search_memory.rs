//! What large searches side by side take of a host's memory while they run, and that it is given back: the real program, a
//! feed of 1,000 packages of 100 versions each, and clients without a key.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::sleep,
};

use crate::support::{
    nupkg::nupkg,
    program::Program,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    large_searches_side_by_side_take_bounded_memory_and_give_it_back,
}

const MIB: u64 = 1024 * 1024;
/// The longest answer there is: 13 MB.
const SEARCH: &str = "/feeds/open/nuget/v3/query?take=1000";
/// Clients that read their answers side by side, and how much each reads before it goes away.
const READERS: usize = 8;
const READ: usize = 1_000_000;
/// Clients that do not read.
const SILENT: usize = 40;
/// What all of them may take at once, beside what one answer took. When each was made as a whole, one took 80 to 270 MiB.
const AT_ONCE: u64 = 64 * MIB;
/// What may stay afterwards, for whatever comes next.
const KEPT: u64 = 32 * MIB;

/// A public feed with 1,000 packages of 100 versions, which are copies of one.
async fn filled_feed(world: &World) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    let key = world.key(ada, "nuget:push", "*").await;
    for number in 0..100 {
        let file = nupkg("Contoso.P", &format!("1.{number}.0"));
        assert_eq!(world.push_to("/feeds/open/nuget/v3/package", &key, &file).await.status, 201);
    }
    world
        .sql(
            "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, listed_plain_versions,
                listed_stable_plain_versions, downloads, created_at, newest)
             SELECT '0190a000-0000-7000-8000-' || CAST(100000000000 + n.i AS TEXT), p.feed, p.kind, p.name || CAST(1000 + n.i AS TEXT),
                p.name_key || CAST(1000 + n.i AS TEXT), p.search_text, 100, 100, 100, 100, 0, 0, p.newest FROM packages p,
                (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999) SELECT i FROM n) n",
        )
        .await;
    world
        .sql(
            "INSERT INTO package_owners (package, account, since)
             SELECT p.id, o.account, 0 FROM packages p, package_owners o WHERE p.id <> o.package",
        )
        .await;
    // In steps, because no statement may take for ever.
    for digit in 0..10 {
        let copy = format!(
            "INSERT INTO versions (id, package, version, version_key, sort_key, published_at, published_by, size, sha512, blob, manifest,
                downloads)
             SELECT '0190a000-0000-7' || CAST(99 + v.i AS TEXT) || '-9000-' || SUBSTR(p.id, 25), p.id, v.version, v.version_key, v.sort_key,
                v.published_at, '', 1, v.sha512, v.blob, v.manifest, 0
             FROM packages p, (SELECT v.*, ROW_NUMBER() OVER (ORDER BY v.id) AS i FROM versions v JOIN packages p ON p.id = v.package
                WHERE p.name_key = 'contoso.p') v
             WHERE p.name_key LIKE 'contoso.p____' AND SUBSTR(p.id, 36) = '{digit}'"
        );
        world.sql(&copy).await;
    }
    world.index_packages().await;
}

/// Asks for the long answer; `buffer` is how much of it the client's side may hold.
async fn ask(server: SocketAddr, buffer: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(buffer).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    let head = format!("GET {SEARCH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Reads the answer to its end, or so many bytes of it; gives its status and how much was read.
async fn read(server: SocketAddr, most: usize) -> (u16, usize) {
    let mut stream = ask(server, 1 << 20).await;
    let (mut bytes, mut status, mut length) = (vec![0; 64 * 1024], [0; 12], 0);
    stream.read_exact(&mut status).await.unwrap();
    while length < most {
        match stream.read(&mut bytes).await.unwrap() {
            0 => break,
            count => length += count,
        }
    }
    (String::from_utf8_lossy(&status[9..]).parse().unwrap(), length)
}

async fn large_searches_side_by_side_take_bounded_memory_and_give_it_back(world: &World) {
    filled_feed(world).await;
    let program = Program::start(world, world.database.url()).await;
    let server: SocketAddr = program.url.strip_prefix("http://").unwrap().parse().unwrap();
    let (status, length) = read(server, usize::MAX).await;
    assert!(status == 200 && length > 10_000_000, "{status}, {length} bytes");
    let before = program.memory();

    let answers = join_all((0..READERS).map(|_| read(server, READ))).await;
    let long = answers.iter().filter(|(status, length)| *status == 200 && *length >= READ).count();
    // On a slow machine a search may be told that the host is busy; what it is told is short.
    assert!(long > 0 && answers.iter().all(|(status, _)| [200, 503].contains(status)), "{answers:?}");
    let mut silent = join_all((0..SILENT).map(|_| ask(server, 16 * 1024))).await;
    for stream in &mut silent {
        stream.read_exact(&mut [0; 12]).await.unwrap();
    }
    sleep(Duration::from_secs(2)).await;
    let taken = program.memory();
    assert!(
        taken.peak < before.peak + AT_ONCE,
        "{} MiB more at once than one answer takes",
        (taken.peak - before.peak) / MIB
    );

    drop(silent);
    let mut now = program.memory().now;
    for _ in 0..300 {
        if now < before.now + KEPT {
            return;
        }
        sleep(Duration::from_millis(100)).await;
        now = program.memory().now;
    }
    panic!("{} MiB are not given back half a minute later", (now - before.now) / MIB);
}
