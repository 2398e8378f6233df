//! Where keys may stand in a NuGet package, which nobody is to publish.

use std::fs::File;

use actix_web::web;
use quick_xml::escape::unescape;
use serde_json::Value;

use super::response::NuGetError;
use crate::{
    app::App,
    packages::nuget::{archive::Archive, nuspec::Nuspec},
    registry::leaked_keys::Found,
    tokens::legacy::Shape,
};

/// Bytes of a character reference; zeros in front make it longer than it need be.
const LONGEST_REFERENCE: usize = 64;

/// Gives back a package, unless its nuspec or file names hold a key of this host: then the refusal says where.
pub(super) async fn refuse_keys(app: &App, archive: Archive<File>) -> Result<Archive<File>, NuGetError> {
    let shapes = app.legacy.shapes(&app.store).await?;
    let searching = web::block(move || {
        let found = in_package(&archive, &shapes);
        (archive, found)
    });
    let (archive, found) = searching.await.map_err(|error| NuGetError::unavailable(&error))?;
    found.refuse(app).await?;
    Ok(archive)
}

/// What of a package may be keys.
fn in_package<R>(archive: &Archive<R>, shapes: &[Shape]) -> Found {
    let mut found = Found::default();
    let package = archive.package();
    for (element, text) in fields(&package.nuspec) {
        found.look_at(&element, &text, shapes);
    }
    // Whatever the package says in elements that are not kept: it is given to clients as it is.
    let whole = String::from_utf8_lossy(&package.nuspec_file).replace('\0', "");
    found.look_at("nuspec", &whole, shapes);
    found.look_at("nuspec", &without_references(&whole), shapes);
    for (raw, path) in archive.names() {
        found.look_at("name of a file", raw, shapes);
        found.look_at("name of a file", path, shapes);
    }
    found
}

/// An XML text as programs read it, in which `&#108;k_…` is a key too. What is no reference stays: comments may hold it.
fn without_references(text: &str) -> String {
    let (mut rest, mut read) = (text, String::new());
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        read.push_str(before);
        let end = from.bytes().take(LONGEST_REFERENCE).position(|b| b == b';').map_or(1, |end| end + 1);
        match unescape(&from[..end]) {
            Ok(text) => {
                read.push_str(&text);
                rest = &from[end..];
            }
            Err(_) => {
                read.push('&');
                rest = &from[1..];
            }
        }
    }
    read + rest
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
    fn references_are_read_and_a_lone_ampersand_stays() {
        let read = without_references("<!-- a & b; &nothing; && --><x>&#108;&#x6B;_&lt;&#0000000107;</x>&");
        assert_eq!(read, "<!-- a & b; &nothing; && --><x>lk_<k</x>&");
    }

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
