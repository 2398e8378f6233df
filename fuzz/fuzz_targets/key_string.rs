//! Any text as a secret: whatever is taken for one has the one shape of a secret and keeps its text.
#![no_main]
#![allow(dead_code)]

#[path = "../../src/tokens/secret.rs"]
mod secret;

use libfuzzer_sys::fuzz_target;
use secret::Secret;

fuzz_target!(|text: &str| {
    if let Some(secret) = Secret::parse(text) {
        assert_eq!(secret.reveal(), text);
        assert!(text.len() == secret::LENGTH && text.starts_with(secret::PREFIX));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        assert!(text.starts_with(secret.hint()));
    }
});
