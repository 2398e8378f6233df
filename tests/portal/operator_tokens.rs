//! Finding tokens by key or hint, ending them, and looking through the record of the host.

use chrono::Duration;
use latchkey::tokens::decision::Reason;

use super::operator::operator;
use crate::support::{
    person::Browser,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_pasted_key_leads_to_its_token_and_leaves_no_trace,
    tokens_that_share_a_hint_are_all_shown,
    a_revoked_token_names_the_operator_in_its_owners_record,
    the_primary_token_is_deactivated_instead,
    events_are_found_by_what_who_which_and_when,
    the_inventory_shows_the_tokens_that_are_worth_a_look,
    the_inventory_is_read_page_by_page_and_exported_whole,
    tokens_of_many_owners_are_ended_in_one_step,
    the_record_is_read_page_by_page,
    a_search_that_looked_at_enough_leads_on,
}

async fn a_pasted_key_leads_to_its_token_and_leaves_no_trace(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    let old = key.secret.clone();
    let new = bo.refresh(&key.id, "restart").await.secret().unwrap();
    let find = async |text: &str| ada.fill("/operator/tokens/find", |form| form.set("key", text)).await;
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
    assert_eq!(ada.get(&format!("/operator/tokens?q={new}")).await.status, 303, "keys are cut from addresses");
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
    let page = ada.fill("/operator/tokens/find", |form| form.set("key", &key.secret[..7])).await;
    assert_eq!((page.status, page.location()), (303, format!("/operator/tokens?q={}", &key.secret[..7]).as_str()));
    let page = ada.get(page.location()).await;
    let mut names = page.texts(".table tbody th a");
    names.sort();
    assert_eq!(names, ["CI", "Other"]);
    assert_eq!(ada.get("/operator/tokens?owner=bo").await.texts(".table tbody th").len(), 3);
    assert_eq!(ada.get("/operator/tokens?q=lk_none").await.texts(".empty h2"), ["No tokens match"]);
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
    let record = bo.get(&format!("/settings/tokens/{}", key.id)).await.texts(".history tbody tr");
    assert_eq!(
        record.iter().filter(|row| row.contains("Token revoked") && row.contains(" ada ")).count(),
        1,
        "{record:?}"
    );
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
        let mut verbs = page.texts(".table .verb");
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
        assert_eq!(page.texts(".table tbody tr").len(), rows);
        seen += rows;
        path = page.attributes(".end a", "href").pop().unwrap();
    }
    assert_eq!((seen, path.as_str()), (122, "/operator/events"), "the last page leads to the first");
}

