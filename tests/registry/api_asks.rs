//! What the API tells of packages, and of what a key could do.

use latchkey::{
    tokens::{Feeds, decision::Role},
    usage::RefusalCursor,
};
use serde_json::json;

use crate::support::{
    accounts::Key,
    nupkg::nupkg,
    snapshot::{answer_is, answers_are},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    packages_are_listed_as_far_as_account_and_token_reach,
    packages_come_in_pages_with_their_newest_listed_version,
    can_answers_with_the_rule_and_from_the_facts,
    a_question_with_a_dead_key_is_answered_and_leaves_nothing,
    the_feeds_of_a_key_are_told_by_name,
}

async fn listed(world: &World, key: &Key, query: &str) -> Vec<String> {
    let body = world.get(&format!("/v1/packages{query}"), key).await.json();
    let items = body["packages"].as_array().unwrap().iter();
    items.map(|item| format!("{}/{}", item["feed"].as_str().unwrap(), item["id"].as_str().unwrap())).collect()
}

async fn packages_are_listed_as_far_as_account_and_token_reach(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let team = world.feed("team", false, ada).await;
    world.feed("open", true, ada).await;
    let pusher = world.key(ada, "nuget:push nuget:delete", "*").await;
    for (feed, id) in
        [("main", "Contoso.Core"), ("team", "Contoso.Web"), ("main", "Fabrikam"), ("open", "Contoso.Open")]
    {
        assert_eq!(
            world.push_to(&format!("/feeds/{feed}/nuget/v3/package"), &pusher, &nupkg(id, "1.0.0")).await.status,
            201
        );
    }
    let all = world.key(ada, "nuget:pull", "*").await;
    assert_eq!(
        listed(world, &all, "").await,
        ["main/Contoso.Core", "team/Contoso.Web", "main/Fabrikam", "open/Contoso.Open"]
    );
    let some = world.key_for(ada, "nuget:pull", "contoso.*", Feeds::Some(vec![team]), None).await;
    assert_eq!(
        listed(world, &some, "").await,
        ["team/Contoso.Web", "open/Contoso.Open"],
        "what is public is open to it"
    );
    let others = world.key(bo, "nuget:pull", "*").await;
    assert_eq!(listed(world, &others, "").await, ["main/Contoso.Core", "main/Fabrikam"]);
    world.member(("team", team), bo, Role::Reader).await;
    assert_eq!(listed(world, &others, "").await.len(), 3);
    let npm = world.key(ada, "npm:pull", "*").await;
    assert_eq!(listed(world, &npm, "").await, ["open/Contoso.Open"]);
}

async fn packages_come_in_pages_with_their_newest_listed_version(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    for (id, version) in
        [("A", "1.0.0"), ("B", "1.0.0"), ("A", "1.10.0"), ("A", "2.0.0-rc"), ("C", "1.0.0"), ("A", "1.9.0")]
    {
        assert_eq!(world.push(&key, &nupkg(id, version)).await.status, 201);
    }
    assert_eq!(world.ask("DELETE /v3/package/C/1.0.0", &[("X-NuGet-ApiKey", &key.text)]).await.status, 204);
    let first = world.get("/api/v1/packages?limit=2", &key).await;
    answer_is("packages_first_page", &first);
    let first = first.json();
    let next = first["next"].as_str().unwrap();
    let second = world.get(&format!("/api/v1/packages?limit=2&after={next}"), &key).await;
    answer_is("packages_last_page", &second);
}

async fn can_answers_with_the_rule_and_from_the_facts(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    world.feed("team", false, bo).await;
    let bos = world.key(bo, "nuget:push", "*").await;
    world.push(&bos, &nupkg("Contoso.Bo", "1.0.0")).await;
    world.push_to("/feeds/team/nuget/v3/package", &bos, &nupkg("Contoso.Team", "1.0.0")).await;
    let key = world.key(ada, "nuget:push-version nuget:pull api:read npm:push", "Contoso.* @team/*").await;
    let mut answers = Vec::new();
    for (query, reason) in [
        ("action=nuget:pull&package=Contoso.Core&feed=main", None),
        ("action=nuget:pull", None),
        ("action=api:read", None),
        ("action=api:manage", Some("permission-missing")),
        ("action=nuget:delete&package=Contoso.Core", Some("permission-missing")),
        ("action=nuget:pull&package=Fabrikam", Some("package-not-covered")),
        ("action=nuget:push&package=Contoso.New", Some("only-new-versions")),
        ("action=nuget:push&package=contoso.bo", Some("account-may-not")),
        ("action=nuget:push&package=Contoso.Team&feed=team", Some("not-found")),
        ("action=nuget:push&package=Contoso.Other&feed=team", Some("not-found")),
        ("action=nuget:push&package=Contoso.Other&feed=nowhere", Some("not-found")),
        ("action=npm:push&package=@team/ui", None),
        ("action=npm:pull", Some("permission-missing")),
        ("action=container:pull&package=team/app", Some("not-served")),
    ] {
        let reply = world.get(&format!("/v1/tokens/current/can?{query}"), &key).await;
        let body = reply.json();
        assert_eq!((reply.status, &body["reason"]), (200, &json!(reason)), "{query}");
        assert_eq!(body["allowed"], json!(reason.is_none()), "{query}");
        answers.push((query, reply));
    }
    answers_are("can", &answers);
    world.app().usage_buffer.write(&world.store()).await.unwrap();
    let token = world.store().token(key.token.id).await.unwrap().unwrap();
    assert_eq!(token.last_use, None, "a question is no use, whatever its answer");
    assert!(world.store().days_of(token.id, 0).await.unwrap().is_empty());
}

async fn a_question_with_a_dead_key_is_answered_and_leaves_nothing(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await;
    world.sql("UPDATE tokens SET revoked_at = 1").await;
    let reply = world.get("/v1/tokens/current/can?action=nuget:pull", &key).await;
    assert_eq!((reply.status, &reply.json()["reason"]), (401, &json!("revoked")));
    world.app().usage_buffer.write(&world.store()).await.unwrap();
    let lines = world.store().refusals_of_account(ada, &RefusalCursor::newest(), 10).await.unwrap();
    assert!(lines.is_empty() && world.store().days_of(key.token.id, 0).await.unwrap().is_empty());
}

async fn the_feeds_of_a_key_are_told_by_name(world: &World) {
    let ada = world.account("ada").await;
    let team = world.feed("team", false, ada).await;
    let key = world.key_for(ada, "nuget:pull", "*", Feeds::Some(vec![team]), None).await;
    assert_eq!(world.get("/v1/tokens/current", &key).await.json()["feeds"], json!(["team"]));
}
