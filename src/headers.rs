//! What every answer carries, errors included: the rules for browsers, a request id, and one log line.

use std::{
    borrow::Cow,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY},
    middleware::Next,
    web::{Bytes, Data},
};
use percent_encoding::percent_decode_str;
use rand::Rng;
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use crate::{
    app::App,
    auth::{LegacyKeys, client_address, client_name},
    tokens::legacy::{Shape, looks_like_key},
};

/// Only our own files run or show; nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Set unless the answer sets its own.
const ALWAYS: [(&str, &str); 8] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("cache-control", "no-store"),
];

/// Longest name of a client that is logged, in characters.
const MAX_CLIENT: usize = 80;
/// What follows in a path is private: the addresses of calendars, and of symbols for debuggers.
const PRIVATE: [&str; 2] = ["/calendar/", "/symbols/-/"];

/// The id of a request, in its answer (`X-Request-Id`), its log lines and its error page.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// For the answers that the HTTP layer gives by itself, before any of our code sees a request.
#[derive(Clone, Copy, Debug)]
pub struct BareAnswers {
    /// Whether people use https.
    pub https: bool,
}

impl BareAnswers {
    /// Such an answer with what every answer carries; none for anything else.
    pub fn complete(self, answer: &[u8]) -> Option<Bytes> {
        let head = answer.strip_suffix(b"\r\n\r\n").and_then(|head| std::str::from_utf8(head).ok())?;
        let is_final = head.strip_prefix("HTTP/1.1 ").is_some_and(|status| !status.starts_with('1'));
        let carries = |line: &str| line.to_ascii_lowercase().starts_with("x-request-id:");
        if !is_final || head.contains("\r\n\r\n") || head.lines().any(carries) {
            return None;
        }
        let mut headers = HeaderMap::new();
        scheme(&mut headers, &request_id(), self.https);
        let lines = headers.iter().filter_map(|(name, value)| Some(format!("{name}: {}\r\n", value.to_str().ok()?)));
        Some(format!("{head}\r\n{}\r\n", lines.collect::<String>()).into())
    }
}

/// Wraps every request.
pub async fn every_answer(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request_id();
    let app = req.app_data::<Data<App>>().cloned();
    let https = app.as_ref().is_some_and(|app| app.settings.public_url.is_https());
    let address = app.map(|app| client_address(req.request(), &app.settings.trusted_proxies));
    let path = escaped(req.path(), &LegacyKeys::last_known_at(req.request()));
    // Neither query nor headers: both may hold what must not be logged. Who asks is filled in once that is known.
    let span = tracing::info_span!(
        "request", id = %id, method = %short(req.method().as_str()), path = %path, from = address.map(tracing::field::display),
        client = client(&req), account = Empty, key = Empty
    );
    let received = received(&req);
    req.extensions_mut().insert(RequestId(id.clone()));
    let began = Instant::now();
    async move {
        match next.call(req).await {
            Ok(mut res) => {
                scheme(res.headers_mut(), &id, https);
                log(res.status().as_u16(), began.elapsed(), (received, sent(res.response().body().size())));
                Ok(res)
            }
            // What fails between here and the pages is an answer too.
            Err(mut error) => {
                log(error.as_response_error().status_code().as_u16(), began.elapsed(), (received, None));
                error.add_response_mapper(move |mut res| {
                    scheme(res.headers_mut(), &id, https);
                    res
                });
                Err(error)
            }
        }
    }
    .instrument(span)
    .await
}

