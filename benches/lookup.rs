//! What it costs to look a presented key up, among a thousand and a million tokens, on both databases.
//! PostgreSQL takes part when `TEST_DATABASE_URL` names one: `bin/with-postgres cargo bench --bench lookup`.

use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use latchkey::audit::Actor;
use latchkey::{
    accounts::{NewAccount, Registration},
    clock::Clock,
    random,
    store::{DatabaseUrl, Engine, Store, migrate::migrate},
    tokens::{FormId, Issued, Patterns, SecretHash, TokenId, TokenSettings, lifecycle::primary_permissions},
};
use sqlx::{AnyConnection, Connection, Executor};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Rows that no key opens, made by the database itself: everything of a real row, with hashes in no order.
const FILL_TOKENS: &str = "INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, expires_at, version)
    SELECT 'filler' || n.i, t.account, t.kind, t.name, t.name_key, t.note, t.permissions, t.patterns, t.feeds, t.hint, t.created_at, t.issued_at, t.expires_at, 1
    FROM (SELECT * FROM tokens WHERE kind = 'personal') t, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n) n";

/// A database somewhere, and where it is.
struct Place {
    url: String,
    folder: TempDir,
}

struct Filled {
    store: Store,
    secret: SecretHash,
    _folder: TempDir,
}

fn bench(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    for tokens in [1_000, 1_000_000] {
        for place in [Some(sqlite()), runtime.block_on(postgres(tokens))].into_iter().flatten() {
            let filled = runtime.block_on(fill(place, tokens));
            c.bench_function(&format!("look-up/{:?}/{tokens} tokens", filled.store.engine()), |b| {
                b.iter(|| {
                    runtime
                        .block_on(filled.store.lookup_token(black_box(filled.secret), "main"))
                        .expect("an answer")
                        .expect("the token")
                });
            });
            runtime.block_on(filled.store.close());
        }
    }
}

fn sqlite() -> Place {
    let folder = TempDir::new().expect("a folder");
    Place { url: format!("sqlite://{}/latchkey.db?mode=rwc", folder.path().display()), folder }
}

/// A fresh database on the server that `TEST_DATABASE_URL` names, if it names one.
async fn postgres(tokens: i64) -> Option<Place> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is told by its environment where to run")]
    let admin = std::env::var("TEST_DATABASE_URL").ok()?;
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&admin).await.expect("a server");
    let name = if tokens > 1_000 { "latchkey_bench_many" } else { "latchkey_bench_few" };
    let (drop, create) = if tokens > 1_000 {
        ("DROP DATABASE IF EXISTS latchkey_bench_many", "CREATE DATABASE latchkey_bench_many")
    } else {
        ("DROP DATABASE IF EXISTS latchkey_bench_few", "CREATE DATABASE latchkey_bench_few")
    };
    connection.execute(drop).await.expect("no such database");
    connection.execute(create).await.expect("a database");
    let mut url = url::Url::parse(&admin).expect("an address");
    url.set_path(name);
    Some(Place { url: url.into(), folder: TempDir::new().expect("a folder") })
}

async fn fill(place: Place, tokens: i64) -> Filled {
    let now = Clock::System.now();
    let store = Store::connect(&DatabaseUrl::parse(&place.url).expect("an address")).await.expect("a database");
    migrate(&store, place.folder.path(), now).await.expect("a schema");
    let secret = add_token(&store, now).await;
    fill_up(&place.url, store.engine(), tokens).await;
    Filled { store, secret, _folder: place.folder }
}

async fn add_token(store: &Store, now: DateTime<Utc>) -> SecretHash {
    let host = Actor::host("benchmark");
    let new = NewAccount {
        username: "ada".to_owned(),
        email: "ada@example.com".to_owned(),
        password_hash: None,
        time_zone: chrono_tz::Tz::UTC,
        operator: false,
        vouched: true,
        max_token_days: None,
    };
    let mut tx = store.begin().await.expect("a change");
    let Ok(Registration::Made(account)) = tx.add_account(&new, &host, now).await else { panic!("no account") };
    tx.commit().await.expect("a commit");
    let new = TokenSettings {
        patterns: Patterns::parse("Contoso.*\nFabrikam.*").expect("patterns"),
        ..TokenSettings::for_everything("CI", primary_permissions())
    };
    let rng = &mut random::system();
    let token = new.into_token(TokenId::generate(now, rng), account, now);
    match store.create_token(token, &FormId::generate(now, rng).to_string(), &host, now).await {
        Ok(Issued::Secret(secret)) => secret.hash(),
        other => panic!("no token: {other:?}"),
    }
}

async fn fill_up(url: &str, engine: Engine, tokens: i64) {
    let mut connection = AnyConnection::connect(url).await.expect("a database");
    sqlx::query(FILL_TOKENS).bind(tokens).execute(&mut connection).await.expect("tokens");
    let secrets = match engine {
        Engine::Sqlite => {
            "INSERT INTO token_secrets (hash, token, issued_at) SELECT randomblob(32), id, created_at FROM tokens WHERE id LIKE 'filler%'"
        }
        Engine::Postgres => {
            "INSERT INTO token_secrets (hash, token, issued_at) SELECT sha256(id::bytea), id, created_at FROM tokens WHERE id LIKE 'filler%'"
        }
    };
    connection.execute(secrets).await.expect("secrets");
    connection.execute("ANALYZE").await.expect("statistics");
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = bench
}
criterion_main!(benches);
