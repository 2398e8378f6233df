//! Reading packages with the username and password of an account, on hosts whose operator allows it.

use futures_util::future::join_all;
use latchkey::{
    audit::Actor,
    config::Settings,
    serve::Patience,
    tokens::{AccountId, decision::Role},
};
use serde_json::json;

use super::container::{forward, granted, message};
use crate::support::{
    database::Engine,
    npm::{document, package},
    nupkg::nupkg,
    wire::{Reply, call, multipart},
    world::{World, on_both_engines},
};

on_both_engines! {
    where_passwords_read =>
    a_username_and_password_read_what_the_account_may_read_in_every_client,
    a_password_does_nothing_but_read,
    nobody_learns_from_a_refused_password_whether_there_is_such_an_account,
    guesses_use_up_the_limits_of_the_sign_in_form,
    a_restore_that_asks_for_everything_at_once_is_let_in,
    a_proof_for_a_registry_ends_with_the_password,
    that_a_password_was_used_is_in_the_record_once_a_day,
}

on_both_engines!(where_they_do_not => passwords_do_not_read_unless_the_operator_says_so);

const PASSWORD: &str = "four quiet otters rowing";

/// A host that serves every kind of packages.
fn registry(settings: &mut Settings) {
    settings.registry_services = vec!["registry".to_owned()];
    settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
}

pub(super) async fn where_passwords_read(engine: Engine) -> World {
    let change = |settings: &mut Settings| {
        registry(settings);
        settings.password_reads = true;
    };
    World::published_with(engine, change, Patience::default()).await
}

async fn where_they_do_not(engine: Engine) -> World {
    World::published_with(engine, registry, Patience::default()).await
}

/// An account with a password.
pub(super) async fn account(world: &World, name: &str, password: &str) -> AccountId {
    let id = world.account(name).await;
    choose(world, id, password).await;
    id
}

async fn choose(world: &World, id: AccountId, password: &str) {
    let hash = world.app().passwords.hash(password).await.unwrap();
    let mut tx = world.tx().await;
    tx.set_password(id, &hash, &Actor::host("test"), world.now()).await.unwrap();
    tx.commit().await.unwrap();
}

pub(super) fn basic_of(username: &str, password: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
}

async fn ask(world: &World, line: &str, (username, password): (&str, &str)) -> Reply {
    world.ask(line, &[("Authorization", &basic_of(username, password))]).await
}

