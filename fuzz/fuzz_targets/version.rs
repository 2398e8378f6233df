//! Any text as a version: what is read can be written and read again, and has one place in the order.
#![no_main]

mod packages;

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use packages::nuget::version::Version;

fuzz_target!(|texts: (&str, &str)| {
    let (Ok(left), Ok(right)) = (Version::parse(texts.0), Version::parse(texts.1)) else { return };
    assert_eq!(Version::parse(&left.to_string()).expect("written by us").to_string(), left.to_string());
    assert_eq!(Version::parse(&left.key()).expect("written by us"), left);
    assert_eq!(left.key() == right.key(), left.cmp(&right) == Ordering::Equal);
    assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
});
