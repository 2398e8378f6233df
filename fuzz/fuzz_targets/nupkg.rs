//! Any bytes as a nupkg: refused with one ASCII sentence, or read alike when read again.
#![no_main]

mod packages;

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use packages::nuget::archive::{Limits, Nupkg};

/// Small, so that a bomb shows as an input that should have been refused and not as a slow one.
const LIMITS: Limits = Limits {
    file: 1 << 20,
    unpacked: 8 << 20,
    ratio: 50,
    ratio_from: 1 << 20,
    entries: 200,
    name: 240,
    names: 1 << 14,
    nuspec: 1 << 16,
    extra: 1 << 16,
};

fuzz_target!(|data: &[u8]| {
    match Nupkg::read(Cursor::new(data), &LIMITS) {
        Ok(package) => {
            let again = Nupkg::read(Cursor::new(data), &LIMITS).expect("what was read once can be read again");
            assert_eq!(again.nuspec, package.nuspec);
            assert_eq!(package.size, data.len() as u64);
        }
        Err(error) => assert!(error.to_string().is_ascii()),
    }
});
