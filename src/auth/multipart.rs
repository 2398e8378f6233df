//! Multipart bodies (RFC 2046, section 5.1), read as the hosts do that package clients were written for: lines may end
//! with a bare line feed, and what stands before the first delimiter and after the wanted part does not matter.

use memchr::memmem;

/// Longest head of a part, and longest text before the first delimiter, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The boundary that a content type names; none if it is not multipart. RFC 2045, section 5.1.
pub fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let mut named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_, value) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or(value);
    (1..=200).contains(&value.len()).then(|| value.to_owned())
}

/// The boundary that a body begins with: its first line, after two dashes.
pub fn boundary_at_start(body: &[u8]) -> Option<String> {
    let line = body.strip_prefix(b"--")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end();
    (1..=200).contains(&line.len()).then(|| line.to_owned())
}

/// Finds the content of the first part in a body that comes in pieces.
#[derive(Debug)]
pub struct FirstPart {
    delimiter: memmem::Finder<'static>,
    state: State,
    /// What cannot be judged before more has come.
    held: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Before,
    Head,
    Content,
    After,
}

/// The body is not multipart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl FirstPart {
    /// Of a body with this boundary.
    pub fn new(boundary: &str) -> Self {
        // As if the body began with a new line: so the first delimiter looks like the others.
        let delimiter = memmem::Finder::new(&format!("\n--{boundary}")).into_owned();
        Self { delimiter, state: State::Before, held: b"\n".to_vec() }
    }

    /// Takes the next piece; gives what of the content is certain.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Malformed> {
        self.held.extend_from_slice(piece);
        if self.state == State::Before {
            self.skip_to_head()?;
        }
        if self.state == State::Head {
            self.skip_head()?;
        }
        let content = if self.state == State::Content { self.content() } else { Vec::new() };
        if self.state == State::After {
            self.held.clear();
        }
        Ok(content)
    }

    /// Whether the part has ended; a body that ends before is broken.
    pub fn is_whole(&self) -> bool {
        self.state == State::After
    }

    fn skip_to_head(&mut self) -> Result<(), Malformed> {
        let found = self.delimiter.find(&self.held);
        let line = found.and_then(|at| {
            let after = at + self.delimiter.needle().len();
            memchr::memchr(b'\n', &self.held[after..]).map(|end| after + end)
        });
        match line {
            // The new line stays: a part without a head begins with an empty line.
            Some(end) => {
                self.held.drain(..end);
                self.state = State::Head;
                Ok(())
            }
            None if self.held.len() > MAX_HEAD => Err(Malformed),
            None => Ok(()),
        }
    }

    fn skip_head(&mut self) -> Result<(), Malformed> {
        match end_of_head(&self.held) {
            Some(end) => {
                self.held.drain(..end);
                self.state = State::Content;
                Ok(())
            }
            None if self.held.len() > MAX_HEAD => Err(Malformed),
            None => Ok(()),
        }
    }

    fn content(&mut self) -> Vec<u8> {
        if let Some(at) = self.delimiter.find(&self.held) {
            self.state = State::After;
            let end = if self.held[..at].ends_with(b"\r") { at - 1 } else { at };
            self.held.truncate(end);
            return std::mem::take(&mut self.held);
        }
        // A delimiter may have begun, with a carriage return before it.
        let certain = self.held.len().saturating_sub(self.delimiter.needle().len());
        let rest = self.held.split_off(certain);
        std::mem::replace(&mut self.held, rest)
    }
}

/// Where the empty line after a head ends. The head begins with the end of the line before it.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|at| match &bytes[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

/// The content of the part with this name in a whole small form; none if there is no such part.
pub fn part_named<'b>(body: &'b [u8], boundary: &str, name: &str) -> Option<&'b [u8]> {
    parts(body, boundary).into_iter().find(|(own, _)| own == name).map(|(_, content)| content)
}

