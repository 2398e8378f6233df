//! Pages of an account's tokens: by key, never by offset. Whatever is asked, at most one index is walked, and only as far
//! as its own columns tell enough; [`crate::tokens::listing`] says the same rules for one token.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use sqlx::{Any, any::AnyArguments, query::QueryAs};

use super::{
    PRIMARY,
    listing_sql::{self as statements, SortSegment},
};
use crate::{
    store::{Result, Store, readable, sql::like},
    tokens::{
        AccountId, Token, TokenId, TokenKind,
        listing::{COUNTED, Filter, IN_ALERT, PAGE, PageStart, Position, TokenPage, TokenQuery, UNUSED_FOR},
    },
};

/// Tokens that a search looks through before it answers with what it has.
pub const LOOK: i64 = 4_000;
/// A search begins with this many: most find a page among them.
const FIRST_LOOK: i64 = 500;
/// One page, whether there is more, and the primary token, which is shown apart.
const FETCHED: i64 = PAGE as i64 + 2;

type Query<Row> = QueryAs<'static, Any, Row, AnyArguments>;

/// A place within one stretch.
struct Cursor {
    key: Option<String>,
    id: String,
}

impl Cursor {
    /// Binds it as $3 and $4: names as text, everything else as a number.
    fn bind<Row>(&self, query: Query<Row>, segment: SortSegment) -> Query<Row> {
        let key = self.key.as_deref().unwrap_or_default();
        let key = key.strip_prefix(segment.mark()).unwrap_or(key);
        let query = match segment.has_texts() {
            true => query.bind(key.to_owned()),
            false => query.bind(key.parse::<i64>().unwrap_or_default()),
        };
        query.bind(self.id.clone())
    }

    /// A place before everything of a part in it, on the way onward or back. Ids are hexadecimal: "g" is behind them all.
    fn edge(segment: SortSegment, back: bool, filter: Filter, now: DateTime<Utc>) -> Self {
        let falls = segment.falls(back);
        let first = match (segment, filter, back) {
            (SortSegment::Ending, _, false) | (SortSegment::Ended, _, false) => now.timestamp(),
            (SortSegment::Used, Filter::Unused, false) => (now - UNUSED_FOR).timestamp(),
            _ if falls => i64::MAX,
            _ => i64::MIN,
        };
        let key = if segment.has_texts() { String::new() } else { first.to_string() };
        let is_behind = falls || segment == SortSegment::Ending && !back;
        Self { key: Some(key), id: if is_behind { "g" } else { "" }.to_owned() }
    }
}

/// What one walk through the order gathered.
#[derive(Default)]
struct PageScan {
    tokens: Vec<Token>,
    /// Where a search stopped before it had enough.
    gave_up_at: Option<Position>,
}

impl TokenQuery {
    /// The stretches that are walked from a position on, each with the place to start at.
    fn segments(&self, from: Option<&Position>, back: bool, now: DateTime<Utc>) -> Vec<(SortSegment, Cursor)> {
        let mut stretches = SortSegment::of(self.sort).to_vec();
        stretches.retain(|segment| segment.can_hold(self.filter));
        if back {
            stretches.reverse();
        }
        if let Some(from) = from {
            let here = |segment: &SortSegment| segment.holds(from.key.as_deref());
            stretches = stretches.into_iter().skip_while(|segment| !here(segment)).collect();
        }
        let mut segments: Vec<_> =
            stretches.into_iter().map(|segment| (segment, Cursor::edge(segment, back, self.filter, now))).collect();
        if let (Some(from), Some((_, place))) = (from, segments.first_mut()) {
            *place = Cursor { key: from.key.clone(), id: from.id.to_string() };
        }
        segments
    }
}

impl Store {
    /// A page of an account's tokens, without the primary one.
    pub async fn token_page(&self, wanted: &TokenQuery, from: &PageStart, now: DateTime<Utc>) -> Result<TokenPage> {
        match from {
            PageStart::First => self.onward(wanted, None, now).await,
            PageStart::After(place) => self.onward(wanted, Some(place), now).await,
            PageStart::Before(place) => match self.back(wanted, place, now).await? {
                Some(page) => Ok(page),
                None => self.onward(wanted, None, now).await,
            },
        }
    }

