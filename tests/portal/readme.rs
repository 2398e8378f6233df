//! What a package tells its readers, on its page: laid out, harmless, and as it was written.

use reqwest::Method;

use super::packages::Publisher;
use crate::support::{
    npm::{MAIN, document, tgz},
    nupkg::holding,
    page::Page,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_readme_is_laid_out_on_the_pages_of_its_package,
    a_hostile_readme_is_only_words,
    a_readme_opened_by_itself_is_text_in_a_sandbox_for_whoever_may_read_it,
    the_readme_of_an_npm_package_is_out_of_its_tarball,
    what_is_not_there_or_too_much_leaves_the_page_as_it_is,
}

const CORE: &str = "/feeds/main/packages/nuget/Contoso.Core";

impl Publisher {
    async fn pushes_readme(&self, feed: &str, version: &str, readme: &[u8]) {
        let file = holding("Contoso.Core", version, "<readme>docs\\readme.md</readme>", &[("docs/readme.md", readme)]);
        let page = self.send(feed, file).await;
        assert_eq!(page.status, 201, "{}", page.body);
    }
}

/// The page, once its readme is laid out: on a busy machine that may take longer than anybody waits.
async fn laid_out(ada: &Publisher, path: &str) -> Page {
    for _ in 0..50 {
        let page = ada.browser.get(path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        if page.texts("pre.readme-text").is_empty() {
            return page;
        }
    }
    panic!("{path} is never laid out");
}

async fn a_readme_is_laid_out_on_the_pages_of_its_package(world: &World) {
    let ada = world.publisher("ada").await;
    let readme =
        b"# Counts\n\nCounts *things*, see [the docs](https://example.com/docs).\n\n```\nlet a = 1 < 2;\n```\n\n\
        ![logo](https://pictures.example/a.png)\n";
    ada.pushes_readme("main", "1.0.0", readme).await;
    ada.pushes_readme("main", "2.0.0", b"Two").await;
    let page = laid_out(&ada, &format!("{CORE}/-/1.0.0")).await;
    assert_eq!(page.texts(".readme-text h3"), ["Counts"]);
    assert_eq!(page.texts(".readme-text em"), ["things"]);
    assert_eq!(page.texts(".readme-text pre code"), ["let a = 1 < 2;"]);
    let link = ".readme-text a[rel='nofollow noopener noreferrer ugc']";
    assert_eq!(page.attributes(link, "href"), ["https://example.com/docs", "https://pictures.example/a.png"]);
    assert_eq!(page.texts(link), ["the docs (example.com)", "Image: logo (pictures.example)"]);
    assert!(page.attributes("img", "src").is_empty(), "nothing is fetched");
    assert_eq!(laid_out(&ada, CORE).await.texts(".readme-text p"), ["Two"], "of the newest version");
}

/// Each line of it is one of the list of hostile inputs.
async fn a_hostile_readme_is_only_words(world: &World) {
    let ada = world.publisher("ada").await;
    let hostile = "<form action='https://evil.example'><input name='csrf'><button>Sign in</button></form>\n\n\
        a <b onmouseover=alert(1) class='banner bad' id='main' style='position:fixed'>bold</b>\n\n\
        <style>*{}</style><meta http-equiv=refresh><base href=x><iframe src=x></iframe><object></object><svg onload=x></svg>\n\n\
        <math></math><template><script>alert(1)</script></template><!-- x -->\n\n\
        [a](javascript:alert(1)) [b](data:text/html,x) [c](//evil.example) [d](../../settings/tokens) [e](?x) [f](#main)\n\n\
        ![x](data:image/svg+xml,x) ![y](//evil.example/y.png) <picture><source srcset=x></picture> <img src=/sign-out>\n\n\
        &lt;script&gt;alert(2)&lt;/script&gt; \u{202e}reversed {{7*7}} {% include 'x' %}\n";
    ada.pushes_readme("main", "1.0.0", hostile.as_bytes()).await;
    let page = laid_out(&ada, CORE).await;
    let inside = |what: &str| page.texts(&format!(".readme-text {what}"));
    for element in [
        "form", "input", "button", "style", "meta", "base", "iframe", "object", "svg", "math", "template", "script",
        "img", "b", "a",
    ] {
        assert!(inside(element).is_empty(), "{element}: {}", page.body);
    }
    for attribute in ["class", "id", "style", "name", "onmouseover", "srcset", "href"] {
        assert!(inside(&format!("[{attribute}]")).is_empty(), "{attribute}");
    }
    let words = inside("p").join(" ");
    assert!(words.contains("<script>alert(2)</script>") && words.contains("{{7*7}}"), "{words}");
    assert!(!words.contains('\u{202e}'));
}

async fn a_readme_opened_by_itself_is_text_in_a_sandbox_for_whoever_may_read_it(world: &World) {
    let ada = world.publisher("ada").await;
    world.add_feed("team", "ada", false).await;
    ada.pushes_readme("team", "1.0.0", b"<script>alert(1)</script>").await;
    let page = "/feeds/team/packages/nuget/Contoso.Core";
    let source = ada.browser.get(page).await.attributes(".readme .title a", "href");
    assert_eq!(source, [format!("{page}/-/1.0.0/readme")]);
    let request = ada.browser.request(Method::GET, &source[0]).header("accept", "text/html");
    let text = request.send().await.unwrap();
    let header = |name: &str| text.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((text.status().as_u16(), header("content-type").as_str()), (200, "text/plain; charset=utf-8"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(
        header("content-security-policy").contains("sandbox") && !header("content-security-policy").contains("self")
    );
    assert_eq!(header("cache-control"), "private, no-cache");
    assert_eq!(text.text().await.unwrap(), "<script>alert(1)</script>");
    let bo = world.bo().await;
    assert_eq!(bo.get(&source[0]).await.status, 404);
    assert_eq!(world.browser().get(&source[0]).await.status, 303, "strangers are asked to sign in");
    for none in ["2.0.0", "x", "%00"] {
        assert_eq!(ada.browser.get(&format!("{page}/-/{none}/readme")).await.status, 404, "{none}");
    }
}

async fn the_readme_of_an_npm_package_is_out_of_its_tarball(world: &World) {
    let browser = world.ada().await;
    let key = browser
        .key_with(world, "npm", |form| {
            form.set("patterns", "*").add("permission", "npm:push").add("permission", "npm:pull")
        })
        .await;
    let manifest = r#"{"name":"@team/ui","version":"1.0.0","readme":"not this"}"#;
    let tarball = tgz(&[("package.json", manifest), ("README.md", "## Buttons\n\n<b>bold</b>")]);
    // What the document says of it is not what is shown.
    let body = document("@team/ui", "1.0.0", "latest", &tarball).to_string();
    let request = browser.bare_request(Method::PUT, &format!("{MAIN}/@team%2fui")).bearer_auth(&key.secret);
    let done = request.header("content-type", "application/json").body(body).send().await.unwrap();
    assert_eq!(done.status().as_u16(), 201);
    let ada = Publisher { browser, secret: key.secret };
    let page = laid_out(&ada, "/feeds/main/packages/npm/@team/ui").await;
    assert_eq!(
        (page.texts(".readme-text h4"), page.texts(".readme-text p")),
        (vec!["Buttons".to_owned()], vec!["bold".to_owned()])
    );
    let source = ada.browser.get("/feeds/main/packages/npm/@team/ui/-/1.0.0/readme").await;
    assert_eq!(source.body, "## Buttons\n\n<b>bold</b>");
}

async fn what_is_not_there_or_too_much_leaves_the_page_as_it_is(world: &World) {
    let ada = world.publisher("ada").await;
    ada.pushes("main", "Contoso.Core", "1.0.0").await;
    assert!(ada.browser.get(CORE).await.texts(".readme").is_empty());
    assert_eq!(ada.browser.get(&format!("{CORE}/-/1.0.0/readme")).await.status, 404);
    ada.pushes_readme("main", "2.0.0", &b"[".repeat(1024 * 1024 - 1)).await;
    let page = ada.browser.get(CORE).await;
    let shown = page.texts("pre.readme-text").concat();
    assert_eq!((page.status, shown.len()), (200, 64 * 1024), "as it is, and not all of it");
    ada.pushes_readme("main", "3.0.0", b"a\xff\x00\x1bb").await;
    assert_eq!(laid_out(&ada, CORE).await.texts(".readme-text p"), ["a\u{fffd}b"]);
    let blobs = world.folder().join("packages/nuget");
    std::fs::rename(&blobs, world.folder().join("elsewhere")).unwrap();
    world.restart_with(&[]).await;
    assert_eq!(ada.browser.get(CORE).await.status, 200, "the package store is away");
    std::fs::remove_dir_all(&blobs).ok();
    std::fs::rename(world.folder().join("elsewhere"), &blobs).unwrap();
}
