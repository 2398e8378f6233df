//! What every answer carries, whatever it answers; and that nothing a stranger writes into a request steers it.

use reqwest::{Method, StatusCode};

use crate::support::{
    page::Page,
    person::{filled, with_fields},
    raw::talk,
    world::{World, on_both_engines},
};

on_both_engines! {
    every_answer_carries_the_rules_for_browsers,
    a_known_page_says_which_methods_it_has,
    a_forged_host_or_forwarding_changes_no_answer,
    files_are_kept_for_ever_under_their_hash,
    strange_paths_are_never_a_fault_of_ours,
    redirects_lead_to_paths_of_ours_only,
}

const RULES: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
];

fn keeps_the_rules(page: &Page, what: &str) {
    for (name, value) in RULES {
        assert_eq!(page.header(name), value, "{what}");
    }
    assert_eq!(page.header("x-request-id").len(), 16, "{what}");
    assert_eq!(page.header("server"), "", "{what}");
    assert!(what.starts_with("/static/") || page.header("cache-control") == "no-store", "{what}: {:?}", page.headers);
    assert!(
        !page.body.contains("<script>") && !page.body.contains(" style=") && !page.body.contains(" onclick="),
        "{what}"
    );
}

async fn every_answer_carries_the_rules_for_browsers(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI 2");
    let stylesheet = ada.get("/").await.location().to_owned();
    assert_eq!(stylesheet, "/settings/tokens");
    let stylesheet = ada.get("/settings/tokens").await.attributes("link[rel=stylesheet]", "href").remove(0);
    let token = format!("/settings/tokens/{}", key.id);
    let looks = [
        (200, "/settings/tokens"),
        (200, "/settings/tokens/new"),
        (200, &token),
        (200, &stylesheet),
        (200, "/healthz"),
        (200, "/readyz"),
        (303, "/"),
        (404, "/nothing"),
        (404, "/settings/tokens/x"),
        (404, "/static/x/y"),
        (404, "/%00"),
        (404, "/setup"),
    ];
    for (status, path) in looks {
        for method in [Method::GET, Method::HEAD] {
            let page = ada.send(ada.request(method.clone(), path)).await;
            assert_eq!(page.status, status, "{method} {path}");
            keeps_the_rules(&page, path);
        }
    }
    let post = || ada.request(Method::POST, "/settings/tokens");
    let large = with_fields(post(), &[("x", "x".repeat(70_000).as_str())]);
    let requests = [
        (403, ada.bare_request(Method::POST, "/settings/tokens")),
        (303, with_fields(post(), &form.clone().without("csrf").fields)),
        (405, ada.request(Method::PUT, "/settings/tokens")),
        (405, ada.request(Method::POST, "/healthz")),
        (413, large),
        (415, post().body("x")),
        (400, post().header("content-type", "application/x-www-form-urlencoded").body(vec![0xff])),
        (422, with_fields(post(), &form.clone().without("patterns").fields)),
        (422, with_fields(post(), &form.clone().add("x", "y").fields)),
        (200, with_fields(post(), &form.fields)),
        (200, with_fields(post(), &form.fields)),
    ];
    for (status, request) in requests {
        let page = ada.send(request).await;
        assert_eq!(page.status, status, "{}", page.body);
        keeps_the_rules(&page, &format!("an answer {status}"));
    }
    let stale = ada.act(&key.id, "edit", |form| form.set("version", "7")).await;
    assert_eq!(stale.status, 409);
    keeps_the_rules(&stale, "an answer 409");
}

async fn a_known_page_says_which_methods_it_has(world: &World) {
    let ada = world.ada().await;
    let id = ada.key(world, "CI").await.id;
    for (path, methods) in [
        ("/", ["GET", "HEAD"].as_slice()),
        ("/sign-in", &["GET", "HEAD", "POST"]),
        ("/sign-out", &["POST"]),
        ("/settings/tokens", &["GET", "HEAD", "POST"]),
        ("/settings/tokens/new", &["GET", "HEAD"]),
        (&format!("/settings/tokens/{id}"), &["GET", "HEAD"]),
        (&format!("/settings/tokens/{id}/refresh"), &["GET", "HEAD", "POST"]),
        ("/healthz", &["GET", "HEAD"]),
    ] {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
            let page = ada.send(ada.request(Method::from_bytes(method.as_bytes()).unwrap(), path)).await;
            assert_eq!(page.status, 405, "{method} {path}");
            let mut allowed: Vec<_> = page.header("allow").split(',').map(|name| name.trim().to_owned()).collect();
            allowed.sort();
            assert_eq!(allowed, methods, "{method} {path}");
            assert!(path == "/healthz" || page.heading() == "This address works differently", "{method} {path}");
        }
    }
}

