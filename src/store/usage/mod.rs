//! What keys do: uses per day, the places they come from, the work they are used for. Doors note it in memory; it is
//! added to the rows in batches, so that nodes add up. Refusals are in [`super::usage::refusals`].

pub(in crate::store) mod refusals;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::{FromRow, Row, any::AnyRow};

use super::{Result, Store, StoreError, Transaction, instant};
use crate::{
    tokens::{AccountId, FeedId, LastUse, Permission, Token, TokenId},
    usage::{
        CLIENT_USES_KEPT, ClientUse, DailyUse, PERMISSION_USES_KEPT, PermissionUse, RefusedUse, TokenUse, UsageEvent,
        WatchedUse, day_of,
    },
};

/// The fact that says since when uses are watched.
const WATCHED_SINCE: &str = "uses watched since";
impl FromRow<'_, AnyRow> for DailyUse {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self { day: row.try_get("day")?, uses: row.try_get("uses")?, refusals: row.try_get("refusals")? })
    }
}

impl FromRow<'_, AnyRow> for ClientUse {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            client: row.try_get("client")?,
            address: row.try_get("address")?,
            first_at: instant(row.try_get("first_at")?),
            last_at: instant(row.try_get("last_at")?),
            uses: row.try_get("uses")?,
        })
    }
}

fn read_work(row: &AnyRow) -> Result<PermissionUse> {
    let permission: String = row.try_get("permission")?;
    let feed: String = row.try_get("feed")?;
    Ok(PermissionUse {
        permission: Permission::parse(&permission).ok_or(StoreError::Unreadable(permission))?,
        feed: FeedId::parse(&feed),
        package: row.try_get("package")?,
        last_at: instant(row.try_get("last_at")?),
        uses: row.try_get("uses")?,
    })
}

impl Store {
    /// A token's days from `from` on ([`day_of`]), in order. Days on which nothing happened are left out.
    pub async fn days_of(&self, token: TokenId, from: i64) -> Result<Vec<DailyUse>> {
        let select = "SELECT day, uses, refusals FROM token_days WHERE token = $1 AND day >= $2 ORDER BY day";
        Ok(sqlx::query_as(select).bind(token.to_string()).bind(from).fetch_all(&self.pool).await?)
    }

    /// Where a token was used within [`DAYS_KEPT`](crate::usage::DAYS_KEPT) days, newest first, at most `limit` (and [`CLIENT_USES_KEPT`]).
    pub async fn places_of(&self, token: TokenId, limit: i64) -> Result<Vec<ClientUse>> {
        let select = "SELECT client, address, first_at, last_at, uses FROM token_places WHERE token = $1
             ORDER BY last_at DESC, id DESC LIMIT $2";
        Ok(sqlx::query_as(select).bind(token.to_string()).bind(limit).fetch_all(&self.pool).await?)
    }

    /// What a token was used for since `since`, and from when on that is known whole.
    pub async fn work_of(&self, token: &Token, since: DateTime<Utc>) -> Result<WatchedUse> {
        let select =
            "SELECT permission, feed, package, last_at, uses FROM token_work WHERE token = $1 AND last_at >= $2
             ORDER BY last_at DESC, id DESC LIMIT $3";
        let select = sqlx::query(select).bind(token.id.to_string()).bind(since.timestamp()).bind(PERMISSION_USES_KEPT);
        let rows = select.fetch_all(&self.pool).await?;
        let work = rows.iter().map(read_work).collect::<Result<_>>()?;
        let marks: Option<(Option<i64>, Option<i64>)> =
            sqlx::query_as("SELECT work_lost_at, widened_at FROM tokens WHERE id = $1")
                .bind(token.id.to_string())
                .fetch_optional(&self.pool)
                .await?;
        let (lost, widened) = marks.unwrap_or_default();
        let host = self
            .fact(WATCHED_SINCE)
            .await?
            .and_then(|text| text.parse().ok())
            .map_or(DateTime::<Utc>::MAX_UTC, instant);
        let whole = lost.map_or(host, |lost| host.max(instant(lost))).max(token.created_at);
        let widened_at = widened.map(instant);
        Ok(WatchedUse { since: whole, widened_at, overflowed: lost.is_some_and(|lost| instant(lost) >= since), work })
    }
}

