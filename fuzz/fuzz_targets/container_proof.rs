//! Any text as the proof that a client carries: what is read is what we write, whoever signed it.
#![no_main]

mod container;
mod tokens;

use container::proof::{parse, signed, unsigned};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(read) = parse(text) else { return };
    assert!(text.starts_with(read.text));
    let again = unsigned(&read.key_id, &read.claims).expect("what was read can be written");
    let again = signed(&again, &read.signature);
    let same = parse(&again).expect("what is written can be read");
    assert!(same.claims == read.claims && same.key_id == read.key_id && same.signature == read.signature);
});
