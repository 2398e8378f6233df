//! Lists of versions are kept until the package changes, and are right at once on every node.

use reqwest::header::{ETAG, IF_NONE_MATCH};

use crate::support::{
    accounts::Key,
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines!(World::published => lists_of_versions_have_a_tag_and_follow_every_change_on_every_node);

async fn list(address: std::net::SocketAddr, key: &Key, known: &str) -> (u16, String, String) {
    let request = reqwest::Client::new().get(format!("http://{address}/v3/flat/contoso.core/index.json"));
    let answer = request.bearer_auth(&key.text).header(IF_NONE_MATCH, known).send().await.unwrap();
    let tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
    (answer.status().as_u16(), tag, answer.text().await.unwrap())
}

async fn lists_of_versions_have_a_tag_and_follow_every_change_on_every_node(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    let (_, other) = world.another_node_with(&[]).await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    let (status, first, text) = list(other, &key, "").await;
    assert_eq!((status, text.as_str()), (200, r#"{"versions":["1.0.0"]}"#));
    assert!(first.starts_with('"'), "a strong tag: {first}");
    assert_eq!(list(world.address(), &key, &first).await, (304, first.clone(), String::new()));
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.1.0")).await.status, 201);
    for address in [other, world.address()] {
        let (status, tag, text) = list(address, &key, &first).await;
        assert_eq!((status, text.as_str()), (200, r#"{"versions":["1.0.0","1.1.0"]}"#));
        assert_ne!(tag, first);
    }
    let narrow = world.key(ada, "nuget:pull", "Fabrikam.*").await;
    let refused = world.get("/v3/flat/contoso.core/index.json", &narrow).await;
    assert_eq!(refused.status, 403, "the decision comes before what is kept");
}
