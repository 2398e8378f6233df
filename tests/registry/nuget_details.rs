//! What registrations and searches say of a version, and the files in it that clients show.

use serde_json::{Value, json};

use crate::support::{
    accounts::Key,
    nupkg::{holding, nupkg, with},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    registration_and_search_carry_what_the_nuspec_says,
    only_members_of_a_feed_learn_whose_a_package_is,
    icon_readme_and_licence_are_served_from_the_package_and_never_active,
    pictures_that_could_act_and_files_that_are_not_named_are_not_served,
    the_index_says_where_readmes_and_pages_are,
    who_may_not_push_an_id_is_told_so_before_the_package_is_inflated,
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
const BASE: &str = "https://packages.example.com/v3";

async fn catalog_entry(world: &World, key: &Key, id: &str) -> Value {
    let index = world.get(&format!("/v3/registration/{id}/index.json"), key).await.json();
    index["items"][0]["items"][0]["catalogEntry"].clone()
}

async fn hit(world: &World, key: &Key, id: &str) -> Value {
    world.get(&format!("/v3/query?q=packageid:{id}&semVerLevel=2.0.0"), key).await.json()["data"][0].clone()
}

async fn registration_and_search_carry_what_the_nuspec_says(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    let elements = "<title>Core</title><owners>somebody</owners><copyright>(c) Ada</copyright><language>en</language>\
        <license type='expression'>MIT</license><licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>\
        <iconUrl>https://example.com/i.png</iconUrl><projectUrl>https://example.com/p</projectUrl>\
        <requireLicenseAcceptance>true</requireLicenseAcceptance><releaseNotes>new</releaseNotes>\
        <repository type='git' url='https://example.com/r' branch='main' commit='abc'/>\
        <packageTypes><packageType name='DotnetTool'/><packageType name='Template' version='1.0'/></packageTypes>";
    assert_eq!(world.push(&key, &with("Contoso.Core", "1.0.0", elements)).await.status, 201);
    let types = json!([{ "name": "DotnetTool" }, { "name": "Template", "version": "1.0" }]);
    let entry = catalog_entry(world, &key, "contoso.core").await;
    for (field, value) in [
        ("title", json!("Core")),
        ("authors", json!("Ada")),
        ("copyright", json!("(c) Ada")),
        ("language", json!("en")),
        ("licenseExpression", json!("MIT")),
        ("licenseUrl", json!("https://licenses.nuget.org/MIT")),
        ("iconUrl", json!("https://example.com/i.png")),
        ("projectUrl", json!("https://example.com/p")),
        ("readmeUrl", json!("")),
        ("requireLicenseAcceptance", json!(true)),
        ("releaseNotes", json!("new")),
        ("packageTypes", types.clone()),
        ("repository", json!({ "type": "git", "url": "https://example.com/r", "branch": "main", "commit": "abc" })),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    let found = hit(world, &key, "contoso.core").await;
    assert_eq!(found["packageTypes"], types);
    assert_eq!((&found["iconUrl"], &found["title"]), (&json!("https://example.com/i.png"), &json!("Core")));
    assert_eq!(found["owners"], json!(["ada"]), "owners are accounts, whatever the nuspec says");
    world.push(&key, &nupkg("Plain", "1.0.0")).await;
    assert_eq!(hit(world, &key, "plain").await["packageTypes"], json!([{ "name": "Dependency" }]));
}

async fn only_members_of_a_feed_learn_whose_a_package_is(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    world.feed("open", true, ada).await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    let stranger = world.key(bo, "nuget:pull", "*").await;
    world.push_to("/feeds/open/nuget/v3/package", &key, &nupkg("A", "1.0.0")).await;
    for path in ["query", "registration/a/index.json"] {
        let path = format!("/feeds/open/nuget/v3/{path}");
        let seen = world.get(&path, &key).await.text();
        assert!(seen.contains("\"owners\":[\"ada\"]"), "{seen}");
        for seen in [world.get(&path, &stranger).await.text(), world.ask(&format!("GET {path}"), &[]).await.text()] {
            assert!(!seen.contains("owners") && !seen.contains("\"ada\""), "{seen}");
        }
    }
}

async fn icon_readme_and_licence_are_served_from_the_package_and_never_active(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    let elements = "<icon>/images\\Icon.png</icon><readme>./README.md</readme><license type='file'>L.txt</license>";
    let html: &[u8] = b"<script>alert(1)</script>";
    let large = vec![b'x'; 300_000];
    let files: [(&str, &[u8]); 4] =
        [("images/icon.png", PNG), ("large.bin", &large), ("readme.md", html), ("l.txt", b"MIT")];
    assert_eq!(world.push(&key, &holding("A", "1.0.0", elements, &files)).await.status, 201);
    let entry = catalog_entry(world, &key, "a").await;
    for (field, file, kind, content) in [
        ("iconUrl", "icon", "image/png", PNG),
        ("readmeUrl", "readme", "text/plain; charset=utf-8", html),
        ("licenseUrl", "license", "text/plain; charset=utf-8", b"MIT"),
    ] {
        assert_eq!(entry[field], json!(format!("{BASE}/flat/a/1.0.0/{file}")));
        let path = format!("/v3/flat/a/1.0.0/{file}");
        let reply = world.get(&path, &key).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(kind)), "{file}");
        assert_eq!(reply.body, content, "{file}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        let tag = reply.header("etag").unwrap();
        let bearer = format!("Bearer {}", key.text);
        let headers = [("Authorization", bearer.as_str()), ("If-None-Match", tag)];
        assert_eq!(world.ask(&format!("GET {path}"), &headers).await.status, 304, "{file}");
        assert_eq!(world.ask(&format!("GET {path}"), &[]).await.status, 401, "{file}: the feed is private");
    }
}

async fn pictures_that_could_act_and_files_that_are_not_named_are_not_served(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    let svg: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    world.push(&key, &holding("A", "1.0.0", "<icon>i.svg</icon>", &[("i.svg", svg), ("readme", b"x")])).await;
    for file in ["icon", "readme", "license", "i.svg"] {
        assert_eq!(world.get(&format!("/v3/flat/a/1.0.0/{file}"), &key).await.status, 404, "{file}");
    }
    let elsewhere = world.key(ada, "nuget:pull", "B.*").await;
    assert_eq!(world.get("/v3/flat/a/1.0.0/icon", &elsewhere).await.status, 403);
}

async fn the_index_says_where_readmes_and_pages_are(world: &World) {
    let index = world.ask("GET /feeds/main/nuget/v3/index.json", &[]).await.json();
    let address = |kind: &str| {
        let mut found = index["resources"].as_array().unwrap().iter().filter(|found| found["@type"] == kind);
        found.next().unwrap_or_else(|| panic!("{kind}"))["@id"].as_str().unwrap().to_owned()
    };
    let base = "https://packages.example.com/feeds/main";
    assert_eq!(
        address("ReadmeUriTemplate/6.13.0"),
        format!("{base}/nuget/v3/flat/{{lower_id}}/{{lower_version}}/readme")
    );
    for kind in ["PackageDetailsUriTemplate/5.1.0", "ReportAbuseUriTemplate/3.0.0"] {
        assert_eq!(address(kind), format!("{base}/packages/nuget/{{id}}/-/{{version}}"));
    }
    let owner = address("OwnerDetailsUriTemplate/6.11.0");
    assert_eq!(owner, "https://packages.example.com/packages?q=owner%3A{owner}");
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    let found = hit(world, &key, "contoso.core").await;
    let mut fields: Vec<_> = found.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    // What hits of nuget.org carry, under the same names.
    assert_eq!(
        fields,
        [
            "@id",
            "@type",
            "authors",
            "description",
            "iconUrl",
            "id",
            "licenseUrl",
            "owners",
            "packageTypes",
            "projectUrl",
            "registration",
            "summary",
            "tags",
            "title",
            "totalDownloads",
            "verified",
            "version",
            "versions",
            "vulnerabilities"
        ]
    );
}

async fn who_may_not_push_an_id_is_told_so_before_the_package_is_inflated(world: &World) {
    let ada = world.account("ada").await;
    let narrow = world.key(ada, "nuget:push", "Contoso.*").await;
    let mut damaged = nupkg("Fabrikam.Core", "1.0.0");
    let at = damaged.windows(10).position(|ten| ten == b"not really").unwrap();
    damaged[at] ^= 1;
    let reply = world.push(&narrow, &damaged).await;
    assert_eq!((reply.status, reply.phrase.as_str()), (403, "This access token does not cover the package"));
    let wide = world.key(ada, "nuget:push", "*").await;
    let reply = world.push(&wide, &damaged).await;
    assert_eq!((reply.status, reply.phrase.as_str()), (400, "This is not a package that can be taken"));
    world.push(&wide, &nupkg("Fabrikam.Core", "1.0.0")).await;
    assert_eq!(world.push(&wide, &damaged).await.status, 409, "it is there already");
}
