//! Any bytes as the value of `Authorization`: nothing that is read was not sent, and there is no password without a username.
#![no_main]

#[path = "../../src/auth/authorization.rs"]
mod authorization;

use authorization::Authorization;
use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    match Authorization::read(value) {
        Authorization::Basic { username, password } => {
            assert!(password.is_empty() || !username.is_empty());
            assert!(!username.contains(':'));
            let again = format!("bASIC {}", STANDARD.encode(format!("{username}:{}", *password)));
            let is_same = match Authorization::read(again.as_bytes()) {
                Authorization::Basic { username: name, password: word } => name == username && word == password,
                Authorization::Empty => username.is_empty() && password.is_empty(),
                _ => false,
            };
            assert!(is_same);
        }
        Authorization::Bearer(text) => assert!(text.is_empty() || value.ends_with(text.as_bytes())),
        Authorization::Empty => assert!(value.ends_with(b"Og==")),
        Authorization::Other => assert!(!value.to_ascii_lowercase().starts_with(b"bearer ")),
    }
});
