//! Refused requests with secrets that were given out once: equal ones in one row with a count, bounded per token and
//! per account. A row says what is needed to mend it.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, any::AnyRow};

use super::row_id;
use crate::{
    store::{
        Result, Store, Transaction, instant, readable,
        sql::{Direction, List},
        tokens::COLUMNS,
    },
    tokens::{
        AccountId, Token, TokenId,
        decision::{Action, Reason},
    },
    usage::{HOUR, LateUses, REFUSALS_KEPT, RefusalCursor, RefusalOfToken, RefusedUse, hour_of},
};

/// Lines of an account that are kept, the newest.
const OF_ACCOUNT_KEPT: i64 = 2_000;

fn refused(of: &str) -> String {
    let columns = COLUMNS.as_str();
    List::of(
        format!(
            "{columns}, r.id AS refusal_id, r.reason, r.occasion, r.action, r.feed, r.package, r.client, r.address,
             r.first_at, r.last_at, r.times"
        ),
        "refusals r JOIN tokens t ON t.id = r.token",
    )
    .filter(of)
    .filter("(r.last_at, r.id) < ($2, $3)")
    .order("r.last_at", Direction::Descending)
    .order("r.id", Direction::Descending)
    .limit("$4")
    .sql()
}

static OF_TOKEN: LazyLock<String> = LazyLock::new(|| refused("r.token = $1 AND t.account = $5"));
static OF_ACCOUNT: LazyLock<String> = LazyLock::new(|| refused("r.account = $1"));

impl Store {
    /// The refusals of one of an account's tokens after a mark, newest first, at most `limit`.
    pub async fn refusals_of_token(
        &self,
        account: AccountId,
        token: TokenId,
        after: &RefusalCursor,
        limit: i64,
    ) -> Result<Vec<RefusalOfToken>> {
        let rows = sqlx::query(OF_TOKEN.as_str())
            .bind(token.to_string())
            .bind(after.last_at)
            .bind(after.id.as_str())
            .bind(limit)
            .bind(account.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_refusal).collect()
    }

    /// The refusals of all tokens of an account after a mark, newest first, at most `limit`.
    pub async fn refusals_of_account(
        &self,
        account: AccountId,
        after: &RefusalCursor,
        limit: i64,
    ) -> Result<Vec<RefusalOfToken>> {
        let rows = sqlx::query(OF_ACCOUNT.as_str())
            .bind(account.to_string())
            .bind(after.last_at)
            .bind(after.id.as_str())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_refusal).collect()
    }

    /// How often a token was refused for a reason that has held since `occasion`.
    pub async fn times_refused(&self, token: TokenId, reason: Reason, occasion: DateTime<Utc>) -> Result<i64> {
        let sum = "SELECT CAST(COALESCE(SUM(times), 0) AS BIGINT) FROM refusals
             WHERE token = $1 AND reason = $2 AND occasion = $3";
        let sum = sqlx::query_scalar(sum).bind(token.to_string()).bind(reason.as_str()).bind(occasion.timestamp());
        Ok(sum.fetch_one(&self.pool).await?)
    }

    /// Uses of the token's ended secrets since its last refresh or its revocation: one entry per ended secret, the one
    /// used last first. Empty when nobody presents an old key any more.
    pub async fn late_uses(&self, token: &Token) -> Result<Vec<LateUses>> {
        let since = token.revoked_at.or(token.issued_at).unwrap_or(token.created_at);
        let rows: Vec<LateRow> = sqlx::query_as(
            "SELECT reason, occasion, times, last_at, client, address FROM refusals
             WHERE token = $1 AND last_at >= $2 AND reason IN ('replaced', 'revoked') ORDER BY last_at DESC, id DESC",
        )
        .bind(token.id.to_string())
        .bind(since.timestamp())
        .fetch_all(&self.pool)
        .await?;
        let mut uses: Vec<LateUses> = Vec::new();
        for row in rows {
            let row = row.read()?;
            match uses.iter_mut().find(|known| (known.reason, known.ended_at) == (row.reason, row.ended_at)) {
                Some(known) => known.times += row.times,
                None => uses.push(row),
            }
        }
        Ok(uses)
    }
}

row! {
    struct LateRow {
        reason: String,
        occasion: i64,
        times: i64,
        last_at: i64,
        client: String,
        address: String,
    }
}

