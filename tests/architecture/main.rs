//! Which room may know which, read from the sources: the arrows of the design, kept by a test.

mod circles;
mod sources;

use std::{fs, path::Path};

use sources::{Source, first_word, has_word, none_of, sources};

const PURE: &[&str] = &["tokens", "accounts", "audit", "usage", "packages", "feeds", "notifications"];
const BELOW_APP: &[&str] = &["clock", "paths", "random", "conditional", "runtime", "store", "config", "auth", "mail"];
const APP: &[&str] = &["package_store", "readmes", "disk", "health", "metrics", "app", "request_log", "headers"];

/// Which room may name which, the lowest floor first: none may name one that comes after it, so that there is no way
/// round in a circle. An edge that is not here fails the test; add it if it is meant, or move what is named further down.
const MAY_NAME: [(&str, &[&[&str]]); 37] = [
    ("clock", &[]),
    ("paths", &[]),
    ("random", &[]),
    ("conditional", &[]),
    ("runtime", &[]),
    ("tokens", &[]),
    ("accounts", &[&["random", "tokens"]]),
    ("audit", &[&["tokens"]]),
    ("usage", &[&["tokens"]]),
    ("packages", &[&["audit", "tokens"]]),
    ("feeds", &[&["audit", "packages", "tokens"]]),
    ("notifications", &[&["accounts", "audit", "tokens"]]),
    ("store", &[PURE, &["random"]]),
    ("config", &[&["packages", "random", "store", "tokens"]]),
    ("auth", &[PURE, &["config", "random", "store"]]),
    ("mail", &[PURE, &["clock", "config", "paths"]]),
    ("package_store", &[&["packages", "random", "store"]]),
    ("readmes", &[&["packages", "tokens"]]),
    ("disk", &[&["config", "store"]]),
    ("health", &[&["clock", "config", "disk", "mail", "package_store", "packages", "random", "store", "tokens"]]),
    ("metrics", &[&["tokens"]]),
    ("app", &[PURE, BELOW_APP, &["health", "metrics", "package_store", "readmes"]]),
    ("request_log", &[&["auth", "tokens"]]),
    ("headers", &[&["app", "auth", "metrics", "request_log"]]),
    ("web", &[PURE, BELOW_APP, APP]),
    ("api", &[PURE, BELOW_APP, APP]),
    ("openapi", &[APP, &["api"]]),
    ("portal", &[PURE, BELOW_APP, APP, &["openapi", "web"]]),
    ("registry", &[PURE, BELOW_APP, APP]),
    ("jobs", &[PURE, BELOW_APP, APP]),
    ("well_known", &[APP]),
    ("probes", &[APP, &["store"]]),
    ("routes", &[APP, &["api", "openapi", "portal", "probes", "registry", "web", "well_known"]]),
    ("serve", &[PURE, BELOW_APP, APP, &["jobs", "routes"]]),
    ("cli", &[PURE, BELOW_APP, APP, &["jobs", "serve"]]),
    ("lib", &[]),
    ("main", &[&["cli"]]),
];

fn may_name(room: &str, other: &str) -> bool {
    let listed = MAY_NAME.iter().find(|(known, _)| *known == room);
    listed.is_some_and(|(_, others)| others.concat().contains(&other))
}