    async fn onward(&self, wanted: &TokenQuery, from: Option<&Position>, now: DateTime<Utc>) -> Result<TokenPage> {
        let PageScan { mut tokens, gave_up_at } = self.walk(wanted, from, false, now).await?;
        let more = tokens.len() > PAGE;
        tokens.truncate(PAGE);
        let last = tokens.last().map(|token| wanted.sort.position(token, now));
        let gave_up = gave_up_at.is_some() && !more;
        let next = if more { last } else { gave_up_at };
        Ok(TokenPage { tokens, has_earlier: from.is_some(), next, gave_up })
    }

    /// The page before a place; `None` if the list begins there, or so shortly before that its first page shows it.
    async fn back(&self, wanted: &TokenQuery, place: &Position, now: DateTime<Utc>) -> Result<Option<TokenPage>> {
        let PageScan { mut tokens, .. } = self.walk(wanted, Some(place), true, now).await?;
        if tokens.len() <= PAGE {
            return Ok(None);
        }
        tokens.truncate(PAGE);
        tokens.reverse();
        let next = tokens.last().map(|token| wanted.sort.position(token, now));
        Ok(Some(TokenPage { tokens, has_earlier: true, next, gave_up: false }))
    }

    async fn walk(
        &self,
        wanted: &TokenQuery,
        from: Option<&Position>,
        back: bool,
        now: DateTime<Utc>,
    ) -> Result<PageScan> {
        let mut walk = PageScan::default();
        let mut left = LOOK;
        let few = wanted.words.is_empty() && self.are_few(wanted, now).await?;
        for (segment, place) in wanted.segments(from, back, now) {
            let step = if wanted.words.is_empty() {
                let limit = FETCHED - walk.tokens.len() as i64;
                walk.tokens.extend(self.read(wanted, few, (segment, back), &place, limit, now).await?);
                ControlFlow::Continue(())
            } else {
                self.look_through(wanted, (segment, back), place, &mut left, &mut walk, now).await?
            };
            if step.is_break() || walk.tokens.len() as i64 >= FETCHED {
                break;
            }
        }
        walk.tokens.retain(|token| token.kind != TokenKind::Primary);
        Ok(walk)
    }

    /// Whether the range of an index that holds the wanted part is short enough to be read and sorted whole. Otherwise
    /// the part is found on the way through the order, which is quick where there are many.
    async fn are_few(&self, wanted: &TokenQuery, now: DateTime<Utc>) -> Result<bool> {
        let Some(range) = statements::range(wanted.filter) else {
            return Ok(false);
        };
        let query = sqlx::query_scalar(range).bind(wanted.account.to_string()).bind(now.timestamp());
        let count: i64 = query.bind(COUNTED + 1).fetch_one(&self.pool).await?;
        Ok(count <= COUNTED)
    }

