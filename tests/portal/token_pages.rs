//! The list at any size: every order, part and search shows exactly the tokens it should, page by page.

use std::{cmp::Reverse, collections::BTreeSet};

use chrono::{DateTime, Duration, Utc};
use latchkey::tokens::{
    AccountId, Token, TokenId,
    listing::{Filter, PAGE, PageStart, Sort, TokenQuery},
};

use crate::support::{
    person::Browser,
    world::{World, on_both_engines},
};

on_both_engines! {
    every_order_shows_every_token_once,
    an_order_is_walked_back_the_way_it_came,
    tokens_that_come_meanwhile_neither_repeat_nor_hide_others,
    every_part_of_the_list_agrees_with_the_state_of_its_tokens,
    a_search_finds_by_name_hint_and_pattern,
    a_search_takes_signs_literally,
    a_search_through_very_many_says_where_it_stopped,
    a_key_that_is_searched_for_does_not_stay_in_the_address,
    the_page_leads_through_the_list,
    an_address_that_makes_no_sense_shows_the_list,
}

/// Tokens with every mixture of dates, many of them equal: $1 is the account, $2 how many, $3 now.
const MANY: &str = "INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at,
        expires_at, deactivated_at, reactivate_at, revoked_at, retires_at, last_used_at, version)
    SELECT '0190a000-0000-7000-8000-' || SUBSTR('000000000000' || n.i, LENGTH('000000000000' || n.i) - 11, 12), $1, 'personal',
        'Key ' || (n.i % 40), 'key ' || (n.i % 40), '', 'nuget:pull', 'Contoso.Team' || (n.i % 7) || '.*', '*', 'lk_' || SUBSTR('0000' || n.i, LENGTH('0000' || n.i) - 3, 4),
        n.at - (n.i % 9) * 86400, n.at - (n.i % 9) * 86400,
        CASE WHEN n.i % 5 = 0 THEN NULL ELSE n.at - (n.i % 9) * 86400 + CASE n.i % 5 WHEN 1 THEN n.i % 23 + 1 WHEN 2 THEN 1 WHEN 3 THEN n.i % 11 + 1 ELSE 90 END * 86400 END,
        CASE WHEN n.i % 6 = 0 THEN n.at - 600 END,
        CASE WHEN n.i % 12 = 0 THEN n.at + (n.i % 5 - 2) * 60 END,
        CASE WHEN n.i % 10 = 3 THEN n.at - 60 END,
        CASE n.i % 16 WHEN 5 THEN n.at + (n.i % 3 - 1) * 60 WHEN 10 THEN n.at + (n.i % 40 - 3) * 86400 END,
        CASE WHEN n.i % 3 = 0 THEN NULL ELSE n.at - (n.i % 8) * 1728000 END, 1
    FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) SELECT i, CAST($3 AS BIGINT) AS at FROM n) n";

/// An account with so many tokens of all sorts.
async fn with_tokens(world: &World, count: i64) -> (Browser, AccountId) {
    let ada = world.ada().await;
    let account = world.app().store.account_named("ada").await.unwrap().unwrap().id;
    fill(world, account, count, world.now()).await;
    (ada, account)
}

async fn fill(world: &World, account: AccountId, count: i64, now: DateTime<Utc>) {
    world.database.fill(MANY, &account.to_string(), count, now.timestamp()).await;
}

fn wanted(account: AccountId, filter: Filter, sort: Sort, words: &str) -> TokenQuery {
    TokenQuery { account, filter, sort, words: words.to_owned() }
}

/// Walks to the end of a list, a page at a time.
async fn walked(world: &World, wanted: &TokenQuery) -> Vec<Token> {
    let (mut tokens, mut start) = (Vec::new(), PageStart::First);
    loop {
        let page = world.app().store.token_page(wanted, &start, world.now()).await.unwrap();
        assert!(page.tokens.len() <= PAGE && (page.tokens.len() == PAGE || page.next.is_none() || page.gave_up));
        tokens.extend(page.tokens);
        match page.next {
            Some(next) => start = PageStart::After(next),
            None => return tokens,
        }
    }
}

