//! The table of shapes: what archives look like beyond the plain zip that NuGet writes today, what becomes of each, and
//! why. The question is always the same: can two programs that read the archive find different content in it? Then it is
//! refused, for what is checked here is not what is installed there. What is only unusual is taken, because a package that
//! somebody else has signed cannot be packed anew.

use std::io::Cursor;

use super::{
    super::{Limits, Nupkg, Unreadable},
    hostile::{Bend, base, nuspec},
    zip::{Item, Zip, zip64_field},
};

enum Verdict {
    Taken,
    Refused,
}
use Verdict::{Refused, Taken};

/// A shape, its verdict, the reason, and how a plain package gets it.
type Shape = (&'static str, Verdict, &'static str, Bend);

#[track_caller]
fn judge(shapes: &[Shape]) {
    for (shape, verdict, reason, bend) in shapes {
        let mut zip = base();
        bend(&mut zip);
        let bytes = zip.bytes();
        let read = Nupkg::read(Cursor::new(&bytes), &Limits::default());
        match (verdict, read) {
            (Taken, Ok(package)) => {
                let other = rawzip::ZipArchive::from_slice(&bytes).unwrap();
                assert_eq!(other.entries().count(), package.entries, "{shape}");
            }
            (Refused, Err(error)) => assert!(!matches!(error, Unreadable::Storage(_)), "{shape}"),
            (Taken, Err(error)) => panic!("{shape} is refused, though {reason}: {error}"),
            (Refused, Ok(_)) => panic!("{shape} is taken, though {reason}"),
        }
    }
}