impl LateRow {
    fn read(self) -> Result<LateUses> {
        let Self { reason, occasion, times, last_at, client, address } = self;
        let reason = readable(Reason::parse(&reason), "refusals.reason")?;
        Ok(LateUses { reason, ended_at: instant(occasion), times, last_at: instant(last_at), client, address })
    }
}

fn read_refusal(row: &AnyRow) -> Result<RefusalOfToken> {
    let (reason, action): (String, String) = (row.try_get("reason")?, row.try_get("action")?);
    let (occasion, last_at): (i64, i64) = (row.try_get("occasion")?, row.try_get("last_at")?);
    Ok(RefusalOfToken {
        mark: RefusalCursor { last_at, id: row.try_get("refusal_id")? },
        token: Token::from_row(row)?,
        line: RefusedUse {
            reason: readable(Reason::parse(&reason), "refusals.reason")?,
            occasion: (occasion != 0).then(|| instant(occasion)),
            action: Action::parse(&action),
            feed: row.try_get("feed")?,
            package: row.try_get("package")?,
            client: row.try_get("client")?,
            address: row.try_get("address")?,
            first_at: instant(row.try_get("first_at")?),
            last_at: instant(last_at),
            times: row.try_get("times")?,
        },
    })
}

impl Transaction {
    /// Whether that made a new row.
    pub(in crate::store) async fn add_refusal(
        &mut self,
        token: TokenId,
        account: AccountId,
        line: &RefusedUse,
    ) -> Result<bool> {
        let occasion = line.occasion.map_or(0, |at| at.timestamp());
        let action = line.action.map_or("", Action::scope);
        let package = line.package.to_ascii_lowercase();
        let (token, occasion_text) = (token.to_string(), occasion.to_string());
        let reason = line.reason.as_str();
        let id = row_id(&[&token, reason, &occasion_text, action, &line.feed, &package, &line.client, &line.address]);
        let times: i64 = sqlx::query_scalar(
            "INSERT INTO refusals (id, account, token, reason, occasion, action, feed, package, client, address, first_at, last_at, times)
             VALUES ($2, $13, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (id) DO UPDATE SET times = refusals.times + excluded.times,
                last_at = CASE WHEN excluded.last_at > refusals.last_at THEN excluded.last_at ELSE refusals.last_at END
             RETURNING times",
        )
        .bind(token)
        .bind(id)
        .bind(reason)
        .bind(occasion)
        .bind(action)
        .bind(line.feed.as_str())
        .bind(line.package.as_str())
        .bind(line.client.as_str())
        .bind(line.address.as_str())
        .bind(line.first_at.timestamp())
        .bind(line.last_at.timestamp())
        .bind(line.times)
        .bind(account.to_string())
        .fetch_one(&mut *self.inner)
        .await?;
        Ok(times == line.times)
    }

    /// Whether an equal look-up was noted in the same hour, by any client. The token's row is locked by then.
    pub(in crate::store) async fn was_looked_up(&mut self, token: TokenId, line: &RefusedUse) -> Result<bool> {
        let hour = hour_of(line.last_at);
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM refusals WHERE token = $1 AND last_at >= $2 AND last_at < $3 AND reason = $4 AND action = $5
                AND feed = $6 AND LOWER(package) = $7 LIMIT 1",
        )
        .bind(token.to_string())
        .bind(hour * HOUR)
        .bind((hour + 1) * HOUR)
        .bind(line.reason.as_str())
        .bind(line.action.map_or("", Action::scope))
        .bind(line.feed.as_str())
        .bind(line.package.to_ascii_lowercase())
        .fetch_optional(&mut *self.inner)
        .await?;
        Ok(found.is_some())
    }

    /// Keeps the bounds of a token and its account.
    pub(in crate::store) async fn trim_refusals(&mut self, token: TokenId, account: AccountId) -> Result<()> {
        let of_token = "DELETE FROM refusals WHERE id IN
             (SELECT id FROM refusals WHERE token = $1 ORDER BY last_at DESC, id DESC LIMIT 1000 OFFSET $2)";
        sqlx::query(of_token).bind(token.to_string()).bind(REFUSALS_KEPT).execute(&mut *self.inner).await?;
        let of_account = "DELETE FROM refusals WHERE id IN
             (SELECT id FROM refusals WHERE account = $1 ORDER BY last_at DESC, id DESC LIMIT 1000 OFFSET $2)";
        sqlx::query(of_account).bind(account.to_string()).bind(OF_ACCOUNT_KEPT).execute(&mut *self.inner).await?;
        Ok(())
    }
}
