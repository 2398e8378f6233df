//! What a search finds first, what its fields mean, what it does with hostile input, and when the index follows.

use serde_json::Value;

use crate::support::{
    accounts::Key,
    nupkg::{nupkg, with},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    what_a_person_meant_comes_first,
    fields_narrow_a_search,
    hostile_searches_are_answered_like_others,
    a_search_follows_every_change_at_once_on_every_node,
    the_index_is_filled_in_pieces_and_made_anew,
    anybody_without_a_key_may_search_for_a_while,
}

const PACKAGES: [(&str, &str, &str); 12] = [
    ("Newtonsoft.Json", "Json.NET is a popular high-performance JSON framework for .NET", "json"),
    ("Json", "Nothing much", ""),
    ("Json.More", "More of it", ""),
    ("System.Text.Json", "Reads and writes UTF-8", "serializer"),
    ("Microsoft.EntityFrameworkCore", "Entity Framework Core is a modern object-database mapper", "EF ORM"),
    ("EFCore.BulkExtensions", "Bulk operations", ""),
    ("EF", "An old name", ""),
    ("StackExchange.Redis", "High performance Redis client", "redis cache"),
    ("Contoso.Caching", "Caches in redis, references and prefixes", ""),
    ("Microsoft.Extensions.Logging.Abstractions", "Logging abstractions", ""),
    ("Microsoft.Extensions.Logging", "Logging, with abstractions elsewhere", ""),
    ("Contoso.Cpp", "Wraps C++ and C# for you", "interop"),
];

async fn filled(world: &World) -> Key {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    for (id, description, tags) in PACKAGES {
        assert_eq!(world.push(&key, &described(id, description, tags)).await.status, 201, "{id}");
    }
    key
}

fn described(id: &str, description: &str, tags: &str) -> Vec<u8> {
    let nuspec = format!(
        "<?xml version=\"1.0\"?><package><metadata><id>{id}</id><version>1.0.0</version><authors>Ada</authors>\
         <description>{description}</description><tags>{tags}</tags></metadata></package>"
    );
    crate::support::nupkg::zip(&[(&format!("{id}.nuspec"), nuspec.as_bytes()), ("lib/net40/a.dll", b"not really")])
}

async fn ids(world: &World, key: &Key, text: &str) -> Vec<String> {
    let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let found = world.get(&format!("/v3/query?q={text}"), key).await;
    assert_eq!(found.status, 200, "{text}: {}", found.text());
    let found = found.json();
    let hits: Vec<_> =
        found["data"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found["totalHits"], hits.len(), "{text}");
    hits
}

async fn what_a_person_meant_comes_first(world: &World) {
    let key = filled(world).await;
    for (typed, found) in [
        ("json", &["Json", "Json.More", "Newtonsoft.Json", "System.Text.Json"][..]),
        ("Newton", &["Newtonsoft.Json"]),
        ("EF", &["EF", "EFCore.BulkExtensions", "Microsoft.EntityFrameworkCore"]),
        ("redis", &["StackExchange.Redis", "Contoso.Caching"]),
        ("entity framework", &["Microsoft.EntityFrameworkCore"]),
        ("logging abstractions", &["Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Logging"]),
        ("microsoft.ext", &["Microsoft.Extensions.Logging", "Microsoft.Extensions.Logging.Abstractions"]),
        ("text.json", &["System.Text.Json"]),
        ("c++", &["Contoso.Cpp"]),
        ("C#", &["Contoso.Cpp"]),
        ("ference", &[]),
        ("json nothing-like-it", &[]),
        ("\"object-database mapper\"", &["Microsoft.EntityFrameworkCore"]),
        ("\"mapper object\"", &[]),
    ] {
        assert_eq!(ids(world, &key, typed).await, found, "{typed}");
    }
    let begun = world.get("/v3/autocomplete?q=mic", &key).await.json();
    let [all, more] = ["Microsoft.EntityFrameworkCore", "Microsoft.Extensions.Logging"];
    assert_eq!(begun["data"][0], all);
    assert_eq!((begun["data"][1].as_str(), &begun["totalHits"]), (Some(more), &3.into()));
    assert_eq!(
        world.get("/v3/autocomplete?q=json", &key).await.json()["data"],
        serde_json::json!(["Json", "Json.More"])
    );
}

async fn fields_narrow_a_search(world: &World) {
    let key = filled(world).await;
    for (typed, found) in [
        ("id:json", &["Json", "Json.More", "Newtonsoft.Json", "System.Text.Json"][..]),
        ("packageid:json", &["Json"]),
        ("tags:redis", &["StackExchange.Redis"]),
        ("tag:json", &["Newtonsoft.Json"]),
        ("description:redis", &["Contoso.Caching", "StackExchange.Redis"]),
        ("author:ada redis", &["StackExchange.Redis", "Contoso.Caching"]),
        ("author:bo", &[]),
        ("title:json", &[]),
        ("version:1.0 packageid:EF", &["EF"]),
        ("version:2.0.0", &[]),
        ("version:x", &[]),
        ("owner:ada packageid:EF", &["EF"]),
        ("owner:nobody", &[]),
        ("colour:redis", &[]),
    ] {
        assert_eq!(ids(world, &key, typed).await, found, "{typed}");
    }
}

