//! A database that is gone, or busy with somebody else: nothing breaks, people are told to try again, and all is well afterwards.

use crate::support::{
    database::Engine,
    person::filled,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_database_that_is_gone_is_said_and_waited_for,
}

async fn a_database_that_is_gone_is_said_and_waited_for(world: &World) {
    let ada = world.ada().await;
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI");
    let visitor = world.browser();
    let sign_in = visitor.get("/sign-in").await.form("/sign-in").set("username", "ada").set("password", "x");
    world.database.go_away().await;
    let mut pages = vec![ada.submit(form.clone()).await, visitor.submit(sign_in).await];
    if world.database.engine == Engine::Postgres {
        // Of an SQLite file only the writers are kept out.
        pages.push(ada.get("/settings/tokens").await);
        assert_eq!(visitor.get("/readyz").await.status, 503);
    }
    for page in &pages {
        assert_eq!((page.status, page.heading().as_str()), (503, "Try again in a moment"), "{}", page.body);
        assert!(!page.header("retry-after").is_empty() && !page.header("content-security-policy").is_empty());
        assert!(!page.body.contains("sql") && !page.body.contains("lk_"), "{}", page.body);
    }
    assert_eq!(visitor.get("/healthz").await.status, 200);
    assert_eq!(visitor.get("/").await.status, 200, "what needs no database goes on");
    world.database.come_back().await;
    assert_eq!(visitor.get("/readyz").await.status, 200);
    assert!(ada.is_signed_in().await, "the session is still there");
    let page = ada.submit(form).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Token created"), "the same form goes through");
}
