//! Feeds with very many packages and versions: what is looked at in pages is whole, and what is sent in pieces is made when
//! the client has room for it.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use crate::support::{
    accounts::Key,
    database::Engine,
    nupkg::{nupkg, with},
    wire::Reply,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_search_over_more_pages_than_one_finds_each_package_once_and_in_order,
    stubborn_patterns_are_held_against_every_package_of_the_list_of_packages,
    a_long_answer_is_made_as_it_is_read_and_whole_in_the_end,
    searches_and_completions_know_types_of_packages,
}

/// Packages that are in the feed by name alone, numbered from 100000000001.
async fn fill(world: &World, count: u32) {
    let sql = format!(
        "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, listed_plain_versions,
            listed_stable_plain_versions, downloads, created_at, newest)
         SELECT '0190a000-0000-7000-8000-' || CAST(100000000000 + n.i AS TEXT), f.id, 'nuget', 'Contoso.P' || CAST(100000000000 + n.i AS TEXT),
            'contoso.p' || CAST(100000000000 + n.i AS TEXT), 'contoso', 1, 1, 1, 1, n.i / 1000, 0, ''
         FROM feeds f, (WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) n
         WHERE f.name = 'main'"
    );
    world.sql(&sql).await;
    world.index_packages().await;
}

/// A hundred patterns that nearly match every name, and the last of them does.
fn stubborn() -> String {
    let line = |n: u32| format!("{}x{n}", "*0".repeat(8));
    (0..99).map(line).chain(["Contoso.P*7".to_owned()]).collect::<Vec<_>>().join(" ")
}

async fn names(world: &World, path: &str, key: &Key) -> (u64, Vec<String>) {
    let found = world.get(path, key).await.json();
    let names = found["data"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
    (found["totalHits"].as_u64().unwrap(), names.collect())
}

async fn a_search_over_more_pages_than_one_finds_each_package_once_and_in_order(world: &World) {
    let ada = world.account("ada").await;
    fill(world, 4_500).await;
    for (patterns, every) in [("*", 1), ("Contoso.*", 1), (stubborn().as_str(), 10)] {
        let key = world.key(ada, "nuget:pull", patterns).await;
        let (mut seen, mut total) = (Vec::new(), 0);
        for skip in [0, 1_000, 2_000, 3_000] {
            let (hits, page) = names(world, &format!("/v3/autocomplete?q=contoso&skip={skip}&take=1000"), &key).await;
            (total, seen) = (hits, [seen, page].concat());
        }
        let number = |name: &String| name.strip_prefix("Contoso.P").unwrap().parse::<u64>().unwrap() - 100_000_000_000;
        let numbers: Vec<u64> = seen.iter().map(number).collect();
        let mut expected: Vec<u64> = (1..=4_500).filter(|n| every == 1 || n % 10 == 7).collect();
        expected.sort_by_key(|n| (u64::MAX - n / 1_000, *n));
        // Of more than a thousand, it is told that there are more.
        assert_eq!(total as usize, expected.len().min(4_001), "{patterns}");
        assert_eq!(numbers, expected[..numbers.len()], "{patterns}");
        assert_eq!(numbers.len(), expected.len().min(4_000));
    }
}

async fn stubborn_patterns_are_held_against_every_package_of_the_list_of_packages(world: &World) {
    let ada = world.account("ada").await;
    fill(world, 1_234).await;
    let key = world.key(ada, "nuget:pull", &stubborn()).await;
    let (mut seen, mut path) = (Vec::new(), "/api/v1/packages?limit=50".to_owned());
    loop {
        let page = world.get(&path, &key).await.json();
        let ids = page["packages"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/packages?limit=50&after={next}");
    }
    let expected: Vec<_> =
        (1..=1_234).filter(|n| n % 10 == 7).map(|n| format!("Contoso.P{}", 100_000_000_000_u64 + n)).collect();
    assert_eq!(seen, expected);
    let none = world.key(ada, "nuget:pull", "Fabrikam.*").await;
    assert_eq!(world.get("/api/v1/packages", &none).await.json(), serde_json::json!({ "packages": [], "next": null }));
}

async fn a_long_answer_is_made_as_it_is_read_and_whole_in_the_end(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    let (text, tags) = ("d".repeat(4_000), "tag ".repeat(900));
    let more = format!("<summary>{text}</summary><tags>{tags}</tags>");
    assert_eq!(world.push(&key, &with("Contoso.P1", "9.0.0", &more)).await.status, 201);
    // Far more than the buffers between server and client hold.
    world
        .sql(
            "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, listed_plain_versions,
                listed_stable_plain_versions, downloads, created_at, newest)
             SELECT '0190a000-0000-7000-8000-' || CAST(100000000000 + n.i AS TEXT), p.feed, p.kind, p.name || CAST(1000 + n.i AS TEXT),
                p.name_key || CAST(1000 + n.i AS TEXT), p.search_text, 1, 1, 1, 1, 0, 0, p.newest FROM packages p,
                (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800) SELECT i FROM n) n",
        )
        .await;
    world
        .sql(
            "INSERT INTO versions (id, package, version, version_key, sort_key, published_at, published_by, size, sha512, blob, manifest, downloads)
             SELECT '0190a000-0000-7000-9000-' || SUBSTR(p.id, 25), p.id, v.version, v.version_key, v.sort_key, 0, '', 1, v.sha512, v.blob,
                v.manifest, 0 FROM packages p, versions v WHERE p.id <> v.package",
        )
        .await;
    world
        .sql("INSERT INTO package_owners (package, account, since) SELECT p.id, o.account, 0 FROM packages p, package_owners o WHERE p.id <> o.package")
        .await;
    world.index_packages().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(65_536).unwrap();
    let mut stream = socket.connect(world.address()).await.unwrap();
    let head = format!(
        "GET /v3/query?take=1000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        key.text
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut begun = vec![0; 1_024];
    stream.read_exact(&mut begun).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.push(&key, &nupkg("Contoso.P11800", "10.0.0")).await.status, 201);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    let body = Reply::of(&[begun, rest].concat());
    let hits = body.json()["data"].as_array().unwrap().clone();
    assert!(body.body.len() > 6_000_000, "{}", body.body.len());
    assert_eq!((hits.len(), &hits[0]["version"]), (801, &"9.0.0".into()));
    assert_eq!(hits[800]["version"], "10.0.0", "what was not read yet was not made yet");
}

