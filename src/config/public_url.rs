//! The address people and clients use. Links, cookies and origin checks come from it, never from a request.

use std::net::SocketAddr;

use url::Url;

/// The public address: scheme, host, and perhaps a port and a path; kept without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    path: String,
}

impl PublicUrl {
    /// Reads an address; the error says what it must be.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "is not an address such as https://packages.example.com")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must begin with https:// or http://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a username or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not contain ? or #");
        }
        if url.path().contains("//") || url.path().contains('%') {
            return Err("must have a plain path");
        }
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self { origin: url.origin().ascii_serialization(), path })
    }

    /// The address of a server that is used directly.
    pub fn of_address(address: SocketAddr) -> Self {
        Self { origin: format!("http://{address}"), path: String::new() }
    }

    /// Scheme, host and port, as browsers send it in `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What comes before every path of ours: empty, or `/keys`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is reached by https.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// The host name, for realms and Message-IDs.
    pub fn host(&self) -> &str {
        let host = self.origin.split_once("://").map_or(self.origin.as_str(), |(_, host)| host);
        host.rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
            .map_or(host, |(host, _)| host)
    }

    /// The full address of a path of ours, which begins with a slash.
    pub fn of(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_port_and_a_path() {
        let url = PublicUrl::parse("https://Packages.example.com:8443/keys/").unwrap();
        assert_eq!(url.of("/sign-in"), "https://packages.example.com:8443/keys/sign-in");
        assert_eq!(
            (url.origin(), url.path(), url.host()),
            ("https://packages.example.com:8443", "/keys", "packages.example.com")
        );
        assert_eq!(PublicUrl::parse("https://example.com:443/").unwrap().of("/"), "https://example.com/");
        assert_eq!(PublicUrl::parse("http://[::1]:8080").unwrap().host(), "[::1]");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "packages",
            "ftp://a",
            "https://u:p@a",
            "https://a/?q",
            "https://a/#f",
            "https://a//b",
            "https://a/%20",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
