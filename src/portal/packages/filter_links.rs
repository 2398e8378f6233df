//! The search and the filters above lists of packages.

use crate::{
    tokens::{Kind, ServedKinds},
    web::{
        query::with_query,
        toolbar::{FilterLink, Toolbar},
    },
};

/// What the address of a list says: names and values.
type Filters = [(&'static str, String)];

/// The toolbar of a list with these filters. Filters that stand beside each other go together, but listed and unlisted.
pub(super) fn toolbar(action: String, words: String, filters: &Filters, served: ServedKinds) -> Toolbar {
    let link = |label: &'static str, (name, value): (&'static str, &str), is_chosen: bool| FilterLink {
        label,
        path: with_query(&action, changed(&words, filters, (name, value))),
        count: None,
        is_chosen,
    };
    let is_on = |name: &str| filters.iter().any(|(known, _)| *known == name);
    let toggle = |label, name| link(label, (name, if is_on(name) { "" } else { "yes" }), is_on(name));
    let kind = |kind: Kind| {
        let is_chosen = filters.iter().any(|(name, value)| *name == "kind" && value == kind.as_str());
        link(kind.label(), ("kind", if is_chosen { "" } else { kind.as_str() }), is_chosen)
    };
    let kinds = served.iter().map(kind);
    let unlisted = is_on("unlisted");
    let listed = [link("Listed", ("unlisted", ""), !unlisted), link("Include unlisted", ("unlisted", "yes"), unlisted)];
    let others = [toggle("Deprecated", "deprecated"), toggle("Stable", "stable")];
    Toolbar {
        filters: listed.into_iter().chain(kinds).chain(others).collect(),
        placeholder: "Name, tag or author",
        is_live: true,
        kept: filters.to_vec(),
        words,
        action,
        ..Toolbar::default()
    }
}

/// The address with one filter changed, without a place.
fn changed<'a>(
    words: &'a str,
    filters: &'a Filters,
    change: (&'static str, &'a str),
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let others = filters.iter().filter(move |(name, _)| *name != change.0);
    [("q", words)].into_iter().chain(others.map(|(name, value)| (*name, value.as_str()))).chain([change])
}