impl Transaction {
    /// Adds notes, sorted by token, to their rows. Notes of tokens that are gone come to nothing.
    ///
    /// The token's row is locked before any other of its rows, as whoever deletes it does, and tokens in the order of
    /// their ids, as every node does: so nobody waits in a circle.
    pub async fn write_notes(&mut self, notes: &[TokenUse]) -> Result<()> {
        for of_token in notes.chunk_by(|one, next| one.token == next.token) {
            let last = of_token
                .iter()
                .find_map(|note| if let UsageEvent::Last(last) = &note.event { Some(last) } else { None });
            if self.hold_token(of_token[0].token, last).await? {
                self.write_events(of_token).await?;
            }
        }
        Ok(())
    }

    async fn write_events(&mut self, notes: &[TokenUse]) -> Result<()> {
        let mut grown = Grown::default();
        for TokenUse { token, account, event } in notes {
            match event {
                UsageEvent::Last(_) => {}
                UsageEvent::DailyUse { day, refused, times } => self.add_day(*token, *day, *refused, *times).await?,
                UsageEvent::ClientUse(place) => grown.places |= self.add_place(*token, place).await?,
                UsageEvent::PermissionUse(work) => grown.work |= self.add_work(*token, work).await?,
                UsageEvent::Refusal(line) => grown.refusals |= self.note_refusal(*token, *account, line).await?,
                UsageEvent::Lost(at) => self.lose_work(*token, *at).await?,
            }
        }
        match notes {
            [TokenUse { token, account, .. }, ..] => self.trim(*token, *account, &grown).await,
            [] => Ok(()),
        }
    }

    /// Adds a refusal to its row; a look-up only if it is the first of its hour, and then to the count of the day too.
    async fn note_refusal(&mut self, token: TokenId, account: AccountId, line: &RefusedUse) -> Result<bool> {
        if line.is_look_up() {
            if self.was_looked_up(token, line).await? {
                return Ok(false);
            }
            self.add_day(token, day_of(line.last_at), true, line.times).await?;
        }
        self.add_refusal(token, account, line).await
    }

    /// Notes since when uses are watched, once.
    pub async fn watch_from(&mut self, now: DateTime<Utc>) -> Result<()> {
        self.keep_fact(WATCHED_SINCE, &now.timestamp().to_string()).await?;
        Ok(())
    }

