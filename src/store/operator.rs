//! What operators look at across the whole host: accounts, feeds, tokens by hint, the mail queue, and numbers that stay
//! cheap because nothing is counted beyond a bound.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, any::AnyRow};

use super::{
    Result, Store,
    accounts::AccountRow,
    instant,
    sql::{Direction, List, contains, damaged, like},
    tokens::COLUMNS,
};
use crate::{
    accounts::{AccountDetails, AccountQuery, AccountSummary},
    feeds::{Feed, HostFeed},
    notifications::MailQueue,
    tokens::{AccountId, FeedId, Token, TokenId},
    usage::HostNumbers,
};

impl FromRow<'_, AnyRow> for AccountSummary {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let account = AccountRow::from_row(row)?.read().map_err(|error| sqlx::Error::Decode(error.into()))?;
        let last_sign_in = row.try_get::<Option<i64>, _>("last_sign_in")?.map(instant);
        Ok(Self { account, created_at: instant(row.try_get("created_at")?), last_sign_in })
    }
}

impl FromRow<'_, AnyRow> for HostFeed {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let id: String = row.try_get("id")?;
        let id = FeedId::parse(&id).ok_or_else(|| damaged("id"))?;
        let is_public = row.try_get::<Option<i64>, _>("public_since")?.is_some();
        let owner: Option<String> = row.try_get("owner")?;
        let owner_name: Option<String> = row.try_get("owner_name")?;
        Ok(Self {
            feed: Feed { id, name: row.try_get("name")?, is_public },
            everyone: row.try_get("everyone_role")?,
            members: row.try_get("members")?,
            packages: row.try_get("packages")?,
            owner: owner.as_deref().and_then(AccountId::parse).zip(owner_name),
            more_owners: row.try_get::<i64, _>("owners")? > 1,
        })
    }
}

/// Accounts as lists show them.
fn account_list() -> List {
    List::of(
        "a.id, a.kind, a.username, a.email, a.password_hash, a.time_zone, a.operator_since, a.disabled_at, a.session_epoch,
         a.created_at, a.signed_in_at AS last_sign_in",
        "accounts a",
    )
}

/// Feeds as lists show them; `$1` bounds the counts.
fn feed_list() -> List {
    List::of(
        "f.id, f.name, f.public_since, f.everyone_role, o.account AS owner, a.username AS owner_name,
         (SELECT COUNT(*) FROM (SELECT 1 AS one FROM members m WHERE m.feed = f.id LIMIT $1) n) AS members,
         (SELECT COUNT(*) FROM (SELECT 1 AS one FROM packages p WHERE p.feed = f.id LIMIT $1) n) AS packages,
         (SELECT COUNT(*) FROM (SELECT 1 AS one FROM members m WHERE m.feed = f.id AND m.role = 'owner' LIMIT 2) n) AS owners",
        "feeds f
         LEFT JOIN members o ON o.feed = f.id AND o.account = (SELECT MIN(x.account) FROM members x WHERE x.feed = f.id AND x.role = 'owner')
         LEFT JOIN accounts a ON a.id = o.account",
    )
}

/// An account's tokens, or those of a hint, the newest first.
fn newest_tokens(condition: &str, limit: &'static str) -> String {
    let tokens = List::of(COLUMNS.as_str(), "tokens t").filter(condition);
    tokens.order("t.created_at", Direction::Descending).order("t.id", Direction::Descending).limit(limit).sql()
}

static ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
    account_list()
        .filter("a.username_key > $1")
        .filter(format!("({} OR {})", contains("a.username_key", "$2"), contains("a.email_key", "$2")))
        .filter(
            "($3 = '' OR ($3 = 'operators' AND a.operator_since IS NOT NULL) OR ($3 = 'disabled' AND a.disabled_at IS NOT NULL))",
        )
        .order("a.username_key", Direction::Ascending)
        .limit("$4")
        .sql()
});
static ACCOUNT: LazyLock<String> = LazyLock::new(|| account_list().filter("a.id = $1").sql());
static FEEDS: LazyLock<String> =
    LazyLock::new(|| feed_list().filter("f.name > $2").order("f.name", Direction::Ascending).limit("$3").sql());
