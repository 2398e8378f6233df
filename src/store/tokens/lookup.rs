//! Looking presented secrets up: the one query that every request with a key waits for. Requests that come while one is
//! under way share the next; why none of them is told anything old is written in [`crate::store::gather`].

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use sqlx::{
    Any, AnyConnection, Connection, FromRow, Row,
    any::{AnyArguments, AnyRow},
    query::Query,
};
use tokio::time::timeout;

use super::COLUMNS;
use crate::{
    store::{
        DatabaseUrl, Result, Store, StoreError, Transaction,
        connect::{PATIENCE, Purpose},
        feeds,
        gather::{BATCH, Gatherer, Source, Unanswered},
        instant, readable,
        sql::List,
    },
    tokens::{AccountId, FeedId, SecretHash, Token, TokenId, TokenLookup, decision::Holder},
};

/// A token, its account, and that account's part in a feed.
const LOOKED_UP: &str = "a.username, a.disabled_at, f.id AS feed_id, f.public_since,
    (SELECT r.role FROM effective_roles r WHERE r.feed = f.id AND r.account = a.id) AS role";

/// Numbers of questions that there is a statement for. Where fewer are asked the rest of them ask for nothing; so there are
/// few statements, each prepared once, and PostgreSQL plans each once, because its length says all that a plan goes by.
const SIZES: [usize; 4] = [1, 4, 16, BATCH];

/// The statement of each of [`SIZES`].
pub(in crate::store) static LOOKUPS: LazyLock<[String; 4]> = LazyLock::new(|| SIZES.map(lookup_of));

/// Each question is a secret and the name of a feed, and its number is in its answer. The cross join keeps SQLite from
/// beginning with another table.
fn lookup_of(size: usize) -> String {
    let questions: Vec<_> = (0..size).map(|n| format!("({n}, ${}, ${})", 2 * n + 1, 2 * n + 2)).collect();
    let columns = COLUMNS.as_str();
    let list = List::of(
        format!("CAST(asked.n AS BIGINT) AS n, {columns}, s.ended_at AS secret_ended_at, {LOOKED_UP}"),
        "asked CROSS JOIN token_secrets s JOIN tokens t ON t.id = s.token JOIN accounts a ON a.id = t.account
         LEFT JOIN feeds f ON f.name = asked.feed",
    );
    let list = list.filter("s.hash = asked.secret").sql();
    format!("WITH asked (n, secret, feed) AS (VALUES {}) {list}", questions.join(", "))
}

static LOOKUP_BY_ID: LazyLock<String> = LazyLock::new(|| {
    let columns = COLUMNS.as_str();
    List::of(
        format!("{columns}, CAST(NULL AS BIGINT) AS secret_ended_at, {LOOKED_UP}"),
        "tokens t JOIN accounts a ON a.id = t.account LEFT JOIN feeds f ON f.name = $3",
    )
    .filter("t.id = $1 AND t.account = $2")
    .sql()
});

static LOOKUP_OF_ACCOUNT: LazyLock<String> = LazyLock::new(|| {
    List::of(LOOKED_UP, "accounts a LEFT JOIN feeds f ON f.name = $3")
        .filter("a.id = $1 AND a.session_epoch = $2 AND a.disabled_at IS NULL")
        .sql()
});

/// A presented secret and the feed it is presented in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::store) struct Question {
    secret: SecretHash,
    feed: Box<str>,
}

/// What is known of one secret. A row that cannot be read is the misfortune of its own key alone.
type Answer = std::result::Result<Option<Arc<TokenLookup>>, Arc<StoreError>>;

/// Where look-ups gather.
pub(in crate::store) type Lookups = Gatherer<Database>;

/// A connection of its own, past the pools, so that nobody else keeps keys waiting; and the way to the next one.
pub(in crate::store) struct Database {
    url: DatabaseUrl,
    connection: Option<AnyConnection>,
}

impl Database {
    pub(in crate::store) fn new(url: DatabaseUrl) -> Self {
        Self { url, connection: None }
    }

    /// The connection is out of its place while it is used: whatever ends this in the middle of a query ends the connection
    /// too, and with it the moment of the database that it may still be looking at.
    async fn try_query(&mut self, questions: &[Question]) -> sqlx::Result<Vec<AnyRow>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.url.connect_for(Purpose::Reads).await?,
        };
        let rows = statement(questions).fetch_all(&mut connection).await?;
        self.connection = Some(connection);
        Ok(rows)
    }
}

impl Source for Database {
    type Key = Question;
    type Answer = Answer;
    type Error = Arc<StoreError>;

