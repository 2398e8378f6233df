//! Statements that must stay fast however much there is find their rows by an index: by the one that is meant for them.

use sqlx::{AnyConnection, Row};

#[expect(clippy::disallowed_types, reason = "statements to explain")]
use sqlx::AssertSqlSafe;

use super::{both, run};
use crate::{
    store::{
        Engine, Expendable, notifications, packages,
        tokens::{
            self,
            listing_sql::{self, SortSegment},
        },
    },
    tokens::listing::Filter,
};

/// A statement, and the indexes that SQLite and PostgreSQL find its rows by; of those parted by `|` either is as good.
type Planned = (&'static str, [&'static str; 2]);

#[tokio::test]
async fn what_every_request_asks_is_found_by_key() {
    let token = ["s USING INDEX sqlite_autoindex_token_secrets_1 (hash=?)", "token_secrets_pkey"];
    let feed = ["f USING INDEX sqlite_autoindex_feeds_2 (name=?)", "feeds_name_key"];
    let package = [
        "sqlite_autoindex_packages_2 (feed=? AND kind=? AND name_key=?)",
        "packages_feed_kind_name_key_key|packages_in_order",
    ];
    // In a table without rows any index that begins with the package is as good to PostgreSQL.
    let version = [
        "sqlite_autoindex_versions_2 (package=? AND version_key=?)",
        "Index Cond: (package = $1)|versions_package_version_key_key",
    ];
    hold(&[
        (&tokens::lookup::LOOKUPS[0], token),
        (&tokens::lookup::LOOKUPS[0], feed),
        // Of empty tables PostgreSQL joins many rows in any order.
        (&tokens::lookup::LOOKUPS[3], [token[0], "Values Scan"]),
        (&tokens::lookup::LOOKUPS[3], [feed[0], "Values Scan"]),
        (packages::OF_NAME, package),
        (packages::VERSION.as_str(), version),
    ])
    .await;
}

#[tokio::test]
async fn pages_of_the_token_list_follow_an_index() {
    let segments = [
        (SortSegment::Newest, "tokens_newest"),
        (SortSegment::Ending, "tokens_by_end"),
        (SortSegment::Endless, "tokens_endless"),
        (SortSegment::Ended, "tokens_by_end"),
        (SortSegment::Revoked, "tokens_revoked"),
        (SortSegment::Used, "tokens_by_use"),
        (SortSegment::Idle, "tokens_by_use"),
        (SortSegment::Name, "tokens_by_name"),
    ];
    let pages = segments
        .map(|(segment, index)| [false, true].map(|back| (listing_sql::page(Filter::All, segment, back), [index; 2])));
    hold(&pages.concat()).await;
}

#[tokio::test]
async fn due_notices_are_found_by_their_time() {
    hold(&[(notifications::DUE.as_str(), ["notices_due_of_kind", "using notices_due on"])]).await;
}

#[tokio::test]
async fn what_is_too_old_is_found_by_its_age() {
    let indexes = |expendable| match expendable {
        Expendable::RevokedTokens => ["tokens_by_revocation"; 2],
        Expendable::Links => ["links_by_end"; 2],
        Expendable::SignUps => ["sign_ups_by_age"; 2],
        Expendable::IdleSessions => ["sessions_by_age"; 2],
        Expendable::OldSessions => ["sessions_by_beginning"; 2],
        Expendable::Attempts => ["attempts_by_age"; 2],
        Expendable::OwnerInvitations => ["owner_invitations_by_end"; 2],
        Expendable::RateLimits | Expendable::FarRateLimits => ["rate_limits_by_end"; 2],
        Expendable::Devices => ["devices_by_age"; 2],
        Expendable::Events => ["sqlite_autoindex_events_1", "events_pkey"],
        Expendable::DeletedAccounts => ["deleted_accounts_by_age"; 2],
        Expendable::Mails => ["mails_done"; 2],
        Expendable::CancelledNotices => ["notices_cancelled"; 2],
        Expendable::JobRuns => ["job_runs_newest"; 2],
        Expendable::Days => ["token_days_by_age"; 2],
        Expendable::Places => ["token_places_by_age"; 2],
        Expendable::Work => ["token_work_by_age"; 2],
        Expendable::Refusals => ["refusals_by_age"; 2],
    };
    let planned: Vec<Planned> = Expendable::ALL.iter().map(|rows| (rows.sql(), indexes(*rows))).collect();
    hold(&planned).await;
}

/// Asks both databases.
async fn hold(planned: &[Planned]) {
    for database in both().await {
        let (engine, mut connection) = (database.store.engine(), database.store.writers.acquire().await.unwrap());
        if engine == Engine::Postgres {
            // Tables without rows are read whole and sorted otherwise, whatever indexes there are.
            let only = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off";
            run(&mut connection, only.to_owned()).await;
        }
        for (sql, indexes) in planned {
            let index = indexes[usize::from(engine == Engine::Postgres)];
            let plan = plan(&mut connection, engine, sql).await;
            assert!(
                index.split('|').any(|index| plan.contains(index)),
                "{engine:?}: no {index} for\n{sql}\nbut\n{plan}"
            );
            let whole = plan.lines().find(|line| reads_all(line));
            assert_eq!(whole, None, "{engine:?}: a whole table is read for\n{sql}\n{plan}");
        }
        drop(connection);
        database.drop().await;
    }
}

/// Whether a step goes through a whole table. What a subquery found, and constants, are no tables.
fn reads_all(step: &str) -> bool {
    let step = step.trim_start();
    let of_sqlite = step.strip_prefix("SCAN ").is_some_and(|of| !of.contains("USING") && is_table(of));
    of_sqlite || step.contains("Seq Scan")
}

fn is_table(name: &str) -> bool {
    !name.contains("CONSTANT ROW")
        && !["asked", "oldest", "furthest", "page", "few", "(subquery"].iter().any(|of| name.starts_with(of))
}

async fn plan(connection: &mut AnyConnection, engine: Engine, sql: &str) -> String {
    match engine {
        Engine::Sqlite => lines(connection, format!("EXPLAIN QUERY PLAN {sql}"), "detail").await,
        Engine::Postgres => {
            // The plan that serves any values.
            let most = (1..=128).rev().find(|n| names(sql, *n)).unwrap_or_default();
            let values = vec!["NULL"; most].join(", ");
            // A parameter that the statement leaves out must be told a type.
            let types = (1..=most).map(|n| type_of(sql, n)).collect::<Vec<_>>().join(", ");
            run(connection, format!("SET plan_cache_mode = force_generic_plan; PREPARE planned ({types}) AS {sql}"))
                .await;
            let plan = lines(connection, format!("EXPLAIN EXECUTE planned({values})"), "QUERY PLAN").await;
            run(connection, "DEALLOCATE planned".to_owned()).await;
            plan
        }
    }
}

/// As the driver tells the server: values that stand in rows of their own are compared with nothing that would say.
fn type_of(sql: &str, n: usize) -> &'static str {
    let in_rows = sql.starts_with("WITH asked");
    match names(sql, n) {
        true if in_rows && n % 2 == 1 => "bytea",
        true if !in_rows => "unknown",
        _ => "text",
    }
}

/// Whether a statement has the parameter of this number.
fn names(sql: &str, n: usize) -> bool {
    let goes_on = |end: usize| sql[end..].starts_with(|c: char| c.is_ascii_digit());
    sql.match_indices(&format!("${n}")).any(|(at, found)| !goes_on(at + found.len()))
}

async fn lines(connection: &mut AnyConnection, sql: String, column: &str) -> String {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(column)).collect::<Vec<_>>().join("\n")
}
