//! Whether a credential that has the shape of an older system's key is worth a look into the database: only while keys
//! of that shape are here. Otherwise guesses at such keys cost next to nothing.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Credentials;
use crate::{
    store::{Result, Store},
    tokens::{
        SecretHash,
        legacy::{Shape, candidates},
        secret,
    },
};

/// So long an answer of the database counts, on each node for itself; an import works everywhere within it. That a
/// shape is here no more may be known late: then a look-up finds nothing.
const FRESH: Duration = Duration::from_millis(900);

/// Which shapes are here, as last read.
#[derive(Debug, Default)]
pub struct LegacyKeys(Mutex<Option<(Instant, Vec<Shape>)>>);

impl LegacyKeys {
    /// The shapes in use here among those that a request's credentials have.
    pub async fn in_use(&self, store: &Store, credentials: &Credentials) -> Result<Vec<Shape>> {
        let mut in_use = Vec::new();
        for shape in credentials.legacy_shapes() {
            if self.are_here(store, shape).await? {
                in_use.push(shape);
            }
        }
        Ok(in_use)
    }

    /// Whether a text that is about to be kept or shown holds a legacy key of this host. Secrets of ours are found without
    /// the database; see [`secret::is_in`].
    pub async fn is_in(&self, store: &Store, text: &str) -> Result<bool> {
        let hashes = self.hashes_in(store, text).await?;
        Ok(store.first_secret(&hashes).await?.is_some())
    }

    /// The name of the first of these texts that holds a key of this host, whole or so much of it that the rest can be
    /// computed.
    pub async fn first_with_key(&self, store: &Store, texts: &[(String, String)]) -> Result<Option<String>> {
        let (mut hashes, mut names) = (Vec::new(), Vec::new());
        for (name, text) in texts {
            hashes.extend(secret::hashes_in(text));
            hashes.extend(self.hashes_in(store, text).await?);
            names.resize(hashes.len(), name);
        }
        let found = store.first_secret(&hashes).await?;
        Ok(found.and_then(|at| names.get(at)).map(|name| (*name).clone()))
    }

    /// What the database knows each possible legacy key in a text by; none while there are no such keys.
    async fn hashes_in(&self, store: &Store, text: &str) -> Result<Vec<SecretHash>> {
        let mut hashes = Vec::new();
        for candidate in candidates(text) {
            if self.are_here(store, candidate.shape()).await? {
                hashes.push(candidate.hash());
            }
        }
        Ok(hashes)
    }

    async fn are_here(&self, store: &Store, shape: Shape) -> Result<bool> {
        if let Some(known) = self.known(shape) {
            return Ok(known);
        }
        // Taken before the database is asked: what it says then is at least so old.
        let asked = Instant::now();
        let shapes = store.legacy_shapes().await?;
        let here = shapes.contains(&shape);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(earlier, _)| *earlier <= asked) {
            *kept = Some((asked, shapes));
        }
        Ok(here)
    }

    fn known(&self, shape: Shape) -> Option<bool> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(asked, _)| asked.elapsed() < FRESH).map(|(_, shapes)| shapes.contains(&shape))
    }
}
