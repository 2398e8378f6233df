//! Blobs in a bucket: a stand-in that speaks as much S3 as we use, on a port of this machine.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::super::*;
use super::{key, read_all};

/// What the bucket holds: objects by path, and parts by path and number.
#[derive(Default)]
struct Held {
    objects: HashMap<String, Vec<u8>>,
    parts: HashMap<(String, u32), Vec<u8>>,
    /// Method and path with query of every request.
    asked: Vec<String>,
}

impl Held {
    fn answer(&mut self, method: &str, target: &str, body: Vec<u8>) -> (&'static str, Vec<u8>) {
        self.asked.push(format!("{method} {target}"));
        let url = Url::parse("http://bucket").unwrap().join(target).unwrap();
        let (path, query) = (url.path().to_owned(), url.query_pairs().into_owned().collect::<HashMap<_, _>>());
        match (method, query.get("partNumber"), query.contains_key("uploadId")) {
            ("POST", _, false) => {
                let begun = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
                ("200 OK", begun.into())
            }
            ("PUT", Some(number), _) => {
                self.parts.insert((path, number.parse().unwrap()), body);
                ("200 OK", Vec::new())
            }
            ("POST", _, true) => {
                let parts = (1..).map_while(|number| self.parts.remove(&(path.clone(), number)));
                let whole = parts.collect::<Vec<_>>().concat();
                self.objects.insert(path, whole);
                let done = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
                ("200 OK", done.into())
            }
            ("PUT", None, _) => {
                self.objects.insert(path, body);
                ("200 OK", Vec::new())
            }
            ("DELETE", ..) => {
                self.objects.remove(&path);
                ("204 No Content", Vec::new())
            }
            _ => self.objects.get(&path).map_or(("404 Not Found", Vec::new()), |found| ("200 OK", found.clone())),
        }
    }
}

async fn serve(listener: TcpListener, held: Arc<Mutex<Held>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&held)));
    }
}

async fn converse(stream: TcpStream, held: Arc<Mutex<Held>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            match line.trim().to_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let (status, body) = held.lock().unwrap().answer(method, target, body);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: \"e\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        if method != "HEAD" {
            stream.write_all(&body).await?;
        }
        stream.flush().await?;
    }
}

async fn stand_in() -> (Blobs, Arc<Mutex<Held>>, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let address = format!("s3://packages/team?region=here&endpoint={endpoint}");
    let held = Arc::<Mutex<Held>>::default();
    tokio::spawn(serve(listener, Arc::clone(&held)));
    let aws = [("AWS_ACCESS_KEY_ID", "ada"), ("AWS_SECRET_ACCESS_KEY", "hidden"), ("AWS_BUCKET", "another")];
    let aws = aws.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (Blobs::open(&BlobSettings::parse(&address).unwrap(), &aws).unwrap(), held, endpoint)
}

#[tokio::test]
async fn a_bucket_keeps_blobs_as_a_folder_does() {
    let root = tempfile::tempdir().unwrap();
    let (blobs, held, _) = stand_in().await;
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
    let (_, held, address) = stand_in().await;
    let aws = [("AWS_ENDPOINT", address.as_str()), ("AWS_ALLOW_HTTP", "true"), ("AWS_SKIP_SIGNATURE", "true")];
    let aws = aws.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let blobs = Blobs::open(&BlobSettings::parse("s3://packages?region=here").unwrap(), &aws).unwrap();
    assert!(blobs.exists(&key(1)).await.is_err());
    assert!(held.lock().unwrap().asked.is_empty());
}
