//! What may come of issuing, changing or importing a token.

use crate::tokens::{Secret, TokenId};

/// By what a request to issue a secret is known when it comes again.
#[derive(Clone, Copy, Debug)]
pub struct OneTime<'a> {
    /// Of a form or a request: it issues one secret at most.
    pub id: &'a str,
    /// What was asked for, hashed; empty where the id is never used for anything else.
    pub request: &'a str,
}

impl<'a> From<&'a String> for OneTime<'a> {
    fn from(id: &'a String) -> Self {
        Self { id, request: "" }
    }
}

/// What came of issuing a secret.
#[derive(Debug)]
pub enum Issued {
    /// This secret, to be shown once.
    Secret(Secret),
    /// The form was sent before; this is the token it made or refreshed.
    AlreadyDone(TokenId),
    /// The token was changed meanwhile.
    Stale,
}

/// What came of changing a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// It holds from now on.
    Done,
    /// It was so before: nothing was written or recorded.
    Unchanged,
    /// The token was changed meanwhile.
    Stale,
}

/// What came of importing one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It works from now on.
    Now,
    /// It was imported before, and stays as it is: also deleted, if it was deleted since.
    Before,
    /// It is the key of a token that was not imported, or of another account.
    OfAnother,
}
