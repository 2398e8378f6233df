//! Tokens that a program makes, changes and ends through the API, within what its own token covers.

use chrono::Duration;
use latchkey::{
    audit::EventKind,
    tokens::{Feeds, TokenId},
};
use serde_json::{Value, json};

use crate::support::{
    api::{ask, ask_with, every, id_of, in_days, made, manager, manager_of, places, wanted},
    wire::call,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_program_makes_a_token_that_works_and_is_shown_once,
    what_is_left_out_is_no_wider_than_the_token_that_asks,
    what_the_token_that_asks_does_not_cover_is_refused_with_its_place,
    a_body_that_cannot_be_used_is_refused_with_its_place,
    an_edit_changes_what_is_named_and_only_narrows_rights,
    an_edit_of_what_was_changed_meanwhile_is_refused,
    tokens_are_listed_in_pages_and_by_state,
    looking_takes_the_right_to_look_and_changing_the_right_to_change,
    tokens_of_others_are_not_there,
}

async fn a_program_makes_a_token_that_works_and_is_shown_once(world: &World) {
    let key = manager(world).await;
    let reply = ask(world, &key, "POST /api/v1/tokens", &wanted()).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let body = reply.json();
    let id = id_of(&reply);
    assert!(reply.header("location").unwrap().ends_with(&format!("/api/v1/tokens/{id}")));
    assert_eq!((reply.header("cache-control"), reply.header("etag")), (Some("no-store"), Some("\"1\"")));
    let secret = body["secret"].as_str().unwrap();
    let bearer = format!("Bearer {secret}");
    let own = world.ask("GET /v1/tokens/current", &[("Authorization", &bearer)]).await;
    assert_eq!(own.status, 200);
    assert_eq!(own.json()["permissions"], json!(["nuget:push"]));
    assert_eq!(own.json()["made_by"], json!(key.token.id.to_string()));
    assert_eq!(own.json()["expires_at"], json!(in_days(world, 30)));
    let shown = ask(world, &key, &format!("GET /api/v1/tokens/{id}"), &Value::Null).await;
    assert!(shown.status == 200 && shown.json().get("secret").is_none() && !shown.text().contains(secret));
    let event = world.store().events_of_token(TokenId::parse(&id).unwrap(), 1).await.unwrap().remove(0);
    assert_eq!((event.kind, event.actor.as_deref()), (EventKind::TokenCreated, Some("ada")));
}

async fn what_is_left_out_is_no_wider_than_the_token_that_asks(world: &World) {
    let ada = world.account("ada").await;
    let team = world.feed("team", false, ada).await;
    let life = Some(Duration::days(20));
    let key = world.key_for(ada, "nuget:pull api:manage", "*", Feeds::Some(vec![team]), life).await;
    let least = json!({ "permissions": ["nuget:pull"], "patterns": ["*"] });
    let body = ask(world, &key, "POST /v1/tokens", &least).await.json();
    assert_eq!((&body["feeds"], &body["expires_at"]), (&json!(["team"]), &json!(in_days(world, 20))));
    assert!(body["name"].as_str().unwrap().starts_with("NuGet token"), "{body}");
    let wide = manager_of(world, ada).await;
    let least = json!({ "permissions": ["nuget:pull"], "patterns": ["Contoso.A"] });
    let body = ask(world, &wide, "POST /v1/tokens", &least).await.json();
    assert_eq!((&body["feeds"], &body["expires_at"]), (&json!(["*"]), &json!(in_days(world, 90))));
}

