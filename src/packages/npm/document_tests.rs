use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::packages::npm::{
    hashes::Hashing,
    splitter::{Sides, Splitter},
};

fn split(document: &[u8], step: usize) -> Result<(Document, Vec<u8>), BadDocument> {
    let (mut splitter, mut sides) = (Splitter::default(), Sides::default());
    for piece in document.chunks(step) {
        splitter.push(piece, &mut sides)?;
    }
    Ok((Document::read(sides.rest.as_slice())?, sides.tarball))
}

fn document(data: &str) -> Value {
    json!({
        "_id": "@team/ui", "name": "@team/ui",
        "dist-tags": { "latest": "1.0.0" },
        "versions": { "1.0.0": { "name": "@team/ui", "version": "1.0.0", "data": "x", "dist": { "shasum": "AB" } } },
        "_attachments": { "@team/ui-1.0.0.tgz": { "content_type": "application/octet-stream", "data": data, "length": 5 } },
        "access": null
    })
}

fn ui() -> PackageName {
    PackageName::parse("@team/ui").unwrap()
}

#[test]
fn a_tarball_goes_to_one_side_however_the_document_is_cut() {
    let text = document(&STANDARD.encode("bytes")).to_string();
    for step in [1, 2, 3, 5, 7, 64, 4096] {
        let (read, tarball) = split(text.as_bytes(), step).unwrap();
        assert_eq!(tarball, b"bytes", "{step}");
        assert_eq!(read.attachments["@team/ui-1.0.0.tgz"].data.as_deref(), Some(""));
        let published = read.into_publication(&ui()).unwrap();
        assert_eq!((published.version.text.as_str(), published.tag.as_str()), ("1.0.0", "latest"));
        assert_eq!((published.length, published.shasum.as_deref()), (Some(5), Some("AB")));
    }
}

#[test]
fn what_a_client_says_of_the_tarball_is_held_against_it() {
    let mut hashing = Hashing::default();
    hashing.update(b"by");
    hashing.update(b"tes");
    let hashes = hashing.finish();
    let claim = |kind: &str| format!("{kind}-{}", hashes.of(kind).unwrap());
    let check = |length: Option<u64>, integrity: Option<&str>, shasum: Option<&str>| {
        let mut published = split(document("").to_string().as_bytes(), 99).unwrap().0.into_publication(&ui()).unwrap();
        (published.length, published.shasum) = (length, shasum.map(str::to_owned));
        published.integrity = integrity.map(str::to_owned);
        published.check(5, &hashes)
    };
    let shasum = "4bb3d1ebdbd44ee3d7e7ae56fe1f7be2e7a0c3b5";
    assert_eq!(hashes.shasum().len(), shasum.len());
    assert_eq!(check(Some(6), None, None), Err(BadDocument::OtherTarball("length")));
    assert_eq!(check(None, None, Some(shasum)), Err(BadDocument::OtherTarball("shasum")));
    assert_eq!(check(Some(5), None, Some(&hashes.shasum().to_uppercase())), Ok(()));
    for kind in ["sha1", "sha256", "sha384", "sha512"] {
        let good = claim(kind);
        assert_eq!(check(None, Some(&good), None), Ok(()), "{good}");
        assert_eq!(check(None, Some(&format!("{good}?x")), None), Ok(()), "{good}");
        let wrong = format!("{kind}-AAAA");
        for bad in [wrong.clone(), format!("{wrong} {good}"), format!("{good} {wrong}?x"), format!("md5-x {wrong}")] {
            assert_eq!(check(None, Some(&bad), None), Err(BadDocument::OtherTarball("integrity")), "{bad}");
        }
    }
    assert_eq!(check(None, Some("md5-AAAA nonsense"), None), Ok(()), "of no kind that is known here");
}

