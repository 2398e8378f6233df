//! Text files as spreadsheets save them: in UTF-8, in UTF-16 with a mark at the start, or in the code page of Western Europe.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Its text, without a byte order mark.
    pub text: String,
    /// Whether it is neither UTF-8 nor marked as something else, and was read as Windows-1252: somebody should look at it
    /// before it counts.
    pub is_guess: bool,
}

/// It is no text, but a workbook or a picture, say, or UTF-16 without a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText;

impl TextFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When bytes stand for nothing, or for control characters other than tabs and ends of lines.
    pub fn read(bytes: &[u8]) -> Result<Self, NotText> {
        let (text, is_guess) = match (Encoding::for_bom(bytes), std::str::from_utf8(bytes)) {
            (Some((encoding, mark)), _) => (decoded(encoding, &bytes[mark..])?, false),
            (None, Ok(text)) => (Cow::Borrowed(text), false),
            (None, Err(_)) => (decoded(WINDOWS_1252, bytes)?, true),
        };
        if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
            return Err(NotText);
        }
        Ok(Self { text: text.into_owned(), is_guess })
    }
}

impl From<String> for TextFile {
    fn from(text: String) -> Self {
        Self { text, is_guess: false }
    }
}

fn decoded<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Result<Cow<'b, str>, NotText> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or(NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, order: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn text_is_read_in_the_encodings_of_spreadsheets() {
        let text = "user;Jörg €\r\n";
        for (bytes, is_guess) in [
            (text.as_bytes().to_vec(), false),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), false),
            (utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), false),
            (utf16(&format!("\u{feff}{text}"), u16::to_be_bytes), false),
            (b"user;J\xf6rg \x80\r\n".to_vec(), true),
        ] {
            assert_eq!(TextFile::read(&bytes), Ok(TextFile { text: text.to_owned(), is_guess }), "{bytes:?}");
        }
        assert_eq!(TextFile::read(b""), Ok(TextFile { text: String::new(), is_guess: false }));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [
            b"PK\x03\x04\x14\x00\x06\x00\xff".to_vec(),
            b"nul\0".to_vec(),
            b"\x81\x8d".to_vec(),
            b"\xff\xfea\x00b".to_vec(),
            b"\xff\xfe\x00\xd8".to_vec(),
            b"\xef\xbb\xbf\xff".to_vec(),
            utf16("user", u16::to_le_bytes),
        ] {
            assert_eq!(TextFile::read(&bytes), Err(NotText), "{bytes:?}");
        }
    }
}
