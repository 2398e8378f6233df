//! Reads `SMTP_URL`. We parse it ourselves because here `smtp://` means STARTTLS or nothing, and plain text has to be
//! asked for. No error shows any part of the URL: it holds a password.

use std::{path::PathBuf, time::Duration};

use thiserror::Error;
use url::Url;

use crate::config::SecretText;

/// Longest time one mail may take, unless the URL says otherwise.
const TIMEOUT: Duration = Duration::from_secs(120);
/// A mail must be done before its lease of ten minutes ends.
const LONGEST_TIMEOUT: u64 = 300;

/// How the conversation is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, without which nothing is said.
    StartTls,
    /// Plain text, asked for by `?tls=none`.
    Plain,
}

/// A mail server, as the URL names it.
#[derive(Clone, Debug)]
pub(super) struct SmtpServer {
    /// Name or address, without brackets.
    pub(super) host: String,
    /// 465, 587 or 25 unless given.
    pub(super) port: u16,
    /// How the conversation is protected.
    pub(super) protection: Protection,
    /// Who we are to the server.
    pub(super) credentials: Option<(String, SecretText)>,
    /// A PEM file with further certificate authorities (`?ca=/path`).
    pub(super) authorities: Option<PathBuf>,
    /// Longest time one mail may take (`?timeout=30`, in seconds).
    pub(super) timeout: Duration,
}

/// Why an SMTP URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadSmtpUrl {
    /// Not a URL of ours.
    #[error(
        "must look like smtps://user:password@mail.example.com or smtp://user:password@mail.example.com (write special characters in the password as %40 and so on)"
    )]
    NotAUrl,
    /// Credentials that are not text.
    #[error("has a username or password that is not valid after decoding its % signs")]
    Credentials,
    /// One of the two without the other.
    #[error("needs a username and a password, or neither")]
    HalfCredentials,
    /// A password in the open.
    #[error("must not send a password over an unprotected connection: leave out ?tls=none or the password")]
    OpenPassword,
    /// Anything after ? that is not ours.
    #[error("may end in ?tls=none (smtp:// only), ?ca=/path/to/authorities.pem and ?timeout=SECONDS (1 to 300) only")]
    Option,
}

impl SmtpServer {
    /// Reads `smtps://user:password@host:465` (TLS), `smtp://user:password@host:587` (STARTTLS, required), or
    /// `smtp://host:25?tls=none` (plain).
    pub(super) fn parse(text: &str) -> Result<Self, BadSmtpUrl> {
        let url = Url::parse(text.trim()).map_err(|_| BadSmtpUrl::NotAUrl)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BadSmtpUrl::NotAUrl)?;
        // An @ after the host most likely ends a password that holds a / or a ?, and the host is its beginning.
        let late = url.query().is_some_and(|query| query.contains('@'));
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() || host.contains('%') || late {
            return Err(BadSmtpUrl::NotAUrl);
        }
        let (protection, port) = match url.scheme() {
            "smtps" => (Protection::Tls, 465),
            "smtp" => (Protection::StartTls, 587),
            _ => return Err(BadSmtpUrl::NotAUrl),
        };
        let server = Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            protection,
            credentials: credentials(&url)?,
            authorities: None,
            timeout: TIMEOUT,
        };
        url.query_pairs().try_fold(server, |server, (name, value)| server.with(&name, &value))?.on_port(url.port())
    }

    fn with(self, name: &str, value: &str) -> Result<Self, BadSmtpUrl> {
        match (name, value) {
            ("tls", "none") if self.protection != Protection::Tls => {
                Ok(Self { protection: Protection::Plain, port: 25, ..self })
            }
            ("ca", path) if !path.is_empty() => Ok(Self { authorities: Some(path.into()), ..self }),
            ("timeout", seconds) => match seconds.parse() {
                Ok(seconds @ 1..=LONGEST_TIMEOUT) => Ok(Self { timeout: Duration::from_secs(seconds), ..self }),
                _ => Err(BadSmtpUrl::Option),
            },
            _ => Err(BadSmtpUrl::Option),
        }
    }

    fn on_port(self, port: Option<u16>) -> Result<Self, BadSmtpUrl> {
        if self.protection == Protection::Plain && self.credentials.is_some() {
            return Err(BadSmtpUrl::OpenPassword);
        }
        Ok(Self { port: port.unwrap_or(self.port), ..self })
    }
}

