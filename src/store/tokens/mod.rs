//! Token rows: reading them for pages, and for the doors by the hash of a presented secret.

pub(in crate::store) mod banners;
pub(in crate::store) mod beyond_maximum;
pub(in crate::store) mod bulk;
pub(in crate::store) mod bulk_sql;
pub(in crate::store) mod calendar;
pub(in crate::store) mod client_logins;
pub(in crate::store) mod inventory;
pub(in crate::store) mod legacy;
pub(in crate::store) mod lifecycle;
pub(in crate::store) mod listing;
pub(in crate::store) mod listing_sql;
pub(in crate::store) mod lookup;
mod names;
pub(in crate::store) mod published;
mod settings;
pub(in crate::store) mod symbols_address;

use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use sqlx::{FromRow, Row, any::AnyRow};

use super::{Result, Store, Transaction, instant};
use crate::{
    store::sql::{Direction, List, damaged},
    tokens::{AccountId, LastUse, OneTime, SecretHash, Token, TokenId, TokenKind},
};

/// The columns a [`Token`] is read from; the table is called `t`.
pub(in crate::store) static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let settings = settings::selected();
    format!(
        "t.id, t.account, t.kind, {settings}, t.hint, t.created_at, t.issued_at, t.lifetime, t.deactivated_at, \
         t.reactivate_at, t.revoked_at, t.retires_at, t.last_used_at, t.last_used_by, t.last_used_from, t.made_by, t.version"
    )
});

/// `Token::end` in SQL, of the table that is called so. An index has it word for word.
pub(in crate::store) fn ends(table: &str) -> String {
    format!(
        "(CASE WHEN {table}.retires_at < {table}.expires_at OR {table}.expires_at IS NULL THEN {table}.retires_at \
         ELSE {table}.expires_at END)"
    )
}

/// The tokens of which this holds.
fn tokens_where(condition: &str) -> String {
    List::of(COLUMNS.as_str(), "tokens t").filter(condition).sql()
}

static TOKEN: LazyLock<String> = LazyLock::new(|| tokens_where("t.id = $1"));
static TOKEN_OF: LazyLock<String> = LazyLock::new(|| tokens_where("t.id = $1 AND t.account = $2"));
static PRIMARY: LazyLock<String> = LazyLock::new(|| tokens_where("t.account = $1 AND t.kind = 'primary'"));
static EVERY: LazyLock<String> = LazyLock::new(|| List::of(COLUMNS.as_str(), "tokens t").sql());
static ENDING: LazyLock<String> = LazyLock::new(|| {
    let ends = ends("t");
    let list = List::of(COLUMNS.as_str(), "tokens t").filter(format!("t.account = $1 AND {ends} > $2"));
    let list = list.filter("t.revoked_at IS NULL AND t.issued_at IS NOT NULL");
    list.order(&ends, Direction::Ascending).order("t.id", Direction::Ascending).limit("$3").sql()
});

static ADD: LazyLock<String> = LazyLock::new(|| {
    let (settings, values) = (settings::inserted(), settings::values(10));
    format!(
        "INSERT INTO tokens (id, account, kind, hint, created_at, issued_at, lifetime, made_by, version, {settings})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {values})"
    )
});
static UPDATE: LazyLock<String> = LazyLock::new(|| {
    let settings = settings::set(6);
    format!("UPDATE tokens SET hint = $3, issued_at = $4, version = $5, {settings} WHERE id = $1 AND version = $2")
});

impl FromRow<'_, AnyRow> for Token {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let text = |column: &'static str| row.try_get::<String, _>(column);
        let time = |column: &'static str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(instant));
        let last_use = match time("last_used_at")? {
            Some(at) => Some(LastUse {
                at,
                client: row.try_get::<Option<String>, _>("last_used_by")?.unwrap_or_default(),
                address: row.try_get::<Option<String>, _>("last_used_from")?.unwrap_or_default(),
            }),
            None => None,
        };
        Ok(Self {
            id: TokenId::parse(&text("id")?).ok_or_else(|| damaged("id"))?,
            account: AccountId::parse(&text("account")?).ok_or_else(|| damaged("account"))?,
            kind: TokenKind::parse(&text("kind")?).ok_or_else(|| damaged("kind"))?,
            settings: settings::read(row)?,
            hint: row.try_get("hint")?,
            created_at: instant(row.try_get("created_at")?),
            issued_at: time("issued_at")?,
            lifetime: row.try_get::<Option<i64>, _>("lifetime")?.map(Duration::seconds),
            deactivated_at: time("deactivated_at")?,
            reactivate_at: time("reactivate_at")?,
            revoked_at: time("revoked_at")?,
            retires_at: time("retires_at")?,
            last_use,
            made_by: row.try_get::<Option<String>, _>("made_by")?.as_deref().and_then(TokenId::parse),
            version: row.try_get("version")?,
        })
    }
}