async fn a_search_that_looked_at_enough_leads_on(world: &World) {
    let ada = operator(world, "ada").await;
    fill_record(world, 3_000).await;
    let page = ada.get("/operator/events?account=ada&what=accounts").await;
    assert!(page.texts(".table tbody tr").is_empty() && page.body.contains("There may be older ones"), "{}", page.body);
    let path = page.attributes(".end a", "href").pop().unwrap();
    let page = ada.get(&path).await;
    assert_eq!(page.texts(".table .verb").len(), 2, "found further back: {}", page.body);
    assert!(!page.body.contains("There may be older ones"));
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

/// The names that the inventory shows for a query, sorted.
async fn inventory(browser: &Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/operator/tokens?{query}")).await;
    assert_eq!(page.status, 200, "{query}");
    let mut names = page.texts(".table tbody th a");
    names.sort();
    names
}

async fn the_inventory_shows_the_tokens_that_are_worth_a_look(world: &World) {
    operator(world, "ada").await;
    let bo = world.bo().await;
    bo.key_for(world, "Endless", "never").await;
    let reader = bo.key_with(world, "Reader", |form| form.untick("permission", "nuget:push")).await;
    bo.key_with(world, "Everything", |form| form.set("patterns", "*").set("expires", "30")).await;
    let off = bo.key(world, "Off").await;
    let gone = bo.key_for(world, "Gone", "never").await;
    bo.must(&off.id, "deactivate").await;
    bo.must(&gone.id, "revoke").await;
    world.pass(Duration::days(40));
    let ada = world.sign_in("ada").await;
    for (query, names) in [
        ("show=never-expires", &["Endless"][..]),
        ("show=all-packages", &["Primary token", "Primary token"]),
        ("show=expired", &["Everything"]),
        ("show=deactivated", &["Off"]),
        ("show=revoked", &["Gone"]),
        ("show=unused", &[]),
        ("show=never-used&owner=bo", &["Endless", "Everything", "Off", "Reader"]),
        ("show=beyond-maximum", &[]),
        ("show=legacy", &[]),
        ("show=nonsense&owner=bo&scope=nuget:push&q=contoso", &["Endless", "Gone", "Off"]),
        ("owner=bo&scope=nuget:&q=reader", &["Reader"]),
        ("owner=nobody", &[]),
        ("q=bo&show=expired", &["Everything"]),
        ("q=%25", &[]),
    ] {
        assert_eq!(inventory(&ada, query).await, names, "{query}");
    }
    assert_eq!(inventory(&ada, &format!("q={}", &reader.secret[..7])).await, ["Reader"]);
    assert_eq!(ada.get("/operator/tokens").await.texts(".alerts li"), ["1 never expire Review"]);
    world.pass(Duration::days(51));
    let ada = world.sign_in("ada").await;
    assert_eq!(inventory(&ada, "show=unused&q=endless").await, ["Endless"]);
    assert_eq!(world.sign_in("bo").await.get("/operator/tokens").await.status, 404);
}

async fn the_inventory_is_read_page_by_page_and_exported_whole(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    bo.key_with(world, "=HYPERLINK(1)", |form| form.set("note", "a \"quoted\", note")).await;
    let insert = "INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, created_at, version)
        SELECT '0190a000-0000-7000-8000-' || SUBSTR('000000000000' || n.i, LENGTH('000000000000' || n.i) - 11, 12), a.id, 'personal',
            'Many ' || n.i, 'many ' || n.i, '', 'nuget:pull', '*', '*', 0, 1
        FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1120) SELECT i FROM n) n, accounts a
        WHERE a.username = 'bo'";
    world.database.execute(insert, &[]).await;
    let (mut path, mut seen, mut pages) =
        ("/operator/tokens?owner=bo".to_owned(), std::collections::BTreeSet::new(), 0);
    loop {
        let page = ada.get(&path).await;
        seen.extend(page.attributes("input[name=token]", "value"));
        pages += 1;
        assert!(page.texts(".end [role=status]")[0].ends_with("1,000+ tokens"), "{:?}", page.texts(".end"));
        let Some(next) = page.attributes("[rel=next]", "href").pop() else { break };
        path = next;
    }
    assert_eq!((seen.len(), pages), (1_122, 23), "each once");
    let csv = ada.get("/operator/tokens/export?owner=bo").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.body.lines().count(), 1 + 1_122);
    assert!(
        csv.body.contains(",'=HYPERLINK(1),") && csv.body.contains("\"a \"\"quoted\"\", note\""),
        "{}",
        &csv.body[..900]
    );
    assert!(
        !csv.body.contains("lk_")
            || !csv.body.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word.len() > 40)
    );
    assert_eq!(ada.get("/operator/tokens/export?owner=nobody").await.body, "");
}

async fn tokens_of_many_owners_are_ended_in_one_step(world: &World) {
    let ada = operator(world, "ada").await;
    let (bo, cy) = (world.bo().await, world.sign_up("cy").await);
    let keys = [bo.key(world, "Of bo").await, cy.key(world, "Of cy").await, bo.key(world, "Stays").await];
    let asked = format!("/operator/tokens/selected?from=owner%3Dbo&token={}&token={}&step=", keys[0].id, keys[1].id);
    let page = ada.get(&format!("{asked}deactivate")).await;
    assert_eq!(page.heading(), "Deactivate 2 tokens");
    assert_eq!(page.texts(".table td[data-label=Owner]").len(), 2);
    let done = ada.submit(page.form("/operator/tokens/selected")).await;
    assert_eq!((done.status, done.location()), (303, "/operator/tokens?owner=bo"));
    for key in &keys[..2] {
        assert_eq!(world.refusal(&key.secret).await, Some(Reason::Deactivated));
    }
    assert_eq!(world.refusal(&keys[2].secret).await, None);
    let page = ada.get(&format!("{asked}deactivate")).await;
    assert!(page.texts("form[method=post][action='/operator/tokens/selected']").is_empty(), "both are off already");
    assert_eq!(ada.get(&format!("{asked}reactivate")).await.status, 404, "that is for their owners");
    let page = ada.get(&format!("{asked}revoke")).await;
    assert_eq!(ada.submit(page.form("/operator/tokens/selected")).await.status, 303);
    for key in &keys[..2] {
        assert_eq!(world.refusal(&key.secret).await, Some(Reason::Revoked));
    }
    for name in ["bo", "cy"] {
        let events = world.database.events_of(name).await;
        assert_eq!(events.iter().filter(|event| *event == "token revoked").count(), 1, "{name}: {events:?}");
    }
    let nothing = ada.get("/operator/tokens/selected?step=revoke").await;
    assert_eq!((nothing.status, nothing.location()), (303, "/operator/tokens"));
    assert_eq!(bo.get(&format!("{asked}revoke")).await.status, 404);
}
