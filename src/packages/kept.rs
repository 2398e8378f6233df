//! Answers about packages that are kept until the package changes. They are kept by revision, which is read anew for each
//! request, so that every node answers with what holds at that moment.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::tokens::PackageKey;

/// Bytes that are kept; when there are more, all are forgotten.
const ROOM: usize = 64 * 1024 * 1024;

/// What is kept of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeptKind {
    /// The list of the numbers of its versions.
    Versions,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its bytes.
    pub bytes: Bytes,
    /// What tells it from every other answer: a strong entity tag.
    pub tag: String,
}

impl KeptAnswer {
    /// Of these bytes.
    pub fn of(bytes: Vec<u8>) -> Self {
        let tag = hex::encode(&Sha256::digest(&bytes)[..16]);
        Self { bytes: bytes.into(), tag }
    }
}

/// Answers by package and kind, each with the revision of the package that it was made of.
#[derive(Debug, Default)]
pub struct KeptAnswers(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<(PackageKey, KeptKind), (i64, KeptAnswer)>,
    bytes: usize,
}

impl KeptAnswers {
    /// The answer that holds for a revision.
    pub fn get(&self, package: PackageKey, kind: KeptKind, revision: i64) -> Option<KeptAnswer> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(&(package, kind)).filter(|(of, _)| *of == revision).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer that was made after this revision was read.
    pub fn keep(&self, package: PackageKey, kind: KeptKind, revision: i64, answer: &KeptAnswer) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + answer.bytes.len() > ROOM {
            *kept = Kept::default();
        }
        kept.bytes += answer.bytes.len();
        if let Some((_, old)) = kept.answers.insert((package, kind), (revision, answer.clone())) {
            kept.bytes -= old.bytes.len();
        }
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
        assert_eq!(kept.get(package(1), KeptKind::Versions, 7), Some(answer.clone()));
        assert_eq!(kept.get(package(1), KeptKind::Versions, 8), None);
        assert_eq!(kept.get(package(2), KeptKind::Versions, 7), None);
        let large = KeptAnswer::of(vec![0; ROOM / 2]);
        assert_ne!(large.tag, answer.tag);
        for number in [2, 2, 3] {
            kept.keep(package(number), KeptKind::Versions, 1, &large);
        }
        assert_eq!(kept.get(package(1), KeptKind::Versions, 7), None);
        assert_eq!(kept.get(package(3), KeptKind::Versions, 1), Some(large));
    }
}
