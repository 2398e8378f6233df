//! All tokens of the host for its operators, the newest first, page by page.

use std::{collections::HashMap, sync::LazyLock};

use chrono::{DateTime, Duration, Utc};
use sqlx::{Any, FromRow, Row, any::AnyArguments, any::AnyRow, query::QueryAs, query::QueryScalar};

use super::{COLUMNS, ends};
use crate::{
    store::{
        Result, Store,
        sql::{Direction, List, contains, like},
    },
    tokens::{
        Token, TokenId,
        inventory::{InventoryFilter, InventoryQuery, InventoryToken},
        listing::UNUSED_FOR,
    },
};

impl FromRow<'_, AnyRow> for InventoryToken {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self { token: Token::from_row(row)?, owner: row.try_get("username")? })
    }
}

/// The conditions of [`InventoryFilter`]; $1 is now, $2 the last end that the maximum allows.
fn condition(filter: InventoryFilter) -> String {
    let ends = ends("t");
    let kept = "t.revoked_at IS NULL AND t.issued_at IS NOT NULL";
    match filter {
        InventoryFilter::All => "1 = 1".to_owned(),
        InventoryFilter::NeverExpires => format!("{kept} AND {ends} IS NULL"),
        InventoryFilter::Unused => {
            format!("{kept} AND COALESCE(t.last_used_at, t.issued_at) <= $1 - {}", UNUSED_FOR.num_seconds())
        }
        InventoryFilter::NeverUsed => format!("{kept} AND t.last_used_at IS NULL"),
        InventoryFilter::AllPackages => format!("t.patterns = '*' AND t.revoked_at IS NULL AND {}", not_ended(&ends)),
        InventoryFilter::BeyondMaximum => {
            format!("{kept} AND t.retired_at IS NULL AND $2 > 0 AND ({ends} IS NULL OR {ends} > $2)")
        }
        InventoryFilter::Expired => format!("{kept} AND {ends} <= $1"),
        InventoryFilter::Deactivated => {
            "t.revoked_at IS NULL AND t.deactivated_at IS NOT NULL AND (t.reactivate_at IS NULL OR t.reactivate_at > $1)"
                .to_owned()
        }
        InventoryFilter::Revoked => "t.revoked_at IS NOT NULL".to_owned(),
        InventoryFilter::Legacy => format!("t.kind = 'legacy' AND t.revoked_at IS NULL AND {}", not_ended(&ends)),
    }
}

fn not_ended(ends: &str) -> String {
    format!("({ends} IS NULL OR {ends} > $1)")
}

/// The tokens of a part that fit: $3 is their owner, $4 part of their permissions, $5 what their texts are like.
fn fitting(columns: String, filter: InventoryFilter) -> List {
    let texts = ["t.name_key", "LOWER(t.hint)", "LOWER(t.patterns)", "a.username_key"];
    let texts = texts.map(|text| contains(text, "$5")).join(" OR ");
    List::of(columns, "tokens t JOIN accounts a ON a.id = t.account")
        .filter(condition(filter))
        // Every statement has the same parameters.
        .filter("$1 + $2 >= 0 AND ($3 = '' OR t.account = $3)")
        .filter(format!("($4 = '%%' OR {})", contains("' ' || t.permissions || ' '", "$4")))
        .filter(format!("($5 = '%%' OR {texts})"))
}

type Statements = LazyLock<HashMap<InventoryFilter, String>>;

/// A page of $7 tokens made before $6.
static PAGES: Statements = LazyLock::new(|| {
    let page = |filter| {
        let list = fitting(format!("{}, a.username", *COLUMNS), filter).filter("t.id < $6");
        (filter, list.order("t.id", Direction::Descending).limit("$7").sql())
    };
    InventoryFilter::ALL.map(page).into()
});
/// How many there are, up to $6.
static COUNTS: Statements = LazyLock::new(|| {
    InventoryFilter::ALL.map(|filter| (filter, fitting("1 AS one".to_owned(), filter).limit("$6").count())).into()
});

/// What a query binds, in the order of the statements.
struct Bound {
    now: i64,
    last_end: i64,
    owner: String,
    scope: String,
    words: String,
}

impl Bound {
    fn of(wanted: &InventoryQuery, now: DateTime<Utc>) -> Self {
        // A whole permission ends with a blank, a kind goes on.
        let scope = match wanted.scope.as_str() {
            "" => String::new(),
            kind if kind.ends_with(':') => format!(" {kind}"),
            permission => format!(" {permission} "),
        };
        Self {
            now: now.timestamp(),
            last_end: wanted.max_days.map_or(0, |days| (now + Duration::days(days)).timestamp()),
            owner: wanted.owner.map(|id| id.to_string()).unwrap_or_default(),
            scope: like(&scope),
            words: like(&wanted.words.to_lowercase()),
        }
    }

    fn rows<T>(self, query: QueryAs<'static, Any, T, AnyArguments>) -> QueryAs<'static, Any, T, AnyArguments> {
        query.bind(self.now).bind(self.last_end).bind(self.owner).bind(self.scope).bind(self.words)
    }

    fn count(
        self,
        query: QueryScalar<'static, Any, i64, AnyArguments>,
    ) -> QueryScalar<'static, Any, i64, AnyArguments> {
        query.bind(self.now).bind(self.last_end).bind(self.owner).bind(self.scope).bind(self.words)
    }
}

impl Store {
    /// Tokens of the host that fit, the newest first, those made before `before`; at most `limit`.
    pub async fn inventory(
        &self,
        wanted: &InventoryQuery,
        before: Option<TokenId>,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<InventoryToken>> {
        // Ids are hexadecimal: "g" is behind them all.
        let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
        let query = Bound::of(wanted, now).rows(sqlx::query_as(PAGES[&wanted.filter].as_str()));
        Ok(query.bind(before).bind(limit).fetch_all(&self.pool).await?)
    }

    /// How many tokens of the host fit, counted up to `bound`.
    pub async fn count_inventory(&self, wanted: &InventoryQuery, bound: i64, now: DateTime<Utc>) -> Result<i64> {
        let query = Bound::of(wanted, now).count(sqlx::query_scalar(COUNTS[&wanted.filter].as_str()));
        Ok(query.bind(bound).fetch_one(&self.pool).await?)
    }

    /// Tokens of the host by their ids, those that are there, in no order.
    pub async fn tokens_with_ids(&self, ids: &[TokenId]) -> Result<Vec<Token>> {
        let mut tokens = Vec::with_capacity(ids.len());
        for id in ids {
            tokens.extend(self.token(*id).await?);
        }
        Ok(tokens)
    }
}
