//! Which names entries may have: relative paths that mean the same file on every system and to every reader.

use std::fmt::Write;

use unicode_normalization::UnicodeNormalization;

/// The names of devices on Windows, which are no files in any folder and with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Why an entry may not have its name. Completes the sentence "The entry name … ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// No byte, or nothing but slashes and dots.
    #[error("is empty; give every file and folder a name.")]
    Empty,
    /// Bytes that are no UTF-8.
    #[error("is not UTF-8; programs would read it in different alphabets.")]
    NotUtf8,
    /// Letters beyond ASCII, but no flag that says which alphabet they are of.
    #[error("has letters beyond ASCII but not the flag for UTF-8; programs would read it in different alphabets.")]
    NoFlag,
    /// A backslash, plain or encoded.
    #[error("has a backslash, which is a folder on Windows and a letter elsewhere; separate folders by slashes.")]
    Backslash,
    /// A control character or a mark that changes the direction of text or is not seen.
    #[error("has a control character, a mark of direction or an invisible one; rename the file.")]
    Hidden,
    /// An encoded slash, or encoded bytes that are no UTF-8.
    #[error("hides a slash or broken letters behind percent signs; rename the file.")]
    Encoded,
    /// A colon: a drive or a stream on Windows.
    #[error("has a colon, which Windows reads as a drive or a stream; rename the file.")]
    Colon,
    /// A part `..`, or a slash in front.
    #[error("points outside of its place; use plain relative paths.")]
    Escapes,
    /// A part that ends with a dot or blank.
    #[error("has a part that ends with a blank or dot, which Windows drops; rename the file.")]
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
    /// Reads a name from the bytes of a record; `flagged` when the record says that they are UTF-8. Percent signs are
    /// decoded once, as NuGet clients do when they unpack.
    pub(super) fn parse(bytes: &[u8], flagged: bool) -> Result<Self, BadName> {
        let raw = std::str::from_utf8(bytes).map_err(|_| BadName::NotUtf8)?;
        if !raw.is_ascii() && !flagged {
            return Err(BadName::NoFlag);
        }
        let path = decode(raw)?;
        check(&path)?;
        Ok(Self { raw: raw.to_owned(), key: key(&path), path })
    }

    /// The name as the archive writes it.
    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    /// The decoded path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What is equal for names that are one file on some disks; see [`key`].
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

/// What is equal for paths that are one file on some disks: without case, composed (NFC), without joiners, which some
/// disks ignore, without empty parts and `.`, and so without the slash of a folder.
pub(super) fn key(path: &str) -> String {
    // Upper case first, because some letters have two lower ones.
    let folded = path.nfc().filter(|letter| !is_joiner(*letter)).collect::<String>().to_uppercase().to_lowercase();
    let folded: String = folded.nfc().collect();
    folded.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
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
pub(super) fn decode(raw: &str) -> Result<String, BadName> {
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
    if path.matches('/').count() == raw.matches('/').count() { Ok(path) } else { Err(BadName::Encoded) }
}

fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => 0,
    }
}

/// Control characters, and marks that change the direction of the text around them or are not seen at all. Joiners, which
/// some scripts and emoji need, are not among them.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(letter, '\u{e0000}'..='\u{e007f}')
}

fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
}

fn check(path: &str) -> Result<(), BadName> {
    if path.chars().any(is_hidden) {
        return Err(BadName::Hidden);
    }
    if path.contains('\\') {
        return Err(BadName::Backslash);
    }
    if path.contains(':') {
        return Err(BadName::Colon);
    }
    if path.starts_with('/') {
        return Err(BadName::Escapes);
    }
    if key(path).is_empty() {
        return Err(BadName::Empty);
    }
    path.split('/').try_for_each(check_part)
}

