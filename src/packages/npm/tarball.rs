//! Reads an npm package without unpacking it, and refuses whatever could put a file where none belongs: other things than
//! files and folders, paths that lead out, bytes behind the end. Memory is bounded by [`Limits`], never by what a header
//! says; every byte is inflated once.

use std::{
    io::{self, BufRead, Read},
    mem,
};

use flate2::bufread::GzDecoder;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use tar::{Archive, Entry, EntryType, PaxExtensions};
use thiserror::Error;

use super::{document::shown, places::Places, unreadable::Unreadable};

const MIB: u64 = 1024 * 1024;
/// Bytes of a file that is shown to a [`Look`].
const LONGEST_TEXT: u64 = 256 * 1024;
/// Bytes of all files that are shown to it: of those in which keys are forgotten most often, and of the others.
const TEXTS: [u64; 2] = [MIB, 3 * MIB];
/// What the place of a path is called.
const NAME: &str = "name of a file";

/// Is shown what is written in a tarball, with the name of the place: every path, `package.json`, and of the other files
/// small ones in UTF-8.
pub type Look<'l> = &'l mut dyn FnMut(&str, &str);

/// How much a tarball may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all that is in it, unpacked; 1 GiB.
    pub unpacked: u64,
    /// How many times larger than the file that may be, once it is larger than [`ratio_from`](Self::ratio_from).
    pub ratio: u64,
    /// Unpacked bytes up to which any ratio is fine; 64 MiB.
    pub ratio_from: u64,
    /// Files and folders, also those that are only part of a path; 100,000.
    pub entries: usize,
    /// Bytes of one path; 2,048.
    pub path: u64,
    /// Bytes of `package.json`; 1 MiB.
    pub package_json: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked: 1024 * MIB, ratio: 50, ratio_from: 64 * MIB, entries: 100_000, path: 2_048, package_json: MIB }
    }
}

/// What a tarball turned out to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tarball {
    /// Its `package.json`.
    pub package_json: Map<String, Value>,
    /// Files in it.
    pub files: u64,
    /// Bytes of them.
    pub unpacked: u64,
    /// Whether it brings the versions of what it needs.
    pub has_shrinkwrap: bool,
    /// Whether npm would build something when it is installed.
    pub has_gyp: bool,
}

/// The bytes of the archive, counted.
struct Unpacked<R> {
    gzip: GzDecoder<Counted<R>>,
    bytes: u64,
    limits: Limits,
}

struct Counted<R> {
    source: R,
    bytes: u64,
    failed: Option<io::Error>,
}

/// Marks the end of patience in the errors of readers, which are all `io::Error`.
#[derive(Debug, Error)]
#[error("it unpacks to too much")]
struct Bomb;

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.source.fill_buf() {
            Ok(_) => self.source.fill_buf(),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.source.consume(bytes);
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.gzip.read(buffer)?;
        self.bytes += read as u64;
        let packed = self.gzip.get_ref().bytes;
        let is_bomb = self.bytes > self.limits.unpacked
            || (self.bytes > self.limits.ratio_from && self.bytes / self.limits.ratio > packed);
        if is_bomb { Err(io::Error::other(Bomb)) } else { Ok(read) }
    }
}

impl Tarball {
    /// Reads a whole tarball once, from its first byte to its last. Blocks; call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong with it; [`Unreadable::Storage`] alone is no fault of the sender.
    pub fn read(source: impl BufRead, limits: &Limits, look: Look<'_>) -> Result<Self, Unreadable> {
        let counted = Counted { source, bytes: 0, failed: None };
        let unpacked = Unpacked { gzip: GzDecoder::new(counted), bytes: 0, limits: *limits };
        let mut archive = Archive::new(unpacked);
        let read = read_entries(&mut archive, limits, look);
        let mut unpacked = archive.into_inner();
        let ended = read.and_then(|read| {
            end(&mut unpacked)?;
            Ok(read)
        });
        match unpacked.gzip.into_inner() {
            Counted { failed: Some(error), .. } => Err(Unreadable::Storage(error)),
            mut counted => {
                let read = ended?;
                let is_all = counted.fill_buf().map_err(Unreadable::Storage)?.is_empty();
                if is_all { Ok(read) } else { Err(Unreadable::Trailing) }
            }
        }
    }
}

