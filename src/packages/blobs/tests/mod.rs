//! Blobs in a folder, and in a bucket of a stand-in that speaks as much S3 as we use.

use std::fs;
use std::time::{Duration, SystemTime};

use super::*;

mod bucket;
mod stand_in;

fn key(last: u8) -> BlobKey {
    BlobKey::new(Kind::NuGet, Uuid::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, last]), "nupkg")
}

fn folder_store(root: &Path) -> Blobs {
    Blobs::open(&BlobSettings::Folder(root.join("blobs")), &[]).unwrap()
}

async fn read_all(blob: Blob) -> Vec<u8> {
    blob.stream
        .try_fold(Vec::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
        .unwrap()
}

#[test]
fn keys_are_spread_over_folders_and_survive_storage() {
    assert_eq!(key(0xab).as_str(), "nuget/ab/0102030405060708090a0b0c0d0e0fab.nupkg");
    let beside = key(7).with_ending("nuspec");
    assert_eq!(beside.as_str(), "nuget/07/0102030405060708090a0b0c0d0e0f07.nuspec");
    let other = BlobKey::new(Kind::Npm, beside.id().unwrap(), "tgz");
    assert_eq!(other.as_str(), "npm/07/0102030405060708090a0b0c0d0e0f07.tgz");
    for name in [key(7), beside, other] {
        assert_eq!(BlobKey::parse(name.as_str()), Some(name.clone()));
        assert_eq!(name.id(), key(7).id());
    }
    let good = "0102030405060708090a0b0c0d0e0fab";
    for text in [
        String::new(),
        "nuget/ab/x.nupkg".to_owned(),
        format!("nuget/00/{good}.nupkg"),
        format!("other/ab/{good}.nupkg"),
        format!("nuget/ab/{good}"),
        format!("nuget/ab/{good}."),
        format!("nuget/ab/{good}.../../x"),
        format!("nuget/ab/{good}.Nupkg"),
        "../../etc/passwd".to_owned(),
    ] {
        assert_eq!(BlobKey::parse(&text), None, "{text}");
    }
}

#[tokio::test]
async fn a_blob_comes_back_as_it_was_put() {
    let root = tempfile::tempdir().unwrap();
    let blobs = folder_store(root.path());
    // Nothing, less than a part, exactly one, and several.
    for (place, size) in (0..).zip([0, 10, PART, 2 * PART + 1]) {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
        let file = root.path().join("upload");
        fs::write(&file, &content).unwrap();
        blobs.put(&key(place), &file).await.unwrap();
        let blob = blobs.get(&key(place)).await.unwrap().unwrap();
        assert_eq!(blob.size, size as u64);
        assert!(read_all(blob).await == content);
        assert!(blobs.exists(&key(place)).await.unwrap());
        blobs.delete(&key(place)).await.unwrap();
        assert!(!blobs.exists(&key(place)).await.unwrap());
    }
}

#[tokio::test]
async fn a_blob_that_is_not_there_is_no_error() {
    let root = tempfile::tempdir().unwrap();
    let blobs = folder_store(root.path());
    assert!(blobs.get(&key(1)).await.unwrap().is_none());
    blobs.delete(&key(1)).await.unwrap();
}

#[tokio::test]
async fn a_failed_put_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let blobs = folder_store(root.path());
    assert!(blobs.put(&key(1), &root.path().join("missing")).await.is_err());
    // A folder opens like a file, and cannot be read like one.
    assert!(blobs.put(&key(1), root.path()).await.is_err());
    assert!(!blobs.exists(&key(1)).await.unwrap());
    assert_eq!(blobs.delete_leftovers(SystemTime::UNIX_EPOCH + Duration::from_secs(u32::MAX.into())).unwrap(), 0);
}

#[tokio::test]
async fn the_cleanup_takes_old_leftovers_and_no_blobs() {
    let root = tempfile::tempdir().unwrap();
    let blobs = folder_store(root.path());
    assert_eq!(blobs.delete_leftovers(SystemTime::UNIX_EPOCH).unwrap(), 0);
    let file = root.path().join("upload");
    fs::write(&file, "x").unwrap();
    blobs.put(&key(1), &file).await.unwrap();
    let half_written =
        root.path().join("blobs").join(format!("{}#1", key(2).as_str().replace("/02", "/01").replace("0f02", "0f01")));
    fs::write(&half_written, "x").unwrap();
    let written = fs::metadata(&half_written).unwrap().modified().unwrap();
    assert_eq!(blobs.delete_leftovers(written).unwrap(), 0);
    assert_eq!(blobs.delete_leftovers(written + Duration::from_secs(1)).unwrap(), 1);
    assert!(!half_written.exists());
    assert!(blobs.exists(&key(1)).await.unwrap());
}

#[test]
fn old_uploads_are_removed() {
    let root = tempfile::tempdir().unwrap();
    let (upload, folder) = (root.path().join("upload"), root.path().join("folder"));
    fs::write(&upload, "x").unwrap();
    fs::create_dir(&folder).unwrap();
    let written = fs::metadata(&upload).unwrap().modified().unwrap();
    assert_eq!(delete_leftover_uploads(root.path(), written).unwrap(), 0);
    assert_eq!(delete_leftover_uploads(root.path(), written + Duration::from_secs(1)).unwrap(), 1);
    assert!(folder.exists());
    assert_eq!(delete_leftover_uploads(&root.path().join("missing"), written).unwrap(), 0);
}

#[test]
fn the_address_of_a_bucket_is_read() {
    let BlobSettings::Bucket(bucket) =
        BlobSettings::parse("s3://packages/team/a?region=eu-central-1&endpoint=http%3A%2F%2F127.0.0.1%3A9000").unwrap()
    else {
        panic!("not a bucket");
    };
    assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("packages", "team/a"));
    assert_eq!(bucket.region.as_deref(), Some("eu-central-1"));
    assert_eq!(bucket.endpoint.unwrap().as_str(), "http://127.0.0.1:9000/");
}

#[test]
fn addresses_that_are_no_buckets_are_refused() {
    for (text, error) in [
        ("", BadBlobUrl::Shape),
        ("packages", BadBlobUrl::Shape),
        ("https://packages", BadBlobUrl::Shape),
        ("s3:///prefix", BadBlobUrl::Shape),
        ("s3://packages:1", BadBlobUrl::Shape),
        ("s3://key:secret@packages", BadBlobUrl::Credentials),
        ("s3://packages?secret=x", BadBlobUrl::Parameter),
        ("s3://packages?region=a&region=b", BadBlobUrl::Parameter),
        ("s3://packages?endpoint=ftp://x", BadBlobUrl::Endpoint),
    ] {
        assert_eq!(BlobSettings::parse(text), Err(error), "{text}");
    }
}
