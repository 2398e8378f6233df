//! What the API says of itself.

use latchkey::routes::{self, Audience};
use serde_json::Value;

use crate::support::{
    snapshot::answer_is,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    every_address_of_the_api_is_described_to_anybody,
}

async fn every_address_of_the_api_is_described_to_anybody(world: &World) {
    let reply = world.ask("GET /api/v1/openapi.json", &[]).await;
    assert_eq!(reply.status, 200);
    let described: Value = reply.json();
    assert_eq!(described["openapi"], "3.1.0");
    let page = world.ask("GET /api/docs", &[]).await;
    assert_eq!(page.status, 200);
    let addresses = routes::addresses().into_iter().filter(|address| address.audience == Audience::Api);
    let mut count = 0;
    for address in addresses {
        let Some(path) = address.path.strip_prefix("/api/v1").filter(|path| *path != "/openapi.json") else { continue };
        let operation = &described["paths"][path][address.method.as_str().to_ascii_lowercase()];
        assert!(operation["summary"].is_string(), "{} {path} is not described", address.method);
        assert!(page.text().contains(&format!("<code>{} {path}</code>", address.method)), "{path}");
        count += 1;
    }
    let operations = described["paths"].as_object().unwrap().values().map(|methods| methods.as_object().unwrap().len());
    assert_eq!(operations.sum::<usize>(), count, "something is described that is not there");
    answer_is("api_description", &reply);
}
