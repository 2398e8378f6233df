//! What is told of a package is kept until the package changes, and is right at once on every node.

use std::{io::Read, net::SocketAddr};

use flate2::read::GzDecoder;
use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderName, IF_NONE_MATCH, VARY};
use serde_json::{Value, json};

use crate::support::{
    accounts::Key,
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    lists_of_versions_have_a_tag_and_follow_every_change_on_every_node,
    registrations_and_hits_follow_every_change_on_every_node,
    what_is_kept_is_sent_compressed_under_a_tag_of_its_own,
    thousands_of_versions_are_listed_restored_and_added_to,
}

const ALL: &str = "nuget:pull nuget:push nuget:delete";

async fn list(address: SocketAddr, key: &Key, known: &str) -> (u16, String, String) {
    let request = reqwest::Client::new().get(format!("http://{address}/v3/flat/contoso.core/index.json"));
    let answer = request.bearer_auth(&key.text).header(IF_NONE_MATCH, known).send().await.unwrap();
    let tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
    (answer.status().as_u16(), tag, answer.text().await.unwrap())
}

/// What a node answers at a path.
async fn read(address: SocketAddr, key: &Key, path: &str) -> Value {
    let request = reqwest::Client::new().get(format!("http://{address}{path}")).bearer_auth(&key.text);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

async fn lists_of_versions_have_a_tag_and_follow_every_change_on_every_node(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    let (_, other) = world.another_node_with(&[]).await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    let (status, first, text) = list(other, &key, "").await;
    assert_eq!((status, text.as_str()), (200, r#"{"versions":["1.0.0"]}"#));
    assert!(first.starts_with('"'), "a strong tag: {first}");
    assert_eq!(list(world.address(), &key, &first).await, (304, first.clone(), String::new()));
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.1.0")).await.status, 201);
    for address in [other, world.address()] {
        let (status, tag, text) = list(address, &key, &first).await;
        assert_eq!((status, text.as_str()), (200, r#"{"versions":["1.0.0","1.1.0"]}"#));
        assert_ne!(tag, first);
    }
    let narrow = world.key(ada, "nuget:pull", "Fabrikam.*").await;
    let bearer = format!("Bearer {}", narrow.text);
    for path in ["flat/contoso.core/index.json", "registration/contoso.core/index.json"] {
        let tag = world.get(&format!("/v3/{path}"), &key).await.header("etag").unwrap().to_owned();
        let headers = [("Authorization", bearer.as_str()), ("If-None-Match", tag.as_str())];
        let refused = world.ask(&format!("GET /v3/{path}"), &headers).await;
        assert_eq!(refused.status, 403, "the decision comes before what is kept");
    }
}

/// What the index, the page and the leaf of a version say of it, and the versions of its hit.
async fn told(address: SocketAddr, key: &Key, version: &str) -> Vec<Value> {
    let index = read(address, key, "/v3/registration/contoso.core/index.json").await;
    let page = read(address, key, "/v3/registration/contoso.core/page/1.0.0/9.0.0.json").await;
    let leaf = read(address, key, &format!("/v3/registration/contoso.core/{version}.json")).await;
    let hit = read(address, key, "/v3/query?q=packageid:contoso.core&prerelease=true").await;
    let entry = |items: &Value| {
        let items = items.as_array().unwrap().clone();
        let entry = items.iter().map(|item| &item["catalogEntry"]).find(|entry| entry["version"] == version);
        entry.map_or(Value::Null, |entry| json!([entry["listed"], entry["deprecation"]["message"]]))
    };
    let hits = hit["data"][0]["versions"].as_array().map_or(0, Vec::len);
    vec![
        entry(&index["items"][0]["items"]),
        entry(&page["items"]),
        json!([leaf["listed"], leaf["catalogEntry"]["deprecation"]["message"]]),
        json!(hits),
    ]
}

async fn registrations_and_hits_follow_every_change_on_every_node(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    let (_, other) = world.another_node_with(&[]).await;
    for version in ["1.0.0", "2.0.0"] {
        assert_eq!(world.push(&key, &nupkg("Contoso.Core", version)).await.status, 201);
    }
    let nodes = [world.address(), other];
    let all = |entry: Value, hits: usize| vec![entry.clone(), entry.clone(), entry, json!(hits)];
    let bearer = format!("Bearer {}", key.text);
    let sent = [("Authorization", bearer.as_str())];
    let says = async |said: Value| world.put_json("/v3/package/Contoso.Core/deprecations", &key, &said).await.status;
    for node in nodes {
        assert_eq!(told(node, &key, "1.0.0").await, all(json!([true, null]), 2), "published");
    }
    assert_eq!(world.ask("DELETE /v3/package/Contoso.Core/1.0.0", &sent).await.status, 204);
    for node in nodes {
        assert_eq!(told(node, &key, "1.0.0").await, all(json!([false, null]), 1), "unlisted");
    }
    assert_eq!(world.ask("POST /v3/package/Contoso.Core/1.0.0", &sent).await.status, 200);
    for node in nodes {
        assert_eq!(told(node, &key, "1.0.0").await, all(json!([true, null]), 2), "listed again");
    }
    assert_eq!(says(json!({ "versions": ["1.0.0"], "isOther": true, "message": "Old." })).await, 200);
    for node in nodes {
        assert_eq!(told(node, &key, "1.0.0").await, all(json!([true, "Old."]), 2), "deprecated");
    }
    assert_eq!(says(json!({ "versions": ["*"] })).await, 200);
    for node in nodes {
        assert_eq!(told(node, &key, "1.0.0").await, all(json!([true, null]), 2), "good again");
    }
    world.remove("Contoso.Core", Some("2.0.0")).await;
    for node in nodes {
        assert_eq!(told(node, &key, "1.0.0").await, all(json!([true, null]), 1), "the other one is removed");
        let index = read(node, &key, "/v3/registration/contoso.core/index.json").await;
        assert_eq!(index["items"][0]["count"], 1);
    }
    // Owners are told at once too, and to members alone.
    let owners = async |node| read(node, &key, "/v3/registration/contoso.core/index.json").await["owners"].clone();
    assert_eq!(owners(other).await, json!(["ada"]));
    world.account("bo").await;
    world
        .sql(
            "INSERT INTO package_owners (package, account, since) SELECT p.id, a.id, 9999999999 FROM packages p, accounts a
             WHERE a.username = 'bo'",
        )
        .await;
    assert_eq!(owners(other).await, json!(["ada", "bo"]));
}

async fn what_is_kept_is_sent_compressed_under_a_tag_of_its_own(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    for minor in 0..5 {
        assert_eq!(world.push(&key, &nupkg("Contoso.Core", &format!("1.{minor}.0"))).await.status, 201);
    }
    let path = "/v3/registration/contoso.core/index.json";
    let ask = async |accepts: &str, known: &str| {
        let request = reqwest::Client::new().get(format!("http://{}{path}", world.address())).bearer_auth(&key.text);
        request.header(ACCEPT_ENCODING, accepts).header(IF_NONE_MATCH, known).send().await.unwrap()
    };
    let header = |answer: &reqwest::Response, name: HeaderName| {
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let plain = ask("identity", "").await;
    let plain_tag = header(&plain, ETAG).unwrap();
    assert_eq!(header(&plain, CONTENT_ENCODING), None);
    assert_eq!(header(&plain, CACHE_CONTROL).as_deref(), Some("private, no-cache"));
    let text = plain.text().await.unwrap();
    for accepts in ["gzip", "gzip, deflate", "br, GZIP;q=0.5"] {
        let packed = ask(accepts, "").await;
        assert_eq!(header(&packed, CONTENT_ENCODING).as_deref(), Some("gzip"), "{accepts}");
        assert_eq!(header(&packed, VARY).as_deref(), Some("Accept-Encoding"));
        assert_ne!(header(&packed, ETAG).unwrap(), plain_tag);
        let packed_tag = header(&packed, ETAG).unwrap();
        let mut read = String::new();
        GzDecoder::new(packed.bytes().await.unwrap().as_ref()).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        assert_eq!(ask(accepts, &packed_tag).await.status(), 304);
        assert_eq!(ask("identity", &packed_tag).await.status(), 200, "of another representation");
    }
    for accepts in ["gzip;q=0", "deflate", ""] {
        assert_eq!(header(&ask(accepts, "").await, CONTENT_ENCODING), None, "{accepts}");
    }
    assert_eq!(ask("identity", &plain_tag).await.status(), 304);
}

async fn thousands_of_versions_are_listed_restored_and_added_to(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    world
        .sql(
            "INSERT INTO versions (id, package, version, version_key, published_at, published_by, size, sha512, blob, manifest, downloads)
             SELECT '0190a000-0000-7000-9000-' || CAST(100000000000 + n.i AS TEXT), v.package, '1.0.' || CAST(n.i AS TEXT),
                '1.0.' || CAST(n.i AS TEXT), 0, v.published_by, v.size, v.sha512, v.blob, v.manifest, 0
             FROM versions v, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4999) SELECT i FROM n) n",
        )
        .await;
    world.sql("UPDATE packages SET newest = NULL, revision = revision + 1").await;
    latchkey::store::migrate::migrate(&world.store(), &world.app().settings.data_dir, world.now()).await.unwrap();

    let versions = async || world.get("/v3/flat/contoso.core/index.json", &key).await.json()["versions"].clone();
    let listed = versions().await;
    let listed = listed.as_array().unwrap();
    assert_eq!((listed.len(), &listed[0], &listed[4_999]), (5_000, &json!("1.0.0"), &json!("1.0.4999")));
    let index = world.get("/v3/registration/contoso.core/index.json", &key).await.json();
    let pages = index["items"].as_array().unwrap();
    let counts: u64 = pages.iter().map(|page| page["count"].as_u64().unwrap()).sum();
    assert_eq!((pages.len(), counts), (79, 5_000));
    let last = pages.last().unwrap()["@id"].as_str().unwrap().strip_prefix("https://packages.example.com").unwrap();
    let page = world.get(last, &key).await.json();
    assert_eq!((page["upper"].as_str(), page["items"].as_array().map(Vec::len)), (Some("1.0.4999"), Some(8)));
    let hit = world.get("/v3/query?q=packageid:contoso.core", &key).await.json()["data"][0].clone();
    assert_eq!((hit["version"].as_str(), hit["versions"].as_array().map(Vec::len)), (Some("1.0.4999"), Some(5_000)));
    // What a restore asks for.
    let file = world.get("/v3/flat/contoso.core/1.0.4999/contoso.core.1.0.4999.nupkg", &key).await;
    assert_eq!((file.status, file.body), (200, nupkg("Contoso.Core", "1.0.0")));

    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.5000")).await.status, 201);
    assert_eq!(versions().await.as_array().map(Vec::len), Some(5_001));
    let say = json!({ "versions": ["*"], "isLegacy": true });
    assert_eq!(world.put_json("/v3/package/Contoso.Core/deprecations", &key, &say).await.status, 200);
    let page = world.get(last, &key).await.json();
    assert!(page["items"].as_array().unwrap().iter().all(|item| item["catalogEntry"]["deprecation"].is_object()));
    let events = "SELECT COUNT(*) FROM events WHERE verb = 'package.version_deprecated'";
    assert_eq!(world.database.number(events, &[]).await, 1, "five thousand at once");
    let newest = world.database.text("SELECT newest FROM packages", &[]).await;
    assert_eq!(newest, "1.0.5000");
}
