//! Templates and style sheets, read as files: where they stand, how long their lines are, and where sizes are named.

use std::{
    fs,
    path::{Path, PathBuf},
};

const WIDEST: usize = 160;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder, by their paths from there.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    assert!(found.len() > 10, "{folder} is where it always was");
    let name = |path: &Path| path.strip_prefix(root().join(folder)).expect("below it").to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap_or_default())).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("a file of the sources").path();
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}

/// The templates that each source draws, both without their endings.
fn drawn() -> Vec<(String, String)> {
    let templates = |(path, text): &(String, String)| {
        let source = path.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
        let named = text.split("#[template(path = \"").skip(1).filter_map(|rest| rest.split('"').next());
        named.map(|template| (source.clone(), template.to_owned())).collect::<Vec<_>>()
    };
    files("src").iter().flat_map(templates).collect()
}

#[test]
fn templates_stand_where_their_sources_do() {
    let wrong: Vec<_> = drawn()
        .into_iter()
        .filter(|(source, template)| {
            let template = template.rsplit_once('.').map_or(template.as_str(), |(name, _)| name);
            template != source && !template.starts_with(&format!("{source}/"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_template_is_drawn_or_shared() {
    let drawn = drawn();
    let templates = files("templates");
    let used = |name: &str| {
        drawn.iter().any(|(_, template)| template == name)
            || templates.iter().any(|(_, text)| text.contains(&format!("\"{name}\"")))
    };
    let unused: Vec<_> = templates.iter().map(|(name, _)| name).filter(|name| !used(name)).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn no_line_of_a_template_is_longer_than_a_screen() {
    let mut wrong = Vec::new();
    for (name, text) in files("templates") {
        let long = text.lines().enumerate().filter(|(_, line)| line.chars().count() > WIDEST);
        wrong.extend(long.map(|(at, line)| format!("{name}:{}: {} characters", at + 1, line.chars().count())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sizes_of_text_are_named_in_one_place() {
    let mut wrong = Vec::new();
    for (name, text) in files("static/css") {
        let raw = text.lines().filter(|line| {
            let sizes = line.split("font-size:").skip(1).chain(line.split("font:").skip(1));
            sizes.into_iter().any(|value| value.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '.'))
        });
        wrong.extend(raw.map(|line| format!("{name}: {}", line.trim())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
