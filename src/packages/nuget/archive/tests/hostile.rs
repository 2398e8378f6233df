//! Archives that are bent as zips. One line per trick: how, and the sentence the sender gets.

use std::io::Cursor;

use super::{
    super::{Limits, Nupkg, Unreadable},
    zip::{Item, Zip, deflate},
};

/// A nuspec of package A with some more metadata.
pub(super) fn nuspec(more: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='utf-8'?><package xmlns='http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd'>\
         <metadata><id>A</id><version>1.0.0</version><authors>ada</authors><description>d</description>{more}</metadata>\
         </package>"
    )
}

/// A good package: a nuspec and one file.
pub(super) fn base() -> Zip {
    Zip::of([Item::deflated("A.nuspec", nuspec("")), Item::deflated("lib/a.txt", "abc".repeat(100))])
}

/// Limits that make small tests: everything else is as in production.
const SMALL: Limits = Limits {
    file: 200_000,
    unpacked: 2_000_000,
    ratio: 50,
    ratio_from: 500_000,
    entries: 50,
    name: 240,
    names: 5_000,
    nuspec: 5_000,
    extra: 1_000,
};

/// Turns a good package into another one.
pub(super) type Bend = fn(&mut Zip);

#[track_caller]
pub(super) fn check(bytes: &[u8], what: &str, expected: &Unreadable) {
    let expected = expected.to_string();
    let said = match Nupkg::read(Cursor::new(bytes), &SMALL) {
        Ok(_) => "taken".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(said, expected, "{what}");
    assert!(said.is_ascii() && said.ends_with('.') && said.len() < 300, "{said}");
    assert!(!said.contains(" again"), "a signature forbids to pack again: {said}");
}

pub(super) fn check_all(cases: &[(&str, Bend, Unreadable)]) {
    for (what, bend, expected) in cases {
        let mut zip = base();
        bend(&mut zip);
        check(&zip.bytes(), what, expected);
    }
}

/// The name of the file in a good package.
pub(super) fn a() -> String {
    "lib/a.txt".to_owned()
}

#[test]
fn files_that_are_no_zips_are_refused() {
    let mut polyglot = b"%PDF-1.7\n".to_vec();
    polyglot.extend(base().bytes());
    for (what, bytes) in [
        ("empty", &b""[..]),
        ("one byte", b"P"),
        ("text", b"hello, this is no package at all"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ("empty zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ("zip in a PDF", &polyglot),
    ] {
        check(bytes, what, &Unreadable::NotAZip);
    }
    check(b"PK\x03\x04", "only a signature", &Unreadable::NoEnd);
    check(&vec![0; 200_001], "too large", &Unreadable::TooLarge { limit: 200_000 });
}

#[test]
fn archives_cut_short_are_refused() {
    let bytes = base().bytes();
    for cut in [1, 21, 22, 60, bytes.len() / 2] {
        check(&bytes[..bytes.len() - cut], "cut", &Unreadable::NoEnd);
    }
}

#[test]
fn the_end_record_ends_the_file_and_tells_the_truth() {
    use Unreadable::*;
    check_all(&[
        ("prefix", |zip| zip.before = b"MZ self-extractor".to_vec(), NotAZip),
        ("zip as prefix", |zip| zip.before = base().bytes(), Gap { name: "A.nuspec".into() }),
        ("trailing byte", |zip| zip.after = vec![0], NoEnd),
        ("trailing zip, offsets not moved", |zip| zip.after = base().bytes(), Misplaced),
        ("comment is a second end record", |zip| zip.end.comment = Zip::of([]).bytes(), Misplaced),
        ("end record twice", |zip| zip.after = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), Misplaced),
        ("on another disk", |zip| zip.end.disk = 1, Split),
        ("fewer entries on this disk", |zip| zip.end.entries_here = Some(1), Split),
        ("zip64 count", |zip| (zip.end.entries, zip.end.entries_here) = (Some(0xffff), Some(0xffff)), Zip64),
        ("zip64 size", |zip| zip.end.directory_size = Some(u32::MAX), Zip64),
        ("zip64 offset", |zip| zip.end.directory_offset = Some(u32::MAX), Zip64),
        ("zip64 locator", |zip| zip.before_end = [&b"PK\x06\x07"[..], &[0; 16]].concat(), Misplaced),
        ("zip64 end and locator", |zip| zip.before_end = [&b"PK\x06\x06"[..], &[0; 72]].concat(), Misplaced),
        ("directory behind the file", |zip| zip.end.directory_offset = Some(0x7fff_ffff), Misplaced),
        ("directory at the wrong place", |zip| zip.end.directory_offset = Some(3), Misplaced),
        ("directory of 500 MB", |zip| zip.end.directory_size = Some(500_000_000), Misplaced),
        ("digital signature record", |zip| zip.before_end = b"PK\x05\x05\0\0".to_vec(), Misplaced),
        (
            "too many entries",
            |zip| (zip.end.entries, zip.end.entries_here) = (Some(51), Some(51)),
            TooManyEntries { limit: 50 },
        ),
        ("more entries than there are", |zip| (zip.end.entries, zip.end.entries_here) = (Some(3), Some(3)), Directory),
        ("fewer entries than there are", |zip| (zip.end.entries, zip.end.entries_here) = (Some(1), Some(1)), Directory),
        ("no entries", |zip| (zip.end.entries, zip.end.entries_here) = (Some(0), Some(0)), Directory),
    ]);
}

#[test]
fn an_empty_directory_over_hidden_entries_is_refused() {
    let mut zip = base();
    zip.items.iter_mut().for_each(|item| item.in_directory = false);
    check(&zip.bytes(), "all hidden", &Unreadable::NoNuspec);
}

#[test]
fn the_directory_and_the_file_hold_the_same_entries() {
    use Unreadable::*;
    check_all(&[
        ("entry only in the file, first", |zip| zip.items[0].in_directory = false, NoNuspec),
        ("entry only in the file, last", |zip| zip.items[1].in_directory = false, Gap { name: "A.nuspec".into() }),
        (
            "entry only in the file, between",
            |zip| {
                zip.items.insert(1, Item::stored("hidden", "x"));
                zip.items[1].in_directory = false;
            },
            Gap { name: "A.nuspec".into() },
        ),
        ("entry only in the directory", |zip| zip.items[1].in_file = false, Overlap { name: a() }),
        ("bytes before the directory", |zip| zip.before_directory = vec![0], Gap { name: a() }),
        (
            "two entries share one place",
            |zip| {
                zip.items.push(Item::deflated("b.txt", "abc".repeat(100)));
                zip.items[2].in_file = false;
                zip.items[2].offset = Some(0);
            },
            Overlap { name: "A.nuspec".into() },
        ),
        ("offset into another entry", |zip| zip.items[1].offset = Some(40), Overlap { name: "A.nuspec".into() }),
        ("offset behind the file", |zip| zip.items[1].offset = Some(u32::MAX - 1), Gap { name: "A.nuspec".into() }),
        ("offset for zip64 without zip64", |zip| zip.items[1].offset = Some(u32::MAX), Sizes { name: a() }),
        ("packed size runs into the next entry", |zip| zip.items[0].sums[1] += 8, Damaged { name: "A.nuspec".into() }),
        (
            "stored size runs into the next entry",
            |zip| {
                zip.items.insert(1, Item::stored("b.txt", "abc"));
                zip.items[1].sums[1] += 8;
            },
            Overlap { name: "b.txt".into() },
        ),
        ("packed size runs into the directory", |zip| zip.items[1].sums[1] += 8, Overlap { name: a() }),
        ("packed size of 4 GiB", |zip| zip.items[1].sums[1] = u32::MAX - 1, Overlap { name: a() }),
        ("no local header", |zip| zip.items[1].local.signature = Some(7), Differs { name: a() }),
    ]);
}

#[test]
fn local_headers_agree_with_the_directory() {
    use Unreadable::*;
    let differs = || Differs { name: a() };
    check_all(&[
        ("other name", |zip| zip.items[1].local.name = Some(b"lib/b.txt".to_vec()), differs()),
        ("other case", |zip| zip.items[1].local.name = Some(b"lib/A.txt".to_vec()), differs()),
        ("longer name", |zip| zip.items[1].local.name = Some(b"lib/a.txt.exe".to_vec()), differs()),
        ("name of 65535 bytes", |zip| zip.items[1].local.name = Some(vec![b'a'; 65_535]), differs()),
        ("other method", |zip| zip.items[1].local.method = Some(0), differs()),
        ("encrypted only here", |zip| zip.items[1].local.flags = Some(1), differs()),
        ("descriptor only here", |zip| zip.items[1].local.flags = Some(8), differs()),
        ("other checksum", |zip| zip.items[1].local.sums = Some([1, zip.items[1].sums[1], 300]), differs()),
        (
            "other size",
            |zip| zip.items[1].local.sums = Some([zip.items[1].sums[0], zip.items[1].sums[1], 1]),
            differs(),
        ),
        ("open sums without descriptor", |zip| zip.items[1].local.sums = Some([0; 3]), differs()),
        (
            "open sums of a stored entry",
            |zip| zip.items[1] = Item::stored(a(), "abc").with_descriptor(true),
            OpenStored { name: a() },
        ),
        ("Unicode path", |zip| zip.items[1].local.extra = b"up\x06\0\x01\0\0\0\0b".to_vec(), Extra { name: a() }),
        ("broken extra field", |zip| zip.items[1].local.extra = b"UT\x09\0".to_vec(), Extra { name: a() }),
    ]);
}

#[test]
fn data_descriptors_agree_with_the_directory() {
    use Unreadable::*;
    fn piped(zip: &mut Zip) {
        zip.items[1] = Item::deflated("lib/a.txt", "abc").with_descriptor(true);
    }
    let wrong = || Descriptor { name: a() };
    check_all(&[
        ("wrong checksum", |zip| (piped(zip), zip.items[1].descriptor[4] ^= 1).0, wrong()),
        ("wrong packed size", |zip| (piped(zip), zip.items[1].descriptor[8] ^= 1).0, wrong()),
        ("wrong size", |zip| (piped(zip), zip.items[1].descriptor[12] ^= 1).0, wrong()),
        ("wrong signature", |zip| (piped(zip), zip.items[1].descriptor[0] ^= 1).0, wrong()),
        ("no descriptor", |zip| (piped(zip), zip.items[1].descriptor.clear()).0, wrong()),
        ("descriptor of zip64", |zip| (piped(zip), zip.items[1].descriptor.extend([0; 8])).0, wrong()),
        ("bytes behind it", |zip| (piped(zip), zip.items[1].descriptor.push(0)).0, wrong()),
        ("not announced", |zip| zip.items[1].descriptor = vec![0; 16], Gap { name: a() }),
    ]);
}

#[test]
fn content_is_what_the_directory_says() {
    use Unreadable::*;
    check_all(&[
        ("checksum of a file", |zip| zip.items[1].sums[0] ^= 1, Checksum { name: a() }),
        ("checksum of the nuspec", |zip| zip.items[0].sums[0] ^= 1, Checksum { name: "A.nuspec".into() }),
        (
            "checksum of a stored file",
            |zip| {
                zip.items[1] = Item::stored(a(), "abc");
                zip.items[1].sums[0] ^= 1;
            },
            Checksum { name: a() },
        ),
        ("says 10 bytes, has 300", |zip| zip.items[1].sums[2] = 10, Size { name: a() }),
        (
            "says 10 bytes, has a megabyte",
            |zip| {
                zip.items[1] = Item::deflated(a(), vec![0; 1_000_000]);
                zip.items[1].sums[2] = 10;
            },
            Size { name: a() },
        ),
        ("says 301 bytes, has 300", |zip| zip.items[1].sums[2] = 301, Size { name: a() }),
        (
            "stored with two sizes",
            |zip| {
                zip.items[1] = Item::stored(a(), "abc");
                zip.items[1].sums[2] = 4;
            },
            Size { name: a() },
        ),
        (
            "no deflate at all",
            |zip| {
                zip.items[1] = Item::stored(a(), [0xff; 40]);
                zip.items[1].method = 8;
            },
            Damaged { name: a() },
        ),
        (
            "deflate without bytes",
            |zip| {
                zip.items[1] = Item::stored(a(), "");
                zip.items[1].method = 8;
            },
            Damaged { name: a() },
        ),
        (
            "deflate without end",
            |zip| {
                let half = deflate(&[7; 300]);
                zip.items[1].packed = half[..half.len() - 1].to_vec();
                zip.items[1].sums = [crc32fast::hash(&[7; 300]), half.len() as u32 - 1, 300];
            },
            Damaged { name: a() },
        ),
        (
            "bytes behind the end of deflate",
            |zip| {
                zip.items[1].packed.push(0);
                zip.items[1].sums[1] += 1;
            },
            Damaged { name: a() },
        ),
    ]);
}

#[test]
fn bombs_are_refused_by_their_promises_and_by_their_bytes() {
    use Unreadable::*;
    let zeros = deflate(&vec![0; 1_000_000]);
    let mut lying = base();
    lying.items[1].packed = zeros;
    check(&lying.bytes(), "has more packed bytes than it says", &Size { name: a() });
    check_all(&[
        ("a megabyte of zeros", |zip| zip.items[1] = Item::deflated(a(), vec![0; 1_000_000]), Ratio { limit: 50 }),
        (
            "many small bombs",
            |zip| {
                zip.items.extend((0..40).map(|number| Item::deflated(format!("{number}"), vec![0; 20_000])));
            },
            Ratio { limit: 50 },
        ),
        ("says 3 GiB, has nothing", |zip| zip.items[1].sums[2] = 3 << 30, UnpackedTooLarge { limit: 2_000_000 }),
        (
            "promises add up",
            |zip| {
                zip.items.extend((0..3).map(|number| Item::stored(format!("{number}"), "")));
                zip.items.iter_mut().skip(2).for_each(|item| item.sums[2] = u32::MAX - 1);
            },
            UnpackedTooLarge { limit: 2_000_000 },
        ),
        ("says zip64 sizes", |zip| zip.items[1].sums[2] = u32::MAX, Sizes { name: a() }),
        (
            "empty folders",
            |zip| {
                zip.items.extend((0..49).map(|number| Item::stored(format!("{number}/"), "")));
            },
            TooManyEntries { limit: 50 },
        ),
    ]);
}

#[test]
fn only_plain_stored_or_deflated_entries_are_taken() {
    use Unreadable::*;
    let method = |method| Method { name: a(), method };
    check_all(&[
        ("encrypted", |zip| zip.items[1].flags = 1, Encrypted { name: a() }),
        ("strongly encrypted", |zip| zip.items[1].flags = 0x40, Encrypted { name: a() }),
        ("masked headers", |zip| zip.items[1].flags = 0x2000, Encrypted { name: a() }),
        ("patch data", |zip| zip.items[1].flags = 0x20, Flags { name: a() }),
        ("unknown flag", |zip| zip.items[1].flags = 0x8000, Flags { name: a() }),
        ("deflate64", |zip| zip.items[1].method = 9, method(9)),
        ("bzip2", |zip| zip.items[1].method = 12, method(12)),
        ("lzma", |zip| zip.items[1].method = 14, method(14)),
        ("zstd", |zip| zip.items[1].method = 93, method(93)),
        ("AES", |zip| zip.items[1].method = 99, method(99)),
        ("on disk 1", |zip| zip.items[1].disk = 1, Split),
        ("Unicode path", |zip| zip.items[1].extra = b"up\x06\0\x01\0\0\0\0b".to_vec(), Extra { name: a() }),
        ("AES field", |zip| zip.items[1].extra = b"\x01\x99\0\0".to_vec(), Extra { name: a() }),
        ("broken extra field", |zip| zip.items[1].extra = b"abc".to_vec(), Extra { name: a() }),
        ("symbolic link", |zip| zip.items[1].attributes = 0o120_777 << 16, NotAFile { name: a() }),
        ("device", |zip| zip.items[1].attributes = 0o020_666 << 16, NotAFile { name: a() }),
        ("pipe", |zip| zip.items[1].attributes = 0o010_666 << 16, NotAFile { name: a() }),
        ("setuid", |zip| zip.items[1].attributes = 0o104_755 << 16, NotAFile { name: a() }),
        ("file with the attribute of a folder", |zip| zip.items[1].attributes = 0x10, NotAFile { name: a() }),
        ("folder with content", |zip| zip.items[1].name = b"lib/".to_vec(), FolderWithContent { name: "lib/".into() }),
    ]);
}