/// The parts of a whole small form that have a name, with their contents.
pub fn parts<'b>(body: &'b [u8], boundary: &str) -> Vec<(String, &'b [u8])> {
    let delimiter = format!("--{boundary}");
    let starts: Vec<usize> = memmem::find_iter(body, &delimiter).collect();
    let part = |pair: &[usize]| {
        let part = &body[pair[0] + delimiter.len()..pair[1]];
        let (head, content) = part.split_at(end_of_head(part)?);
        let head = String::from_utf8_lossy(head).replace('"', "");
        let name = head.split([';', '\n']).find_map(|word| word.trim().strip_prefix("name=").map(str::to_owned))?;
        let content = content.strip_suffix(b"\n")?;
        Some((name, content.strip_suffix(b"\r").unwrap_or(content)))
    };
    starts.windows(2).filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--b\r\nContent-Disposition: form-data; name=package\r\n\r\none\r\ntwo\r\n--b--\r\n";

    /// The first part, whatever pieces the body comes in.
    fn first(body: &[u8], boundary: &str) -> Result<Option<Vec<u8>>, Malformed> {
        let read = |size: usize| {
            let mut part = FirstPart::new(boundary);
            let pieces: Result<Vec<_>, _> = body.chunks(size).map(|piece| part.push(piece)).collect();
            pieces.map(|pieces| part.is_whole().then(|| pieces.concat()))
        };
        let whole = read(body.len().max(1));
        for size in 1..body.len().min(100) {
            assert_eq!(read(size), whole, "in pieces of {size}");
        }
        whole
    }

    fn text(body: &str) -> Option<String> {
        first(body.as_bytes(), "b").unwrap().map(|content| String::from_utf8(content).unwrap())
    }

    #[test]
    fn the_first_part_is_found_whatever_is_around_it() {
        assert_eq!(text(BODY).as_deref(), Some("one\r\ntwo"));
        assert_eq!(text(&BODY.replace("\r\n", "\n")).as_deref(), Some("one\ntwo"));
        assert_eq!(text("preamble\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--").as_deref(), Some("one"));
        assert_eq!(text("--b\r\nA: b\r\n\r\none\n--b--\n").as_deref(), Some("one"), "as Paket sends it");
        assert_eq!(text("--b \r\n\r\n\r\n--b--").as_deref(), Some(""));
        assert_eq!(text("--b\r\n\r\na\r\n-b\r\n--\r\r\n--b--").as_deref(), Some("a\r\n-b\r\n--\r"));
    }

    #[test]
    fn a_body_that_breaks_off_has_no_first_part() {
        for end in ["", "--b", "--b\r\nA: b", "--b\r\nA: b\r\n\r\none", "--b\r\nA: b\r\n\r\none\r\n--"] {
            assert_eq!(text(end), None, "{end:?}");
        }
    }

    #[test]
    fn what_has_no_delimiter_or_an_endless_head_is_not_multipart() {
        let endless = vec![b'a'; 2 * MAX_HEAD];
        assert_eq!(FirstPart::new("b").push(&endless), Err(Malformed));
        assert_eq!(FirstPart::new("b").push(&[b"--b\r\n", endless.as_slice()].concat()), Err(Malformed));
    }

    #[test]
    fn a_boundary_comes_from_the_content_type_or_the_first_line() {
        assert_eq!(boundary("multipart/form-data; boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(boundary("Multipart/Form-Data;charset=x; Boundary=ab").as_deref(), Some("ab"));
        for none in ["multipart/form-data", "text/plain; boundary=a", "multipart/form-data; boundary=", ""] {
            assert_eq!(boundary(none), None, "{none}");
        }
        assert_eq!(boundary_at_start(b"--ab\r\nrest").as_deref(), Some("ab"));
        assert_eq!(boundary_at_start(b"PK"), None);
    }

    #[test]
    fn a_part_of_a_small_form_is_found_by_its_name() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=y\r\n\r\n2\r\n--b--\r\n";
        assert_eq!(part_named(body, "b", "x"), Some(&b"1"[..]));
        assert_eq!(part_named(body, "b", "y"), Some(&b"2"[..]));
        assert_eq!(part_named(body, "b", "z"), None);
        assert_eq!(part_named(b"--b", "b", "x"), None);
    }
}
