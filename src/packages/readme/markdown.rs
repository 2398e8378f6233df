//! Markdown as pages show it: a list of pieces, of which only the texts and addresses are the author's. Elements come from
//! here alone, without any attribute of the author's but the address of a link; HTML of the author's is left out.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use url::Url;

/// Bytes of a text that is laid out.
const LONGEST: usize = 256 * 1024;
/// Elements within one another.
const DEEPEST: usize = 32;
/// Pieces of one text.
const MOST_PIECES: usize = 50_000;

/// A piece of a text that was laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// An element begins: one of a fixed few.
    Open(&'static str),
    /// It ends.
    Close(&'static str),
    /// An element that holds nothing.
    Empty(&'static str),
    /// Words.
    Text(String),
    /// A link out of the host begins: http or https, whole.
    Link(String),
    /// It ends; the host that it leads to, where its words do not say so.
    EndOfLink(Option<String>),
}

/// Lays a text out; none if that would cost too much, so that it is better shown as it is.
pub fn pieces(text: &str) -> Option<Vec<Piece>> {
    if text.len() > LONGEST {
        return None;
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut layout = Layout::default();
    for event in Parser::new_ext(text, options) {
        layout.take(event);
        if layout.open.len() > DEEPEST || layout.pieces.len() > MOST_PIECES {
            return None;
        }
    }
    Some(layout.pieces)
}

/// What stands open.
enum Open {
    /// An element.
    Element(&'static str),
    /// Two of them.
    Elements(&'static str, &'static str),
    /// A link, and the words in it so far.
    Link { host: String, words: String },
    /// What has no element of its own.
    Nothing,
}

#[derive(Default)]
struct Layout {
    pieces: Vec<Piece>,
    open: Vec<Open>,
    /// Whether the cells are those of the head of a table.
    in_head: bool,
}

impl Layout {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                self.pieces.push(Piece::Open("code"));
                self.text(&text);
                self.pieces.push(Piece::Close("code"));
            }
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => self.pieces.push(Piece::Empty("br")),
            Event::Rule => self.pieces.push(Piece::Empty("hr")),
            Event::TaskListMarker(done) => self.text(if done { "☑ " } else { "☐ " }),
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let open = match tag {
            Tag::Paragraph => Open::Element("p"),
            Tag::Heading { level, .. } => Open::Element(heading(level)),
            Tag::BlockQuote(_) => Open::Element("blockquote"),
            Tag::CodeBlock(_) => Open::Elements("pre", "code"),
            Tag::List(None) => Open::Element("ul"),
            Tag::List(Some(_)) => Open::Element("ol"),
            Tag::Item => Open::Element("li"),
            Tag::Table(_) => Open::Element("table"),
            Tag::TableHead => {
                self.in_head = true;
                Open::Elements("thead", "tr")
            }
            Tag::TableRow => Open::Element("tr"),
            Tag::TableCell => Open::Element(if self.in_head { "th" } else { "td" }),
            Tag::Emphasis => Open::Element("em"),
            Tag::Strong => Open::Element("strong"),
            Tag::Strikethrough => Open::Element("del"),
            Tag::Link { dest_url, .. } => self.link(&dest_url),
            Tag::Image { dest_url, .. } => self.image(&dest_url),
            _ => Open::Nothing,
        };
        match open {
            Open::Element(name) => self.pieces.push(Piece::Open(name)),
            Open::Elements(outer, inner) => self.pieces.extend([Piece::Open(outer), Piece::Open(inner)]),
            Open::Link { .. } | Open::Nothing => {}
        }
        self.open.push(open);
    }

    fn end(&mut self, tag: TagEnd) {
        match self.open.pop() {
            // Nothing is left of a paragraph of HTML.
            Some(Open::Element("p")) if self.pieces.last() == Some(&Piece::Open("p")) => drop(self.pieces.pop()),
            Some(Open::Element(name)) => self.pieces.push(Piece::Close(name)),
            Some(Open::Elements(outer, inner)) => self.pieces.extend([Piece::Close(inner), Piece::Close(outer)]),
            Some(Open::Link { host, words }) => {
                let says_it = words.to_ascii_lowercase().contains(&host);
                self.pieces.push(Piece::EndOfLink((!says_it).then_some(host)));
            }
            Some(Open::Nothing) | None => {}
        }
        if tag == TagEnd::TableHead {
            self.in_head = false;
        }
    }

    /// A link, if it leads to an address of the web and stands in no other one.
    fn link(&mut self, address: &str) -> Open {
        let in_link = self.open.iter().any(|open| matches!(open, Open::Link { .. }));
        match web(address).filter(|_| !in_link) {
            Some((url, host)) => {
                self.pieces.push(Piece::Link(url));
                Open::Link { host, words: String::new() }
            }
            None => Open::Nothing,
        }
    }

    /// Nothing is fetched by looking at a page: of a picture its words are shown, as a link to where it is.
    fn image(&mut self, address: &str) -> Open {
        let open = self.link(address);
        self.text("Image: ");
        open
    }

    fn text(&mut self, text: &str) {
        let text: String = text.chars().filter(|c| !garbles(*c)).collect();
        let links = self.open.iter_mut().rev();
        for open in links {
            if let Open::Link { words, .. } = open {
                words.push_str(&text);
                break;
            }
        }
        match self.pieces.last_mut() {
            Some(Piece::Text(before)) => before.push_str(&text),
            _ => self.pieces.push(Piece::Text(text)),
        }
    }
}

/// The page has headings of its own above.
fn heading(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 => "h3",
        HeadingLevel::H2 => "h4",
        HeadingLevel::H3 => "h5",
        _ => "h6",
    }
}

/// An address of the web with its host; none for any other, such as one that leads to pages of ours.
fn web(address: &str) -> Option<(String, String)> {
    let begins = address.get(..4)?.eq_ignore_ascii_case("http");
    let url = Url::parse(address).ok().filter(|url| begins && matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.to_owned();
    Some((url.into(), host))
}

/// Control characters but for line ends, and marks that change the direction of text.
pub(super) fn garbles(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