    /// A connection that stood idle may have been cut meanwhile, so a query that fails on one is asked again on a new one.
    async fn query(&mut self, questions: &[Question]) -> std::result::Result<Vec<Answer>, Arc<StoreError>> {
        let asked = async {
            let was_idle = self.connection.is_some();
            match self.try_query(questions).await {
                Err(_) if was_idle => self.try_query(questions).await,
                answered => answered,
            }
        };
        let rows = match timeout(PATIENCE, asked).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => return Err(Arc::new(error.into())),
            Err(_) => return Err(Arc::new(StoreError::NoConnection)),
        };
        let mut answers = vec![Ok(None); questions.len()];
        for row in &rows {
            let number = row.try_get::<i64, _>("n").map_err(|error| Arc::new(StoreError::from(error)))?;
            if let Some(answer) = usize::try_from(number).ok().and_then(|number| answers.get_mut(number)) {
                *answer = read_known(row).map(|known| Some(Arc::new(known))).map_err(Arc::new);
            }
        }
        Ok(answers)
    }

    async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            // A server that was cut off never says goodbye.
            let _ = timeout(PATIENCE, connection.close()).await;
        }
    }
}

/// The smallest statement for so many questions.
fn statement(questions: &[Question]) -> Query<'static, Any, AnyArguments> {
    let at = SIZES.iter().position(|size| questions.len() <= *size).unwrap_or(SIZES.len() - 1);
    let asked = questions.iter().map(|question| (question.secret.as_bytes().to_vec(), question.feed.to_string()));
    // No secret is without length.
    let asked = asked.chain(std::iter::repeat((Vec::new(), String::new()))).take(SIZES[at]);
    asked.fold(sqlx::query(LOOKUPS[at].as_str()), |query, (secret, feed)| query.bind(secret).bind(feed))
}

fn read_known(row: &AnyRow) -> Result<TokenLookup> {
    let replaced_at = row.try_get::<Option<i64>, _>("secret_ended_at")?.map(instant);
    Ok(TokenLookup { replaced_at, ..known_of(Token::from_row(row)?, row)? })
}

fn known_of(token: Token, row: &AnyRow) -> Result<TokenLookup> {
    let feed: Option<String> = row.try_get("feed_id")?;
    let role: Option<String> = row.try_get("role")?;
    Ok(TokenLookup {
        token,
        replaced_at: None,
        username: row.try_get("username")?,
        holder: Holder {
            disabled: row.try_get::<Option<i64>, _>("disabled_at")?.is_some(),
            role: feeds::role(role.as_deref()),
            feed_is_public: row.try_get::<Option<i64>, _>("public_since")?.is_some(),
        },
        feed: feed.as_deref().map(|id| readable(FeedId::parse(id), "feeds.id")).transpose()?,
    })
}

impl Store {
    /// Where look-ups of one store gather, answered by a task that ends with it.
    pub(in crate::store) fn lookups(database: &DatabaseUrl) -> Lookups {
        let (lookups, task) = Gatherer::new(Database::new(database.clone()), PATIENCE);
        tokio::spawn(task);
        lookups
    }

    /// What a presented secret is, and its account's part in `feed` (empty for none), as the database has it at some moment
    /// after this was called. Several that are called at once are one query.
    ///
    /// # Errors
    /// When the database does not answer within ten seconds, half of which may pass with waiting.
    pub async fn lookup_token(&self, secret: SecretHash, feed: &str) -> Result<Option<Arc<TokenLookup>>> {
        match self.lookups.ask(Question { secret, feed: feed.into() }).await {
            Ok(answer) => answer.map_err(StoreError::Shared),
            Err(Unanswered::Failed(error)) => Err(StoreError::Shared(error)),
            Err(Unanswered::TooMany) => Err(StoreError::NoConnection),
            Err(Unanswered::Closed) => Err(StoreError::Unavailable(sqlx::Error::PoolClosed)),
        }
    }

    /// What an account may read that gave its password, while its session epoch is this one: as if it had presented a token
    /// that reads all it can, which is stored nowhere. None once the password was changed, or the account is gone or
    /// disabled.
    pub async fn lookup_account(
        &self,
        account: AccountId,
        epoch: i64,
        feed: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<TokenLookup>> {
        let query = sqlx::query(LOOKUP_OF_ACCOUNT.as_str()).bind(account.to_string()).bind(epoch).bind(feed);
        let Some(row) = query.fetch_optional(&self.pool).await? else { return Ok(None) };
        Ok(Some(known_of(Token::of_password(account, now), &row)?))
    }

    /// The same of one of an account's tokens, as if its present secret were presented. Another's token is not found.
    pub async fn lookup_token_by_id(
        &self,
        account: AccountId,
        token: TokenId,
        feed: &str,
    ) -> Result<Option<TokenLookup>> {
        let query = sqlx::query(LOOKUP_BY_ID.as_str()).bind(token.to_string()).bind(account.to_string()).bind(feed);
        query.fetch_optional(&self.pool).await?.as_ref().map(read_known).transpose()
    }
}

impl Transaction {
    /// The same as [`Store::lookup_token`], read inside the change: the facts that count for a publication.
    pub async fn lookup_token(&mut self, secret: SecretHash, feed: &str) -> Result<Option<TokenLookup>> {
        let query = statement(&[Question { secret, feed: feed.into() }]);
        query.fetch_optional(&mut *self.inner).await?.as_ref().map(read_known).transpose()
    }
}
