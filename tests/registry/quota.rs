//! What the tokens of one account may publish in all, where the host sets a bound.

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use latchkey::serve::Patience;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::nuget_symbols;
use crate::support::{
    npm::{MAIN, document, package, tgz},
    nupkg::{holding, nupkg},
    wire::Reply,
    world::{World, on_both_engines},
};

on_both_engines! {
    |engine| World::published_with(engine, |settings| settings.account_quota = Some(3_000), Patience::default()) =>
    an_account_publishes_up_to_its_quota_and_others_go_on,
    a_used_up_quota_keeps_nobody_from_making_room,
    what_is_kept_beside_a_package_counts_and_its_size_stays_that_of_the_package,
    npm_packages_that_are_pushed_side_by_side_stay_within_the_quota,
    nuget_packages_that_are_pushed_side_by_side_stay_within_the_quota,
}

on_both_engines! {
    |engine| World::published_with(engine, |settings| settings.account_quota = Some(20_000), Patience::default()) =>
    symbols_count_as_well,
    symbols_that_are_pushed_side_by_side_stay_within_the_quota,
}

async fn an_account_publishes_up_to_its_quota_and_others_go_on(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let (key, other) = (world.key(ada, "nuget:push", "*").await, world.key(ada, "nuget:push", "*").await);
    let size = nupkg("A", "1.0.0").len() + nuspec_bytes(&nupkg("A", "1.0.0"));
    let fits = 3_000 / size;
    for number in 1..=fits {
        assert_eq!(world.push(&key, &nupkg("A", &format!("{number}.0.0"))).await.status, 201, "{size} bytes each");
    }
    for key in [&key, &other] {
        let refused = world.push(key, &nupkg("A", "9.0.0")).await;
        assert_eq!((refused.status, refused.text().contains("of the 0.0 MiB that one account may")), (403, true));
    }
    assert_eq!(world.files("packages/nuget"), 2 * fits, "nothing of it is kept");
    let theirs = world.key(bo, "nuget:push", "*").await;
    assert_eq!(world.push(&theirs, &nupkg("B", "1.0.0")).await.status, 201);
    world.sql("UPDATE versions SET removed_at = 1 WHERE version = '1.0.0'").await;
    assert_eq!(world.push(&other, &nupkg("A", "9.0.0")).await.status, 201, "removed versions do not count");
}

async fn symbols_count_as_well(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let (package, symbols) = (nuget_symbols::package("1.0.0"), nuget_symbols::good_symbols("1.0.0"));
    assert_eq!(world.push(&key, &package).await.status, 201);
    assert_eq!(world.push_to("/v3/symbols", &key, &symbols).await.status, 201);
    let used = world.store().published_bytes(ada).await.unwrap();
    let stored = package.len() + nuspec_bytes(&package) + nuget_symbols::PDB.len();
    assert_eq!(used, stored as u64, "as they are stored, not as they came");
    world.sql("UPDATE symbol_files SET size = 19000").await;
    let refused = world.push_to("/v3/symbols", &key, &symbols).await;
    assert_eq!((refused.status, refused.text().contains("one account may")), (403, true), "{}", refused.text());
    assert_eq!(world.files("uploads"), 0);
}

/// Bytes of the nuspec, which is the first entry and stored as it is; a copy of it is kept beside the package.
fn nuspec_bytes(package: &[u8]) -> usize {
    u32::from_le_bytes(package[22..26].try_into().unwrap()) as usize
}

/// Text that hardly gets smaller by packing.
fn dense(seed: &str, blocks: u32) -> String {
    (0..blocks).map(|block| STANDARD.encode(Sha512::digest(format!("{seed} {block}")))).collect()
}

/// How many of the pushes were taken; the others were refused for the quota.
fn taken(replies: &[Reply]) -> usize {
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status != 201).collect();
    for reply in &refused {
        assert!(reply.status == 403 && reply.text().contains("one account may"), "{} {}", reply.status, reply.text());
    }
    replies.len() - refused.len()
}

