//! What a package says it needs: other packages, systems to run on, and scripts. Where it is written so that clients stop at
//! it, nobody can install the package, so it is refused when it is published.

use serde_json::{Map, Value};
use thiserror::Error;

use super::document::shown;

/// Fields with the packages that are installed with this one.
const INSTALLED: [&str; 3] = ["dependencies", "optionalDependencies", "peerDependencies"];
/// The field with those that are not installed, but read.
const DEVELOPMENT: &str = "devDependencies";
const SCRIPTS: &str = "scripts";
/// Fields that name systems.
const SYSTEMS: [&str; 3] = ["os", "cpu", "libc"];
/// What means something only where a package is written, and is resolved by the clients that know it when they publish.
const OF_WORKSPACES: [&str; 5] = ["workspace", "catalog", "link", "portal", "patch"];

/// Why no client could install a package.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Uninstallable {
    /// Where clients expect one.
    #[error("{0} in package.json must be an object whose values are texts.")]
    NoMap(&'static str),
    /// A dependency that nothing can be called.
    #[error("{field} in package.json names {name}, and no package can be called that.")]
    NoPackage {
        /// Where.
        field: &'static str,
        /// What, as a sentence may hold it.
        name: String,
    },
    /// A dependency that cannot be found.
    #[error(
        "{field} in package.json asks for {name} as {wanted}, which no client can install. Use a version such as ^1.0.0, a tag or an address; what only a workspace understands is resolved by pnpm and Yarn when they publish."
    )]
    NotUnderstood {
        /// Where.
        field: &'static str,
        /// Of which package, as a sentence may hold it.
        name: String,
        /// What, likewise.
        wanted: String,
    },
    /// Where clients expect one.
    #[error("{0} in package.json must be a text such as \"linux\", or a list of such texts.")]
    NoList(&'static str),
}

/// Refuses a `package.json` at which clients stop when they install.
///
/// # Errors
/// With the field, and the package it asks for.
pub(super) fn check(package: &Map<String, Value>) -> Result<(), Uninstallable> {
    for field in INSTALLED {
        package.get(field).map_or(Ok(()), |value| check_installed(field, value))?;
    }
    let is_bad = |field: &str, is_good: fn(&Value) -> bool| package.get(field).is_some_and(|value| !is_good(value));
    if is_bad(DEVELOPMENT, Value::is_object) {
        return Err(Uninstallable::NoMap(DEVELOPMENT));
    }
    if is_bad(SCRIPTS, are_scripts) {
        return Err(Uninstallable::NoMap(SCRIPTS));
    }
    SYSTEMS.into_iter().find(|field| is_bad(field, is_list)).map_or(Ok(()), |field| Err(Uninstallable::NoList(field)))
}

fn check_installed(field: &'static str, value: &Value) -> Result<(), Uninstallable> {
    for (name, wanted) in value.as_object().ok_or(Uninstallable::NoMap(field))? {
        let wanted = wanted.as_str().ok_or(Uninstallable::NoMap(field))?;
        if !is_name(name) {
            return Err(Uninstallable::NoPackage { field, name: shown(name) });
        }
        if !is_understood(wanted) {
            return Err(Uninstallable::NotUnderstood { field, name: shown(name), wanted: shown(wanted) });
        }
    }
    Ok(())
}

/// pnpm stops at scripts that are numbers, wherever they stand.
fn are_scripts(value: &Value) -> bool {
    value.as_object().is_none_or(|scripts| scripts.values().all(|script| script.is_string() || script.is_null()))
}

/// A text counts as a list of one.
fn is_list(value: &Value) -> bool {
    value.is_string() || value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// Whether a package can be called so, by the rules that were npm's for old ones: upper case was among them.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.chars().all(is_plain);
    match text.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(text) && !text.starts_with(['.', '_']),
    }
}

/// What an address may hold as it is.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.!~*'()".contains(letter)
}

/// Whether clients make something of what is wanted of a package: versions, a tag, another package, or an address.
fn is_understood(wanted: &str) -> bool {
    let wanted = wanted.trim();
    match wanted.split_once(':') {
        Some(("npm", other)) => is_other_package(other),
        Some((scheme, _)) => !OF_WORKSPACES.contains(&scheme),
        None => wanted.contains('/') || is_tag_or_versions(wanted),
    }
}

/// `left-pad@^1.0.0`, `@team/ui`
fn is_other_package(text: &str) -> bool {
    let at = text.match_indices('@').map(|(at, _)| at).find(|at| *at > 0);
    match at {
        Some(at) => is_name(&text[..at]) && is_tag_or_versions(&text[at + 1..]),
        None => is_name(text),
    }
}

