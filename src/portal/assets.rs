//! The stylesheets and scripts, embedded. Their folder is named by a hash of them all, so browsers keep them for ever
//! and still see every change.

use std::sync::LazyLock;

use actix_web::{HttpResponse, Responder, web::Path};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::headers::immutable;

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// The name of the folder.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for name in Files::iter() {
        all.update(name.as_bytes());
        all.update(Files::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default());
    }
    hex::encode(&all.finalize()[..8])
});

/// The path of a file, below the public path.
pub fn path(file: &str) -> String {
    format!("/static/{}/{file}", *HASH)
}

/// Serves a file.
pub async fn file(path: Path<(String, String)>) -> impl Responder {
    let (hash, name) = path.into_inner();
    match Files::get(&name).filter(|_| hash == *HASH) {
        Some(file) => HttpResponse::Ok()
            .insert_header(immutable())
            .content_type(file.metadata.mimetype())
            .body(file.data.into_owned()),
        None => HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("There is no such file."),
    }
}
