//! Databases with this version's tables, made once and then copied, as bringing every test's own up to date takes longer
//! than most tests.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use latchkey::store::{
    DATABASE_FILE, DatabaseUrl, Engine, Store,
    migrate::{apply, migrator},
};
use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Connection as _};
use tokio::sync::OnceCell;

use super::{
    database::{beside, run},
    folder::Folder,
};

/// Writes a SQLite database that was brought up to date.
pub(super) async fn write_sqlite(path: &Path) {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let bytes = FILE.get_or_init(sqlite_file).await;
    fs::File::options().write(true).create_new(true).mode(0o600).open(path).unwrap().write_all(bytes).unwrap();
}

async fn sqlite_file() -> Vec<u8> {
    let folder = Folder::new();
    bring_up_to_date(&DatabaseUrl::file_in(folder.path()), folder.path()).await;
    fs::read(folder.path().join(DATABASE_FILE)).unwrap()
}

/// The name of a PostgreSQL database that was brought up to date. It stays on the server for all test programs, and for
/// the next run if the server does.
pub(super) async fn on_postgres(server: &str) -> String {
    static NAME: OnceCell<String> = OnceCell::const_new();
    NAME.get_or_init(|| async {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(server).await.unwrap();
        // One test program makes it; the others wait.
        let lock = "SELECT CAST(pg_advisory_lock(20261128) AS TEXT)";
        sqlx::query(lock).execute(&mut connection).await.unwrap();
        let name = template_name();
        let is_there = "SELECT COUNT(*) FROM pg_database WHERE datname = $1";
        if sqlx::query_scalar::<_, i64>(is_there).bind(&name).fetch_one(&mut connection).await.unwrap() == 0 {
            make_on_postgres(server, &name).await;
        }
        connection.close().await.unwrap();
        name
    })
    .await
    .clone()
}

/// It has its name once it is complete.
async fn make_on_postgres(server: &str, name: &str) {
    let unfinished = format!("{name}_unfinished");
    run(server, &format!("DROP DATABASE IF EXISTS {unfinished}")).await;
    run(server, &format!("CREATE DATABASE {unfinished}")).await;
    let folder = Folder::new();
    bring_up_to_date(&DatabaseUrl::parse(&beside(server, &unfinished)).unwrap(), folder.path()).await;
    run(server, &format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
}

/// Changes with every migration.
fn template_name() -> String {
    let mut hash = Sha256::new();
    for migration in migrator(Engine::Postgres).iter() {
        hash.update(&migration.checksum);
    }
    format!("latchkey_template_{}", hex::encode(&hash.finalize()[..8]))
}

async fn bring_up_to_date(database: &DatabaseUrl, folder: &Path) {
    let store = Store::connect(database).await.unwrap();
    apply(&store, folder, &migrator(database.engine())).await.unwrap();
    store.close().await;
}
