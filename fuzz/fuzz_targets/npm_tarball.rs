//! Any bytes as the tarball of an npm package, and any bytes as the archive in one: refused with one ASCII sentence, or read
//! alike when read again.
#![no_main]

mod packages;

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use packages::npm::tarball::{Limits, Tarball};

/// Small, so that a bomb shows as an input that should have been refused and not as a slow one.
const LIMITS: Limits =
    Limits { unpacked: 8 << 20, ratio: 50, ratio_from: 1 << 20, entries: 200, path: 240, package_json: 1 << 16 };

fn read(data: &[u8]) {
    match Tarball::read(Cursor::new(data), &LIMITS, &mut |_, _| ()) {
        Ok(found) => {
            let again = Tarball::read(Cursor::new(data), &LIMITS, &mut |_, _| ()).expect("what was read once can be read again");
            assert!(again == found && found.files > 0);
        }
        Err(error) => assert!(error.to_string().is_ascii()),
    }
}

fuzz_target!(|data: &[u8]| {
    read(data);
    // Few inputs have the checksum that gzip ends with.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(data).expect("memory");
    read(&gzip.finish().expect("memory"));
});
