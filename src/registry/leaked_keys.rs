//! Keeps keys out of what is published: everybody who reads a package would have them.

use std::borrow::Cow;

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

/// What may be keys, and where each stands.
#[derive(Default)]
pub(super) struct Found {
    hashes: Vec<SecretHash>,
    places: Vec<String>,
}

impl Found {
    /// A secret of ours counts also where so much of it is there that the rest can be computed, or as it may stand in an
    /// address (`lk%5F…`).
    pub(super) fn look_at(&mut self, place: &str, text: &str, shapes: &[Shape]) {
        if let Cow::Owned(decoded) = percent_decode_str(text).decode_utf8_lossy() {
            self.note_keys(place, &decoded, shapes);
        }
        self.note_keys(place, text, shapes);
    }

    fn note_keys(&mut self, place: &str, text: &str, shapes: &[Shape]) {
        self.hashes.extend(secret::hashes_in(text));
        self.hashes.extend(possible_keys(text, shapes));
        self.places.resize(self.hashes.len(), place.to_owned());
    }
}

/// Refuses a package if one of these texts of it, each with the name of its place, holds a key of this host.
pub(super) async fn refuse_keys<D: Dialect>(app: &App, texts: Vec<(String, String)>) -> Result<(), DoorError<D>> {
    let shapes = app.legacy.shapes(&app.store).await?;
    let mut found = Found::default();
    texts.iter().for_each(|(place, text)| found.look_at(place, text, &shapes));
    found.refuse(app).await
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
        "The {place} in this package holds an access token. Take it out, and refresh the token: whoever has the file can use it."
    );
    DoorError::bad("The package holds an access token", sentence)
}
