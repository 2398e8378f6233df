use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, Header};

use super::*;

const PACKAGE: &str = r#"{"name":"ui","version":"1.0.0"}"#;

/// An archive of these entries; the kind of each, its path as it stands in the header, and its content.
fn tar(entries: &[(EntryType, &[u8], &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (kind, path, content) in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Tarball, Unreadable> {
    read_within(bytes, &Limits::default())
}

fn read_within(bytes: &[u8], limits: &Limits) -> Result<Tarball, Unreadable> {
    Tarball::read(Cursor::new(bytes), limits, &mut |_, _| ())
}

fn file<'a>(path: &'a str, content: &'a str) -> (EntryType, &'a [u8], &'a [u8]) {
    (EntryType::Regular, path.as_bytes(), content.as_bytes())
}

/// The package, and these entries beside it.
fn with(entries: &[(EntryType, &[u8], &[u8])]) -> Result<Tarball, Unreadable> {
    let all: Vec<_> = [file("package/package.json", PACKAGE)].into_iter().chain(entries.iter().copied()).collect();
    read(&gzip(&tar(&all)))
}

fn told(read: Result<Tarball, Unreadable>) -> String {
    let told = read.unwrap_err().to_string();
    assert!(told.is_ascii() && told.ends_with('.'), "{told}");
    told
}

#[test]
fn a_package_is_read_and_counted() {
    let found = with(&[
        (EntryType::Directory, b"package/lib/", b""),
        file("package/lib/i.js", "x"),
        file("package/binding.gyp", "{}"),
        file("package/npm-shrinkwrap.json", "{}"),
    ])
    .unwrap();
    assert_eq!((found.files, found.unpacked), (4, PACKAGE.len() as u64 + 5));
    assert!(found.has_gyp && found.has_shrinkwrap);
    assert_eq!(found.package_json["name"], "ui");
    let elsewhere = read(&gzip(&tar(&[file("any-name/package.json", PACKAGE)]))).unwrap();
    assert!(!elsewhere.has_gyp && elsewhere.files == 1);
}

#[test]
fn long_paths_are_read_from_either_extension() {
    let long = format!("package/{}/i.js", "a".repeat(150));
    let pax = {
        let line = format!(" path={long}\n");
        let length = line.len() + 3;
        format!("{length}{line}")
    };
    for (kind, text) in [(EntryType::XHeader, pax), (EntryType::GNULongName, format!("{long}\0"))] {
        let out = text.replace("package/aaa", "../aaaaaaaa");
        assert_eq!(with(&[(kind, b"x", text.as_bytes()), file("package/short", "x")]).unwrap().files, 2);
        assert!(matches!(with(&[(kind, b"x", out.as_bytes()), file("package/short", "x")]), Err(Unreadable::BadPath)));
    }
    let huge = "a".repeat(3_000);
    assert!(with(&[(EntryType::GNULongName, b"x", huge.as_bytes()), file("package/a", "x")]).is_err());
}

#[test]
fn what_is_not_a_file_is_refused() {
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::GNUSparse,
        EntryType::GNULongLink,
        EntryType::Continuous,
    ] {
        assert!(told(with(&[(kind, b"package/x", b"")])).contains("neither a file nor a folder"), "{kind:?}");
    }
}

#[test]
fn paths_that_lead_out_or_mean_two_places_are_refused() {
    for path in [
        "../x",
        "package/../x",
        "/package/x",
        "package//x",
        "./package/x",
        "package/.",
        "package\\x",
        "C:/x",
        "package/a:b",
        "",
    ] {
        assert!(matches!(with(&[file(path, "x")]), Err(Unreadable::BadPath)), "{path}");
    }
    assert!(matches!(with(&[(EntryType::Regular, b"package/\xff", b"x")]), Err(Unreadable::BadPath)));
    assert!(matches!(with(&[(EntryType::Regular, b"package/a\nb", b"x")]), Err(Unreadable::BadPath)));
    assert!(told(with(&[file("other/x", "x")])).contains("one folder"));
    assert!(matches!(with(&[file("package/x/", "x")]), Err(Unreadable::BadPath)), "a folder to some");
}

#[test]
fn two_entries_that_some_system_takes_for_one_place_are_refused() {
    let folder = |path: &'static str| (EntryType::Directory, path.as_bytes(), &b""[..]);
    for (one, other) in [
        ("package/a", "package/a"),
        ("package/a", "package/A"),
        ("package/caf\u{e9}", "package/cafe\u{301}"),
        ("package/caf\u{e9}", "package/CAFE\u{301}"),
        ("package/stra\u{df}e", "package/STRASSE"),
        ("package/a", "package/a."),
        ("package/a", "package/a . "),
        ("package/a/b", "package/a./b"),
        ("package/a", "package/a\u{200d}"),
        ("package/a", "package/a/b"),
        ("package/a/b/c", "package/A"),
        ("package/a/b/c", "package/a/b"),
        ("package", "package/a"),
    ] {
        for (one, other) in [(one, other), (other, one)] {
            let told = told(read(&gzip(&tar(&[file(one, "x"), file(other, "x")]))));
            assert!(told.contains("twice"), "{one} {other}: {told}");
        }
    }
    for twice in ["package/package.json", "package/package.JSON", "package/package.json/x"] {
        assert!(told(with(&[file(twice, PACKAGE)])).contains("twice"), "{twice}");
    }
    assert!(told(with(&[file("package/a", "x"), folder("package/a/")])).contains("twice"));
    assert!(told(with(&[folder("package/a/b/"), file("package/a", "x")])).contains("twice"));
    let fine = [
        folder("package/"),
        folder("package/a/"),
        file("package/a/b", "x"),
        folder("package/a/"),
        file("package/ab", "x"),
    ];
    assert_eq!(with(&fine).unwrap().files, 3);
}

/// A line of an extended header.
fn pax(field: &str) -> String {
    let line = format!(" {field}\n");
    let with_length = |digits: usize| line.len() + digits;
    let length = (1..4).map(with_length).find(|length| line.len() + length.to_string().len() == *length).unwrap();
    format!("{length}{line}")
}

#[test]
fn headers_that_programs_read_differently_are_refused() {
    let (x, g, long) = (EntryType::XHeader, EntryType::XGlobalHeader, EntryType::GNULongName);
    let path = pax("path=package/b");
    let refused: [(&[(EntryType, String)], &str); 13] = [
        (&[(g, path.clone())], "another path for all that follows"),
        (&[(g, pax("path=package/../../x"))], "out of the package"),
        (&[(g, pax("size=1"))], "another size"),
        (&[(x, pax("size=1"))], "another size of one file"),
        (&[(g, pax("comment=x") + &pax("size=0"))], "a size behind something harmless"),
        (&[(g, pax("linkpath=x"))], "a link"),
        (&[(x, pax("linkpath=x"))], "a link"),
        (&[(g, pax("GNU.sparse.major=1"))], "a file with holes"),
        (&[(x, path.clone() + &pax("path=package/c"))], "two paths"),
        (&[(x, path.clone()), (x, pax("mtime=1"))], "two extended headers"),
        (&[(x, path.clone()), (long, "package/c\0".to_owned())], "two kinds of them"),
        (&[(long, "package/c\0".to_owned()), (long, "package/d\0".to_owned())], "two long names"),
        (&[(x, path), (g, pax("comment=x"))], "one for all between a header and its file"),
    ];
    for (headers, why) in refused {
        let headers = headers.iter().map(|(kind, text)| (*kind, &b"x"[..], text.as_bytes()));
        let all: Vec<_> = headers.chain([file("package/a", "x")]).collect();
        assert!(matches!(with(&all), Err(Unreadable::Ambiguous | Unreadable::NotAFile)), "{why}");
    }
    let body = [(EntryType::Directory, &b"package/a/"[..], &b"hidden"[..])];
    assert!(matches!(with(&body), Err(Unreadable::Ambiguous)), "a folder with content");
    let lonely = pax("mtime=1");
    assert!(matches!(with(&[(x, b"x", lonely.as_bytes())]), Err(Unreadable::Ambiguous)), "about nothing");
    let comment = pax("comment=1a2b3c");
    let packed_by_git = with(&[(g, b"pax_global_header", comment.as_bytes()), file("package/a", "x")]).unwrap();
    assert_eq!(packed_by_git.files, 2);
}

#[test]
fn what_is_written_in_a_package_is_shown_with_its_place() {
    let (large, binary) = ("x".repeat(300_000), [0xff, 0xfe]);
    let archive = gzip(&tar(&[
        file("package/package.json", PACKAGE),
        (EntryType::Directory, b"package/lib/", b""),
        file("package/lib/.npmrc", "token"),
        file("package/README.md", "# ui"),
        file("package/large.js", &large),
        (EntryType::Regular, b"package/icon", &binary),
    ]));
    let mut seen = Vec::new();
    Tarball::read(Cursor::new(archive), &Limits::default(), &mut |place, text| {
        seen.push((place.to_owned(), text.to_owned()));
    })
    .unwrap();
    let names = ["package.json", "lib/", "lib/.npmrc", "README.md", "large.js", "icon"];
    let shown: Vec<_> =
        seen.iter().filter(|(place, _)| place == "name of a file").map(|(_, path)| path.as_str()).collect();
    assert_eq!(shown, names.map(|name| format!("package/{name}")));
    seen.retain(|(place, _)| place != "name of a file");
    let texts = [("package.json", PACKAGE), ("file lib/.npmrc", "token"), ("file README.md", "# ui")];
    assert_eq!(seen, texts.map(|(place, text)| (place.to_owned(), text.to_owned())));
}

#[test]
fn a_readme_is_shown_also_behind_more_code_than_is() {
    let code = "x".repeat(250_000);
    let paths: Vec<String> = (0..20).map(|number| format!("package/{number}.js")).collect();
    let mut entries: Vec<_> = paths.iter().map(|path| file(path, &code)).collect();
    entries.extend([file("package/package.json", PACKAGE), file("package/readme", "r"), file("package/z.js", &code)]);
    let mut seen = Vec::new();
    Tarball::read(Cursor::new(gzip(&tar(&entries))), &Limits::default(), &mut |place, _| seen.push(place.to_owned()))
        .unwrap();
    assert!(seen.contains(&"file readme".to_owned()) && seen.contains(&"file 0.js".to_owned()));
    assert!(!seen.contains(&"file z.js".to_owned()), "what is shown has an end");
}

#[test]
fn package_json_is_there_once_and_an_object_with_each_field_once() {
    let of = |text: &str| read(&gzip(&tar(&[file("package/package.json", text)])));
    assert!(told(read(&gzip(&tar(&[file("package/a", "x")])))).contains("no package.json"));
    assert!(told(read(&gzip(&tar(&[file("package/lib/package.json", PACKAGE)])))).contains("no package.json"));
    let deep = "[".repeat(100_000);
    for bad in ["", "[]", "{", "\u{feff}{}", r#"{"name":"a","name":"b"}"#, "{} x", &format!("{{\"a\":{deep}")] {
        assert!(matches!(of(bad), Err(Unreadable::BadPackageJson)), "{:.20}", bad);
    }
    assert!(told(of(&format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20)))).contains("1 MiB"));
}

