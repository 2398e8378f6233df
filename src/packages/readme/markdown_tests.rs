use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// The elements that there are.
const ELEMENTS: [&str; 22] = [
    "p",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "code",
    "ul",
    "ol",
    "li",
    "table",
    "thead",
    "tr",
    "th",
    "td",
    "em",
    "strong",
    "del",
    "br",
    "hr",
    "a",
];

/// What a page makes of it, in a shape that tests can read.
fn html(text: &str) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let piece = |piece: &Piece| match piece {
        Piece::Open(name) | Piece::Empty(name) => format!("<{name}>"),
        Piece::Close(name) => format!("</{name}>"),
        Piece::Text(text) => escaped(text),
        Piece::Link(url) => format!("<a href=\"{}\">", escaped(url)),
        Piece::EndOfLink(host) => format!("{}</a>", host.as_ref().map_or(String::new(), |host| format!(" ({host})"))),
    };
    pieces(text).map_or_else(|| "plain".to_owned(), |pieces| pieces.iter().map(piece).collect())
}

#[test]
fn common_markdown_is_laid_out() {
    for (text, shown) in [
        (
            "# Counts\n\nIt *counts* **all** `x < 1`.",
            "<h3>Counts</h3><p>It <em>counts</em> <strong>all</strong> <code>x &lt; 1</code>.</p>",
        ),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("- [x] done\n- [ ] not", "<ul><li>☑ done</li><li>☐ not</li></ul>"),
        ("```js\nlet a = \"<b>\";\n```", "<pre><code>let a = &quot;&lt;b>&quot;;\n</code></pre>"),
        ("| a |\n|---|\n| b |", "<table><thead><tr><th>a</th></tr></thead><tr><td>b</td></tr></table>"),
        ("> ~~no~~", "<blockquote><p><del>no</del></p></blockquote>"),
        ("a\\\nb\n\n---", "<p>a<br>b</p><hr>"),
        ("###### six", "<h6>six</h6>"),
        ("", ""),
    ] {
        assert_eq!(html(text), shown, "{text}");
    }
}

#[test]
fn links_lead_to_the_web_alone_and_say_where() {
    for (text, shown) in [
        ("[docs](https://example.com/a?b=1)", "<p><a href=\"https://example.com/a?b=1\">docs (example.com)</a></p>"),
        ("[example.com](https://example.com)", "<p><a href=\"https://example.com/\">example.com</a></p>"),
        (
            "[paypal.com](https://evil.example)",
            "<p><a href=\"https://evil.example/\">paypal.com (evil.example)</a></p>",
        ),
        ("<https://example.com>", "<p><a href=\"https://example.com/\">https://example.com</a></p>"),
        (
            "[u](https://paypal.com@evil.example/x)",
            "<p><a href=\"https://paypal.com@evil.example/x\">u (evil.example)</a></p>",
        ),
        ("[x](javascript:alert)", "<p>x</p>"),
        ("[x](java\tscript:alert)", "<p>[x](java\tscript:alert)</p>"),
        ("[x](&#106;avascript&colon;alert)", "<p>x</p>"),
        ("[x](JaVaScRiPt:alert)", "<p>x</p>"),
        ("[x](data:text/html,x)", "<p>x</p>"),
        ("[x](//evil.example)", "<p>x</p>"),
        ("[x](../../settings/tokens)", "<p>x</p>"),
        ("[x](/sign-out)", "<p>x</p>"),
        ("[x](?a=b)", "<p>x</p>"),
        ("[x](#password)", "<p>x</p>"),
        ("[x](http:/sign-out)", "<p><a href=\"http://sign-out/\">x (sign-out)</a></p>"),
        ("[x](https:///)", "<p>x</p>"),
        ("[x](mailto:a@example.com)", "<p>x</p>"),
        ("<a@example.com>", "<p>a@example.com</p>"),
        ("[x][1]\n\n[1]: vbscript:x 'title'", "<p>x</p>"),
    ] {
        assert_eq!(html(text), shown, "{text}");
    }
}

#[test]
fn pictures_are_links_and_nothing_is_fetched() {
    for (text, shown) in [
        ("![logo](https://x.example/a.png)", "<p><a href=\"https://x.example/a.png\">Image: logo (x.example)</a></p>"),
        ("![logo](data:image/svg+xml;base64,PHN2Zz4=)", "<p>Image: logo</p>"),
        ("![logo](//x.example/a.png)", "<p>Image: logo</p>"),
        ("![logo](/static/x.svg)", "<p>Image: logo</p>"),
        (
            "[![badge](https://b.example/b.svg)](https://ci.example)",
            "<p><a href=\"https://ci.example/\">Image: badge (ci.example)</a></p>",
        ),
        ("<img src=x onerror=alert(1)>", ""),
        ("a <img srcset='https://x.example 2x'> b", "<p>a  b</p>"),
        ("<picture><source srcset=x></picture>", ""),
    ] {
        assert_eq!(html(text), shown, "{text}");
    }
}

