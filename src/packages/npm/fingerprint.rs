//! What tells two JSON values apart, as JavaScript sees them: whatever the order of fields, and however numbers are written.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Equal for values that a client cannot tell apart.
pub type Fingerprint = [u8; 32];

/// Of a value.
pub fn fingerprint(value: &Value) -> Fingerprint {
    let mut hash = Sha256::new();
    add(&mut hash, value);
    hash.finalize().into()
}

fn add(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update([0]),
        Value::Bool(is_true) => hash.update([1, u8::from(*is_true)]),
        // Every number of JavaScript is one of these.
        Value::Number(number) => {
            hash.update([2]);
            hash.update((number.as_f64().unwrap_or_default() + 0.0).to_be_bytes());
        }
        Value::String(text) => add_text(hash, 3, text),
        Value::Array(items) => {
            add_size(hash, 4, items.len());
            items.iter().for_each(|item| add(hash, item));
        }
        Value::Object(fields) => {
            add_size(hash, 5, fields.len());
            let mut names: Vec<_> = fields.keys().collect();
            names.sort_unstable();
            for name in names {
                add_text(hash, 3, name);
                add(hash, &fields[name]);
            }
        }
    }
}

fn add_text(hash: &mut Sha256, kind: u8, text: &str) {
    add_size(hash, kind, text.len());
    hash.update(text);
}

fn add_size(hash: &mut Sha256, kind: u8, size: usize) {
    hash.update([kind]);
    hash.update((size as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> Fingerprint {
        fingerprint(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_a_client_writes_anew_is_the_same() {
        assert_eq!(of(r#"{"a":1.0,"b":[1e3,-0]}"#), of(r#"{"b":[1000,0],"a":1}"#));
        assert_eq!(of("9007199254740993"), of("9007199254740992"), "JavaScript counts no further");
        let all =
            [json!(null), json!(false), json!(0), json!(""), json!([]), json!({}), json!([[]]), json!(["a", "b"])];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| fingerprint(one) != fingerprint(other)), "{one}");
        }
        assert_ne!(of(r#"{"a":"b"}"#), of(r#"{"ab":""}"#));
    }
}