impl Store {
    /// What an account's token of this name is called, if there is one besides `except` that is not revoked: its hint, or
    /// its name before it has one.
    pub async fn hint_of_name(
        &self,
        account: AccountId,
        name: &str,
        except: Option<TokenId>,
    ) -> Result<Option<String>> {
        Ok(sqlx::query_scalar(
            "SELECT COALESCE(hint, name) FROM tokens WHERE account = $1 AND name_key = $2 AND id <> $3 AND revoked_at IS NULL LIMIT 1",
        )
        .bind(account.to_string())
        .bind(name.to_lowercase())
        .bind(except.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(&self.pool)
        .await?)
    }

    /// One of an account's tokens. Another account's token is not found.
    pub async fn token_of(&self, account: AccountId, id: TokenId) -> Result<Option<Token>> {
        Ok(sqlx::query_as(TOKEN_OF.as_str())
            .bind(id.to_string())
            .bind(account.to_string())
            .fetch_optional(&self.pool)
            .await?)
    }

    /// An account's tokens that end after `now`, the first first.
    pub(in crate::store) async fn tokens_ending_after(
        &self,
        account: AccountId,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Token>> {
        let query = sqlx::query_as(ENDING.as_str()).bind(account.to_string()).bind(now.timestamp()).bind(limit);
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// The ids of token rows that cannot be read: their keys are refused.
    pub async fn unreadable_tokens(&self) -> Result<Vec<String>> {
        let rows = sqlx::query(EVERY.as_str()).fetch_all(&self.pool).await?;
        let unreadable = rows.iter().filter(|row| Token::from_row(row).is_err());
        Ok(unreadable.map(|row| row.try_get("id").unwrap_or_default()).collect())
    }

    /// A token, whosever it is: for jobs.
    pub async fn token(&self, id: TokenId) -> Result<Option<Token>> {
        Ok(sqlx::query_as(TOKEN.as_str()).bind(id.to_string()).fetch_optional(&self.pool).await?)
    }
}

impl Transaction {
    /// A token, read inside the change.
    pub(in crate::store) async fn token(&mut self, id: TokenId) -> Result<Option<Token>> {
        Ok(sqlx::query_as(TOKEN.as_str()).bind(id.to_string()).fetch_optional(&mut *self.inner).await?)
    }

    /// Adds a token's row.
    pub(in crate::store) async fn add_token(&mut self, token: &Token) -> Result<()> {
        let query = sqlx::query(ADD.as_str())
            .bind(token.id.to_string())
            .bind(token.account.to_string())
            .bind(token.kind.as_str())
            .bind(token.hint.as_deref())
            .bind(token.created_at.timestamp())
            .bind(token.issued_at.map(|at| at.timestamp()))
            .bind(token.lifetime.map(|life| life.num_seconds()))
            .bind(token.made_by.map(|id| id.to_string()))
            .bind(token.version);
        settings::bind(query, &token.settings).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Writes a token's row if it is still of the version before; `false` if it was changed meanwhile. Whether it is
    /// switched off or revoked is not touched: that has steps of its own.
    pub(in crate::store) async fn update_token(&mut self, token: &Token) -> Result<bool> {
        let query = sqlx::query(UPDATE.as_str())
            .bind(token.id.to_string())
            .bind(token.version - 1)
            .bind(token.hint.as_deref())
            .bind(token.issued_at.map(|at| at.timestamp()))
            .bind(token.version);
        let done = settings::bind(query, &token.settings).execute(&mut *self.inner).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a token's secrets and starts a new one; `false` if its form has issued one already.
    pub(in crate::store) async fn replace_secret(
        &mut self,
        token: TokenId,
        secret: SecretHash,
        form: OneTime<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        sqlx::query("UPDATE token_secrets SET ended_at = $2 WHERE token = $1 AND ended_at IS NULL")
            .bind(token.to_string())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        let done = sqlx::query(
            "INSERT INTO token_secrets (hash, token, form, request, issued_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (form) DO NOTHING",
        )
        .bind(secret.as_bytes())
        .bind(token.to_string())
        .bind(form.id)
        .bind(form.request)
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The token whose secret a form has already issued.
    pub(in crate::store) async fn issued_by_form(&mut self, form: &str) -> Result<Option<TokenId>> {
        let id: Option<String> = sqlx::query_scalar("SELECT token FROM token_secrets WHERE form = $1")
            .bind(form)
            .fetch_optional(&mut *self.inner)
            .await?;
        Ok(id.as_deref().and_then(TokenId::parse))
    }

    /// Removes a token's row and its secrets.
    pub(in crate::store) async fn remove_token(&mut self, token: TokenId) -> Result<bool> {
        let done =
            sqlx::query("DELETE FROM tokens WHERE id = $1").bind(token.to_string()).execute(&mut *self.inner).await?;
        Ok(done.rows_affected() == 1)
    }
}
