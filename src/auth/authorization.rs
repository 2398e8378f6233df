//! What stands in `Authorization`, before anybody asks whether it is a key.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// The value of the header, taken apart.
pub(super) enum Authorization {
    /// The Basic credential that NuGet.exe sends when it has none (`Og==`).
    Empty,
    /// A username, which may not be UTF-8, and the password; no password without a username.
    Basic { username: String, password: Zeroizing<String> },
    /// A text, if it is UTF-8.
    Bearer(Zeroizing<String>),
    /// Another scheme.
    Other,
}

impl Authorization {
    /// Reads it, without blanks around it.
    pub(super) fn read(value: &[u8]) -> Self {
        let (scheme, rest) = value.split_at(value.iter().position(|&b| b == b' ').unwrap_or(value.len()));
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        if scheme.eq_ignore_ascii_case(b"basic") {
            Self::basic(rest)
        } else if scheme.eq_ignore_ascii_case(b"bearer") {
            Self::Bearer(Zeroizing::new(utf8(rest).to_owned()))
        } else {
            Self::Other
        }
    }

    fn basic(encoded: &[u8]) -> Self {
        let decoded = STANDARD.decode(encoded).map(Zeroizing::new).unwrap_or_default();
        if decoded.as_slice() == b":" {
            return Self::Empty;
        }
        let (user, rest) = decoded.split_at(decoded.iter().position(|&b| b == b':').unwrap_or(0));
        let password = if user.is_empty() { "" } else { utf8(rest.get(1..).unwrap_or_default()) };
        let username = String::from_utf8_lossy(user).into_owned();
        Self::Basic { username, password: Zeroizing::new(password.to_owned()) }
    }
}

fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
