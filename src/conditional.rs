//! Conditional requests: whether a client has what it asks for already (RFC 9110 §13.1).
//!
//! Our representations have entity tags and no dates, so that `If-Modified-Since` and `If-Unmodified-Since` are ignored,
//! as §13.1.3 and §13.1.4 demand of whoever sends no `Last-Modified`.

use actix_web::{
    HttpRequest,
    http::header::{EntityTag, Header, IF_MATCH, IfMatch, IfNoneMatch},
};

/// What the conditions of a GET or HEAD come to, for a representation that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Send it.
    Send,
    /// 304: the client has it.
    NotModified,
    /// 412: the client wants another one than this.
    Failed,
}

/// Evaluates the conditions in the order of RFC 9110 §13.2.2. `If-None-Match` compares weakly, so that a tag that a proxy
/// has made weak still counts; `If-Match` strongly; `*` is any representation.
pub fn condition(req: &HttpRequest, tag: &EntityTag) -> Condition {
    if req.headers().contains_key(IF_MATCH) && !is_matched(req, tag) {
        return Condition::Failed;
    }
    match IfNoneMatch::parse(req) {
        Ok(IfNoneMatch::Any) => Condition::NotModified,
        Ok(IfNoneMatch::Items(known)) if known.iter().any(|known| known.weak_eq(tag)) => Condition::NotModified,
        _ => Condition::Send,
    }
}

fn is_matched(req: &HttpRequest, tag: &EntityTag) -> bool {
    match IfMatch::parse(req) {
        Ok(IfMatch::Any) => true,
        Ok(IfMatch::Items(wanted)) => wanted.iter().any(|wanted| wanted.strong_eq(tag)),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(headers: &[(&str, &str)]) -> Condition {
        let request = headers.iter().fold(TestRequest::get(), |request, header| request.append_header(*header));
        condition(&request.to_http_request(), &EntityTag::new_strong("a+b/c==".to_owned()))
    }

    #[test]
    fn whoever_has_the_representation_is_told_so_however_its_tag_is_written() {
        for value in [
            "\"a+b/c==\"",
            "W/\"a+b/c==\"",
            "*",
            " * ",
            "\"x\", \"a+b/c==\"",
            "\"x\" ,W/\"a+b/c==\",\"y\"",
            "\"x\",,\"a+b/c==\"",
        ] {
            assert_eq!(of(&[("If-None-Match", value)]), Condition::NotModified, "{value}");
        }
        assert_eq!(of(&[("If-None-Match", "\"x\""), ("If-None-Match", "\"a+b/c==\"")]), Condition::NotModified);
    }

    #[test]
    fn everybody_else_is_sent_it() {
        for value in ["", "\"x\"", "a+b/c==", "\"a+b/c==", "\"a+b/c\"", "\"A+B/C==\"", "w/\"x\""] {
            assert_eq!(of(&[("If-None-Match", value)]), Condition::Send, "{value}");
        }
        assert_eq!(of(&[("If-Modified-Since", "Sat, 28 Nov 2026 08:00:00 GMT")]), Condition::Send);
        assert_eq!(of(&[]), Condition::Send);
    }

    #[test]
    fn who_insists_on_another_one_gets_none() {
        for value in ["*", "\"a+b/c==\"", "\"x\", \"a+b/c==\""] {
            assert_eq!(of(&[("If-Match", value)]), Condition::Send, "{value}");
        }
        for value in ["\"x\"", "W/\"a+b/c==\"", ""] {
            assert_eq!(of(&[("If-Match", value)]), Condition::Failed, "{value}");
        }
        assert_eq!(of(&[("If-Match", "\"x\""), ("If-None-Match", "*")]), Condition::Failed);
    }
}
