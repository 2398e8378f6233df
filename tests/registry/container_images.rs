//! What a registry tells of its images, and the pages that show it.

use latchkey::{
    audit::Actor,
    config::{SecretText, Settings},
    feeds::FeedDeletion,
    serve::Patience,
    tokens::AccountId,
};
use serde_json::{Value, json};

use crate::support::{
    accounts::Key,
    database::Engine,
    page::Form,
    wire::{Reply, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    with_registry =>
    a_registry_is_believed_with_the_shared_secret_alone,
    what_was_pushed_is_shown_with_who_pushed_and_pulled_it,
    what_is_deleted_at_the_registry_is_gone_from_the_pages,
    repositories_are_in_the_lists_and_searches_of_all_packages,
    a_tag_has_a_page_of_its_own,
    a_feed_with_images_is_not_empty,
}

on_both_engines!(with_people => who_looks_after_a_feed_takes_tags_from_its_lists);

const SECRET: &str = "what the registry shows";

fn registry(settings: &mut Settings) {
    settings.registry_services = vec!["registry.example.com".to_owned()];
    settings.registry_secret = Some(SecretText::new(SECRET.to_owned()));
}

async fn with_registry(engine: Engine) -> World {
    World::published_with(engine, registry, Patience::default()).await
}

/// The same as people reach it with a browser.
async fn with_people(engine: Engine) -> World {
    let world = World::still(engine, "2027-03-01T08:00:00Z").await;
    world.start_with(&[], registry, Patience::default()).await;
    world
}

/// An event about an image of a repository, as distribution tells it.
fn event(action: &str, repository: &str, actor: &str, (tag, digest): (&str, &str), at: &str) -> Value {
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let layers = [json!({ "size": 2_000_000 }), json!({ "size": 500 })];
    let target = json!({
        "mediaType": media_type, "digest": digest, "size": 524, "length": 524, "repository": repository, "tag": tag,
        "references": layers,
    });
    let request = json!({ "method": if action == "pull" { "GET" } else { "PUT" } });
    json!({ "id": "1", "timestamp": at, "action": action, "target": target, "request": request, "actor": { "name": actor } })
}

async fn tell(world: &World, events: &[Value]) -> Reply {
    let bearer = format!("Bearer {SECRET}");
    let headers =
        [("Authorization", bearer.as_str()), ("Content-Type", "application/vnd.docker.distribution.events.v1+json")];
    let body = json!({ "events": events }).to_string();
    call(world.address(), "POST /container/notifications", &headers, body.as_bytes()).await
}

async fn told(world: &World, events: &[Value]) {
    let reply = tell(world, events).await;
    assert_eq!(reply.status, 204, "{reply:?}");
}

async fn a_registry_is_believed_with_the_shared_secret_alone(world: &World) {
    let body = json!({ "events": [] }).to_string();
    let post = async |authorization: &str, body: &str| {
        let headers = [("Authorization", authorization)];
        call(world.address(), "POST /container/notifications", &headers, body.as_bytes()).await
    };
    let good = format!("Bearer {SECRET}");
    assert_eq!(post(&good, &body).await.status, 204);
    for bad in ["", "Bearer ", "Bearer what the registry", "Basic what the registry shows", SECRET] {
        let reply = post(bad, &body).await;
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{bad}");
    }
    for bad in ["", "null", "{", r#"{"events":[{"action":"push"}]}"#] {
        assert_eq!(post(&good, bad).await.status, 400, "{bad}");
    }
    let other = World::published(world.database.engine).await;
    assert_eq!(other.ask("POST /container/notifications", &[("Authorization", &good)]).await.status, 404);
    other.end().await;
}

async fn what_was_pushed_is_shown_with_who_pushed_and_pulled_it(world: &World) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    let key = world.key(ada, "container:push", "*").await;
    let actor = format!("ada/{}", key.token.id);
    let image = ("v1", "sha256:aaaa");
    told(world, &[event("push", "open/app", &actor, image, "2027-03-01T09:00:00Z")]).await;
    told(world, &[event("push", "open/app", &actor, image, "2027-03-01T09:00:00Z")]).await;
    told(world, &[event("pull", "open/app", "", ("", "sha256:aaaa"), "2027-03-01T09:01:00Z")]).await;
    told(world, &[event("push", "nowhere/app", &actor, image, "2027-03-01T09:00:00Z")]).await;
    let kept = "SELECT repository || ' ' || tag || ' ' || digest || ' ' || CAST(size AS TEXT) || ' ' || pushed_by || ' ' || CAST(pulls AS TEXT) FROM container_images";
    assert_eq!(world.database.texts(kept, &[]).await, ["open/app v1 sha256:aaaa 2001024 ada 1"]);
    let with = world.database.texts("SELECT pushed_with FROM container_images", &[]).await;
    assert_eq!(with, [key.token.id.to_string()]);

    let page = world.ask("GET /feeds/open", &[]).await.text();
    assert!(page.contains("/feeds/open/packages/container/app") && page.contains("open/app"), "{page}");
    let page = world.ask("GET /feeds/open/packages/container/app", &[]).await;
    let text = page.text();
    assert_eq!(page.status, 200);
    assert!(
        text.contains("v1")
            && text.contains("sha256:aaaa")
            && text.contains("docker pull registry.example.com/open/app:v1")
    );
    assert!(!text.contains("by ada") && !text.contains(key.token.hint.as_deref().unwrap()), "strangers learn no names");
    assert_ne!(world.ask("GET /feeds/open/packages/container/other", &[]).await.status, 200);
    // A tag moves to what was pushed later, whatever is told first.
    told(world, &[event("push", "open/app", &actor, ("v1", "sha256:bbbb"), "2027-03-01T10:00:00Z")]).await;
    told(world, &[event("push", "open/app", &actor, image, "2027-03-01T09:30:00Z")]).await;
    assert_eq!(world.database.texts("SELECT digest FROM container_images", &[]).await, ["sha256:bbbb"]);
}

