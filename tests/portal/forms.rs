//! What arrives as a form but is none of ours: from another site, from another session, too large, or of other fields.

use reqwest::Method;

use crate::support::{
    person::{filled, with_fields},
    world::{World, on_both_engines},
};

on_both_engines! {
    a_request_from_another_site_changes_nothing,
    a_form_without_the_right_value_is_refused,
    a_form_of_another_session_is_refused,
    a_field_that_is_unknown_or_there_twice_is_refused,
    what_is_no_form_is_refused,
    a_form_over_64_kib_is_refused,
    nul_in_a_field_is_never_a_fault_of_ours,
}

const FORM: &str = "application/x-www-form-urlencoded";

async fn a_request_from_another_site_changes_nothing(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let own = ada.get("/settings/tokens").await.form("/sign-out");
    let create = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "Planted");
    let before = world.database.contents().await;
    let strange = [
        vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "own")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("referer", "own")],
        vec![],
    ];
    let site = world.app().settings.public_url.clone();
    for headers in strange {
        let mut targets =
            vec![("/settings/tokens".to_owned(), create.fields.clone()), ("/sign-out".to_owned(), own.fields.clone())];
        for path in [
            "/sign-in",
            "/sign-up",
            "/setup",
            "/settings/profile",
            "/settings/password",
            "/settings/sessions/end-others",
            "/nothing",
        ] {
            targets.push((path.to_owned(), own.fields.clone()));
        }
        for verb in ["edit", "refresh", "deactivate", "reactivate", "revoke", "delete"] {
            targets.push((format!("/settings/tokens/{}/{verb}", key.id), own.fields.clone()));
        }
        for (path, fields) in targets {
            let request = with_fields(ada.bare_request(Method::POST, &path), &fields);
            let request = headers.iter().fold(request, |request, (name, value)| {
                request.header(*name, if *value == "own" { site.origin() } else { *value })
            });
            let page = ada.send(request).await;
            assert_eq!((page.status, page.heading().as_str()), (403, "This form is out of date"), "{path} {headers:?}");
        }
    }
    assert_eq!(world.database.contents().await, before);
    let from_us =
        with_fields(ada.bare_request(Method::POST, "/settings/tokens"), &create.fields).header("origin", site.origin());
    assert_eq!(ada.send(from_us).await.status, 200, "a browser that only says Origin is a browser too");
}

async fn a_form_without_the_right_value_is_refused(world: &World) {
    let ada = world.ada().await;
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI");
    let bo = world.bo().await;
    let foreign = bo.get("/settings/tokens").await.form("/sign-out").value("csrf").to_owned();
    let own = form.value("csrf").to_owned();
    for bad in ["", "x", &foreign, &own.to_ascii_uppercase(), &own[1..], "\0"] {
        assert_eq!(ada.submit(form.clone().set("csrf", bad)).await.status, 303, "{bad}");
    }
    assert_eq!(ada.submit(form.clone().without("csrf")).await.status, 303);
    assert_eq!(ada.submit(form.clone().add("csrf", &own)).await.status, 303, "twice");
    let page = ada.submit(form.clone().set("csrf", "x").set("name", "<script>")).await;
    let page = ada.get(page.location()).await;
    assert!(!page.body.contains("<script>"));
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 0);
    assert_eq!(ada.submit(form).await.status, 200);
}

async fn a_form_of_another_session_is_refused(world: &World) {
    let ada = world.ada().await;
    let stale = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI");
    let before = world.browser();
    let anonymous = before.get("/sign-in").await.form("/sign-in").value("csrf").to_owned();
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    let gone = ada.submit(stale.clone()).await;
    assert_eq!((gone.status, gone.heading().as_str()), (403, "Sign in"));
    ada.sign_in("ada", &crate::support::world::password_of("ada")).await;
    assert_eq!(ada.submit(stale.clone()).await.status, 303, "the value belongs to the session that ended");
    assert_eq!(ada.submit(stale.set("csrf", &anonymous)).await.status, 303);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 0);
}