/// A private feed of bo's with a package of each kind, in which ada reads.
async fn team(world: &World) -> AccountId {
    let (ada, bo) = (account(world, "ada", PASSWORD).await, world.account("bo").await);
    let feed = world.feed("team", false, bo).await;
    world.member(("team", feed), ada, Role::Reader).await;
    let key = world.key(bo, "nuget:push npm:push", "*").await;
    assert_eq!(world.push_to("/feeds/team/nuget/v3/package", &key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    let put = document("ui", "1.0.0", "latest", &package("ui", "1.0.0", json!({})));
    assert_eq!(world.put_json("/feeds/team/npm/ui", &key, &put).await.status, 201);
    ada
}

const READS: [&str; 8] = [
    "GET /feeds/team/nuget/v3/flat/contoso.core/index.json",
    "GET /feeds/team/nuget/v3/flat/contoso.core/1.0.0/contoso.core.1.0.0.nupkg",
    "GET /feeds/team/nuget/v3/registration/contoso.core/index.json",
    "GET /feeds/team/nuget/v3/query?q=contoso",
    "GET /feeds/team/npm/ui",
    "GET /feeds/team/npm/ui/-/ui-1.0.0.tgz",
    "GET /feeds/team/npm/-/v1/search?text=ui",
    "GET /container/token?service=registry&scope=repository:team/app:pull",
];

async fn passwords_do_not_read_unless_the_operator_says_so(world: &World) {
    team(world).await;
    for line in READS {
        assert_eq!(ask(world, line, ("ada", PASSWORD)).await.status, 401, "{line}");
    }
    let recorded = "SELECT COUNT(*) FROM events WHERE verb IN ('session.refused', 'account.read_with_password')";
    assert_eq!(world.database.number(recorded, &[]).await, 0, "no password was looked at");
}

async fn a_username_and_password_read_what_the_account_may_read_in_every_client(world: &World) {
    team(world).await;
    account(world, "cy", "five loud herons diving").await;
    for line in READS {
        assert_eq!(ask(world, line, ("ada", PASSWORD)).await.status, 200, "{line}");
        assert_eq!(ask(world, line, ("ada@example.com", PASSWORD)).await.status, 200, "{line}");
        let cy = ask(world, line, ("cy", "five loud herons diving")).await;
        assert!([401, 404].contains(&cy.status), "cy is no member: {line} {}", cy.status);
    }
    assert_eq!(ask(world, "GET /feeds/team/npm/-/whoami", ("ada", PASSWORD)).await.json()["username"], "ada");
    let service = [
        ("X-Latchkey-Permission", "nuget:pull"),
        ("X-Latchkey-Feed", "team"),
        ("X-Latchkey-Package", "files"),
        ("X-Original-Method", "GET"),
        ("X-Original-URI", "/"),
    ];
    for (username, status) in [("ada", 200), ("nobody", 401)] {
        let credential = basic_of(username, PASSWORD);
        let headers: Vec<_> = service.into_iter().chain([("Authorization", credential.as_str())]).collect();
        assert_eq!(world.ask("GET /auth/forward", &headers).await.status, status, "{username}");
    }
    // containerd's form.
    let form = format!(
        "grant_type=password&service=registry&client_id=c&username=ada&password={PASSWORD}&scope=repository:team/app:pull"
    );
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = form.replace(' ', "+");
    let reply = call(world.address(), "POST /container/token", &headers, body.as_bytes()).await;
    assert_eq!(granted(&reply), ["team/app:pull"]);
    // docker login asks for nothing.
    assert_eq!(granted(&ask(world, "GET /container/token?service=registry", ("ada", PASSWORD)).await), [""; 0]);
    let uses = "SELECT (SELECT COUNT(*) FROM token_days) + (SELECT COUNT(*) FROM refusals)";
    world.app().usage_buffer.write(&world.store()).await.unwrap();
    let before = world.database.number(uses, &[]).await;
    ask(world, READS[0], ("ada", PASSWORD)).await;
    world.app().usage_buffer.write(&world.store()).await.unwrap();
    assert_eq!(world.database.number(uses, &[]).await, before, "there is no token to note it for");
}

async fn a_password_does_nothing_but_read(world: &World) {
    let ada = team(world).await;
    let feed = world.feed("own", false, ada).await;
    let _ = feed;
    let says = "A password reads packages and does nothing else. Create an access token";
    let (kind, body) = multipart(&nupkg("Contoso.New", "1.0.0"));
    let basic = basic_of("ada", PASSWORD);
    let headers = [("Authorization", basic.as_str()), ("Content-Type", &kind)];
    let pushed = call(world.address(), "PUT /feeds/own/nuget/v3/package", &headers, &body).await;
    assert_eq!((pushed.status, pushed.header("www-authenticate")), (403, None));
    assert!(pushed.header("x-nuget-warning").unwrap().starts_with(says));
    let unlist = ask(world, "DELETE /feeds/own/nuget/v3/package/Contoso.Core/1.0.0", ("ada", PASSWORD)).await;
    assert_eq!(unlist.status, 403);
    let put = document("ui", "1.1.0", "latest", &package("ui", "1.1.0", json!({}))).to_string();
    let headers = [("Authorization", basic.as_str()), ("Content-Type", "application/json")];
    let published = call(world.address(), "PUT /feeds/own/npm/ui", &headers, put.as_bytes()).await;
    assert_eq!(published.status, 403);
    assert!(published.json()["error"].as_str().unwrap().starts_with(says), "{}", published.text());
    for line in [
        "GET /feeds/own/npm/-/npm/v1/tokens",
        "DELETE /feeds/own/npm/-/npm/v1/tokens/token/00000000-0000-0000-0000-000000000000",
    ] {
        let reply = ask(world, line, ("ada", PASSWORD)).await;
        assert_eq!(reply.status, 403, "{line}");
        assert!(reply.json()["error"].as_str().unwrap().starts_with("A password is no access token."));
    }
    let scope = |verbs: &str| format!("GET /container/token?service=registry&scope=repository:own/app:{verbs}");
    assert_eq!(granted(&ask(world, &scope("pull,push"), ("ada", PASSWORD)).await), ["own/app:pull"]);
    for verbs in ["push", "delete"] {
        let reply = ask(world, &scope(verbs), ("ada", PASSWORD)).await;
        assert_eq!(reply.status, 401);
        assert!(message(&reply).starts_with(says), "{}", message(&reply));
    }
    let proof = ask(world, &scope("pull,push"), ("ada", PASSWORD)).await.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(forward(world, &proof, "GET", "/v2/own/app/manifests/v1").await.status, 200);
    let reply = forward(world, &proof, "PUT", "/v2/own/app/manifests/v1").await;
    assert_eq!(reply.status, 403);
    assert!(message(&reply).starts_with(says));
    for line in
        ["GET /api/v1/packages", "GET /api/v1/tokens/current", "GET /api/v1/tokens/current/can?action=nuget:pull"]
    {
        assert_eq!(ask(world, line, ("ada", PASSWORD)).await.status, 401, "{line}: the API takes keys alone");
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM versions", &[]).await, 2);
}

async fn nobody_learns_from_a_refused_password_whether_there_is_such_an_account(world: &World) {
    team(world).await;
    let gone = account(world, "gone", PASSWORD).await;
    world.set_account_disabled(gone, true).await;
    for line in [READS[0], READS[4], READS[7]] {
        let answers = [("ada", "wrong password here"), ("nobody", PASSWORD), ("gone", PASSWORD), ("ada\0", PASSWORD)];
        let mut seen = Vec::new();
        for who in answers {
            world.pass(chrono::Duration::minutes(10));
            let reply = ask(world, line, who).await;
            seen.push((reply.status, reply.text(), reply.header("www-authenticate").map(str::to_owned)));
        }
        assert!(seen.iter().all(|answer| *answer == seen[0]), "{line}: {seen:?}");
        assert_eq!(seen[0].0, 401);
        assert!(seen[0].1.contains("Username or password is wrong."), "{}", seen[0].1);
    }
    let failed = "SELECT COUNT(*) FROM events WHERE verb = 'session.refused'";
    assert_eq!(world.database.number(failed, &[]).await, 6, "noted with the accounts that there are");
}

async fn guesses_use_up_the_limits_of_the_sign_in_form(world: &World) {
    team(world).await;
    for number in 0..10 {
        assert_eq!(ask(world, READS[0], ("ada", &format!("guess number {number}"))).await.status, 401);
    }
    for (line, says) in [(READS[0], "Too many wrong passwords"), (READS[4], ""), (READS[7], "")] {
        let reply = ask(world, line, ("ada", PASSWORD)).await;
        assert_eq!(reply.status, 429, "{line}");
        assert!(reply.head().contains(says) && reply.header("retry-after").is_some(), "{}", reply.head());
        assert!(reply.text().contains("There were too many attempts with a wrong password."), "{}", reply.text());
    }
    let form = world.browser().from("127.0.0.1").sign_in("ada", PASSWORD).await;
    assert_eq!(form.status, 429, "it is one limit");
    world.pass(chrono::Duration::minutes(30));
    assert_eq!(ask(world, READS[0], ("ada", PASSWORD)).await.status, 200);
}

async fn a_restore_that_asks_for_everything_at_once_is_let_in(world: &World) {
    team(world).await;
    let all = (0..60).map(|number| ask(world, READS[number % 7], ("ada", PASSWORD)));
    let replies = join_all(all).await;
    assert!(
        replies.iter().all(|reply| reply.status == 200),
        "{:?}",
        replies.iter().map(|r| r.status).collect::<Vec<_>>()
    );
    let wrong = join_all((0..60).map(|number| ask(world, READS[number % 7], ("ada", "wrong password here")))).await;
    assert!(wrong.iter().all(|reply| [401, 429].contains(&reply.status)));
    let taken = world.database.number("SELECT COUNT(*) FROM rate_limits", &[]).await;
    assert!(taken > 0, "guesses leave their count");
}

async fn a_proof_for_a_registry_ends_with_the_password(world: &World) {
    let ada = team(world).await;
    let scope = "GET /container/token?service=registry&scope=repository:team/app:pull";
    let proof = async || {
        let reply = ask(world, scope, ("ada", PASSWORD)).await;
        reply.json()["token"].as_str().unwrap().to_owned()
    };
    let read = async |proof: &str| forward(world, proof, "GET", "/v2/team/app/manifests/v1").await.status;
    let first = proof().await;
    assert_eq!(read(&first).await, 200);
    choose(world, ada, "six plain ravens calling").await;
    assert_eq!(read(&first).await, 401, "another password");
    choose(world, ada, PASSWORD).await;
    let second = proof().await;
    world.set_account_disabled(ada, true).await;
    assert_eq!(read(&second).await, 401, "disabled");
    world.set_account_disabled(ada, false).await;
    let third = proof().await;
    assert_eq!(forward(world, &third, "GET", "/v2/main/app/manifests/v1").await.status, 200);
    assert_eq!(forward(world, &third, "GET", "/v2/elsewhere/app/manifests/v1").await.status, 403);
    let (_, off) = world.another_node_with(&[]).await;
    let headers = [
        ("Authorization", format!("Bearer {third}")),
        ("X-Original-Method", "GET".to_owned()),
        ("X-Original-URI", "/v2/team/app/manifests/v1".to_owned()),
    ];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_ne!(call(off, "GET /auth/forward", &headers, b"").await.status, 200, "the operator's word was taken back");
}

async fn that_a_password_was_used_is_in_the_record_once_a_day(world: &World) {
    let ada = team(world).await;
    let recorded = async || {
        let sql = "SELECT address FROM events WHERE verb = 'account.read_with_password' AND account = $1 AND actor_token IS NULL";
        world.database.texts(sql, &[&ada.to_string()]).await.len()
    };
    for _ in 0..3 {
        ask(world, READS[0], ("ada", PASSWORD)).await;
    }
    assert_eq!(recorded().await, 1);
    world.pass(chrono::Duration::hours(25));
    ask(world, READS[0], ("ada", PASSWORD)).await;
    assert_eq!(recorded().await, 2);
}
