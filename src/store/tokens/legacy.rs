//! Keys imported from an older system: how they come in, and how idle ones retire.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use super::COLUMNS;
use crate::{
    audit::{Actor, EventDetail, EventKind, Subject, TokenDetail},
    store::{
        Result, Store, Transaction, instant, readable,
        sql::{Direction, List},
    },
    tokens::{
        AccountId, ImportOutcome, SecretHash, Token, TokenId,
        legacy::{IDLE, ImportedKey, OLDER_SYSTEM, Shape, never_pushed, pushed},
    },
};

/// Hashes that are looked up by one statement.
const AT_ONCE: usize = 16;

row! {
    struct RetiredRow {
        id: String,
        account: String,
        hint: Option<String>,
        retires_at: i64,
    }
}

impl Store {
    /// The shapes of the legacy keys that are here: two looks into an index.
    pub async fn legacy_shapes(&self) -> Result<Vec<Shape>> {
        let mut here = Vec::new();
        for shape in Shape::ALL {
            let found: Option<i64> =
                sqlx::query_scalar("SELECT 1 FROM legacy_keys WHERE shape = $1 AND token IS NOT NULL LIMIT 1")
                    .bind(shape.as_str())
                    .fetch_optional(&self.pool)
                    .await?;
            here.extend(found.map(|_| shape));
        }
        Ok(here)
    }

    /// Whether a key to be imported is that of another account's token, or of one that was not imported.
    pub async fn is_key_of_another(&self, key: &ImportedKey) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM token_secrets s JOIN tokens t ON t.id = s.token
             WHERE s.hash = $1 AND (t.account <> $2 OR NOT EXISTS (SELECT 1 FROM legacy_keys k WHERE k.hash = $1)) LIMIT 1",
        )
        .bind(key.hash.as_bytes())
        .bind(key.account.to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }

    /// The place of the first of these hashes that is the secret of a token, live or not.
    pub async fn first_secret(&self, hashes: &[SecretHash]) -> Result<Option<usize>> {
        for (chunk, hashes) in hashes.chunks(AT_ONCE).enumerate() {
            let mut asked = sqlx::query_scalar(
                "SELECT hash FROM token_secrets WHERE hash IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            );
            // Places that are left over repeat the last hash.
            for place in 0..AT_ONCE {
                asked = asked.bind(hashes.get(place).or(hashes.last()).map(SecretHash::as_bytes).unwrap_or_default());
            }
            let found: Vec<Vec<u8>> = asked.fetch_all(&self.pool).await?;
            let first = hashes.iter().position(|hash| found.iter().any(|found| found == hash.as_bytes()));
            if let Some(first) = first {
                return Ok(Some(chunk * AT_ONCE + first));
            }
        }
        Ok(None)
    }
}

/// Tokens that never pushed and retire less than `$2` seconds after their creation.
static TOO_SOON: LazyLock<String> = LazyLock::new(|| {
    List::of(COLUMNS.as_str(), "tokens t")
        .filter("t.retires_at > $1 AND t.retired_at IS NULL AND t.revoked_at IS NULL AND t.last_pushed_at IS NULL")
        .filter("t.created_at + $2 > t.retires_at")
        .order("t.retires_at", Direction::Ascending)
        .limit("$3")
        .sql()
});

