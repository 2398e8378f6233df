//! Good zips with names or content that no package may have: how they are bent, and the sentence the sender gets.

use super::super::{BadName, Unreadable};
use super::hostile::{a, base, check, check_all, nuspec};
use super::zip::{Item, Zip};
use crate::packages::nuspec::BadNuspec;

#[test]
fn names_stay_in_their_place() {
    for (name, why) in [
        ("", BadName::Empty),
        ("a//b", BadName::Empty),
        ("../evil", BadName::Escapes),
        ("/etc/x", BadName::Escapes),
        ("a/../../b", BadName::Escapes),
        ("./x", BadName::Escapes),
        (".", BadName::Escapes),
        ("%2e%2e/evil", BadName::Escapes),
        ("C:\\x", BadName::Backslash),
        ("a\\b", BadName::Backslash),
        ("x:ads", BadName::Colon),
        ("trailing ", BadName::Edges),
        ("trailing.", BadName::Edges),
        ("CON", BadName::Device),
        ("a/NUL.txt", BadName::Device),
        ("a\0b", BadName::NotAscii),
        ("a\r\nb", BadName::NotAscii),
        ("a%00b", BadName::Encoded),
    ] {
        let mut zip = base();
        zip.items[1].name = name.into();
        let shown = name.as_bytes().escape_ascii().to_string();
        check(&zip.bytes(), name, &Unreadable::Name { name: shown, why });
    }
}

#[test]
fn names_are_ascii_short_and_different() {
    use Unreadable::*;
    let not_ascii = |name: &str| Name { name: name.into(), why: BadName::NotAscii };
    check_all(&[
        ("not UTF-8", |zip| zip.items[1].name = b"\xff".to_vec(), not_ascii("\\xff")),
        ("direction mark", |zip| zip.items[1].name = "a\u{202e}".into(), not_ascii("a\\xe2\\x80\\xae")),
        (
            "composed and decomposed",
            |zip| {
                zip.items[1].name = "\u{e9}".into();
                zip.items.push(Item::stored("e\u{301}", ""));
            },
            not_ascii("\\xc3\\xa9"),
        ),
        ("241 bytes", |zip| zip.items[1].name = vec![b'a'; 241], NameTooLong { limit: 240 }),
        ("65535 bytes", |zip| zip.items[1].name = vec![b'a'; 65_535], NameTooLong { limit: 240 }),
        ("twice", |zip| zip.items.push(zip.items[1].clone()), Duplicate { name: a() }),
        (
            "twice but for case",
            |zip| zip.items.push(Item::stored("LIB/A.TXT", "x")),
            Duplicate { name: "LIB/A.TXT".into() },
        ),
        (
            "twice but for percent signs",
            |zip| zip.items.push(Item::stored("lib/%61.txt", "x")),
            Duplicate { name: "lib/%61.txt".into() },
        ),
        (
            "file and folder of one name",
            |zip| zip.items.push(Item::stored("lib/a.txt/", "")),
            Duplicate { name: "lib/a.txt/".into() },
        ),
        (
            "file as a folder",
            |zip| zip.items.push(Item::stored("LIB/a.TXT/b", "")),
            FileAndFolder { name: "LIB/a.TXT/b".into() },
        ),
    ]);
}

#[test]
fn there_is_one_nuspec_and_it_is_at_the_root() {
    use Unreadable::*;
    check_all(&[
        ("only another file", |zip| drop(zip.items.remove(0)), NoNuspec),
        ("two", |zip| zip.items.push(Item::stored("B.nuspec", nuspec(""))), SeveralNuspecs),
        ("two, one in capitals", |zip| zip.items.push(Item::stored("B.NUSPEC", nuspec(""))), SeveralNuspecs),
        ("in a folder", |zip| zip.items[0].name = b"lib/A.nuspec".to_vec(), NoNuspec),
        ("in capitals", |zip| zip.items[0].name = b"A.NUSPEC".to_vec(), NoNuspec),
        ("a folder", |zip| zip.items[0] = Item::stored("A.nuspec/", ""), NoNuspec),
        ("of another name", |zip| zip.items[0] = Item::stored("B.nuspec", nuspec("")), NuspecName { id: "A".into() }),
        ("without a name", |zip| zip.items[0] = Item::stored(".nuspec", nuspec("")), NuspecName { id: "A".into() }),
        ("empty", |zip| zip.items[0] = Item::stored("A.nuspec", ""), Nuspec(BadNuspec::NotXml)),
        (
            "too large",
            |zip| zip.items[0] = Item::stored("A.nuspec", nuspec(&" ".repeat(5_000))),
            NuspecTooLarge { limit: 5_000 },
        ),
        ("with a DOCTYPE", |zip| zip.items[0] = Item::stored("A.nuspec", "<!DOCTYPE x>"), Nuspec(BadNuspec::DocType)),
    ]);
}

#[test]
fn files_that_the_nuspec_names_are_there_and_small() {
    use Unreadable::*;
    fn with(zip: &mut Zip, more: &str) {
        zip.items[0] = Item::deflated("A.nuspec", nuspec(more));
    }
    check_all(&[
        ("readme missing", |zip| with(zip, "<readme>R.md</readme>"), MissingFile { what: "readme" }),
        ("icon missing", |zip| with(zip, "<icon>i.png</icon>"), MissingFile { what: "icon" }),
        ("license missing", |zip| with(zip, "<license type='file'>L</license>"), MissingFile { what: "license" }),
        (
            "readme is a folder",
            |zip| {
                with(zip, "<readme>R</readme>");
                zip.items.push(Item::stored("R/", ""));
            },
            MissingFile { what: "readme" },
        ),
        ("readme elsewhere", |zip| with(zip, "<readme>../../x</readme>"), Nuspec(BadNuspec::Path("readme"))),
        (
            "icon too large",
            |zip| {
                with(zip, "<icon>i.png</icon>");
                zip.items.push(Item::stored("i.png", [1; 1_001]));
            },
            FileTooLarge { what: "icon", limit: 1_000 },
        ),
        (
            "signature too large",
            |zip| zip.items.push(Item::stored(".signature.p7s", [1; 1_001])),
            FileTooLarge { what: "signature", limit: 1_000 },
        ),
        (
            "signature twice",
            |zip| {
                zip.items.extend([Item::stored(".signature.p7s", ""), Item::stored(".signature.p7s", "")]);
            },
            Duplicate { name: ".signature.p7s".into() },
        ),
    ]);
}

#[test]
fn symbol_packages_are_told_apart() {
    use Unreadable::SymbolPackage;
    check_all(&[
        (
            "by their type",
            |zip| {
                let kind = "<packageTypes><packageType name='symbolspackage'/></packageTypes>";
                zip.items[0] = Item::deflated("A.nuspec", nuspec(kind));
            },
            SymbolPackage,
        ),
        (
            "by their content",
            |zip| {
                zip.items[1] = Item::stored("lib/net8.0/A.pdb", "x");
                zip.items.extend(
                    ["[Content_Types].xml", "_rels/.rels", "package/services/metadata/core-properties/1.psmdcp"]
                        .map(|name| Item::stored(name, "x")),
                );
            },
            SymbolPackage,
        ),
    ]);
}
