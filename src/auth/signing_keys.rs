//! The keys that sign what container registries are told (ES256): made at the first start that serves containers, kept
//! encrypted with the master secret, changed by `latchkey keys rotate`. Every node reads them from the database.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, anyhow, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, Duration, Utc};
use data_encoding::BASE32;
use rand::Rng;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, date_time_ymd,
};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
    },
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    config::MasterSecret,
    packages::container::signing_key::SealedKey,
    store::{Store, Transaction},
};

/// How old what a node knows of the keys may be. Shorter than [`SHORTEST_OVERLAP`], so that no node misses a change.
const KNOWN_FOR: Duration = Duration::minutes(1);
/// How often a signature of an unknown key makes a node look for new ones.
const LOOKED_FOR: Duration = Duration::seconds(1);
/// What was signed with the key before is good for this long after another took over. Longer than any of it lives.
const GOOD_AFTER: Duration = Duration::minutes(10);
/// A new key is known everywhere for at least this long before it signs.
pub const SHORTEST_OVERLAP: Duration = Duration::minutes(10);
/// Years a certificate is valid. What ends a key is a rotation; registries stop at an expired certificate.
const VALID_YEARS: i32 = 20;

/// One key, ready for use.
#[derive(Debug)]
pub struct SigningKey {
    /// Counts the keys of this host.
    pub generation: i64,
    /// The name by which registries look for it: libtrust's, which distribution computes from the certificate.
    pub id: String,
    /// PEM.
    pub certificate: String,
    /// From when on it signs.
    pub signs_from: DateTime<Utc>,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    /// A signature over a text, as JSON Web Signatures have it: two numbers of 32 bytes.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn sign(&self, text: &str) -> anyhow::Result<Vec<u8>> {
        loop {
            let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes());
            let signature = signature.map_err(|_| anyhow!("nothing can be signed"))?.as_ref().to_vec();
            // Every other signature is.
            if is_low(&signature) {
                return Ok(signature);
            }
        }
    }

    /// Whether it signed this text.
    pub fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref());
        is_low(signature) && key.verify(text.as_bytes(), signature).is_ok()
    }

    /// The two coordinates of the public key, as JSON Web Keys have them.
    pub fn coordinates(&self) -> (String, String) {
        let point = &self.pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
    }
}

/// Half the order of P-256. Of each signature there is a twin with the second number on its other side, which anybody can
/// make; with one side alone, a text has the signatures that its key made.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d,
    0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

fn is_low(signature: &[u8]) -> bool {
    signature.get(32..).is_some_and(|second| *second <= HALF_ORDER[..])
}

/// What this node knows of the keys.
#[derive(Debug)]
pub struct SigningKeys {
    sealing: Zeroizing<[u8; 64]>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Arc<[SigningKey]>,
    read_at: Option<DateTime<Utc>>,
}

impl SigningKeys {
    /// Knows nothing yet.
    pub fn new(master: &MasterSecret) -> Self {
        Self { sealing: sealing_key(master), known: Mutex::default() }
    }

    /// Makes the first key of the host unless there is one.
    ///
    /// # Errors
    /// The database, or no randomness.
    pub async fn make_first(&self, store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
        if store.signing_keys().await?.is_empty() {
            let mut tx = store.begin().await?;
            tx.add_signing_key(&self.generate(1, now, now)?).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes the next key, which signs after `overlap`, and forgets those that nothing is signed with any more. When it
    /// signs.
    ///
    /// # Errors
    /// The database, no randomness, or another rotation that has not come to its end.
    pub async fn rotate(&self, store: &Store, now: DateTime<Utc>, overlap: Duration) -> anyhow::Result<DateTime<Utc>> {
        let keys = store.signing_keys().await?;
        if let Some(next) = keys.iter().find(|key| key.signs_from > now) {
            bail!("the next key is there already, and signs from {} on", next.signs_from.format("%Y-%m-%d %H:%M UTC"));
        }
        let newest = keys.last().context("this host has no key yet: set LATCHKEY_REGISTRY_SERVICES and start it")?;
        let next = self.generate(newest.generation + 1, now, now + overlap)?;
        let mut tx = store.begin().await?;
        if !tx.add_signing_key(&next).await? {
            bail!("another rotation is under way");
        }
        if newest.signs_from + GOOD_AFTER < now {
            tx.remove_signing_keys_before(newest.generation).await?;
        }
        tx.commit().await?;
        Ok(next.signs_from)
    }

    /// Every key that signs, will sign, or signed what may still be good; the oldest first.
    ///
    /// # Errors
    /// The database, or a key that the master secret does not open.
    pub async fn current(&self, store: &Store, now: DateTime<Utc>) -> anyhow::Result<Arc<[SigningKey]>> {
        self.known_since(store, now, now - KNOWN_FOR).await
    }

    /// The key that signs now.
    ///
    /// # Errors
    /// As of [`Self::current`].
    pub async fn signing(&self, store: &Store, now: DateTime<Utc>) -> anyhow::Result<(Arc<[SigningKey]>, usize)> {
        let keys = self.current(store, now).await?;
        let position = keys.iter().rposition(|key| key.signs_from <= now).context("no key signs yet")?;
        Ok((keys, position))
    }

    /// Whether the key of this id signed the text. One that is not known is looked for.
    ///
    /// # Errors
    /// As of [`Self::current`].
    pub async fn verify(
        &self,
        store: &Store,
        now: DateTime<Utc>,
        (id, text, signature): (&str, &str, &[u8]),
    ) -> anyhow::Result<bool> {
        let mut keys = self.current(store, now).await?;
        if keys.iter().all(|key| key.id != id) {
            keys = self.known_since(store, now, now - LOOKED_FOR).await?;
        }
        Ok(keys.iter().any(|key| key.id == id && key.has_signed(text, signature)))
    }

    async fn known_since(
        &self,
        store: &Store,
        now: DateTime<Utc>,
        since: DateTime<Utc>,
    ) -> anyhow::Result<Arc<[SigningKey]>> {
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.read_at.is_some_and(|at| at > since && at <= now) {
                return Ok(Arc::clone(&known.keys));
            }
        }
        let stored = store.signing_keys().await?;
        let is_good =
            |(n, _): &(usize, &SealedKey)| stored.get(n + 1).is_none_or(|next| next.signs_from + GOOD_AFTER > now);
        let keys = stored.iter().enumerate().filter(is_good).map(|(_, key)| self.open(key));
        let keys: Arc<[SigningKey]> = keys.collect::<anyhow::Result<Vec<_>>>()?.into();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) =
            Known { keys: Arc::clone(&keys), read_at: Some(now) };
        Ok(keys)
    }

