//! Reads an npm package without unpacking it, and refuses whatever could put a file where none belongs: other things than
//! files and folders, paths that lead out, bytes behind the end. Memory is bounded by [`Limits`], never by what a header
//! says; every byte is inflated once.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, Read},
};

use flate2::bufread::GzDecoder;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use tar::{Archive, Entry, EntryType, PaxExtensions};
use thiserror::Error;

const MIB: u64 = 1024 * 1024;

/// How much a tarball may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all that is in it, unpacked; 1 GiB.
    pub unpacked: u64,
    /// How many times larger than the file that may be, once it is larger than [`ratio_from`](Self::ratio_from).
    pub ratio: u64,
    /// Unpacked bytes up to which any ratio is fine; 64 MiB.
    pub ratio_from: u64,
    /// Files and folders; 100,000.
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

/// Why a tarball cannot be taken. Each is one ASCII sentence for whoever reads what a client prints.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// No gzip, cut short, or with a wrong checksum.
    #[error("The tarball is damaged: it is not a whole gzip file.")]
    Gzip,
    /// Something after the package.
    #[error("The tarball has bytes behind its end. Pack the package again.")]
    Trailing,
    /// A header that is none.
    #[error("The tarball is damaged: it is not a whole tar archive.")]
    Tar,
    /// A bomb.
    #[error("The tarball unpacks to more than this host takes.")]
    TooLarge,
    /// Too many files.
    #[error("The tarball holds more files than this host takes.")]
    TooMany,
    /// A link, device or worse.
    #[error("The tarball holds something that is neither a file nor a folder. Pack the package without links.")]
    NotAFile,
    /// A path that leads out or that systems read differently.
    #[error("The tarball holds a file whose path is not plain, or leads out of the package.")]
    BadPath,
    /// npm strips the first folder off every path, whatever it is called.
    #[error("The files of the tarball are not all below one folder, as npm packs them.")]
    SeveralFolders,
    /// Two files for one place.
    #[error("The tarball holds a file twice, or two whose paths differ in case only.")]
    Twice,
    /// Nothing to tell what it is.
    #[error("The tarball holds no package.json in its first folder.")]
    NoPackageJson,
    /// No object, or one with a field twice.
    #[error(
        "package.json in the tarball cannot be read: it must be an object in UTF-8 without a byte order mark, with each field once."
    )]
    BadPackageJson,
    /// Too much of it.
    #[error("package.json in the tarball is larger than 1 MiB.")]
    LargePackageJson,
    /// A fault of ours: the file on our disk.
    #[error("the tarball cannot be read from the disk")]
    Storage(#[source] io::Error),
}

/// What a tarball turned out to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tarball {
    /// Its `package.json`.
    pub package_json: Map<String, Value>,
    /// The same as it was written.
    pub package_text: String,
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
    pub fn read(source: impl BufRead, limits: &Limits) -> Result<Self, Unreadable> {
        let counted = Counted { source, bytes: 0, failed: None };
        let unpacked = Unpacked { gzip: GzDecoder::new(counted), bytes: 0, limits: *limits };
        let mut archive = Archive::new(unpacked);
        let read = read_entries(&mut archive, limits);
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

fn read_entries<R: BufRead>(archive: &mut Archive<Unpacked<R>>, limits: &Limits) -> Result<Tarball, Unreadable> {
    let mut reading = Reading { limits: *limits, ..Reading::default() };
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
#[derive(Default)]
struct Reading {
    limits: Limits,
    found: Tarball,
    has_package_json: bool,
    folder: Option<String>,
    /// Hashes of the paths in lower case.
    paths: HashSet<u64>,
    hasher: RandomState,
    entries: usize,
    /// The path that an entry before this one gives it.
    long_path: Option<Vec<u8>>,
}

impl Reading {
    fn take<R: Read>(&mut self, mut entry: Entry<'_, R>) -> Result<(), Unreadable> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Unreadable::TooMany);
        }
        match entry.header().entry_type() {
            EntryType::XHeader => self.take_extensions(&mut entry),
            // Of all that follow; nobody needs more of it than its being there.
            EntryType::XGlobalHeader => read_whole(&mut entry, self.limits.path * 4).map(drop),
            EntryType::GNULongName => {
                let mut path = read_whole(&mut entry, self.limits.path)?;
                while path.last() == Some(&0) {
                    path.pop();
                }
                self.long_path = Some(path);
                Ok(())
            }
            EntryType::Regular => self.take_file(&mut entry),
            EntryType::Directory => {
                let path = self.path(&entry)?;
                self.note(path.trim_end_matches('/')).map(drop)
            }
            _ => Err(Unreadable::NotAFile),
        }
    }

    /// The extended header of the next entry, of which the path counts. One that gives a size could make two readers see
    /// different files.
    fn take_extensions<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), Unreadable> {
        let text = read_whole(entry, self.limits.path * 4)?;
        for extension in PaxExtensions::new(&text) {
            let extension = extension.map_err(|_| Unreadable::Tar)?;
            match extension.key_bytes() {
                b"path" => self.long_path = Some(extension.value_bytes().to_vec()),
                b"size" => return Err(Unreadable::Tar),
                b"linkpath" => return Err(Unreadable::NotAFile),
                key if key.starts_with(b"GNU.sparse") => return Err(Unreadable::NotAFile),
                _ => {}
            }
        }
        Ok(())
    }

    fn take_file<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), Unreadable> {
        let path = self.path(entry)?;
        let inner = self.note(&path)?;
        self.found.files += 1;
        self.found.unpacked += entry.size();
        match inner {
            "package.json" => {
                let text = match read_whole(entry, self.limits.package_json) {
                    Err(Unreadable::BadPath) => return Err(Unreadable::LargePackageJson),
                    read => read?,
                };
                self.found.package_text = String::from_utf8(text).map_err(|_| Unreadable::BadPackageJson)?;
                self.found.package_json = object(&self.found.package_text)?;
                self.has_package_json = true;
            }
            "npm-shrinkwrap.json" => self.found.has_shrinkwrap = true,
            "binding.gyp" => self.found.has_gyp = true,
            _ => {}
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

    /// Notes a path; gives what of it lies below the first folder.
    fn note<'p>(&mut self, path: &'p str) -> Result<&'p str, Unreadable> {
        let (folder, inner) = path.split_once('/').unwrap_or((path, ""));
        if *self.folder.get_or_insert_with(|| folder.to_owned()) != *folder {
            return Err(Unreadable::SeveralFolders);
        }
        // Folders may be named before each of their files; the first one always may.
        if !self.paths.insert(self.hasher.hash_one(path.to_lowercase())) && !inner.is_empty() {
            return Err(Unreadable::Twice);
        }
        Ok(inner)
    }

    fn finish(self) -> Result<Tarball, Unreadable> {
        if self.has_package_json { Ok(self.found) } else { Err(Unreadable::NoPackageJson) }
    }
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
