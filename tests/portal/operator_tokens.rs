//! Finding tokens by key or hint, ending them, and looking through the record of the host.

use chrono::Duration;
use latchkey::tokens::decision::Reason;

use super::operator::{id_of, operator};
use crate::support::world::{World, on_both_engines};

on_both_engines! {
    a_pasted_key_leads_to_its_token_and_leaves_no_trace,
    tokens_that_share_a_hint_are_all_shown,
    a_revoked_token_names_the_operator_in_its_owners_record,
    the_primary_token_is_deactivated_instead,
    events_are_found_by_what_who_which_and_when,
    the_record_is_read_page_by_page,
    a_search_that_looked_at_enough_leads_on,
}

async fn a_pasted_key_leads_to_its_token_and_leaves_no_trace(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    let old = key.secret.clone();
    let new = bo.refresh(&key.id, "restart").await.secret().unwrap();
    let find = async |text: &str| ada.fill("/operator/tokens", |form| form.set("key", text)).await;
    let path = format!("/operator/tokens/{}", key.id);
    let mut page = find("").await;
    for (text, done) in [(format!(" {new}\n"), "the present key"), (old.clone(), "replaced by a refresh")] {
        let found = find(&text).await;
        assert_eq!((found.status, found.location()), (303, path.as_str()));
        page = ada.get(&path).await;
        assert!(page.texts(".banner").concat().contains(done), "{}", page.body);
    }
    assert_eq!(page.texts("dl.about dd a"), ["bo"]);
    let unknown = latchkey::tokens::Secret::generate(&mut latchkey::random::system());
    for wrong in [unknown.reveal(), &old[..48], "not a key at all", ""] {
        let page = find(wrong).await;
        assert_eq!(page.status, 422, "{wrong}");
        assert!(wrong.is_empty() || !page.body.contains(wrong), "{}", page.body);
    }
    ada.get(&format!("/operator/tokens?hint={new}")).await;
    let page = ada.get(&format!("/operator/events?token={new}&account={new}&package=x")).await;
    assert_eq!(page.status, 303, "keys are cut from addresses");
    assert!(!page.location().contains(&new) && !page.body.contains(&new), "{}", page.location());
    let stored = format!("{:?}", world.database.contents().await);
    assert!(!stored.contains(&old[8..]) && !stored.contains(&new[8..]));
}

async fn tokens_that_share_a_hint_are_all_shown(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    bo.key(world, "Other").await;
    world.database.execute("UPDATE tokens SET hint = $1 WHERE name = 'Other'", &[&key.secret[..7]]).await;
    let page = ada.fill("/operator/tokens", |form| form.set("key", &key.secret[..7])).await;
    assert_eq!((page.status, page.location()), (303, format!("/operator/tokens?hint={}", &key.secret[..7]).as_str()));
    let page = ada.get(page.location()).await;
    let mut names = page.texts(".rows tbody th a");
    names.sort();
    assert_eq!(
        (page.texts("h2").concat().as_str(), names),
        ("2 tokens have this hint", vec!["CI".to_owned(), "Other".to_owned()])
    );
    let page = ada.get(&format!("/operator/tokens?account={}", id_of(world, "bo").await)).await;
    assert_eq!(page.texts(".rows tbody th").len(), 3);
    assert_eq!(ada.get("/operator/tokens?hint=lk_none").await.texts(".empty h2"), ["No token has the key lk_none…"]);
}

async fn a_revoked_token_names_the_operator_in_its_owners_record(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    let path = format!("/operator/tokens/{}/revoke", key.id);
    assert_eq!(ada.fill(&path, |form| form).await.status, 303);
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::Revoked));
    let open_elsewhere =
        crate::support::page::Form { action: path.clone(), ..ada.get("/operator/tokens").await.form("/sign-out") };
    assert_eq!(ada.submit(open_elsewhere).await.status, 303, "twice is as good as once");
    for verb in ["revoke", "deactivate"] {
        let page = ada.get(&format!("/operator/tokens/{}/{verb}", key.id)).await;
        let said = page.texts("main").concat();
        assert!(said.contains("It is revoked, which is final.") && page.texts("main button").is_empty(), "{said}");
    }
    let record = bo.get(&format!("/settings/tokens/{}", key.id)).await.texts(".record tbody tr");
    assert_eq!(record.iter().filter(|row| row.contains("Token revoked ada")).count(), 1, "{record:?}");
}

