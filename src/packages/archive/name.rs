//! Which names entries may have: relative ASCII paths that mean the same file on every system.

use std::fmt::Write;

/// The names of devices on Windows, which are no files in any folder and with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Why an entry may not have its name. Completes the sentence "The entry name … ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// No byte, or nothing between two slashes.
    #[error("is empty or has an empty part; give every file and folder a name.")]
    Empty,
    /// A byte outside printable ASCII.
    #[error("has characters other than printable ASCII; write them percent-encoded, as dotnet pack and nuget pack do.")]
    NotAscii,
    /// A backslash, plain or encoded.
    #[error("has a backslash; separate folders by slashes.")]
    Backslash,
    /// An encoded slash, NUL, control or direction mark, or encoded bytes that are no UTF-8.
    #[error("hides a character behind percent signs that no file name may have; rename the file.")]
    Encoded,
    /// A colon: a drive or a stream on Windows.
    #[error("has a colon, which Windows reads as a drive or a stream; rename the file.")]
    Colon,
    /// A part `.` or `..`, or a slash in front.
    #[error("points outside of its place; use plain relative paths.")]
    Escapes,
    /// A part that ends with a dot or blank, or begins with a blank.
    #[error("has a part that begins with a blank or ends with a blank or dot, which Windows drops; rename the file.")]
    Edges,
    /// `CON`, `NUL.txt`, `COM1` and the like.
    #[error("is the name of a device on Windows; rename the file.")]
    Device,
}

/// The name of an entry, known to be harmless.
#[derive(Debug)]
pub(super) struct Name {
    raw: String,
    path: String,
    key: String,
}

impl Name {
    /// Reads a name from the bytes of a record. Percent signs are decoded once, as NuGet clients do when they unpack.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BadName> {
        let raw = std::str::from_utf8(bytes).ok().filter(|raw| raw.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        let raw = raw.ok_or(BadName::NotAscii)?;
        let path = decode(raw)?;
        check(&path)?;
        Ok(Self { raw: raw.to_owned(), key: path.trim_end_matches('/').to_lowercase(), path })
    }

    /// The name as the archive writes it.
    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    /// The decoded path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The decoded path in lower case, without the slash of a folder: equal for names that are one file on some disks.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn is_folder(&self) -> bool {
        self.path.ends_with('/')
    }

    pub(super) fn is_at_root(&self) -> bool {
        !self.key.contains('/')
    }

    /// The keys of the folders above, outermost first.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.key.match_indices('/').filter_map(|(at, _)| self.key.get(..at))
    }
}

/// A name of any bytes for a sentence: ASCII, at most 80 characters.
pub(super) fn shown(bytes: &[u8]) -> String {
    let mut text = bytes.iter().take(80).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", byte.escape_ascii());
        text
    });
    if text.len() > 80 || bytes.len() > 80 {
        text.truncate(77);
        text.push_str("...");
    }
    text
}

/// Decodes `%41` once; a percent sign without two digits stands for itself.
fn decode(raw: &str) -> Result<String, BadName> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [first, after @ ..] = rest {
        match after {
            [high, low, after @ ..] if *first == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex_digit(*high) * 16 + hex_digit(*low));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    let path = String::from_utf8(bytes).map_err(|_| BadName::Encoded)?;
    let hides_slash = path.matches('/').count() != raw.matches('/').count();
    if hides_slash || path.chars().any(is_invisible) { Err(BadName::Encoded) } else { Ok(path) }
}

fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => 0,
    }
}

/// Control characters, and marks that change the direction of the text around them or are not seen at all.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn check(path: &str) -> Result<(), BadName> {
    if path.contains('\\') {
        return Err(BadName::Backslash);
    }
    if path.contains(':') {
        return Err(BadName::Colon);
    }
    if path.len() > 1 && path.starts_with('/') {
        return Err(BadName::Escapes);
    }
    path.strip_suffix('/').unwrap_or(path).split('/').try_for_each(check_part)
}

