//! The statement that owes many tokens their notices says of each kind what [`due_notices`] says of one token.

use chrono::{DateTime, Duration, Utc};

use super::{Database, both, now};
use crate::{
    notifications::end_notice::{EndNotice, due_notices},
    store::tokens::bulk_sql::OWE_NOTICES,
    tokens::{AccountId, NoticeId, Permissions, Token, TokenId, TokenSettings},
};

#[tokio::test]
async fn many_tokens_are_owed_what_one_is() {
    let lives: Vec<_> = [1, 24, 24 * 14, 24 * 30, 24 * 60, 24 * 365]
        .into_iter()
        .flat_map(|hours| [-1, 0, 1, 1_801].map(|more| Duration::hours(hours) + Duration::seconds(more)))
        .collect();
    for database in both().await {
        let account = database.account("ada").await;
        for life in &lives {
            let token = token(&database, account, *life).await;
            let end = token.end().unwrap();
            let times = [now(), end - Duration::days(31), end - Duration::days(9), end - Duration::hours(3), end];
            for now in times.into_iter().filter(|at| *at >= now()) {
                let mut due = if now < end { due_notices(&token, end, now) } else { Vec::new() };
                due.sort();
                assert_eq!(owed(&database, token.id, now).await, due, "{life} until {end}, at {now}");
            }
        }
        database.drop().await;
    }
}

/// A token that was issued now.
async fn token(database: &Database, account: AccountId, life: Duration) -> Token {
    let id = TokenId::generate(now(), &mut crate::random::system());
    let permissions = Permissions::parse("nuget:pull").unwrap();
    let settings =
        TokenSettings { expires_at: Some(now() + life), ..TokenSettings::for_everything(id.to_string(), permissions) };
    let token = settings.into_token(id, account, now());
    let mut tx = database.store.begin().await.unwrap();
    tx.add_token(&token).await.unwrap();
    tx.commit().await.unwrap();
    token
}

/// What the statement owes, kind by kind; nothing of it is kept.
async fn owed(database: &Database, token: TokenId, now: DateTime<Utc>) -> Vec<(EndNotice, DateTime<Utc>)> {
    let mut tx = database.store.begin().await.unwrap();
    for notice in EndNotice::ALL {
        let fresh = NoticeId::generate(now, &mut crate::random::system());
        sqlx::query(OWE_NOTICES.as_str())
            .bind(token.to_string())
            .bind(fresh.to_string())
            .bind(1_i64)
            .bind(now.timestamp())
            .bind(notice.as_str())
            .execute(&mut *tx.inner)
            .await
            .unwrap();
    }
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT kind, due_at FROM notices WHERE subject = $1")
        .bind(token.to_string())
        .fetch_all(&mut *tx.inner)
        .await
        .unwrap();
    let read = |(kind, at): (String, i64)| (EndNotice::parse(&kind).unwrap(), DateTime::from_timestamp(at, 0).unwrap());
    let mut owed: Vec<_> = rows.into_iter().map(read).collect();
    owed.sort();
    owed
}
