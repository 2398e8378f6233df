//! Watching PostgreSQL while the program runs, and turning to another host when the one in use is lost.

use std::{str::FromStr, time::Duration};

use sqlx::any::AnyConnectOptions;
use tokio::time::timeout;

use super::{
    Store,
    connect::{PATIENCE, Purpose, is_standby},
    searchers::Searchers,
};

/// Time between two looks whether PostgreSQL still answers.
const WATCH: Duration = Duration::from_secs(2);

/// While the program runs: tells why PostgreSQL does not answer, which a pool does not, and turns to another host where
/// several are named.
pub(super) async fn watch(store: Store) {
    let mut said = String::new();
    while !store.pool.is_closed() {
        tokio::select! {
            () = store.pool.close_event() => return,
            () = tokio::time::sleep(WATCH) => {}
        }
        let problem = problem(&store).await.unwrap_or_default();
        if problem != said && !store.pool.is_closed() {
            match problem.as_str() {
                "" => tracing::info!("the database answers again"),
                problem => tracing::error!("{problem}"),
            }
            said = problem;
        }
    }
}

/// What keeps reads from the database, in one line of the log; none if nothing does.
async fn problem(store: &Store) -> Option<String> {
    if answers(store).await {
        return None;
    }
    match store.database.first_that_answers(Purpose::Migration).await {
        Ok((_, url)) if turn_to(store, url) => {
            Some("the database host in use does not answer or takes no changes; turning to the next one".to_owned())
        }
        Ok(_) => {
            let (readers, _) = store.database.connections();
            Some(format!("all {readers} database connections for reads are in use (LATCHKEY_DATABASE_READERS)"))
        }
        Err(error) => Some(format!("the database does not answer: {error}")),
    }
}

/// Whether a connection for reads can be had within five seconds and, where several hosts are named, takes changes.
async fn answers(store: &Store) -> bool {
    match store.pool.acquire().await {
        Ok(_) if store.database.hosts() == 1 => true,
        Ok(mut connection) => match timeout(PATIENCE, is_standby(&mut connection)).await {
            Ok(Ok(false)) => true,
            _ => {
                let _ = connection.close().await;
                false
            }
        },
        Err(error) => matches!(error, sqlx::Error::PoolClosed),
    }
}

/// Has new connections made to another host; `false` if it is the one in use.
fn turn_to(store: &Store, url: &str) -> bool {
    let Ok(options) = AnyConnectOptions::from_str(url) else { return false };
    let is_other = store.pool.connect_options().database_url != options.database_url;
    if is_other {
        for pool in [&store.pool, &store.writers] {
            pool.set_connect_options(options.clone());
        }
        if let Searchers::Postgres(pool) = &store.searchers {
            pool.set_connect_options(options.clone());
        }
    }
    is_other
}
