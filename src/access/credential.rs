//! Which key a request presents, and in which header. Any non-empty username goes with a key in Basic.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::tokens::{Secret, SecretHash, legacy::LegacyKey};

/// The header in which NuGet clients send a key to push and delete.
const API_KEY: &str = "x-nuget-apikey";

/// How a key was presented; refusals answer in kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dress {
    /// `X-NuGet-ApiKey`.
    ApiKey,
    /// `Authorization: Basic`, the key as password.
    Basic,
    /// `Authorization: Bearer`.
    Bearer,
}

/// A presented key.
#[derive(Debug)]
pub struct Key {
    /// How it was presented.
    pub dress: Dress,
    /// The secret; none if what was presented has not the shape of one.
    pub secret: Option<Secret>,
    /// What has the shape of an older system's key instead, in a header where such keys are sent.
    pub(super) candidate: Option<LegacyKey>,
    /// The same, once it is known that keys of that shape were imported; see [`super::LegacyKeys`].
    pub(super) legacy: Option<LegacyKey>,
}

impl Key {
    fn read(dress: Dress, bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let candidate = if dress == Dress::Bearer { None } else { LegacyKey::parse(text) };
        Self { dress, secret: Secret::parse(text), candidate, legacy: None }
    }

    /// What the database is asked for; none if it need not be asked.
    pub(super) fn hash(&self) -> Option<SecretHash> {
        self.secret.as_ref().map(Secret::hash).or_else(|| self.legacy.as_ref().map(LegacyKey::hash))
    }

    fn is_same_as(&self, other: &Self) -> bool {
        match ((&self.secret, &other.secret), (&self.candidate, &other.candidate)) {
            ((Some(one), Some(other)), _) => one.hash() == other.hash(),
            ((None, None), (Some(one), Some(other))) => one.hash() == other.hash(),
            _ => false,
        }
    }
}

/// A request that presents more than one credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This request carries two different credentials. Send one of them.")]
pub struct Ambiguous;

/// The key a request presents; none for no credential at all, and for the empty Basic credential that NuGet.exe sends
/// when it has none (`Og==`).
pub fn presented_key(headers: &HeaderMap) -> Result<Option<Key>, Ambiguous> {
    let in_header =
        only(headers, API_KEY)?.filter(|value| !value.is_empty()).map(|value| Key::read(Dress::ApiKey, value));
    let authorized = only(headers, AUTHORIZATION.as_str())?.and_then(authorization);
    match (in_header, authorized) {
        (Some(one), Some(other)) if !one.is_same_as(&other) => Err(Ambiguous),
        (one, other) => Ok(one.or(other)),
    }
}

/// The one value of a header, without blanks around it.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h [u8]>, Ambiguous> {
    let mut values = headers.get_all(name);
    let value = values.next().map(|value| value.as_bytes().trim_ascii());
    if values.next().is_some() { Err(Ambiguous) } else { Ok(value) }
}

fn authorization(value: &[u8]) -> Option<Key> {
    let (scheme, rest) = value.split_at(value.iter().position(|&b| b == b' ').unwrap_or(value.len()));
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    if scheme.eq_ignore_ascii_case(b"basic") {
        basic(rest)
    } else {
        Some(Key::read(Dress::Bearer, if scheme.eq_ignore_ascii_case(b"bearer") { rest } else { b"" }))
    }
}

fn basic(encoded: &[u8]) -> Option<Key> {
    let decoded = STANDARD.decode(encoded).map(Zeroizing::new).unwrap_or_default();
    if decoded.as_slice() == b":" {
        return None;
    }
    let (user, password) = decoded.split_at(decoded.iter().position(|&b| b == b':').unwrap_or(0));
    Some(Key::read(Dress::Basic, if user.is_empty() { b"" } else { &password[1..] }))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn a_secret(seed: u64) -> String {
        Secret::generate(&mut StdRng::seed_from_u64(seed)).reveal().to_owned()
    }

    fn presented(headers: &[(&str, String)]) -> Result<Option<(Dress, bool)>, Ambiguous> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        presented_key(&map).map(|key| key.map(|key| (key.dress, key.secret.is_some())))
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn a_key_is_found_in_each_of_its_three_headers() {
        let key = a_secret(1);
        assert_eq!(presented(&[("X-NuGet-ApiKey", key.clone())]), Ok(Some((Dress::ApiKey, true))));
        assert_eq!(presented(&[("X-NuGet-ApiKey", format!(" {key} "))]), Ok(Some((Dress::ApiKey, true))));
        assert_eq!(presented(&[("Authorization", format!("bEARER {key}"))]), Ok(Some((Dress::Bearer, true))));
        assert_eq!(
            presented(&[("Authorization", basic_of(&format!("anything:{key}")))]),
            Ok(Some((Dress::Basic, true)))
        );
    }

    #[test]
    fn a_key_of_an_older_system_is_looked_for_where_nuget_clients_send_one() {
        let guid = "5F1D2C3B-0000-4000-8000-00805F9B34FB";
        let candidate = |name: &str, value: String| {
            let mut map = HeaderMap::new();
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(&value).unwrap());
            presented_key(&map).unwrap().unwrap().candidate.is_some()
        };
        assert!(candidate("X-NuGet-ApiKey", guid.to_owned()));
        assert!(candidate("Authorization", basic_of(&format!("anything:{guid}"))));
        assert!(!candidate("Authorization", format!("Bearer {guid}")));
        assert!(!candidate("X-NuGet-ApiKey", a_secret(1)));
        assert!(!candidate("X-NuGet-ApiKey", "lk_".to_owned() + &"a".repeat(40)));
    }

    #[test]
    fn no_credential_and_the_empty_one_are_the_same() {
        assert_eq!(presented(&[]), Ok(None));
        assert_eq!(presented(&[("Authorization", "Basic Og==".to_owned())]), Ok(None));
        assert_eq!(presented(&[("X-NuGet-ApiKey", String::new())]), Ok(None));
    }

    #[test]
    fn what_has_not_the_shape_of_a_key_is_presented_but_no_secret() {
        let key = a_secret(1);
        for value in [
            "Basic".to_owned(),
            "Basic !!".to_owned(),
            basic_of("nocolon"),
            basic_of(&format!(":{key}")),
            basic_of(&format!("{key}:x-oauth-basic")),
            basic_of("user:"),
            format!("Bearer  {key}"),
            format!("Bearer {key}, Bearer {key}"),
            format!("Token {key}"),
            "Negotiate abc".to_owned(),
        ] {
            let found = presented(&[("Authorization", value.clone())]);
            assert!(matches!(found, Ok(Some((_, false)))), "{value}: {found:?}");
        }
    }

    #[test]
    fn two_different_credentials_are_ambiguous_and_two_equal_ones_are_not() {
        let (one, other) = (a_secret(1), a_secret(2));
        let both = |basic: &str| {
            presented(&[("X-NuGet-ApiKey", one.clone()), ("Authorization", basic_of(&format!("api:{basic}")))])
        };
        assert_eq!(both(&one), Ok(Some((Dress::ApiKey, true))));
        assert_eq!(both(&other), Err(Ambiguous));
        assert_eq!(presented(&[("X-NuGet-ApiKey", one.clone()), ("X-NuGet-ApiKey", one.clone())]), Err(Ambiguous));
    }
}