fn ids(tokens: &[Token]) -> Vec<TokenId> {
    tokens.iter().map(|token| token.id).collect()
}

/// Holds an order against the times it goes by; names are ordered by the database's own rules.
fn assert_in_order(sort: Sort, tokens: &[Token], now: DateTime<Utc>) {
    // What ends next, what never ends, what ended last, what was revoked last.
    let end = |token: &Token| match (token.revoked_at, token.end()) {
        (Some(at), _) => (3, -at.timestamp(), Reverse(Some(token.id)), None),
        (None, None) => (1, 0, Reverse(None), Some(token.id)),
        (None, Some(end)) if end <= now => (2, -end.timestamp(), Reverse(Some(token.id)), None),
        (None, Some(end)) => (0, end.timestamp(), Reverse(None), Some(token.id)),
    };
    let used = |token: &Token| (token.last_use.as_ref().map(|last| last.at), token.id);
    match sort {
        Sort::Newest => assert!(tokens.is_sorted_by_key(|token| Reverse((token.created_at, token.id)))),
        Sort::Expires => assert!(tokens.is_sorted_by_key(end)),
        Sort::Used => assert!(tokens.is_sorted_by_key(|token| Reverse(used(token)))),
        Sort::Name => {
            let names: Vec<_> = tokens.iter().map(|token| token.settings.name.clone()).collect();
            let mut runs = names.clone();
            runs.dedup();
            assert_eq!(runs.len(), names.iter().collect::<BTreeSet<_>>().len(), "equal names stand together");
        }
    }
}

async fn every_order_shows_every_token_once(world: &World) {
    let (_, account) = with_tokens(world, 237).await;
    for sort in Sort::ALL {
        let tokens = walked(world, &wanted(account, Filter::Everything, sort, "")).await;
        assert_eq!(ids(&tokens).into_iter().collect::<BTreeSet<_>>().len(), 237, "{sort:?}");
        assert_eq!(tokens.len(), 237, "{sort:?}");
        assert_in_order(sort, &tokens, world.now());
    }
}

async fn an_order_is_walked_back_the_way_it_came(world: &World) {
    let (_, account) = with_tokens(world, 180).await;
    let store = &world.app().store;
    for (sort, words) in Sort::ALL.into_iter().flat_map(|sort| [(sort, ""), (sort, "contoso")]) {
        let wanted = wanted(account, Filter::Everything, sort, words);
        let (mut there, mut start) = (Vec::new(), PageStart::First);
        loop {
            let page = store.token_page(&wanted, &start, world.now()).await.unwrap();
            there.push(ids(&page.tokens));
            let Some(next) = page.next else { break };
            start = PageStart::After(next);
        }
        let mut back = vec![there.last().unwrap().clone()];
        let mut first = store.token_page(&wanted, &start, world.now()).await.unwrap().tokens.remove(0);
        loop {
            let start = PageStart::Before(sort.position(&first, world.now()));
            let page = store.token_page(&wanted, &start, world.now()).await.unwrap();
            back.insert(0, ids(&page.tokens));
            first = page.tokens[0].clone();
            if !page.has_earlier {
                break;
            }
        }
        assert_eq!(there, back, "{sort:?} {words:?}");
    }
}

async fn tokens_that_come_meanwhile_neither_repeat_nor_hide_others(world: &World) {
    let (ada, account) = with_tokens(world, 120).await;
    for sort in Sort::ALL {
        let wanted = wanted(account, Filter::Everything, sort, "");
        let before: BTreeSet<_> = ids(&walked(world, &wanted).await).into_iter().collect();
        let (mut seen, mut start) = (Vec::new(), PageStart::First);
        loop {
            let page = world.app().store.token_page(&wanted, &start, world.now()).await.unwrap();
            seen.extend(ids(&page.tokens));
            let Some(next) = page.next else { break };
            // The token the next page is counted from goes, and others come at both ends.
            world.database.execute("DELETE FROM tokens WHERE id = $1", &[&next.id.to_string()]).await;
            ada.key(world, "Aa").await;
            ada.key_for(world, "Zz", "never").await;
            start = PageStart::After(next);
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "{sort:?}: none twice");
        assert!(before.iter().all(|id| seen.contains(id)), "{sort:?}: none left out");
    }
}