/// Every edge between two rooms, as it stands in the sources.
fn edges() -> Vec<(String, String, String)> {
    let files = sources();
    let of_file = |source: &Source| {
        let (room, path) = (source.room().to_owned(), source.path.clone());
        let others = source.imports().into_iter().filter(|other| *other != room);
        others.map(|other| (room.clone(), other, path.clone())).collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}

#[test]
fn rooms_name_only_the_rooms_they_may() {
    let wrong: Vec<_> = edges().into_iter().filter(|(room, other, _)| !may_name(room, other)).collect();
    assert!(wrong.is_empty(), "(room, what it names, file):\n{wrong:#?}");
}

#[test]
fn no_edge_runs_in_a_circle() {
    let floor = |room: &str| MAY_NAME.iter().position(|(known, _)| *known == room);
    for (room, others) in MAY_NAME {
        let up: Vec<_> = others.concat().into_iter().filter(|other| floor(other) >= floor(room)).collect();
        assert!(up.is_empty(), "{room} comes before {up:?} and may not name them");
    }
}

/// Bytes of packages are read and written there, though it lies in a pure room.
const DOES_INPUT_AND_OUTPUT: &str = "packages/blobs/";

#[test]
fn pure_rooms_know_no_web_no_database_and_no_clock() {
    none_of(|source| {
        let strange = ["actix_web", "sqlx", "askama", "lettre", "tokio", "reqwest"];
        let pure = PURE.contains(&source.room()) && !source.path.starts_with(DOES_INPUT_AND_OUTPUT);
        let named = strange.into_iter().find(|name| pure && source.names(name));
        named.map(|name| format!("names {name}"))
    });
}

#[test]
fn only_the_store_says_sql() {
    none_of(|source| (source.room() != "store" && source.names("sqlx")).then(|| "names sqlx".to_owned()));
    none_of(|source| {
        let sql = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
        let line = source.lines.iter().find(|line| sql.iter().any(|word| line.contains(&format!("\"{word}"))));
        line.filter(|_| source.room() != "store").map(|line| format!("says SQL: {}", line.trim()))
    });
}

/// Who names the folder of a kind of packages besides the kind's own folders, and why.
const NAMES_A_KIND: [(&str, &str); 10] = [
    ("packages/mod.rs", "the list of kinds"),
    ("routes.rs", "the addresses of its doors and pages"),
    ("routes/scopes.rs", "what stands around them"),
    ("portal/clients/mod.rs", "the list of clients"),
    ("portal/packages/moved.rs", "old addresses named no kind"),
    ("store/packages/listing.rs", "repositories have tags instead of versions"),
    ("store/packages/symbols.rs", "no other kind has symbol files"),
    ("store/health.rs", "looks for symbol files too"),
    ("auth/signing_keys.rs", "registries of no other kind are told something signed"),
    ("store/signing_keys.rs", "no other kind has such keys"),
];

#[test]
fn only_its_own_doors_and_pages_know_a_kind_of_packages() {
    let kinds = ["nuget", "npm", "container"];
    let is_own = |path: &str, kind: &str| path.split(['/', '.']).any(|part| part == kind);
    let named = |source: &Source| {
        let names = |kind: &str| source.lines.iter().any(|line| line.contains(&format!("{kind}::")));
        kinds.into_iter().find(|kind| !is_own(&source.path, kind) && names(kind))
    };
    let is_listed = |path: &str| NAMES_A_KIND.iter().any(|(own, _)| *own == path);
    none_of(|source| named(source).filter(|_| !is_listed(&source.path)).map(|kind| format!("names {kind}::")));
    let names_one = |path: &str| sources().iter().any(|own| own.path == path && named(own).is_some());
    let needless: Vec<_> = NAMES_A_KIND.iter().filter(|(path, _)| !names_one(path)).collect();
    assert!(needless.is_empty(), "they name none any more: {needless:?}");
}

/// Pages that change something for people who are not signed in, and what lets them.
const NOBODY_IS_SIGNED_IN: [(&str, &str); 7] = [
    ("web/session.rs", "what sessions themselves remember"),
    ("portal/account/sign_in.rs", "a password"),
    ("portal/account/sign_up.rs", "the host is open to everybody"),
    ("portal/account/mod.rs", "the setup link, or a host that is open to everybody"),
    ("portal/account/forgot.rs", "the mailbox that the answer goes to"),
    ("portal/account/confirm.rs", "a link that is used up in the same change"),
    ("portal/account/reset.rs", "a link that is used up in the same change"),
];

#[test]
fn pages_change_nothing_for_somebody_without_looking_at_their_session_again() {
    let allowed = |path: &str| NOBODY_IS_SIGNED_IN.iter().any(|(own, _)| *own == path);
    none_of(|source| {
        let begins = source.lines.iter().any(|line| line.contains("store.begin()"));
        (matches!(source.room(), "portal" | "web") && begins && !allowed(&source.path))
            .then(|| "begins a change without its sender's session: use `me.begin`".to_owned())
    });
    let begins = |path: &str| sources().iter().any(|own| own.path == path && own.names("begin"));
    let needless: Vec<_> = NOBODY_IS_SIGNED_IN.iter().filter(|(path, _)| !begins(path)).collect();
    assert!(needless.is_empty(), "they begin no change: {needless:?}");
    // Whatever the store does on somebody's behalf, it begins with `begin_by`.
    none_of(|source| {
        let text = source.lines.join("\n");
        let behalf = text.split(" fn ").find(|function| {
            let head = function.split('{').next().unwrap_or_default();
            head.contains("&self") && head.contains("by: &Actor") && function.contains("self.begin()")
        });
        let name =
            behalf.filter(|_| source.room() == "store" && source.path != "store/accounts/acting.rs").map(first_word)?;
        Some(format!("{name} begins a change without its sender's session: use `begin_by`"))
    });
}

#[test]
fn only_pages_and_mails_are_drawn() {
    none_of(|source| {
        (!matches!(source.room(), "portal" | "web" | "mail") && source.names("askama"))
            .then(|| "names askama".to_owned())
    });
}

#[test]
fn only_commands_and_the_start_print() {
    none_of(|source| {
        let prints = source.names("println!") || source.names("print!");
        (prints && !matches!(source.room(), "main" | "cli" | "serve")).then(|| "prints".to_owned())
    });
}

#[test]
fn nothing_depends_on_the_runtime_of_a_worker() {
    none_of(|source| {
        let local = ["rt::spawn(", "spawn_local("];
        let line = source.lines.iter().find(|line| local.iter().any(|word| line.contains(word)));
        line.filter(|_| source.room() != "runtime").map(|line| format!("starts a task of a worker: {}", line.trim()))
    });
}

#[test]
fn nothing_unwraps_outside_tests() {
    none_of(|source| {
        let line = source.lines.iter().find(|line| line.contains(".unwrap()") || line.contains(".unwrap_err()"));
        line.map(|line| format!("unwraps: {}", line.trim()))
    });
}

#[test]
fn tables_have_three_types_of_columns() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).expect("the migrations") {
        let path = entry.expect("a migration").path();
        let text = fs::read_to_string(&path).expect("a migration");
        let lines = text.lines().map(|line| line.split("--").next().unwrap_or_default());
        // A column's line is indented and begins with its name, in small letters; then comes its type.
        let columns = lines
            .filter(|line| line.starts_with("    ") && line.trim_start().starts_with(|c: char| c.is_ascii_lowercase()));
        let strange = columns.filter(|line| {
            let kind = line.split_whitespace().nth(1).unwrap_or_default().trim_end_matches(',');
            !matches!(kind, "BIGINT" | "TEXT" | "BYTEA")
        });
        wrong.extend(strange.map(|line| format!("{}: {}", path.display(), line.trim())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn arrows_are_read_in_every_spelling() {
    let source = Source {
        path: "portal/tokens/create.rs".to_owned(),
        lines: vec![
            "use crate::{app::{App, Other}, store::Feed,".to_owned(),
            " tokens};".to_owned(),
            "let x = crate::api::Y;".to_owned(),
        ],
    };
    assert_eq!(
        (source.room(), source.imports()),
        ("portal", ["app", "store", "tokens", "api"].map(str::to_owned).to_vec())
    );
    assert!(has_word("a sqlx::query", "sqlx") && !has_word("my_sqlx", "sqlx"));
}
