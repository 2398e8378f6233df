//! Good zips with names or content that no package may have: how they are bent, and the sentence the sender gets.

use super::{
    super::{BadName, Unreadable},
    hostile::{a, base, check, check_all, nuspec},
    zip::{Item, Zip},
};
use crate::packages::nuget::nuspec::BadNuspec;

#[test]
fn names_stay_in_their_place() {
    for (name, why) in [
        ("", BadName::Empty),
        ("../evil", BadName::Escapes),
        ("/etc/x", BadName::Escapes),
        ("a/../../b", BadName::Escapes),
        (".", BadName::Empty),
        ("%2e%2e/evil", BadName::Escapes),
        ("C:\\x", BadName::Backslash),
        ("a\\b", BadName::Backslash),
        ("x:ads", BadName::Colon),
        ("trailing ", BadName::Edges),
        ("trailing.", BadName::Edges),
        ("CON", BadName::Device),
        ("a/NUL.txt", BadName::Device),
        ("a\0b", BadName::Hidden),
        ("a\r\nb", BadName::Hidden),
        ("a%00b", BadName::Hidden),
        ("a\u{202e}b", BadName::Hidden),
    ] {
        let mut zip = base();
        zip.items[1].name = name.into();
        zip.items[1].flags = 0x800;
        let shown = name.as_bytes().escape_ascii().to_string();
        check(&zip.bytes(), name, &Unreadable::Name { name: shown, why });
    }
}

#[test]
fn names_are_short_and_different() {
    use Unreadable::*;
    fn twins(zip: &mut Zip, one: &str, other: &str) {
        zip.items[1] = Item::stored(one, "a").in_utf8();
        zip.items.push(Item::stored(other, "b").in_utf8());
    }
    check_all(&[
        ("not UTF-8", |zip| zip.items[1].name = b"\xff".to_vec(), Name { name: "\\xff".into(), why: BadName::NotUtf8 }),
        ("composed and decomposed", |zip| twins(zip, "\u{e9}", "e\u{301}"), Duplicate { name: "e\\xcc\\x81".into() }),
        ("two cases beyond ASCII", |zip| twins(zip, "\u{c9}", "\u{e9}"), Duplicate { name: "\\xc3\\xa9".into() }),
        ("percent signs and letters", |zip| twins(zip, "%C3%A9", "\u{e9}"), Duplicate { name: "\\xc3\\xa9".into() }),
        ("with a joiner", |zip| twins(zip, "ab", "a\u{200d}b"), Duplicate { name: "a\\xe2\\x80\\x8db".into() }),
        ("with a slash more", |zip| twins(zip, "a/b", "a//b"), Duplicate { name: "a//b".into() }),
        ("with a dot more", |zip| twins(zip, "a/b", "./a/b"), Duplicate { name: "./a/b".into() }),
        ("241 bytes", |zip| zip.items[1].name = vec![b'a'; 241], NameTooLong { limit: 240 }),
        ("65535 bytes", |zip| zip.items[1].name = vec![b'a'; 65_535], NameTooLong { limit: 240 }),
        (
            "too long together",
            |zip| zip.items.extend((0..40).map(|number| Item::stored(format!("{number:0240}"), ""))),
            NamesTooLong { limit: 5_000 },
        ),
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
            "folder and file of one name",
            |zip| zip.items.insert(1, Item::stored("lib/a.txt/", "")),
            Duplicate { name: a() },
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
        ("behind a dot", |zip| zip.items[0].name = b"./A.nuspec".to_vec(), NoNuspec),
        ("two, one behind a dot", |zip| zip.items.push(Item::stored("./B.nuspec", nuspec(""))), SeveralNuspecs),
        ("a folder", |zip| zip.items[0] = Item::stored("A.nuspec/", ""), NoNuspec),
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
