//! Which key a request presents, and in which header. Any non-empty username goes with a key in Basic.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use thiserror::Error;
use zeroize::Zeroizing;

use super::authorization::Authorization;
use crate::tokens::{
    Secret, SecretHash,
    legacy::{LegacyKey, Shape},
    secret::PREFIX,
};

/// The header in which NuGet clients send a key to push and delete.
const API_KEY: &str = "x-nuget-apikey";

/// How a key was presented; refusals answer in kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialScheme {
    /// `X-NuGet-ApiKey`.
    ApiKey,
    /// `Authorization: Basic`, the key as password.
    Basic,
    /// `Authorization: Bearer`.
    Bearer,
    /// A private address that stands for the token.
    Address,
}

/// A presented key.
#[derive(Debug)]
pub struct Key {
    /// How it was presented.
    pub scheme: CredentialScheme,
    /// The secret; none if what was presented has not the shape of one.
    pub secret: Option<Secret>,
    /// What has the shape of an older system's key instead, where keys of that shape were imported.
    pub(super) legacy: Option<LegacyKey>,
    /// Whether a key was sent as the username of Basic, where none is looked for.
    pub(super) is_username: bool,
    /// What is looked up of a key that was presented before, to whoever shows a proof of that now.
    proven: Option<SecretHash>,
    /// What has the shape of no key and came with a username in Basic: perhaps the password of an account.
    pub(super) password: Option<UserPassword>,
}

/// A username and password, as they came.
pub(super) struct UserPassword {
    pub(super) username: String,
    pub(super) password: Zeroizing<String>,
}

impl UserPassword {
    pub(super) fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: Zeroizing::new(password.to_owned()) }
    }
}

impl std::fmt::Debug for UserPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserPassword")
    }
}

impl Key {
    /// Of a private address, which is looked up by itself.
    pub(super) fn of_address() -> Self {
        Self { scheme: CredentialScheme::Address, ..Self::of_secret(CredentialScheme::Address, "") }
    }

    fn of_secret(scheme: CredentialScheme, text: &str) -> Self {
        Self { scheme, secret: Secret::parse(text), legacy: None, is_username: false, proven: None, password: None }
    }

    /// A key that a form has in the place of a password.
    pub fn of_password(text: &str) -> Self {
        Self::of_secret(CredentialScheme::Basic, text)
    }

    /// The same where a username stands beside it.
    pub fn of_user(username: &str, text: &str) -> Self {
        let is_password = !username.is_empty() && !text.is_empty() && !text.starts_with(PREFIX);
        let password = is_password.then(|| UserPassword::new(username, text));
        Self { password, ..Self::of_password(text) }
    }

    /// A key that stands alone in `Authorization`.
    pub fn of_bearer(text: &str) -> Self {
        Self::of_secret(CredentialScheme::Bearer, text)
    }

    /// A key that was presented before, known by its hash.
    pub fn proven(hash: SecretHash) -> Self {
        Self { proven: Some(hash), ..Self::of_secret(CredentialScheme::Bearer, "") }
    }

    /// What the database is asked for; none if it need not be asked.
    pub(super) fn hash(&self) -> Option<SecretHash> {
        let secret = self.secret.as_ref().map(Secret::hash);
        secret.or_else(|| self.legacy.as_ref().map(LegacyKey::hash)).or(self.proven)
    }

    /// Texts that are no keys are not compared.
    fn is_same_as(&self, other: &Self) -> bool {
        self.hash().is_some_and(|hash| other.hash() == Some(hash))
    }
}

/// A request that presents more than one credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This request carries two different credentials. Send one of them.")]
pub struct Ambiguous;

/// What the headers of a request present.
#[derive(Debug, Default)]
pub struct Credentials {
    pub(super) api_key: Option<ApiKeyText>,
    pub(super) authorization: Option<AuthorizationText>,
}

/// A text in `X-NuGet-ApiKey` that may be a key.
#[derive(Debug)]
pub(super) enum ApiKeyText {
    /// It begins like a key of ours.
    Ours(Key),
    /// It has the shape of an older system's key. Whether it is a credential depends on what was imported.
    Legacy(LegacyKey),
}

/// The key in `Authorization`, and what it is if it has the shape of an older system's key.
#[derive(Debug)]
pub(super) struct AuthorizationText {
    pub(super) key: Key,
    pub(super) legacy: Option<LegacyKey>,
    /// Whether it is a username and password that a client has stored for this host, and no attempt at a key.
    is_password: bool,
}