async fn the_primary_token_is_deactivated_instead(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let id =
        "SELECT t.id FROM tokens t JOIN accounts a ON a.id = t.account WHERE t.kind = 'primary' AND a.username = 'bo'";
    let id = world.database.text(id, &[]).await;
    let key = bo.refresh(&id, "restart").await.secret().unwrap();
    let revoke = format!("/operator/tokens/{id}/revoke");
    let asked = ada.get(&revoke).await;
    assert!(asked.texts("main").concat().contains("Deactivate it, or disable the account."), "{}", asked.body);
    assert_eq!(ada.submit(asked.form_or_bare(&revoke)).await.status, 409);
    assert_eq!(world.refusal(&key).await, None);
    assert_eq!(ada.fill(&format!("/operator/tokens/{id}/deactivate"), |form| form).await.status, 303);
    assert_eq!(world.refusal(&key).await, Some(Reason::Deactivated));
}

async fn events_are_found_by_what_who_which_and_when(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    world.pass(Duration::days(1));
    let [ada, bo] = [
        {
            drop(ada);
            world.sign_in("ada").await
        },
        {
            drop(bo);
            world.sign_in("bo").await
        },
    ];
    bo.must(&key.id, "deactivate").await;
    ada.fill(&format!("/operator/tokens/{}/revoke", key.id), |form| form).await;
    let verbs = async |query: &str| {
        let page = ada.get(&format!("/operator/events?{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        let mut verbs = page.texts(".rows .verb");
        verbs.sort();
        verbs.join(", ")
    };
    let (hint, id) = (&key.secret[..7], key.id.as_str());
    let all = "token created, token deactivated, token revoked";
    for (query, expected) in [
        (format!("token={id}"), all),
        (format!("token={hint}%E2%80%A6"), all),
        (format!("token={id}&account=ada"), "token revoked"),
        (format!("token={id}&to=2027-03-01"), "token created"),
        (format!("token={id}&from=2027-03-02&to=2027-03-02"), "token deactivated, token revoked"),
        ("what=tokens".to_owned(), all),
        ("what=tokens&account=bo".to_owned(), all),
        ("what=sign-ins&account=BO%40example.com".to_owned(), "signed in"),
        ("account=ada".to_owned(), "account created, account made operator, signed in, token revoked"),
        ("what=packages".to_owned(), ""),
        ("package=contoso.core".to_owned(), ""),
        ("from=2027-03-03".to_owned(), ""),
    ] {
        assert_eq!(verbs(&query).await, expected, "{query}");
    }
    for (query, field) in [("account=nobody", "account"), ("token=lk", "token"), ("from=soon", "from"), ("to=1", "to")]
    {
        let page = ada.get(&format!("/operator/events?{query}")).await;
        assert_eq!((page.status, page.problems().len()), (422, 1), "{query}");
        assert_eq!(page.attributes(&format!("#{field}"), "aria-invalid"), ["true"], "{query}");
    }
}

async fn the_record_is_read_page_by_page(world: &World) {
    let ada = operator(world, "ada").await;
    fill_record(world, 120).await;
    let (mut path, mut seen) = ("/operator/events".to_owned(), 0);
    for rows in [50, 50, 22] {
        let page = ada.get(&path).await;
        assert_eq!(page.texts(".rows tbody tr").len(), rows);
        seen += rows;
        path = page.attributes(".pages a", "href").pop().unwrap();
    }
    assert_eq!((seen, path.as_str()), (122, "/operator/events"), "the last page leads to the first");
}

async fn a_search_that_looked_at_enough_leads_on(world: &World) {
    let ada = operator(world, "ada").await;
    fill_record(world, 3_000).await;
    let page = ada.get("/operator/events?account=ada&what=accounts").await;
    assert!(page.texts(".rows tbody tr").is_empty() && page.texts("p.banner").len() == 1, "{}", page.body);
    let path = page.attributes(".pages a", "href").pop().unwrap();
    let page = ada.get(&path).await;
    assert_eq!(page.texts(".rows .verb").len(), 2, "found further back: {}", page.body);
    assert!(page.texts("p.banner").is_empty());
}

/// So many sign-ins of ada, a second apart, later than all there is.
async fn fill_record(world: &World, events: usize) {
    let app = world.app();
    let ada = app.store.account_named("ada").await.unwrap().unwrap().id;
    let mut tx = app.store.begin().await.unwrap();
    for second in 1..=events {
        let by = latchkey::audit::Actor { account: Some(ada), ..latchkey::audit::Actor::default() };
        let now = world.now() + Duration::seconds(i64::try_from(second).unwrap());
        tx.record_sign_in(ada, &by, now).await.unwrap();
    }
    tx.commit().await.unwrap();
}
