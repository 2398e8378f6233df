//! The stylesheet, scripts and pictures, embedded. Their folder is named by a hash of them all, so browsers keep them for
//! ever and still see every change. Texts are compressed once, at the first request.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Write},
    sync::LazyLock,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT_ENCODING, AcceptEncoding, CONTENT_ENCODING, ETag, Encoding, EntityTag, Header, VARY},
    web::{Bytes, Path},
};
use flate2::{Compression, write::GzEncoder};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::{
    conditional::{Condition, condition},
    headers::immutable,
};

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// The one stylesheet of all pages, below `static/`.
pub const STYLESHEET: &str = "style.css";

/// What the stylesheet is made of, in the order in which browsers read it.
const STYLES: [&str; 11] = [
    "css/design.css",
    "css/layout.css",
    "css/controls.css",
    "css/form.css",
    "css/token_form.css",
    "css/table.css",
    "css/page.css",
    "css/token_page.css",
    "css/chart.css",
    "css/client.css",
    "css/package.css",
];

/// A file as it is sent.
struct Asset {
    /// Media type, with the charset of texts.
    media_type: String,
    plain: Body,
    /// Smaller, for whoever takes it; texts alone.
    gzip: Option<Body>,
}

/// The bytes of an answer and the tag that names them.
struct Body {
    bytes: Bytes,
    tag: EntityTag,
}

/// Every file by its name.
static ASSETS: LazyLock<HashMap<Cow<'static, str>, Asset>> = LazyLock::new(|| {
    let files = Files::iter().filter(|name| !name.ends_with(".css"));
    let files = files.filter_map(|name| Some((name.clone(), Files::get(&name)?)));
    let files = files.map(|(name, file)| (name, Asset::new(file.metadata.mimetype(), file.data.into_owned())));
    files.chain([(STYLESHEET.into(), Asset::new("text/css", stylesheet()))]).collect()
});

/// The name of the folder.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for name in Files::iter() {
        all.update(name.as_bytes());
        all.update(Files::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default());
    }
    hex::encode(&all.finalize()[..8])
});

fn stylesheet() -> Vec<u8> {
    STYLES.into_iter().filter_map(Files::get).flat_map(|file| file.data.into_owned()).collect()
}

impl Asset {
    fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        let is_text = media_type.starts_with("text/") || media_type.ends_with("+xml");
        let charset = if is_text { "; charset=utf-8" } else { "" };
        let gzip = is_text.then(|| compressed(&bytes).ok()).flatten();
        Self { media_type: format!("{media_type}{charset}"), plain: Body::new(bytes), gzip: gzip.map(Body::new) }
    }

    /// What goes to a client, and whether it is compressed. Nothing secret is in these files, so their compressed sizes
    /// tell nothing.
    fn body(&self, req: &HttpRequest) -> (&Body, bool) {
        match self.gzip.as_ref().filter(|_| takes_gzip(req)) {
            Some(gzip) => (gzip, true),
            None => (&self.plain, false),
        }
    }
}

impl Body {
    fn new(bytes: Vec<u8>) -> Self {
        let tag = EntityTag::new_strong(hex::encode(&Sha256::digest(&bytes)[..16]));
        Self { bytes: bytes.into(), tag }
    }
}

fn compressed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether a client takes gzip by `Accept-Encoding` (RFC 9110 §12.5.3), and no less gladly than plain text.
fn takes_gzip(req: &HttpRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    let asked = AcceptEncoding::parse(req).ok().filter(|_| req.headers().contains_key(ACCEPT_ENCODING));
    asked.and_then(|asked| asked.negotiate(offered.iter())).is_some_and(|best| best == offered[0])
}

/// The path of a file, below the public path.
pub fn path(file: &str) -> String {
    format!("/static/{}/{file}", *HASH)
}

/// Serves a file.
pub async fn show_asset(req: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let (hash, name) = path.into_inner();
    let Some(asset) = ASSETS.get(name.as_str()).filter(|_| hash == *HASH) else {
        return HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("There is no such file.");
    };
    let (body, is_compressed) = asset.body(&req);
    let condition = condition(&req, &body.tag);
    let mut answer = match condition {
        Condition::Send => HttpResponse::Ok(),
        Condition::NotModified => HttpResponse::NotModified(),
        Condition::Failed => return HttpResponse::PreconditionFailed().finish(),
    };
    answer.insert_header(immutable()).insert_header(ETag(body.tag.clone())).insert_header((VARY, "accept-encoding"));
    if condition == Condition::NotModified {
        return answer.finish();
    }
    if is_compressed {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    answer.content_type(asset.media_type.as_str()).body(body.bytes.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stylesheet_is_part_of_the_one_that_is_sent() {
        let files: Vec<_> = Files::iter().filter(|name| name.ends_with(".css")).collect();
        assert_eq!(files.len(), STYLES.len());
        assert!(STYLES.iter().all(|name| files.iter().any(|file| file == name)), "{files:?}");
        assert!(!files.is_empty() && !ASSETS.contains_key("css/design.css"));
    }

    #[test]
    fn texts_are_sent_compressed_to_whoever_takes_that() {
        use actix_web::test::TestRequest;
        let takes =
            |value: &str| takes_gzip(&TestRequest::get().insert_header(("accept-encoding", value)).to_http_request());
        assert!(takes("gzip, deflate, br, zstd") && takes("*;q=0.1, gzip") && takes("gzip;q=0.5"));
        assert!(!takes("br") && !takes("identity") && !takes("gzip;q=0") && !takes(""));
        assert!(!takes_gzip(&TestRequest::get().to_http_request()));
        let sheet = &ASSETS[STYLESHEET];
        let smaller = sheet.gzip.as_ref().map_or(usize::MAX, |gzip| gzip.bytes.len());
        assert!(smaller * 3 < sheet.plain.bytes.len());
    }
}
