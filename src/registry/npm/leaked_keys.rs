//! Where keys may stand in an npm package, which nobody is to publish.

use std::io::BufRead;

use serde_json::Value;

use crate::{
    packages::npm::{
        document::Publication,
        tarball::{Limits, Tarball},
        unreadable::Unreadable,
    },
    registry::leaked_keys::Found,
    tokens::legacy::Shape,
};

/// Reads a tarball, and gathers what in it and in the document it came with may be keys: wherever readers are given it.
pub(super) fn read(
    source: impl BufRead,
    limits: &Limits,
    published: &Publication,
    shapes: &[Shape],
) -> Result<(Tarball, Found), Unreadable> {
    let mut found = Found::default();
    let tarball = Tarball::read(source, limits, &mut |place, text| found.look_at(place, text, shapes))?;
    // A reader of JSON has `\u006ck_…` as a key.
    for (field, value) in &tarball.package_json {
        found.look_at("package.json", &(field.clone() + "\n" + &texts(value)), shapes);
    }
    found.look_at("tag", &published.tag, shapes);
    if let Some(provenance) = &published.provenance {
        let decoded = serde_json::from_str(provenance).unwrap_or_default();
        found.look_at("provenance", provenance, shapes);
        found.look_at("provenance", &texts(&decoded), shapes);
    }
    Ok((tarball, found))
}

/// All texts in a value, one a line; the names of fields are texts as well.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(texts).collect::<Vec<_>>().join("\n"),
        Value::Object(fields) => {
            fields.iter().map(|(field, value)| format!("{field}\n{}", texts(value))).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_of_a_value_is_looked_at_also_the_names_of_fields() {
        let value = json!({ "a": ["b", { "c": "d" }, 1, null], "e": { "f": true } });
        let all = texts(&value);
        assert_eq!(all.split_whitespace().collect::<Vec<_>>(), ["a", "b", "c", "d", "e", "f"]);
    }
}
