//! Whether a credential that has the shape of an older system's key is worth a look into the database: only while keys
//! of that shape are here. Otherwise guesses at such keys cost next to nothing.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
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

/// Which shapes are here, as last read. They are written while the lock is held, and read without it: every request asks.
#[derive(Debug, Default)]
pub struct LegacyKeys {
    /// A bit for each shape.
    here: AtomicUsize,
    /// When the database was asked for them; none at the start, when what it said is not fresh.
    asked: Mutex<Option<Instant>>,
}

impl LegacyKeys {
    /// As they are at the start of the program.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_at_start(store: &Store) -> Result<Self> {
        let here = AtomicUsize::new(bits(&store.legacy_shapes().await?));
        Ok(Self { here, asked: Mutex::default() })
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
                errors.push(FieldError { field: Some(field), error: BadText::Key.into() });
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
        self.keep(&shapes, asked);
        Ok(shapes)
    }

    /// Keeps an answer, unless a later one is here.
    fn keep(&self, shapes: &[Shape], asked: Instant) {
        let mut last = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|earlier| earlier <= asked) {
            *last = Some(asked);
            self.here.store(bits(shapes), Ordering::Relaxed);
        }
    }

    /// The shapes that were here when the database was last asked, however long ago that is: for what is decided at every
    /// request. Whoever brings a key has it asked.
    pub fn last_known(&self) -> Vec<Shape> {
        let here = self.here.load(Ordering::Relaxed);
        Shape::ALL.into_iter().filter(|shape| here & bit(*shape) != 0).collect()
    }

    /// The same, of the server that a request was sent to.
    pub fn last_known_at(req: &HttpRequest) -> Vec<Shape> {
        req.app_data::<Data<Self>>().map(|keys| keys.last_known()).unwrap_or_default()
    }

    fn known(&self) -> Option<Vec<Shape>> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.filter(|asked| asked.elapsed() < FRESH).map(|_| self.last_known())
    }
}

fn bit(shape: Shape) -> usize {
    1 << shape as usize
}

fn bits(shapes: &[Shape]) -> usize {
    shapes.iter().fold(0, |here, shape| here | bit(*shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_answer_is_kept() {
        let keys = LegacyKeys::default();
        assert_eq!((keys.last_known(), keys.known()), (vec![], None));
        let asked = Instant::now();
        keys.keep(&[Shape::Text], asked);
        assert_eq!(keys.last_known(), [Shape::Text]);
        keys.keep(&Shape::ALL, asked - Duration::from_millis(1));
        assert_eq!(keys.last_known(), [Shape::Text], "that answer was older");
        let ahead = asked + Duration::from_secs(3600);
        keys.keep(&Shape::ALL, ahead);
        assert_eq!((keys.last_known(), keys.known()), (Shape::ALL.to_vec(), Some(Shape::ALL.to_vec())));
        keys.keep(&[], ahead + Duration::from_millis(1));
        assert_eq!((keys.last_known(), keys.known()), (vec![], Some(vec![])));
    }

    #[test]
    fn an_old_answer_is_asked_for_again() {
        let keys = LegacyKeys::default();
        keys.keep(&[Shape::Guid], Instant::now() - FRESH);
        assert_eq!((keys.known(), keys.last_known()), (None, vec![Shape::Guid]));
    }
}