async fn every_part_of_the_list_agrees_with_the_state_of_its_tokens(world: &World) {
    let (_, account) = with_tokens(world, 600).await;
    for passed in [0, 90, 86_400, 40 * 86_400] {
        world.pass(Duration::seconds(passed));
        let all = walked(world, &wanted(account, Filter::Everything, Sort::Newest, "")).await;
        for filter in Filter::ALL {
            let right: BTreeSet<_> =
                all.iter().filter(|token| filter.admits(token, world.now())).map(|token| token.id).collect();
            assert!(passed > 90 || !right.is_empty(), "{filter:?} is put to the test");
            for sort in Sort::ALL {
                let tokens = walked(world, &wanted(account, filter, sort, "")).await;
                assert_eq!(ids(&tokens).into_iter().collect::<BTreeSet<_>>(), right, "{filter:?} by {sort:?}");
                assert_in_order(sort, &tokens, world.now());
            }
            let count = world.app().store.count_tokens(account, filter, world.now()).await.unwrap();
            // The primary token is counted, and has no key yet.
            assert_eq!(
                count,
                right.len() as i64 + i64::from(matches!(filter, Filter::All | Filter::Everything)),
                "{filter:?}"
            );
        }
    }
}

async fn found(world: &World, account: AccountId, words: &str) -> Vec<String> {
    let mut names: Vec<_> = walked(world, &wanted(account, Filter::All, Sort::Newest, words))
        .await
        .into_iter()
        .map(|token| token.settings.name)
        .collect();
    names.sort();
    names
}

async fn a_search_finds_by_name_hint_and_pattern(world: &World) {
    let ada = world.ada().await;
    let account = world.app().store.account_named("ada").await.unwrap().unwrap().id;
    let build = ada.key_with(world, "Nightly Größe", |form| form.set("patterns", "Fabrikam.*\nTailspin.Toys")).await;
    ada.key(world, "Laptop").await;
    for words in ["NIGHTLY", "größe", "GRÖSSE".replace("SS", "ß").as_str(), "tailspin", "kam.*", &build.secret[..7]]
    {
        assert_eq!(found(world, account, words).await, ["Nightly Größe"], "{words}");
    }
    assert_eq!(found(world, account, "contoso").await, ["Laptop"]);
    assert_eq!(found(world, account, "t").await, ["Laptop", "Nightly Größe"]);
    let page = ada.get("/settings/tokens?q=tailspin").await;
    assert_eq!(page.texts(".table tbody th a"), ["Nightly Größe"]);
    let page = ada.get("/settings/tokens?q=primary").await;
    assert_eq!(page.texts(".table tbody th a"), ["Primary token"]);
    let page = ada.get("/settings/tokens?q=nowhere&state=active").await;
    assert!(page.texts(".table tbody th a").is_empty());
    assert_eq!(page.attributes(".empty a", "href"), ["/settings/tokens"], "Clear filters");
    world.bo().await.key(world, "Tailspin of another").await;
    assert_eq!(found(world, account, "tailspin").await, ["Nightly Größe"], "nobody else's");
}

async fn a_search_takes_signs_literally(world: &World) {
    let ada = world.ada().await;
    let account = world.app().store.account_named("ada").await.unwrap().unwrap().id;
    for name in ["100 % sure", "a_b", "acb", "back\\slash", "it's \"quoted\""] {
        ada.key(world, name).await;
    }
    for (words, right) in
        [("%", "100 % sure"), ("a_b", "a_b"), ("\\", "back\\slash"), ("'", "it's \"quoted\""), ("0 % s", "100 % sure")]
    {
        assert_eq!(found(world, account, words).await, [right], "{words}");
    }
}

