//! The record of the whole host, for operators: filtered, and paged by key.
//!
//! The most telling part of a filter chooses an index, from which at most [`WINDOW`] events are looked at for the other
//! parts. So every filter costs the same few milliseconds, however long the record is; a page may say that it looked only
//! so far, and leads on from there.

use std::{collections::HashMap, sync::LazyLock};

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, any::AnyRow};
use strum::VariantArray;

use super::EVENT_COLUMNS;
use crate::{
    audit::{Event, EventFilter, EventPage, HostEvent, NamedAccount, november_sentences},
    store::{
        Result, Store, readable,
        sql::{Direction, List},
    },
    tokens::{AccountId, EventId, TokenId},
};

/// Events of one index that are held against the other parts of a filter at a time.
const WINDOW: i64 = 2_000;

/// An index of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, VariantArray)]
enum Index {
    Token,
    Hint,
    Package,
    Account,
    /// Who did it, where it was done to somebody else.
    ActorAlone,
    Kind,
    All,
}

impl Index {
    /// The events of one key: `$1` is that, `$2` and `$3` bound the ids, `$4` the events looked at. Pairs are compared and
    /// sorted by, so that no planner may think of reading all events by their ids instead.
    fn looked_at(self, columns: &str) -> String {
        let column = match self {
            Self::Token => "token",
            Self::Hint => "hint",
            Self::Package => "lower(package)",
            Self::Account => "account",
            Self::ActorAlone => "actor",
            Self::Kind => "verb",
            Self::All => {
                let all = List::of(columns, "events").filter("$1 = '' AND id < $2 AND id >= $3");
                return all.order("id", Direction::Descending).limit("$4").sql();
            }
        };
        let pair = format!("({column}, id)");
        let mut list = List::of(columns, "events").filter(format!("{pair} < ($1, $2) AND {pair} >= ($1, $3)"));
        match self {
            // SQLite compares no pairs in such an index.
            Self::Package => list = list.filter(format!("{column} >= $1 AND {column} <= $1")),
            Self::ActorAlone => list = list.filter("(account IS NULL OR actor <> account)"),
            _ => {}
        }
        list.order(column, Direction::Descending).order("id", Direction::Descending).limit("$4").sql()
    }

    /// Those of them that fit the other parts of a filter, at most `$10`.
    fn events(self) -> String {
        let fitting = List::of("w.*", format!("({}) w", self.looked_at("*")))
            .filter("($5 = '' OR $5 LIKE '%|' || w.verb || '|%') AND ($6 = '' OR w.account = $6 OR w.actor = $6)")
            .filter("($7 = '' OR w.token = $7) AND ($8 = '' OR w.hint = $8) AND ($9 = '' OR lower(w.package) = $9)")
            .order("w.id", Direction::Descending)
            .limit("$10");
        named(&format!("({})", fitting.sql())).order("e.id", Direction::Descending).sql()
    }

    /// How far a look reaches: the oldest event looked at, and how many there were.
    fn reach(self) -> String {
        List::of("MIN(w.id) AS id, COUNT(*) AS looked", format!("({}) w", self.looked_at("id"))).sql()
    }
}

/// Events of a table or a query, with the names of the accounts in them.
fn named(events: &str) -> List {
    let columns = format!(
        "{EVENT_COLUMNS}, e.account, e.actor, e.token, e.hint, a.id AS account_found, o.id AS actor_found,
         COALESCE(a.username, (SELECT d.username FROM deleted_accounts d WHERE d.account = e.account)) AS account_name,
         COALESCE(o.username, (SELECT d.username FROM deleted_accounts d WHERE d.account = e.actor)) AS actor_name"
    );
    let accounts = "LEFT JOIN accounts a ON a.id = e.account LEFT JOIN accounts o ON o.id = e.actor";
    List::of(columns, format!("{events} e {accounts}"))
}

/// The oldest events after one of them, and before the other.
static OLDEST: LazyLock<String> = LazyLock::new(|| {
    let list = named("events").filter("e.id > $1 AND e.id < $2");
    list.order("e.id", Direction::Ascending).limit("$3").sql()
});