#[test]
fn html_of_the_author_is_left_out() {
    for hostile in [
        "<form action='https://evil.example'><input name=password></form>",
        "<button formaction=x>",
        "<style>*{display:none}</style>",
        "<meta http-equiv=refresh content='0;url=x'>",
        "<base href='https://evil.example'>",
        "<iframe src=x></iframe>",
        "<object data=x></object>",
        "<template><p>x</template>",
        "<!-- x -->",
        "<svg><script>alert(1)</script></svg>",
        "<math><mi xlink:href='javascript:x'></math>",
        "<div class='banner bad' id='main' name='csrf' style='x'>",
        "<script>alert(1)</script>",
        "<![CDATA[x]]>",
        "<?php x ?>",
        "<p onmouseover=x>",
    ] {
        for text in [hostile.to_owned(), format!("a {hostile} b"), format!("- {hostile}"), format!("> {hostile}")] {
            let shown = pieces(&text).unwrap();
            for piece in &shown {
                match piece {
                    Piece::Open(name) | Piece::Close(name) | Piece::Empty(name) => assert!(ELEMENTS.contains(name)),
                    Piece::Link(url) => panic!("{url} in {text}"),
                    Piece::Text(_) | Piece::EndOfLink(_) => {}
                }
            }
        }
    }
    assert_eq!(html("&lt;b&gt; &#60;script&#62;"), "<p>&lt;b> &lt;script></p>", "references are words");
    assert_eq!(html("a\u{202e}b\u{1b}[31m"), "<p>ab[31m</p>");
}

#[test]
fn what_costs_too_much_is_shown_as_it_is() {
    let mib = 1024 * 1024;
    let nested: String = (0..10_000).map(|depth| format!("{}- x\n", "  ".repeat(depth.min(60)))).collect();
    let quotes = ">".repeat(200_000);
    let table = format!("|{}\n|{}\n", "a|".repeat(50_000), "-|".repeat(50_000));
    let notes: String = (0..50_000).map(|n| format!("[^{n}]\n\n[^{n}]: x\n\n")).collect();
    let large = 250_000;
    for hostile in [
        "[".repeat(mib),
        "[".repeat(large),
        "![".repeat(large / 2),
        "*_".repeat(large / 2),
        "`".repeat(large),
        "<".repeat(large),
        "&".repeat(large),
        "[a](".repeat(large / 4),
        "a**b".repeat(large / 4),
        "~~".repeat(large / 2),
        "<!--".repeat(large / 4),
        "[a]: b\n".repeat(large / 7),
        "1. ".repeat(large / 3),
        "\\".repeat(large),
        "<a ".repeat(large / 3),
        "<?".repeat(large / 2),
        "[^".repeat(large / 2),
        nested,
        quotes,
        table,
        notes,
    ] {
        let begun = Instant::now();
        let laid_out = pieces(&hostile);
        let took = begun.elapsed();
        // Without optimisation, on a machine that has other things to do; see the test of the page for the bound in force.
        assert!(took < Duration::from_secs(4), "{took:?}: {}", &hostile[..40.min(hostile.len())]);
        assert!(laid_out.is_none_or(|pieces| pieces.len() <= MOST_PIECES));
    }
    assert_eq!(pieces(&"[".repeat(mib)), None);
    assert_eq!(pieces(&format!("{}x", "> ".repeat(40))), None, "deeper than anybody reads");
}

proptest! {
    /// Whatever is written, elements are of the few, opened and closed in order, and links lead to the web.
    #[test]
    fn every_text_becomes_a_tree_of_plain_elements(text in "([-*_`#>|~<>\\[\\]()!&:./\"'=a-z0-9 \n\t]|https://|</?[a-z]+>){0,80}") {
        let mut open = Vec::new();
        for piece in pieces(&text).unwrap_or_default() {
            match piece {
                Piece::Open(name) => { prop_assert!(ELEMENTS.contains(&name)); open.push(name); }
                Piece::Close(name) => prop_assert_eq!(open.pop(), Some(name)),
                Piece::Empty(name) => prop_assert!(["br", "hr"].contains(&name)),
                Piece::Link(url) => { prop_assert!(url.starts_with("http://") || url.starts_with("https://")); open.push("a"); }
                Piece::EndOfLink(_) => prop_assert_eq!(open.pop(), Some("a")),
                Piece::Text(_) => {}
            }
        }
        prop_assert!(open.is_empty());
    }
}
