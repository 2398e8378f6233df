//! The view of effective roles, and what an account is.

use super::{both, now};
use crate::{accounts::AccountKind, audit::Actor, feeds::Feed, tokens::decision::Role};

#[tokio::test]
async fn a_role_of_ones_own_counts_before_everybodys() {
    for database in both().await {
        let store = &database.store;
        let (owner, member, other) =
            (database.account("ada").await, database.account("ben").await, database.account("cy").await);
        let by = Actor::default();
        let mut tx = store.begin().await.unwrap();
        let id = tx.add_feed("tools", false, owner, &by, now()).await.unwrap().unwrap();
        let feed = Feed { id, name: "tools".to_owned(), is_public: false };
        let mut roles = Vec::new();
        for everyone in [None, Some(Role::Writer), Some(Role::Reader)] {
            tx.set_everyones_role(&feed, everyone, &by, now()).await.unwrap();
            roles.push([tx.role_in(id, owner).await.unwrap(), tx.role_in(id, other).await.unwrap()]);
        }
        let own = Some(Role::Owner);
        assert_eq!(roles, [[own, None], [own, Some(Role::Writer)], [own, Some(Role::Reader)]]);
        tx.set_everyones_role(&feed, Some(Role::Writer), &by, now()).await.unwrap();
        tx.set_member(id, "tools", member, Role::Reader, &by, now()).await.unwrap();
        assert_eq!(tx.role_in(id, member).await.unwrap(), Some(Role::Reader), "less than everybody's");
        tx.commit().await.unwrap();

        let feeds = |memberships: Vec<crate::feeds::Membership>| {
            memberships.into_iter().map(|one| (one.feed.name, one.role)).collect::<Vec<_>>()
        };
        let main = ("main".to_owned(), Some(Role::Writer));
        assert_eq!(feeds(store.feeds_of(member).await.unwrap()), [main, ("tools".to_owned(), Some(Role::Reader))]);
        assert_eq!(store.feed("tools", None).await.unwrap().unwrap().role, None, "nobody has no role");
        database.drop().await;
    }
}

#[tokio::test]
async fn an_account_is_of_the_kind_that_is_stored() {
    for database in both().await {
        let id = database.account("ada").await;
        assert_eq!(database.store.account(id).await.unwrap().unwrap().kind, AccountKind::Person);
        for kind in [AccountKind::Service, AccountKind::Organisation] {
            let tx = database.store.begin().await.unwrap();
            set_kind(tx, &id.to_string(), kind.as_str()).await;
            assert_eq!(database.store.account(id).await.unwrap().unwrap().kind, kind);
        }
        set_kind(database.store.begin().await.unwrap(), &id.to_string(), "robot").await;
        let error = database.store.account(id).await.unwrap_err().to_string();
        assert!(error.contains("accounts.kind"), "{error}");
        database.drop().await;
    }
}

async fn set_kind(mut tx: crate::store::Transaction, id: &str, kind: &str) {
    let set = sqlx::query("UPDATE accounts SET kind = $2 WHERE id = $1").bind(id.to_owned()).bind(kind.to_owned());
    set.execute(&mut *tx.inner).await.unwrap();
    tx.commit().await.unwrap();
}
