//! Blobs in a bucket of a stand-in.

use super::{super::*, key, read_all, stand_in::StandIn};

fn stand_in() -> (Blobs, StandIn) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bucket = StandIn::start();
    let aws = [("AWS_ACCESS_KEY_ID", "ada"), ("AWS_SECRET_ACCESS_KEY", "hidden"), ("AWS_BUCKET", "another")];
    let aws = aws.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (Blobs::open(&BlobSettings::parse(&bucket.url()).unwrap(), &aws).unwrap(), bucket)
}

#[tokio::test]
async fn a_bucket_keeps_blobs_as_a_folder_does() {
    let root = tempfile::tempdir().unwrap();
    let (blobs, StandIn { held, .. }) = stand_in();
    assert!(blobs.get(&key(1)).await.unwrap().is_none());
    for size in [10, 2 * PART + 1] {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
        let file = root.path().join("upload");
        std::fs::write(&file, &content).unwrap();
        blobs.put(&key(1), &file).await.unwrap();
        let path = format!("/packages/team/{}", key(1).as_str());
        assert!(held.lock().unwrap().objects.get(&path) == Some(&content));
        let blob = blobs.get(&key(1)).await.unwrap().unwrap();
        assert_eq!(blob.size, size as u64);
        assert!(read_all(blob).await == content);
        assert!(blobs.exists(&key(1)).await.unwrap());
        blobs.delete(&key(1)).await.unwrap();
        assert!(!blobs.exists(&key(1)).await.unwrap());
    }
    assert!(held.lock().unwrap().asked.iter().any(|asked| asked.contains("partNumber=3")));
}

#[tokio::test]
async fn the_environment_cannot_make_requests_travel_unencrypted() {
    let (_, StandIn { held, endpoint }) = stand_in();
    let aws = [("AWS_ENDPOINT", endpoint.as_str()), ("AWS_ALLOW_HTTP", "true"), ("AWS_SKIP_SIGNATURE", "true")];
    let aws = aws.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let blobs = Blobs::open(&BlobSettings::parse("s3://packages?region=here").unwrap(), &aws).unwrap();
    assert!(blobs.exists(&key(1)).await.is_err());
    assert!(held.lock().unwrap().asked.is_empty());
}

#[tokio::test]
async fn in_a_bucket_one_renewal_of_an_identity_is_written_and_older_ones_go() {
    let (blobs, bucket) = stand_in();
    assert_eq!(blobs.identity().await.unwrap(), None);
    let identity = |renewal, mark: &str| StoreIdentity {
        installation: "a".to_owned(),
        renewal,
        mark: mark.to_owned(),
        disputed: false,
    };
    assert!(blobs.renew(&identity(1, "m1")).await.unwrap());
    assert!(!blobs.renew(&identity(1, "other")).await.unwrap(), "somebody was faster");
    assert_eq!(blobs.identity().await.unwrap(), Some(identity(1, "m1")));
    assert!(blobs.renew(&identity(2, "m2")).await.unwrap());
    assert_eq!(blobs.identity().await.unwrap(), Some(identity(2, "m2")));
    assert_eq!(bucket.names(), ["identity/000000000002.json"]);
}

#[tokio::test]
async fn in_a_bucket_files_go_into_the_trash_and_come_back() {
    let (blobs, bucket) = stand_in();
    let (root, day) = (tempfile::tempdir().unwrap(), "2026-11-28".parse().unwrap());
    let file = root.path().join("upload");
    std::fs::write(&file, "x").unwrap();
    blobs.put(&key(1), &file).await.unwrap();
    let files: Vec<_> = blobs.files().try_collect().await.unwrap();
    assert_eq!(files.iter().map(|file| &file.key).collect::<Vec<_>>(), [&key(1)]);
    blobs.move_to_trash(&key(1), day).await.unwrap();
    assert_eq!(bucket.names(), [format!("trash/2026-11-28/{}", key(1).as_str())]);
    let trash: Vec<_> = blobs.trash().try_collect().await.unwrap();
    assert_eq!(trash, [Trashed { day, key: key(1) }]);
    blobs.restore_trashed(&trash[0]).await.unwrap();
    assert_eq!(bucket.names(), [key(1).as_str()]);
    blobs.move_to_trash(&key(1), day).await.unwrap();
    blobs.delete_trashed(&trash[0]).await.unwrap();
    assert!(bucket.names().is_empty());
}