#[test]
fn bombs_and_floods_are_given_up_early() {
    let zeros = "\0".repeat(70 << 20);
    assert!(told(with(&[file("package/zeros", &zeros)])).contains("more than this host takes"));
    let limits = Limits { unpacked: 10_000, entries: 5, ..Limits::default() };
    let many: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(|name| format!("package/{name}")).to_vec();
    let many: Vec<_> = many.iter().map(|path| file(path, "")).collect();
    let flood = gzip(&tar(&many));
    assert!(matches!(read_within(&flood, &limits), Err(Unreadable::TooMany)));
    let large = gzip(&tar(&[file("package/a", &"x".repeat(20_000))]));
    assert!(matches!(read_within(&large, &limits), Err(Unreadable::TooLarge)));
}

#[test]
fn what_is_damaged_or_has_more_behind_its_end_is_refused() {
    let plain = tar(&[file("package/package.json", PACKAGE)]);
    let good = gzip(&plain);
    assert!(read(&good).is_ok());
    for (bad, why) in [
        (b"".to_vec(), "no gzip"),
        (b"PK\x03\x04".to_vec(), "a zip"),
        (plain.clone(), "no gzip"),
        (good[..good.len() / 2].to_vec(), "half"),
        (good[..good.len() - 3].to_vec(), "no checksum"),
        ([good.as_slice(), b"x"].concat(), "a byte behind"),
        ([good.as_slice(), &good].concat(), "two members"),
        (gzip(&[plain.as_slice(), b"x"].concat()), "bytes behind the archive"),
        (gzip(b"no archive"), "no archive"),
        (gzip(&plain[..700]), "half an archive"),
    ] {
        assert!(read(&bad).is_err(), "{why}");
    }
    let mut wrong = good.clone();
    let checksum = wrong.len() - 6;
    wrong[checksum] ^= 1;
    assert!(read(&wrong).is_err());
}
