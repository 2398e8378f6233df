//! A client that sends exactly the bytes it is told, and shows the answer with its reason phrase.

use std::net::SocketAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub phrase: String,
    head: String,
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads what a connection says until it ends.
    pub async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        Self::of(&bytes)
    }

    /// Reads what a connection said.
    pub fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("no answer but {:?}", String::from_utf8_lossy(bytes));
        });
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (_, status) = head.lines().next().unwrap().split_once(' ').unwrap();
        let (status, phrase) = status.split_once(' ').unwrap();
        let chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
        let body = if chunked { unchunked(&bytes[end + 4..]) } else { bytes[end + 4..].to_vec() };
        Self { status: status.parse().unwrap(), phrase: phrase.to_owned(), body, head }
    }

    /// The head as it came.
    pub fn head(&self) -> &str {
        &self.head
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status, and what NuGet clients print.
    pub fn told(&self) -> (u16, &str, Option<&str>) {
        (self.status, &self.phrase, self.header("x-nuget-warning"))
    }
}

/// A body that came in chunks, up to where it was broken off.
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let Some(chunk) = rest.get(end + 2..end + 2 + size).filter(|chunk| !chunk.is_empty()) else { break };
        body.extend_from_slice(chunk);
        rest = &rest[end + 4 + size..];
    }
    body
}

/// A request: method and path, header lines, body.
pub async fn call(at: SocketAddr, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut stream = open(at, line, headers, Some(body.len())).await;
    let _ = stream.write_all(body).await;
    Reply::read(&mut stream).await
}

/// Sends the head of a request; the body is still to come.
pub async fn open(at: SocketAddr, line: &str, headers: &[(&str, &str)], length: Option<usize>) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let mut head = format!("{line} HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match length {
        Some(0) => {}
        Some(length) => head.push_str(&format!("Content-Length: {length}\r\n")),
        None => head.push_str("Transfer-Encoding: chunked\r\n"),
    }
    let _ = stream.write_all(format!("{head}\r\n").as_bytes()).await;
    stream
}

/// A multipart body as NuGet sends it, and its content type.
pub fn multipart(file: &[u8]) -> (String, Vec<u8>) {
    let head = "--a-b-c\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name=package; \
                filename=package.nupkg; filename*=utf-8''package.nupkg\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--a-b-c--\r\n"].concat();
    ("multipart/form-data; boundary=\"a-b-c\"".to_owned(), body)
}

/// How many connections a server on this machine has, in whatever state of being open or closed; those that its end
/// only remembers (TIME_WAIT) do not count.
pub fn connections_of(server: SocketAddr) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!(":{:04X}", server.port());
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 3 && row[1].ends_with(&local) && !["0A", "06"].contains(&row[3])).count()
}

/// Waits, for ten seconds at most, until the server has no more connections than that.
pub async fn until_connections(server: SocketAddr, most: usize) {
    for _ in 0..200 {
        if connections_of(server) <= most {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{} connections are open ten seconds later", connections_of(server));
}

/// `Authorization: Basic`, with any username.
pub fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("api:{key}")))
}