async fn what_the_token_that_asks_does_not_cover_is_refused_with_its_place(world: &World) {
    let key = manager(world).await;
    for (field, value) in [
        ("permissions", json!(["nuget:push", "nuget:delete"])),
        ("permissions", json!(["npm:pull"])),
        ("patterns", json!(["Contoso.Core", "*"])),
        ("patterns", json!(["Cont*"])),
        ("expires_at", json!("365d")),
        ("expires_at", json!("never")),
    ] {
        let mut body = wanted();
        body[field] = value.clone();
        let reply = ask(world, &key, "POST /v1/tokens", &body).await;
        assert_eq!((reply.status, places(&reply)), (403, vec![format!("#/{field}")]), "{value} {}", reply.text());
    }
    let ada = key.token.account;
    let team = world.feed("team", false, ada).await;
    let narrow = world.key_for(ada, "nuget:push api:manage", "*", Feeds::Some(vec![team]), None).await;
    let mut all = wanted();
    all["feeds"] = json!(["*"]);
    assert_eq!(places(&ask(world, &narrow, "POST /v1/tokens", &all).await), ["#/feeds"]);
    // What others made wider is out of reach too.
    let wide = world.key(ada, "nuget:pull nuget:delete", "*").await.token.id;
    for line in [format!("POST /v1/tokens/{wide}/revoke"), format!("DELETE /v1/tokens/{wide}")] {
        let reply = ask(world, &key, &line, &Value::Null).await;
        assert_eq!(reply.status, 403, "{line} {}", reply.text());
    }
    assert_eq!(world.store().token(wide).await.unwrap().unwrap().revoked_at, None);
}

