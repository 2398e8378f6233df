//! Whether a credential that has the shape of an older system's key is worth a look into the database: only while keys
//! of that shape are here. Otherwise guesses at such keys cost next to nothing.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, web::Data};

use super::Credentials;
use crate::{
    store::{Result, Store},
    tokens::{
        draft::{BadText, Draft, FieldError},
        legacy::{Shape, possible_keys},
    },
};

/// So long an answer of the database counts, on each node for itself; an import works everywhere within it. That a
/// shape is here no more may be known late: then a look-up finds nothing.
const FRESH: Duration = Duration::from_millis(900);

/// Which shapes are here, as last read.
#[derive(Debug, Default)]
pub struct LegacyKeys(Mutex<LastRead>);

/// What the database said, and when it was asked; none for what it said at the start, which is not fresh then.
#[derive(Debug, Default)]
struct LastRead {
    asked: Option<Instant>,
    shapes: Vec<Shape>,
}

impl LegacyKeys {
    /// As they are at the start of the program.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_at_start(store: &Store) -> Result<Self> {
        Ok(Self(Mutex::new(LastRead { asked: None, shapes: store.legacy_shapes().await? })))
    }

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
    /// the database; see `tokens::secret::is_in`.
    pub async fn is_in(&self, store: &Store, text: &str) -> Result<bool> {
        let shapes = self.shapes(store).await?;
        Ok(store.first_secret(&possible_keys(text, &shapes)).await?.is_some())
    }

    /// The fields of a draft into which somebody pasted a legacy key of this host.
    pub async fn in_draft(&self, store: &Store, draft: &Draft) -> Result<Vec<FieldError>> {
        let mut errors = Vec::new();
        for (field, text) in draft.texts() {
            if self.is_in(store, text).await? {
                errors.push(FieldError { field, error: BadText::Key.into() });
            }
        }
        Ok(errors)
    }

    async fn are_here(&self, store: &Store, shape: Shape) -> Result<bool> {
        Ok(self.shapes(store).await?.contains(&shape))
    }

    /// The shapes of the legacy keys that are here.
    pub async fn shapes(&self, store: &Store) -> Result<Vec<Shape>> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        // Taken before the database is asked: what it says then is at least so old.
        let asked = Instant::now();
        let shapes = store.legacy_shapes().await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.asked.is_none_or(|earlier| earlier <= asked) {
            *kept = LastRead { asked: Some(asked), shapes: shapes.clone() };
        }
        Ok(shapes)
    }

    /// The shapes that were here when the database was last asked, however long ago that is: for what is decided at every
    /// request. Whoever brings a key has it asked.
    pub fn last_known(&self) -> Vec<Shape> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shapes.clone()
    }

    /// The same, of the server that a request was sent to.
    pub fn last_known_at(req: &HttpRequest) -> Vec<Shape> {
        req.app_data::<Data<Self>>().map(|keys| keys.last_known()).unwrap_or_default()
    }

    fn known(&self) -> Option<Vec<Shape>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.asked.filter(|asked| asked.elapsed() < FRESH).map(|_| kept.shapes.clone())
    }
}
