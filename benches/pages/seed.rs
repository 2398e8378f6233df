//! A host with very much on it, made by the database itself: each statement makes its rows from a counting query.

use crate::support::{database::Engine, world::World};

/// Tokens of one account.
const TOKENS: i64 = 100_000;
/// Accounts beside that one.
const ACCOUNTS: i64 = 1_000;
const EVENTS: i64 = 1_000_000;
const PACKAGES: i64 = 10_000;
/// One of each package, and 4,999 more of the first.
const VERSIONS: i64 = PACKAGES + 4_999;

/// PostgreSQL learns two functions that SQLite has, as far as the statements below need them.
const FUNCTIONS: [&str; 2] = [
    "CREATE FUNCTION printf(TEXT, BIGINT) RETURNS TEXT IMMUTABLE LANGUAGE sql AS 'SELECT lpad(to_hex($2), 12, ''0'')'",
    "CREATE FUNCTION unhex(TEXT) RETURNS BYTEA IMMUTABLE LANGUAGE sql AS 'SELECT decode($1, ''hex'')'",
];

/// SQLite fills a big index many times faster in memory.
const ROOM: [&str; 2] = ["PRAGMA cache_size = -2000000", "PRAGMA synchronous = OFF"];

/// Inserts what is selected for every `i` from 1 to `many`; `ada` is the account with the tokens, `now` the time.
macro_rules! rows {
    ($into:literal, $select:expr) => {
        concat!(
            "INSERT INTO ",
            $into,
            " WITH RECURSIVE given(ada, many, now) AS (SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BIGINT)),
                n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n, given WHERE i < many) SELECT ",
            $select
        )
    };
}

/// Six digits, so that numbers sort as texts.
macro_rules! digits {
    ($of:literal) => {
        concat!("SUBSTR('000000' || ", $of, ", LENGTH('000000' || ", $of, ") - 5, 6)")
    };
}

macro_rules! token_id {
    ($of:literal) => {
        concat!("'0190a000-0000-7000-8000-000000' || ", digits!($of))
    };
}

macro_rules! hint {
    ($of:literal) => {
        concat!("'lk_' || SUBSTR(", digits!($of), ", 3)")
    };
}

/// What packages say of themselves, most of a kilobyte.
macro_rules! words {
    () => {
        concat!("'", words!(once), words!(once), words!(once), words!(once), "'")
    };
    (once) => {
        " reads the orders of a shop from its queue and keeps them until the warehouse has answered, tries again when the line is down, \
         and tells the desk what it did. comes with a client for the browser and one for the terminal."
    };
}

/// Tokens of all ages in no order. One in 2,000 is off; none is revoked.
const TOKENS_ROWS: &str = rows!(
    "tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, lifetime,
        expires_at, deactivated_at, last_used_at, last_used_by, last_used_from, version)",
    concat!(
        token_id!("age"), ", ada, 'personal', 'Key ' || ", digits!("i"), ", 'key ' || ", digits!("i"), ",
        'kept in the secrets of the build', 'nuget:pull nuget:push', 'Contoso.Team' || (i % 500) || '.*', '*', ", hint!("i"), ",
        now - age * 600, now - age * 600, 7776000,
        CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 = 1 THEN now - age * 600 + 31536000 ELSE now + (i * 7 % 365) * 86400 + 3600 END,
        CASE WHEN i % 2000 = 7 THEN now - 600 END,
        CASE WHEN i % 5 = 3 THEN NULL ELSE now - (i * 13 % age) * 600 END, 'NuGet Command Line/5.8.0', '203.0.113.7', 1
        FROM (SELECT i, i * 7919 % 100000 + 1 AS age, ada, now FROM n, given) aged"
    )
);

const ACCOUNT_ROWS: &str = rows!(
    "accounts (id, kind, username, username_key, email, email_key, time_zone, disabled_at, session_epoch, created_at)",
    concat!(
        "'0190a000-0000-7000-a000-' || PRINTF('%012x', i), 'person', 'user' || ",
        digits!("i"),
        ", 'user' || ",
        digits!("i"),
        ",
        'user' || ",
        digits!("i"),
        " || '@example.com', 'user' || ",
        digits!("i"),
        " || '@example.com', 'Europe/Berlin',
        CASE WHEN i % 50 = 0 THEN now END, 1, now - i * 3600 FROM n, given WHERE ada <> ''"
    )
);

