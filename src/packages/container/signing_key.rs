//! A key that signs what registries are told, as it is kept.

use chrono::{DateTime, Utc};

/// A key as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// Counts the keys of this host from 1.
    pub generation: i64,
    /// The private half, encrypted with what follows from the master secret.
    pub sealed: Vec<u8>,
    /// The public half: a certificate in PEM, as registries want it.
    pub certificate: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it signs; before, registries can be told of it.
    pub signs_from: DateTime<Utc>,
}
