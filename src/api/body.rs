//! JSON bodies of requests, read strictly: what is misspelt, given twice or of another type is refused with its place.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::CONTENT_TYPE},
    web::{Bytes, Payload},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use sha2::{Digest, Sha256};

use super::problem::{FieldProblem, Problem};
use crate::{
    auth::{BadBody, read_body},
    tokens::secret,
};

/// Largest body, in bytes.
pub(super) const LARGEST: usize = 64 * 1024;

/// What was sent.
pub(super) struct Body(Bytes);

impl Body {
    /// The whole of it, which may be empty.
    pub(super) async fn of(payload: Payload) -> Result<Self, Problem> {
        Ok(Self(read_body(payload, LARGEST).await?))
    }

    /// The object in it.
    pub(super) fn read<T: DeserializeOwned>(&self, req: &HttpRequest) -> Result<T, Problem> {
        is_json(req)?;
        parse(&self.0)
    }

    /// The same where the body may be left out.
    pub(super) fn read_or_default<T: DeserializeOwned + Default>(&self, req: &HttpRequest) -> Result<T, Problem> {
        if self.0.is_empty() { Ok(T::default()) } else { self.read(req) }
    }

    /// By which it is told from others.
    pub(super) fn hash(&self) -> String {
        hex::encode(Sha256::digest(&self.0))
    }
}

impl From<BadBody> for Problem {
    fn from(error: BadBody) -> Self {
        let status = match error {
            BadBody::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            BadBody::TooSlow => StatusCode::REQUEST_TIMEOUT,
            BadBody::BrokenOff => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

fn is_json(req: &HttpRequest) -> Result<(), Problem> {
    let header = req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, parameters) = header.split_once(';').unwrap_or((header, ""));
    let is_utf8 = |parameter: &str| {
        let parameter = parameter.trim().to_ascii_lowercase();
        parameter.strip_prefix("charset=").is_none_or(|charset| charset.trim_matches('"') == "utf-8")
    };
    let kinds = ["application/json", "application/merge-patch+json"];
    if kinds.iter().any(|known| known.eq_ignore_ascii_case(kind.trim())) && parameters.split(';').all(is_utf8) {
        return Ok(());
    }
    let detail = "Send JSON in UTF-8, with the header Content-Type: application/json.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list would be read as the fields in their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => {
                let detail = "Send a JSON object.".to_owned();
                Problem::invalid(vec![FieldProblem { pointer: "#".to_owned(), detail }])
            }
            Err(error) => refused(&error, String::new()),
        });
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        refused(error.inner(), pointer)
    })?;
    json.end().map_err(|error| refused(&error, String::new()))?;
    Ok(read)
}

/// What cannot be read as JSON is 400; what is JSON and cannot be used is 422 with its place. A name that is given twice is
/// read in two ways by two readers, and so is no JSON here.
fn refused(error: &serde_json::Error, pointer: String) -> Problem {
    // It quotes what was sent, which may be a key in the wrong place.
    let quoted = error.to_string();
    let said = quoted.split(" at line ").next().unwrap_or_default();
    let said = if secret::is_in(&quoted) { "a key is not allowed here" } else { said };
    if error.classify() == Category::Data && !said.starts_with("duplicate field") {
        return Problem::invalid(vec![FieldProblem { pointer, detail: sentence(said) }]);
    }
    Problem::bad(format!("The body is not a JSON object that can be read: {said}."))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// A JSON pointer (RFC 6901) as a fragment, as RFC 9457 shows it.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => String::new(),
    };
    path.iter().map(part).fold("#".to_owned(), |path, part| format!("{path}/{part}"))
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Body {
        name: String,
        patterns: Vec<String>,
        days: u16,
    }

    fn told(body: &str) -> Result<(), (u16, String)> {
        let problem = |problem: Problem| (problem.status_code().as_u16(), problem.to_string());
        parse::<Body>(body.as_bytes()).map(drop).map_err(problem)
    }

    #[test]
    fn what_is_no_json_object_is_a_bad_request() {
        let deep = "[".repeat(100_000);
        for bad in [
            "",
            "{",
            "{,}",
            "{\"name\":\"a\",}",
            "{'name':'a'}",
            "{\"name\":\"a\"} // and more",
            "{}\n{}",
            "\u{feff}{}",
            "{\"name\":\"a\",\"name\":\"b\"}",
            "{\"name\":\"\\ud800\"}",
            "{\"days\":1e999}",
            "{\"days\":NaN}",
            &deep,
        ] {
            assert_eq!(told(bad).map_err(|(status, _)| status), Err(400), "{:.60}", bad);
        }
        assert_eq!(parse::<Body>(b"{\"name\":\"\xff\"}").unwrap_err().status_code(), 400);
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_place() {
        for (bad, place) in [
            ("null", "#: "),
            ("[1]", "#: "),
            ("1", "#: "),
            ("{\"names\":\"a\"}", "#/names: Unknown field"),
            ("{\"name\":null}", "#/name: "),
            ("{\"patterns\":[\"a\",1]}", "#/patterns/1: "),
            ("{\"days\":-1}", "#/days: "),
            ("{\"days\":1.0}", "#/days: "),
            ("{\"days\":\"1\"}", "#/days: "),
            ("{\"days\":9223372036854775808}", "#/days: "),
        ] {
            let (status, said) = told(bad).unwrap_err();
            assert_eq!(status, 422, "{bad} {said}");
            assert!(said.contains(place), "{bad} {said}");
        }
        assert_eq!(told("{\"name\":\"a\",\"patterns\":[\"*\"]}"), Ok(()));
    }

    #[test]
    fn a_key_in_the_wrong_place_is_not_repeated() {
        let key = crate::tokens::Secret::generate(&mut crate::random::system());
        let (_, said) = told(&format!("{{\"days\":\"{}\"}}", key.reveal())).unwrap_err();
        assert!(said.contains("A key is not allowed here."), "{said}");
    }
}
