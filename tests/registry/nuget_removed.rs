//! Removed versions are gone from every door for good; downloads are counted once each.

use latchkey::{
    audit::Actor,
    jobs,
    packages::{
        ChangeContext, RemovedFiles, StoredPackage,
        nuget::{id::PackageId, version::Version},
    },
    tokens::Kind,
};
use serde_json::json;

use crate::support::{
    accounts::Key,
    nupkg::{nupkg, with},
    wire::Reply,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_removed_version_is_gone_from_every_door_and_is_never_published_again,
    a_removed_package_stays_its_owners_and_nobody_finds_it,
    bytes_that_a_removal_left_behind_go_with_the_orphans,
    each_download_counts_once,
    a_search_counts_only_what_its_client_understands,
    what_an_earlier_version_stored_is_summed_up_at_the_next_start,
}

const ALL: &str = "nuget:pull nuget:push nuget:delete api:read";
const FILE: &str = "/v3/flat/contoso.core/1.0.0/contoso.core.1.0.0.nupkg";

impl World {
    async fn stored(&self, id: &str) -> StoredPackage {
        let feed = self.store().feed("main", None).await.unwrap().unwrap().feed.id;
        let id = PackageId::parse(id).unwrap();
        self.store().package(feed, Kind::NuGet, &id.key(), None).await.unwrap().unwrap()
    }

    /// What `latchkey package remove` does, up to the moment when its change holds.
    pub async fn remove(&self, id: &str, version: Option<&str>) -> RemovedFiles {
        let package = self.stored(id).await;
        let by = Actor::host("test");
        let context = ChangeContext { feed_name: "main", token: None, by: &by, now: self.now() };
        let mut tx = self.tx().await;
        let removed = match version {
            Some(text) => {
                let version = Version::parse(text).unwrap();
                tx.remove_version(&context, &package, &version.key()).await.unwrap()
            }
            None => tx.remove_package(&context, &package).await.unwrap(),
        };
        tx.commit().await.unwrap();
        removed
    }

    async fn found(&self, key: &Key, query: &str) -> (i64, Vec<String>) {
        let found = self.get(&format!("/v3/query?{query}"), key).await.json();
        let names = found["data"].as_array().unwrap().iter().map(|hit| format!("{} {}", hit["id"], hit["version"]));
        (found["totalHits"].as_i64().unwrap(), names.map(|name| name.replace('"', "")).collect())
    }
}

fn addresses(version: &str) -> Vec<String> {
    vec![
        format!("/v3/flat/contoso.core/{version}/contoso.core.{version}.nupkg"),
        format!("/v3/flat/contoso.core/{version}/contoso.core.nuspec"),
        format!("/v3/registration/contoso.core/{version}.json"),
    ]
}

async fn a_removed_version_is_gone_from_every_door_and_is_never_published_again(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    for version in ["1.0.0", "1.1.0"] {
        assert_eq!(world.push(&key, &nupkg("Contoso.Core", version)).await.status, 201);
    }
    assert_eq!(world.remove("contoso.core", Some("1.1")).await.versions, 1);
    for path in addresses("1.1.0") {
        assert_eq!(world.get(&path, &key).await.status, 404, "{path}");
    }
    let versions = world.get("/v3/flat/contoso.core/index.json", &key).await.json();
    assert_eq!(versions, json!({ "versions": ["1.0.0"] }));
    assert_eq!(world.found(&key, "q=contoso").await, (1, vec!["Contoso.Core 1.0.0".to_owned()]));
    for line in ["DELETE", "POST"] {
        let headers = [("X-NuGet-ApiKey", key.text.as_str())];
        let reply = world.ask(&format!("{line} /v3/package/Contoso.Core/1.1.0"), &headers).await;
        assert_eq!(reply.status, 404, "{line}");
    }
    for spelling in ["1.1.0", "1.1", "1.1.0+again"] {
        let again = world.push(&key, &nupkg("Contoso.Core", spelling)).await;
        let number = Version::parse(spelling).unwrap();
        let sentence = format!(
            "Contoso.Core {number} was removed by the operator. A removed version is never used again; push a higher one."
        );
        assert_eq!(again.told(), (409, "This version was removed", Some(sentence.as_str())));
    }
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.2.0")).await.status, 201);
    assert_eq!(world.remove("Contoso.Core", Some("1.1.0")).await, RemovedFiles::default());
}

async fn a_removed_package_stays_its_owners_and_nobody_finds_it(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let (key, other) = (world.key(ada, ALL, "*").await, world.key(bo, ALL, "*").await);
    for version in ["1.0.0", "2.0.0-beta"] {
        let file = with("Contoso.Core", version, "<tags>oneofakind</tags>");
        assert_eq!(world.push(&key, &file).await.status, 201);
    }
    assert_eq!(world.remove("Contoso.Core", None).await.versions, 2);
    for path in addresses("1.0.0").iter().map(String::as_str).chain([
        "/v3/flat/contoso.core/index.json",
        "/v3/registration/contoso.core/index.json",
        "/v3/registration/contoso.core/page/1.0.0/2.0.0.json",
    ]) {
        assert_eq!(world.get(path, &key).await.status, 404, "{path}");
    }
    assert_eq!(world.found(&key, "prerelease=true&semVerLevel=2.0.0").await, (0, vec![]));
    assert_eq!(world.get("/api/v1/packages", &key).await.json()["packages"], json!([]));
    assert_eq!(world.push(&other, &nupkg("Contoso.Core", "3.0.0")).await.status, 403);
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "3.0.0")).await.status, 201);
    assert_eq!(world.found(&key, "q=oneofakind").await, (0, vec![]), "what was removed is no longer searched");
    assert_eq!(world.found(&key, "q=contoso").await.0, 1);
}