async fn a_search_through_very_many_says_where_it_stopped(world: &World) {
    let (ada, account) = with_tokens(world, 4_700).await;
    world
        .database
        .execute("UPDATE tokens SET name_key = 'needle' WHERE id = '0190a000-0000-7000-8000-000000000008'", &[])
        .await;
    let wanted = wanted(account, Filter::All, Sort::Newest, "needle");
    let page = world.app().store.token_page(&wanted, &PageStart::First, world.now()).await.unwrap();
    assert!(page.tokens.is_empty() && page.gave_up);
    assert_eq!(ids(&walked(world, &wanted).await).len(), 1, "searching further finds it");
    let page = ada.get("/settings/tokens?q=needle").await;
    assert_eq!(page.texts(".empty .button.primary"), ["Search further"]);
    let further = page.attributes(".empty .button.primary", "href").remove(0);
    assert_eq!(ada.get(&further).await.texts(".table tbody th a").len(), 1);
    let page = ada.get("/settings/tokens").await;
    assert_eq!(page.texts(".end [role=status]"), ["25 of 1,000+ tokens"]);
}

async fn a_key_that_is_searched_for_does_not_stay_in_the_address(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let page = ada.get(&format!("/settings/tokens?state=active&q={}", key.secret)).await;
    assert_eq!(
        (page.status, page.location()),
        (303, format!("/settings/tokens?state=active&q={}", &key.secret[..7]).as_str())
    );
    assert!(!page.body.contains(&key.secret));
    assert_eq!(ada.get(page.location()).await.texts(".table tbody th a"), ["CI"]);
}

async fn the_page_leads_through_the_list(world: &World) {
    let (ada, _) = with_tokens(world, 120).await;
    let first = ada.get("/settings/tokens?sort=name&state=active").await;
    assert_eq!(first.texts(".chips [aria-current]").len(), 1);
    assert!(first.texts(".chips [aria-current]")[0].starts_with("Active "));
    assert_eq!(first.texts(".sort option[selected]"), ["Name"]);
    assert_eq!(first.attributes("#find input[name=state]", "value"), ["active"], "another order keeps the part");
    let ada_sees = ada.get("/settings/tokens?sort=expires").await;
    let next = ada_sees.attributes("[rel=next]", "href").remove(0);
    assert!(ada_sees.attributes("[rel=prev]", "href").is_empty() && !ada_sees.body.contains("Primary token"));
    let second = ada.get(&next).await;
    let mut shown = vec![ada_sees.clone(), second.clone()];
    while let Some(next) = shown.last().and_then(|page| page.attributes("[rel=next]", "href").pop()) {
        shown.push(ada.get(&next).await);
    }
    let rows: Vec<_> = shown.iter().map(|page| page.texts("form tbody th a").len()).collect();
    assert_eq!(rows, [25, 25, 25, 25, 21]);
    let last = shown.last().unwrap().texts("form tbody th a");
    assert_eq!(last.last().map(String::as_str), Some("Primary token"), "it stands last");
    let groups: BTreeSet<_> = shown.iter().flat_map(|page| page.texts(".group")).collect();
    assert_eq!(groups.len(), 1, "those that ended: {groups:?}");
    let back = ada.get(&second.attributes("[rel=prev]", "href")[0]).await;
    assert_eq!(back.texts("form th a"), ada_sees.texts("form th a"));
}

async fn an_address_that_makes_no_sense_shows_the_list(world: &World) {
    let ada = world.ada().await;
    ada.key(world, "CI").await;
    let elsewhere = "0190a000-0000-7000-8000-000000000001";
    for query in
        ["state=lost&sort=up", "after=1", "after=-&before=-", "q=a&q=b", "sort=used&after=x.y", "%ff=%00", "q=%00"]
    {
        let page = ada.get(&format!("/settings/tokens?{query}")).await;
        assert_eq!(page.status, 200, "{query}");
    }
    for query in [format!("after={elsewhere}.9223372036854775807"), format!("sort=name&before={elsewhere}.~")] {
        let page = ada.get(&format!("/settings/tokens?{query}")).await;
        assert_eq!(page.texts("form tbody th a")[..1], ["CI"], "{query}");
    }
    let past_the_end = ada.get(&format!("/settings/tokens?after={elsewhere}.0")).await;
    assert_eq!(past_the_end.texts("form tbody th a"), ["Primary token"], "which stands behind the last place");
}