fn scheme(headers: &mut HeaderMap, id: &str, https: bool) {
    for (name, value) in ALWAYS {
        if !headers.contains_key(name) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

/// Lines about refused requests (429, 503) in a minute; the rest are counted. A flood would fill the disk with them.
const REFUSED_LINES: u32 = 120;

/// How many such lines this minute has had, and how many were left out since the last one.
struct RefusedLines {
    minute: Option<Instant>,
    written: u32,
    left_out: u64,
}

static REFUSED: Mutex<RefusedLines> = Mutex::new(RefusedLines { minute: None, written: 0, left_out: 0 });

impl RefusedLines {
    /// Whether one more is written, and how many were left out before it.
    fn one_more(&mut self, now: Instant) -> Option<u64> {
        if self.minute.is_none_or(|began| now - began >= Duration::from_secs(60)) {
            (self.minute, self.written) = (Some(now), 0);
        }
        if self.written == REFUSED_LINES {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// `received` and `sent` are the bytes of the two bodies, where they are known beforehand.
fn log(status: u16, took: Duration, (received, sent): (Option<u64>, Option<u64>)) {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    match status {
        429 | 503 => {
            let line = REFUSED.lock().unwrap_or_else(PoisonError::into_inner).one_more(Instant::now());
            if let Some(left_out) = line {
                tracing::warn!(status, micros, received, sent, left_out, "answered");
            }
        }
        500.. => tracing::error!(status, micros, received, sent, "answered"),
        _ => tracing::info!(status, micros, received, sent, "answered"),
    }
}

fn received(req: &ServiceRequest) -> Option<u64> {
    req.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn sent(size: BodySize) -> Option<u64> {
    match size {
        BodySize::None => Some(0),
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::Stream => None,
    }
}

/// The client's name for itself, cut short: it tells clients apart, and nobody can fill the log with it.
fn client(req: &ServiceRequest) -> String {
    client_name(req.request()).chars().take(MAX_CLIENT).collect()
}

fn request_id() -> String {
    let mut bytes = [0; 8];
    crate::random::system().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// Characters of the secret of a private address.
const SECRET: usize = 43;

/// A path as the log may show it: decoded as the routes read it, printable ASCII, at most 200 characters. Keys that
/// somebody put into a path are cut, and so are private addresses, mistyped ones too. `shapes` are those of keys of older
/// systems that are here.
fn escaped(path: &str, shapes: &[Shape]) -> String {
    let path = without_secrets(&without_legacy_keys(single_slashes(&decoded(path)), shapes));
    let folded = path.to_ascii_lowercase();
    let key = folded.find("lk_");
    let private = PRIVATE.iter().filter_map(|before| Some(folded.find(before)? + before.len())).min();
    let cut = match (key, private) {
        (Some(at), Some(end)) if end <= at => format!("{}…", &path[..end]),
        (Some(at), _) => format!("{}lk_…", &path[..at]),
        (None, Some(end)) => format!("{}…", &path[..end]),
        (None, None) => path,
    };
    cut.chars().take(200).map(|c| if c.is_ascii_graphic() || c == '…' { c } else { '?' }).collect()
}

/// A path without slashes too many, which routes do not mind.
fn single_slashes(path: &str) -> String {
    let mut before = ' ';
    path.chars().filter(|c| std::mem::replace(&mut before, *c) != '/' || *c != '/').collect()
}

/// A path without the parts that may be the secret of a private address, wherever they stand.
fn without_secrets(path: &str) -> String {
    let may_be_secret = |part: &str| {
        part.len() == SECRET && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let parts = path.split_inclusive(['/', ';', '.', ':', '?', '=', ' ']);
    let hidden = parts.map(|part| match part.strip_suffix(['/', ';', '.', ':', '?', '=', ' ']) {
        Some(bare) if may_be_secret(bare) => format!("…{}", &part[bare.len()..]),
        None if may_be_secret(part) => "…".to_owned(),
        _ => part.to_owned(),
    });
    hidden.collect()
}

/// A path without the parts that look like keys of older systems.
fn without_legacy_keys(path: String, shapes: &[Shape]) -> String {
    if !looks_like_key(&path, shapes) {
        return path;
    }
    let parts = path.split('/').map(|part| if looks_like_key(part, shapes) { "…" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// How often a path is decoded; the routes do it once.
const DECODED: usize = 3;

/// A path without `%XX`, even if it was encoded more than once.
fn decoded(path: &str) -> String {
    let mut path = path.to_owned();
    for _ in 0..DECODED {
        match percent_decode_str(&path).decode_utf8_lossy() {
            Cow::Owned(plain) => path = plain,
            Cow::Borrowed(_) => break,
        }
    }
    path
}

/// A method as the log may show it: those that are in use are short.
fn short(method: &str) -> &str {
    method.get(..16).unwrap_or(method)
}

/// Lets browsers keep an answer for ever; for files whose address changes with their content.
pub fn immutable() -> (HeaderName, HeaderValue) {
    (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_http_layer_get_the_headers_of_all_others() {
        let bare = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let whole = BareAnswers { https: true }.complete(bare).unwrap();
        let whole = std::str::from_utf8(&whole).unwrap();
        assert!(whole.starts_with("HTTP/1.1 400 Bad Request\r\n") && whole.ends_with("\r\n\r\n"), "{whole}");
        for (name, value) in ALWAYS {
            assert!(whole.contains(&format!("\r\n{name}: {value}\r\n")), "{name} in {whole}");
        }
        assert!(whole.contains("\r\nstrict-transport-security: ") && whole.contains("\r\nx-request-id: "), "{whole}");
        for other in [whole.as_bytes(), b"HTTP/1.1 100 Continue\r\n\r\n", b"bytes of a body\r\n\r\n", b""] {
            assert_eq!(BareAnswers { https: true }.complete(other), None);
        }
    }

    #[test]
    fn a_logged_path_shows_no_key_and_no_control_characters() {
        assert_eq!(escaped("/-/user/token/lk_AbcDef123", &[]), "/-/user/token/lk_…");
        assert_eq!(escaped("/x/lk%5FAbcDef123", &[]), "/x/lk_…");
        assert_eq!(escaped("/keys/calendar/Wq3_zz.ics", &[]), "/keys/calendar/…");
        assert_eq!(escaped("/settings/calendar", &[]), "/settings/calendar");
        assert_eq!(escaped("/a\u{1b}[31m\n", &[]), "/a?[31m?");
        for hidden in
            ["/%63alendar/SECRET.ics", "/calenda%72/SECRET.ics", "/%2563alendar%2fSECRET.ics", "/CALENDAR/SECRET"]
        {
            let shown = escaped(hidden, &[]);
            assert!(shown.ends_with("alendar/…") || shown.ends_with("ALENDAR/…"), "{hidden}: {shown}");
        }
        for hidden in [
            "/symbols/-/Wq3_zz/a.pdb/0/a.pdb",
            "/keys/feeds/team/symbols/-/Wq3_zz/a.pdb/0/a.pdb",
            "/symbols//-//Wq3_zz",
            "/symbol%73/%2d/Wq3_zz",
            "/symbols/-/Wlk_zz/a.pdb",
        ] {
            let shown = escaped(hidden, &[]);
            assert!(shown.ends_with("/symbols/-/…"), "{hidden}: {shown}");
        }
        let secret = "Wq3_zz-0".repeat(6)[..SECRET].to_owned();
        for mistyped in [
            "/symbols/S",
            "/symbols/main/S",
            "/symbols/./-/S/a.pdb",
            "/symbols/x/../-/S",
            "/symbols;x/-/S",
            "/calenda/S.ics",
        ] {
            let shown = escaped(&mistyped.replace('S', &secret), &[]);
            assert!(shown.contains('…') && !shown.contains("Wq3"), "{mistyped}: {shown}");
        }
        assert_eq!(escaped(&format!("/packages/{}", "a".repeat(44)), &[]).len(), 54, "names are shown");
        for key in ["/x/%6c%6b%5fAbcDef123", "/x/l%256b_AbcDef123", "/x/LK_AbcDef123"] {
            assert_eq!(escaped(key, &[]), "/x/lk_…", "{key}");
        }
        assert_eq!(escaped("/a%0d%0aGET%20/b%ff", &[]), "/a??GET?/b?");
        assert_eq!(escaped(&"/a".repeat(300), &[]).len(), 200);
        assert_eq!(escaped("/100%/%zz%", &[]), "/100%/%zz%");
        let guid = "5F1D2C3B-0000-4000-8000-00805F9B34FB";
        let path = format!("/v3/flat/{guid}/index.json");
        assert_eq!(escaped(&path, &[]), path, "no such keys are here");
        assert_eq!(escaped(&path, &[Shape::Guid]), "/v3/flat/…/index.json");
        assert_eq!(escaped(&path.replace('-', "%2d"), &[Shape::Guid]), "/v3/flat/…/index.json");
        let name = "/v3/flat/microsoft.extensions.configuration.abstractions/8.0.0/x";
        assert_eq!(escaped(name, &Shape::ALL), name);
    }

    #[test]
    fn a_flood_of_refusals_is_so_many_lines_a_minute() {
        let mut lines = RefusedLines { minute: None, written: 0, left_out: 0 };
        let now = Instant::now();
        let written = (0..1_000).filter(|_| lines.one_more(now).is_some()).count();
        assert_eq!(written, REFUSED_LINES as usize);
        assert_eq!(lines.one_more(now + Duration::from_secs(61)), Some(1_000 - u64::from(REFUSED_LINES)));
    }

    #[test]
    fn a_logged_line_is_short_whatever_was_sent() {
        assert_eq!(short("PROPFIND"), "PROPFIND");
        assert_eq!(short(&"M".repeat(100_000)).len(), 16);
        assert_eq!(escaped(&"/é".repeat(100_000), &[]).len(), 200);
    }
}