fn read_entries<R: BufRead>(
    archive: &mut Archive<Unpacked<R>>,
    limits: &Limits,
    look: Look<'_>,
) -> Result<Tarball, Unreadable> {
    let mut reading = Reading::new(limits, look);
    for entry in archive.entries().map_err(of_tar)?.raw(true) {
        reading.take(entry.map_err(of_tar)?)?;
    }
    reading.finish()
}

/// After the two empty blocks that end an archive there may be more of them, and nothing else.
fn end<R: BufRead>(unpacked: &mut Unpacked<R>) -> Result<(), Unreadable> {
    let mut block = [0; 4096];
    loop {
        match unpacked.read(&mut block).map_err(of_gzip)? {
            0 => return Ok(()),
            read if block[..read].iter().all(|byte| *byte == 0) => {}
            _ => return Err(Unreadable::Trailing),
        }
    }
}

fn of_gzip(error: io::Error) -> Unreadable {
    if is_bomb(&error) { Unreadable::TooLarge } else { Unreadable::Gzip }
}

fn of_tar(error: io::Error) -> Unreadable {
    match error.kind() {
        _ if is_bomb(&error) => Unreadable::TooLarge,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Unreadable::Gzip,
        _ => Unreadable::Tar,
    }
}

fn is_bomb(error: &io::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = next {
        if error.is::<Bomb>() || error.downcast_ref::<io::Error>().is_some_and(is_bomb) {
            return true;
        }
        next = error.source();
    }
    false
}

/// What was read so far.
struct Reading<'l> {
    limits: Limits,
    look: Look<'l>,
    /// Bytes that are still shown to it.
    texts: [u64; 2],
    found: Tarball,
    has_package_json: bool,
    places: Places,
    entries: usize,
    /// The entry before this one was about it.
    is_extended: bool,
    /// The path that it gave it.
    long_path: Option<Vec<u8>>,
}

impl<'l> Reading<'l> {
    fn new(limits: &Limits, look: Look<'l>) -> Self {
        Self {
            limits: *limits,
            look,
            texts: TEXTS,
            found: Tarball::default(),
            has_package_json: false,
            places: Places::new(limits.entries),
            entries: 0,
            is_extended: false,
            long_path: None,
        }
    }

