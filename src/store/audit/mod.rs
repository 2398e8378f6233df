//! The append-only record: a line is written in the transaction of the fact it tells, so there is exactly one or none.

pub(in crate::store) mod listing;
pub(in crate::store) mod rewrite;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, any::AnyRow};

use super::{
    Result, Store, Transaction, instant,
    sql::{Direction, List, damaged},
};
use crate::{
    accounts::Account,
    audit::{self, Actor, Event, EventDetail, EventKind, Subject},
    tokens::{AccountId, EventId, TokenId},
};

/// The columns that an [`Event`] is read from beside its actor; the table is called `e`.
pub(in crate::store) const EVENT_COLUMNS: &str =
    "e.id, e.at, e.verb, e.feed, e.package, e.version, e.address, e.client, e.detail";

/// Sorts after every id.
const AFTER_ALL: &str = "z";

static BEFORE: LazyLock<String> = LazyLock::new(|| {
    let columns = format!("{EVENT_COLUMNS}, a.username AS actor");
    List::of(columns, "events e LEFT JOIN accounts a ON a.id = e.actor")
        .filter("e.token = $1 AND e.id < $2")
        .order("e.id", Direction::Descending)
        .limit("$3")
        .sql()
});

/// The codes are those of the index `events_of_token_steps`, word for word. Rows of November 2026 have no index of their
/// own; they are looked for while there may be any.
static STEPS: LazyLock<String> = LazyLock::new(|| {
    let steps = |words: &str| {
        let list = List::of(format!("{EVENT_COLUMNS}, CAST(NULL AS TEXT) AS actor"), "events e");
        list.filter("e.token = $1").filter(format!("e.verb IN ({words})"))
    };
    let now = steps(
        "'token.created', 'token.edited', 'token.refreshed', 'token.deactivated', 'token.reactivated', 'token.revoked'",
    );
    let november = steps(
        "'token created', 'token edited', 'token refreshed', 'token deactivated', 'token reactivated', 'token revoked'",
    )
    .filter("EXISTS (SELECT 1 FROM installation i WHERE i.name = 'events in sentences')");
    format!("{} UNION ALL {} ORDER BY 1 DESC LIMIT $2", now.sql(), november.sql())
});

impl Store {
    /// The newest events of a token, at most `limit`.
    pub async fn events_of_token(&self, token: TokenId, limit: i64) -> Result<Vec<Event>> {
        self.events_before(token, None, limit).await
    }

    /// The events of a token before one of them, newest first, at most `limit`; the newest of all for `None`.
    pub async fn events_before(&self, token: TokenId, before: Option<EventId>, limit: i64) -> Result<Vec<Event>> {
        let events = sqlx::query_as(BEFORE.as_str())
            .bind(token.to_string())
            .bind(before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string()))
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        Ok(events)
    }

    /// The steps of a token's life (made, edited, refreshed, switched, revoked), oldest first; the newest `limit` of them.
    pub async fn life_of_token(&self, token: TokenId, limit: i64) -> Result<Vec<Event>> {
        let mut steps: Vec<Event> =
            sqlx::query_as(STEPS.as_str()).bind(token.to_string()).bind(limit).fetch_all(&self.pool).await?;
        steps.reverse();
        Ok(steps)
    }
}

impl FromRow<'_, AnyRow> for Event {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let text = |column: &'static str| row.try_get::<Option<String>, _>(column);
        let (feed, package, version) = (text("feed")?, text("package")?, text("version")?);
        let subject = Subject {
            feed: feed.as_deref(),
            package: package.as_deref(),
            version: version.as_deref(),
            ..Subject::default()
        };
        let (kind, detail) = read_told(row, &subject)?;
        let id: String = row.try_get("id")?;
        Ok(Self {
            id: EventId::parse(&id).ok_or_else(|| damaged("id"))?,
            at: instant(row.try_get("at")?),
            kind,
            detail,
            actor: text("actor")?,
            feed,
            package,
            version,
            address: text("address")?.unwrap_or_default(),
            client: text("client")?.unwrap_or_default(),
        })
    }
}

/// What happened, with its facts.
pub(in crate::store) fn read_told(row: &AnyRow, subject: &Subject<'_>) -> sqlx::Result<(EventKind, EventDetail)> {
    let (kind, detail): (String, String) = (row.try_get("verb")?, row.try_get("detail")?);
    Ok(audit::read(&kind, &detail, subject))
}

/// What people do is also logged, without what they typed. What a command does is told where it was given.
fn log(kind: EventKind, by: &Actor, subject: &Subject<'_>) {
    if by.address.is_empty() {
        return;
    }
    let id = |id: Option<AccountId>| id.map(tracing::field::display);
    let (actor, account, from) = (id(by.account), id(subject.account), by.address.as_str());
    tracing::info!(
        actor,
        account,
        from,
        package = subject.package,
        version = subject.version,
        "recorded: {}",
        kind.code()
    );
}

impl Transaction {
    /// Writes a line of the record; tells its id, which is the occasion of notices about it.
    pub async fn record(
        &mut self,
        kind: EventKind,
        by: &Actor,
        subject: Subject<'_>,
        detail: EventDetail,
        now: DateTime<Utc>,
    ) -> Result<EventId> {
        let id = EventId::generate(now, &mut crate::random::system());
        let (token, hint) = subject.token.map_or((None, None), |(token, hint)| (Some(token.to_string()), hint));
        sqlx::query(
            "INSERT INTO events (id, at, verb, account, actor, actor_token, token, hint, feed, package, version, address, client, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(id.to_string())
        .bind(now.timestamp())
        .bind(kind.code())
        .bind(subject.account.map(|id| id.to_string()))
        .bind(by.account.map(|id| id.to_string()))
        .bind(by.token.map(|id| id.to_string()))
        .bind(token)
        .bind(hint)
        .bind(subject.feed)
        .bind(subject.package)
        .bind(subject.version)
        .bind(by.address.as_str())
        .bind(by.client.as_str())
        .bind(detail.to_text())
        .execute(&mut *self.inner)
        .await?;
        self.events.push(id);
        log(kind, by, &subject);
        if let Some(session) = by.session.filter(|_| kind.gives_access()) {
            self.enqueue_security_notification(session.account, id, None, now).await?;
        }
        Ok(id)
    }

    /// Notes when somebody signed in last, with the account that they have just made too.
    pub async fn note_sign_in(&mut self, account: AccountId, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE accounts SET signed_in_at = $2 WHERE id = $1")
            .bind(account.to_string())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Records that somebody signed in.
    pub async fn record_sign_in(&mut self, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<EventId> {
        self.note_sign_in(account, now).await?;
        self.record(EventKind::SignedIn, by, Subject::account(account), EventDetail::Nothing, now).await
    }

    /// Keeps the name of an account that is deleted, for as long as the record speaks of it.
    pub(in crate::store) async fn keep_name(&mut self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let keep = "INSERT INTO deleted_accounts (account, username, username_key, deleted_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (account) DO NOTHING";
        sqlx::query(keep)
            .bind(account.id.to_string())
            .bind(account.username.as_str())
            .bind(account.username.to_ascii_lowercase())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