async fn a_body_that_cannot_be_used_is_refused_with_its_place(world: &World) {
    let key = manager(world).await;
    for (field, value, place) in [
        ("name", json!("a\nb"), "#/name"),
        ("name", json!("a".repeat(129)), "#/name"),
        ("name", json!(null), "#/name"),
        ("name", json!(key.text), "#/name"),
        ("permissions", json!([]), "#/permissions"),
        ("permissions", json!(["nuget:fly"]), "#/permissions"),
        ("permissions", json!(["api:introspect"]), "#/permissions"),
        ("permissions", json!(["nuget:pull", 1]), "#/permissions/1"),
        ("patterns", json!([]), "#/patterns"),
        ("patterns", json!([""]), "#/patterns"),
        ("patterns", json!(["Contoso.A\nContoso.B"]), "#/patterns"),
        ("patterns", json!(["Contoso .A"]), "#/patterns"),
        ("feeds", json!([]), "#/feeds"),
        ("feeds", json!(["nowhere"]), "#/feeds"),
        ("feeds", json!(["*", "main"]), "#/feeds"),
        ("expires_at", json!("yesterday"), "#/expires_at"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "#/expires_at"),
        ("expires_at", json!(90), "#/expires_at"),
        ("secret", json!("lk_mine"), "#/secret"),
        ("account", json!("bo"), "#/account"),
    ] {
        let mut body = wanted();
        body[field] = value.clone();
        let reply = ask(world, &key, "POST /v1/tokens", &body).await;
        assert_eq!((reply.status, places(&reply)), (422, vec![place.to_owned()]), "{field}: {value} {}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        assert!(!reply.text().contains(&key.text));
    }
    let bearer = format!("Bearer {}", key.text);
    for (kind, body, status) in [
        ("application/json", "{", 400),
        ("application/json", "", 400),
        ("text/plain", "{}", 415),
        ("application/json; charset=utf-16", "{}", 415),
        ("application/json", "[]", 422),
    ] {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        let reply = call(world.address(), "POST /v1/tokens", &headers, body.as_bytes()).await;
        assert_eq!(reply.status, status, "{kind} {body}");
    }
    let large = json!({ "name": "x".repeat(70_000) });
    assert_eq!(ask(world, &key, "POST /v1/tokens", &large).await.status, 413);
    let page = world.store().token_page(&every(&key), &Default::default(), world.now()).await.unwrap();
    assert_eq!(page.tokens.len(), 1, "nothing was made");
}

async fn an_edit_changes_what_is_named_and_only_narrows_rights(world: &World) {
    let key = manager(world).await;
    let line = format!("PATCH /v1/tokens/{}", made(world, &key).await);
    let changes = json!({ "note": "vault", "patterns": ["Contoso.Core.Data"], "expires_at": "10d" });
    let edited = ask(world, &key, &line, &changes).await;
    assert_eq!(edited.status, 200, "{}", edited.text());
    let body = edited.json();
    assert_eq!((&body["name"], &body["note"]), (&json!("CI"), &json!("vault")));
    assert_eq!((&body["patterns"], &body["expires_at"]), (&json!(["Contoso.Core.Data"]), &json!(in_days(world, 10))));
    assert_eq!(edited.header("etag"), Some("\"2\""));
    for (changes, status, place) in [
        (json!({ "permissions": ["nuget:push", "nuget:pull"] }), 422, "#/permissions"),
        (json!({ "permissions": [] }), 422, "#/permissions"),
        (json!({ "expires_at": "50d" }), 422, "#/expires_at"),
        (json!({ "expires_at": "never" }), 422, "#/expires_at"),
        (json!({ "patterns": ["*"] }), 403, "#/patterns"),
        (json!({ "created_at": "2020-01-01T00:00:00Z" }), 422, "#/created_at"),
        (json!({ "made_by": null }), 422, "#/made_by"),
    ] {
        let reply = ask(world, &key, &line, &changes).await;
        assert_eq!((reply.status, places(&reply)), (status, vec![place.to_owned()]), "{changes}");
    }
    let same = ask(world, &key, &line, &json!({})).await;
    assert_eq!((same.status, same.header("etag")), (200, Some("\"2\"")));
}

async fn an_edit_of_what_was_changed_meanwhile_is_refused(world: &World) {
    let key = manager(world).await;
    let line = format!("PATCH /v1/tokens/{}", made(world, &key).await);
    for (tag, status) in [("\"1\"", 200), ("\"1\"", 412), ("W/\"2\"", 412), ("\"7\", \"2\"", 200), ("*", 200)] {
        let changes = json!({ "note": format!("{tag} {status}") });
        assert_eq!(ask_with(world, &key, &line, &[("If-Match", tag)], &changes).await.status, status, "{tag}");
    }
}

async fn tokens_are_listed_in_pages_and_by_state(world: &World) {
    let key = manager(world).await;
    for _ in 0..27 {
        made(world, &key).await;
    }
    let get = async |query: &str| ask(world, &key, &format!("GET /v1/tokens{query}"), &Value::Null).await;
    let first = get("").await.json();
    let count = |page: &Value| page["tokens"].as_array().unwrap().len();
    assert_eq!((count(&first), &first["tokens"][0]["kind"]), (26, &json!("primary")));
    let rest = get(&format!("?after={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!((count(&rest), &rest["next"]), (3, &Value::Null));
    assert_eq!(count(&get("?state=revoked").await.json()), 0);
    assert_eq!(count(&get("?q=Core.&sort=name&state=active").await.json()), 25);
    for bad in ["?state=lost", "?sort=up", "?after=1", "?page=2", "?state=all&state=all"] {
        assert_eq!(get(bad).await.status, 400, "{bad}");
    }
}

async fn looking_takes_the_right_to_look_and_changing_the_right_to_change(world: &World) {
    let ada = world.account("ada").await;
    let (none, reads) = (world.key(ada, "nuget:push", "*").await, world.key(ada, "nuget:push api:read", "*").await);
    let id = none.token.id;
    for (line, with_none, with_reads) in [
        ("GET /v1/tokens".to_owned(), 403, 200),
        (format!("GET /v1/tokens/{id}"), 403, 200),
        ("POST /v1/tokens".to_owned(), 403, 403),
        (format!("PATCH /v1/tokens/{id}"), 403, 403),
        (format!("DELETE /v1/tokens/{id}"), 403, 403),
        (format!("POST /v1/tokens/{id}/revoke"), 403, 403),
        (format!("POST /v1/tokens/{id}/refresh"), 403, 403),
        (format!("POST /v1/tokens/{id}/deactivate"), 403, 403),
        (format!("POST /v1/tokens/{id}/reactivate"), 403, 403),
    ] {
        for (key, status) in [(&none, with_none), (&reads, with_reads)] {
            let reply = ask(world, key, &line, &wanted()).await;
            assert_eq!(reply.status, status, "{line} {}", reply.text());
        }
        assert_eq!(world.ask(&line, &[]).await.status, 401, "{line}");
    }
}

async fn tokens_of_others_are_not_there(world: &World) {
    let key = world.key(world.account("ada").await, "nuget:pull nuget:push api:manage", "*").await;
    let bo = world.account("bo").await;
    let others = world.key(bo, "nuget:pull", "*").await.token.id;
    for id in [others.to_string(), others.to_string().to_uppercase(), "0".to_owned(), "-1".to_owned(), "%20".to_owned()]
    {
        for line in
            [format!("GET /v1/tokens/{id}"), format!("PATCH /v1/tokens/{id}"), format!("DELETE /v1/tokens/{id}")]
        {
            assert_eq!(ask(world, &key, &line, &json!({})).await.status, 404, "{line}");
        }
    }
}
