//! Packages that would give a key of this host to everybody who reads them.

use latchkey::cli::legacy::import;

use crate::support::{
    nupkg::{holding, nupkg, with},
    wire::Reply,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_package_that_holds_a_key_of_this_host_is_refused_and_the_place_is_named,
    what_only_looks_like_a_key_is_published,
}

const GUID: &str = "5f1d2c3b-89ab-4cde-8f01-23456789abcd";

fn refused(reply: &Reply, place: &str, key: &str) {
    assert_eq!((reply.status, reply.phrase.as_str()), (400, "The package holds an access token"), "{place}");
    let sentence = reply.header("x-nuget-warning").unwrap();
    assert!(sentence.starts_with(&format!("The {place} in this package holds an access token.")), "{sentence}");
    assert!(!reply.text().contains(key) && !sentence.contains(key), "{place}: the answer repeats the key");
}

async fn a_package_that_holds_a_key_of_this_host_is_refused_and_the_place_is_named(world: &World) {
    let ada = world.account("ada").await;
    world.account("bo").await;
    let list = format!("account,key,created\nbo,{GUID},2016-05-01\n");
    import(&world.app(), list.as_bytes(), None).await.unwrap();
    let key = world.key(ada, "nuget:push", "*").await;
    let other = world.key(ada, "nuget:pull", "*").await;
    let (whole, cut) = (other.text.as_str(), &other.text[..43]);
    for secret in [whole, cut, GUID] {
        for (place, elements) in [
            ("title", format!("<title>{secret}</title>")),
            ("tags", format!("<tags>a {secret}</tags>")),
            ("summary", format!("<summary>&#{};{}</summary>", secret.as_bytes()[0], &secret[1..])),
            ("releaseNotes", format!("<releaseNotes>\nkey={secret}\n</releaseNotes>")),
            ("projectUrl", format!("<projectUrl>https://example.com/?key={secret}</projectUrl>")),
            ("copyright", format!("<copyright>({secret})</copyright>")),
            ("repository", format!("<repository branch='{secret}'/>")),
            ("nuspec", format!("<something><else>{secret}</else></something>")),
            ("nuspec", format!("<!-- {secret} -->")),
            ("nuspec", format!("<something>&#{};{}</something>", secret.as_bytes()[0], &secret[1..])),
            ("nuspec", format!("<something>&#x{:x};{}</something>", secret.as_bytes()[0], &secret[1..])),
            (
                "projectUrl",
                format!("<projectUrl>https://example.com/%{:02x}{}</projectUrl>", secret.as_bytes()[0], &secret[1..]),
            ),
        ] {
            refused(&world.push(&key, &with("A", "1.0.0", &elements)).await, place, secret);
        }
        let file = format!("content/{secret}.txt");
        let named = holding("A", "1.0.0", "", &[(file.as_str(), b"x")]);
        refused(&world.push(&key, &named).await, "name of a file", secret);
        let encoded = format!("content/%{:02X}{}", secret.as_bytes()[0], &secret[1..]);
        let named = holding("A", "1.0.0", "", &[(encoded.as_str(), b"x")]);
        refused(&world.push(&key, &named).await, "name of a file", secret);
        refused(&world.push(&key, &nupkg(&format!("A.{secret}"), "1.0.0")).await, "id", secret);
    }
    refused(&world.push(&key, &nupkg("A", &format!("1.0.0-{GUID}"))).await, "version", GUID);
    assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
}

async fn what_only_looks_like_a_key_is_published(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let like = format!("lk_{}", "a".repeat(46));
    let elements = format!("<releaseNotes>{like} {GUID} 0123456789abcdef0123456789abcdef01234567</releaseNotes>");
    assert_eq!(world.push(&key, &with("A", "1.0.0", &elements)).await.status, 201);
    let list = format!("account,key,created\nada,{},2016-05-01\n", GUID.replace('5', "6"));
    import(&world.app(), list.as_bytes(), None).await.unwrap();
    assert_eq!(world.push(&key, &with("A", "1.0.1", &elements)).await.status, 201, "it is nobody's key");
}