async fn bytes_that_a_removal_left_behind_go_with_the_orphans(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    for version in ["1.0.0", "1.1.0"] {
        assert_eq!(world.push(&key, &nupkg("Contoso.Core", version)).await.status, 201);
    }
    world.remove("Contoso.Core", Some("1.1.0")).await;
    assert_eq!(world.files("packages"), 4, "the process dies here");
    // Files carry the time of this machine, which the world's clock must be behind by hours.
    world.clock.advance(chrono::Duration::days(100 * 365));
    jobs::remove_orphans(&world.app()).await.unwrap();
    assert_eq!((world.files("packages/nuget"), world.files("packages/trash")), (2, 2));
    world.clock.advance(jobs::IN_TRASH + chrono::Duration::days(1));
    jobs::remove_orphans(&world.app()).await.unwrap();
    assert_eq!((world.files("packages/nuget"), world.files("packages/trash")), (2, 0));
}

async fn downloads(world: &World, key: &Key) -> (i64, i64) {
    jobs::flush_downloads(&world.app()).await.unwrap();
    let found = world.get("/v3/query?q=contoso", key).await.json();
    let count = |value: &serde_json::Value| value.as_i64().unwrap();
    let hit = &found["data"][0];
    (count(&hit["totalDownloads"]), count(&hit["versions"][0]["downloads"]))
}

async fn each_download_counts_once(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    for version in ["1.0.0", "1.1.0"] {
        assert_eq!(world.push(&key, &nupkg("Contoso.Core", version)).await.status, 201);
    }
    assert_eq!(downloads(world, &key).await, (0, 0));
    let get: Reply = world.get(FILE, &key).await;
    world.get(&FILE.replace("1.0.0", "1.1.0"), &key).await;
    assert_eq!(downloads(world, &key).await, (2, 1));

    let bearer = format!("Bearer {}", key.text);
    let sent = ("Authorization", bearer.as_str());
    world.ask(&format!("HEAD {FILE}"), &[sent]).await;
    world.ask(&format!("GET {FILE}"), &[sent, ("Range", "bytes=100-")]).await;
    world.ask(&format!("GET {FILE}"), &[sent, ("If-None-Match", get.header("etag").unwrap())]).await;
    world.get("/v3/flat/contoso.core/1.0.0/contoso.core.nuspec", &key).await;
    world.ask(&format!("GET {FILE}"), &[]).await;
    assert_eq!(downloads(world, &key).await, (2, 1));

    for _ in 0..3 {
        world.get(FILE, &key).await;
    }
    assert_eq!(downloads(world, &key).await, (2, 1), "once for a key, a version and a day");
    let other = world.key(ada, ALL, "*").await;
    world
        .ask(&format!("GET {FILE}"), &[("Authorization", &format!("Bearer {}", other.text)), ("Range", "bytes=0-")])
        .await;
    assert_eq!(downloads(world, &key).await, (3, 2));
    world.pass(chrono::Duration::days(1));
    world.get(FILE, &key).await;
    assert_eq!(downloads(world, &key).await, (4, 3));
}

async fn a_search_counts_only_what_its_client_understands(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    for (id, version) in [("A", "1.0.0"), ("B", "1.0.0+build"), ("C", "1.0.0-beta"), ("D", "1.0.0-beta.2")] {
        assert_eq!(world.push(&key, &nupkg(id, version)).await.status, 201);
    }
    for (query, hits) in
        [("", 1), ("prerelease=true", 2), ("semVerLevel=2.0.0", 2), ("prerelease=true&semVerLevel=2.0.0", 4)]
    {
        let (total, found) = world.found(&key, query).await;
        assert_eq!((total, found.len()), (hits, hits as usize), "{query}");
    }
}

async fn what_an_earlier_version_stored_is_summed_up_at_the_next_start(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    for version in ["1.0.0", "1.10.0", "1.9.0"] {
        assert_eq!(world.push(&key, &nupkg("Contoso.Core", version)).await.status, 201);
    }
    world.sql("UPDATE packages SET newest = NULL, listed_plain_versions = 0, listed_stable_plain_versions = 0").await;
    world.sql("UPDATE versions SET sort_key = NULL").await;
    latchkey::store::migrate::migrate(&world.store(), &world.app().settings.data_dir, world.now()).await.unwrap();
    assert_eq!(world.found(&key, "").await, (1, vec!["Contoso.Core 1.10.0".to_owned()]));
    let lines = world.store().version_lines(world.stored("Contoso.Core").await.key, None, None, 10).await.unwrap();
    let versions: Vec<_> = lines.iter().map(|line| line.version.to_string()).collect();
    assert_eq!(versions, ["1.10.0", "1.9.0", "1.0.0"]);
}
