//! A version in a list, whatever its kind.

use url::Url;

use super::{Seen, row::cut, version_path};
use crate::{
    packages::VersionSummary,
    paths,
    web::format::{Time, size, thousands},
};

/// Characters of a link's text.
const LINK: usize = 60;

/// A version in a list.
pub struct VersionRow {
    pub version: String,
    pub path: String,
    pub prerelease: bool,
    pub listed: bool,
    pub removed: Option<Time>,
    pub published: Time,
    pub by: Option<By>,
    pub size: String,
    pub downloads: String,
    /// Whether nobody should use it any more.
    pub deprecated: bool,
}

/// Who published a version, and with which key; strangers are not told.
pub struct By {
    pub username: Option<String>,
    pub hint: Option<String>,
    /// The page of the token, for its owner.
    pub token: Option<String>,
}

impl VersionRow {
    /// As whoever looks may see it.
    pub(super) fn of(seen: &Seen, line: &VersionSummary) -> Self {
        let visitor = &seen.visitor;
        Self {
            version: line.version.to_string(),
            path: version_path(&seen.path(), &line.version.key),
            prerelease: line.version.is_prerelease,
            listed: line.listed,
            removed: line.removed_at.map(|at| visitor.time(at)),
            published: visitor.time(line.published_at),
            by: visitor.me.as_ref().map(|_| By {
                username: line.publisher.clone(),
                hint: line.hint.clone(),
                token: line.token.map(paths::token),
            }),
            size: size(line.size),
            downloads: thousands(line.downloads),
            deprecated: line.deprecation.is_some(),
        }
    }
}

/// A link out of the host.
#[derive(Debug, PartialEq, Eq)]
pub struct ProjectLink {
    pub href: String,
    pub text: String,
}

/// A link to an address of the web; anything else is none.
pub(super) fn link(address: &str) -> Option<ProjectLink> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let text = format!("{}{}", url.host_str()?, url.path().trim_end_matches('/'));
    Some(ProjectLink { text: cut(&text, LINK), href: url.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        let good = link("https://Example.com/contoso/core/?a=1#b").unwrap();
        assert_eq!(
            (good.href.as_str(), good.text.as_str()),
            ("https://example.com/contoso/core/?a=1#b", "example.com/contoso/core")
        );
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "ftp://example.com", "//example.com", "file:///etc", "x", ""]
        {
            assert_eq!(link(bad), None, "{bad}");
        }
        let named = link("https://paypal.com@evil.example/x").unwrap();
        assert_eq!(named.text, "evil.example/x", "the text names the host that the link leads to");
        assert!(link(&format!("https://example.com/{}", "a".repeat(3000))).unwrap().text.chars().count() <= LINK + 1);
    }
}