/// Each line of it is one of the list of hostile inputs.
async fn hostile_searches_are_answered_like_others(world: &World) {
    let key = filled(world).await;
    let many = |piece: &str, count: usize| piece.repeat(count);
    let hostile = [
        "\"",
        "'",
        "*",
        "^",
        "-x",
        "NEAR(a b)",
        "AND",
        "OR NOT",
        "{tags}:x",
        "tags : x",
        ":*",
        "!",
        "&",
        "<->",
        "\\",
        "\0",
        "a\0b",
        "%",
        "_",
        "names:json",
        "json\"",
        "'); DROP TABLE packages; --",
        "\u{202e}json",
        "e\u{301}\u{301}\u{301}",
        "\u{fffd}",
        "j",
    ]
    .map(str::to_owned);
    let large =
        [many("word ", 200), many("a", 2_000), many("id:x ", 300), many("\"", 999), many("(", 999), many("json ", 150)];
    for typed in hostile.iter().chain(&large) {
        let text: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        for path in ["/v3/query?q=", "/v3/autocomplete?q="] {
            let reply = world.get(&format!("{path}{text}"), &key).await;
            assert_eq!(reply.status, 200, "{path} {typed:.60}: {}", reply.text());
        }
        let reply = world
            .npm(&format!("GET /-/v1/search?text={text}"), &world.key(key.token.account, "npm:pull", "*").await)
            .await;
        assert_eq!(reply.status, 200, "{typed:.60}");
    }
    let lone = world.get("/v3/query?q=%ED%A0%80json", &key).await;
    assert_eq!(lone.status, 200);
    assert_eq!(
        ids(world, &key, "\u{202e}json").await,
        ids(world, &key, "json").await,
        "marks of direction are no letters"
    );
}

async fn a_search_follows_every_change_at_once_on_every_node(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    let (other, _) = world.another_node_with(&[]).await;
    let found = async |word: &str| {
        let query = latchkey::packages::search::SearchQuery::parse(word);
        let search = latchkey::packages::PackageSearch {
            scope: latchkey::packages::SearchScope::Feed(
                other.store.feed("main", None).await.unwrap().unwrap().feed.id,
            ),
            feed: None,
            kind: None,
            query: &query,
            completes: false,
            version_key: "",
            owner: "",
            shows: latchkey::packages::Shows::Listed,
            package_type: "",
            deprecated: None,
            names: &latchkey::packages::search::NameRanges::all(),
            skip: 0,
            take: 10,
        };
        other.store.search(&search).await.unwrap().total
    };
    assert_eq!(world.push(&key, &with("Contoso.Core", "1.0.0", "<tags>first</tags>")).await.status, 201);
    assert_eq!((found("first").await, found("second").await), (1, 0));
    assert_eq!(world.push(&key, &with("Contoso.Core", "2.0.0", "<tags>second</tags>")).await.status, 201);
    assert_eq!((found("first").await, found("second").await), (0, 1));
    let delete = async |version: &str| {
        let bearer = [("X-NuGet-ApiKey", key.text.as_str())];
        world.ask(&format!("DELETE /v3/package/Contoso.Core/{version}"), &bearer).await.status
    };
    assert_eq!(delete("2.0.0").await, 204);
    assert_eq!((found("first").await, found("second").await), (1, 0));
    assert_eq!(delete("1.0.0").await, 204);
    assert_eq!((found("first").await, found("contoso").await), (0, 0));
    let relisted = world.ask("POST /v3/package/Contoso.Core/2.0.0", &[("X-NuGet-ApiKey", key.text.as_str())]).await;
    assert_eq!(relisted.status, 200);
    assert_eq!((found("second").await, found("contoso").await), (1, 1));
}

async fn the_index_is_filled_in_pieces_and_made_anew(world: &World) {
    let key = filled(world).await;
    let store = world.store();
    let counts = async || store.index_counts().await.unwrap();
    assert!(counts().await.agree());
    world.sql("DELETE FROM search_entries WHERE name <> (SELECT name FROM search_entries ORDER BY name LIMIT 1)").await;
    assert_eq!((counts().await.packages, counts().await.entries), (12, 1));
    let first = store.index_packages(None, 5, false).await.unwrap();
    assert_eq!(counts().await.entries, 6);
    // Whoever goes on after a stop begins anew and finds what is missing.
    assert!(store.index_packages(None, 5, false).await.unwrap() > first);
    assert!(store.index_packages(None, 5, false).await.unwrap().is_some());
    assert_eq!(store.index_packages(None, 5, false).await.unwrap(), None);
    assert_eq!(ids(world, &key, "redis").await, ["StackExchange.Redis", "Contoso.Caching"]);
    world.sql("UPDATE search_entries SET name_words = ' nonsense '").await;
    latchkey::jobs::reindex(&world.app()).await.unwrap();
    assert!(counts().await.agree(), "{:?}", counts().await);
    assert_eq!(ids(world, &key, "redis").await, ["StackExchange.Redis", "Contoso.Caching"]);
}

async fn anybody_without_a_key_may_search_for_a_while(world: &World) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    assert_eq!(world.push_to("/feeds/open/nuget/v3/package", &key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    let path = "/feeds/open/nuget/v3/query?q=core";
    let mut refused = None;
    for _ in 0..2_000 {
        let reply = world.ask(&format!("GET {path}"), &[]).await;
        if reply.status != 200 {
            refused = Some(reply);
            break;
        }
        assert_eq!(reply.json()["totalHits"], Value::from(1));
    }
    let refused = refused.expect("a flood is refused");
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (429, true));
    assert_eq!(world.get(path, &key).await.status, 200, "keys are not counted");
}