/// A kilobyte of words each; one in a hundred is about billing.
const PACKAGE_ROWS: &str = rows!(
    "packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, listed_plain_versions,
        listed_stable_plain_versions, newest, downloads, created_at)",
    concat!(
        "'0190a000-0000-7000-9000-' || PRINTF('%012x', i), (SELECT id FROM feeds WHERE name = 'main'), 'nuget', name, LOWER(name),
        LOWER(name) || CASE WHEN i % 100 = 0 THEN ' billing' ELSE '' END || PRINTF('%012x', i * 7919) || ", words!(), ",
        versions, versions, versions, versions, '1.0.' || (versions - 1), i * 3, now - i * 600
        FROM (SELECT i, 'Contoso.Team' || (i % 500) || '.Service' || i AS name, CASE WHEN i = 1 THEN 5000 ELSE 1 END AS versions, now
              FROM n, given WHERE ada <> '') named"
    )
);

const OWNER_ROWS: &str = rows!(
    "package_owners (package, account, since)",
    "'0190a000-0000-7000-9000-' || PRINTF('%012x', i), ada, now FROM n, given"
);

/// The versions of the first package were published with the token that is watched.
const VERSION_ROWS: &str = rows!(
    "versions (id, package, version, version_key, sort_key, published_at, published_by, published_with, published_hint, size, sha512,
        blob, manifest, downloads)",
    concat!(
        "'0190a000-0000-7000-b000-' || PRINTF('%012x', i), '0190a000-0000-7000-9000-' || PRINTF('%012x', package),
        '1.0.' || patch, '1.0.' || patch, UNHEX('0000000100000000' || SUBSTR(PRINTF('%012x', patch), 5) || '00000000ff'),
        now - i * 60, ada, ", token_id!("50000"), ", 'lk_0000', 100000, 'c2hh',
        'nuget/' || SUBSTR(PRINTF('%012x', i), 11) || '/0190a00000007000b000' || PRINTF('%012x', i) || '.nupkg',
        '{\"id\":\"Contoso.Team' || (package % 500) || '.Service' || package || '\",\"version\":\"1.0.' || patch || '\",\"authors\":\"Contoso\",\"description\":\"'
        || ", words!(), " || '\",\"tags\":[\"contoso\"],\"require_license_acceptance\":false,\"package_types\":[],\"dependency_groups\":[]}', i
        FROM (SELECT i, CASE WHEN i <= 10000 THEN i ELSE 1 END AS package, CASE WHEN i <= 10000 THEN 0 ELSE i - 10000 END AS patch, ada, now
              FROM n, given) numbered"
    )
);

/// Twelve weeks of events, one every seven seconds. One in ten is ada's, one in a hundred about the token that is watched.
const EVENT_ROWS: &str = rows!(
    "events (id, at, verb, account, actor, token, hint, feed, package, version, address, client, detail)",
    concat!(
        "SUBSTR(PRINTF('%012x', at * 1000), 1, 8) || '-' || SUBSTR(PRINTF('%012x', at * 1000), 9, 4) || '-7000-8000-' || PRINTF('%012x', i),
        at, verb, account, CASE WHEN i % 50 = 1 THEN ada ELSE account END,
        CASE WHEN verb LIKE 'token%' OR verb LIKE 'package.version%' THEN ", token_id!("token"), " END,
        CASE WHEN verb LIKE 'token%' OR verb LIKE 'package.version%' THEN ", hint!("token"), " END,
        CASE WHEN verb LIKE 'package.version%' THEN 'main' END,
        CASE WHEN verb LIKE 'package.version%' THEN 'Contoso.Team' || (package % 500) || '.Service' || package END,
        CASE WHEN verb LIKE 'package.version%' THEN '1.0.0' END, '203.0.113.' || (i % 250), 'NuGet Command Line/5.8.0', ''
        FROM (SELECT i, now - (many - i) * 7 AS at, ada, i * 31 % 10000 + 1 AS package,
                CASE WHEN i % 100 = 0 THEN 50000 ELSE i * 7919 % 100000 + 1 END AS token,
                CASE WHEN i % 10 = 0 THEN ada ELSE '0190a000-0000-7000-a000-' || PRINTF('%012x', i * 7919 % 1000 + 1) END AS account,
                CASE WHEN i % 99991 = 0 THEN 'feed.member_changed' WHEN i % 100 = 0 THEN 'token.edited' WHEN i % 7 < 3 THEN 'package.version_published'
                    WHEN i % 7 = 3 THEN 'session.started' WHEN i % 7 = 4 THEN 'token.created' WHEN i % 70 = 5 THEN 'session.refused'
                    WHEN i % 7 = 5 THEN 'token.refreshed' WHEN i % 70 = 6 THEN 'package.version_unlisted' ELSE 'token.revoked' END AS verb
              FROM n, given) made"
    )
);

