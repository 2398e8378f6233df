//! The package store in a bucket: the real program, a bucket of a stand-in, and hosts that are not alone on it.

use super::commands::run;
use crate::support::{
    stand_in::StandIn,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_host_on_the_bucket_of_another_one_deletes_nothing_there,
}

/// What a command says on the bucket, and why it fails if it does.
fn on_bucket(world: &World, bucket: &StandIn, arguments: &[&str]) -> Result<String, String> {
    let url = bucket.url();
    let more = [("LATCHKEY_BLOB_URL", url.as_str()), ("AWS_ACCESS_KEY_ID", "ada"), ("AWS_SECRET_ACCESS_KEY", "hidden")];
    let output = run(world, arguments, "", &more);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

async fn a_host_on_the_bucket_of_another_one_deletes_nothing_there(world: &World) {
    let bucket = StandIn::start();
    // Files of another host, years old by their dates.
    for id in 0_u128..40 {
        let id = uuid::Uuid::from_u128(id).simple().to_string();
        let name = format!("/packages/team/nuget/{}/{id}.nupkg", &id[30..]);
        bucket.held.lock().unwrap().objects.insert(name, b"bytes".to_vec());
    }
    let before = bucket.names();
    let why = on_bucket(world, &bucket, &["jobs", "run", "orphans"]).unwrap_err();
    assert!(why.contains("written by a host that this database knows nothing of"), "{why}");
    let seen = on_bucket(world, &bucket, &["jobs", "run", "orphans", "--dry-run"]).unwrap();
    assert!(
        seen.contains("would be moved into the trash\tnuget/") && seen.contains("nothing would be moved:"),
        "{seen}"
    );
    assert_eq!(bucket.names(), before, "{seen}");
    // Told to, it takes the bucket over, but still not everything in it at once.
    on_bucket(world, &bucket, &["store", "adopt"]).unwrap();
    assert!(on_bucket(world, &bucket, &["store", "show"]).unwrap().contains("It is this host's."));
    let why = on_bucket(world, &bucket, &["jobs", "run", "orphans"]).unwrap_err();
    assert!(why.contains("40 of its 40 files belong to no version"), "{why}");
    let files = bucket.names().into_iter().filter(|name| name.starts_with("nuget/")).count();
    assert_eq!(files, 40);
    assert!(on_bucket(world, &bucket, &["jobs", "run", "orphans", "--allow-many"]).is_ok());
    assert!(bucket.names().iter().all(|name| name.starts_with("trash/") || name.starts_with("identity/")));
}
