//! Links that fill a form: they type for the person who follows them and do nothing else, whatever they say.

use crate::support::{
    person::newest_token,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    a_link_fills_the_form_and_makes_nothing,
    a_link_survives_the_sign_in,
    what_a_link_gets_wrong_is_said_beside_its_field,
    a_hostile_link_is_only_text,
    a_link_adds_a_pattern_to_an_edit_and_saves_nothing,
    a_link_ticks_one_thing_more_in_a_duplicate,
    what_was_typed_comes_back_after_a_session_that_was_over,
}

const LINK: &str = "/settings/tokens/new?name=CI+build&allow=nuget:push,nuget:pull&packages=Contoso.*,%40team/*&note=From%20the%20wiki%0Apage&feeds=main&expires=45";

async fn tokens(world: &World) -> i64 {
    world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await
}

async fn a_link_fills_the_form_and_makes_nothing(world: &World) {
    let ada = world.ada().await;
    let page = ada.get(LINK).await;
    assert_eq!((page.status, page.problems()), (200, vec![]));
    assert!(page.texts(".banner.warn").concat().contains("Check it before you create"), "{}", page.body);
    let form = page.form("/settings/tokens");
    assert_eq!(
        ["name", "patterns", "note", "feeds", "expires"].map(|field| form.value(field)),
        ["CI build", "Contoso.*\n@team/*", "From the wiki\npage", "some", "45"]
    );
    assert_eq!((form.values("permission"), form.values("feed").len()), (vec!["nuget:pull", "nuget:push"], 1));
    assert_eq!(tokens(world).await, 0);
    let made = ada.submit(form).await;
    assert_eq!((made.status, made.secret().is_some(), tokens(world).await), (200, true, 1));
    for (expires, chosen, date) in
        [("never", "never", ""), ("2027-12-31", "date", "2027-12-31"), ("90d", "90", ""), ("30", "30", "")]
    {
        let form = ada.get(&format!("/settings/tokens/new?expires={expires}")).await.form("/settings/tokens");
        assert_eq!((form.value("expires"), form.value("expires_on")), (chosen, date), "{expires}");
    }
    let page = ada.get("/settings/tokens/new?utm_source=mail").await;
    assert!(page.texts(".banner.warn").is_empty(), "a link about something else");
}

async fn a_link_survives_the_sign_in(world: &World) {
    world.ada().await;
    let ada = world.browser();
    let to = ada.get(LINK).await.location().to_owned();
    let page = ada.fill(&to, |form| form.set("username", "ada").set("password", &password_of("ada"))).await;
    assert_eq!(page.status, 303);
    let form = ada.get(page.location()).await.form("/settings/tokens");
    assert_eq!(
        ["name", "patterns", "note", "expires"].map(|field| form.value(field)),
        ["CI build", "Contoso.*\n@team/*", "From the wiki\npage", "45"]
    );
    assert_eq!(tokens(world).await, 0);
    let long = ada.through(world.address());
    long.cookies.borrow_mut().clear();
    let page = long.get(&format!("/settings/tokens/new?note={}", "x".repeat(5000))).await;
    assert_eq!(page.location(), "/sign-in?next=%2Fsettings%2Ftokens%2Fnew", "a link without measure is cut");
}

async fn what_a_link_gets_wrong_is_said_beside_its_field(world: &World) {
    let ada = world.ada().await;
    let control = "a%00b";
    for (query, field, kept) in [
        (format!("name={}", "x".repeat(200)).as_str(), "name", "xxx"),
        (&format!("name={control}"), "name", "a"),
        (&format!("note={control}"), "note", "a"),
        ("allow=nuget:fly", "permission", ""),
        ("allow=api:introspect", "permission", ""),
        ("allow=", "permission", ""),
        ("packages=Contoso.[a]", "patterns", "Contoso.[a]"),
        ("packages=", "patterns", ""),
        ("packages=..", "patterns", ".."),
        ("feeds=nowhere", "feeds", ""),
        ("feeds=main,nowhere", "feeds", ""),
        ("feeds=", "feeds", ""),
        ("expires=soon", "expires", ""),
        ("expires=0", "expires", ""),
        ("expires=2020-01-01", "expires_on", "2020-01-01"),
    ] {
        let page = ada.get(&format!("/settings/tokens/new?{query}")).await;
        assert_eq!((page.status, page.problems().len()), (200, 1), "{query}: {:?}", page.problems());
        assert!(!page.problem(field).is_empty(), "{query}");
        assert!(page.form("/settings/tokens").value(field).starts_with(kept), "{query}");
    }
    let page = ada.get("/settings/tokens/new?feeds=nowhere").await;
    assert_eq!(page.form("/settings/tokens").value("feeds"), "some", "a feed that is not there does not widen");
    world.restart_with(&[("max-token-days", "30")]).await;
    for expires in ["45", "never"] {
        let page = ada.get(&format!("/settings/tokens/new?expires={expires}")).await;
        assert_eq!(page.problem("expires"), "On this host a token lives at most 30 days.");
    }
}

