//! Archives that people really make, and that must be taken.

use std::fs::{self, File};
use std::io::Cursor;

use super::{
    super::{Archive, Limits, Nupkg, Unreadable, read_file},
    hostile::{Bend, base, nuspec},
    zip::{Item, Zip},
};

/// Reads the archive, and lets a second program list what it sees in it.
fn read(bytes: &[u8]) -> Result<Nupkg, Unreadable> {
    let package = Nupkg::read(Cursor::new(bytes), &Limits::default())?;
    let other = rawzip::ZipArchive::from_slice(bytes).unwrap();
    assert_eq!(other.entries().count(), package.entries);
    Ok(package)
}

#[test]
fn packages_of_the_wild_are_read() {
    for (file, id, version, entries) in
        [("NUnit.2.6.4.nupkg", "NUnit", "2.6.4", 7), ("Newtonsoft.Json.6.0.8.nupkg", "Newtonsoft.Json", "6.0.8", 6)]
    {
        let path = format!("/usr/share/nupkg/{file}");
        let bytes = fs::read(&path).unwrap_or_else(|error| {
            panic!("{path}: {error}. Install the Debian packages nupkg-nunit.2.6.4 and nupkg-newtonsoft.json.6.0.8.")
        });
        let package = read(&bytes).unwrap();
        assert_eq!((package.id.as_str(), package.version.normalized().as_str()), (id, version));
        assert_eq!((package.entries, package.size), (entries, bytes.len() as u64));
        assert!(Nupkg::read(File::open(&path).unwrap(), &Limits::default()).is_ok());
    }
}

