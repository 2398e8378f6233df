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
    Tarball::read(Cursor::new(bytes), &Limits::default())
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
    let size = b"12 size=999\n";
    assert!(matches!(with(&[(EntryType::XHeader, b"x", size), file("package/a", "x")]), Err(Unreadable::Tar)));
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
    for twice in ["package/package.json", "package/package.JSON"] {
        assert!(told(with(&[file(twice, PACKAGE)])).contains("twice"), "{twice}");
    }
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
    assert!(matches!(Tarball::read(Cursor::new(flood), &limits), Err(Unreadable::TooMany)));
    let large = gzip(&tar(&[file("package/a", &"x".repeat(20_000))]));
    assert!(matches!(Tarball::read(Cursor::new(large), &limits), Err(Unreadable::TooLarge)));
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
