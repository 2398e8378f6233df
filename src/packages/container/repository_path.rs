//! What a request at a container registry wants, from its method and address (OCI distribution specification 1.1,
//! "Endpoints"). Read once, in one form: what a registry might read in another way is refused.

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use super::scope::Verbs;

/// What a request wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing of a repository: the version check, the catalogue.
    Nothing,
    /// Something of a repository.
    Repository {
        /// Its whole name.
        name: String,
        /// Exactly one verb.
        verbs: Verbs,
        /// The repository whose layer is to be mounted, if one is.
        from: Option<String>,
    },
}

/// Reads method and address; none if they are unknown or not in their one form.
pub fn parse(method: &str, target: &str) -> Option<Wanted> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let verbs = match method {
        "GET" | "HEAD" => Verbs::PULL,
        "POST" | "PUT" | "PATCH" => Verbs::PUSH,
        "DELETE" => Verbs::DELETE,
        _ => return None,
    };
    let rest = decoded(path)?.strip_prefix("/v2/")?.to_owned();
    let parts: Vec<&str> = rest.split('/').collect();
    if rest.is_empty() || rest == "_catalog" {
        return verbs.pull.then_some(Wanted::Nothing);
    }
    let (last, before) = parts.split_last()?;
    if before.contains(&"") || parts.iter().any(|part| matches!(*part, "." | "..")) {
        return None;
    }
    let is_upload = |at: usize| parts.get(at) == Some(&"blobs") && parts.get(at + 1) == Some(&"uploads");
    // The name ends before the last of these words: a repository may be called `team/blobs`.
    let end = (1..parts.len()).rev().find(|at| {
        is_upload(*at) && parts.len() <= at + 3
            || parts.len() == at + 2
                && !last.is_empty()
                && (matches!(parts[*at], "manifests" | "blobs" | "referrers")
                    || parts[*at] == "tags" && *last == "list")
    })?;
    // Taking an upload back, or asking how far it is, is part of pushing.
    let verbs = if is_upload(end) { Verbs::PUSH } else { verbs };
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut froms = pairs.filter(|(name, _)| name == "from").map(|(_, from)| from.into_owned());
    let (from, more) = (froms.next(), froms.next());
    if more.is_some() {
        return None;
    }
    let from = from.filter(|_| method == "POST" && is_upload(end));
    Some(Wanted::Repository { name: parts[..end].join("/"), verbs, from })
}

/// The path without percent signs; none if it hides something behind them, or has what two programs read differently.
fn decoded(path: &str) -> Option<String> {
    let text = percent_decode_str(path).decode_utf8().ok()?.into_owned();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@~+=".contains(c);
    let hides_slash = text.matches('/').count() != path.matches('/').count();
    (text.chars().all(is_plain) && !hides_slash).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, target: &str) -> Option<String> {
        Some(match parse(method, target)? {
            Wanted::Nothing => "nothing".to_owned(),
            Wanted::Repository { name, verbs, from } => {
                format!("{} {name}{}", verbs.words(), from.map(|from| format!(" from {from}")).unwrap_or_default())
            }
        })
    }

    #[test]
    fn every_endpoint_is_a_verb_of_its_repository() {
        for (method, target, expected) in [
            ("GET", "/v2/", "nothing"),
            ("GET", "/v2/_catalog", "nothing"),
            ("GET", "/v2/team/app/manifests/v1", "pull team/app"),
            ("HEAD", "/v2/team/app/manifests/sha256:abc", "pull team/app"),
            ("PUT", "/v2/team/app/manifests/v1", "push team/app"),
            ("DELETE", "/v2/team/app/manifests/sha256:abc", "delete team/app"),
            ("GET", "/v2/team/app/blobs/sha256:abc", "pull team/app"),
            ("DELETE", "/v2/team/app/blobs/sha256:abc", "delete team/app"),
            ("POST", "/v2/team/app/blobs/uploads/", "push team/app"),
            ("POST", "/v2/team/app/blobs/uploads", "push team/app"),
            ("POST", "/v2/team/app/blobs/uploads/?mount=sha256:abc&from=other/app", "push team/app from other/app"),
            ("POST", "/v2/team/app/blobs/uploads/?mount=sha256%3Aabc&from=other%2Fapp", "push team/app from other/app"),
            ("PATCH", "/v2/team/app/blobs/uploads/1-2?_state=x", "push team/app"),
            ("PUT", "/v2/team/app/blobs/uploads/1-2?digest=sha256:abc", "push team/app"),
            ("GET", "/v2/team/app/blobs/uploads/1-2", "push team/app"),
            ("DELETE", "/v2/team/app/blobs/uploads/1-2", "push team/app"),
            ("GET", "/v2/team/app/tags/list?n=10", "pull team/app"),
            ("GET", "/v2/team/app/referrers/sha256:abc", "pull team/app"),
            ("GET", "/v2/team/blobs/manifests/v1", "pull team/blobs"),
            ("GET", "/v2/team/tags/list/manifests/v1", "pull team/tags/list"),
            ("GET", "/v2/team/app/manifests/sha256%3Aabc", "pull team/app"),
        ] {
            assert_eq!(read(method, target).as_deref(), Some(expected), "{method} {target}");
        }
    }

    #[test]
    fn what_a_registry_might_read_in_another_way_is_refused() {
        for (method, target) in [
            ("GET", "/v2"),
            ("GET", "/v1/search"),
            ("GET", "//v2/team/app/manifests/v1"),
            ("GET", "/v2//team/app/manifests/v1"),
            ("GET", "/v2/team/../other/manifests/v1"),
            ("GET", "/v2/team/%2e%2e/other/manifests/v1"),
            ("GET", "/v2/team%2fapp/manifests/v1"),
            ("GET", "/v2/team/app%252fx/manifests/v1"),
            ("GET", "/v2/team\\app/manifests/v1"),
            ("GET", "/v2/team/app/manifests/v1%00"),
            ("GET", "/v2/team/app;x/manifests/v1"),
            ("GET", "/v2/team/app/manifests/v1#x"),
            ("GET", "/v2/team/app/manifests/\u{e9}"),
            ("GET", "/v2/team/app"),
            ("GET", "/v2/team/app/other/v1"),
            ("GET", "/v2/manifests/v1"),
            ("POST", "/v2/team/app/blobs/uploads/?from=a/b&from=c/d&mount=x"),
            ("POST", "/v2/"),
            ("TRACE", "/v2/team/app/manifests/v1"),
            ("get", "/v2/team/app/manifests/v1"),
            ("", "/v2/team/app/manifests/v1"),
            ("GET", ""),
        ] {
            assert_eq!(read(method, target), None, "{method} {target}");
        }
    }
}
