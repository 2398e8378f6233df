//! Reads a mail as its receiver's program would.

use base64::{Engine, engine::general_purpose::STANDARD};

pub struct Letter {
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
}

impl Letter {
    pub fn read(message: &str) -> Self {
        let (headers, body) = parts(message);
        let kind = &headers.iter().find(|(name, _)| name == "Content-Type").expect("a content type").1;
        assert!(kind.starts_with("multipart/alternative;"), "{kind}");
        let boundary = format!("--{}", kind.split("boundary=\"").nth(1).unwrap().trim_end_matches('"'));
        let bodies: Vec<String> =
            body.split(&boundary).skip(1).take(2).map(|part| decoded(part.trim_start())).collect();
        assert_eq!(body.matches(&boundary).count(), 3, "two parts and an end");
        Self { headers, text: bodies[0].clone(), html: bodies[1].clone() }
    }

    /// A header's value, decoded; it must be there once.
    pub fn header(&self, name: &str) -> String {
        let values: Vec<_> = self.headers.iter().filter(|(known, _)| known == name).collect();
        assert_eq!(values.len(), 1, "{name}");
        words(&values[0].1)
    }

    pub fn links(&self) -> Vec<String> {
        let all = format!("{} {}", self.text, self.html);
        let starts = all.match_indices("http").map(|(at, _)| at);
        starts
            .map(|at| all[at..].split(|c: char| c.is_whitespace() || c == '"' || c == '<').next().unwrap().to_owned())
            .collect()
    }
}

/// Headers, unfolded, and what follows them.
fn parts(message: &str) -> (Vec<(String, String)>, String) {
    let (head, body) = message.split_once("\r\n\r\n").expect("an empty line after the headers");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("not a header: {line:?}"));
        (name.to_owned(), value.to_owned())
    };
    (unfolded.split("\r\n").map(header).collect(), body.to_owned())
}

fn decoded(part: &str) -> String {
    let (headers, body) = parts(part);
    let encoding =
        headers.iter().find(|(name, _)| name == "Content-Transfer-Encoding").map(|(_, value)| value.as_str());
    let bytes = match encoding {
        Some("quoted-printable") => from_quoted(&body),
        Some("base64") => STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap(),
        _ => body.into_bytes(),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

fn from_quoted(text: &str) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let mut rest = text.as_bytes();
    let mut bytes = Vec::new();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'=' {
            bytes.extend(hex::decode(&after[..2]).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    bytes
}

/// Decodes the encoded words of a header (RFC 2047); blanks between two of them do not count.
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut after_encoded = false;
    for word in value.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        let one_text = after_encoded && encoded.is_some();
        if !text.is_empty() && !one_text {
            text.push(' ');
        }
        match encoded {
            Some(encoded) => text.push_str(&String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()),
            None => text.push_str(word),
        }
        after_encoded = encoded.is_some();
    }
    text
}