    /// Says that uses of any token before `now` may not have been noted, because there was too much at once.
    pub async fn watch_again_from(&mut self, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE installation SET value = $2 WHERE name = $1")
            .bind(WATCHED_SINCE)
            .bind(now.timestamp().to_string())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Locks a token's row, and writes its last use there unless a later one is known. `false` if the token is gone.
    async fn hold_token(&mut self, token: TokenId, last: Option<&LastUse>) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE tokens SET
                last_used_by = CASE WHEN last_used_at IS NULL OR last_used_at < $2 THEN $3 ELSE last_used_by END,
                last_used_from = CASE WHEN last_used_at IS NULL OR last_used_at < $2 THEN $4 ELSE last_used_from END,
                last_used_at = CASE WHEN last_used_at IS NULL OR last_used_at < $2 THEN $2 ELSE last_used_at END
             WHERE id = $1",
        )
        .bind(token.to_string())
        .bind(last.map(|last| last.at.timestamp()))
        .bind(last.map(|last| last.client.as_str()))
        .bind(last.map(|last| last.address.as_str()))
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn add_day(&mut self, token: TokenId, day: i64, refused: bool, times: i64) -> Result<()> {
        let (uses, refusals) = if refused { (0, times) } else { (times, 0) };
        sqlx::query(
            "INSERT INTO token_days (token, day, uses, refusals) VALUES ($1, $2, $3, $4)
             ON CONFLICT (token, day) DO UPDATE SET uses = token_days.uses + excluded.uses,
                refusals = token_days.refusals + excluded.refusals",
        )
        .bind(token.to_string())
        .bind(day)
        .bind(uses)
        .bind(refusals)
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Whether that made a new row.
    async fn add_place(&mut self, token: TokenId, place: &ClientUse) -> Result<bool> {
        let id = row_id(&[&token.to_string(), &place.client, &place.address]);
        let known: i64 = sqlx::query_scalar(
            "INSERT INTO token_places (id, token, client, address, first_at, last_at, uses)
             VALUES ($2, $1, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET uses = token_places.uses + excluded.uses,
                last_at = CASE WHEN excluded.last_at > token_places.last_at THEN excluded.last_at ELSE token_places.last_at END
             RETURNING uses",
        )
        .bind(token.to_string())
        .bind(id)
        .bind(place.client.as_str())
        .bind(place.address.as_str())
        .bind(place.first_at.timestamp())
        .bind(place.last_at.timestamp())
        .bind(place.uses)
        .fetch_one(&mut *self.inner)
        .await?;
        Ok(known == place.uses)
    }

    /// Whether that made a new row.
    async fn add_work(&mut self, token: TokenId, work: &PermissionUse) -> Result<bool> {
        let feed = work.feed.map(|feed| feed.to_string()).unwrap_or_default();
        let id = row_id(&[&token.to_string(), work.permission.scope(), &feed, &work.package.to_ascii_lowercase()]);
        let known: i64 = sqlx::query_scalar(
            "INSERT INTO token_work (id, token, permission, feed, package, last_at, uses)
             VALUES ($2, $1, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET uses = token_work.uses + excluded.uses,
                last_at = CASE WHEN excluded.last_at > token_work.last_at THEN excluded.last_at ELSE token_work.last_at END
             RETURNING uses",
        )
        .bind(token.to_string())
        .bind(id)
        .bind(work.permission.scope())
        .bind(feed)
        .bind(work.package.as_str())
        .bind(work.last_at.timestamp())
        .bind(work.uses)
        .fetch_one(&mut *self.inner)
        .await?;
        Ok(known == work.uses)
    }

    async fn lose_work(&mut self, token: TokenId, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "UPDATE tokens SET work_lost_at = $2 WHERE id = $1 AND (work_lost_at IS NULL OR work_lost_at < $2)",
        )
        .bind(token.to_string())
        .bind(at.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Keeps the bounds of a token whose rows have become more.
    async fn trim(&mut self, token: TokenId, account: AccountId, grown: &Grown) -> Result<()> {
        if grown.places {
            let trim = "DELETE FROM token_places WHERE id IN
                 (SELECT id FROM token_places WHERE token = $1 ORDER BY last_at DESC, id DESC LIMIT 1000 OFFSET $2)";
            sqlx::query(trim).bind(token.to_string()).bind(CLIENT_USES_KEPT).execute(&mut *self.inner).await?;
        }
        if grown.work {
            self.trim_work(token).await?;
        }
        if grown.refusals {
            self.trim_refusals(token, account).await?;
        }
        Ok(())
    }

    /// What is left out is the oldest; from its last time on, the rest is whole.
    async fn trim_work(&mut self, token: TokenId) -> Result<()> {
        let trim = "DELETE FROM token_work WHERE id IN
             (SELECT id FROM token_work WHERE token = $1 ORDER BY last_at DESC, id DESC LIMIT 1000 OFFSET $2)
             RETURNING last_at";
        let lost: Vec<i64> = sqlx::query_scalar(trim)
            .bind(token.to_string())
            .bind(PERMISSION_USES_KEPT)
            .fetch_all(&mut *self.inner)
            .await?;
        match lost.into_iter().max() {
            Some(at) => self.lose_work(token, instant(at + 1)).await,
            None => Ok(()),
        }
    }
}

/// Of what a token has more rows than before.
#[derive(Default)]
struct Grown {
    places: bool,
    work: bool,
    refusals: bool,
}

/// The id of a row: a digest of what makes two rows one.
pub(in crate::store) fn row_id(parts: &[&str]) -> String {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    sum.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
