//! Mails, pages and answers as people and programs get them, held against the files in `tests/snapshots`. Both databases
//! are held against the same file. `INSTA_UPDATE=always cargo test …` writes them anew; what changed is read in the diff.

use insta::{Settings, assert_snapshot};
use scraper::{ElementRef, Html, Node, Selector};

use super::{letter::Letter, page::Page, wire::Reply};

/// What is another in every run, and what stands in its place.
const CHANGING: [(&str, &str); 5] = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "{id}"),
    (r"link=[0-9A-Za-z_-]+", "link={link}"),
    (r"lk_[0-9A-Za-z]{46,}", "{key}"),
    (r"lk_[0-9A-Za-z]{4}", "{hint}"),
    (r"127\.0\.0\.1:\d+", "{host}"),
];

/// What stands in the line of a sentence; everything else begins a line of its own.
const INLINE: [&str; 11] = ["a", "abbr", "b", "bdi", "code", "em", "kbd", "span", "strong", "time", "wbr"];

/// A mail: to whom, its subject, and both of its parts.
pub fn mail_is(name: &str, mail: &Letter) {
    let (to, subject) = mail.outline();
    let html = text_of(&mail.html, "body");
    holds(&format!("mail_{name}"), &format!("To: {to}\nSubject: {subject}\n\n{}\n\n--- as HTML\n{html}", mail.text));
}

/// A page: its status and what its main part says.
pub fn page_is(name: &str, page: &Page) {
    holds(&format!("page_{name}"), &format!("{}\n\n{}", page.status, text_of(&page.body, "main")));
}

/// An answer of the API.
pub fn answer_is(name: &str, reply: &Reply) {
    answers_are(name, &[("", reply.clone())]);
}

/// Answers of the API to several questions.
pub fn answers_are(name: &str, answers: &[(&str, Reply)]) {
    let mut text = String::new();
    for (question, reply) in answers {
        let body = serde_json::to_string_pretty(&reply.json()).unwrap();
        text.push_str(&format!("{question}\n{} {}\n{body}\n", reply.status, reply.phrase));
    }
    holds(&format!("answer_{name}"), text.trim());
}

fn holds(name: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (changing, word) in CHANGING {
        settings.add_filter(changing, word);
    }
    settings.bind(|| assert_snapshot!(name, text));
}

/// What a part of a page says, a block to a line; fields stand in brackets with what is in them.
fn text_of(html: &str, part: &str) -> String {
    let page = Html::parse_document(html);
    let part = page.select(&Selector::parse(part).unwrap()).next().expect("the part of the page");
    let mut text = String::new();
    write(part, &mut text);
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn write(element: ElementRef<'_>, text: &mut String) {
    let name = element.value().name();
    let breaks = !INLINE.contains(&name);
    if ["script", "style", "svg"].contains(&name) {
        return;
    }
    if breaks {
        text.push('\n');
    }
    if let Some(value) = field(element) {
        text.push_str(&value);
    }
    for child in element.children() {
        match child.value() {
            Node::Text(words) => text.push_str(&words.replace('\n', " ")),
            _ => ElementRef::wrap(child).into_iter().for_each(|child| write(child, text)),
        }
    }
    if breaks {
        text.push('\n');
    }
}

/// What is in a field that people see.
fn field(element: ElementRef<'_>) -> Option<String> {
    let value = element.attr("value").unwrap_or_default();
    match (element.value().name(), element.attr("type").unwrap_or("text")) {
        ("input", "hidden") => None,
        ("input", "checkbox" | "radio") => Some(if element.attr("checked").is_some() { "[x]" } else { "[ ]" }.into()),
        ("input", _) => Some(format!("[{value}]")),
        ("option", _) if element.attr("selected").is_some() => Some("(x) ".to_owned()),
        ("img", _) => Some(format!("[{}]", element.attr("alt").unwrap_or_default())),
        _ => None,
    }
}
