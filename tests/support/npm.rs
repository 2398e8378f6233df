//! npm packages as clients make them, and the requests with which they publish and change them.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use super::{
    accounts::Key,
    wire::{Reply, call},
    world::World,
};

/// Where the feed `main` is.
pub const MAIN: &str = "/feeds/main/npm";

/// A tarball with these files below `package/`.
pub fn tgz(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("package/{path}"), content.as_bytes()).unwrap();
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&archive.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

/// A version of a package, with more in its `package.json` where something is given.
pub fn package(name: &str, version: &str, more: Value) -> Vec<u8> {
    let mut manifest = json!({ "name": name, "version": version, "description": "Counts things." });
    manifest.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    tgz(&[("package.json", &manifest.to_string()), ("index.js", "module.exports = 1")])
}

/// The document that npm puts to publish a tarball under a tag.
pub fn document(name: &str, version: &str, tag: &str, tarball: &[u8]) -> Value {
    let file = format!("{name}-{version}.tgz");
    let integrity = format!("sha512-{}", STANDARD.encode(Sha512::digest(tarball)));
    json!({
        "_id": name, "name": name, "description": "Counts things.", "dist-tags": { tag: version },
        "versions": { version: {
            "name": name, "version": version, "readme": "# Counts", "_id": format!("{name}@{version}"), "_resolved": "/home/ada",
            "dist": { "integrity": integrity, "tarball": format!("http://elsewhere.example/{file}") },
        } },
        "access": null,
        "_attachments": { &file: {
            "content_type": "application/octet-stream", "data": STANDARD.encode(tarball), "length": tarball.len(),
        } },
    })
}

impl World {
    /// Puts a document under a path, as npm does.
    pub async fn put_json(&self, path: &str, key: &Key, body: &Value) -> Reply {
        self.send_json(&format!("PUT {path}"), key, body).await
    }

    /// A request with a JSON body.
    pub async fn send_json(&self, line: &str, key: &Key, body: &Value) -> Reply {
        self.pass(chrono::Duration::milliseconds(1));
        let bearer = format!("Bearer {}", key.text);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        call(self.address(), line, &headers, body.to_string().as_bytes()).await
    }

    /// Publishes a version in `main` under a tag.
    pub async fn publish_npm(&self, key: &Key, name: &str, version: &str, tag: &str) -> Reply {
        let tarball = package(name, version, json!({}));
        let path = format!("{MAIN}/{}", name.replace('/', "%2f"));
        self.put_json(&path, key, &document(name, version, tag, &tarball)).await
    }

    /// A request without a body and with a key.
    pub async fn npm(&self, line: &str, key: &Key) -> Reply {
        let (method, path) = line.split_once(' ').unwrap();
        self.ask(&format!("{method} {MAIN}{path}"), &[("Authorization", &format!("Bearer {}", key.text))]).await
    }

    /// The document of a package, as `npm view` reads it.
    pub async fn packument(&self, key: &Key, name: &str) -> Value {
        let reply = self.npm(&format!("GET /{name}"), key).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }
}
