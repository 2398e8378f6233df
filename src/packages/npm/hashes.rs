//! Hashes of a tarball, made while it arrives: those that clients keep, and those that they may name instead.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Hashes of the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    sha1: Vec<u8>,
    sha256: Vec<u8>,
    sha384: Vec<u8>,
    sha512: Vec<u8>,
}

/// Takes the bytes as they come.
#[derive(Debug, Default)]
pub struct Hashing {
    sha1: Sha1,
    sha256: Sha256,
    sha384: Sha384,
    sha512: Sha512,
}

impl Hashing {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha1.update(bytes);
        self.sha256.update(bytes);
        self.sha384.update(bytes);
        self.sha512.update(bytes);
    }

    /// After the last ones.
    pub fn finish(self) -> Hashes {
        Hashes {
            sha1: self.sha1.finalize().to_vec(),
            sha256: self.sha256.finalize().to_vec(),
            sha384: self.sha384.finalize().to_vec(),
            sha512: self.sha512.finalize().to_vec(),
        }
    }
}

impl Hashes {
    /// SHA-1 in hexadecimal.
    pub fn shasum(&self) -> String {
        hex::encode(&self.sha1)
    }

    /// SHA-512 in base64.
    pub fn sha512(&self) -> String {
        STANDARD.encode(&self.sha512)
    }

    /// The one of a kind as subresource integrity names it (`sha384`), in base64; none of a kind that is not made here.
    pub fn of(&self, kind: &str) -> Option<String> {
        let hash = match kind {
            "sha1" => &self.sha1,
            "sha256" => &self.sha256,
            "sha384" => &self.sha384,
            "sha512" => &self.sha512,
            _ => return None,
        };
        Some(STANDARD.encode(hash))
    }
}