fn check_part(part: &str) -> Result<(), BadName> {
    match part {
        "" => Err(BadName::Empty),
        "." | ".." => Err(BadName::Escapes),
        _ if part.starts_with(' ') || part.ends_with([' ', '.']) => Err(BadName::Edges),
        _ if is_device(part) => Err(BadName::Device),
        _ => Ok(()),
    }
}

fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
    let numbered = |kind: &str| {
        stem.strip_prefix(kind).is_some_and(|number| {
            matches!(number, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "\u{b9}" | "\u{b2}" | "\u{b3}")
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_packers_write_are_taken() {
        for (raw, path) in [
            ("[Content_Types].xml", "[Content_Types].xml"),
            ("_rels/.rels", "_rels/.rels"),
            ("lib/net45/", "lib/net45/"),
            ("content/a%20b.txt", "content/a b.txt"),
            ("100%25.txt", "100%.txt"),
            ("100%.txt", "100%.txt"),
            ("50%of.txt", "50%of.txt"),
            ("lib/portable-net45%2Bwin8/A.dll", "lib/portable-net45+win8/A.dll"),
            ("caf%C3%A9", "caf\u{e9}"),
            ("a b.txt", "a b.txt"),
            ("console.txt", "console.txt"),
            ("com10", "com10"),
            ("..a/b..c", "..a/b..c"),
        ] {
            assert_eq!(Name::parse(raw.as_bytes()).unwrap().path(), path, "{raw}");
        }
    }

    #[test]
    fn names_that_leave_their_place_or_mean_two_files_are_refused() {
        let long_blank = [b'a', b' '];
        for (raw, why) in [
            (&b""[..], BadName::Empty),
            (b"/", BadName::Empty),
            (b"a//b", BadName::Empty),
            (b"a//", BadName::Empty),
            (b"../evil", BadName::Escapes),
            (b"/etc/x", BadName::Escapes),
            (b"a/../../b", BadName::Escapes),
            (b"./x", BadName::Escapes),
            (b".", BadName::Escapes),
            (b"%2e%2e/evil", BadName::Escapes),
            (b"a/.%2e/b", BadName::Escapes),
            (b"C:\\x", BadName::Backslash),
            (b"\\\\srv\\x", BadName::Backslash),
            (b"a%5cb", BadName::Backslash),
            (b"C:/x", BadName::Colon),
            (b"x:ads", BadName::Colon),
            (b"x%3aads", BadName::Colon),
            (&long_blank, BadName::Edges),
            (b"a./b", BadName::Edges),
            (b" a", BadName::Edges),
            (b"CON", BadName::Device),
            (b"a/NUL.txt", BadName::Device),
            (b"lpt1.tar.gz", BadName::Device),
            (b"nul .txt", BadName::Device),
            (b"COM%C2%B9", BadName::Device),
            (b"a\0b", BadName::NotAscii),
            (b"a\r\nb", BadName::NotAscii),
            (b"a\x7fb", BadName::NotAscii),
            (b"\xff\xfe", BadName::NotAscii),
            ("caf\u{e9}".as_bytes(), BadName::NotAscii),
            ("a\u{202e}b".as_bytes(), BadName::NotAscii),
            (b"a%00b", BadName::Encoded),
            (b"a%0d%0ab", BadName::Encoded),
            (b"a%2fb", BadName::Encoded),
            (b"a%E2%80%AEb", BadName::Encoded),
            (b"a%ff", BadName::Encoded),
        ] {
            assert_eq!(Name::parse(raw).err(), Some(why), "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn one_file_on_some_disks_is_one_key() {
        let key = |raw: &str| Name::parse(raw.as_bytes()).unwrap().key().to_owned();
        assert_eq!(key("Lib/A%20b"), key("lib/a B"));
        assert_eq!(key("lib/"), key("LIB"));
        assert_eq!(key("%E2%84%AA"), key("k"));
    }

    #[test]
    fn shown_names_are_short_ascii() {
        assert_eq!(shown(b"a\r\n\xff\""), "a\\r\\n\\xff\\\"");
        assert_eq!(shown(&[b'a'; 65_535]).len(), 80);
        assert_eq!(shown(&[0; 81]).len(), 80);
    }
}