const DAY_ROWS: &str = rows!(
    "token_days (token, day, uses, refusals)",
    concat!(token_id!("50000"), ", now / 86400 + 1 - i, i * 37 % 500, i % 3 FROM n, given WHERE ada <> ''")
);

const PLACE_ROWS: &str = rows!(
    "token_places (id, token, client, address, first_at, last_at, uses)",
    concat!(
        "PRINTF('%012x', i), ",
        token_id!("50000"),
        ", 'NuGet Command Line/5.8.' || i, '203.0.113.' || i, now - 864000, now - i, i FROM n, given WHERE ada <> ''"
    )
);

const WORK_ROWS: &str = rows!(
    "token_work (id, token, permission, feed, package, last_at, uses)",
    concat!(
        "PRINTF('%012x', i), ",
        token_id!("50000"),
        ", 'nuget:pull', (SELECT id FROM feeds WHERE name = 'main'),
        'contoso.team' || (i % 500) || '.service' || i, now - i, i FROM n, given WHERE ada <> ''"
    )
);

/// The first 200 are of the token that is watched.
const REFUSAL_ROWS: &str = rows!(
    "refusals (id, account, token, reason, occasion, action, feed, package, client, address, first_at, last_at, times)",
    concat!(
        "PRINTF('%012x', i), ada, CASE WHEN i <= 200 THEN ", token_id!("50000"), " ELSE ", token_id!("i"), " END, 'package-not-covered', 0, 'nuget:push', 'main',
        'Fabrikam.Service' || i, 'NuGet Command Line/5.8.0', '203.0.113.7', now - i * 60, now - i * 60, i FROM n, given"
    )
);

const SESSION_ROWS: &str = rows!(
    "sessions (id_hash, account, epoch, state, created_at, seen_at, name, client, address)",
    "UNHEX(PRINTF('%012x', i)), ada, 1, '{}', now - i, now - i, '0190a000-0000-7000-8000-' || PRINTF('%012x', i), 'Otter/7', '203.0.113.7' FROM n, given"
);

/// Fills a world in which ada has signed up, and makes her an operator.
pub async fn fill(world: &World) {
    let preparations = match world.database.engine {
        Engine::Sqlite => ROOM,
        Engine::Postgres => FUNCTIONS,
    };
    for statement in preparations {
        world.database.execute(statement, &[]).await;
    }
    world.database.execute("UPDATE accounts SET operator_since = 0", &[]).await;
    let ada = world.database.text("SELECT id FROM accounts", &[]).await;
    for (rows, many) in [
        (TOKENS_ROWS, TOKENS),
        (ACCOUNT_ROWS, ACCOUNTS),
        (PACKAGE_ROWS, PACKAGES),
        (OWNER_ROWS, PACKAGES / 2),
        (VERSION_ROWS, VERSIONS),
        (EVENT_ROWS, EVENTS),
        (DAY_ROWS, 90),
        (PLACE_ROWS, 50),
        (WORK_ROWS, 1_000),
        (REFUSAL_ROWS, 2_000),
        (SESSION_ROWS, 100),
    ] {
        world.database.fill(rows, &ada, many, world.now().timestamp()).await;
    }
    world.index_packages().await;
    if world.database.engine == Engine::Postgres {
        world.database.execute("VACUUM ANALYZE", &[]).await; // as autovacuum does a minute later
    }
}