async fn a_forged_host_or_forwarding_changes_no_answer(world: &World) {
    let ada = world.ada().await;
    for path in ["/settings/tokens", "/settings/tokens/new", "/nothing", "/"] {
        let plain = ada.get(path).await;
        for (name, value) in [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/evil"),
            ("forwarded", "host=evil.example;proto=https"),
            ("x-original-url", "/healthz"),
            ("x-rewrite-url", "/healthz"),
            ("x-http-method-override", "DELETE"),
        ] {
            let forged = ada.send(ada.request(Method::GET, path).header(name, value)).await;
            assert_eq!((forged.status, forged.location()), (plain.status, plain.location()), "{path} {name}");
            assert_eq!(forged.without_tags(), plain.without_tags(), "{path} {name}");
            assert!(forged.headers.values().all(|value| !value.to_str().unwrap().contains("evil")));
        }
    }
    let page = ada.create("CI", |form| form).await;
    assert!(page.texts("pre")[0].contains(&world.app().settings.public_url.of("/v3/index.json")));
}

async fn files_are_kept_for_ever_under_their_hash(world: &World) {
    let cy = world.browser();
    let page = cy.get("/").await;
    let mut files = page.attributes("link[rel=stylesheet], link[rel=icon]", "href");
    files.extend(page.attributes("script", "src"));
    assert_eq!(files.len(), 3, "one stylesheet, one script, one icon: {files:?}");
    for file in files {
        let answer = cy.get(&file).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{file}"
        );
        let kind = answer.header("content-type");
        let right = [("css", "text/css"), ("js", "text/javascript"), ("svg", "image/svg+xml")];
        assert!(right.iter().any(|(end, start)| file.ends_with(end) && kind.starts_with(start)), "{file}: {kind}");
        let (folder, name) = file.rsplit_once('/').unwrap();
        for wrong in [
            file.replace(|c: char| c.is_ascii_digit(), "0"),
            format!("{folder}/../{name}"),
            format!("{folder}/%2e%2e/{name}"),
            format!("{folder}/..%2f{name}"),
            format!("{folder}/%00"),
        ] {
            let answer = talk(world, &format!("GET {wrong} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{wrong}: {answer}");
        }
    }
}

async fn strange_paths_are_never_a_fault_of_ours(world: &World) {
    let ada = world.ada().await;
    let id = ada.key(world, "CI").await.id;
    let cookies: Vec<_> = ada.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let paths = [
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5cetc",
        "/%252e%252e/x",
        "/%c0%ae%c0%ae/",
        "/./settings/tokens",
        "//settings/tokens",
        "//evil.example/",
        "/settings;a=b/tokens",
        "/settings/tokens/%00",
        "/settings/tokens/%0a",
        "/settings/tokens/%7f",
        "/settings/tokens/%ff",
        "/settings/tokens/%",
        "/settings/tokens/%zz",
        "/settings/tokens/a%2fb",
        "/settings/tokens/..%2f..%2fetc",
        "/settings/../healthz/..",
        "/sign-in?next=%",
        "/sign-in?next=%ff",
        "/settings/tokens?%ff=%00",
        "/settings/tokens?done=%0d%0aset-cookie:x",
        "/setup?link=%ff",
        "/\u{e9}",
        "/\u{202e}",
        "*",
        "http://evil.example/",
        "/?",
        "/#x",
    ];
    let own = format!("/settings/tokens/{id}%00");
    for path in paths.into_iter().chain([own.as_str()]) {
        for method in ["GET", "POST", "DELETE"] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\ncookie: {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                cookies.join("; ")
            );
            let answer = talk(world, &request).await;
            let status: u16 = answer.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_default();
            assert!((200..500).contains(&status), "{method} {path}: {answer}");
            assert!(!answer.to_ascii_lowercase().contains("\r\nset-cookie:x") && !answer.contains("root:"), "{path}");
            let kept = answer.to_ascii_lowercase().contains("content-security-policy");
            assert!(kept || status == 400, "{method} {path}: {answer}");
        }
    }
    for request in [
        "x\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\0 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nx\0: y\r\n\r\n",
        "POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 1, 2\r\n\r\n",
    ] {
        let answer = talk(world, request).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
    }
    assert_eq!(ada.get("/healthz").await.status, StatusCode::OK.as_u16());
}

async fn redirects_lead_to_paths_of_ours_only(world: &World) {
    let cy = world.browser();
    for path in [
        "/settings/tokens/new",
        "/settings/tokens/..",
        "/settings/tokens/evil.example",
        "/settings/tokens/%0d%0ax",
        "/settings/tokens/%5c%5cevil.example/edit",
    ] {
        let page = cy.send(cy.request(Method::GET, path)).await;
        if page.status == 303 {
            assert!(page.location().starts_with("/sign-in"), "{path}: {}", page.location());
        }
    }
}
