//! Rewriting rows of November 2026, whose kinds and details were sentences, as codes and facts: a few at a time, while
//! the host runs. Readers understand both until then.

use std::sync::LazyLock;

use super::EVENT_COLUMNS;
use crate::{
    audit::Event,
    store::{
        Result, Store, Transaction,
        sql::{Direction, List},
    },
    tokens::EventId,
};

/// Says in `installation` that there may be such rows.
const SENTENCES: &str = "events in sentences";

static OLD: LazyLock<String> = LazyLock::new(|| {
    let list = List::of(format!("{EVENT_COLUMNS}, CAST(NULL AS TEXT) AS actor"), "events e");
    list.filter("e.verb = $1 AND e.id > $2").order("e.id", Direction::Ascending).limit("$3").sql()
});

impl Store {
    /// Rewrites at most `limit` events that hold this sentence, after the given one; tells the last, none if there are
    /// no more.
    pub async fn rewrite_events(&self, sentence: &str, after: Option<EventId>, limit: i64) -> Result<Option<EventId>> {
        let rows: Vec<Event> = sqlx::query_as(OLD.as_str())
            .bind(sentence)
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
        let mut tx = self.begin_giving_way().await?;
        tx.expect_sentences().await?;
        for row in &rows {
            tx.rewrite(sentence, row).await?;
        }
        tx.commit().await?;
        Ok(Some(last))
    }

    /// Notes that every event is typed.
    pub async fn events_are_typed(&self) -> Result<()> {
        if self.may_hold_sentences().await? {
            let mut tx = self.begin().await?;
            sqlx::query("DELETE FROM installation WHERE name = $1").bind(SENTENCES).execute(&mut *tx.inner).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Whether there may be events whose kind is a sentence.
    pub(in crate::store) async fn may_hold_sentences(&self) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM installation WHERE name = $1 LIMIT 1")
            .bind(SENTENCES)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }
}

impl Transaction {
    /// A node of November that still runs may write such rows after all were rewritten.
    async fn expect_sentences(&mut self) -> Result<()> {
        let note = "INSERT INTO installation (name, value) VALUES ($1, 'yes') ON CONFLICT (name) DO NOTHING";
        sqlx::query(note).bind(SENTENCES).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Of several nodes that try at once, one does it.
    async fn rewrite(&mut self, sentence: &str, row: &Event) -> Result<()> {
        sqlx::query("UPDATE events SET verb = $3, detail = $4 WHERE id = $1 AND verb = $2")
            .bind(row.id.to_string())
            .bind(sentence)
            .bind(row.kind.code())
            .bind(row.detail.to_text())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
