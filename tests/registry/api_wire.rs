//! The dress of the API: challenges, problem details, strict addresses and parameters.

use chrono::Duration;
use serde_json::json;

use crate::support::{
    snapshot::answer_is,
    wire::basic,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    only_a_bearer_token_counts,
    refusals_are_problem_details_with_the_challenge_of_bearer_tokens,
    unknown_addresses_methods_and_parameters_are_refused,
    every_answer_tells_when_the_key_ends,
}

async fn only_a_bearer_token_counts(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await.text;
    let basic = basic(&key);
    for headers in [
        vec![],
        vec![("X-NuGet-ApiKey", key.as_str())],
        vec![("Authorization", basic.as_str())],
        vec![("Authorization", "Basic Og==")],
        vec![("Cookie", key.as_str())],
    ] {
        let reply = world.ask("GET /api/v1/tokens/current", &headers).await;
        assert_eq!(
            (reply.status, reply.header("www-authenticate")),
            (401, Some("Bearer realm=\"packages.example.com\""))
        );
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    }
    let bearer = format!("Bearer {key}");
    let twice = [("Authorization", bearer.as_str()), ("X-NuGet-ApiKey", "lk_other")];
    assert_eq!(world.ask("GET /api/v1/tokens/current", &twice).await.status, 400);
    assert_eq!(world.ask("GET /v1/tokens/current", &[("Authorization", &bearer)]).await.status, 200);
}

async fn refusals_are_problem_details_with_the_challenge_of_bearer_tokens(world: &World) {
    let ada = world.account("ada").await;
    let unknown = world.ask("GET /v1/packages", &[("Authorization", "Bearer lk_nonsense")]).await;
    assert_eq!(
        unknown.header("www-authenticate"),
        Some(
            "Bearer realm=\"packages.example.com\", error=\"invalid_token\", error_description=\"Not a valid access token\""
        )
    );
    answer_is("not_a_token", &unknown);
    let pusher = world.key(ada, "nuget:push", "*").await;
    let refused = world.get("/v1/packages", &pusher).await;
    answer_is("permission_missing", &refused);
    let scope = "Bearer realm=\"packages.example.com\", error=\"insufficient_scope\", scope=\"nuget:pull container:pull npm:pull\"";
    assert_eq!(refused.header("www-authenticate"), Some(scope));
    world.revoke(pusher.token.id).await;
    let ended = world.get("/v1/tokens/current/can?action=nuget:push", &pusher).await;
    answer_is("revoked", &ended);
    let nobody = world.ask("GET /v1/tokens/current/can?action=nuget:push", &[]).await;
    answer_is("no_token", &nobody);
}

async fn unknown_addresses_methods_and_parameters_are_refused(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await;
    for path in ["/api/v1", "/api/v1/", "/v1/nothing", "/v1/token", "/v1/tokens/current/", "/api/v1/packages/a"] {
        let reply = world.get(path, &key).await;
        assert_eq!((reply.status, reply.header("content-type")), (404, Some("application/problem+json")), "{path}");
    }
    for line in ["POST /v1/packages", "DELETE /v1/tokens/current", "OPTIONS /v1/tokens/current/can"] {
        let reply = world.ask(line, &[]).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{line}");
    }
    for path in [
        "packages?limit=0",
        "packages?limit=1001",
        "packages?limit=x",
        "packages?after=x",
        "packages?limit=1&limit=1",
        "packages?feed=main",
        "tokens/current?x=1",
        "tokens/current/can",
        "tokens/current/can?action=nuget:fly",
        "tokens/current/can?action=",
        "tokens/current/can?action=api:introspect",
        "tokens/current/can?action=nuget:pull&action=nuget:pull",
        "tokens/current/can?action=nuget:pull&feed=A",
        "tokens/current/can?action=nuget:pull&package=a/b",
        "tokens/current/can?action=npm:pull&package=%00",
        "tokens/current/can?action=api:read&package=a",
        "tokens/current/can?action=nuget:pull&feed=%00",
        "tokens/current/can?action=nuget:pull&extra=1",
    ] {
        let reply = world.get(&format!("/v1/{path}"), &key).await;
        assert_eq!((reply.status, reply.json()["status"].clone()), (400, json!(400)), "{path}");
    }
    assert_eq!(world.ask("HEAD /v1/packages", &[]).await.status, 401);
}

async fn every_answer_tells_when_the_key_ends(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull api:read", "Contoso.*").await;
    let deletes = world.key(ada, "nuget:delete", "*").await;
    for (path, key, status) in [
        ("tokens/current", &key, 200),
        ("packages", &key, 200),
        ("tokens/current/can?action=nuget:pull", &key, 200),
        ("tokens/current/can?action=nonsense", &key, 400),
        ("packages", &deletes, 403),
    ] {
        let reply = world.get(&format!("/v1/{path}"), key).await;
        let told = (reply.status, reply.header("x-token-expires-at"), reply.header("warning"));
        assert_eq!(told, (status, Some("2027-02-21T14:00:00Z"), None), "{path}");
    }
    let current = world.get("/v1/tokens/current", &key).await;
    assert_eq!(
        (&current.json()["id"], &current.json()["hint"]),
        (&json!(key.token.id.to_string()), &json!(key.token.hint))
    );
    answer_is("current_token", &current);
    world.clock.advance(Duration::days(80));
    let soon = world.get("/v1/tokens/current", &key).await;
    assert_eq!(soon.json()["state"], "expires soon");
    let hint = key.token.hint.as_deref().unwrap();
    let sentence = format!(
        "299 - \"{hint} expires on 2027-02-21 14:00 UTC, in 10 days: refresh it under Settings, Access Tokens.\""
    );
    assert_eq!(soon.header("warning"), Some(sentence.as_str()));
    world.revoke(deletes.token.id).await;
    assert_eq!(world.get("/v1/packages", &deletes).await.header("x-token-expires-at"), None, "no live token");
    let forever = world.key_for(ada, "npm:pull", "*", latchkey::tokens::Feeds::All, None).await;
    assert_eq!(world.get("/v1/tokens/current", &forever).await.header("x-token-expires-at"), None);
}
