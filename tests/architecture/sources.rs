//! The sources of the program, read as text.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file: its path below `src`, and its lines without comments and without the tests at its end.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) lines: Vec<String>,
}

impl Source {
    /// The room it is in: the first folder, or the file itself.
    pub(crate) fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// Whether a word stands anywhere in it, as a whole.
    pub(crate) fn names(&self, word: &str) -> bool {
        self.lines.iter().any(|line| has_word(line, word))
    }

    /// The rooms of ours that it names with `crate::…`.
    pub(crate) fn imports(&self) -> Vec<String> {
        let text = self.lines.join("\n");
        let mut rooms = Vec::new();
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(list) => rooms.extend(top_level(list)),
                None => rooms.push(first_word(rest)),
            }
        }
        rooms
    }
}

pub(crate) fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first words of a list's items, up to the brace that ends it.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                items.push(first_word(list[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| edge(line[..at].chars().next_back()) && edge(line[at + word.len()..].chars().next()))
}

pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 50, "the sources are where they always were");
    files.iter().filter_map(|file| read(&root, file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("a file of the sources").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// None for files that hold nothing but tests.
fn read(root: &Path, file: &Path) -> Option<Source> {
    let path = file.strip_prefix(root).expect("below src").to_string_lossy().into_owned();
    if path.split(['/', '.', '_']).any(|part| part == "tests") {
        return None;
    }
    let text = fs::read_to_string(file).expect("a source");
    let before_tests = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned);
    Some(Source { path, lines: code.collect() })
}

/// Every file for which `wrong` finds something must be named in the message, so that it can be mended.
pub(crate) fn none_of(wrong: impl Fn(&Source) -> Option<String>) {
    let found: Vec<_> =
        sources().iter().filter_map(|source| Some(format!("src/{}: {}", source.path, wrong(source)?))).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
