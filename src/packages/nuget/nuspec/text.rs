//! How free texts, addresses and paths of a nuspec become harmless.

use url::Url;

/// The longest address that is kept, in bytes.
const LONGEST_ADDRESS: usize = 4_000;

/// Trims the text, drops what is not seen or turns the text around, and cuts it to `longest` characters.
pub(super) fn clean(raw: &str, longest: usize) -> String {
    let visible: String = raw.chars().filter(|letter| !is_hidden(*letter)).collect();
    let visible = visible.trim();
    match visible.char_indices().nth(longest) {
        None => visible.to_owned(),
        Some(_) => visible.chars().take(longest.saturating_sub(1)).chain(['\u{2026}']).collect(),
    }
}

/// Control characters without tab and line feed, and marks of direction. Joiners stay: some scripts and emoji need them.
fn is_hidden(letter: char) -> bool {
    (letter.is_control() && !matches!(letter, '\t' | '\n'))
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || letter == '\u{feff}'
}

/// The address when it is one of the web, otherwise nothing.
pub(super) fn web_address(raw: &str) -> Option<String> {
    let url = Url::parse(raw).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.into()).filter(|text: &String| text.len() <= LONGEST_ADDRESS)
}

/// The path of a file in the package, as packers write it: slashes or backslashes, in front or doubled, and `./`. `None`
/// when it is empty, too long or leaves its place.
pub(super) fn path(raw: &str, longest: usize) -> Option<String> {
    let parts: Vec<&str> = raw.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).collect();
    let stays = parts.iter().all(|part| *part != ".." && !part.chars().any(char::is_control));
    Some(parts.join("/")).filter(|path| stays && !path.is_empty() && path.len() <= longest)
}
