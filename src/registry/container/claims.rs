//! Proofs that are given and that come back; what they look like is in [`proof`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};

use crate::{
    app::App,
    auth::{Caller, PasswordReader},
    packages::container::proof::{self, Access, Claims, ISSUER},
    tokens::{AccountId, SecretHash, TokenLookup},
};

/// How long clients believe that a proof is good. They raise anything shorter to this.
pub(super) const TOLD_LIFE: Duration = Duration::seconds(60);
/// How long it is: none ends while its client still believes in it.
const LIFE: Duration = Duration::seconds(120);

/// Who asked: nobody in particular, a key, or somebody with a password.
#[derive(Default)]
pub(super) struct Asker {
    sub: String,
    key: Option<SecretHash>,
    reader: Option<PasswordReader>,
}

impl Asker {
    /// Whoever is known by a caller, as registries log it and tell it in their notifications: the username, and the token's
    /// id after a slash. There is no slash in a username.
    pub(super) fn of(caller: &Caller, known: &TokenLookup) -> Self {
        let (name, reader) = (&known.username, caller.password_reader());
        let sub = reader.map_or_else(|| format!("{name}/{}", known.token.id), |_| name.clone());
        Self { sub, key: caller.key_hash(), reader }
    }
}

/// The key that was presented for a proof.
pub(super) fn key_behind(claims: &Claims) -> Option<SecretHash> {
    let bytes = URL_SAFE_NO_PAD.decode(claims.key.as_ref()?).ok()?;
    bytes.try_into().ok().map(SecretHash::from_bytes)
}

/// Who gave a password for a proof.
pub(super) fn reader_behind(claims: &Claims) -> Option<PasswordReader> {
    let (account, epoch) = claims.reader.as_ref()?;
    Some(PasswordReader { account: AccountId::parse(account)?, epoch: *epoch })
}

/// A proof for a registry that whoever asks may do this.
///
/// # Errors
/// The database, or no key that signs.
pub(super) async fn sign(
    app: &App,
    service: &str,
    Asker { sub, key, reader }: Asker,
    access: Vec<Access>,
) -> anyhow::Result<String> {
    let now = app.clock.now();
    let (keys, position) = app.signing_keys.signing(&app.store, now).await?;
    let signing = &keys[position];
    let key = key.map(|hash| URL_SAFE_NO_PAD.encode(hash.as_bytes()));
    let reader = reader.map(|reader| (reader.account.to_string(), reader.epoch));
    let exp = (now + LIFE).timestamp();
    let claims = Claims { iss: ISSUER.to_owned(), sub, aud: service.to_owned(), exp, access, key, reader };
    let text = proof::unsigned(&signing.id, &claims)?;
    Ok(proof::signed(&text, &signing.sign(&text)?))
}

/// What a proof of ours says, if it is one and is good now.
///
/// # Errors
/// The database.
pub(super) async fn verify(app: &App, text: &str, now: DateTime<Utc>) -> anyhow::Result<Option<Claims>> {
    let Some(read) = proof::parse(text) else { return Ok(None) };
    let is_good = read.claims.exp > now.timestamp()
        && app.settings.registry_services.contains(&read.claims.aud)
        && app.signing_keys.verify(&app.store, now, (&read.key_id, read.text, &read.signature)).await?;
    Ok(is_good.then_some(read.claims))
}
