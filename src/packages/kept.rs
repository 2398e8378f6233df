//! Answers about packages that are kept until the package changes. They are kept by revision, which is read anew for each
//! request, so that every node answers with what holds at that moment.

use std::{
    collections::HashMap,
    io::Write,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::tokens::PackageKey;

/// Bytes that are kept; when there are more, all are forgotten.
const ROOM: usize = 64 * 1024 * 1024;

/// Bytes from which on an answer is kept compressed too.
const WORTH_COMPRESSING: usize = 1_024;

/// What is kept of a package.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeptKind {
    /// The list of the numbers of its versions.
    Versions,
    /// What its versions say of themselves, or some of them: which, at which address, and for whom.
    Registration(String),
    /// What a search says of it: at which address, and of which of its versions.
    Hit(String),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its bytes.
    pub bytes: Bytes,
    /// The same compressed, where that is worth it.
    pub gzip: Option<Bytes>,
    /// What tells it from every other answer: a strong entity tag.
    pub tag: String,
}

impl KeptAnswer {
    /// Of these bytes.
    pub fn of(bytes: Vec<u8>) -> Self {
        let tag = hex::encode(&Sha256::digest(&bytes)[..16]);
        Self { bytes: bytes.into(), gzip: None, tag }
    }

    /// The same, and compressed. Takes some milliseconds for a large one; call it where blocking is allowed.
    pub fn with_gzip(bytes: Vec<u8>) -> Self {
        let gzip = (bytes.len() >= WORTH_COMPRESSING).then(|| gzip(&bytes)).flatten();
        Self { gzip, ..Self::of(bytes) }
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Answers by package and kind, each with the revision of the package that it was made of.
#[derive(Debug, Default)]
pub struct KeptAnswers(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<PackageKey, HashMap<KeptKind, (i64, KeptAnswer)>>,
    bytes: usize,
}

impl KeptAnswers {
    /// The answer that holds for a revision.
    pub fn get(&self, package: PackageKey, kind: &KeptKind, revision: i64) -> Option<KeptAnswer> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(&package)?.get(kind).filter(|(of, _)| *of == revision).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer that was made after this revision was read.
    pub fn keep(&self, package: PackageKey, kind: KeptKind, revision: i64, answer: &KeptAnswer) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + answer.size() > ROOM {
            *kept = Kept::default();
        }
        let answers = kept.answers.entry(package).or_default();
        // What was made of another revision is of no use to anybody.
        let before: usize = answers.values().map(|(_, answer)| answer.size()).sum();
        answers.retain(|known, (of, _)| *of >= revision && *known != kind);
        answers.insert(kind, (revision, answer.clone()));
        let after: usize = answers.values().map(|(_, answer)| answer.size()).sum();
        kept.bytes = kept.bytes + after - before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_its_revision_alone_and_all_are_forgotten_when_there_are_too_many() {
        let kept = KeptAnswers::default();
        let package = |number| PackageKey::from(uuid::Uuid::from_u128(number));
        let answer = KeptAnswer::of(b"one".to_vec());
        kept.keep(package(1), KeptKind::Versions, 7, &answer);
        assert_eq!(kept.get(package(1), &KeptKind::Versions, 7), Some(answer.clone()));
        assert_eq!(kept.get(package(1), &KeptKind::Versions, 8), None);
        assert_eq!(kept.get(package(2), &KeptKind::Versions, 7), None);
        let large = KeptAnswer::of(vec![0; ROOM / 2]);
        assert_ne!(large.tag, answer.tag);
        for number in [2, 2, 3] {
            kept.keep(package(number), KeptKind::Versions, 1, &large);
        }
        assert_eq!(kept.get(package(1), &KeptKind::Versions, 7), None);
        assert_eq!(kept.get(package(3), &KeptKind::Versions, 1), Some(large));
    }
    #[test]
    fn what_is_compressed_is_the_same_and_old_revisions_make_room() {
        let text = "registration ".repeat(1_000).into_bytes();
        let answer = KeptAnswer::with_gzip(text.clone());
        let mut read = Vec::new();
        let packed = answer.gzip.clone().unwrap();
        std::io::copy(&mut flate2::read::GzDecoder::new(packed.as_ref()), &mut read).unwrap();
        assert_eq!((read, KeptAnswer::with_gzip(b"short".to_vec()).gzip), (text, None));
        let kept = KeptAnswers::default();
        let package = PackageKey::from(uuid::Uuid::from_u128(1));
        let page = |number: u32| KeptKind::Registration(number.to_string());
        kept.keep(package, page(1), 1, &answer);
        kept.keep(package, page(2), 1, &answer);
        assert!(kept.get(package, &page(1), 1).is_some());
        kept.keep(package, page(2), 2, &answer);
        assert_eq!((kept.get(package, &page(1), 1), kept.0.lock().unwrap().bytes), (None, answer.size()));
    }
}