    fn take<R: Read>(&mut self, mut entry: Entry<'_, R>) -> Result<(), Unreadable> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Unreadable::TooMany);
        }
        let kind = entry.header().entry_type();
        let extends = matches!(kind, EntryType::XHeader | EntryType::GNULongName);
        if mem::replace(&mut self.is_extended, extends) && (extends || kind == EntryType::XGlobalHeader) {
            return Err(Unreadable::Ambiguous);
        }
        match kind {
            EntryType::XHeader => self.long_path = self.extended_path(&mut entry)?,
            // Of all files that follow, for some readers; others pass it over. Git writes one with a comment.
            EntryType::XGlobalHeader if self.extended_path(&mut entry)?.is_some() => return Err(Unreadable::Ambiguous),
            EntryType::XGlobalHeader => {}
            EntryType::GNULongName => {
                let path = read_whole(&mut entry, self.limits.path)?;
                let end = path.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                self.long_path = Some(path[..end].to_vec());
            }
            EntryType::Regular => self.take_file(&mut entry)?,
            // Some readers pass over what follows such a header, and others read it as the next one.
            EntryType::Directory if entry.size() != 0 => return Err(Unreadable::Ambiguous),
            EntryType::Directory => {
                let path = self.path(&entry)?;
                self.places.add_folder(&path)?;
                (self.look)(NAME, &path);
            }
            _ => return Err(Unreadable::NotAFile),
        }
        Ok(())
    }

    /// What an extended header says of the path, which is all of it that counts. One that gives a size could make two
    /// readers see different files.
    fn extended_path<R: Read>(&self, entry: &mut Entry<'_, R>) -> Result<Option<Vec<u8>>, Unreadable> {
        let text = read_whole(entry, self.limits.path * 4)?;
        let mut path = None;
        for extension in PaxExtensions::new(&text) {
            let extension = extension.map_err(|_| Unreadable::Tar)?;
            match extension.key_bytes() {
                b"path" if path.is_none() => path = Some(extension.value_bytes().to_vec()),
                b"path" | b"size" => return Err(Unreadable::Ambiguous),
                b"linkpath" => return Err(Unreadable::NotAFile),
                key if key.starts_with(b"GNU.sparse") => return Err(Unreadable::NotAFile),
                _ => {}
            }
        }
        Ok(path)
    }

    fn take_file<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), Unreadable> {
        let path = self.path(entry)?;
        // To some readers this is a folder.
        if path.ends_with('/') {
            return Err(Unreadable::BadPath);
        }
        let inner = self.places.add_file(&path)?;
        (self.look)(NAME, &path);
        self.found.files += 1;
        self.found.unpacked += entry.size();
        match inner {
            "package.json" => return self.take_package_json(entry),
            "npm-shrinkwrap.json" => self.found.has_shrinkwrap = true,
            "binding.gyp" => self.found.has_gyp = true,
            _ => {}
        }
        self.show(entry, inner)
    }

    fn take_package_json<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), Unreadable> {
        let text = read_whole(entry, self.limits.package_json).map_err(|error| match error {
            Unreadable::BadPath => Unreadable::LargePackageJson,
            other => other,
        })?;
        let text = String::from_utf8(text).map_err(|_| Unreadable::BadPackageJson)?;
        (self.look)("package.json", &text);
        self.found.package_json = object(&text)?;
        self.has_package_json = true;
        Ok(())
    }

    fn show<R: Read>(&mut self, entry: &mut Entry<'_, R>, inner: &str) -> Result<(), Unreadable> {
        let size = entry.size();
        let left = &mut self.texts[usize::from(!is_read_first(inner))];
        if size > LONGEST_TEXT.min(*left) {
            return Ok(());
        }
        *left -= size;
        if let Ok(text) = String::from_utf8(read_whole(entry, LONGEST_TEXT)?) {
            (self.look)(&format!("file {}", shown(inner)), &text);
        }
        Ok(())
    }

    /// The path of an entry, which must mean one place on every system.
    fn path<R: Read>(&mut self, entry: &Entry<'_, R>) -> Result<String, Unreadable> {
        let bytes = self.long_path.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let path = String::from_utf8(bytes).map_err(|_| Unreadable::BadPath)?;
        let is_strange =
            |c: char| c.is_control() || matches!(c, '\\' | ':' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_plain = !path.chars().any(is_strange)
            && path.len() as u64 <= self.limits.path
            && path.trim_end_matches('/').split('/').all(|part| !matches!(part, "" | "." | ".."));
        if is_plain { Ok(path) } else { Err(Unreadable::BadPath) }
    }

    fn finish(self) -> Result<Tarball, Unreadable> {
        match self {
            Self { is_extended: true, .. } => Err(Unreadable::Ambiguous),
            Self { has_package_json: true, found, .. } => Ok(found),
            _ => Err(Unreadable::NoPackageJson),
        }
    }
}

/// Whether people leave keys in such a file: `.npmrc`, `.env.local`, `README.md`.
fn is_read_first(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with('.') || name.to_ascii_lowercase().starts_with("readme")
}

/// All of a small entry; [`Unreadable::BadPath`] for one that is not.
fn read_whole<R: Read>(entry: &mut Entry<'_, R>, most: u64) -> Result<Vec<u8>, Unreadable> {
    if entry.size() > most {
        return Err(Unreadable::BadPath);
    }
    let mut bytes = Vec::new();
    entry.take(most).read_to_end(&mut bytes).map_err(of_tar)?;
    if bytes.len() as u64 == entry.size() { Ok(bytes) } else { Err(Unreadable::Tar) }
}

/// Reads an object whose fields are there once each.
fn object(text: &str) -> Result<Map<String, Value>, Unreadable> {
    struct Once;
    impl<'de> Visitor<'de> for Once {
        type Value = Map<String, Value>;

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
            let mut object = Map::new();
            while let Some((field, value)) = fields.next_entry::<String, Value>()? {
                if object.insert(field, value).is_some() {
                    return Err(serde::de::Error::custom("a field twice"));
                }
            }
            Ok(object)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let object = reader.deserialize_map(Once).map_err(|_| Unreadable::BadPackageJson)?;
    reader.end().map_err(|_| Unreadable::BadPackageJson)?;
    Ok(object)
}

#[cfg(test)]
#[path = "tarball_tests.rs"]
mod tests;