#[test]
fn keys_are_read_as_json_means_them() {
    for (plain, escaped) in [
        ("\"data\":\"AAAA", r#""d\u0061ta":"AAAA"#),
        ("_attachments", r"\u005fattachments"),
        ("@team/ui-1.0.0.tgz", r"@team\/ui-1.0.0\u002E\u0074gz"),
    ] {
        let text = document("AAAA").to_string().replace(plain, escaped);
        assert!(text.contains(escaped));
        let (read, tarball) = split(text.as_bytes(), 7).unwrap();
        assert_eq!(tarball, [0; 3], "{escaped}");
        assert!(read.into_publication(&ui()).is_ok(), "{escaped}");
    }
}

#[test]
fn a_document_that_was_read_before_is_a_change_unless_something_is_attached() {
    let of = |change: &dyn Fn(&mut Value)| {
        let mut value = document("AAAA");
        change(&mut value);
        split(value.to_string().as_bytes(), 50).unwrap().0.is_change()
    };
    assert!(of(&|doc| (doc["_rev"], doc["_attachments"]) = (json!("1-x"), json!({}))), "npm");
    assert!(of(&|doc| {
        doc["_rev"] = json!("1-x");
        doc.as_object_mut().unwrap().remove("_attachments");
    }));
    assert!(!of(&|doc| doc["_attachments"] = json!({})));
    assert!(!of(&|doc| doc["_rev"] = json!("1-x")));
    assert!(!of(&|doc| doc["_attachments"]["@team/ui-1.0.0.tgz"]["data"] = json!(null)));
}

#[test]
fn slashes_in_base64_may_be_escaped_and_nothing_else() {
    let of = |data: &str| {
        let text = document("DATA").to_string().replace("DATA", data);
        split(text.as_bytes(), 3).map(|(_, tarball)| tarball)
    };
    assert_eq!(of(r"\/\/\/\/"), Ok(vec![0xff, 0xff, 0xff]));
    assert_eq!(of("AAA="), Ok(vec![0, 0]));
    for bad in ["AAA", "A", "AAA=A", "AA==AAAA", "AAAA AAAA", r"\u0041AAA", r"AAAA\n", "AA-_", "===="] {
        assert_eq!(of(bad), Err(BadDocument::NotBase64), "{bad}");
    }
}

#[test]
fn texts_elsewhere_are_no_tarballs() {
    let text = r#"{"data":"AA","a":{"x.tgz":{"data":"A"}},"_attachments":[{"x.tgz":{"data":"A"}}],
        "b":["_attachments",{"x.tgz":{"data":"A"}}],"_attachments2":{"x.tgz":{"data":"A"}},"\"_attachments":{"x.tgz":{"data":"A"}}}"#;
    let (mut splitter, mut sides) = (Splitter::default(), Sides::default());
    splitter.push(text.as_bytes(), &mut sides).unwrap();
    assert!(splitter.is_whole() && !splitter.has_tarball());
    assert_eq!(sides.rest, text.as_bytes());
}

#[test]
fn two_tarballs_are_refused_wherever_the_second_one_is() {
    for text in [
        r#"{"_attachments":{"a.tgz":{"data":"AAAA"},"b.tgz":{"data":"AAAA"}}}"#,
        r#"{"_attachments":{"a.tgz":{"data":"AAAA","data":"AAAA"}}}"#,
        r#"{"_attachments":{"a.tgz":{"data":"AAAA"}},"_attachments":{"a.tgz":{"data":"AAAA"}}}"#,
    ] {
        assert_eq!(split(text.as_bytes(), 9).err(), Some(BadDocument::SeveralTarballs), "{text}");
    }
}

#[test]
fn what_is_nested_too_deeply_or_is_no_json_is_refused() {
    assert_eq!(split("[".repeat(101).as_bytes(), 9).err(), Some(BadDocument::TooDeep));
    for text in ["", "{", "[]", "null", "{}x", "\u{feff}{}", r#"{"name":1}"#, r#"{"name":"a","name":"b"}"#] {
        assert!(matches!(split(text.as_bytes(), 9), Err(BadDocument::Malformed(_))), "{text}");
    }
}

