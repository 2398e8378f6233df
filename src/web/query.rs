//! Queries as our links write them: in the few characters that a redirect of ours may carry too.

use url::form_urlencoded::{Serializer, parse};

/// Names and values as a query; those without a value are left out.
pub fn query<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let said = pairs.into_iter().filter(|(_, value)| !value.as_ref().is_empty());
    Serializer::new(String::new()).extend_pairs(said).finish()
}

/// The path of a page with a query; parts without a value are left out.
pub fn with_query<N: AsRef<str>, V: AsRef<str>>(path: &str, pairs: impl IntoIterator<Item = (N, V)>) -> String {
    join(path, &query(pairs))
}

/// A path with a query that arrived, written anew.
pub fn with_query_of(path: &str, sent: &str) -> String {
    join(path, &Serializer::new(String::new()).extend_pairs(parse(sent.as_bytes())).finish())
}

/// A value as it stands in a query.
pub fn value(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn join(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::own_path;

    #[test]
    fn a_query_says_only_what_was_asked() {
        assert_eq!(with_query("/x", [("a", ""), ("b", "1 & 2")]), "/x?b=1+%26+2");
        assert_eq!(with_query("/x", [("a", "")]), "/x");
    }

    #[test]
    fn a_query_is_written_anew_before_it_leads_anywhere() {
        for (query, written) in [
            ("", "/a"),
            ("name=CI build&packages=@team/*,Contoso.*", "/a?name=CI+build&packages=%40team%2F*%2CContoso.*"),
            ("name=<script>\"'&note=//evil#x", "/a?name=%3Cscript%3E%22%27&note=%2F%2Fevil%23x"),
            ("note=%0d%0aSet-Cookie:x", "/a?note=%0D%0ASet-Cookie%3Ax"),
            ("note=%ff%", "/a?note=%EF%BF%BD%25"),
        ] {
            assert_eq!(with_query_of("/a", query), written);
            assert_eq!(own_path(written), Some(written));
        }
    }
}
