//! Marks of when each token was last used: kept in memory on the request path, written in batches by a job.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    store::TokenUse,
    tokens::{LastUse, TokenId},
};

/// Last uses that are not written yet. A crash loses at most those of the last ten seconds.
#[derive(Debug, Default)]
pub struct LastUses(Mutex<HashMap<TokenId, LastUse>>);

impl LastUses {
    /// Marks a use; only the latest of a token counts.
    pub fn mark(&self, token: TokenId, last: LastUse) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, last);
    }

    /// Takes all marks, to write them.
    pub fn take(&self) -> Vec<TokenUse> {
        let marks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        marks.into_iter().map(|(token, last)| TokenUse { token, last }).collect()
    }

    /// Puts marks back that could not be written, unless later ones came meanwhile.
    pub fn put_back(&self, uses: Vec<TokenUse>) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for TokenUse { token, last } in uses {
            marks.entry(token).or_insert(last);
        }
    }
}
