//! Programs that manage tokens through the API.

use chrono::{Duration, SecondsFormat};
use latchkey::tokens::{
    AccountId, Feeds,
    listing::{Filter, Sort, TokenQuery},
};
use serde_json::{Value, json};

use super::{
    accounts::Key,
    wire::{Reply, call},
    world::World,
};

/// A request with a key and a body.
pub async fn ask(world: &World, key: &Key, line: &str, body: &Value) -> Reply {
    ask_with(world, key, line, &[], body).await
}

pub async fn ask_with(world: &World, key: &Key, line: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let bearer = format!("Bearer {}", key.text);
    let mut all = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    all.extend(headers);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    call(world.address(), line, &all, body.as_bytes()).await
}

/// A key that may manage, for packages of Contoso.
pub async fn manager(world: &World) -> Key {
    manager_of(world, world.account("ada").await).await
}

/// The same of an account.
pub async fn manager_of(world: &World, account: AccountId) -> Key {
    let life = Some(Duration::days(200));
    world.key_for(account, "nuget:pull nuget:push api:manage", "Contoso.*", Feeds::All, life).await
}

pub fn wanted() -> Value {
    json!({ "name": "CI", "permissions": ["nuget:push"], "patterns": ["Contoso.Core.*"], "expires_at": "30d" })
}

pub fn id_of(reply: &Reply) -> String {
    reply.json()["id"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned()
}

/// The places in the body that a refusal names.
pub fn places(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

pub async fn made(world: &World, key: &Key) -> String {
    let reply = ask(world, key, "POST /api/v1/tokens", &wanted()).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    id_of(&reply)
}

pub fn in_days(world: &World, days: i64) -> String {
    (world.now() + Duration::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Every token of the account of a key.
pub fn every(key: &Key) -> TokenQuery {
    TokenQuery { account: key.token.account, filter: Filter::Everything, sort: Sort::Newest, words: String::new() }
}