async fn what_is_deleted_at_the_registry_is_gone_from_the_pages(world: &World) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    let push = |tag: &str, digest: &str| event("push", "open/app", "ada/x", (tag, digest), "2027-03-01T09:00:00Z");
    told(world, &[push("v1", "sha256:aaaa"), push("v2", "sha256:aaaa"), push("v3", "sha256:cccc")]).await;
    let tags = async || world.database.texts("SELECT tag FROM container_images ORDER BY tag", &[]).await;
    assert_eq!(tags().await, ["v1", "v2", "v3"]);
    told(world, &[event("delete", "open/app", "", ("", "sha256:aaaa"), "2027-03-01T09:05:00Z")]).await;
    assert_eq!(tags().await, ["v3"]);
    told(world, &[event("delete", "open/app", "", ("v3", ""), "2027-03-01T09:05:00Z")]).await;
    assert_eq!(tags().await, [""; 0]);
    assert_ne!(world.ask("GET /feeds/open/packages/container/app", &[]).await.status, 200);
    assert!(!world.ask("GET /feeds/open", &[]).await.text().contains("open/app"));
    assert!(!world.ask("GET /packages?q=app", &[]).await.text().contains("open/app"));
    let left = "SELECT (SELECT COUNT(*) FROM packages) + (SELECT COUNT(*) FROM search_entries) + (SELECT COUNT(*) FROM search_index)";
    assert_eq!(world.database.number(left, &[]).await, 0, "the name is free again");
}

/// Two pushes to repositories of `open`, which everybody reads, and one to `team`, which `ada` alone does.
async fn pushed(world: &World) -> (AccountId, Key) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    world.feed("team", false, ada).await;
    let key = world.key(ada, "container:push", "*").await;
    let actor = format!("ada/{}", key.token.id);
    let push = |repository: &str, tag: &str, at: &str| event("push", repository, &actor, (tag, "sha256:aaaa"), at);
    told(
        world,
        &[
            push("open/shop/web-app", "v1", "2027-03-01T09:00:00Z"),
            push("open/shop/web-app", "V2", "2027-03-01T10:00:00Z"),
            push("open/tools", "latest", "2027-03-01T09:00:00Z"),
            push("team/secret", "v1", "2027-03-01T09:00:00Z"),
        ],
    )
    .await;
    (ada, key)
}

async fn repositories_are_in_the_lists_and_searches_of_all_packages(world: &World) {
    pushed(world).await;
    let page = async |path: &str| world.ask(&format!("GET {path}"), &[]).await.text();
    let rows = async |path: &str| {
        let text = page(path).await;
        let links = text.split("/packages/container/").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        links.map(str::to_owned).collect::<Vec<_>>()
    };
    for list in ["/packages", "/packages?kind=container", "/feeds/open", "/feeds/open?kind=container"] {
        assert_eq!(rows(list).await, ["shop/web-app", "tools"], "{list}");
    }
    let all = page("/packages").await;
    assert!(all.contains("V2") && all.contains("2 tags") && all.contains("1 tag<"), "{all}");
    for (words, found) in [
        ("q=web", &["shop/web-app"][..]),
        ("q=shop+app", &["shop/web-app"]),
        ("q=open%2Ftools", &["tools"]),
        ("q=version:V2", &["shop/web-app"]),
        ("q=secret", &[]),
        ("kind=npm", &[]),
        ("kind=nuget&q=tools", &[]),
        ("feed=team", &[]),
    ] {
        assert_eq!(rows(&format!("/packages?{words}")).await, found, "{words}");
    }
    told(world, &[event("pull", "open/tools", "", ("latest", "sha256:aaaa"), "2027-03-01T09:01:00Z")]).await;
    let downloads = "SELECT p.downloads + e.downloads FROM packages p JOIN search_entries e ON e.package = p.id WHERE p.name = 'open/tools'";
    assert_eq!(world.database.number(downloads, &[]).await, 2);
    let counts = world.store().index_counts().await.unwrap();
    assert_eq!((counts.packages, counts.agree()), (3, true));
}

