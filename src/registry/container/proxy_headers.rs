//! What a proxy says about the request that it asks about.

use actix_web::http::header::HeaderMap;

/// Who says the original method, and who the original address: nginx as documented; Traefik and Caddy.
pub(super) const METHODS: [&str; 2] = ["x-original-method", "x-forwarded-method"];
pub(super) const TARGETS: [&str; 2] = ["x-original-uri", "x-forwarded-uri"];
/// The value that these headers have; none if there is none, or if they are not at one about it: a proxy passes on what
/// a client sends in those that it does not set itself.
pub(super) fn one_of<'h>(headers: &'h HeaderMap, names: &[&str]) -> Option<&'h str> {
    let mut values = names.iter().flat_map(|name| headers.get_all(*name));
    let value = values.next()?.to_str().ok()?;
    values.all(|other| other == value).then_some(value)
}