#[test]
fn around_the_archive() {
    judge(&[
        ("a comment", Taken, "only people read it", |zip| zip.end.comment = b"made by a tool".to_vec()),
        ("the longest comment", Taken, "only people read it", |zip| zip.end.comment = vec![b'x'; 65_535]),
        ("a comment with an end record", Refused, "readers look for the end from either side", |zip| {
            zip.end.comment = [b"x".to_vec(), Zip::of([]).bytes(), b"x".to_vec()].concat();
        }),
        ("a comment with an entry", Refused, "readers that repair archives would find it", |zip| {
            zip.end.comment = b"PK\x03\x04 and more".to_vec();
        }),
        ("a comment longer than it says", Refused, "readers disagree where the archive ends", |zip| {
            zip.after = vec![0]
        }),
        ("bytes in front", Refused, "readers count offsets from either place", |zip| zip.before = b"MZ".to_vec()),
        ("the end of zip64, agreeing", Taken, "both ends say the same", Zip::end_in_zip64),
        ("the end of zip64 alone", Taken, "there is nothing to disagree with", |zip| {
            zip.end_in_zip64();
            (zip.end.entries, zip.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
            (zip.end.directory_size, zip.end.directory_offset) = (Some(u32::MAX), Some(u32::MAX));
        }),
        ("the end of zip64 and a comment", Taken, "both ends say the same", |zip| {
            zip.end_in_zip64();
            zip.end.comment = b"hello".to_vec();
        }),
        ("another count in zip64", Refused, "readers with and without zip64 find other entries", |zip| {
            zip.end_in_zip64();
            (zip.before_end[24], zip.before_end[32]) = (1, 1);
        }),
        ("another directory in zip64", Refused, "readers with and without zip64 find other entries", |zip| {
            zip.end_in_zip64();
            zip.before_end[48] ^= 1;
        }),
        ("data behind the record of zip64", Refused, "nobody knows what it is", |zip| {
            zip.end_in_zip64();
            zip.before_end.splice(56..56, [0; 4]);
        }),
        ("zip64 announced but missing", Refused, "readers guess", |zip| zip.end.directory_offset = Some(u32::MAX)),
        ("several disks", Refused, "there is only this file", |zip| zip.end.disk = 1),
    ]);
}

#[test]
fn about_sizes() {
    judge(&[
        ("sizes in zip64", Taken, "there is nothing to disagree with", |zip| {
            zip.items[1] = Item::deflated("lib/a.txt", "abc").in_zip64();
        }),
        ("sizes in zip64 in the local header alone", Taken, "they agree with the directory", |zip| {
            let plain = Item::stored("lib/a.txt", "abc");
            zip.items[1] = plain.clone().in_zip64();
            zip.items[1].local.sums = Some(zip.items[1].sums);
            zip.items[1].extra.clear();
            zip.items[1].sums = plain.sums;
        }),
        ("sizes in zip and zip64, agreeing", Taken, "every reader sees the same", |zip| {
            let [_, packed, unpacked] = zip.items[1].sums;
            zip.items[1].extra = zip64_field(&[unpacked.into(), packed.into()]);
        }),
        ("an empty field of zip64", Taken, "it says nothing", |zip| zip.items[1].extra = zip64_field(&[])),
        ("sizes in zip and zip64 that differ", Refused, "readers with and without zip64 read other content", |zip| {
            zip.items[1].extra = zip64_field(&[7, 7]);
        }),
        ("the same in the local header", Refused, "readers from the front read other content", |zip| {
            zip.items[1].local.extra = zip64_field(&[7, 7]);
        }),
        ("open sizes without zip64", Refused, "readers guess", |zip| zip.items[1].sums[2] = u32::MAX),
        ("a descriptor with long sizes", Taken, "it agrees", |zip| {
            zip.items[1] = Item::deflated("lib/a.txt", "abc").with_descriptor(true);
            let [_, packed, unpacked] = zip.items[1].sums;
            zip.items[1].descriptor.truncate(8);
            for size in [packed, unpacked] {
                zip.items[1].descriptor.extend_from_slice(&u64::from(size).to_le_bytes());
            }
        }),
        ("a stored file with open sizes", Refused, "from the front nobody knows where it ends", |zip| {
            zip.items[1] = Item::stored("lib/a.txt", "abc").with_descriptor(true);
        }),
        ("bytes between entries", Refused, "readers from the front find something there", |zip| {
            zip.items[0].descriptor = vec![0; 4];
        }),
    ]);
}

#[test]
fn about_entries() {
    judge(&[
        ("a comment", Taken, "only people read it", |zip| zip.items[1].comment = b"x".to_vec()),
        ("a comment that looks like an entry", Taken, "the directory is counted and read in order", |zip| {
            zip.items[1].comment = b"PK\x01\x02".to_vec();
        }),
        ("times and owners", Taken, "they are not content", |zip| {
            zip.items[1].extra = b"UT\x05\x00\x03abcdux\x00\x00".to_vec();
        }),
        ("padding", Taken, "it is not content", |zip| zip.items[1].local.extra = vec![0; 3]),
        ("a comment in Unicode", Taken, "only people read it", |zip| {
            zip.items[1].extra = b"uc\x06\0\x01\0\0\0\0b".to_vec();
        }),
        ("broken extra fields", Refused, "readers stop at other places", |zip| {
            zip.items[1].extra = b"UT\x09\0".to_vec();
        }),
        ("a folder listed twice", Taken, "it is one folder", |zip| {
            zip.items.extend([Item::stored("content/", ""), Item::stored("Content/", "")]);
        }),
        ("an executable file", Taken, "it is the same file", |zip| zip.items[1].attributes = 0o100_755 << 16),
        ("a link", Refused, "NuGet writes a file, others a link", |zip| zip.items[1].attributes = 0o120_777 << 16),
        ("encryption", Refused, "only some can read it", |zip| zip.items[1].flags = 1),
        ("another method", Refused, "only some can read it", |zip| zip.items[1].method = 12),
        ("an entry twice", Refused, "readers take the first or the last", |zip| {
            zip.items.push(Item::stored("lib/a.txt", "other"));
        }),
        ("twice in two cases", Refused, "it is one file on some disks", |zip| {
            zip.items.push(Item::stored("lib/A.txt", "other"));
        }),
        ("a file that is a folder too", Refused, "only one of them can be written", |zip| {
            zip.items.push(Item::stored("lib/a.txt/b", "other"));
        }),
    ]);
}

#[test]
fn about_names() {
    fn named(zip: &mut Zip, name: &str) {
        zip.items[1] = Item::stored(name, "abc").in_utf8();
    }
    judge(&[
        ("letters of any script", Taken, "the flag says how to read them", |zip| {
            named(zip, "content/\u{5185}\u{5bb9}.txt")
        }),
        ("eighty letters of three bytes", Taken, "a path is as long as its letters", |zip| {
            named(zip, &"\u{5185}".repeat(80));
        }),
        ("the same percent-encoded", Taken, "so packers wrote them before", |zip| named(zip, &"%E5%86%85".repeat(80))),
        ("decomposed letters", Taken, "so some disks give them", |zip| named(zip, "u\u{308}bersicht.txt")),
        ("a joiner", Taken, "some scripts need it", |zip| named(zip, "\u{646}\u{200c}\u{647}.txt")),
        ("the flag in one header alone", Taken, "ASCII is the same either way", |zip| {
            zip.items[1].local.flags = Some(0x800);
        }),
        ("the flag in one header alone, beyond ASCII", Refused, "the other is read in another alphabet", |zip| {
            named(zip, "\u{e9}");
            zip.items[1].local.flags = Some(0);
        }),
        ("no flag", Refused, "old readers take another alphabet", |zip| zip.items[1].name = "\u{e9}".into()),
        ("a name in Unicode beside it, the same", Taken, "it is the same", |zip| {
            zip.items[1].extra = b"up\x0e\0\x01\0\0\0\0lib/a.txt".to_vec();
        }),
        ("a name in Unicode beside it, another", Refused, "readers take either", |zip| {
            zip.items[1].extra = b"up\x0e\0\x01\0\0\0\0lib/b.txt".to_vec();
        }),
        ("two slashes", Taken, "every program finds the same file", |zip| named(zip, "analyzers/cs//A.dll")),
        ("a dot", Taken, "every program finds the same file", |zip| named(zip, "./lib/A.dll")),
        ("backslashes", Refused, "they are folders on Windows and letters elsewhere", |zip| named(zip, "lib\\A.dll")),
        ("a slash in front", Refused, "it may be written outside of its place", |zip| named(zip, "/lib/A.dll")),
        ("a mark of direction", Refused, "people read another name", |zip| named(zip, "a\u{202e}txt.exe")),
        ("a device", Refused, "Windows writes it to no file", |zip| named(zip, "content/aux.js")),
        ("a dot at the end", Refused, "Windows drops it", |zip| named(zip, "content./a.txt")),
        ("a colon", Refused, "Windows writes a stream of another file", |zip| named(zip, "a.txt:b")),
    ]);
}

#[test]
fn about_the_nuspec() {
    judge(&[
        ("another name", Taken, "clients look for the ending", |zip| zip.items[0].name = b"package.nuspec".to_vec()),
        ("no name", Taken, "clients look for the ending", |zip| zip.items[0].name = b".nuspec".to_vec()),
        ("capitals", Taken, "clients look for the ending in any case", |zip| zip.items[0].name = b"A.NUSPEC".to_vec()),
        ("another script", Taken, "clients look for the ending", |zip| {
            zip.items[0] = Item::deflated("\u{5185}.nuspec", nuspec("")).in_utf8();
        }),
        ("two of them", Refused, "clients take either", |zip| zip.items.push(Item::stored("B.nuspec", nuspec("")))),
        ("in a folder", Refused, "clients do not look there", |zip| zip.items[0].name = b"a/A.nuspec".to_vec()),
    ]);
}

#[test]
fn more_than_ten_thousand_files_are_taken() {
    let files = (0..12_000).map(|number| Item::stored(format!("content/{number}.txt"), ""));
    let zip = Zip::of([vec![Item::deflated("A.nuspec", nuspec(""))], files.collect()].concat());
    assert_eq!(Nupkg::read(Cursor::new(zip.bytes()), &Limits::default()).unwrap().entries, 12_001);
}