async fn a_field_that_is_unknown_or_there_twice_is_refused(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "Second");
    for (name, value) in [
        ("operator", "yes"),
        ("account", "x"),
        ("name", "Third"),
        ("patterns", "*"),
        ("expires", "never"),
        ("Name", "x"),
        ("permission[]", "nuget:delete"),
    ] {
        let page = ada.submit(form.clone().add(name, value)).await;
        assert_eq!((page.status, page.secret()), (422, None), "{name}");
    }
    for verb in ["edit", "refresh", "deactivate", "reactivate", "revoke", "delete"] {
        let page = ada.act(&key.id, verb, |form| form.add("unknown", "yes")).await;
        assert_eq!(page.status, 422, "{verb}");
    }
    assert_eq!(world.database.events_of("ada").await, ["account created", "token created"]);
}

async fn what_is_no_form_is_refused(world: &World) {
    let ada = world.ada().await;
    let post = || ada.request(Method::POST, "/settings/tokens");
    for kind in
        ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "application/x-www-form-urlencodedx"]
    {
        assert_eq!(ada.send(post().header("content-type", kind).body("name=CI")).await.status, 415, "{kind}");
    }
    assert_eq!(ada.send(post().body("name=CI")).await.status, 415, "no content type");
    let kind = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
    assert_eq!(
        ada.send(post().header("content-type", kind).body("name=CI")).await.status,
        303,
        "capitals and charset are fine"
    );
    for body in [b"name=\xff".to_vec(), b"x=1&".repeat(401)] {
        assert_eq!(ada.send(post().header("content-type", FORM).body(body)).await.status, 400);
    }
    assert_eq!(ada.send(post().header("content-type", FORM)).await.status, 303, "an empty form");
}

async fn a_form_over_64_kib_is_refused(world: &World) {
    let ada = world.ada().await;
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI");
    let page = ada.submit(form.clone().set("note", &"x".repeat(65_536))).await;
    assert_eq!((page.status, page.heading().as_str()), (413, "The form did not arrive"));
    let page = ada.submit(form.set("note", &"x".repeat(60_000))).await;
    assert_eq!((page.status, page.problem("note").is_empty()), (422, false));
}

async fn nul_in_a_field_is_never_a_fault_of_ours(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let tokens = format!("/settings/tokens/{}", key.id);
    let off = ada.key(world, "Off").await;
    ada.must(&off.id, "deactivate").await;
    let pages = ["new", "edit", "refresh", "deactivate", "reactivate"].map(|verb| match verb {
        "reactivate" => {
            let path = format!("/settings/tokens/{}/reactivate", off.id);
            (path.clone(), path)
        }
        "new" => ("/settings/tokens/new".to_owned(), "/settings/tokens".to_owned()),
        _ => (format!("{tokens}/{verb}"), format!("{tokens}/{verb}")),
    });
    let own = ("/settings/password".to_owned(), "/settings/password".to_owned());
    for (page, action) in pages.into_iter().chain([own]) {
        let form = ada.get(&page).await.form(&action);
        for (name, _) in form.fields.clone() {
            let answer = ada.submit(form.clone().set(&name, "a\0b")).await;
            assert!(answer.status < 500, "{page} {name}: {}", answer.status);
        }
    }
    let cy = world.browser();
    for page in ["/sign-in", "/sign-up"] {
        let form = cy.get(page).await.form(page).set("password", &crate::support::world::password_of("cy"));
        for (name, _) in form.fields.clone() {
            let answer = cy.submit(form.clone().set(&name, "a\0b")).await;
            assert!(answer.status < 500, "{page} {name}: {}", answer.status);
        }
    }
    for query in ["?q=%00", "?done=%00", "?next=%00", "?link=%00", "?%00"] {
        for path in ["/", "/sign-in", "/setup", "/settings/tokens", &tokens] {
            let status = ada.get(&format!("{path}{query}")).await.status;
            assert!(status < 500, "{path}{query}: {status}");
        }
    }
}
