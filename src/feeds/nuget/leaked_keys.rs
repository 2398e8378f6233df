//! Keeps keys out of what is published: everybody who reads a package would have them.

use serde_json::Value;

use super::answer::Refused;
use crate::{
    app::App,
    packages::{archive::Archive, nuspec::Nuspec},
};

/// Refuses a package whose nuspec or file names hold a key of this host, and says where it is.
pub(super) async fn refuse_keys<R: std::io::Read + std::io::Seek>(
    app: &App,
    archive: &Archive<R>,
) -> Result<(), Refused> {
    let package = archive.package();
    let mut texts = fields(&package.nuspec);
    // Whatever the package says in elements that are not kept: it is given to clients as it is.
    let whole = String::from_utf8_lossy(&package.nuspec_file).replace('\0', "");
    texts.push(("nuspec".to_owned(), whole));
    for (raw, path) in archive.names() {
        texts.extend([raw, path].map(|name| ("name of a file".to_owned(), name.to_owned())));
    }
    match app.legacy.first_with_key(&app.store, &texts).await? {
        Some(place) => Err(holds_key(&place)),
        None => Ok(()),
    }
}

fn holds_key(place: &str) -> Refused {
    let sentence = format!(
        "The {place} in this package holds an access token. Take it out, and refresh the token: whoever has the file can use it."
    );
    Refused::bad("The package holds an access token", sentence)
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
