//! What a registry tells of its images, and the pages that show it.

use latchkey::{
    config::{SecretText, Settings},
    serve::Patience,
};
use serde_json::{Value, json};

use crate::support::{
    database::Engine,
    wire::{Reply, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    with_registry =>
    a_registry_is_believed_with_the_shared_secret_alone,
    what_was_pushed_is_shown_with_who_pushed_and_pulled_it,
    what_is_deleted_at_the_registry_is_gone_from_the_pages,
}

const SECRET: &str = "what the registry shows";

async fn with_registry(engine: Engine) -> World {
    let registry = |settings: &mut Settings| {
        settings.registry_services = vec!["registry.example.com".to_owned()];
        settings.registry_secret = Some(SecretText::new(SECRET.to_owned()));
    };
    World::published_with(engine, registry, Patience::default()).await
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
}
