//! Whose the package store is: a second host, an older copy of the database and a restored backup delete nothing there.

use chrono::Duration;
use latchkey::{
    jobs::{self, OrphanCleanup},
    package_store::{self, Custody},
    packages::blobs::{BlobKey, Ownership},
    tokens::{Kind, VersionKey},
};

use crate::support::{
    accounts::Key,
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    an_empty_host_on_a_used_store_deletes_nothing_before_and_after_the_store_has_an_identity,
    an_older_copy_of_the_database_deletes_nothing_until_told_to,
    of_two_copies_that_both_clean_up_neither_deletes_anything,
    a_restored_backup_deletes_nothing_until_told_to,
    bytes_of_a_removed_version_stay_in_a_store_that_is_not_ours,
    much_of_a_store_goes_only_when_told_to_and_a_dry_run_changes_nothing,
    a_package_folder_that_is_not_mounted_takes_nothing_and_is_whole_when_it_is_back,
}

/// Why a cleanup deleted nothing.
async fn refused(host: &World) -> String {
    format!("{:#}", jobs::remove_orphans(&host.app()).await.expect_err("nothing may be deleted"))
}

async fn ownership(host: &World) -> Ownership {
    Custody::of(&host.app().store, &host.app().blobs).await.unwrap().ownership
}

async fn publish(host: &World, key: &Key, ids: &[&str]) {
    for id in ids {
        assert_eq!(host.push(key, &nupkg(id, "1.0.0")).await.status, 201, "{id}");
    }
}

/// A host with packages, long in their places.
async fn production(host: &World, ids: &[&str]) -> Key {
    let ada = host.account("ada").await;
    let key = host.key(ada, "nuget:push nuget:pull", "*").await;
    publish(host, &key, ids).await;
    host.age_files(40);
    key
}

async fn an_empty_host_on_a_used_store_deletes_nothing_before_and_after_the_store_has_an_identity(host: &World) {
    production(host, &["A"]).await;
    let stranger = host.stranger().await;
    // A host of the release before: its store has no identity yet.
    let why = refused(&stranger).await;
    assert!(why.contains("written by a host that this database knows nothing of"), "{why}");
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (2, 0));
    // Its own host takes the store over at its first cleanup.
    assert_eq!(ownership(host).await, Ownership::Unclaimed);
    jobs::remove_orphans(&host.app()).await.unwrap();
    assert_eq!(ownership(host).await, Ownership::Ours);
    let why = refused(&stranger).await;
    assert!(why.contains("belongs to another installation") && why.contains("latchkey store adopt"), "{why}");
    // What it published there, the cleanup of the other would take away.
    stranger.app().health.refresh(&stranger.app().parts()).await;
    let bo = stranger.account("bo").await;
    let key = stranger.key(bo, "nuget:push", "*").await;
    let reply = stranger.push(&key, &nupkg("B", "1.0.0")).await;
    assert_eq!((reply.status, reply.phrase.as_str()), (503, "Nothing can be published here"));
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (2, 0));
    jobs::remove_orphans(&host.app()).await.unwrap();
    stranger.end().await;
}

async fn an_older_copy_of_the_database_deletes_nothing_until_told_to(host: &World) {
    let key = production(host, &["A", "B", "C"]).await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    let copy = host.copy().await;
    publish(host, &key, &["D"]).await;
    host.age_files(40);
    for _ in 0..2 {
        let why = refused(&copy).await;
        assert!(why.contains("latchkey restored"), "{why}");
    }
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (8, 0));
    // Told to, the copy is the host, and the one before it a stranger.
    copy.clock.advance(Duration::minutes(1));
    package_store::adopt(&copy.store(), &copy.app().blobs, copy.now()).await.unwrap();
    assert_eq!((ownership(&copy).await, jobs::remove_orphans(&copy.app()).await.is_ok()), (Ownership::Ours, true));
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (6, 2), "moved, not deleted");
    assert!(refused(host).await.contains("belongs to another installation"));
    copy.end().await;
}