fn credentials(url: &Url) -> Result<Option<(String, SecretText)>, BadSmtpUrl> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(BadSmtpUrl::HalfCredentials),
        (user, Some(password)) => {
            let user = decoded(user).ok_or(BadSmtpUrl::Credentials)?;
            let password = decoded(password).ok_or(BadSmtpUrl::Credentials)?;
            Ok(Some((user, SecretText::new(password))))
        }
    }
}

/// Undoes percent encoding; `None` for what is no text, or holds characters that would end a line.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = after.get(..2)?;
            bytes.push(*hex::decode(digits).ok()?.first()?);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SmtpServer {
        SmtpServer::parse(text).unwrap()
    }

    #[test]
    fn the_scheme_says_how_the_conversation_is_protected() {
        let server = parse("smtps://ada:s3cret@mail.example.com");
        assert_eq!((server.port, server.protection), (465, Protection::Tls));
        let server = parse("smtp://ada:s3cret@mail.example.com");
        assert_eq!((server.port, server.protection), (587, Protection::StartTls));
        let server = parse("smtp://localhost?tls=none");
        assert_eq!((server.port, server.protection), (25, Protection::Plain));
        assert_eq!(parse("smtp://localhost:2525?tls=none").port, 2525);
        assert_eq!(parse("smtp://[::1]:2525?tls=none").host, "::1");
    }

    #[test]
    fn credentials_may_hold_any_character() {
        let (user, password) =
            parse("smtps://ada%40example.com:p%40ss%2Fw%3Ard%25@mail.example.com").credentials.unwrap();
        assert_eq!((user.as_str(), password.reveal()), ("ada@example.com", "p@ss/w:rd%"));
        let (_, password) = parse("smtps://ada:p%C3%A4ss@mail.example.com").credentials.unwrap();
        assert_eq!(password.reveal(), "päss");
    }

    #[test]
    fn further_authorities_and_a_shorter_patience_can_be_given() {
        let server = parse("smtp://localhost?ca=/etc/mail/ca.pem&timeout=5");
        assert_eq!(server.authorities, Some(PathBuf::from("/etc/mail/ca.pem")));
        assert_eq!(server.timeout, Duration::from_secs(5));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_showing_the_password() {
        for (text, why) in [
            ("", BadSmtpUrl::NotAUrl),
            ("mail.example.com", BadSmtpUrl::NotAUrl),
            ("http://mail.example.com", BadSmtpUrl::NotAUrl),
            ("smtp://", BadSmtpUrl::NotAUrl),
            ("smtp://ada:hunter2/x@mail.example.com", BadSmtpUrl::NotAUrl),
            ("smtp://ada:123?ca=hunter2@mail.example.com", BadSmtpUrl::NotAUrl),
            ("smtps://mail.example.com/inbox", BadSmtpUrl::NotAUrl),
            ("smtps://ada@mail.example.com", BadSmtpUrl::HalfCredentials),
            ("smtps://:hunter2@mail.example.com", BadSmtpUrl::HalfCredentials),
            ("smtps://ada:hunter2%0d@mail.example.com", BadSmtpUrl::Credentials),
            ("smtps://ada:hunter2%ff@mail.example.com", BadSmtpUrl::Credentials),
            ("smtp://ada:hunter2@mail.example.com?tls=none", BadSmtpUrl::OpenPassword),
            ("smtps://mail.example.com?tls=none", BadSmtpUrl::Option),
            ("smtp://mail.example.com?tls=maybe", BadSmtpUrl::Option),
            ("smtp://mail.example.com?timeout=0", BadSmtpUrl::Option),
            ("smtp://mail.example.com?timeout=301", BadSmtpUrl::Option),
        ] {
            let error = SmtpServer::parse(text).unwrap_err();
            assert_eq!(error, why, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert!(!format!("{:?}", parse("smtps://ada:hunter2@mail.example.com")).contains("hunter2"));
    }
}