impl Credentials {
    /// Reads the headers. The empty Basic credential that NuGet.exe sends when it has none (`Og==`) is none, and neither
    /// is a text in `X-NuGet-ApiKey` that has the shape of no key: clients that insist on one are given a placeholder
    /// there, beside the real key in `Authorization`. The other way round, a password in Basic that has the shape of no
    /// key counts for nothing beside a key in `X-NuGet-ApiKey`: clients send what they have stored for the source.
    pub fn read(headers: &HeaderMap) -> Result<Self, Ambiguous> {
        let api_keys = headers.get_all(API_KEY).filter_map(|value| ApiKeyText::read(value.as_bytes().trim_ascii()));
        let mut authorizations = headers.get_all(AUTHORIZATION);
        let authorization = authorizations.next().and_then(|value| authorization(value.as_bytes().trim_ascii()));
        if authorizations.next().is_some() {
            return Err(Ambiguous);
        }
        Ok(Self { api_key: at_most_one(api_keys)?, authorization })
    }

    /// The one key presented, where these shapes of older keys are in use; none for no credential.
    pub fn into_key(self, in_use: &[Shape]) -> Result<Option<Key>, Ambiguous> {
        let in_use = |legacy: &LegacyKey| in_use.contains(&legacy.shape());
        let api_key = self.api_key.and_then(|text| match text {
            ApiKeyText::Ours(key) => Some(key),
            ApiKeyText::Legacy(legacy) => {
                let legacy = Some(legacy).filter(in_use)?;
                Some(Key { legacy: Some(legacy), ..Key::of_secret(CredentialScheme::ApiKey, "") })
            }
        });
        let authorization = self.authorization.and_then(|AuthorizationText { key, legacy, is_password }| {
            let legacy = legacy.filter(in_use);
            let password = key.password.filter(|_| legacy.is_none());
            let key = Key { legacy, password, ..key };
            let is_ignored = is_password && key.legacy.is_none() && api_key.is_some();
            (!is_ignored).then_some(key)
        });
        match (api_key, authorization) {
            (Some(one), Some(other)) if !one.is_same_as(&other) => Err(Ambiguous),
            (one, other) => Ok(one.or(other)),
        }
    }

    /// The shapes of older keys that it may present.
    pub(super) fn legacy_shapes(&self) -> impl Iterator<Item = Shape> {
        let in_header = match &self.api_key {
            Some(ApiKeyText::Legacy(legacy)) => Some(legacy.shape()),
            _ => None,
        };
        let in_password = self.authorization.as_ref().and_then(|text| text.legacy.as_ref()).map(LegacyKey::shape);
        in_header.into_iter().chain(in_password)
    }
}

impl ApiKeyText {
    /// None for what has the shape of no key.
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        if text.starts_with(PREFIX) {
            Some(Self::Ours(Key::of_secret(CredentialScheme::ApiKey, text)))
        } else {
            LegacyKey::parse(text).map(Self::Legacy)
        }
    }
}

fn at_most_one<T>(mut values: impl Iterator<Item = T>) -> Result<Option<T>, Ambiguous> {
    let value = values.next();
    if values.next().is_some() { Err(Ambiguous) } else { Ok(value) }
}

fn authorization(value: &[u8]) -> Option<AuthorizationText> {
    let bearer = |text: &str| {
        let key = Key::of_secret(CredentialScheme::Bearer, text);
        Some(AuthorizationText { key, legacy: None, is_password: false })
    };
    match Authorization::read(value) {
        Authorization::Empty => None,
        Authorization::Basic { username, password } => Some(basic(&username, &password)),
        Authorization::Bearer(text) => bearer(&text),
        Authorization::Other => bearer(""),
    }
}