#[test]
fn a_publication_is_one_version_with_one_tag_and_its_tarball() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = document("AAAA");
        change(&mut value);
        split(value.to_string().as_bytes(), 50).unwrap().0.into_publication(&ui()).unwrap_err().to_string()
    };
    let attached = json!({ "data": "" });
    for (told, expected) in [
        (changed(&|doc| doc["name"] = json!("ui")), "another package"),
        (changed(&|doc| doc["_id"] = json!("@other/ui")), "@other/ui"),
        (changed(&|doc| doc["versions"]["1.0.0"]["name"] = json!("x")), "another package"),
        (changed(&|doc| doc["versions"]["1.0.1"] = json!({})), "exactly one version"),
        (changed(&|doc| doc["versions"] = json!({})), "exactly one version"),
        (changed(&|doc| doc["versions"]["1.0.0"]["version"] = json!("1.0.1")), "exactly one version"),
        (changed(&|doc| doc["versions"] = json!({ "1.0": {} })), "1.0 is not a version"),
        (changed(&|doc| doc["dist-tags"]["beta"] = json!("1.0.0")), "exactly one tag"),
        (changed(&|doc| doc["dist-tags"] = json!({})), "exactly one tag"),
        (changed(&|doc| doc["dist-tags"]["latest"] = json!("2.0.0")), "another version"),
        (changed(&|doc| doc["dist-tags"] = json!({ "__proto__": "1.0.0" })), "__proto__ cannot be a tag"),
        (changed(&|doc| doc["_attachments"] = json!({})), "@team/ui-1.0.0.tgz"),
        (changed(&|doc| doc["_attachments"] = json!({ "../x.tgz": attached })), "no tarball"),
        (changed(&|doc| doc["_attachments"]["x.txt"] = attached.clone()), "neither the tarball"),
        (
            changed(&|doc| {
                doc["_attachments"]["@team/ui-1.0.0.sigstore"] = json!({ "data": "x".repeat(LONGEST_PROVENANCE + 1) })
            }),
            "1 MiB",
        ),
    ] {
        assert!(told.contains(expected), "{told} should say {expected}");
    }
}

#[test]
fn tags_are_words_that_are_no_versions() {
    for good in ["latest", "beta", "next-11", "release_1.x", "vnext"] {
        assert_eq!(check_tag(good), Ok(()), "{good}");
    }
    for bad in
        ["", "1.0.0", "v1", "V2.0", "x", "X.x", "*", "^1", "a b", "__proto__", "-a", "a/b", "\u{e9}", &"a".repeat(129)]
    {
        assert!(check_tag(bad).is_err(), "{bad}");
    }
    for of_every_object in NEVER_TAGS {
        assert!(check_tag(of_every_object).is_err(), "{of_every_object}");
    }
    assert_eq!(check_tag("constructors"), Ok(()));
}

proptest! {
    #[test]
    fn every_document_reads_back_as_it_was_written(
        bytes in prop::collection::vec(any::<u8>(), 0..200), readme in ".{0,50}", step in 1..40usize,
    ) {
        let mut value = document(&STANDARD.encode(&bytes));
        value["readme"] = json!(readme);
        value["_attachments"]["@team/ui-1.0.0.sigstore"] = json!({ "data": readme });
        let (mut splitter, mut sides) = (Splitter::default(), Sides::default());
        for piece in value.to_string().as_bytes().chunks(step) {
            splitter.push(piece, &mut sides).unwrap();
        }
        prop_assert!(splitter.is_whole() && splitter.has_tarball());
        prop_assert_eq!(&sides.tarball, &bytes);
        value["_attachments"]["@team/ui-1.0.0.tgz"]["data"] = json!("");
        prop_assert_eq!(serde_json::from_slice::<Value>(&sides.rest).unwrap(), value);
    }
}