static ONE: LazyLock<String> = LazyLock::new(|| named("events").filter("e.id = $1").sql());

/// For each index, its events and how far a look at them reaches.
static STATEMENTS: LazyLock<HashMap<Index, (String, String)>> =
    LazyLock::new(|| Index::VARIANTS.iter().map(|index| (*index, (index.events(), index.reach()))).collect());

/// One index with what is looked up in it.
struct Source {
    index: Index,
    key: String,
}

impl EventFilter {
    /// Where to look: disjoint parts of the record in which everything that fits is found.
    fn sources(&self, words: &[&'static str]) -> Vec<Source> {
        let one = |index, key: String| vec![Source { index, key }];
        if let Some(token) = self.token {
            one(Index::Token, token.to_string())
        } else if let Some(hint) = &self.hint {
            one(Index::Hint, hint.clone())
        } else if let Some(package) = &self.package {
            one(Index::Package, package.to_ascii_lowercase())
        } else if let Some(account) = self.account {
            [Index::Account, Index::ActorAlone].map(|index| Source { index, key: account.to_string() }).into()
        } else if self.kinds.is_empty() {
            one(Index::All, String::new())
        } else {
            words.iter().map(|word| Source { index: Index::Kind, key: (*word).to_owned() }).collect()
        }
    }

    /// The words by which the kinds looked for are stored.
    fn words(&self, sentences: bool) -> Vec<&'static str> {
        let old = november_sentences().filter(|(_, kind)| sentences && self.kinds.contains(kind));
        self.kinds.iter().map(|kind| kind.code()).chain(old.map(|(sentence, _)| sentence)).collect()
    }

    /// Whether the index alone finds what fits.
    fn is_simple(&self) -> bool {
        let parts = [!self.kinds.is_empty(), self.account.is_some(), self.token.is_some(), self.hint.is_some()];
        parts.into_iter().chain([self.package.is_some()]).filter(|given| *given).count() <= 1
    }

    /// The ids between which events are: not before the first, and before the second.
    fn bounds(&self, before: Option<EventId>) -> (String, String) {
        let least = self.from.map(first_id_of).unwrap_or_default();
        let most = self.until.map_or_else(|| "g".to_owned(), first_id_of);
        (least, before.map_or(most.clone(), |before| before.to_string().min(most)))
    }
}

/// Where the ids of an instant begin: they are written in order of time.
fn first_id_of(at: DateTime<Utc>) -> String {
    let millis = at.timestamp_millis().clamp(0, (1 << 48) - 1);
    format!("{:08x}-{:04x}-", millis >> 16, millis & 0xffff)
}