fn basic(username: &str, text: &str) -> AuthorizationText {
    let is_username = username.starts_with(PREFIX) && !text.starts_with(PREFIX);
    let is_password = !text.is_empty() && !text.starts_with(PREFIX) && !is_username;
    let password = is_password.then(|| UserPassword::new(username, text));
    let key = Key { is_username, password, ..Key::of_secret(CredentialScheme::Basic, text) };
    AuthorizationText { legacy: LegacyKey::parse(text), key, is_password }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use base64::{Engine, engine::general_purpose::STANDARD};
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn a_secret(seed: u64) -> String {
        Secret::generate(&mut StdRng::seed_from_u64(seed)).reveal().to_owned()
    }

    fn read(headers: &[(&str, String)]) -> Result<Credentials, Ambiguous> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Credentials::read(&map)
    }

    /// The key on a host that has no keys of an older system.
    fn presented(headers: &[(&str, String)]) -> Result<Option<(CredentialScheme, bool)>, Ambiguous> {
        let key = read(headers)?.into_key(&[])?;
        Ok(key.map(|key| (key.scheme, key.secret.is_some())))
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn a_key_is_found_in_each_of_its_three_headers() {
        let key = a_secret(1);
        assert_eq!(presented(&[("X-NuGet-ApiKey", key.clone())]), Ok(Some((CredentialScheme::ApiKey, true))));
        assert_eq!(presented(&[("X-NuGet-ApiKey", format!(" {key} "))]), Ok(Some((CredentialScheme::ApiKey, true))));
        assert_eq!(
            presented(&[("Authorization", format!("bEARER {key}"))]),
            Ok(Some((CredentialScheme::Bearer, true)))
        );
        assert_eq!(
            presented(&[("Authorization", basic_of(&format!("anything:{key}")))]),
            Ok(Some((CredentialScheme::Basic, true)))
        );
    }

    #[test]
    fn a_key_of_an_older_system_is_looked_for_where_nuget_clients_send_one() {
        let guid = "5F1D2C3B-0000-4000-8000-00805F9B34FB";
        let candidate = |name: &str, value: String| {
            let key = read(&[(name, value)]).unwrap().into_key(&Shape::ALL).unwrap();
            key.is_some_and(|key| key.legacy.is_some())
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
    fn a_placeholder_in_the_key_header_is_no_credential() {
        let key = a_secret(1);
        for placeholder in
            ["az", "AzureArtifacts", "RequiredApiKey", "ada", "5F1D2C3B-0000-4000-8000-00805F9B34FB", "\u{e4}"]
        {
            let alone = ("X-NuGet-ApiKey", placeholder.to_owned());
            assert_eq!(presented(std::slice::from_ref(&alone)), Ok(None), "{placeholder}");
            for real in [basic_of(&format!("api:{key}")), format!("Bearer {key}")] {
                let both = [alone.clone(), ("Authorization", real)];
                assert!(matches!(presented(&both), Ok(Some((_, true)))), "{placeholder}");
            }
        }
        let begins_like_ours = [("X-NuGet-ApiKey", "lk_".to_owned()), ("Authorization", format!("Bearer {key}"))];
        assert_eq!(presented(&begins_like_ours[..1]), Ok(Some((CredentialScheme::ApiKey, false))));
        assert_eq!(presented(&begins_like_ours), Err(Ambiguous));
    }

    #[test]
    fn what_has_the_shape_of_an_older_key_is_a_credential_where_such_keys_are_in_use() {
        let guid = "5F1D2C3B-0000-4000-8000-00805F9B34FB".to_owned();
        let both = || {
            read(&[("X-NuGet-ApiKey", guid.clone()), ("Authorization", basic_of(&format!("ada:{}", a_secret(1))))])
                .unwrap()
        };
        assert!(matches!(both().into_key(&[Shape::Guid]), Err(Ambiguous)));
        assert!(both().into_key(&[Shape::Text]).unwrap().unwrap().secret.is_some());
        let twice = read(&[
            ("X-NuGet-ApiKey", guid.clone()),
            ("Authorization", basic_of(&format!("ada:{}", guid.to_lowercase()))),
        ]);
        assert!(twice.unwrap().into_key(&Shape::ALL).unwrap().unwrap().legacy.is_some());
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
    fn a_stored_password_counts_for_nothing_beside_a_key() {
        let key = a_secret(1);
        let beside =
            |authorization: String| presented(&[("X-NuGet-ApiKey", key.clone()), ("Authorization", authorization)]);
        let guid = "5F1D2C3B-0000-4000-8000-00805F9B34FB";
        for password in ["u:pw".to_owned(), format!("ada:{guid}")] {
            assert_eq!(beside(basic_of(&password)), Ok(Some((CredentialScheme::ApiKey, true))), "{password}");
        }
        for other in [basic_of("u:lk_half"), basic_of(&format!("{key}:")), "Bearer x".to_owned()] {
            assert_eq!(beside(other.clone()), Err(Ambiguous), "{other}");
        }
        let both = [("X-NuGet-ApiKey", key.clone()), ("Authorization", basic_of(&format!("ada:{guid}")))];
        assert!(matches!(read(&both).unwrap().into_key(&[Shape::Guid]), Err(Ambiguous)), "such keys are in use");
    }

    #[test]
    fn two_different_credentials_are_ambiguous_and_two_equal_ones_are_not() {
        let (one, other) = (a_secret(1), a_secret(2));
        let both = |basic: &str| {
            presented(&[("X-NuGet-ApiKey", one.clone()), ("Authorization", basic_of(&format!("api:{basic}")))])
        };
        assert_eq!(both(&one), Ok(Some((CredentialScheme::ApiKey, true))));
        assert_eq!(both(&other), Err(Ambiguous));
        assert_eq!(presented(&[("X-NuGet-ApiKey", one.clone()), ("X-NuGet-ApiKey", one.clone())]), Err(Ambiguous));
    }
}