    fn generate(&self, generation: i64, now: DateTime<Utc>, signs_from: DateTime<Utc>) -> anyhow::Result<SealedKey> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = certificate(&pair, now)?;
        let sealed = seal(&self.sealing, generation, pair.serialized_der())?;
        Ok(SealedKey { generation, sealed, certificate, created_at: now, signs_from })
    }

    fn open(&self, key: &SealedKey) -> anyhow::Result<SigningKey> {
        let der = unseal(&self.sealing, key.generation, &key.sealed)?;
        let unreadable = |_| anyhow!("the signing key {} cannot be read", key.generation);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new());
        let public = KeyPair::try_from(der.as_slice())?.subject_public_key_info();
        Ok(SigningKey {
            generation: key.generation,
            id: key_id(&public),
            certificate: key.certificate.clone(),
            signs_from: key.signs_from,
            pair: pair.map_err(unreadable)?,
        })
    }
}

/// Encrypts every key anew, for another master secret.
///
/// # Errors
/// The database, or a key that `old` does not open.
pub async fn reseal(
    tx: &mut Transaction,
    keys: &[SealedKey],
    old: &MasterSecret,
    new: &MasterSecret,
) -> anyhow::Result<()> {
    let (old, new) = (sealing_key(old), sealing_key(new));
    for key in keys {
        let der = unseal(&old, key.generation, &key.sealed)?;
        tx.reseal_signing_key(key.generation, &seal(&new, key.generation, &der)?).await?;
    }
    Ok(())
}

fn sealing_key(master: &MasterSecret) -> Zeroizing<[u8; 64]> {
    master.derive("signing keys")
}

fn cipher(sealing: &[u8; 64]) -> anyhow::Result<LessSafeKey> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, &sealing[..CHACHA20_POLY1305.key_len()]);
    Ok(LessSafeKey::new(key.map_err(|_| anyhow!("no cipher"))?))
}

/// A random nonce, then the ciphertext; no key can be passed off as another's.
fn seal(sealing: &[u8; 64], generation: i64, der: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    crate::random::system().fill_bytes(&mut nonce);
    let mut text = der.to_vec();
    let aad = Aad::from(generation.to_be_bytes());
    let sealed = cipher(sealing)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text);
    sealed.map_err(|_| anyhow!("the signing key cannot be encrypted"))?;
    Ok([&nonce[..], &text].concat())
}

fn unseal(sealing: &[u8; 64], generation: i64, sealed: &[u8]) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let unreadable = || anyhow!("the master secret does not open the signing key {generation}");
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(unreadable)?;
    let mut text = Zeroizing::new(text.to_vec());
    let aad = Aad::from(generation.to_be_bytes());
    let opened = cipher(sealing)?.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text);
    let length = opened.map_err(|_| unreadable())?.len();
    text.truncate(length);
    Ok(text)
}

fn certificate(pair: &KeyPair, now: DateTime<Utc>) -> anyhow::Result<String> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Latchkey, access to containers");
    let day = |years: i32| date_time_ymd(now.year() + years, u8::try_from(now.month()).unwrap_or(1), 1);
    params.not_before = day(-1);
    params.not_after = day(VALID_YEARS);
    Ok(params.self_signed(pair)?.pem())
}

/// libtrust's key id: the first 240 bits of the SHA-256 of the public key, in twelve groups of four.
fn key_id(public: &[u8]) -> String {
    let text = BASE32.encode(&Sha256::digest(public)[..30]);
    let groups: Vec<&str> = (0..text.len()).step_by(4).map(|at| &text[at..at + 4]).collect();
    groups.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> SigningKeys {
        SigningKeys::new(&MasterSecret::new(&"0123456789abcdef".repeat(4)).unwrap())
    }

    fn now() -> DateTime<Utc> {
        "2027-03-01T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_key_is_encrypted_and_opens_for_its_own_host_and_generation_alone() {
        let made = keys().generate(1, now(), now()).unwrap();
        let opened = keys().open(&made).unwrap();
        let signature = opened.sign("a text").unwrap();
        assert_eq!(signature.len(), 64);
        assert!(opened.has_signed("a text", &signature));
        assert!(!opened.has_signed("another", &signature));
        assert!(keys().open(&SealedKey { generation: 2, ..made.clone() }).is_err());
        let other = SigningKeys::new(&MasterSecret::new(&"fedcba9876543210".repeat(4)).unwrap());
        assert!(other.open(&made).is_err());
        assert!(keys().open(&SealedKey { sealed: made.sealed[..20].to_vec(), ..made }).is_err());
    }

    #[test]
    fn the_id_is_libtrusts() {
        let id = key_id(b"any public key");
        assert_eq!((id.len(), id.split(':').count()), (59, 12));
        assert_eq!(id, key_id(b"any public key"));
    }
}
