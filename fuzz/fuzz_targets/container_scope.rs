//! Any text as what clients of container registries ask: each line is a scope, and an address behind each method. What is
//! read names repositories in their one form.
#![no_main]

mod container;
mod tokens;

use container::{
    repository_path::{Wanted, parse},
    scope::Scope,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let scopes = Scope::parse_all(text.lines());
    assert!(scopes.len() <= 20);
    for (at, scope) in scopes.iter().enumerate() {
        assert!(scopes[..at].iter().all(|other| other.repository != scope.repository));
        if let Some(feed) = scope.feed() {
            assert!(scope.repository.starts_with(&format!("{feed}/")));
            assert!(scope.repository.split('/').all(|part| !part.is_empty() && part != ".."));
            let again = format!("repository:{}:{}", scope.repository, scope.verbs.words());
            assert_eq!(Scope::parse_all([again.as_str()].into_iter())[0].verbs, scope.verbs);
        }
    }
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
        for target in text.lines() {
            let Some(Wanted::Repository { name, verbs, from }) = parse(method, target) else { continue };
            assert_eq!(verbs.each().count(), 1);
            assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")), "{name}");
            assert!(target.starts_with("/v2/"));
            assert!(from.is_none() || method == "POST");
        }
    }
});
