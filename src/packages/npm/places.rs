//! Where the entries of a tarball belong: all below one folder, and each in a place of its own on every system.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use unicode_normalization::UnicodeNormalization;

use super::unreadable::Unreadable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    File,
    Folder,
}

/// The places that are taken.
#[derive(Debug)]
pub(super) struct Places {
    /// The one that everything is below.
    first: Option<String>,
    /// By the hashes of their keys; of a folder, those above it are here, too.
    taken: HashMap<u64, Place>,
    hasher: RandomState,
    most: usize,
}

impl Places {
    /// None are taken yet, of at most `most` files and folders.
    pub(super) fn new(most: usize) -> Self {
        Self { first: None, taken: HashMap::new(), hasher: RandomState::new(), most }
    }

    /// Takes the place of a file; gives what of its path lies below the first folder.
    ///
    /// # Errors
    /// When it is taken, also by a folder, or lies below a file or another folder than everything before it.
    pub(super) fn add_file<'p>(&mut self, path: &'p str) -> Result<&'p str, Unreadable> {
        let inner = self.below_first(path)?;
        let key = key(path);
        if self.insert(&key, Place::File)?.is_some() {
            return Err(Unreadable::Twice);
        }
        self.add_folders(above(&key))?;
        Ok(inner)
    }

    /// Takes the place of a folder, which may be named as often as one likes.
    ///
    /// # Errors
    /// As of a file.
    pub(super) fn add_folder(&mut self, path: &str) -> Result<(), Unreadable> {
        let path = path.trim_end_matches('/');
        self.below_first(path)?;
        self.add_folders(Some(&key(path)))
    }

    fn below_first<'p>(&mut self, path: &'p str) -> Result<&'p str, Unreadable> {
        let (first, inner) = path.split_once('/').unwrap_or((path, ""));
        if *self.first.get_or_insert_with(|| first.to_owned()) == *first {
            Ok(inner)
        } else {
            Err(Unreadable::SeveralFolders)
        }
    }

    /// A folder and those above it, up to one that is known.
    fn add_folders(&mut self, mut folder: Option<&str>) -> Result<(), Unreadable> {
        while let Some(key) = folder {
            match self.insert(key, Place::Folder)? {
                Some(Place::File) => return Err(Unreadable::Twice),
                Some(Place::Folder) => return Ok(()),
                None => folder = above(key),
            }
        }
        Ok(())
    }

    /// Gives what was there before.
    fn insert(&mut self, key: &str, place: Place) -> Result<Option<Place>, Unreadable> {
        let before = self.taken.insert(self.hasher.hash_one(key), place);
        if self.taken.len() > self.most { Err(Unreadable::TooMany) } else { Ok(before) }
    }
}

fn above(key: &str) -> Option<&str> {
    key.rsplit_once('/').map(|(above, _)| above)
}

/// What is equal for paths that are one place on some disks: composed (NFC), without case, without letters that are not
/// seen, and without the dots and blanks at the end of each part.
fn key(path: &str) -> String {
    // Upper case first, because some letters have two lower ones.
    let folded = path.nfc().filter(|letter| !is_hidden(*letter)).collect::<String>().to_uppercase().to_lowercase();
    let folded: String = folded.nfc().collect();
    folded.split('/').map(|part| part.trim_end_matches([' ', '.'])).collect::<Vec<_>>().join("/")
}

/// Joiners and the like, which some disks ignore.
fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