#[actix_web::test]
async fn a_page_of_registrations_is_sent_in_pieces_and_whole() {
    let world = World::published(Engine::Sqlite).await;
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    let notes = format!("<releaseNotes>{}</releaseNotes><summary>{}</summary>", "n".repeat(30_000), "s".repeat(3_000));
    for number in 0..40 {
        assert_eq!(world.push(&key, &with("Long", &format!("1.0.{number}"), &notes)).await.status, 201);
    }
    for path in ["/v3/registration/long/index.json", "/v3/registration/long/page/1.0.0/1.0.39.json"] {
        let reply = world.get(path, &key).await;
        assert_eq!((reply.status, reply.header("transfer-encoding")), (200, Some("chunked")), "{path}");
        let document = reply.json();
        let page = if document["@type"] == "catalog:CatalogPage" { document } else { document["items"][0].clone() };
        let versions: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["catalogEntry"]["version"].clone()).collect();
        let expected: Vec<Value> = (0..40).map(|number| format!("1.0.{number}").into()).collect();
        assert_eq!((page["count"].as_u64(), versions), (Some(40), expected), "{path}");
    }
    let short = world.get("/v3/registration/long/1.0.0.json", &key).await;
    assert!(short.header("content-length").is_some());
    world.end().await;
}

async fn searches_and_completions_know_types_of_packages(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    let typed = |names: &[&str]| {
        let types: String = names.iter().map(|name| format!("<packageType name=\"{name}\"/>")).collect();
        format!("<packageTypes>{types}</packageTypes>")
    };
    for (id, types) in [
        ("My.Both", typed(&["Dependency", "DotnetTool"])),
        ("My.Lib", String::new()),
        ("My.Template", typed(&["Template"])),
        ("My.Tool", typed(&["DotnetTool"])),
    ] {
        assert_eq!(world.push(&key, &with(id, "1.0.0", &types)).await.status, 201, "{id}");
    }
    let (both, lib, template, tool) = ("My.Both", "My.Lib", "My.Template", "My.Tool");
    let expect = async |package_type: &str, expected: &[&str]| {
        let found = world.get(&format!("/v3/query?q=&packageType={package_type}&semVerLevel=2.0.0"), &key).await.json();
        let ids: Vec<_> = found["data"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap()).collect();
        assert_eq!(
            (found["totalHits"].as_u64(), ids),
            (Some(expected.len() as u64), expected.to_vec()),
            "{package_type}"
        );
        let completed = names(world, &format!("/v3/autocomplete?q=my&packageType={package_type}"), &key).await;
        assert_eq!(
            completed,
            (expected.len() as u64, expected.iter().map(|id| (*id).to_owned()).collect()),
            "{package_type}"
        );
    };
    let all = async || {
        expect("DotnetTool", &[both, tool]).await;
        expect("dotnettool", &[both, tool]).await;
        expect("Template", &[template]).await;
        expect("Dependency", &[both, lib]).await;
        for nothing in ["NoSuchType", "Dotnet", "%25", "_", "a/b", "DotnetTool%20Template"] {
            expect(nothing, &[]).await;
        }
        expect("", &[both, lib, template, tool]).await;
    };
    all().await;
    let hits = world.get("/v3/query", &key).await.json();
    assert_eq!(
        hits["data"][0]["packageTypes"],
        serde_json::json!([{ "name": "Dependency" }, { "name": "DotnetTool" }])
    );
    assert_eq!(hits["data"][1]["packageTypes"], serde_json::json!([{ "name": "Dependency" }]));
    // A database of an older version: its next start makes the summaries up.
    world.sql("UPDATE packages SET package_types = ' dependency '").await;
    let migration = include_str!("../../migrations/20261128050002_package_types.sql");
    world.sql(migration.split(';').find(|text| text.contains("UPDATE packages")).unwrap()).await;
    world.another_process().await.store.close().await;
    all().await;
    assert_eq!(world.push(&key, &with(lib, "2.0.0", &typed(&["Template"]))).await.status, 201);
    expect("Template", &[lib, template]).await;
    expect("Dependency", &[both]).await;
}
