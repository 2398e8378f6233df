//! The stylesheets and scripts, embedded. Their folder is named by a hash of them all, so browsers keep them for ever
//! and still see every change.

use std::sync::LazyLock;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ETag, EntityTag},
    web::Path,
};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::{
    conditional::{Condition, condition},
    headers::immutable,
};

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
pub async fn show_asset(req: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let (hash, name) = path.into_inner();
    let Some(file) = Files::get(&name).filter(|_| hash == *HASH) else {
        return HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("There is no such file.");
    };
    let tag = EntityTag::new_strong(hex::encode(&file.metadata.sha256_hash()[..16]));
    let condition = condition(&req, &tag);
    let mut answer = match condition {
        Condition::Send => HttpResponse::Ok(),
        Condition::NotModified => HttpResponse::NotModified(),
        Condition::Failed => return HttpResponse::PreconditionFailed().finish(),
    };
    answer.insert_header(immutable()).insert_header(ETag(tag));
    match condition {
        Condition::Send => answer.content_type(file.metadata.mimetype()).body(file.data.into_owned()),
        _ => answer.finish(),
    }
}
