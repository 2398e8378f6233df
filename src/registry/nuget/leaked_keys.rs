//! Keeps keys out of what is published: everybody who reads a package would have them.

use std::fs::File;

use actix_web::web;
use serde_json::Value;

use super::response::NuGetError;
use crate::{
    app::App,
    packages::nuget::{archive::Archive, nuspec::Nuspec},
    tokens::{
        SecretHash,
        legacy::{Shape, possible_keys},
        secret,
    },
};

/// Gives back a package, unless its nuspec or file names hold a key of this host: then the refusal says where.
pub(super) async fn refuse_keys(app: &App, archive: Archive<File>) -> Result<Archive<File>, NuGetError> {
    let shapes = app.legacy.shapes(&app.store).await?;
    let searching = web::block(move || {
        let found = Found::in_package(&archive, &shapes);
        (archive, found)
    });
    let (archive, found) = searching.await.map_err(|error| NuGetError::unavailable(&error))?;
    let first = app.store.first_secret(&found.hashes).await?;
    first.and_then(|at| found.places.get(at)).map_or(Ok(archive), |place| Err(holds_key(place)))
}

/// What may be keys, and where each stands.
#[derive(Default)]
struct Found {
    hashes: Vec<SecretHash>,
    places: Vec<String>,
}

impl Found {
    fn in_package<R>(archive: &Archive<R>, shapes: &[Shape]) -> Self {
        let mut found = Self::default();
        let package = archive.package();
        for (element, text) in fields(&package.nuspec) {
            found.look_at(&element, &text, shapes);
        }
        // Whatever the package says in elements that are not kept: it is given to clients as it is.
        let whole = String::from_utf8_lossy(&package.nuspec_file).replace('\0', "");
        found.look_at("nuspec", &whole, shapes);
        for (raw, path) in archive.names() {
            found.look_at("name of a file", raw, shapes);
            found.look_at("name of a file", path, shapes);
        }
        found
    }

    /// A secret of ours counts also where so much of it is there that the rest can be computed.
    fn look_at(&mut self, place: &str, text: &str, shapes: &[Shape]) {
        self.hashes.extend(secret::hashes_in(text));
        self.hashes.extend(possible_keys(text, shapes));
        self.places.resize(self.hashes.len(), place.to_owned());
    }
}

fn holds_key(place: &str) -> NuGetError {
    let sentence = format!(
        "The {place} in this package holds an access token. Take it out, and refresh the token: whoever has the file can use it."
    );
    NuGetError::bad("The package holds an access token", sentence)
}

/// All texts of a nuspec, with the names of the elements they come from.
fn fields(nuspec: &Nuspec) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(nuspec) {
        for (name, value) in &fields {
            collect(&element_name(name), value, &mut found);
        }
    }
    found
}

fn collect(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((name.to_owned(), text.clone())),
        Value::Array(values) => values.iter().for_each(|value| collect(name, value, found)),
        Value::Object(values) => values.values().for_each(|value| collect(name, value, found)),
        _ => {}
    }
}

/// `project_url` as the nuspec has it: `projectUrl`.
fn element_name(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        name + &head.to_ascii_uppercase() + tail
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_nuspec_is_looked_at_under_the_name_of_its_element() {
        let text = "<package><metadata><id>A</id><version>1</version><tags>one two</tags>\
                    <projectUrl>https://example.com/x</projectUrl><repository branch='b'/>\
                    <dependencies><dependency id='B' version='2'/></dependencies></metadata></package>";
        let found = fields(&Nuspec::parse(text.as_bytes()).unwrap());
        for (name, text) in [
            ("id", "A"),
            ("tags", "two"),
            ("projectUrl", "https://example.com/x"),
            ("repository", "b"),
            ("dependencyGroups", "B"),
            ("dependencyGroups", "2"),
        ] {
            assert!(found.contains(&(name.to_owned(), text.to_owned())), "{name}");
        }
    }
}
