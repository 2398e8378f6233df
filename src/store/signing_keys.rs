//! The keys that sign what container registries are told.

use super::{Result, Store, Transaction, instant};
use crate::packages::container::signing_key::SealedKey;

impl Store {
    /// Every key, the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<SealedKey>> {
        let rows: Vec<(i64, Vec<u8>, String, i64, i64)> = sqlx::query_as(
            "SELECT generation, sealed, certificate, created_at, signs_from FROM signing_keys ORDER BY generation",
        )
        .fetch_all(&self.pool)
        .await?;
        let read = |(generation, sealed, certificate, created_at, signs_from)| SealedKey {
            generation,
            sealed,
            certificate,
            created_at: instant(created_at),
            signs_from: instant(signs_from),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

impl Transaction {
    /// Adds a key; `false` if another node has added one of its generation meanwhile.
    pub async fn add_signing_key(&mut self, key: &SealedKey) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO signing_keys (generation, sealed, certificate, created_at, signs_from) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (generation) DO NOTHING",
        )
        .bind(key.generation)
        .bind(key.sealed.as_slice())
        .bind(key.certificate.as_str())
        .bind(key.created_at.timestamp())
        .bind(key.signs_from.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps the private half of a key encrypted with another secret.
    pub async fn reseal_signing_key(&mut self, generation: i64, sealed: &[u8]) -> Result<()> {
        sqlx::query("UPDATE signing_keys SET sealed = $2 WHERE generation = $1")
            .bind(generation)
            .bind(sealed)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Removes the keys before a generation.
    pub async fn remove_signing_keys_before(&mut self, generation: i64) -> Result<u64> {
        let done = sqlx::query("DELETE FROM signing_keys WHERE generation < $1")
            .bind(generation)
            .execute(&mut *self.inner)
            .await?;
        Ok(done.rows_affected())
    }
}