async fn a_hostile_link_is_only_text(world: &World) {
    let ada = world.ada().await;
    let before = world.database.contents().await;
    for text in [
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
        "%3C/textarea%3E%3Cscript%3E",
        "%E2%80%AEgnp",
        "%00%0d%0aSet-Cookie:%20x=1",
        "{{7*7}}",
        "%ff%fe",
        "%",
        &"%3C".repeat(3000),
    ] {
        for field in ["name", "note", "allow", "packages", "feeds", "expires", "form_id", "csrf", "password", "<x>"] {
            let page = ada.get(&format!("/settings/tokens/new?{field}={text}")).await;
            assert_eq!(page.status, 200, "{field}={text}");
            assert!(!page.body.contains("<script>") && !page.body.contains("<img"), "{field}={text}");
            assert_eq!(page.attributes("form[method=post][action='/settings/tokens']", "method").len(), 1);
            assert!(page.header("set-cookie").is_empty());
        }
    }
    let many = "allow=nuget:pull&".repeat(2000);
    assert_eq!(ada.get(&format!("/settings/tokens/new?{many}")).await.status, 200);
    assert_eq!(world.database.contents().await, before);
}

async fn a_link_adds_a_pattern_to_an_edit_and_saves_nothing(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let edit = format!("/settings/tokens/{}/edit", key.id);
    let page = ada.get(&format!("{edit}?add=Fabrikam.Core")).await;
    assert_eq!(page.texts(".banner.warn code"), ["Fabrikam.Core"]);
    assert_eq!(page.form(&edit).value("patterns"), "Contoso.*\nFabrikam.Core");
    let stored = async || world.database.text("SELECT patterns FROM tokens WHERE id = $1", &[&key.id]).await;
    assert_eq!(stored().await, "Contoso.*");
    assert_eq!(ada.submit(page.form(&edit)).await.status, 303);
    assert_eq!(stored().await, "Contoso.*\nFabrikam.Core");

    let page = ada.get(&format!("{edit}?add=contoso.core")).await;
    assert!(page.texts(".banner.warn").is_empty(), "what is covered already is not added");
    assert_eq!(page.form(&edit).value("patterns"), "Contoso.*\nFabrikam.Core");
    let page = ada.get(&format!("{edit}?add=%3Cb%3E")).await;
    assert_eq!((page.status, page.problem("patterns").is_empty()), (200, false));
    assert_eq!(page.form(&edit).value("patterns"), "Contoso.*\nFabrikam.Core\n<b>");
    let bo = world.bo().await;
    assert_eq!(bo.get(&format!("{edit}?add=Fabrikam.Core")).await.status, 404);
}

async fn a_link_ticks_one_thing_more_in_a_duplicate(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let page = ada.get(&format!("/settings/tokens/{}/duplicate?allow=nuget:delete", key.id)).await;
    assert!(page.texts(".banner.warn").concat().contains("delete (unlist) NuGet packages"), "{}", page.body);
    let form = page.form("/settings/tokens");
    assert_eq!(form.values("permission"), ["nuget:pull", "nuget:push", "nuget:delete"]);
    assert_eq!(tokens(world).await, 1);
    assert_eq!(ada.submit(form).await.status, 200);
    let permissions = "SELECT permissions FROM tokens WHERE id = $1";
    let copy = newest_token(world, "CI (copy)").await;
    assert_eq!(world.database.text(permissions, &[&copy]).await, "nuget:pull nuget:push nuget:delete");
    let page = ada.get(&format!("/settings/tokens/{}/duplicate?allow=nuget:fly", key.id)).await;
    assert_eq!((page.status, page.problem("permission").is_empty()), (200, false));
}

async fn what_was_typed_comes_back_after_a_session_that_was_over(world: &World) {
    let ada = world.ada().await;
    let page = ada.get("/settings/tokens/new").await;
    let feed = page.attributes("input[name=feed]", "value").remove(0);
    let form =
        page.form("/settings/tokens").set("name", "CI & <b>").set("note", "In the\r\nvault.").set("morning", "yes");
    let form = form.set("patterns", "Contoso.*\r\n@team/*").set("feeds", "some").add("feed", &feed);
    let form = form.set("preset", "write").set("expires", "180").set("proof_password", "not to be seen");
    world.pass(chrono::Duration::days(60));
    let out = ada.submit(form.clone()).await;
    assert_eq!((out.status, out.body.contains("not to be seen")), (403, false));
    let sign_in = out.form("/sign-in").set("username", "ada").set("password", &password_of("ada"));
    let back = ada.submit(sign_in).await;
    assert_eq!(back.location(), "/settings/tokens/new", "what was typed is in no address");
    let again = ada.get(back.location()).await;
    assert!(again.texts(".banner.warn").concat().contains("This is what you had typed"), "{}", again.body);
    let typed = again.form("/settings/tokens");
    for field in ["name", "preset", "kind", "feeds", "feed", "expires", "morning"] {
        assert_eq!(typed.value(field), form.value(field), "{field}");
    }
    assert_eq!((typed.value("note"), typed.value("patterns")), ("In the\nvault.", "Contoso.*\n@team/*"));
    assert_eq!(tokens(world).await, 0);
    let secret = ada.submit(typed).await.secret().unwrap();

    world.pass(chrono::Duration::days(60));
    let out = ada.submit(form.set("note", &secret)).await;
    let sign_in = out.form("/sign-in").set("username", "ada").set("password", &password_of("ada"));
    let back = ada.submit(sign_in).await;
    let typed = ada.get(back.location()).await.form("/settings/tokens");
    assert_eq!((typed.value("name"), typed.value("note")), ("CI & <b>", ""), "a key is not kept");
}