async fn of_two_copies_that_both_clean_up_neither_deletes_anything(host: &World) {
    let key = production(host, &["A", "B"]).await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    let copy = host.copy().await;
    // Nothing happened since: the copy cannot know what it is.
    jobs::remove_orphans(&copy.app()).await.unwrap();
    for id in 7..9 {
        let (left, id) = (uuid::Uuid::from_u128(id), VersionKey::from(uuid::Uuid::from_u128(id)));
        host.store().note_upload(id, host.now()).await.unwrap();
        host.app()
            .blobs
            .put(&BlobKey::new(Kind::NuGet, left, "nupkg"), std::path::Path::new("Cargo.toml"))
            .await
            .unwrap();
    }
    host.age_files(40);
    for both in [host, &copy, host, &copy] {
        assert!(refused(both).await.contains("another copy of this database has used it"));
    }
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (6, 0));
    publish(host, &key, &["C"]).await;
    copy.end().await;
}

async fn a_restored_backup_deletes_nothing_until_told_to(host: &World) {
    let key = production(host, &["A", "B"]).await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    let backup = host.copy().await;
    publish(host, &key, &["C"]).await;
    host.clock.advance(Duration::days(1));
    jobs::remove_orphans(&host.app()).await.unwrap();
    host.age_files(40);
    // The host of before is lost; its backup begins after another cleanup.
    backup.clock.advance(Duration::days(2));
    assert!(refused(&backup).await.contains("another copy of this database has used it"));
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (6, 0));
    backup.end().await;
}

async fn bytes_of_a_removed_version_stay_in_a_store_that_is_not_ours(host: &World) {
    production(host, &["A"]).await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    let copy = host.copy().await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    let version = host.app().blobs.files();
    let file = futures_util::TryStreamExt::try_collect::<Vec<_>>(version).await.unwrap().remove(0).key;
    let package = BlobKey::new(Kind::NuGet, file.id().unwrap(), "nupkg");
    let files = [package.with_ending("nuspec"), package];
    package_store::discard(&copy.store(), &copy.app().blobs, &files).await;
    assert_eq!(host.files("packages/nuget"), 2);
    package_store::discard(&host.store(), &host.app().blobs, &files).await;
    assert_eq!(host.files("packages/nuget"), 0);
    copy.end().await;
}

async fn much_of_a_store_goes_only_when_told_to_and_a_dry_run_changes_nothing(host: &World) {
    production(host, &["A", "B", "C", "D"]).await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    host.sql("UPDATE versions SET removed_at = 1").await;
    let why = refused(host).await;
    assert!(why.contains("8 of its 8 files belong to no version"), "{why}");
    let look = OrphanCleanup { dry_run: true, allow_many: true };
    let report = jobs::clean_up_orphans(&host.app(), look).await.unwrap();
    assert_eq!((report.files, report.thrown_away.len(), report.problem), (8, 8, None));
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (8, 0));
    jobs::clean_up_orphans(&host.app(), OrphanCleanup { dry_run: false, allow_many: true }).await.unwrap();
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (0, 8));
    // What belongs to a version after all comes back.
    host.sql("UPDATE versions SET removed_at = NULL").await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    assert_eq!((host.files("packages/nuget"), host.files("packages/trash")), (8, 0));
}

async fn a_package_folder_that_is_not_mounted_takes_nothing_and_is_whole_when_it_is_back(host: &World) {
    let key = production(host, &["A", "B"]).await;
    jobs::remove_orphans(&host.app()).await.unwrap();
    host.unmount_packages();
    let reply = host.push(&key, &nupkg("C", "1.0.0")).await;
    assert_eq!((reply.status, reply.phrase.as_str()), (503, "Nothing can be published here"));
    assert!(reply.text().contains("may not be mounted"), "{}", reply.text());
    assert_eq!(host.files("packages"), 0);
    // Whatever looks at the store meanwhile leaves it as it is.
    let why = refused(host).await;
    assert!(why.contains("Is its disk mounted"), "{why}");
    assert_eq!((ownership(host).await, host.files("packages")), (Ownership::Missing, 0));
    assert!(host.ask("GET /readyz", &[]).await.text().contains("package store owner is not known"));
    host.mount_packages();
    assert_eq!(ownership(host).await, Ownership::Ours);
    publish(host, &key, &["C"]).await;
    assert_eq!(host.get("/v3/flat/a/1.0.0/a.1.0.0.nupkg", &key).await.status, 200);
    jobs::remove_orphans(&host.app()).await.unwrap();
    // Told so, it goes on with the empty one.
    host.unmount_packages();
    package_store::adopt(&host.store(), &host.app().blobs, host.now()).await.unwrap();
    publish(host, &key, &["D"]).await;
}