    /// The next tokens from a place on.
    async fn read(
        &self,
        wanted: &TokenQuery,
        few: bool,
        (segment, back): (SortSegment, bool),
        place: &Cursor,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Token>> {
        let of_few = few.then(|| statements::page_of_few(wanted.filter, segment, back)).flatten();
        let query = sqlx::query_as(of_few.unwrap_or_else(|| statements::page(wanted.filter, segment, back)));
        let query = query.bind(wanted.account.to_string()).bind(now.timestamp());
        let query = place.bind(query, segment).bind(limit);
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// Looks through a stretch for the wanted words, until a page is full, the stretch ends or `left` tokens were seen.
    async fn look_through(
        &self,
        wanted: &TokenQuery,
        way: (SortSegment, bool),
        mut place: Cursor,
        left: &mut i64,
        walk: &mut PageScan,
        now: DateTime<Utc>,
    ) -> Result<ControlFlow<()>> {
        let mut look = FIRST_LOOK;
        loop {
            let limit = FETCHED - walk.tokens.len() as i64;
            walk.tokens.extend(self.found(wanted, way, &place, (limit, look), now).await?);
            if walk.tokens.len() as i64 >= FETCHED {
                return Ok(ControlFlow::Break(()));
            }
            let Some((edge, seen)) = self.edge(wanted, way, &place, look, now).await? else {
                return Ok(ControlFlow::Continue(()));
            };
            *left -= seen;
            if seen < look {
                return Ok(ControlFlow::Continue(()));
            }
            if *left <= 0 {
                walk.gave_up_at = Some(edge);
                return Ok(ControlFlow::Break(()));
            }
            place = Cursor { key: edge.key, id: edge.id.to_string() };
            look = *left;
        }
    }

    /// Those among the next `look` tokens that contain the wanted words.
    async fn found(
        &self,
        wanted: &TokenQuery,
        (segment, back): (SortSegment, bool),
        place: &Cursor,
        (limit, look): (i64, i64),
        now: DateTime<Utc>,
    ) -> Result<Vec<Token>> {
        let query = sqlx::query_as(statements::found(wanted.filter, segment, back));
        let query = query.bind(wanted.account.to_string()).bind(now.timestamp());
        let query = place.bind(query, segment).bind(limit).bind(look).bind(like(&wanted.words.to_lowercase()));
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// The last of the next `look` tokens, and how many there are.
    async fn edge(
        &self,
        wanted: &TokenQuery,
        (segment, back): (SortSegment, bool),
        place: &Cursor,
        look: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<(Position, i64)>> {
        let query = sqlx::query_as(statements::edge(wanted.filter, segment, back));
        let query = query.bind(wanted.account.to_string()).bind(now.timestamp());
        let row: Option<(String, Option<String>, i64)> =
            place.bind(query, segment).bind(look).fetch_optional(&self.pool).await?;
        let marked = |key: Option<String>| key.map(|key| format!("{}{key}", segment.mark()));
        row.map(|(id, key, seen)| {
            Ok((Position { key: marked(key), id: readable(TokenId::parse(&id), "tokens.id")? }, seen))
        })
        .transpose()
    }

    /// How many of an account's tokens belong to a filter, counted up to [`COUNTED`] and one more.
    pub async fn count_tokens(&self, account: AccountId, filter: Filter, now: DateTime<Utc>) -> Result<i64> {
        let query = sqlx::query_scalar(statements::count(filter)).bind(account.to_string()).bind(now.timestamp());
        Ok(query.bind(COUNTED + 1).fetch_one(&self.pool).await?)
    }

    /// How many of an account's tokens ended over [`FOLDED_AFTER`](crate::tokens::listing::FOLDED_AFTER) ago, counted as
    /// above.
    pub async fn count_folded_tokens(&self, account: AccountId, now: DateTime<Utc>) -> Result<i64> {
        let query = sqlx::query_scalar(statements::FOLDED.as_str()).bind(account.to_string()).bind(now.timestamp());
        Ok(query.bind(COUNTED + 1).fetch_one(&self.pool).await?)
    }

    /// The token an account has from its start.
    pub async fn primary_token(&self, account: AccountId) -> Result<Option<Token>> {
        Ok(sqlx::query_as(PRIMARY.as_str()).bind(account.to_string()).fetch_optional(&self.pool).await?)
    }

    /// Whether an account has made a token, or imported one.
    pub async fn has_made_tokens(&self, account: AccountId) -> Result<bool> {
        let any: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM tokens WHERE account = $1 AND kind <> 'primary' LIMIT 1")
                .bind(account.to_string())
                .fetch_optional(&self.pool)
                .await?;
        Ok(any.is_some())
    }

    /// The tokens that expired after `since` and whose alert was not put away, the earliest first, up to [`IN_ALERT`] and
    /// one more.
    pub async fn expired_token_ids(
        &self,
        account: AccountId,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<TokenId>> {
        let query = sqlx::query_scalar(statements::EXPIRED.as_str()).bind(account.to_string()).bind(now.timestamp());
        let ids: Vec<String> = query.bind(since.timestamp()).bind(IN_ALERT + 1).fetch_all(&self.pool).await?;
        ids.iter().map(|id| readable(TokenId::parse(id), "tokens.id")).collect()
    }
}