impl Transaction {
    /// Enters an imported key with its token, which [`ImportedKey::to_token`] made.
    pub async fn import_key(
        &mut self,
        key: &ImportedKey,
        token: &Token,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<ImportOutcome> {
        self.add_token(token).await?;
        if !self.remember_key(key, token.id, now).await? {
            self.remove_token(token.id).await?;
            return self.imported_before(key).await;
        }
        if !self.add_legacy_secret(key, token.id).await? {
            return Ok(ImportOutcome::OfAnother);
        }
        sqlx::query(
            "UPDATE tokens SET retires_at = $2, last_pushed_at = $3, last_used_at = $3, last_used_by = $4 WHERE id = $1",
        )
        .bind(token.id.to_string())
        .bind(token.retires_at.map(|at| at.timestamp()))
        .bind(key.last_push.map(|at| at.timestamp()))
        .bind(key.last_push.map(|_| OLDER_SYSTEM))
        .execute(&mut *self.inner)
        .await?;
        self.note(EventKind::TokenImported, token, by, TokenDetail::default(), now).await?;
        Ok(ImportOutcome::Now)
    }

    async fn remember_key(&mut self, key: &ImportedKey, token: TokenId, now: DateTime<Utc>) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO legacy_keys (hash, shape, token, imported_at) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(key.hash.as_bytes())
        .bind(key.shape.as_str())
        .bind(token.to_string())
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn add_legacy_secret(&mut self, key: &ImportedKey, token: TokenId) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO token_secrets (hash, token, issued_at) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(key.hash.as_bytes())
        .bind(token.to_string())
        .bind(key.created_at.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn imported_before(&mut self, key: &ImportedKey) -> Result<ImportOutcome> {
        let other: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM legacy_keys k JOIN tokens t ON t.id = k.token WHERE k.hash = $1 AND t.account <> $2 LIMIT 1",
        )
        .bind(key.hash.as_bytes())
        .bind(key.account.to_string())
        .fetch_optional(&mut *self.inner)
        .await?;
        Ok(if other.is_some() { ImportOutcome::OfAnother } else { ImportOutcome::Before })
    }

    /// Puts off the retirement of the legacy token that has just published, if it has one ahead, together with what
    /// is owed about it: what no mail carries yet moves, so that a busy key leaves one row and not one a push.
    pub(in crate::store) async fn put_off_retirement(&mut self, before: &Token, now: DateTime<Utc>) -> Result<()> {
        self.move_retirement(before, pushed(before.clone(), now), now).await
    }

    /// Gives imported keys that never pushed the year that a version before December 2026 did not give them, at most
    /// `limit`. Tells how many.
    pub async fn give_unused_keys_their_year(&mut self, now: DateTime<Utc>, limit: i64) -> Result<usize> {
        let too_soon: Vec<Token> = sqlx::query_as(TOO_SOON.as_str())
            .bind(now.timestamp())
            .bind(IDLE.num_seconds())
            .bind(limit)
            .fetch_all(&mut *self.inner)
            .await?;
        for token in &too_soon {
            self.move_retirement(token, never_pushed(token.clone()), now).await?;
        }
        Ok(too_soon.len())
    }

    async fn move_retirement(&mut self, before: &Token, token: Token, now: DateTime<Utc>) -> Result<()> {
        let (Some(retires_at), true) = (token.retires_at, token.retires_at != before.retires_at) else {
            return Ok(());
        };
        sqlx::query("UPDATE tokens SET retires_at = $2 WHERE id = $1")
            .bind(token.id.to_string())
            .bind(retires_at.timestamp())
            .execute(&mut *self.inner)
            .await?;
        if let Some(ends) = before.end().zip(token.end()) {
            self.move_end_notices(&token, ends, now).await?;
        }
        self.sync_expiry_notices(&token, now).await
    }

    /// Notes that idle legacy tokens are retired, at most `limit`: the date alone has ended them. On several nodes each
    /// is noted once, because the outer WHERE repeats the inner one. Tells how many.
    pub async fn retire_idle(&mut self, by: &Actor, now: DateTime<Utc>, limit: i64) -> Result<usize> {
        let rows: Vec<RetiredRow> = sqlx::query_as(
            "UPDATE tokens SET retired_at = retires_at
             WHERE id IN (SELECT id FROM tokens WHERE retires_at <= $1 AND retired_at IS NULL AND revoked_at IS NULL
                          ORDER BY retires_at LIMIT $2)
               AND retires_at <= $1 AND retired_at IS NULL AND revoked_at IS NULL
             RETURNING id, account, hint, retires_at",
        )
        .bind(now.timestamp())
        .bind(limit)
        .fetch_all(&mut *self.inner)
        .await?;
        for row in &rows {
            let token = readable(TokenId::parse(&row.id), "tokens.id")?;
            let account = readable(AccountId::parse(&row.account), "tokens.account")?;
            let detail = EventDetail::TokenEnd { at: instant(row.retires_at) };
            let subject = Subject { token: Some((token, row.hint.as_deref())), ..Subject::account(account) };
            self.record(EventKind::TokenRetired, by, subject, detail, now).await?;
        }
        Ok(rows.len())
    }
}
