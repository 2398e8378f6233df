//! The whole way of a package: pushed, found, read, unlisted, listed again.

use futures_util::future::join_all;
use latchkey::tokens::decision::Role;
use serde_json::json;

use crate::support::{
    nupkg::{nupkg, with},
    wire::{basic, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_package_is_pushed_found_and_read_back_byte_for_byte,
    an_unlisted_version_leaves_the_search_and_stays_installable,
    the_plus_of_a_version_is_read_in_either_spelling,
    a_version_is_published_once_under_any_spelling_and_never_again_once_removed,
    a_package_comes_as_multipart_with_either_boundary_or_bare,
    the_first_publisher_owns_the_id_and_a_feed_owner_may_add_to_it,
    changes_of_one_package_at_once_leave_its_summary_right,
}

const ALL: &str = "nuget:pull nuget:push nuget:delete";

async fn a_package_is_pushed_found_and_read_back_byte_for_byte(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    let file = with(
        "Contoso.Core",
        "1.02.0-Beta.1+7",
        "<tags>counting things</tags><dependencies><group targetFramework='net8.0'><dependency id='Fabrikam' version='[1.0,2.0)'/>\
         </group></dependencies>",
    );
    let reply = world.push_to("/v3/package/", &key, &file).await;
    assert_eq!((reply.status, reply.text().as_str()), (201, "Contoso.Core 1.2.0-Beta.1+7 is published."));

    let versions = world.get("/v3/flat/contoso.core/index.json", &key).await;
    assert_eq!(versions.json(), json!({ "versions": ["1.2.0-beta.1"] }));
    let path = "/v3/flat/contoso.core/1.2.0-beta.1/contoso.core.1.2.0-beta.1.nupkg";
    let package = world.get(path, &key).await;
    assert_eq!((package.status, package.header("content-type")), (200, Some("application/octet-stream")));
    assert_eq!(package.header("content-length"), Some(file.len().to_string().as_str()));
    assert_eq!(package.body, file);
    let tag = package.header("etag").unwrap();
    let bearer = format!("Bearer {}", key.text);
    let again = world.ask(&format!("GET {path}"), &[("Authorization", &bearer), ("If-None-Match", tag)]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let head = world.ask(&format!("HEAD {path}"), &[("Authorization", &bearer)]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let nuspec = world.get("/v3/flat/contoso.core/1.2.0-beta.1/contoso.core.nuspec", &key).await;
    assert!(nuspec.status == 200 && nuspec.text().contains("<id>Contoso.Core</id>"));

    let index = world.get("/v3/registration/contoso.core/index.json", &key).await.json();
    let item = &index["items"][0]["items"][0];
    assert_eq!(item["packageContent"], format!("https://packages.example.com{path}"));
    assert_eq!(item["catalogEntry"]["version"], "1.2.0-Beta.1+7");
    assert_eq!(item["catalogEntry"]["listed"], true);
    let group = &item["catalogEntry"]["dependencyGroups"][0];
    assert_eq!(
        (&group["targetFramework"], &group["dependencies"][0]["range"]),
        (&json!("net8.0"), &json!("[1.0,2.0)"))
    );
    let leaf = world.get("/v3/registration/contoso.core/1.2.0-beta.1.json", &key).await.json();
    assert_eq!((&leaf["listed"], &leaf["catalogEntry"]["id"]), (&json!(true), &json!("Contoso.Core")));
}

async fn an_unlisted_version_leaves_the_search_and_stays_installable(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await;
    let hits = async || world.get("/v3/query?q=contoso", &key).await.json()["totalHits"].clone();
    assert_eq!(hits().await, 1);

    let header = [("X-NuGet-ApiKey", key.text.as_str())];
    assert_eq!(world.ask("DELETE /v3/package/contoso.CORE/1.0", &header).await.status, 204);
    assert_eq!(world.ask("DELETE /v3/package/Contoso.Core/1.0.0", &header).await.status, 204);
    assert_eq!(hits().await, 0);
    assert_eq!(world.get("/v3/flat/contoso.core/1.0.0/contoso.core.1.0.0.nupkg", &key).await.status, 200);
    let index = world.get("/v3/registration/contoso.core/index.json", &key).await.json();
    assert_eq!(index["items"][0]["items"][0]["catalogEntry"]["listed"], false);

    assert_eq!(world.ask("POST /v3/package/Contoso.Core/1.0.0", &header).await.status, 200);
    assert_eq!(hits().await, 1);
    let events = world.store().events_of_token(key.token.id, 10).await.unwrap();
    let verbs: Vec<_> = events.iter().map(|event| event.kind.label()).collect();
    assert_eq!(verbs, ["version relisted", "version unlisted", "version published", "token created"]);
    for path in ["Contoso.Core/2.0.0", "Nobody/1.0.0", "Contoso.Core/x", "Cont%20oso/1.0.0", "..%2f/1.0.0"] {
        assert_eq!(world.ask(&format!("DELETE /v3/package/{path}"), &header).await.status, 404, "{path}");
    }
}

async fn the_plus_of_a_version_is_read_in_either_spelling(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    assert_eq!(world.push(&key, &nupkg("Plus.A", "1.0.0-beta+build.5")).await.status, 201);
    let header = [("X-NuGet-ApiKey", key.text.as_str())];
    for version in ["1.0.0-beta+build.5", "1.0.0-beta%2Bbuild.5", "1.0.0-beta%2bbuild.5", "1.0.0-beta"] {
        let leaf = format!("/v3/registration/plus.a/{version}.json");
        assert_eq!(world.get(&leaf, &key).await.status, 200, "{leaf}");
        let file = format!("/v3/flat/plus.a/{version}/plus.a.nuspec");
        assert_eq!(world.get(&file, &key).await.status, 200, "{file}");
        let one = format!("/v3/package/Plus.A/{version}");
        assert_eq!(world.ask(&format!("DELETE {one}"), &header).await.status, 204, "{one}");
        assert_eq!(world.ask(&format!("POST {one}"), &header).await.status, 200, "{one}");
    }
    assert_eq!(world.ask("DELETE /v3/package/Plus.A/1.0.0-beta%252Bbuild.5", &header).await.status, 404);
}

async fn a_version_is_published_once_under_any_spelling_and_never_again_once_removed(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0")).await.status, 201);
    let spellings = [("Contoso.Core", "1.0"), ("contoso.core", "1.0.0"), ("CONTOSO.Core", "01.0.0.0+meta")];
    for (id, version) in spellings {
        let reply = world.push(&key, &nupkg(id, version)).await;
        assert_eq!((reply.status, reply.phrase.as_str()), (409, "This version exists already"), "{id} {version}");
        let said = reply.header("x-nuget-warning").unwrap();
        assert!(said.contains(" 1.0.0 exists already"), "{said}");
    }
    world.sql("UPDATE versions SET removed_at = 1").await;
    assert_eq!(world.get("/v3/flat/contoso.core/index.json", &key).await.status, 404);
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 409);
    assert_eq!((world.files("packages"), world.files("uploads")), (2, 0));
}

async fn a_package_comes_as_multipart_with_either_boundary_or_bare(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    let (quoted, body) = crate::support::wire::multipart(&nupkg("One", "1.0.0"));
    let unquoted = quoted.replace('"', "");
    let (_, second) = crate::support::wire::multipart(&nupkg("Two", "1.0.0"));
    let third = nupkg("Three", "1.0.0");
    for (kind, body) in [(quoted.as_str(), &body), (unquoted.as_str(), &second), ("application/octet-stream", &third)] {
        let basic = basic(&key.text);
        let reply =
            call(world.address(), "PUT /v3/package", &[("Authorization", &basic), ("Content-Type", kind)], body).await;
        assert_eq!(reply.status, 201, "{kind}: {}", reply.text());
    }
}

async fn the_first_publisher_owns_the_id_and_a_feed_owner_may_add_to_it(world: &World) {
    let (ada, bo, cy) = (world.account("ada").await, world.account("bo").await, world.account("cy").await);
    let team = world.feed("team", false, ada).await;
    world.member(("team", team), bo, Role::Writer).await;
    world.member(("team", team), cy, Role::Writer).await;
    let [ada, bo, cy] = [world.key(ada, ALL, "*").await, world.key(bo, ALL, "*").await, world.key(cy, ALL, "*").await];
    let to = "/feeds/team/nuget/v3/package";
    assert_eq!(world.push_to(to, &bo, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    let taken = world.push_to(to, &cy, &nupkg("CONTOSO.core", "1.0.1")).await;
    assert_eq!((taken.status, taken.phrase.as_str()), (403, "The account of this access token may not do this"));
    let unlisted = world.ask(&format!("DELETE {to}/Contoso.Core/1.0.0"), &[("X-NuGet-ApiKey", &cy.text)]).await;
    assert_eq!(unlisted.status, 403);
    assert_eq!(world.push_to(to, &ada, &nupkg("Contoso.Core", "1.0.1")).await.status, 201);
    assert_eq!(world.push(&cy, &nupkg("Contoso.Core", "1.0.0")).await.status, 201, "another feed, another package");
}

async fn changes_of_one_package_at_once_leave_its_summary_right(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    let bearer = format!("Bearer {}", key.text);
    let headers = [("Authorization", bearer.as_str())];
    let versions = ["1.0.0", "2.0.0", "3.0.0", "4.0.0-b"];
    for version in versions {
        assert_eq!(world.push(&key, &nupkg("Contoso.Core", version)).await.status, 201);
    }
    let lines = versions.map(|version| format!("DELETE /v3/package/Contoso.Core/{version}"));
    let replies = join_all(lines.iter().map(|line| world.ask(line, &headers))).await;
    assert!(replies.iter().all(|reply| reply.status == 204));
    let found = world.get("/v3/query?q=contoso&prerelease=true", &key).await.json();
    assert_eq!((&found["totalHits"], &found["data"]), (&json!(0), &json!([])));
}