#[test]
fn what_honest_packers_write_is_taken() {
    let unusual: [(&str, Bend); 15] = [
        ("nothing unusual", |_| {}),
        ("signed descriptor", |zip| zip.items[1] = Item::deflated("lib/a.txt", "abc").with_descriptor(true)),
        ("bare descriptor", |zip| zip.items[1] = Item::deflated("lib/a.txt", "abc").with_descriptor(false)),
        ("descriptor and known sums", |zip| {
            zip.items[1] = Item::stored("lib/a.txt", "abc").with_descriptor(true);
            zip.items[1].local.sums = None;
        }),
        ("empty file with descriptor", |zip| zip.items[1] = Item::stored("lib/_._", "").with_descriptor(true)),
        ("stored file", |zip| zip.items[1] = Item::stored("lib/a.txt", "abc")),
        ("folder", |zip| zip.items.push(Item::stored("content/", ""))),
        ("deflated folder", |zip| zip.items.push(Item::deflated("content/", ""))),
        ("level bits differ", |zip| zip.items[1].local.flags = Some(2)),
        ("utf-8 flag", |zip| zip.items[1].flags = 0x800),
        ("unix mode", |zip| zip.items[1].attributes = 0o100_644 << 16),
        ("times", |zip| zip.items[1].extra = b"UT\x05\x00\x03abcd".to_vec()),
        ("padding of Open Packaging", |zip| zip.items[1].local.extra = b"\x20\xa2\x04\0\0\0\0\0".to_vec()),
        ("signature", |zip| zip.items.push(Item::stored(".signature.p7s", "not judged"))),
        ("another order in the directory", |zip| {
            zip.items.push(Item::stored("zzz.txt", "b"));
            let bytes = zip.bytes();
            let place = |name: &[u8]| {
                let at = bytes.windows(name.len()).position(|part| part == name).unwrap();
                u32::try_from(at - 30).unwrap()
            };
            (zip.items[1].offset, zip.items[2].offset) = (Some(place(b"lib/a.txt")), Some(place(b"zzz.txt")));
            // Swapping what only the directory says leaves the file as it is.
            let (mut first, mut second) = (zip.items[2].clone(), zip.items[1].clone());
            (first.in_file, second.in_file) = (false, false);
            zip.items.iter_mut().skip(1).for_each(|item| item.in_directory = false);
            zip.items.extend([first, second]);
        }),
    ];
    for (what, bend) in unusual {
        let mut zip = base();
        bend(&mut zip);
        read(&zip.bytes()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[test]
fn named_files_are_found_whatever_their_case_and_slashes() {
    let text = nuspec("<readme>docs\\README.md</readme><icon>icon.png</icon><license type='file'>a b.txt</license>");
    let files = ["docs/readme.md", "Icon.png", "a%20b.txt"].map(|name| Item::stored(name, "x"));
    let zip = Zip::of([vec![Item::deflated("A.nuspec", text)], files.to_vec()].concat());
    assert_eq!(read(&zip.bytes()).unwrap().entries, 4);
}

#[test]
fn a_package_without_files_is_no_symbol_package() {
    assert!(read(&Zip::of([Item::deflated("a.nuspec", nuspec(""))]).bytes()).is_ok());
}

#[test]
fn high_ratios_are_fine_for_small_archives_and_limits_are_inclusive() {
    let zip = Zip::of([Item::deflated("A.nuspec", nuspec("")), Item::deflated("zeros", vec![0; 1_000_000])]);
    let bytes = zip.bytes();
    let unpacked = 1_000_000 + nuspec("").len() as u64;
    let exact = Limits {
        file: bytes.len() as u64,
        unpacked,
        ratio: 1,
        ratio_from: unpacked,
        entries: 2,
        name: 8,
        names: 13,
        nuspec: nuspec("").len() as u64,
        extra: 0,
    };
    assert!(Nupkg::read(Cursor::new(&bytes), &exact).is_ok());
}

#[test]
fn damaged_packages_never_panic() {
    let bytes = base().bytes();
    for place in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[place] ^= flip;
            let _ = Nupkg::read(Cursor::new(&damaged), &Limits::default());
        }
        assert!(Nupkg::read(Cursor::new(&bytes[..place]), &Limits::default()).is_err(), "cut at {place}");
    }
}

#[test]
fn named_files_are_found_as_packers_write_their_paths() {
    for (written, entry) in [
        (r"docs\README.md", "docs/README.md"),
        ("README.md", "readme.md"),
        ("Docs/README.MD", "docs/readme.md"),
        ("./README.md", "README.md"),
        ("/README.md", "README.md"),
        (r".\README.md", "README.md"),
        (r"\docs\README.md", "docs/README.md"),
        ("docs//README.md", "docs/README.md"),
        ("docs/README.md", "docs//README.md"),
        ("docs/README.md", "./docs/README.md"),
        ("read me.md", "read%20me.md"),
        ("read me.md", "read me.md"),
        ("read%20me.md", "read%20me.md"),
        ("read%20me.md", "read me.md"),
        ("100%.md", "100%25.md"),
        ("re\u{301}sume\u{301}.md", "r%C3%A9sum%C3%A9.md"),
        ("%E5%86%85.md", "\u{5185}.md"),
    ] {
        let named = format!("<readme>{written}</readme><icon>{written}</icon><license type='file'>{written}</license>");
        let zip = Zip::of([Item::deflated("A.nuspec", nuspec(&named)), Item::deflated(entry, "# hi").in_utf8()]);
        let bytes = zip.bytes();
        let package = read(&bytes).unwrap_or_else(|error| panic!("{written} {entry}: {error}"));
        let path = package.nuspec.readme.unwrap();
        let content = read_file(Cursor::new(&bytes), &path, &Limits::default()).unwrap();
        assert_eq!(content.as_deref(), Some(&b"# hi"[..]), "{written} {entry} {path}");
    }
    let zip = Zip::of([Item::deflated("A.nuspec", nuspec("<icon>..\\icon.png</icon>")), Item::stored("icon.png", "x")]);
    assert!(read(&zip.bytes()).is_err(), "it leaves the package");
}

#[test]
fn the_nuspec_is_read_before_anything_else_is_inflated() {
    let mut zip = base();
    zip.items[1].sums[0] ^= 1;
    let archive = Archive::open(Cursor::new(zip.bytes()), &Limits::default()).unwrap();
    assert_eq!(archive.package().id.as_str(), "A");
    assert!(matches!(archive.check(), Err(Unreadable::Checksum { .. })));
}
