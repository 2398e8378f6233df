//! Takes a document apart while it arrives, so that a tarball never lies in memory.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memchr2;

use super::bad_document::BadDocument;

/// How deep a document may go.
const DEEPEST: usize = 100;
/// Bytes of a key that is compared with those that matter: a file's name, each letter of it escaped.
const LONGEST_KEY: usize = 4096;

/// Takes a document apart as it arrives: the tarball to one side, everything else to the other.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What is open: objects (`true`) and arrays.
    open: Vec<bool>,
    /// Within an object, before a key.
    before_key: bool,
    text: Text,
    key: Vec<u8>,
    /// How far the path to a tarball has been followed: `_attachments`, its name, `data`.
    followed: usize,
    tarballs: usize,
    /// Base64 that is not decoded yet, fewer than four characters.
    left: Vec<u8>,
    /// Padding was read: nothing may follow.
    padded: bool,
}

/// What kind of text the next byte stands in.
#[derive(Debug, Default, PartialEq, Eq)]
enum Text {
    #[default]
    None,
    Key,
    Value,
    /// Of a tarball.
    Tarball,
    /// After a backslash.
    EscapedKey,
    EscapedValue,
    EscapedTarball,
}

/// Where the two sides go.
#[derive(Debug, Default)]
pub struct Sides {
    /// The document without the tarball, which is an empty text in it.
    pub rest: Vec<u8>,
    /// The tarball, decoded.
    pub tarball: Vec<u8>,
}

impl Splitter {
    /// Takes the next piece.
    ///
    /// # Errors
    /// When no client sends such a document.
    pub fn push(&mut self, mut piece: &[u8], sides: &mut Sides) -> Result<(), BadDocument> {
        while let Some((&byte, after)) = piece.split_first() {
            if self.text == Text::Tarball {
                let end = memchr2(b'"', b'\\', piece).unwrap_or(piece.len());
                let (inside, behind) = piece.split_at(end);
                self.decode(inside, sides)?;
                piece = behind;
                if let Some((&byte, after)) = behind.split_first() {
                    piece = after;
                    self.end_or_escape(byte, sides)?;
                }
                continue;
            }
            piece = after;
            self.take(byte, sides)?;
        }
        Ok(())
    }

    /// Whether the document has ended where it may.
    pub fn is_whole(&self) -> bool {
        self.open.is_empty() && self.text == Text::None
    }

    /// Whether it held a tarball.
    pub fn has_tarball(&self) -> bool {
        self.tarballs > 0
    }

    fn end_or_escape(&mut self, byte: u8, sides: &mut Sides) -> Result<(), BadDocument> {
        if byte == b'\\' {
            self.text = Text::EscapedTarball;
            return Ok(());
        }
        if !self.left.is_empty() {
            return Err(BadDocument::NotBase64);
        }
        self.text = Text::None;
        sides.rest.push(b'"');
        Ok(())
    }

    fn take(&mut self, byte: u8, sides: &mut Sides) -> Result<(), BadDocument> {
        match self.text {
            Text::EscapedTarball if byte == b'/' => {
                self.text = Text::Tarball;
                return self.decode(b"/", sides);
            }
            Text::EscapedTarball => return Err(BadDocument::NotBase64),
            Text::Key | Text::EscapedKey => self.take_key(byte),
            Text::Value if byte == b'"' => self.text = Text::None,
            Text::Value if byte == b'\\' => self.text = Text::EscapedValue,
            Text::EscapedValue => self.text = Text::Value,
            Text::Value | Text::Tarball => {}
            Text::None => self.take_outside(byte)?,
        }
        sides.rest.push(byte);
        Ok(())
    }

    fn take_key(&mut self, byte: u8) {
        match (&self.text, byte) {
            (Text::Key, b'"') => {
                self.text = Text::None;
                self.before_key = false;
                self.follow();
                return;
            }
            (Text::Key, b'\\') => self.text = Text::EscapedKey,
            _ => self.text = Text::Key,
        }
        if self.key.len() < LONGEST_KEY {
            self.key.push(byte);
        }
    }

    /// A key was read: does it lead on to a tarball?
    fn follow(&mut self) {
        let depth = self.open.len();
        if self.followed + 1 < depth {
            return;
        }
        let key = unescaped(&self.key);
        let leads_on = match depth {
            1 => *key == *b"_attachments",
            2 => key.ends_with(b".tgz"),
            3 => *key == *b"data",
            _ => false,
        };
        self.followed = if leads_on { depth } else { depth - 1 };
    }

    fn take_outside(&mut self, byte: u8) -> Result<(), BadDocument> {
        match byte {
            b'"' if self.before_key => {
                self.key.clear();
                self.text = Text::Key;
            }
            b'"' if self.followed == 3 && self.open == [true; 3] => {
                self.tarballs += 1;
                if self.tarballs > 1 {
                    return Err(BadDocument::SeveralTarballs);
                }
                self.text = Text::Tarball;
            }
            b'"' => self.text = Text::Value,
            b'{' | b'[' => {
                if self.open.len() == DEEPEST {
                    return Err(BadDocument::TooDeep);
                }
                self.open.push(byte == b'{');
                self.before_key = byte == b'{';
            }
            b'}' | b']' => {
                self.open.pop();
                self.before_key = false;
                self.followed = self.followed.min(self.open.len());
            }
            b',' => self.before_key = self.open.last().copied().unwrap_or_default(),
            _ => {}
        }
        Ok(())
    }

    fn decode(&mut self, text: &[u8], sides: &mut Sides) -> Result<(), BadDocument> {
        if text.is_empty() {
            return Ok(());
        }
        if self.padded {
            return Err(BadDocument::NotBase64);
        }
        let (first, text) = text.split_at(text.len().min((4 - self.left.len()) % 4));
        self.left.extend_from_slice(first);
        if self.left.len() == 4 {
            let four = std::mem::take(&mut self.left);
            self.decode_fours(&four, sides)?;
        }
        let (fours, left) = text.split_at(text.len() / 4 * 4);
        if self.left.is_empty() || text.is_empty() {
            self.decode_fours(fours, sides)?;
            self.left.extend_from_slice(left);
        }
        Ok(())
    }

    fn decode_fours(&mut self, fours: &[u8], sides: &mut Sides) -> Result<(), BadDocument> {
        if fours.is_empty() {
            return Ok(());
        }
        if self.padded {
            return Err(BadDocument::NotBase64);
        }
        self.padded = fours.ends_with(b"=");
        STANDARD.decode_vec(fours, &mut sides.tarball).map_err(|_| BadDocument::NotBase64)
    }
}

/// A key as JSON means it; `d\u0061ta` is `data`. One that JSON does not know stays as it is, and its reader refuses it.
fn unescaped(key: &[u8]) -> Cow<'_, [u8]> {
    if !key.contains(&b'\\') {
        return Cow::Borrowed(key);
    }
    let quoted = [b"\"".as_slice(), key, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or(Cow::Borrowed(key), |key| Cow::Owned(key.into_bytes()))
}
