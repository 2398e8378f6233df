//! Which key a request presents, and in which header. Any non-empty username goes with a key in Basic.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::tokens::Secret;

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
}

/// A request that presents more than one credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This request carries two different credentials. Send one of them.")]
pub struct Ambiguous;

/// The key a request presents; none for no credential at all, and for the empty Basic credential that NuGet.exe sends
/// when it has none (`Og==`).
pub fn presented_key(headers: &HeaderMap) -> Result<Option<Key>, Ambiguous> {
    let in_header = only(headers, API_KEY)?
        .filter(|value| !value.is_empty())
        .map(|value| Key { dress: Dress::ApiKey, secret: secret(value) });
    let authorized = only(headers, AUTHORIZATION.as_str())?.and_then(authorization);
    match (in_header, authorized) {
        (Some(one), Some(other)) if !same(&one, &other) => Err(Ambiguous),
        (one, other) => Ok(one.or(other)),
    }
}

/// The one value of a header, without blanks around it.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h [u8]>, Ambiguous> {
    let mut values = headers.get_all(name);
    let value = values.next().map(|value| value.as_bytes().trim_ascii());
    if values.next().is_some() { Err(Ambiguous) } else { Ok(value) }
}

fn same(one: &Key, other: &Key) -> bool {
    match (&one.secret, &other.secret) {
        (Some(one), Some(other)) => one.hash() == other.hash(),
        _ => false,
    }
}

fn authorization(value: &[u8]) -> Option<Key> {
    let (scheme, rest) = value.split_at(value.iter().position(|&b| b == b' ').unwrap_or(value.len()));
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    if scheme.eq_ignore_ascii_case(b"basic") {
        basic(rest)
    } else {
        let bearer = scheme.eq_ignore_ascii_case(b"bearer");
        Some(Key { dress: Dress::Bearer, secret: if bearer { secret(rest) } else { None } })
    }
}

fn basic(encoded: &[u8]) -> Option<Key> {
    let decoded = STANDARD.decode(encoded).map(Zeroizing::new).unwrap_or_default();
    if decoded.as_slice() == b":" {
        return None;
    }
    let (user, password) = decoded.split_at(decoded.iter().position(|&b| b == b':').unwrap_or(0));
    let secret = if user.is_empty() { None } else { secret(&password[1..]) };
    Some(Key { dress: Dress::Basic, secret })
}

fn secret(bytes: &[u8]) -> Option<Secret> {
    std::str::from_utf8(bytes).ok().and_then(Secret::parse)
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