async fn a_used_up_quota_keeps_nobody_from_making_room(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "npm:pull npm:push npm:delete", "*").await;
    for version in ["1.0.0", "1.1.0"] {
        assert_eq!(world.publish_npm(&key, "ui", version, "latest").await.status, 201);
    }
    world.sql("UPDATE versions SET size = 1500").await;
    let only_push = world.key(ada, "npm:push", "*").await;
    assert_eq!(
        taken(&[
            world.publish_npm(&key, "ui", "1.2.0", "latest").await,
            world.publish_npm(&only_push, "ui", "1.2.0", "latest").await,
        ]),
        0
    );
    let mut read = world.packument(&key, "ui?write=true").await;
    read["versions"]["1.0.0"]["deprecated"] = json!("Use 1.1.");
    assert_eq!(world.put_json(&format!("{MAIN}/ui"), &key, &read).await.status, 200, "deprecating takes no room");
    let mut read = world.packument(&key, "ui?write=true").await;
    let revision = read["_rev"].as_str().unwrap().to_owned();
    read["versions"].as_object_mut().unwrap().remove("1.0.0");
    let gone = world.put_json(&format!("{MAIN}/ui/-rev/{revision}"), &key, &read).await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert_eq!(world.publish_npm(&key, "ui", "1.2.0", "latest").await.status, 201, "there is room again");
}

async fn what_is_kept_beside_a_package_counts_and_its_size_stays_that_of_the_package(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "npm:pull npm:push", "*").await;
    let tarball = package("ui", "1.0.0", json!({}));
    let mut put = document("ui", "1.0.0", "latest", &tarball);
    let bundle = |length: usize| json!({ "note": "x".repeat(length) }).to_string();
    put["_attachments"]["ui-1.0.0.sigstore"] = json!({ "data": bundle(4_000) });
    assert_eq!(taken(&[world.put_json(&format!("{MAIN}/ui"), &key, &put).await]), 0);
    assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
    put["_attachments"]["ui-1.0.0.sigstore"] = json!({ "data": bundle(1_000) });
    assert_eq!(world.put_json(&format!("{MAIN}/ui"), &key, &put).await.status, 201);
    let used = world.store().published_bytes(ada).await.unwrap();
    assert_eq!(used, (tarball.len() + bundle(1_000).len()) as u64);
    let size = world.database.number("SELECT size FROM versions", &[]).await;
    assert_eq!(size, tarball.len() as i64);
}

async fn npm_packages_that_are_pushed_side_by_side_stay_within_the_quota(world: &World) {
    let key = &world.key(world.account("ada").await, "npm:push", "*").await;
    let one = |number: u32| async move {
        let name = format!("ui{number}");
        let manifest = json!({ "name": name, "version": "1.0.0" }).to_string();
        let tarball = tgz(&[("package.json", &manifest), ("a.txt", &dense(&name, 24))]);
        assert!((1_500..3_000).contains(&tarball.len()), "{}", tarball.len());
        world.put_json(&format!("{MAIN}/{name}"), key, &document(&name, "1.0.0", "latest", &tarball)).await
    };
    assert_eq!(taken(&join_all((0..8).map(one)).await), 1);
    assert_eq!((world.files("packages/npm"), world.files("uploads")), (1, 0));
}

async fn nuget_packages_that_are_pushed_side_by_side_stay_within_the_quota(world: &World) {
    let key = world.key(world.account("ada").await, "nuget:push", "*").await;
    let packages: Vec<Vec<u8>> = (0..8)
        .map(|number| holding(&format!("A{number}"), "1.0.0", "", &[("content/a.txt", dense("a", 14).as_bytes())]))
        .collect();
    assert!((1_500..2_500).contains(&packages[0].len()), "{}", packages[0].len());
    assert_eq!(taken(&join_all(packages.iter().map(|package| world.push(&key, package))).await), 1);
    assert_eq!((world.files("packages/nuget"), world.files("uploads")), (2, 0), "with its nuspec");
}

async fn symbols_that_are_pushed_side_by_side_stay_within_the_quota(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
    for version in versions {
        let pushed = world.push(&key, &nuget_symbols::package(version)).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
    }
    world.sql("UPDATE versions SET size = 0, beside_size = 0").await;
    world.sql("UPDATE versions SET size = 20000 - 2000 WHERE version = '1.0.0'").await;
    let (sent, stored) = (nuget_symbols::good_symbols("1.0.0").len(), nuget_symbols::PDB.len());
    assert!(sent <= 2_000 && 2 * stored > 2_000, "there is room for one: {sent} {stored}");
    let symbols = versions.map(nuget_symbols::good_symbols);
    let pushes = symbols.iter().map(|symbols| world.push_to("/v3/symbols", &key, symbols));
    assert_eq!(taken(&join_all(pushes).await), 1);
}
