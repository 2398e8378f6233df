//! What can go wrong between us and the database, told apart by what the people concerned can do about it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::error::DatabaseError;
use thiserror::Error;

/// What can go wrong between us and the database. Nothing was changed then.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Down or broken: try again later.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// No connection for five seconds. Why is for [`super::connect`]'s watch to say, as a pool does not know it.
    #[error("no connection to the database within 5 seconds; the log says which are in use, or why none can be made")]
    NoConnection,
    /// Somebody else's change holds what this one needs: try again later.
    #[error("the database is busy with another change: {0}")]
    Busy(#[source] sqlx::Error),
    /// No room on the disk, or it cannot be written for another reason: an operator has to act.
    #[error("the database cannot be written, its disk is full or broken: {0}")]
    Full(#[source] sqlx::Error),
    /// A pooler such as pgbouncer, set up so that statements get lost.
    #[error(
        "the pooler in front of PostgreSQL does not keep prepared statements: give pgbouncer 1.21 or newer and \
         max_prepared_statements = 200 there, or pool_mode = session, or lead LATCHKEY_DATABASE_URL past it"
    )]
    Pooler,
    /// A search that did not end in time.
    #[error("a search took longer than 2 seconds")]
    TooSlow,
    /// Whoever asks has been signed out, disabled or given another password since the request began.
    #[error("the session has ended")]
    SessionEnded,
    /// Whoever asks has stopped being an operator since the request began.
    #[error("not an operator any more")]
    NoOperator,
    /// The token of whoever asks was changed or ended since the request was judged.
    #[error("the token that asks was changed meanwhile")]
    KeyChanged,
    /// A row that this version did not write.
    #[error("the database holds something unreadable: {0}")]
    Unreadable(String),
    /// What went wrong with a query that answered several requests at once.
    #[error(transparent)]
    Shared(Arc<Self>),
}

impl StoreError {
    /// What went wrong, however many it was told.
    pub fn root(&self) -> &Self {
        match self {
            Self::Shared(error) => error.root(),
            error => error,
        }
    }

    /// One sentence for whoever asked, without anything of the inside.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Full(_) => {
                "The disk of this host is full or broken, so nothing can be changed. Its operator has to make room."
            }
            Self::Busy(_) => "The database is busy with another change.",
            Self::Shared(error) => error.sentence(),
            Self::TooSlow => "This search takes too long. Try more or longer words.",
            Self::SessionEnded => "You are signed out by now.",
            Self::NoOperator => "You are not an operator any more.",
            Self::KeyChanged => "The access token that asks was changed meanwhile, so nothing was done.",
            Self::Unavailable(_) | Self::NoConnection | Self::Pooler | Self::Unreadable(_) => {
                "The database does not answer."
            }
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(cause) {
            _ if matches!(error, sqlx::Error::PoolTimedOut) => Self::NoConnection,
            Some(Cause::Full) => Self::Full(error),
            Some(Cause::Busy) => Self::Busy(error),
            None => Self::Unavailable(error),
        }
    }
}

enum Cause {
    Full,
    Busy,
}

/// From the result code of SQLite (<https://sqlite.org/rescode.html>, the low byte of an extended one) or the SQLSTATE of
/// PostgreSQL, which has five characters.
fn cause(error: &dyn DatabaseError) -> Option<Cause> {
    let code = error.code()?;
    match (&*code, code.parse::<i64>().map(|code| code & 0xff)) {
        ("53100", _) => Some(Cause::Full),
        // lock_not_available; a deadlock; idle_in_transaction_session_timeout
        ("55P03" | "40P01" | "25P03", _) => Some(Cause::Busy),
        // SQLITE_READONLY, _IOERR, _FULL, _CANTOPEN
        (code, Ok(8 | 10 | 13 | 14)) if code.len() < 5 => Some(Cause::Full),
        (code, Ok(5 | 6)) if code.len() < 5 => Some(Cause::Busy),
        _ => None,
    }
}

/// Whether the last changes failed in a way that points at the disk; shared by all clones of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteHealth(Arc<AtomicBool>);

impl WriteHealth {
    /// A change could not be written.
    pub(super) fn note_failure(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// A change failed for this reason.
    pub(super) fn note_refused(&self, error: &StoreError) {
        if matches!(error, StoreError::Full(_)) {
            self.note_failure();
        }
    }

    /// A change holds.
    pub(super) fn note_success(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether the last of them failed.
    pub(super) fn fails(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
