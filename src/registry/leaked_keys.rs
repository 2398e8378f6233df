//! Keeps keys out of what is published: everybody who reads a package would have them.

use std::{borrow::Cow, collections::HashSet};

use actix_web::web;
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::percent_decode_str;

use super::error::{Dialect, DoorError};
use crate::{
    app::App,
    tokens::{
        SecretHash,
        legacy::{Shape, possible_keys},
        secret,
    },
};

/// Characters of base64 in which the shortest key has room (a GUID).
const SHORTEST_BASE64: usize = 48;
/// Reads base64 as people copy it, also without its end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What may be keys, each once, and where it stands first.
#[derive(Default)]
pub(super) struct Found {
    known: HashSet<SecretHash>,
    hashes: Vec<SecretHash>,
    places: Vec<String>,
}

impl Found {
    /// A secret of ours counts also where so much of it is there that the rest can be computed, as it may stand in an
    /// address (`lk%5F…`), or in base64, as clients keep it (`_auth` in `.npmrc`).
    pub(super) fn look_at(&mut self, place: &str, text: &str, shapes: &[Shape]) {
        if let Cow::Owned(decoded) = percent_decode_str(text).decode_utf8_lossy() {
            self.note_keys(place, &decoded, shapes);
        }
        self.note_keys(place, text, shapes);
        for decoded in decoded_words(text) {
            self.note_keys(place, &decoded, shapes);
        }
    }

    fn note_keys(&mut self, place: &str, text: &str, shapes: &[Shape]) {
        let ours = secret::hashes_in(text).into_iter();
        let new = ours.chain(possible_keys(text, shapes)).filter(|hash| self.known.insert(*hash));
        self.hashes.extend(new);
        self.places.resize(self.hashes.len(), place.to_owned());
    }
}

/// What stands in a text in base64.
fn decoded_words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '+' | '/'));
    let long = words.filter(|word| word.len() >= SHORTEST_BASE64);
    // One character of four says less than a byte.
    let whole = long.map(|word| if word.len() % 4 == 1 { &word[..word.len() - 1] } else { word });
    whole.filter_map(|word| Some(String::from_utf8_lossy(&LENIENT.decode(word).ok()?).into_owned()))
}

/// Refuses a package if one of these texts of it, each with the name of its place, holds a key of this host.
pub(super) async fn refuse_keys<D: Dialect>(app: &App, texts: Vec<(String, String)>) -> Result<(), DoorError<D>> {
    let shapes = app.legacy.shapes(&app.store).await?;
    let looking = web::block(move || {
        let mut found = Found::default();
        texts.iter().for_each(|(place, text)| found.look_at(place, text, &shapes));
        found
    });
    looking.await.map_err(|error| DoorError::unavailable(&error))?.refuse(app).await
}

impl Found {
    /// Refuses what was looked at if a key of this host is in it: the refusal says where.
    pub(super) async fn refuse<D: Dialect>(self, app: &App) -> Result<(), DoorError<D>> {
        let first = app.store.first_secret(&self.hashes).await?;
        first.and_then(|at| self.places.get(at)).map_or(Ok(()), |place| Err(holds_key(place)))
    }
}

fn holds_key<D: Dialect>(place: &str) -> DoorError<D> {
    let sentence = format!(
        "The {place} in this package holds an access token. Take it out, and refresh the token: whoever read it can use it."
    );
    DoorError::bad("The package holds an access token", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_plain_in_an_address_and_in_base64() {
        let key = format!("lk_{}", "a1B2c3D4e5".repeat(4));
        let whole = secret::hashes_in(&key);
        assert_eq!(whole.len(), 1);
        for text in [
            key.clone(),
            format!("https://example.com/?k=lk%5f{}", &key[3..]),
            format!("_auth={}", LENIENT.encode(format!("api:{key}"))),
            format!("_password=\"{}\"", LENIENT.encode(&key).trim_end_matches('=')),
            format!("{key} {key}"),
        ] {
            let mut found = Found::default();
            found.look_at("file .npmrc", &text, &[]);
            assert_eq!((found.hashes, found.places), (whole.clone(), vec!["file .npmrc".to_owned()]), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_not_looked_up() {
        let mut found = Found::default();
        found.look_at("file a.js", &format!("lk_short {} \u{e9}%zz", "QUJD".repeat(40)), &[]);
        assert_eq!((found.hashes, found.places), (Vec::new(), Vec::<String>::new()));
    }
}