async fn a_tag_has_a_page_of_its_own(world: &World) {
    let (_, key) = pushed(world).await;
    let page =
        async |tag: &str| world.ask(&format!("GET /feeds/open/packages/container/shop/web-app/-/{tag}"), &[]).await;
    let text = page("v1").await.text();
    for part in [
        "docker pull registry.example.com/open/shop/web-app:v1",
        "docker pull registry.example.com/open/shop/web-app@sha256:aaaa",
        "skopeo delete docker://registry.example.com/open/shop/web-app:v1",
        "2.0 MB",
        "/feeds/open/packages/container/shop/web-app/-/V2",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("by ada") && !text.contains(key.token.hint.as_deref().unwrap()), "strangers learn no names");
    for none in ["v2", "v3", "%00", "v1/x", "..%2fv1"] {
        assert_ne!(page(none).await.status, 200, "{none}");
    }
    let list = world.get("/api/v1/packages", &world.key(key.token.account, "container:pull", "open/*").await).await;
    let mut named: Vec<_> =
        list.json()["packages"].as_array().unwrap().iter().map(|one| one["id"].to_string()).collect();
    named.sort();
    assert_eq!(named, ["\"open/shop/web-app\"", "\"open/tools\""]);
    let latest = |one: &Value| one["id"] == "open/shop/web-app" && one["latest_version"] == "V2";
    assert!(list.json()["packages"].as_array().unwrap().iter().any(latest));
}

async fn who_looks_after_a_feed_takes_tags_from_its_lists(world: &World) {
    let ada = world.sign_up("ada").await;
    let owner = world.store().account_named("ada").await.unwrap().unwrap().id;
    world.feed("open", true, owner).await;
    let push = |tag: &str| event("push", "open/app", "ada/x", (tag, "sha256:aaaa"), "2027-03-01T09:00:00Z");
    told(world, &[push("v1"), push("v2")]).await;
    let bo = world.sign_up("bo").await;
    let path = |tag: &str| format!("/feeds/open/packages/container/app/-/{tag}/remove");
    assert_eq!(bo.get(&path("v1")).await.status, 404);
    let form = ada.get(&path("v1")).await.form(&path("v1"));
    let stolen = bo
        .submit(Form { action: form.action.clone(), ..bo.get("/settings/profile").await.form_or_bare("/sign-out") })
        .await;
    assert_eq!(stolen.status, 404);
    let done = ada.submit(form).await;
    assert_eq!((done.status, done.location()), (303, "/feeds/open/packages/container/app"));
    assert_eq!(world.database.texts("SELECT tag FROM container_images", &[]).await, ["v2"]);
    let done = ada.fill(&path("v2"), |form| form).await;
    assert_eq!((done.status, done.location()), (303, "/feeds/open"));
    assert_eq!(ada.get(&path("v2")).await.status, 404);
    assert!(!ada.get("/feeds/open").await.body.contains("/packages/container/app"));
    let record = "SELECT verb || ' ' || package FROM events WHERE verb = 'package.tag_removed'";
    assert_eq!(world.database.texts(record, &[]).await, ["package.tag_removed open/app"; 2]);
    told(world, &[push("v3")]).await;
    assert!(
        ada.get("/feeds/open").await.body.contains("/packages/container/app"),
        "what is pushed again is shown again"
    );
}

async fn a_feed_with_images_is_not_empty(world: &World) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    let event = |action: &str| event(action, "open/app", "ada/x", ("v1", "sha256:aaaa"), "2027-03-01T09:00:00Z");
    told(world, &[event("push")]).await;
    let feed = world.store().feed("open", None).await.unwrap().unwrap().feed;
    let delete = async || world.store().delete_feed(&feed, &Actor::host("test"), world.now()).await.unwrap();
    assert_eq!(delete().await, FeedDeletion::NotEmpty);
    told(world, &[event("delete")]).await;
    assert_eq!(delete().await, FeedDeletion::Done);
}
