//! `If-Match` (RFC 9110 §13.1.1): a change is made only if the thing is still as it was looked at.

use actix_web::HttpRequest;

use super::problem::Problem;

/// Refuses a change of what has another tag by now: 412. Without the header whatever is there is changed.
pub(super) fn check(req: &HttpRequest, etag: &str) -> Result<(), Problem> {
    let mut lines = req.headers().get_all("if-match").peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    // Weak tags never match here: the comparison is the strong one.
    let is_meant = |tag: &str| matches!(tag.trim(), tag if tag == "*" || tag == etag);
    let matches = lines.any(|line| line.to_str().unwrap_or_default().split(',').any(is_meant));
    if matches { Ok(()) } else { Err(Problem::changed()) }
}
