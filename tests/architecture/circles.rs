//! No two neighbours in a room name one another, not even by way of others: who reads one of them need not read them all.
//! A folder and what is in it are one thing here; methods, which nobody names by their place, are not seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Source, sources};

/// A place in the tree of modules.
type Place = Vec<String>;

/// Circles that stay for now, each with its reason.
const KNOWN: [(&str, &str, &str); 1] =
    [("portal::tokens::show", "portal::tokens::try_it", "what was tried is drawn on the page of the token")];

/// What a file says of other modules.
struct Uses {
    place: Place,
    /// Paths as they stand there.
    paths: Vec<Place>,
    /// Those that it gives on under a name of its own.
    given_on: Vec<Place>,
}

impl Uses {
    fn of(source: &Source) -> Self {
        let mut uses = Self { place: place_of(&source.path), paths: Vec::new(), given_on: Vec::new() };
        let mut lines = source.lines.iter();
        while let Some(line) = lines.next() {
            let Some((before, tree)) = use_in(line) else {
                uses.paths.extend(written_out(line));
                continue;
            };
            let mut tree = tree.to_owned();
            while !tree.contains(';') {
                let Some(more) = lines.next() else { break };
                tree += more;
            }
            let found = leaves(tree.split(';').next().unwrap_or_default());
            if before.starts_with("pub") {
                uses.given_on.extend(found.clone());
            }
            uses.paths.extend(found);
        }
        uses
    }
}

/// What stands before and after `use` in a line that begins with it.
fn use_in(line: &str) -> Option<(&str, &str)> {
    let (before, tree) = line.trim_start().split_once("use ")?;
    (before.is_empty() || (before.starts_with("pub") && before.ends_with(' '))).then_some((before, tree))
}

/// The place of a file below `src`.
fn place_of(path: &str) -> Place {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// Every path of the tree behind a `use`.
fn leaves(tree: &str) -> Vec<Place> {
    let tree = tree.trim();
    let Some((before, list)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()];
    };
    let before: Place = before.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let list = list.rsplit_once('}').map_or(list, |(list, _)| list);
    let whole = |leaf: Place| before.iter().cloned().chain(leaf).collect();
    items(list).iter().flat_map(|item| leaves(item)).map(whole).collect()
}

/// The items of a list, lists in them left whole.
fn items(list: &str) -> Vec<String> {
    let (mut depth, mut items) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match items.last_mut() {
            Some(item) if c != ',' || depth > 0 => item.push(c),
            _ => items.push(String::new()),
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// Paths in the code itself that begin with `crate` or `super`.
fn written_out(code: &str) -> Vec<Place> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c| !is_path(c)).filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    words.map(|word| word.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()).collect()
}

/// Where a path leads that stands at a place; none if it is another crate's.
fn absolute(modules: &BTreeSet<Place>, at: &Place, path: &Place) -> Option<Place> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([at.as_slice(), rest].concat()),
        "super" => {
            let up = path.iter().take_while(|part| *part == "super").count();
            Some([at.get(..at.len().checked_sub(up)?)?, path.get(up..)?].concat())
        }
        _ => {
            let below = [at.as_slice(), std::slice::from_ref(first)].concat();
            modules.contains(&below).then(|| [at.as_slice(), path].concat())
        }
    }
}

/// The module where a path ends, by way of what others give on.
fn module_of(
    modules: &BTreeSet<Place>,
    given_on: &BTreeMap<Place, Place>,
    path: &Place,
    turns: usize,
) -> Option<Place> {
    let starts = || (1..=path.len()).rev().filter_map(|n| path.split_at_checked(n));
    let elsewhere = starts().find_map(|(start, rest)| {
        let to = given_on.get(start).filter(|_| turns < 8 && !modules.contains(start))?;
        module_of(modules, given_on, &[to.as_slice(), rest].concat(), turns + 1)
    });
    elsewhere.or_else(|| starts().map(|(start, _)| start.to_vec()).find(|start| modules.contains(start)))
}

/// The neighbours below which two places of one room lie; none where one lies in the other.
fn neighbours(from: &Place, to: &Place) -> Option<(Place, Place)> {
    let shared = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    let below = |place: &Place| place.get(..=shared).map(<[_]>::to_vec);
    if shared == 0 { None } else { below(from).zip(below(to)) }
}

/// Which neighbour names which.
fn edges(files: &[Source]) -> BTreeSet<(String, String)> {
    let uses: Vec<Uses> = files.iter().map(Uses::of).collect();
    let modules: BTreeSet<Place> = uses.iter().map(|file| file.place.clone()).collect();
    let mut given_on = BTreeMap::new();
    for file in &uses {
        for path in &file.given_on {
            let own = [file.place.as_slice(), path.get(path.len().saturating_sub(1)..).unwrap_or_default()].concat();
            if let Some(to) = absolute(&modules, &file.place, path) {
                given_on.insert(own, to);
            }
        }
    }
    let mut edges = BTreeSet::new();
    for file in &uses {
        let named = file.paths.iter().filter_map(|path| absolute(&modules, &file.place, path));
        let named = named.filter_map(|path| module_of(&modules, &given_on, &path, 0));
        edges.extend(
            named.filter_map(|to| neighbours(&file.place, &to)).map(|(from, to)| (from.join("::"), to.join("::"))),
        );
    }
    edges
}

/// What is left of the edges when those that lead out of every circle are taken away, from either end.
fn in_circles(mut edges: BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    loop {
        let starts: BTreeSet<String> = edges.iter().map(|(from, _)| from.clone()).collect();
        let ends: BTreeSet<String> = edges.iter().map(|(_, to)| to.clone()).collect();
        let before = edges.len();
        edges.retain(|(from, to)| ends.contains(from) && starts.contains(to));
        if edges.len() == before {
            return edges;
        }
    }
}

#[test]
fn no_neighbours_name_one_another() {
    let mut edges = edges(&sources());
    assert!(edges.len() > 300, "the sources are read: {}", edges.len());
    for (one, other, why) in KNOWN {
        let both = [(one, other), (other, one)].map(|(from, to)| edges.remove(&(from.to_owned(), to.to_owned())));
        assert_eq!(both, [true; 2], "no such circle any more, take it off the list: {one}, {other} ({why})");
    }
    let circles = in_circles(edges);
    assert!(circles.is_empty(), "(neighbour, what it names):\n{circles:#?}");
}

#[test]
fn circles_are_found_in_every_spelling() {
    let file =
        |path: &str, text: &str| Source { path: path.to_owned(), lines: text.lines().map(str::to_owned).collect() };
    let files = [
        file("room/mod.rs", "mod one;\nmod two;\nmod three;\npub use self::{one::One, two::{Two, other}};"),
        file("room/one.rs", "use crate::{clock::Clock, room::{Three as T, Two}};"),
        file("room/two/mod.rs", "mod deep;\npub use deep::Deep;"),
        file("room/two/deep.rs", "use super::super::three;"),
        file("room/three.rs", "use std::fmt;\nfn f() -> crate::room::One { todo() }"),
        file("clock.rs", "use crate::room::One;"),
    ];
    let found = edges(&files);
    let edge = |from: &str, to: &str| (format!("room::{from}"), format!("room::{to}"));
    let circle = BTreeSet::from([edge("one", "two"), edge("two", "three"), edge("three", "one")]);
    assert_eq!(found, circle);
    assert_eq!(in_circles(found), circle);
    let tree = BTreeSet::from([edge("one", "two"), edge("two", "three"), edge("one", "three")]);
    assert!(in_circles(tree).is_empty());
}
