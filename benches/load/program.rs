//! What `bin/bench` needs beside the program: a bare server to compare with, and databases full of real keys.
//!
//! - `load bare ADDRESS`: answers every request with 204, by one worker for each processor it may use
//! - `load fill FOLDER COUNT KEYS [URL]`: fills an empty database in FOLDER, or at URL, with COUNT tokens of one account that
//!   may read everything for ever, and writes their keys into the file KEYS, one in a line
#![expect(clippy::expect_used, reason = "a benchmark that cannot go on ends here")]

use std::{fmt::Write as _, io::Write as _, path::Path};

use actix_web::{App, HttpResponse, HttpServer, web};
use latchkey::{
    accounts::{NewAccount, Registration},
    audit::Actor,
    clock::Clock,
    random,
    store::{DatabaseUrl, Engine, Store, migrate::migrate},
    tokens::{Feeds, FormId, Issued, Patterns, Permissions, Secret, TokenId, TokenSettings},
};
use rand::{SeedableRng as _, rngs::StdRng};
#[expect(clippy::disallowed_types, reason = "many rows in one statement, all of them from here")]
use sqlx::AssertSqlSafe;
use sqlx::{AnyConnection, Connection as _, Executor as _};

/// Secrets in one statement.
const ROWS: usize = 500;

#[actix_web::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", address] => serve_bare(address).await,
        ["fill", folder, count, keys] => {
            fill(Path::new(folder), count, keys, DatabaseUrl::file_in(Path::new(folder)), None).await;
        }
        ["fill", folder, count, keys, url] => {
            let database = DatabaseUrl::parse(url).expect("an address of PostgreSQL");
            fill(Path::new(folder), count, keys, database, Some(url)).await;
        }
        _ => panic!("load bare ADDRESS | load fill FOLDER COUNT KEYS [URL]"),
    }
}

async fn serve_bare(address: &str) {
    let app = || App::new().default_service(web::to(|| async { HttpResponse::NoContent().finish() }));
    HttpServer::new(app).bind(address).expect("a free address").run().await.expect("a server");
}

async fn fill(folder: &Path, count: &str, keys: &str, database: DatabaseUrl, url: Option<&str>) {
    let count: usize = count.parse().expect("a number");
    let now = Clock::System.now();
    let store = Store::connect(&database).await.expect("a database");
    migrate(&store, folder, now).await.expect("a schema");
    let first = first_token(&store).await;
    let engine = store.engine();
    store.close().await;
    let url = url.map_or_else(|| format!("sqlite://{}/latchkey.db", folder.display()), str::to_owned);
    let mut connection = AnyConnection::connect(&url).await.expect("a database");
    let ids = match engine {
        Engine::Sqlite => "printf('%08x-0000-7000-8000-000000000000', n.i)",
        Engine::Postgres => "lpad(to_hex(n.i), 8, '0') || '-0000-7000-8000-000000000000'",
    };
    let columns = "kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, version";
    let tokens = format!(
        "INSERT INTO tokens (id, account, {columns})
         SELECT {ids}, t.account, t.kind, t.name, t.name_key || n.i, t.note, t.permissions, t.patterns, t.feeds, t.hint, t.created_at, t.issued_at, 1
         FROM tokens t, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n) n
         WHERE t.id = '{first}'",
        count.max(2) - 1
    );
    run(&mut connection, "BEGIN".to_owned()).await;
    run(&mut connection, tokens).await;
    run(&mut connection, format!("DELETE FROM token_secrets WHERE token = '{first}'")).await;
    let mut rng = StdRng::seed_from_u64(7);
    let mut file = std::io::BufWriter::new(std::fs::File::create(keys).expect("a file for keys"));
    for begin in (0..count).step_by(ROWS) {
        let mut rows = String::new();
        for number in begin..count.min(begin + ROWS) {
            let secret = Secret::generate(&mut rng);
            writeln!(file, "{}", secret.reveal()).expect("room for keys");
            let id = if number == 0 { first.clone() } else { format!("{number:08x}-0000-7000-8000-000000000000") };
            let bytes = hex::encode(secret.hash().as_bytes());
            let bytes = if engine == Engine::Sqlite { format!("x'{bytes}'") } else { format!("'\\x{bytes}'") };
            let comma = if rows.is_empty() { "" } else { "," };
            write!(rows, "{comma}({bytes},'{id}',{})", now.timestamp()).expect("room in memory");
        }
        run(&mut connection, format!("INSERT INTO token_secrets (hash, token, issued_at) VALUES {rows}")).await;
    }
    run(&mut connection, "COMMIT".to_owned()).await;
    run(&mut connection, "ANALYZE".to_owned()).await;
}

async fn run(connection: &mut AnyConnection, sql: String) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.expect("a statement that runs");
}

/// The token that all others are copies of; gives its id.
async fn first_token(store: &Store) -> String {
    let (now, by) = (Clock::System.now(), Actor::host("benchmark"));
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
    let Ok(Registration::Made(account)) = tx.add_account(&new, &by, now).await else { panic!("no account") };
    tx.commit().await.expect("a commit");
    let permissions = Permissions::parse("nuget:pull,npm:pull,api:read").expect("permissions");
    let settings = TokenSettings {
        patterns: Patterns::parse("Contoso.*\nFabrikam.*").expect("patterns"),
        feeds: Feeds::All,
        ..TokenSettings::for_everything("CI", permissions)
    };
    let rng = &mut random::system();
    let token = settings.into_token(TokenId::generate(now, rng), account, now);
    let id = token.id.to_string();
    let issued = store.create_token(token, &FormId::generate(now, rng).to_string(), &by, now).await;
    assert!(matches!(issued, Ok(Issued::Secret(_))), "no token");
    id
}
