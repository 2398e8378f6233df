//! Facts about the installation as a whole.

use super::{Change, Result, Store};

impl Change {
    /// Keeps a fact unless one is kept already, and tells which one is kept now.
    pub async fn keep_fact(&mut self, name: &str, value: &str) -> Result<String> {
        sqlx::query("INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(&mut *self.tx)
            .await?;
        Ok(sqlx::query_scalar("SELECT value FROM installation WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *self.tx)
            .await?)
    }
}

impl Store {
    /// A fact that is kept.
    pub async fn fact(&self, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT value FROM installation WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?)
    }
}
