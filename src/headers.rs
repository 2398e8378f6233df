//! What every answer carries, errors included: the rules for browsers, a request id, and one log line.

use std::{rc::Rc, sync::LazyLock, time::Duration};

use actix_web::{
    Error,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY},
    middleware::Next,
    web::{Bytes, Data},
};
use tokio::time::Instant;

use crate::{
    app::App,
    auth::{InRequest, RequestId, RequestScope},
    metrics::Door,
    request_log::log_answer,
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

/// [`ALWAYS`] as they are put into answers: read once, and copied for nothing.
static PREPARED: LazyLock<[(HeaderName, HeaderValue); 8]> =
    LazyLock::new(|| ALWAYS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))));

/// Where the id of a request is.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
        scheme(&mut headers, RequestId::next(), self.https);
        let lines = headers.iter().filter_map(|(name, value)| Some(format!("{name}: {}\r\n", value.to_str().ok()?)));
        Some(format!("{head}\r\n{}\r\n", lines.collect::<String>()).into())
    }
}

/// Wraps every request.
pub async fn every_answer(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let app = req.app_data::<Data<App>>().cloned();
    let https = app.as_ref().is_some_and(|app| app.settings.public_url.is_https());
    let scope = RequestScope::of(&req, app.as_ref().map_or(&[], |app| &app.settings.trusted_proxies));
    let id = scope.id;
    let (received, began) = (received(&req), Instant::now());
    InRequest::new(Rc::clone(&scope), async move {
        let answered = next.call(req).await;
        let status = match &answered {
            Ok(res) => res.status().as_u16(),
            Err(error) => error.as_response_error().status_code().as_u16(),
        };
        let took = began.elapsed();
        app.iter().for_each(|app| count(app, &scope, status, took));
        match answered {
            Ok(mut res) => {
                scheme(res.headers_mut(), id, https);
                log_answer(status, took, received, sent(res.response().body().size()));
                Ok(res)
            }
            // What fails between here and the pages is an answer too.
            Err(mut error) => {
                log_answer(status, took, received, None);
                error.add_response_mapper(move |mut res| {
                    scheme(res.headers_mut(), id, https);
                    res
                });
                Err(error)
            }
        }
    })
    .await
}

/// For Prometheus.
fn count(app: &App, scope: &RequestScope, status: u16, took: Duration) {
    let path = scope.uri.path();
    let door = Door::of(path.strip_prefix(app.settings.public_url.path()).unwrap_or(path));
    app.metrics.answered(door, status, took);
    if let Some(judged) = scope.judged() {
        app.metrics.judged(door, judged.err());
    }
}

fn scheme(headers: &mut HeaderMap, id: RequestId, https: bool) {
    headers.reserve(PREPARED.len() + 2);
    for (name, value) in PREPARED.iter() {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, id);
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
}