static FEED: LazyLock<String> = LazyLock::new(|| feed_list().filter("f.name = $2").sql());
static TOKENS_MADE_BEFORE: LazyLock<String> =
    LazyLock::new(|| newest_tokens("t.account = $1 AND t.created_at <= $2 AND (t.created_at < $2 OR t.id < $3)", "$4"));

impl Store {
    /// Accounts by username, those that fit.
    pub async fn accounts(&self, search: AccountQuery<'_>) -> Result<Vec<AccountSummary>> {
        let AccountQuery { text, only, after, limit } = search;
        Ok(sqlx::query_as(ACCOUNTS.as_str())
            .bind(after.to_ascii_lowercase())
            .bind(like(&text.to_ascii_lowercase()))
            .bind(only.as_str())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?)
    }

    /// One account as the list shows it.
    pub async fn account_line(&self, id: AccountId) -> Result<Option<AccountSummary>> {
        Ok(sqlx::query_as(ACCOUNT.as_str()).bind(id.to_string()).fetch_optional(&self.pool).await?)
    }

    /// What there is to know of an account, counted up to `bound`.
    pub async fn account_facts(&self, id: AccountId, bound: i64) -> Result<AccountDetails> {
        let (tokens, sessions, packages): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM tokens WHERE account = $1 LIMIT $2) n),
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM sessions WHERE account = $1 LIMIT $2) n),
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM package_owners WHERE account = $1 LIMIT $2) n)",
        )
        .bind(id.to_string())
        .bind(bound)
        .fetch_one(&self.pool)
        .await?;
        Ok(AccountDetails { tokens, sessions, packages })
    }

    /// Feeds by name after `after`, their numbers counted up to `bound`.
    pub async fn host_feeds(&self, after: &str, limit: i64, bound: i64) -> Result<Vec<HostFeed>> {
        Ok(sqlx::query_as(FEEDS.as_str()).bind(bound).bind(after).bind(limit).fetch_all(&self.pool).await?)
    }

    /// A feed of a name as the list shows it.
    pub async fn host_feed(&self, name: &str, bound: i64) -> Result<Option<HostFeed>> {
        Ok(sqlx::query_as(FEED.as_str()).bind(bound).bind(name).fetch_optional(&self.pool).await?)
    }

    /// An account's tokens made before `before` (its time and id), the newest first.
    pub async fn tokens_made_before(
        &self,
        account: AccountId,
        before: Option<(DateTime<Utc>, TokenId)>,
        limit: i64,
    ) -> Result<Vec<Token>> {
        let (at, id) = before.map_or((i64::MAX, String::new()), |(at, id)| (at.timestamp(), id.to_string()));
        Ok(sqlx::query_as(TOKENS_MADE_BEFORE.as_str())
            .bind(account.to_string())
            .bind(at)
            .bind(id)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?)
    }

    /// The mails on their way, counted up to `bound`.
    pub async fn mail_queue(&self, bound: i64) -> Result<MailQueue> {
        let (pending, oldest, failed, reply): (i64, Option<i64>, i64, Option<String>) = sqlx::query_as(
            "SELECT w.pending, w.oldest,
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM mails WHERE state = 'failed' LIMIT $1) n),
                (SELECT reply FROM mails WHERE state IN ('pending', 'sending') AND reply IS NOT NULL AND refused_at IS NULL
                 ORDER BY next_at LIMIT 1)
             FROM (SELECT COUNT(*) AS pending, MIN(q.created_at) AS oldest FROM
                (SELECT created_at FROM mails WHERE state IN ('pending', 'sending') ORDER BY next_at LIMIT $1) q) w",
        )
        .bind(bound)
        .fetch_one(&self.pool)
        .await?;
        Ok(MailQueue { pending, oldest: oldest.map(instant), failed, reply })
    }

    /// How much there is, counted up to `bound`.
    pub async fn numbers(&self, bound: i64) -> Result<HostNumbers> {
        let (accounts, tokens, feeds, packages): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM accounts LIMIT $1) n),
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM tokens LIMIT $1) n),
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM feeds LIMIT $1) n),
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM packages LIMIT $1) n)",
        )
        .bind(bound)
        .fetch_one(&self.pool)
        .await?;
        Ok(HostNumbers { accounts, tokens, feeds, packages })
    }
}
