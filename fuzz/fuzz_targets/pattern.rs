//! Any text as a pattern, held against any name: the answer is that of a slow and plain matcher.
#![no_main]
#![allow(dead_code)]

#[path = "../../src/tokens/pattern.rs"]
mod pattern;
#[path = "../../src/tokens/secret.rs"]
mod secret;

use libfuzzer_sys::fuzz_target;
use pattern::Pattern;

fuzz_target!(|texts: (&str, &str)| {
    let (text, name) = texts;
    let Ok(pattern) = Pattern::parse(text) else { return };
    let stored = pattern.as_str();
    assert_eq!(Pattern::parse(stored).as_ref().map(Pattern::as_str), Ok(stored));
    assert_eq!(pattern.covers(name), plain_match(stored.as_bytes(), name.as_bytes()));
});

/// One row of the table of all prefixes at a time: `row[n]` says whether the pattern so far matches the first n bytes.
fn plain_match(pattern: &[u8], name: &[u8]) -> bool {
    let mut row = vec![false; name.len() + 1];
    row[0] = true;
    for part in pattern {
        let mut next = vec![false; name.len() + 1];
        next[0] = row[0] && *part == b'*';
        for n in 0..name.len() {
            next[n + 1] =
                if *part == b'*' { row[n + 1] || next[n] } else { row[n] && part.eq_ignore_ascii_case(&name[n]) };
        }
        row = next;
    }
    row[name.len()]
}
