//! Any bytes as an npm publish document: taken apart alike however they are cut, with the tarball on one side and a document
//! that says the same on the other.
#![no_main]

mod packages;

use libfuzzer_sys::fuzz_target;
use packages::npm::{
    bad_document::BadDocument,
    document::Document,
    name::PackageName,
    splitter::{Sides, Splitter},
};
use serde_json::Value;

fn split(data: &[u8], step: usize) -> Result<Sides, BadDocument> {
    let (mut splitter, mut sides) = (Splitter::default(), Sides::default());
    for piece in data.chunks(step) {
        splitter.push(piece, &mut sides)?;
    }
    Ok(sides)
}

fuzz_target!(|data: &[u8]| {
    let whole = split(data, data.len().max(1));
    let pieces = split(data, usize::from(data.first().copied().unwrap_or(1)).max(1));
    let Ok(sides) = whole else {
        assert!(pieces.is_err(), "cut into pieces it is taken");
        return;
    };
    let pieces = pieces.expect("what was taken whole is taken in pieces");
    assert!(pieces.rest == sides.rest && pieces.tarball == sides.tarball);
    if sides.tarball.is_empty() {
        return;
    }
    // What JSON readers take is still taken without its tarball.
    if serde_json::from_slice::<Value>(data).is_ok() {
        serde_json::from_slice::<Value>(&sides.rest).expect("the rest is JSON");
    }
    if let Ok(document) = Document::read(sides.rest.as_slice()) {
        let name = PackageName::parse("a").expect("a name");
        if let Ok(published) = document.into_publication(&name) {
            assert!(!published.tag.is_empty());
        }
    }
});