/// Empty parts and `.` are only unusual: every program finds the same file.
fn check_part(part: &str) -> Result<(), BadName> {
    match part {
        "" | "." => Ok(()),
        ".." => Err(BadName::Escapes),
        _ if part.ends_with([' ', '.']) => Err(BadName::Edges),
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

    fn parse(raw: &str) -> Result<Name, BadName> {
        Name::parse(raw.as_bytes(), true)
    }

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
            (" a", " a"),
            ("console.txt", "console.txt"),
            ("com10", "com10"),
            ("..a/b..c", "..a/b..c"),
            ("content/\u{5185}\u{5bb9}.txt", "content/\u{5185}\u{5bb9}.txt"),
            ("\u{dc}bersicht 100%.txt", "\u{dc}bersicht 100%.txt"),
            ("\u{5185}%20\u{5bb9}", "\u{5185} \u{5bb9}"),
            ("u\u{308}", "u\u{308}"),
            ("\u{646}\u{200c}\u{647}", "\u{646}\u{200c}\u{647}"),
            ("analyzers/cs//A.dll", "analyzers/cs//A.dll"),
            ("./a/./b", "./a/./b"),
        ] {
            assert_eq!(parse(raw).unwrap().path(), path, "{raw}");
        }
    }

    #[test]
    fn names_that_leave_their_place_or_mean_two_files_are_refused() {
        for (raw, why) in [
            ("", BadName::Empty),
            ("./", BadName::Empty),
            ("/", BadName::Escapes),
            ("../evil", BadName::Escapes),
            ("/etc/x", BadName::Escapes),
            ("a/../../b", BadName::Escapes),
            (".//../x", BadName::Escapes),
            (".", BadName::Empty),
            ("%2e%2e/evil", BadName::Escapes),
            ("a/.%2e/b", BadName::Escapes),
            ("C:\\x", BadName::Backslash),
            ("\\\\srv\\x", BadName::Backslash),
            ("a%5cb", BadName::Backslash),
            ("C:/x", BadName::Colon),
            ("x:ads", BadName::Colon),
            ("x%3aads", BadName::Colon),
            ("a ", BadName::Edges),
            ("a./b", BadName::Edges),
            ("\u{5185}.", BadName::Edges),
            ("CON", BadName::Device),
            ("a/NUL.txt", BadName::Device),
            ("lpt1.tar.gz", BadName::Device),
            ("nul .txt", BadName::Device),
            ("COM%C2%B9", BadName::Device),
            ("COM\u{b9}", BadName::Device),
            ("a\0b", BadName::Hidden),
            ("a\r\nb", BadName::Hidden),
            ("a\x7fb", BadName::Hidden),
            ("a\u{202e}b", BadName::Hidden),
            ("a\u{200f}b", BadName::Hidden),
            ("a\u{85}b", BadName::Hidden),
            ("a\u{e0041}b", BadName::Hidden),
            ("a%00b", BadName::Hidden),
            ("a%0d%0ab", BadName::Hidden),
            ("a%E2%80%AEb", BadName::Hidden),
            ("a%2fb", BadName::Encoded),
            ("a%ff", BadName::Encoded),
        ] {
            assert_eq!(parse(raw).err(), Some(why), "{raw:?}");
        }
        assert_eq!(Name::parse(b"\xff\xfe", true).err(), Some(BadName::NotUtf8));
        assert_eq!(Name::parse(b"caf\xe9", false).err(), Some(BadName::NotUtf8));
        assert_eq!(Name::parse("caf\u{e9}".as_bytes(), false).err(), Some(BadName::NoFlag));
        assert!(Name::parse(b"caf%C3%A9", false).is_ok());
    }

    #[test]
    fn one_file_on_some_disks_is_one_key() {
        let key = |raw: &str| parse(raw).unwrap().key().to_owned();
        for (one, other) in [
            ("Lib/A%20b", "lib/a B"),
            ("lib/", "LIB"),
            ("%E2%84%AA", "k"),
            ("\u{e9}", "e\u{301}"),
            ("\u{c9}", "e\u{301}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3a3}", "\u{3c2}"),
            ("a\u{200c}b", "ab"),
            ("a//./b", "a/b"),
        ] {
            assert_eq!(key(one), key(other), "{one:?} {other:?}");
        }
        assert_ne!(key("\u{5185}"), key("\u{5bb9}"));
    }

    #[test]
    fn shown_names_are_short_ascii() {
        assert_eq!(shown(b"a\r\n\xff\""), "a\\r\\n\\xff\\\"");
        assert_eq!(shown(&[b'a'; 65_535]).len(), 80);
        assert_eq!(shown(&[0; 81]).len(), 80);
    }
}