impl Store {
    /// The newest events that fit, at most `limit`, older than `before` if that is given.
    pub async fn events(&self, filter: &EventFilter, before: Option<EventId>, limit: usize) -> Result<EventPage> {
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let window = if filter.is_simple() { wanted } else { WINDOW };
        let words = filter.words(self.may_hold_sentences().await?);
        let (mut events, mut reach) = (Vec::new(), None);
        for source in filter.sources(&words) {
            let found = self.events_in(&source, filter, &words, (before, window, wanted)).await?;
            if window > wanted && found.len() <= limit {
                reach = reach.max(self.reach(&source, filter, before, window).await?);
            }
            events.extend(found);
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.id));
        events.retain(|event| reach.is_none_or(|reach| event.id >= reach));
        let full = events.len() > limit;
        events.truncate(limit);
        let next = if full { events.last().map(|event| event.id) } else { reach };
        Ok(EventPage { events, next, looked_enough: !full && reach.is_some() })
    }

    /// One event.
    pub async fn event(&self, id: EventId) -> Result<Option<HostEvent>> {
        Ok(sqlx::query_as(ONE.as_str()).bind(id.to_string()).fetch_optional(&self.pool).await?)
    }

    /// The events from `since` on and before `until`, the oldest first, at most `limit`; those after `after` if that is
    /// given.
    pub async fn oldest_events(
        &self,
        (since, until): (DateTime<Utc>, Option<DateTime<Utc>>),
        after: Option<EventId>,
        limit: i64,
    ) -> Result<Vec<HostEvent>> {
        let filter = EventFilter { from: Some(since), until, ..EventFilter::default() };
        let (least, most) = filter.bounds(None);
        let query = sqlx::query_as(OLDEST.as_str()).bind(after.map_or(least, |after| after.to_string()));
        Ok(query.bind(most).bind(limit).fetch_all(&self.pool).await?)
    }

    /// The last deleted account of a name, in any case.
    pub async fn gone_account(&self, username: &str) -> Result<Option<AccountId>> {
        let id: Option<String> = sqlx::query_scalar(
            "SELECT account FROM deleted_accounts WHERE username_key = $1 ORDER BY deleted_at DESC LIMIT 1",
        )
        .bind(username.to_ascii_lowercase())
        .fetch_optional(&self.pool)
        .await?;
        Ok(id.as_deref().and_then(AccountId::parse))
    }

    async fn events_in(
        &self,
        source: &Source,
        filter: &EventFilter,
        words: &[&'static str],
        (before, window, wanted): (Option<EventId>, i64, i64),
    ) -> Result<Vec<HostEvent>> {
        let (least, most) = filter.bounds(before);
        let words: String = words.iter().map(|word| format!("|{word}|")).collect();
        let rows = sqlx::query_as(STATEMENTS[&source.index].0.as_str())
            .bind(source.key.as_str())
            .bind(most)
            .bind(least)
            .bind(window)
            .bind(words)
            .bind(filter.account.map(|id| id.to_string()).unwrap_or_default())
            .bind(filter.token.map(|id| id.to_string()).unwrap_or_default())
            .bind(filter.hint.clone().unwrap_or_default())
            .bind(filter.package.as_deref().unwrap_or_default().to_ascii_lowercase())
            .bind(wanted)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }

    /// The oldest event of a source that was looked at, if there may be more behind it.
    async fn reach(
        &self,
        source: &Source,
        filter: &EventFilter,
        before: Option<EventId>,
        window: i64,
    ) -> Result<Option<EventId>> {
        let (least, most) = filter.bounds(before);
        let row: (Option<String>, i64) = sqlx::query_as(STATEMENTS[&source.index].1.as_str())
            .bind(source.key.as_str())
            .bind(most)
            .bind(least)
            .bind(window)
            .fetch_one(&self.pool)
            .await?;
        match row {
            (Some(id), looked) if looked == window => readable(EventId::parse(&id), "events.id").map(Some),
            _ => Ok(None),
        }
    }
}

impl FromRow<'_, AnyRow> for HostEvent {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let text = |column: &'static str| row.try_get::<Option<String>, _>(column);
        let named = |id: Option<String>, name: Option<String>, found: Option<String>| {
            let id = id.as_deref().and_then(AccountId::parse)?;
            Some(NamedAccount { id, name: name.unwrap_or_default(), gone: found.is_none() })
        };
        // The actor of this list is an id; the name stands beside it.
        let Event { id, at, kind, detail, actor, feed, package, version, address, client } = Event::from_row(row)?;
        Ok(Self {
            id,
            at,
            kind,
            detail,
            account: named(text("account")?, text("account_name")?, text("account_found")?),
            actor: named(actor, text("actor_name")?, text("actor_found")?),
            token: text("token")?.as_deref().and_then(TokenId::parse),
            hint: text("hint")?,
            feed,
            package,
            version,
            address,
            client,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::EventKind;

    #[test]
    fn the_ids_of_an_instant_lie_between_its_bounds() {
        let at: DateTime<Utc> = "2027-03-01T09:00:00Z".parse().unwrap();
        let id = EventId::generate(at, &mut crate::random::system()).to_string();
        assert!(first_id_of(at) < id && id < first_id_of(at + chrono::Duration::milliseconds(1)));
    }

    #[test]
    fn one_part_needs_no_window() {
        let account = Some(AccountId::from(uuid::Uuid::nil()));
        let simple = EventFilter { account, from: Some(DateTime::UNIX_EPOCH), ..EventFilter::default() };
        assert!(simple.is_simple() && EventFilter::default().is_simple());
        assert!(!EventFilter { kinds: vec![EventKind::SignedIn], ..simple }.is_simple());
    }
}
