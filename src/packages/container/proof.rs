//! The proof that a client takes to its registry: a JSON Web Token in compact form, signed with ES256 (RFC 7515, RFC 7519;
//! distribution specification, "Token Authentication Implementation"). Written here because it is two lines of JSON and a
//! signature, and the libraries for it would bring a second one for cryptography.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// Who says so.
pub const ISSUER: &str = "latchkey";
/// Bytes of the longest that is read.
const LONGEST: usize = 16 * 1024;
const TYPE: &str = "JWT";
const ALGORITHM: &str = "ES256";

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who says so.
    pub iss: String,
    /// Who asked, as registries log it and tell it in their notifications; the username and the token's id with a slash between, or nothing.
    pub sub: String,
    /// The registry's service. One text: registries refuse a list.
    pub aud: String,
    /// Its end, in unix seconds.
    pub exp: i64,
    /// What it allows.
    pub access: Vec<Access>,
    /// The hash of the key that was presented, in base 64; none for anybody. Nobody can make the key from it: a key that is
    /// good for containers has 238 random bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The account that gave its password instead of a key, and its session epoch; where passwords read packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<(String, i64)>,
}

/// What may be done with one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// `repository`
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository.
    pub name: String,
    /// `pull`, `push`, `delete`
    pub actions: Vec<String>,
}

/// Nothing but what we write is read: a `crit`, `jwk` or `b64` there makes it somebody else's.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

/// A proof that was read and is not believed yet.
#[derive(Debug)]
pub struct Unverified<'p> {
    /// What it says.
    pub claims: Claims,
    /// The id of the key that is to have signed it.
    pub key_id: String,
    /// What was signed.
    pub text: &'p str,
    /// The signature.
    pub signature: Vec<u8>,
}

/// What is to be signed.
///
/// # Errors
/// None; the writer of JSON has a type for them.
pub fn unsigned(key_id: &str, claims: &Claims) -> serde_json::Result<String> {
    let header = Header { typ: TYPE.to_owned(), alg: ALGORITHM.to_owned(), kid: key_id.to_owned() };
    let part = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
    Ok(format!("{}.{}", part(serde_json::to_vec(&header)?), part(serde_json::to_vec(claims)?)))
}

/// The whole proof.
pub fn signed(text: &str, signature: &[u8]) -> String {
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Takes a proof apart; none if we have not written it.
pub fn parse(proof: &str) -> Option<Unverified<'_>> {
    let (text, signature) = proof.rsplit_once('.').filter(|_| proof.len() <= LONGEST)?;
    let (header, claims) = text.split_once('.')?;
    let read = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let header: Header = serde_json::from_slice(&read(header)?).ok()?;
    let claims: Claims = serde_json::from_slice(&read(claims)?).ok()?;
    let is_ours = (header.typ.as_str(), header.alg.as_str(), claims.iss.as_str()) == (TYPE, ALGORITHM, ISSUER);
    is_ours.then_some(Unverified { claims, key_id: header.kid, text, signature: read(signature)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"typ":"JWT","alg":"ES256","kid":"k"}"#;
    const CLAIMS: &str = r#"{"iss":"latchkey","sub":"","aud":"r","exp":1,"access":[]}"#;

    fn of(header: &str, claims: &str) -> String {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        format!("{}.{}.{}", part(header), part(claims), part("signature"))
    }

    #[test]
    fn a_proof_reads_back_as_it_was_written() {
        let access = Access { kind: "repository".into(), name: "main/app".into(), actions: vec!["pull".into()] };
        let key = Some("hash".to_owned());
        let (iss, sub, aud) = (ISSUER.to_owned(), "ada/1".to_owned(), "registry".to_owned());
        let claims = Claims { iss, sub, aud, exp: 7, access: vec![access], key, reader: None };
        let text = unsigned("id", &claims).unwrap();
        let proof = signed(&text, b"12");
        let read = parse(&proof).unwrap();
        assert_eq!((read.claims, read.key_id.as_str(), read.text), (claims, "id", text.as_str()));
        assert_eq!(read.signature, b"12");
    }

    #[test]
    fn what_we_would_not_write_is_not_read() {
        assert!(parse(&of(HEADER, CLAIMS)).is_some());
        for (from, to) in [
            (r#""ES256""#, r#""none""#),
            (r#""ES256""#, r#""None""#),
            (r#""ES256""#, r#""""#),
            (r#""ES256""#, r#""HS256""#),
            (r#""ES256""#, r#""RS256""#),
            (r#""alg":"ES256","#, ""),
            (r#""typ":"JWT""#, r#""typ":"at+jwt""#),
            (r#""kid":"k""#, r#""kid":"k","jwk":{}"#),
            (r#""kid":"k""#, r#""kid":"k","jku":"http://127.0.0.1/""#),
            (r#""kid":"k""#, r#""kid":"k","x5c":[]"#),
            (r#""kid":"k""#, r#""kid":"k","crit":["b64"],"b64":false"#),
            (r#""kid":"k""#, r#""kid":"k","kid":"k""#),
            (r#""kid":"k""#, r#""kid":"k","zip":"DEF""#),
        ] {
            assert!(parse(&of(&HEADER.replace(from, to), CLAIMS)).is_none(), "{from} {to}");
        }
        for (from, to) in [
            (r#""exp":1"#, r#""exp":"1""#),
            (r#""exp":1"#, r#""exp":1e400"#),
            (r#""exp":1"#, r#""exp":1.5"#),
            (r#""exp":1,"#, ""),
            (r#""exp":1"#, r#""exp":1,"exp":2"#),
            (r#""exp":1"#, r#""exp":1,"nbf":1"#),
            (r#""aud":"r""#, r#""aud":["x","r"]"#),
            (r#""aud":"r","#, ""),
            (r#""latchkey""#, r#""latchkey/""#),
            (r#""iss":"latchkey","#, ""),
        ] {
            assert!(parse(&of(HEADER, &CLAIMS.replace(from, to))).is_none(), "{from} {to}");
        }
        let good = of(HEADER, CLAIMS);
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        for bad in [
            String::new(),
            "..".to_owned(),
            good[..good.rfind('.').unwrap()].to_owned(),
            format!("{good}.x"),
            format!("{good}="),
            format!("{good} "),
            format!("{good}\n"),
            "a".repeat(1 << 20),
            of(&deep, CLAIMS),
            of(HEADER, &good),
        ] {
            assert!(parse(&bad).is_none(), "{:.40}", bad);
        }
    }
}
