//! A bucket on a port of this machine that speaks as much S3 as we use; also for tests of the whole program.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::Url;

/// What the bucket holds: objects by path, and parts by path and number.
#[derive(Default)]
pub struct Held {
    pub objects: BTreeMap<String, Vec<u8>>,
    parts: HashMap<(String, u32), Vec<u8>>,
    /// Method and path with query of every request.
    pub asked: Vec<String>,
}

/// The running bucket; it goes on until the process ends.
pub struct StandIn {
    pub endpoint: String,
    pub held: Arc<Mutex<Held>>,
}

type Headers = HashMap<String, String>;

impl StandIn {
    /// Starts one, on a thread of its own: a test may wait for another program that asks it.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let held = Arc::<Mutex<Held>>::default();
        let served = Arc::clone(&held);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(converse(stream, Arc::clone(&served)));
                }
            });
        });
        Self { endpoint, held }
    }

    /// The address of the bucket as the setting takes it.
    pub fn url(&self) -> String {
        format!("s3://packages/team?region=here&endpoint={}", self.endpoint)
    }

    /// The names of the objects, below what all of them begin with.
    pub fn names(&self) -> Vec<String> {
        self.held.lock().unwrap().objects.keys().map(|path| path.replace("/packages/team/", "")).collect()
    }
}

impl Held {
    fn answer(&mut self, method: &str, target: &str, headers: &Headers, body: Vec<u8>) -> (&'static str, Vec<u8>) {
        self.asked.push(format!("{method} {target}"));
        let url = Url::parse("http://bucket").unwrap().join(target).unwrap();
        let (path, query) = (url.path().to_owned(), url.query_pairs().into_owned().collect::<HashMap<_, _>>());
        match (method, query.get("partNumber"), query.contains_key("uploadId")) {
            ("GET", ..) if query.contains_key("list-type") => {
                ("200 OK", self.list(&path, query.get("prefix").map_or("", String::as_str)).into())
            }
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
            ("PUT", None, _) => self.put(path, headers, body),
            ("DELETE", ..) => {
                self.objects.remove(&path);
                ("204 No Content", Vec::new())
            }
            _ => self.objects.get(&path).map_or(("404 Not Found", Vec::new()), |found| ("200 OK", found.clone())),
        }
    }

    fn put(&mut self, path: String, headers: &Headers, body: Vec<u8>) -> (&'static str, Vec<u8>) {
        if headers.get("if-none-match").is_some_and(|value| value == "*") && self.objects.contains_key(&path) {
            return ("412 Precondition Failed", Vec::new());
        }
        let Some(source) = headers.get("x-amz-copy-source") else {
            self.objects.insert(path, body);
            return ("200 OK", Vec::new());
        };
        let source = format!("/{}", source.trim_start_matches('/'));
        let Some(copied) = self.objects.get(&source).cloned() else { return ("404 Not Found", Vec::new()) };
        self.objects.insert(path, copied);
        ("200 OK", "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>".into())
    }

    fn list(&self, bucket: &str, prefix: &str) -> String {
        let bucket = format!("{}/", bucket.trim_end_matches('/'));
        let found =
            self.objects.iter().filter_map(|(path, content)| Some((path.strip_prefix(&bucket)?, content.len())));
        let found = found.filter(|(key, _)| key.starts_with(prefix)).map(|(key, size)| {
            format!("<Contents><Key>{key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>e</ETag><Size>{size}</Size></Contents>")
        });
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>", found.collect::<String>())
    }
}

async fn converse(stream: TcpStream, held: Arc<Mutex<Held>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut headers) = (String::new(), Headers::new());
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            match line.trim().split_once(": ") {
                Some((name, value)) => drop(headers.insert(name.to_lowercase(), value.to_owned())),
                None => break,
            }
        }
        let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await?;
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let (status, body) = held.lock().unwrap().answer(method, target, &headers, body);
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