/// Of versions, clients pass over what they cannot read where there is something that they can.
fn is_tag_or_versions(text: &str) -> bool {
    let is_versions = |text: &str| text.split(['|', ',', ' ', '\t', '\r', '\n']).any(is_version);
    text.chars().all(is_plain) || is_versions(text)
}

/// `1`, `>=1.0`, `v1.x`, `~2.0.0-beta+build`
fn is_version(word: &str) -> bool {
    let version = word.trim_start_matches(['<', '>', '=', '~', '^', 'v']);
    version.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*'))
        && version.chars().all(|c| c.is_ascii_alphanumeric() || ".-+*".contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(package: Value) -> Result<(), Uninstallable> {
        let Value::Object(package) = package else { panic!("no object") };
        check(&package)
    }

    #[test]
    fn what_clients_install_is_taken() {
        for wanted in [
            "",
            "*",
            "1",
            "1.x",
            "v1.2.3",
            "=1.0.0",
            "^1.0.0",
            "~> 1.0",
            ">= 1.0.0 < 2",
            "1.0.0 - 2.9999.9999",
            "<1.0.0 || >=2.3.1 <2.4.5",
            ">=1.0.0, <2",
            "1.0.0+build",
            ">=1.0.0\n<2.0.0",
            "^1.0.0 foo",
            "||1",
            " 1.0.0 ",
            "latest",
            "next-11",
            "npm:left-pad@^1.0.0",
            "npm:@team/ui",
            "npm:@Team/UI@latest",
            "npm:JSONStream@>=1 <2",
            "https://example.com/x.tgz",
            "git+ssh://git@example.com/x.git#v1",
            "git@example.com:team/x.git",
            "github:team/x",
            "team/x#semver:^1",
            "file:../x",
            "../x",
            "x.tgz",
            "jsr:@std/path@1",
        ] {
            for field in INSTALLED {
                assert_eq!(
                    checked(json!({ field: { "@team/a.b": wanted, "JSONStream": "1" } })),
                    Ok(()),
                    "{field} {wanted}"
                );
            }
        }
        assert_eq!(checked(json!({ "devDependencies": { "a": 5, "b": "not a range!!" } })), Ok(()));
        for system in [json!("linux"), json!(["!win32", "linux"]), json!([])] {
            assert_eq!(checked(json!({ "os": system, "cpu": system, "libc": system })), Ok(()), "{system}");
        }
        assert_eq!(checked(json!({ "dependencies": {}, "devDependencies": { "a": "workspace:*" } })), Ok(()));
    }

    #[test]
    fn that_at_which_clients_stop_is_refused() {
        for field in INSTALLED {
            for no_map in [
                json!(["a"]),
                json!([1]),
                json!("a"),
                json!(5),
                json!({ "a": 5 }),
                json!({ "a": null }),
                json!({ "a": {} }),
            ] {
                assert_eq!(checked(json!({ field: no_map })), Err(Uninstallable::NoMap(field)), "{field} {no_map}");
            }
            for name in ["__proto__", "", ".x", "_x", "a b", "a/b", "@team", "@/x", "@team/", "@team/a/b", "caf\u{e9}"]
            {
                let told = checked(json!({ field: { name: "1" } })).unwrap_err();
                assert!(matches!(told, Uninstallable::NoPackage { .. }), "{field} {name}");
                assert!(told.to_string().is_ascii(), "{told}");
            }
            for wanted in [
                "not a range!!",
                ">",
                "npm:",
                "npm:@1.0.0",
                "npm:.x@1",
                "npm:a@ b",
                "workspace:*",
                "catalog:",
                "link:../x",
                "^",
                "\u{e9}",
                "a b",
            ] {
                let told = checked(json!({ field: { "a": wanted } })).unwrap_err();
                assert!(matches!(told, Uninstallable::NotUnderstood { .. }), "{field} {wanted}");
                assert!(told.to_string().is_ascii(), "{told}");
            }
        }
        for no_map in [json!(["a"]), json!("a")] {
            assert_eq!(checked(json!({ "devDependencies": no_map })), Err(Uninstallable::NoMap("devDependencies")));
        }
        assert_eq!(checked(json!({ "scripts": { "install": 5 } })), Err(Uninstallable::NoMap("scripts")));
        for field in SYSTEMS {
            for no_list in [json!(5), json!({}), json!(true), json!([5]), json!(["linux", null])] {
                assert_eq!(checked(json!({ field: no_list })), Err(Uninstallable::NoList(field)), "{field} {no_list}");
            }
        }
    }
}
